//! Makes one case of all that share an id: attempts in one place, parts of one run, and goes.
//!
//! A failure is lost nowhere: it stays, or it makes the case flaky. Which outcome is accepted is decided
//! elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use evident_checker::Reason;

use crate::finding::{shown, tests};
use crate::goes::{Go, Goes, one_of_goes};
use crate::report::{Case, Note, Problem, Report, Status};

impl Report {
    /// Sorts by id and makes one case of all that share an id. `retries_count_as_flaky` says what a pass
    /// after a failure in the same artifact is: a flaky test, or two reports that contradict each other,
    /// of which the worst wins. Goes are compared: none may be empty, and none may lack a test.
    pub(crate) fn merge(&mut self, retries_count_as_flaky: bool, goes: &Goes) {
        self.tell_empty_goes(goes);
        self.cases.sort_by(|left, right| left.id.cmp(&right.id));
        // Most reports name each test once: then nothing has to be moved.
        if goes.is_none() && self.cases.windows(2).all(|pair| pair[0].id != pair[1].id) {
            return;
        }
        let mut merge =
            Merge { retries_count_as_flaky, goes, notes: &mut self.notes, incomplete: Vec::new() };
        let mut merged: Vec<Case> = Vec::with_capacity(self.cases.len());
        let mut group: Vec<Case> = Vec::new();
        for case in std::mem::take(&mut self.cases) {
            if group.last().is_some_and(|last| last.id != case.id) {
                merged.push(merge.one_case(&mut group));
            }
            group.push(case);
        }
        if !group.is_empty() {
            merged.push(merge.one_case(&mut group));
        }
        let incomplete = merge.incomplete;
        self.cases = merged;
        if let Some(Incomplete { id, source, seen, goes }) = incomplete.first() {
            let count = tests(incomplete.len() as u64);
            let message =
                format!("not in every go: {count}, for example `{}`, in {seen} of {goes} goes", shown(id));
            let (rule, reason) = ("report-goes", Reason::Contradiction);
            self.problems.push(Problem { rule, reason, message, source: *source });
        }
    }

    /// A go in which nothing could have failed is no evidence, however good the others are.
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

/// What making one case of several needs.
struct Merge<'a> {
    retries_count_as_flaky: bool,
    goes: &'a Goes,
    notes: &'a mut Vec<Note>,
    /// Tests that a go does not list.
    incomplete: Vec<Incomplete>,
}

struct Incomplete {
    id: String,
    source: usize,
    seen: usize,
    goes: u32,
}

