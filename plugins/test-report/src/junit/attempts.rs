//! What pytest writes as several cases and is one test.
//!
//! The plugins that run a failed test again (`pytest-rerunfailures`) leave a case for each attempt, whose failure
//! is not shown unless it was the last; workers (`pytest-xdist`) put other cases between them. A test that failed
//! and whose teardown failed too has a second case. pytest makes the ids of its tests different, so cases of one
//! suite with the same id, file and line are one test. It counts once, by the worst of its outcomes: a failure is
//! never taken away.
//!
//! The header is not asked how many cases are attempts: it counts subtests and attempts whose teardown failed, so
//! that it claims as much over one test as over two.
//!
//! What this could hide: two tests of a plugin or of `record_xml_attribute` that share id, file and line, or that
//! share an id in the default form of pytest (`xunit2`), which has neither. One of them can be deleted, and the
//! other stands for both in a baseline. So each joined name is told as a warning. The form `xunit1` tells most of
//! them apart.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::finding::{named, tests as count};
use crate::report::{Case, Report, Status};

use super::case::OpenCase;

/// What the message of an error in a teardown begins with, since pytest 6.1 and before it.
const TEARDOWN: [&str; 2] = ["failed on teardown with ", "test teardown failure"];

/// The cases of one suite of pytest, without those of suites inside it.
#[derive(Default)]
pub(super) struct Attempts {
    /// Index in the report, and a hash of file and line: names of files would double the memory.
    cases: Vec<(usize, u64)>,
}

impl Attempts {
    /// Notes the case that the report takes as its `index`-th.
    pub(super) fn note(&mut self, index: usize, case: &OpenCase) {
        let mut hasher = DefaultHasher::new();
        case.place().hash(&mut hasher);
        self.cases.push((index, hasher.finish()));
    }

    /// Joins the cases of each test in the report.
    pub(super) fn join(&self, report: &mut Report) {
        let again = self.again(&report.cases);
        let mut told = Vec::new();
        for &(first, later) in &again {
            let (before, from) = report.cases.split_at_mut(later);
            let (first, later) = (&mut before[first], &mut from[0]);
            if !(first.status.is_bad() && is_teardown(later)) {
                told.push(later.id.clone());
            }
            if first.status.is_bad() {
                first.status = first.status.max(later.status);
            } else if later.status > first.status {
                std::mem::swap(first, later);
            }
        }
        let mut gone = again.iter().map(|(_, later)| *later).peekable();
        let mut index = 0;
        report.cases.retain(|_| {
            let is_gone = gone.next_if_eq(&index).is_some();
            index += 1;
            !is_gone
        });
        tell(report, told);
    }

    /// The first case of each test that has several, with each later one, which come in ascending order.
    fn again(&self, cases: &[Case]) -> Vec<(usize, usize)> {
        let mut first_of = BTreeMap::new();
        let first = |&(index, place): &(usize, u64)| {
            let first = *first_of.entry((cases[index].id.as_str(), place)).or_insert(index);
            (first != index).then_some((first, index))
        };
        self.cases.iter().filter_map(first).collect()
    }
}

fn tell(report: &mut Report, mut told: Vec<String>) {
    told.sort();
    told.dedup();
    if told.is_empty() {
        return;
    }
    let ids: Vec<&str> = told.iter().map(String::as_str).collect();
    let have = if ids.len() == 1 { "has" } else { "have" };
    let message = format!(
        "{} {have} several cases: ids of pytest are unique, so that each case is an attempt, and the worst counts: {}",
        count(ids.len() as u64),
        named(&ids)
    );
    report.warn("test-attempts", "", message);
}

fn is_teardown(case: &Case) -> bool {
    let text = case.detail.as_ref().map_or("", |detail| detail.text.as_str());
    case.status == Status::Errored && TEARDOWN.iter().any(|start| text.starts_with(start))
}
