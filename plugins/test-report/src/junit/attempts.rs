//! What pytest writes as several cases, one behind the other, and is one test.
//!
//! A test that failed and whose teardown failed too has a second case; and the plugins that run a failed test
//! again (`pytest-rerunfailures`) leave a case for each attempt, while the header counts the test once. pytest
//! makes the ids of its tests different, so that cases side by side with one id are no different tests. It never
//! joins more cases than the header leaves out, and never takes a failure away.

use crate::finding::{named, tests as count};
use crate::report::{Case, Report, Status};

/// What the message of an error in a teardown begins with, since pytest 6.1 and before it.
const TEARDOWN: [&str; 2] = ["failed on teardown with ", "test teardown failure"];

/// Joins the cases from `first` on. `tests` is what the header counts.
pub(super) fn join(report: &mut Report, first: usize, tests: Option<u64>) {
    let listed = report.cases.len() - first;
    let claimed = tests.and_then(|tests| usize::try_from(tests).ok()).unwrap_or(listed);
    let mut again = listed.saturating_sub(claimed);
    let mut joined: Vec<Case> = Vec::with_capacity(listed);
    let mut told = Vec::new();
    for case in report.cases.drain(first..) {
        let Some(last) = joined.last_mut().filter(|last| last.id == case.id) else {
            joined.push(case);
            continue;
        };
        if last.status.is_bad() && is_teardown(&case) {
            again = again.saturating_sub(1);
            last.status = last.status.max(case.status);
        } else if again > 0 && !last.status.is_bad() {
            again -= 1;
            if told.last() != Some(&case.id) {
                told.push(case.id.clone());
            }
            *last = case;
        } else {
            joined.push(case);
        }
    }
    report.cases.append(&mut joined);
    if !told.is_empty() {
        let ids: Vec<&str> = told.iter().map(String::as_str).collect();
        let message = format!(
            "{} had more than one attempt, of which the report shows the last alone: {}",
            count(ids.len() as u64),
            named(&ids)
        );
        report.warn("test-attempts", "", message);
    }
}

fn is_teardown(case: &Case) -> bool {
    let text = case.detail.as_ref().map_or("", |detail| detail.text.as_str());
    case.status == Status::Errored && TEARDOWN.iter().any(|start| text.starts_with(start))
}
