//! Compares a run with an earlier one, id by id: counts would not see a test that another one replaced. An
//! id that several tests share is compared by how many of them there are, and how many ran.
//!
//! Both sides must have been merged, so that ids are sorted. It never decides; it lists.

use std::cmp::Ordering;

use crate::report::{Case, Kind, Report};

/// What changed. Ids are in order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Change<'a> {
    pub(crate) removed: Vec<Lost<'a>>,
    /// Ran in the baseline.
    pub(crate) newly_skipped: Vec<Lost<'a>>,
    /// An id for each test.
    pub(crate) newly_failing: Vec<&'a str>,
    /// An id for each test.
    pub(crate) newly_passing: Vec<&'a str>,
    pub(crate) added: u64,
}

/// Tests of one id that are not what they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lost<'a> {
    pub(crate) id: &'a str,
    /// How many.
    pub(crate) count: usize,
    /// How many of that id there were, or ran.
    pub(crate) before: usize,
    /// How many there are, or run.
    pub(crate) now: usize,
}

/// Walks both lists at once.
pub(crate) fn compare<'a>(before: &'a Report, now: &'a Report) -> Change<'a> {
    let mut change = Change::default();
    let (mut old, mut new) = (groups(before).peekable(), groups(now).peekable());
    loop {
        let order = match (old.peek(), new.peek()) {
            (Some(old), Some(new)) => old[0].id.cmp(&new[0].id),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return change,
        };
        let old = if order == Ordering::Greater { None } else { old.next() };
        let new = if order == Ordering::Less { None } else { new.next() };
        change.both(old.unwrap_or_default(), new.unwrap_or_default());
    }
}

/// The tests of each id. A fault is not a test, and its absence no loss.
fn groups(report: &Report) -> impl Iterator<Item = &[Case]> {
    let groups = report.cases.chunk_by(|one, next| one.id == next.id);
    groups.filter(|cases| cases.iter().any(|case| case.kind == Kind::Test))
}

impl<'a> Change<'a> {
    fn both(&mut self, old: &'a [Case], new: &'a [Case]) {
        let Some(id) = old.first().or(new.first()).map(|case| case.id.as_str()) else { return };
        let count = |cases: &[Case], is: fn(&Case) -> bool| cases.iter().filter(|case| is(case)).count();
        let ran = |cases| count(cases, |case| !case.status.is_skip());
        let bad = |cases| count(cases, |case| case.status.is_bad());
        let good = |cases| count(cases, |case| case.status.is_good());
        let removed = old.len().saturating_sub(new.len());
        let added = new.len().saturating_sub(old.len());
        if removed > 0 {
            self.removed.push(Lost { id, count: removed, before: old.len(), now: new.len() });
        }
        let skipped = ran(old).saturating_sub(ran(new)).saturating_sub(removed);
        if skipped > 0 {
            self.newly_skipped.push(Lost { id, count: skipped, before: ran(old), now: ran(new) });
        }
        self.added += added as u64;
        // What is new beside the others did not change.
        let newly = |before: usize, now: usize| now.saturating_sub(before).saturating_sub(added);
        self.newly_failing.extend(std::iter::repeat_n(id, newly(bad(old), bad(new))));
        self.newly_passing.extend(std::iter::repeat_n(id, newly(good(old), good(new))));
    }
}

/// How many tests a list stands for.
pub(crate) fn total(lost: &[Lost<'_>]) -> u64 {
    lost.iter().map(|lost| lost.count as u64).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::goes::Goes;
    use crate::report::Status;

    /// One case for each letter, all of one id.
    fn report(outcomes: &str) -> Report {
        let mut report = Report::default();
        for outcome in outcomes.chars() {
            let status = match outcome {
                'f' => Status::Failed,
                's' => Status::Skipped,
                _ => Status::Passed,
            };
            report.push(Case { id: "a".into(), status, kind: Kind::Test, source: 0, detail: None });
        }
        report.merge(&Goes::default());
        report
    }

    /// Removed, newly skipped, newly failing, newly passing, added.
    #[test]
    fn tests_of_one_id_are_counted() {
        for (before, now, expected) in [
            ("p", "p", [0, 0, 0, 0, 0]),
            ("pp", "p", [1, 0, 0, 0, 0]),
            ("pppp", "p", [3, 0, 0, 0, 0]),
            ("pp", "", [2, 0, 0, 0, 0]),
            ("", "pp", [0, 0, 0, 0, 2]),
            ("p", "pp", [0, 0, 0, 0, 1]),
            ("pp", "ps", [0, 1, 0, 0, 0]),
            ("pp", "s", [1, 1, 0, 0, 0]),
            ("ps", "p", [1, 0, 0, 0, 0]),
            ("ps", "pp", [0, 0, 0, 1, 0]),
            ("pp", "ss", [0, 2, 0, 0, 0]),
            ("pp", "sss", [0, 2, 0, 0, 1]),
            ("pf", "pp", [0, 0, 0, 1, 0]),
            ("pp", "pf", [0, 0, 1, 0, 0]),
            ("pp", "ppf", [0, 0, 0, 0, 1]),
            ("pp", "pff", [0, 0, 1, 0, 1]),
        ] {
            let (old, new) = (report(before), report(now));
            let change = compare(&old, &new);
            let found = [
                total(&change.removed),
                total(&change.newly_skipped),
                change.newly_failing.len() as u64,
                change.newly_passing.len() as u64,
                change.added,
            ];
            assert_eq!(found, expected, "{before} {now}");
        }
    }
}
