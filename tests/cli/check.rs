//! `evident check`: the three roll-ups in the three formats, and the exit code that goes with each.

use crate::reports::{GREEN, HEAD, RED, contract, suite};
use crate::workspace::{Workspace, clause, verdict};

#[test]
fn met() {
    suite(GREEN).golden("check-met", &["check"]);
}

#[test]
fn unmet() {
    suite(RED).golden("check-unmet", &["check"]);
}

#[test]
fn undecided() {
    let workspace = Workspace::new(&contract(r#"run = ["no-such-program"]"#));
    workspace.golden("check-undecided", &["check"]);
}

#[test]
fn met_as_json() {
    suite(GREEN).golden("check-met-json", &["check", "--format", "json"]);
}

#[test]
fn unmet_as_markdown() {
    suite(RED).golden("check-unmet-markdown", &["check", "--format", "markdown"]);
}

/// What rests on a file that anybody could have written is never called proven.
#[test]
fn found_evidence_is_asserted() {
    let workspace = Workspace::new(&contract(r#"files = ["report.xml"]"#));
    workspace.write("report.xml", GREEN);
    workspace.golden("check-asserted", &["check"]);
}

/// A pinned file cannot have been written by the worker; other bytes are another version.
#[test]
fn pinned_evidence_is_proven_and_nothing_else_is_taken() {
    let digest = "a581e9df764972d83d384159605e627ada70a0e72af61ef8e072a3720f4efef7";
    let workspace = Workspace::new(&contract(&format!("files = [\"report.xml\"]\nsha256 = \"{digest}\"")));
    workspace.write("report.xml", GREEN);
    let (run, assessment) = workspace.check();
    assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (0, "pass"));
    assert_eq!(clause(&assessment, "correct")["asserted"], false);
    workspace.write("report.xml", GREEN.replace("is_priced", "is_sliced"));
    let (run, assessment) = workspace.check();
    assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (3, "stale"));
}

#[test]
fn fail_beats_inconclusive() {
    let workspace = Workspace::new(&format!(
        r#"{HEAD}
[evidence.red]
run = ["cat", "report.xml"]

[evidence.absent]
run = ["no-such-program"]

[criteria.correct]
checker = "test-report"
evidence = "red"

[constraints.always]
checker = "test-report"
evidence = "absent"
"#
    ));
    workspace.write("report.xml", RED);
    workspace.golden("check-fail-and-inconclusive", &["check"]);
}

/// The report says green, the command says no: nobody may call that a pass.
#[test]
fn exit_mismatch() {
    let workspace = Workspace::new(&contract(r#"run = ["sh", "-c", "cat report.xml; exit 1"]"#));
    workspace.write("report.xml", GREEN);
    workspace.golden("check-exit-mismatch", &["check"]);
}

#[test]
fn an_exit_code_that_the_contract_accepts_passes() {
    let source = "run = [\"sh\", \"-c\", \"cat report.xml; exit 1\"]\nexit = [0, 1]";
    let workspace = Workspace::new(&contract(source));
    workspace.write("report.xml", GREEN);
    let (run, assessment) = workspace.check();
    assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (0, "pass"));
}

/// A failing test stands, whatever the command's exit code says.
#[test]
fn a_fail_stands_under_any_exit_code() {
    for exit in ["0", "7"] {
        let source = format!("run = [\"sh\", \"-c\", \"cat report.xml; exit {exit}\"]");
        let workspace = Workspace::new(&contract(&source));
        workspace.write("report.xml", RED);
        let (run, assessment) = workspace.check();
        assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (1, "fail"));
    }
}

/// Warnings are chatter: they do not get into a result that a program reads, nor change its exit code.
#[test]
fn warnings_go_to_stderr() {
    let workspace = Workspace::new(&contract(r#"files = ["report.xml"]"#));
    workspace.write("report.xml", GREEN);
    let (run, assessment) = workspace.check();
    assert_eq!(run.exit, 0);
    assert_eq!(assessment["version"], 2);
    assert!(run.stderr.contains("self-written-evidence"), "{}", run.stderr);
}

#[test]
fn a_refused_contract_runs_nothing() {
    let workspace = Workspace::new(&contract("run = [\"touch\", \"ran\"]\ntimout = \"1s\""));
    workspace.golden("check-refused", &["check"]);
    assert!(!workspace.path("ran").exists());
}

/// Catches a program that asked for JSON and has to read the problems of the contract from chatter.
#[test]
fn a_refused_contract_is_told_in_json() {
    let workspace = Workspace::new(&contract("run = [\"true\"]\ntimout = \"1s\""));
    let (run, lint) =
        (workspace.run(["check", "--format", "json"]), workspace.run(["lint", "--format", "json"]));
    assert_eq!((run.exit, lint.exit), (2, 2));
    assert_eq!(run.stdout, lint.stdout);
    let document: serde_json::Value = serde_json::from_str(&run.stdout).expect("a JSON document");
    assert_eq!(document["problems"][0]["code"], "unknown-key", "{document:#}");
}

#[test]
fn the_workspace_can_be_another_folder() {
    let workspace = Workspace::new(&contract(r#"run = ["cat", "report.xml"]"#));
    workspace.write("elsewhere/report.xml", GREEN);
    assert_eq!(workspace.run(["check"]).exit, 3);
    assert_eq!(workspace.run(["check", "--workspace", "elsewhere"]).exit, 0);
}

/// Evidence and assessments lie outside: a check leaves nothing in the workspace.
#[test]
fn a_check_leaves_the_workspace_alone() {
    let workspace = suite(GREEN);
    assert_eq!(workspace.run(["check"]).exit, 0);
    let mut names: Vec<_> = std::fs::read_dir(workspace.folder())
        .expect("is there")
        .map(|entry| entry.expect("is there").file_name().into_string().expect("is text"))
        .collect();
    names.sort();
    assert_eq!(names, ["goal.toml", "report.xml"]);
}
