//! Joins what several documents say of one test: the parts of one run (shards), and goes.
//!
//! Cases that share an id inside one document are different tests: a writer that marks attempts says so in
//! the case itself, and nothing else makes one case an attempt at another. So each counts, and a failure
//! is lost nowhere. Which outcome is accepted is decided elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use evident_checker::{Reason, Severity};

use crate::finding::{shown, tests};
use crate::goes::{Go, Goes, one_of_goes};
use crate::report::{Case, Kind, Note, Problem, Report};

/// Shared names that are told one by one; the rest are counted. A suite with a naming fault has thousands.
const SHARED_TOLD_MAX: usize = 20;

impl Report {
    /// Sorts by id and joins what different artifacts say of one test. Goes are compared: none may be empty,
    /// and none may lack a test.
    pub(crate) fn merge(&mut self, goes: &Goes) {
        self.tell_empty_goes(goes);
        // Stable: the cases of one id stay in the order of artifacts, and of the document.
        self.cases.sort_by(|left, right| left.id.cmp(&right.id));
        // Most reports name each test once: then nothing has to be moved.
        if goes.is_none() && self.cases.windows(2).all(|pair| pair[0].id != pair[1].id) {
            return;
        }
        let mut merge = Merge { goes, notes: &mut self.notes, incomplete: Vec::new(), shared: 0 };
        let mut merged: Vec<Case> = Vec::with_capacity(self.cases.len());
        let mut group: Vec<Case> = Vec::new();
        for case in std::mem::take(&mut self.cases) {
            if group.last().is_some_and(|last| last.id != case.id) {
                merged.append(&mut merge.tests(std::mem::take(&mut group)));
            }
            group.push(case);
        }
        merged.append(&mut merge.tests(group));
        let Merge { incomplete, shared, .. } = merge;
        self.cases = merged;
        if shared > SHARED_TOLD_MAX {
            let message = format!("{} more names are shared by several tests", shared - SHARED_TOLD_MAX);
            self.warn("test-duplicate", "", message);
        }
        if let Some(Incomplete { id, source, seen, goes }) = incomplete.first() {
            let count = tests(incomplete.len() as u64);
            let message =
                format!("not in every go: {count}, for example `{}`, in {seen} of {goes} goes", shown(id));
            let (rule, reason) = ("report-goes", Reason::Contradiction);
            self.problems.push(Problem { rule, reason, message, source: *source });
        }
    }

    /// A go in which nothing could have failed is not evidence, however good the others are.
    fn tell_empty_goes(&mut self, goes: &Goes) {
        let executed: BTreeSet<Go> = self
            .cases
            .iter()
            .filter(|case| !case.status.is_skip())
            .filter_map(|case| goes.of_source(case.source))
            .collect();
        for (go, source) in goes.expected().filter(|(go, _)| !executed.contains(go)) {
            let message = format!("go {} of {} executed no test", go.number, goes.count(go.group));
            self.problem(Reason::NotExamined, source, message);
        }
    }
}

/// What joining needs.
struct Merge<'a> {
    goes: &'a Goes,
    notes: &'a mut Vec<Note>,
    /// Tests that a go does not list.
    incomplete: Vec<Incomplete>,
    /// Ids that stand for several tests.
    shared: usize,
}

struct Incomplete {
    id: String,
    source: usize,
    seen: usize,
    goes: u32,
}

impl Merge<'_> {
    /// The tests that `group` shows, whose cases share an id and are in the order of artifact and document.
    fn tests(&mut self, group: Vec<Case>) -> Vec<Case> {
        if group.len() < 2 {
            if let Some(case) = group.first()
                && let Some(go) = self.goes.of_source(case.source)
            {
                self.tell_incomplete(go.group, 1, case);
            }
            return group;
        }
        self.note_conflict(&group);
        let mut by_go: BTreeMap<Option<Go>, Vec<Case>> = BTreeMap::new();
        for cases in by_source(group) {
            let go = self.goes.of_source(cases[0].source);
            by_go.entry(go).and_modify(|known| join_parts(known, &cases)).or_insert(cases);
        }
        let mut by_group: BTreeMap<Option<usize>, Vec<Vec<Case>>> = BTreeMap::new();
        for (go, cases) in by_go {
            by_group.entry(go.map(|go| go.group)).or_default().push(cases);
        }
        let mut all: Vec<Case> = Vec::new();
        for (repeated, goes) in by_group {
            let cases = match repeated {
                Some(group) => self.over_goes(group, goes),
                None => goes.into_iter().flatten().collect(),
            };
            join_parts(&mut all, &cases);
        }
        if all.len() > 1 {
            self.note_shared(&all);
        }
        all
    }

    /// The tests of an id over the goes of one source. Where several share it, their order may differ from
    /// go to go: failures are held against failures, so that no other test's pass makes one flaky.
    fn over_goes(&mut self, group: usize, mut goes: Vec<Vec<Case>>) -> Vec<Case> {
        let count = self.goes.count(group);
        let most = goes.iter().map(Vec::len).max().unwrap_or(0);
        for cases in &mut goes {
            cases.sort_by_key(|case| std::cmp::Reverse(case.status));
        }
        let mut columns: Vec<_> = goes.into_iter().map(Vec::into_iter).collect();
        let mut all = Vec::with_capacity(most);
        for _ in 0..most {
            let cases: Vec<Case> = columns.iter_mut().filter_map(Iterator::next).collect();
            self.tell_incomplete(group, cases.len(), &cases[0]);
            all.extend(one_of_goes(cases, count));
        }
        all
    }

    fn tell_incomplete(&mut self, group: usize, seen: usize, case: &Case) {
        let goes = self.goes.count(group);
        if u64::try_from(seen).is_ok_and(|seen| seen < u64::from(goes)) {
            self.incomplete.push(Incomplete { id: case.id.clone(), source: case.source, seen, goes });
        }
    }

    /// Two artifacts that say different things of one test.
    fn note_conflict(&mut self, group: &[Case]) {
        let one_each = group.windows(2).all(|pair| pair[0].source != pair[1].source);
        if one_each && group.iter().any(|case| case.status != group[0].status) {
            let (id, count) = (&group[0].id, group.len());
            let message = format!("`{}` is in {count} reports with different outcomes", shown(id));
            let (severity, rule, id) = (Severity::Note, "test-conflict", id.clone());
            self.notes.push(Note { severity, rule, id, message });
        }
    }

    /// A name that stands for several tests: a person has to know, since nothing tells them apart.
    fn note_shared(&mut self, cases: &[Case]) {
        self.shared += 1;
        if self.shared > SHARED_TOLD_MAX {
            return;
        }
        let (id, count) = (&cases[0].id, cases.len());
        let message =
            format!("{count} tests have the name `{}`: each counts, nothing tells them apart", shown(id));
        let (severity, rule, id) = (Severity::Warning, "test-duplicate", id.clone());
        self.notes.push(Note { severity, rule, id, message });
    }
}

