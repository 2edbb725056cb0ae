//! `evident explain`: what was collected, examined and decisive, of the last check and of nothing else.

use std::fs;

use crate::reports::{GREEN, RED, contract, suite};
use crate::workspace::{Workspace, repository};

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

/// Pictures of a difference reach the person, in a folder of the person's choice.
#[test]
fn pictures_are_saved() {
    let screens = repository().join("tests/cases/screenshot/button-moved/evidence");
    let read = |name: &str| fs::read(screens.join(name)).expect("is in the repository");
    let expected = read("expected/home.png");
    let digest = evident_engine::Blobs::digest(&expected);
    let workspace = Workspace::new(&format!(
        "version = 1\n[goal]\nname = \"screens\"\nobjective = \"Every screen looks as before.\"\n\
         [evidence.before]\nfiles = [\"expected/home.png\"]\nsha256 = \"{digest}\"\n\
         [evidence.now]\nfiles = [\"actual/home.png\"]\n\
         [criteria.looks]\nchecker = \"screenshot\"\nevidence = {{ expected = \"before\", actual = \"now\" }}\n"
    ));
    workspace.write("expected/home.png", &expected);
    workspace.write("actual/home.png", read("actual/home.png"));
    assert_eq!(workspace.run(["check"]).exit, 1);
    workspace.golden("explain-pictures", &["explain", "looks"]);
    workspace
        .golden("explain-pictures-saved", &["explain", "looks", "--save", "out", "--format", "markdown"]);
    for name in ["home-diff.png", "home-side-by-side.png"] {
        let picture = fs::read(workspace.path("out").join(name)).expect("was saved");
        assert!(picture.starts_with(b"\x89PNG\r\n"), "{name}");
    }
    workspace.write("out/home-diff.png", "mine");
    let refused = workspace.run(["explain", "looks", "--save", "out"]);
    assert_eq!(
        (refused.exit, fs::read(workspace.path("out/home-diff.png")).expect("is there")),
        (2, b"mine".to_vec())
    );
}