impl Merge<'_> {
    /// Empties `group`, whose cases share an id and are in the order of artifact and document.
    fn one_case(&mut self, group: &mut Vec<Case>) -> Case {
        if group.len() == 1 {
            let case = group.pop().expect("the group has one case");
            if let Some(go) = self.goes.of_source(case.source) {
                self.tell_incomplete(go.group, 1, &case);
            }
            return case;
        }
        note_duplicates(group, self.notes);
        // Stable: the attempts in one place stay in the order of the document.
        group.sort_by_key(|case| (case.source, case.place));
        let by_source = self.by_source(group);
        let mut by_go: BTreeMap<Option<Go>, Case> = BTreeMap::new();
        for case in by_source {
            let go = self.goes.of_source(case.source);
            let case = match by_go.remove(&go) {
                Some(known) => worse_of_parts(known, case),
                None => case,
            };
            by_go.insert(go, case);
        }
        let mut by_group: BTreeMap<Option<usize>, Vec<Case>> = BTreeMap::new();
        for (go, case) in by_go {
            by_group.entry(go.map(|go| go.group)).or_default().push(case);
        }
        let mut all: Option<Case> = None;
        for (repeated, cases) in by_group {
            let mut goes = 1;
            if let Some(group) = repeated {
                goes = self.goes.count(group);
                self.tell_incomplete(group, cases.len(), &cases[0]);
            }
            all = match (all, one_of_goes(cases, goes)) {
                (Some(known), Some(case)) => Some(worse_of_parts(known, case)),
                (known, case) => known.or(case),
            };
        }
        all.expect("a group is never empty")
    }

    /// One case for each artifact: the worst, unless a failure was tried again in the same place.
    fn by_source(&self, group: &mut Vec<Case>) -> Vec<Case> {
        let mut by_place: Vec<Case> = Vec::new();
        for case in group.drain(..) {
            match by_place.last_mut() {
                Some(last) if (last.source, last.place) == (case.source, case.place) => {
                    if self.retries_count_as_flaky && last.status.is_bad() && case.status.is_good() {
                        last.status = Status::Flaky;
                    } else if case.status > last.status {
                        *last = case;
                    }
                }
                _ => by_place.push(case),
            }
        }
        let mut by_source: Vec<Case> = Vec::new();
        for case in by_place {
            match by_source.last_mut() {
                Some(last) if last.source == case.source => {
                    if case.status > last.status {
                        *last = case;
                    }
                }
                _ => by_source.push(case),
            }
        }
        by_source
    }

    fn tell_incomplete(&mut self, group: usize, seen: usize, case: &Case) {
        let goes = self.goes.count(group);
        if u64::try_from(seen).is_ok_and(|seen| seen < u64::from(goes)) {
            self.incomplete.push(Incomplete { id: case.id.clone(), source: case.source, seen, goes });
        }
    }
}

/// Of two parts of one run, the first of the worst, so that the order of artifacts decides ties.
fn worse_of_parts(worst: Case, case: Case) -> Case {
    if case.status.rank_between_artifacts() > worst.status.rank_between_artifacts() { case } else { worst }
}

fn note_duplicates(group: &[Case], notes: &mut Vec<Note>) {
    let id = &group[0].id;
    let agree = group.iter().all(|case| case.status == group[0].status);
    let within = group.windows(2).any(|pair| pair[0].source == pair[1].source);
    if within || !agree {
        let how = if agree { "with the same outcome" } else { "with different outcomes" };
        let message = format!("`{id}` is reported {} times {how}; it counts once", group.len());
        notes.push(Note { rule: "test-duplicate", id: id.clone(), message });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Place;

    fn merged(cases: &[(&str, Status, usize)], flaky: bool) -> Vec<(String, Status)> {
        let mut report = Report::default();
        for &(id, status, source) in cases {
            report.push(Case { id: id.into(), status, source, place: Place::default(), detail: None });
        }
        report.merge(flaky, &Goes::default());
        report.cases.into_iter().map(|case| (case.id, case.status)).collect()
    }

    #[test]
    fn one_id_is_one_case() {
        use Status::{Errored, Failed, Flaky, Passed, Skipped};
        for (statuses, flaky, expected) in [
            // Shards: merge, not sum; a shard that skips does not spoil one that ran.
            (&[(Passed, 0), (Passed, 1)][..], false, Passed),
            (&[(Skipped, 0), (Passed, 1)], false, Passed),
            (&[(Passed, 0), (Failed, 1)], true, Failed),
            (&[(Failed, 0), (Passed, 1)], true, Failed),
            // One document: the worst wins, unless the policy reads a pass after a failure as flaky.
            (&[(Failed, 0), (Passed, 0)], false, Failed),
            (&[(Failed, 0), (Passed, 0)], true, Flaky),
            (&[(Passed, 0), (Failed, 0)], true, Failed),
            (&[(Passed, 0), (Skipped, 0)], false, Skipped),
            (&[(Failed, 0), (Errored, 0)], false, Errored),
            (&[(Failed, 0), (Passed, 0), (Failed, 0)], true, Failed),
        ] {
            let cases: Vec<_> = statuses.iter().map(|&(status, source)| ("a", status, source)).collect();
            assert_eq!(merged(&cases, flaky), [("a".to_owned(), expected)], "{statuses:?}");
        }
    }
}
