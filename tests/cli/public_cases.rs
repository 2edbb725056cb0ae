//! The cases of public bug reports, `public` of the shared fixtures: small inputs, each with the right answer in
//! its `case.toml`, through the built binary. Keys and answers are explained in `SOURCES.md` there.
//!
//! One test for each kind tells every wrong answer at once. It never says what is right: the cases do.

mod agents;
mod case;
mod judged;

use std::collections::BTreeSet;

use case::{Case, Kind, cases};

/// Fails with every case of a kind that is answered wrongly. `answer` says how each came out, and what was said.
fn hold(kind: Kind, answer: impl FnOnce(&[Case]) -> Vec<Answer>) {
    let Some(cases) = cases(kind) else { return };
    assert!(!cases.is_empty(), "no case of the kind {kind:?}");
    let answers = answer(&cases);
    let wrong: Vec<String> =
        cases.iter().zip(&answers).filter_map(|(case, answer)| case.wrong(answer)).collect();
    assert_eq!(answers.len(), cases.len());
    assert!(wrong.is_empty(), "{} of {} are wrong:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// How a case came out.
#[derive(Debug)]
struct Answer {
    /// As `expect` of the case puts it.
    outcome: String,
    /// Everything that was printed.
    said: String,
    /// Turns that were started, where an agent ran.
    turns: u64,
    seconds: u64,
}

#[test]
fn reports_are_judged_rightly() {
    hold(Kind::Checker, judged::checkers);
}

#[test]
fn trees_are_judged_rightly() {
    hold(Kind::Tree, judged::trees);
}

#[test]
fn contracts_are_judged_rightly() {
    hold(Kind::Contract, judged::contracts);
}

#[test]
fn goals_end_rightly() {
    hold(Kind::Agent, agents::goals);
}

/// Catches a case that no test above runs.
#[test]
fn every_case_is_read() {
    let kinds = [Kind::Checker, Kind::Tree, Kind::Contract, Kind::Agent];
    let Some(folders) = case::folders() else { return };
    let read = kinds.into_iter().filter_map(cases).flatten();
    let read: BTreeSet<String> = read.map(|case| case.name).collect();
    assert_eq!(read, folders);
}
