//! Tells the goes of a repeated source apart: the host names their artifacts `1/...`, `2/...`.
//!
//! Several artifacts without such names are parts of one run (shards). Goes are whole runs of the same
//! tests: each must list every test, and a test that passed in one and failed in another is flaky. It
//! never looks at what an artifact says.

use std::collections::{BTreeMap, BTreeSet};

use evident_checker::Artifact;

use crate::report::{Case, Detail, Status, append_bounded};

/// The most goes that a contract can ask for; a folder with a greater number is none.
const GOES_MAX: u32 = 1000;

/// One go: the number of its source among those of the slot, and its own, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Go {
    pub(crate) group: usize,
    pub(crate) number: u32,
}

/// Which artifact belongs to which go.
#[derive(Debug, Default)]
pub(crate) struct Goes {
    /// Number of the first artifact.
    first: usize,
    by_artifact: Vec<Option<Go>>,
    /// How many goes each source had.
    counts: BTreeMap<usize, u32>,
}

impl Goes {
    /// A source whose artifacts are all named by a number, with at least two numbers, was repeated. Asks
    /// for origins only where names look like goes: an answer that depends on bytes alone can be used again.
    pub(crate) fn of(artifacts: &[Artifact], first: usize) -> Self {
        let named: BTreeSet<u32> =
            artifacts.iter().filter_map(|artifact| number(&artifact.info().name)).collect();
        if named.len() < 2 {
            return Self { first, ..Self::default() };
        }
        let mut numbers: BTreeMap<&str, Option<BTreeSet<u32>>> = BTreeMap::new();
        for artifact in artifacts {
            let of_source = numbers.entry(&artifact.origin().source).or_insert_with(|| Some(BTreeSet::new()));
            match (number(&artifact.info().name), of_source.as_mut()) {
                (Some(number), Some(known)) => {
                    known.insert(number);
                }
                _ => *of_source = None,
            }
        }
        let repeated = |numbers: &Option<BTreeSet<u32>>| {
            numbers.as_ref().filter(|numbers| numbers.len() > 1).and_then(BTreeSet::last).copied()
        };
        let groups: BTreeMap<&str, (usize, u32)> = numbers
            .iter()
            .enumerate()
            .filter_map(|(group, (source, numbers))| Some((*source, (group, repeated(numbers)?))))
            .collect();
        let go = |artifact: &Artifact| {
            let (group, _) = groups.get(artifact.origin().source.as_str())?;
            Some(Go { group: *group, number: number(&artifact.info().name)? })
        };
        Self {
            first,
            by_artifact: artifacts.iter().map(go).collect(),
            counts: groups.into_values().collect(),
        }
    }

    /// True where no source was repeated.
    pub(crate) fn is_none(&self) -> bool {
        self.counts.is_empty()
    }

    /// The go of an artifact by its number.
    pub(crate) fn of_source(&self, source: usize) -> Option<Go> {
        source.checked_sub(self.first).and_then(|at| self.by_artifact.get(at).copied().flatten())
    }

    /// Every go that there must be, with the artifact to name when it is not as it should be.
    pub(crate) fn expected(&self) -> impl Iterator<Item = (Go, usize)> {
        let gone = |go: Go| self.by_artifact.iter().position(|known| *known == Some(go)).unwrap_or(0);
        self.counts
            .iter()
            .flat_map(|(&group, &count)| (1..=count).map(move |number| Go { group, number }))
            .map(move |go| (go, self.first + gone(go)))
    }

    pub(crate) fn count(&self, group: usize) -> u32 {
        self.counts.get(&group).copied().unwrap_or(0)
    }
}

/// `12/report.xml`: 12.
fn number(name: &str) -> Option<u32> {
    let digits = name.split_once('/')?.0;
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    digits.parse().ok().filter(|number| is_plain && (1..=GOES_MAX).contains(number))
}

/// One case of those of all goes, in the order of goes: a failure beside a pass is flaky, otherwise the
/// worst wins, so that a test that one go skipped was not run in every go.
pub(crate) fn one_of_goes(cases: Vec<Case>, goes: u32) -> Option<Case> {
    let bad = cases.iter().filter(|case| case.status.is_bad()).count();
    let is_flaky = bad > 0 && cases.iter().any(|case| case.status.is_good());
    let worst = cases.into_iter().reduce(|worst, case| if case.status > worst.status { case } else { worst });
    let mut case = worst?;
    if is_flaky {
        case.status = Status::Flaky;
        let before = case.detail.take().unwrap_or_default();
        let mut text = format!("failed in {bad} of {goes} goes\n");
        append_bounded(&mut text, &before.text);
        case.detail = Some(Box::new(Detail { text, place: before.place }));
    }
    Some(case)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_number_names_a_go() {
        for (name, expected) in [
            ("1/report.xml", Some(1)),
            ("1000/a/b.xml", Some(1000)),
            ("1001/report.xml", None),
            ("0/report.xml", None),
            ("01/report.xml", None),
            ("+1/report.xml", None),
            ("/report.xml", None),
            ("1", None),
            ("one/1/report.xml", None),
        ] {
            assert_eq!(number(name), expected, "{name}");
        }
    }
}
