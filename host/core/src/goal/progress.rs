//! Progress: measured against the best assessment so far, and by nothing that anybody says.
//!
//! One more criterion passes than ever; or a finding is gone that no earlier assessment had cleared; or a
//! metric is closer to its limit than ever, by more than its noise.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::event::{Assessed, ClauseStatus};

/// Fingerprints of findings that one assessment is compared by.
pub const FINGERPRINTS_MAX: usize = 256;

/// Fingerprints that are remembered as cleared. Beyond it, clearing one more is not progress: a checker whose
/// fingerprints are new in every run would else look like progress for ever.
pub const CLEARED_MAX: usize = 4096;

/// The best that was ever seen.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Best {
    /// Most clauses that passed at once.
    pub passed: usize,
    /// Fingerprints that were seen and then gone.
    pub cleared: BTreeSet<String>,
    /// Fingerprints of the last assessment.
    pub present: BTreeSet<String>,
    /// By clause and metric, how close to its limit it ever was.
    pub gaps: BTreeMap<String, f64>,
}

impl Best {
    /// What came closer than ever, in words; empty where nothing did.
    #[must_use]
    pub fn improved_by(&self, assessed: &Assessed) -> Vec<String> {
        let mut progress = Vec::new();
        let passed = passed(assessed);
        if passed > self.passed {
            let clauses = if passed == 1 { "clause passes" } else { "clauses pass" };
            progress.push(format!("{passed} {clauses}, at most {} did before", self.passed));
        }
        let cleared = self.newly_cleared(assessed).count();
        if cleared > 0 {
            let findings =
                if cleared == 1 { "finding is gone that was" } else { "findings are gone that were" };
            progress.push(format!("{cleared} {findings} never gone before"));
        }
        for (name, beyond, noise) in gaps(assessed) {
            if let Some(best) = self.gaps.get(&name).filter(|best| **best > 0.0 && beyond < **best - noise) {
                progress.push(format!("{name} is {} closer to its limit than ever", best - beyond));
            }
        }
        progress
    }

    /// Takes an assessment into account.
    pub(super) fn learn(&mut self, assessed: &Assessed) {
        self.passed = self.passed.max(passed(assessed));
        let cleared: Vec<String> = self.newly_cleared(assessed).cloned().collect();
        self.cleared.extend(cleared);
        self.present = assessed.fingerprints.iter().cloned().collect();
        for (name, beyond, _) in gaps(assessed) {
            let best = self.gaps.entry(name).or_insert(beyond);
            *best = best.min(beyond);
        }
    }

    /// What a list that was cut does not show may still be there, and what no checker answered about too.
    fn newly_cleared<'a>(&'a self, assessed: &'a Assessed) -> impl Iterator<Item = &'a String> {
        let still: BTreeSet<&str> = assessed.fingerprints.iter().map(String::as_str).collect();
        let answered = !assessed.clauses.iter().any(|clause| clause.status == ClauseStatus::Inconclusive);
        let tells = answered && !assessed.fingerprints_cut && self.cleared.len() < CLEARED_MAX;
        let gone = self.present.iter().filter(move |known| !still.contains(known.as_str()));
        gone.filter(|known| !self.cleared.contains(*known)).filter(move |_| tells)
    }
}

fn passed(assessed: &Assessed) -> usize {
    assessed.clauses.iter().filter(|clause| clause.status == ClauseStatus::Pass).count()
}

fn gaps(assessed: &Assessed) -> impl Iterator<Item = (String, f64, f64)> {
    assessed.clauses.iter().flat_map(|clause| {
        let named = |metric: &String| format!("{}/{metric}", clause.name);
        clause.gaps.iter().map(move |(metric, gap)| (named(metric), gap.beyond, gap.noise))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::goal::event::{Gap, Why};
    use crate::goal::samples::assessed;

    fn with(correct: ClauseStatus, fingerprints: &[&str]) -> Assessed {
        let mut assessed = assessed(Why::Turn, correct, ClauseStatus::Fail);
        assessed.fingerprints = fingerprints.iter().map(|&one| one.to_owned()).collect();
        assessed
    }

    fn measured(best: &mut Best, assessed: &Assessed) -> usize {
        let progress = best.improved_by(assessed).len();
        best.learn(assessed);
        progress
    }

    /// Catches progress that was made before, and a finding that is not there only because nobody answered.
    #[test]
    fn only_what_was_never_reached_is_progress() {
        let mut best = Best::default();
        let steps = [
            (with(ClauseStatus::Fail, &["a", "b"]), 0, "the first is what the rest is measured against"),
            (with(ClauseStatus::Fail, &["b"]), 1, "a is gone"),
            (with(ClauseStatus::Fail, &["a", "b"]), 0, "a is back"),
            (with(ClauseStatus::Fail, &["b"]), 0, "a is gone again"),
            (with(ClauseStatus::Inconclusive, &[]), 0, "nobody answered"),
            (with(ClauseStatus::Pass, &[]), 1, "one more passes"),
            (with(ClauseStatus::Fail, &["c"]), 0, "it fails again"),
            (with(ClauseStatus::Pass, &["c"]), 0, "it passes again"),
            (with(ClauseStatus::Pass, &[]), 1, "c is gone"),
        ];
        for (assessed, expected, what) in steps {
            assert_eq!(measured(&mut best, &assessed), expected, "{what}");
        }
    }

    /// Catches findings that a list which was cut does not show.
    #[test]
    fn what_a_cut_list_does_not_show_is_not_gone() {
        let mut best = Best::default();
        measured(&mut best, &with(ClauseStatus::Fail, &["a"]));
        let mut cut = with(ClauseStatus::Fail, &["b"]);
        cut.fingerprints_cut = true;
        assert_eq!(measured(&mut best, &cut), 0);
    }

    /// Catches a checker with new fingerprints in every run that looks like progress for ever.
    #[test]
    fn clearing_is_bounded() {
        let cleared = (0..CLEARED_MAX).map(|number| number.to_string()).collect();
        let mut best = Best { cleared, ..Best::default() };
        measured(&mut best, &with(ClauseStatus::Fail, &["a"]));
        assert_eq!(measured(&mut best, &with(ClauseStatus::Fail, &[])), 0);
    }

    /// Catches noise as progress, progress within the limit, and a step back and forth.
    #[test]
    fn a_metric_comes_closer_by_more_than_its_noise() {
        let mut best = Best::default();
        let steps = [
            (12.0, 1.0, 0),
            (11.5, 1.0, 0),
            (10.0, 1.0, 1),
            (12.0, 1.0, 0),
            (10.0, 0.0, 0),
            (f64::NAN, 0.0, 0),
            (-1.0, 1.0, 1),
            (-5.0, 1.0, 0),
        ];
        for (beyond, noise, expected) in steps {
            let mut assessed = with(ClauseStatus::Fail, &[]);
            assessed.clauses[0].gaps.insert("p95".into(), Gap { beyond, noise });
            assert_eq!(measured(&mut best, &assessed), expected, "{beyond} {noise}");
        }
    }
}