/// The cases of each artifact, in order. A fault that one document tells of twice is one.
fn by_source(group: Vec<Case>) -> Vec<Vec<Case>> {
    let mut all: Vec<Vec<Case>> = Vec::new();
    for case in group {
        match all.last_mut() {
            Some(cases) if cases[0].source == case.source => {
                let last = cases.last_mut().expect("a source has a case");
                if last.kind == Kind::Fault && case.kind == Kind::Fault {
                    if case.status > last.status {
                        *last = case;
                    }
                } else {
                    cases.push(case);
                }
            }
            _ => all.push(vec![case]),
        }
    }
    all
}

/// Joins the cases of another part of one run, one by one. Of two, the first of the worst stays, so that the
/// order of artifacts decides ties.
fn join_parts(all: &mut Vec<Case>, part: &[Case]) {
    for (at, case) in part.iter().enumerate() {
        match all.get_mut(at) {
            None => all.push(case.clone()),
            Some(known) => {
                if case.status.rank_between_artifacts() > known.status.rank_between_artifacts() {
                    *known = case.clone();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Status;

    fn merged(statuses: &[(Status, usize)]) -> Vec<Status> {
        let mut report = Report::default();
        for &(status, source) in statuses {
            report.push(Case { id: "a".into(), status, kind: Kind::Test, source, detail: None });
        }
        report.merge(&Goes::default());
        report.cases.into_iter().map(|case| case.status).collect()
    }

    #[test]
    fn only_different_artifacts_are_joined() {
        use Status::{Errored, Failed, Flaky, Passed, Skipped};
        for (statuses, expected) in [
            // Shards: joined, not added; a shard that skips does not spoil one that ran.
            (&[(Passed, 0), (Passed, 1)][..], &[Passed][..]),
            (&[(Skipped, 0), (Passed, 1)], &[Passed]),
            (&[(Passed, 0), (Failed, 1)], &[Failed]),
            (&[(Failed, 0), (Passed, 1)], &[Failed]),
            (&[(Flaky, 0), (Passed, 1)], &[Flaky]),
            (&[(Passed, 0), (Failed, 0), (Failed, 1), (Passed, 1)], &[Failed, Failed]),
            (&[(Passed, 0), (Passed, 0), (Passed, 1)], &[Passed, Passed]),
            (&[(Passed, 0), (Passed, 1), (Passed, 1)], &[Passed, Passed]),
            // One document: every case is a test of its own.
            (&[(Failed, 0), (Passed, 0)], &[Failed, Passed]),
            (&[(Passed, 0), (Passed, 0), (Passed, 0)], &[Passed, Passed, Passed]),
            (&[(Passed, 0), (Skipped, 0)], &[Passed, Skipped]),
            (&[(Failed, 0), (Errored, 0)], &[Failed, Errored]),
        ] {
            assert_eq!(merged(statuses), expected, "{statuses:?}");
        }
    }

    #[test]
    fn a_fault_that_is_told_twice_is_one() {
        let mut report = Report::default();
        for status in [Status::Failed, Status::Errored] {
            report.push(Case { id: "a".into(), status, kind: Kind::Fault, source: 0, detail: None });
        }
        report.merge(&Goes::default());
        let statuses: Vec<Status> = report.cases.iter().map(|case| case.status).collect();
        assert_eq!((statuses, report.notes), (vec![Status::Errored], vec![]));
    }
}
