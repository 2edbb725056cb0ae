//! `evident explain`: what was collected, examined and decisive, of the last check and of nothing else.

use crate::reports::{GREEN, RED, contract, suite};
use crate::workspace::Workspace;

#[test]
fn a_fail() {
    let workspace = suite(RED);
    assert_eq!(workspace.run(["check"]).exit, 1);
    workspace.golden("explain-fail", &["explain", "correct"]);
    workspace.golden("explain-fail-markdown", &["explain", "correct", "--format", "markdown"]);
}

#[test]
fn a_pass() {
    let workspace = suite(GREEN);
    assert_eq!(workspace.run(["check"]).exit, 0);
    workspace.golden("explain-pass", &["explain", "correct"]);
    workspace.golden("explain-pass-json", &["explain", "correct", "--format", "json"]);
}

/// What was captured before a command failed is shown, although no checker saw it.
#[test]
fn no_evidence() {
    let source = r#"run = ["sh", "-c", "echo half a report; kill -9 $$"]"#;
    let workspace = Workspace::new(&contract(source));
    assert_eq!(workspace.run(["check"]).exit, 3);
    workspace.golden("explain-no-evidence", &["explain", "correct"]);
}

#[test]
fn before_any_check() {
    suite(GREEN).golden("explain-unchecked", &["explain", "correct"]);
}

#[test]
fn a_clause_that_is_not_there() {
    let workspace = suite(GREEN);
    assert_eq!(workspace.run(["check"]).exit, 0);
    workspace.golden("explain-near-miss", &["explain", "corect"]);
    workspace.golden("explain-unknown", &["explain", "banana"]);
}

/// An explanation of another contract than the one that stands there says so.
#[test]
fn a_contract_that_has_changed() {
    let workspace = suite(GREEN);
    assert_eq!(workspace.run(["check"]).exit, 0);
    workspace.write("goal.toml", format!("{}# edited\n", contract(r#"run = ["cat", "report.xml"]"#)));
    let run = workspace.run(["explain", "correct"]);
    assert_eq!((run.exit, run.stderr.as_str()), (0, "note: the contract has changed since this check\n"));
}

/// The newest check counts, and each contract has its own.
#[test]
fn of_the_last_check_of_this_contract() {
    let workspace = suite(GREEN);
    workspace.write("other.toml", contract(r#"run = ["false"]"#));
    assert_eq!(workspace.run(["check"]).exit, 0);
    workspace.write("report.xml", RED);
    assert_eq!(workspace.run(["check"]).exit, 1);
    assert_eq!(workspace.run(["check", "other.toml"]).exit, 3);
    assert!(workspace.run(["explain", "correct"]).stdout.contains("correct: fail"));
    assert!(workspace.run(["explain", "correct", "other.toml"]).stdout.contains("inconclusive"));
}
