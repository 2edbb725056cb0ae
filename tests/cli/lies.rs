//! Ways to be told "met" that are not true, each end to end: the exit code, the evidence between
//! collecting and judging, names that mislead, and checkers that somebody could have swapped.

use std::process::Stdio;

use crate::reports::{GREEN, RED, contract};
use crate::workspace::{Workspace, clause, verdict};

/// A contract with one criterion `correct` over a source `suite`, with other tables behind it.
fn with(source: &str, rest: &str) -> String {
    format!("{}\n{rest}\n", contract(source))
}

#[test]
fn a_reader_that_closes_the_pipe_changes_no_exit_code() {
    let workspace = Workspace::new(&contract(r#"run = ["cat", "red.xml"]"#));
    workspace.write("red.xml", RED);
    for format in ["human", "json", "markdown"] {
        let mut command = workspace.command(["check", "--format", format]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("starts");
        drop(child.stdout.take());
        assert_eq!(child.wait().expect("ends").code(), Some(1), "{format}");
    }
}

/// A later command looks for the blob of an earlier one and rewrites it.
#[test]
fn evidence_that_is_rewritten_before_it_is_judged_is_no_evidence() {
    let script = "for blob in ../state/blobs/*/*; do \
                  if grep -q failure \"$blob\"; then chmod 600 \"$blob\"; cat green.xml > \"$blob\"; fi; done";
    let rest = format!(
        "[evidence.later]\nrun = [\"sh\", \"-c\", '''{script}''']\nneeds = [\"suite\"]\n\
         [criteria.other]\nchecker = \"test-report\"\nevidence = \"later\"\n"
    );
    let workspace = Workspace::new(&with(r#"run = ["cat", "red.xml"]"#, &rest));
    workspace.write("red.xml", RED);
    workspace.write("green.xml", GREEN);
    let (run, assessment) = workspace.check();
    assert_eq!(verdict(&assessment, "correct"), "no-evidence(unreadable)");
    let summary = clause(&assessment, "correct")["outcome"]["summary"].as_str().expect("a summary");
    assert!(summary.contains("is damaged"), "{summary}");
    assert_eq!(run.exit, 3);
}

#[test]
fn a_file_named_like_the_glob_hides_no_other() {
    let script = "cp red.xml {out}/a.xml; cp green.xml '{out}/*.xml'";
    let source = format!("run = [\"sh\", \"-c\", \"{script}\"]");
    let text = contract(&source).replace("evidence = \"suite\"", "evidence = \"suite/*.xml\"");
    let workspace = Workspace::new(&text);
    workspace.write("red.xml", RED);
    workspace.write("green.xml", GREEN);
    let (run, assessment) = workspace.check();
    assert_eq!((verdict(&assessment, "correct").as_str(), run.exit), ("fail", 1));
}

#[test]
fn a_pinned_baseline_proves_nothing_about_a_report_that_lay_there() {
    let digest = digest(GREEN);
    let rest = format!("[evidence.known]\nfiles = [\"known.xml\"]\nsha256 = \"{digest}\"\n");
    let text = with(r#"files = ["green.xml"]"#, &rest)
        .replace("evidence = \"suite\"", "evidence = { report = \"suite\", baseline = \"known\" }");
    let workspace = Workspace::new(&text);
    workspace.write("green.xml", GREEN);
    workspace.write("known.xml", GREEN);
    let (run, assessment) = workspace.check();
    assert_eq!((verdict(&assessment, "correct").as_str(), run.exit), ("pass", 0));
    assert_eq!(clause(&assessment, "correct")["asserted"], true);
}

#[test]
fn one_artifact_counts_once() {
    let text = contract(r#"run = ["cat", "green.xml"]"#)
        .replace("evidence = \"suite\"", "evidence = { report = [\"suite\", \"suite/stdout\"] }");
    let workspace = Workspace::new(&text);
    workspace.write("green.xml", GREEN);
    let (_, assessment) = workspace.check();
    assert_eq!(verdict(&assessment, "correct"), "binding");
}

/// A name that would clear the screen and print a clause of its own.
#[test]
fn a_name_with_control_characters_is_refused_and_shown_harmless() {
    let script = r#"cp green.xml "{out}/$(printf 'a\033[2J\n  ok')""#;
    let workspace = Workspace::new(&contract(&format!("run = ['sh', '-c', '''{script}''']")));
    workspace.write("green.xml", GREEN);
    let (_, assessment) = workspace.check();
    assert_eq!(verdict(&assessment, "correct"), "no-evidence(unreadable)");
    for arguments in [&["check"][..], &["explain", "correct"]] {
        let run = workspace.run(arguments);
        assert!(!run.stdout.contains('\u{1b}') && !run.stdout.contains("\n  ok"), "{}", run.stdout);
    }
}

/// A contract of a stranger is shown before it is trusted.
#[test]
fn a_contract_cannot_draw_on_the_terminal() {
    let text = contract(r#"run = ["cat", "green.xml"]"#)
        .replace("objective = \"", "\"un\\u001b[2Jknown\" = 1\nobjective = \"\\u001b[2J");
    let workspace = Workspace::new(&text);
    let run = workspace.run(["lint"]);
    assert_eq!(run.exit, 2);
    assert!(!run.stderr.contains('\u{1b}') && run.stderr.contains("\\u{1b}[2Jknown"), "{}", run.stderr);
}

#[test]
fn a_checker_cannot_take_the_name_of_a_built_in_one() {
    let rest = "[checkers.test-report]\npath = \"mine.wasm\"\n";
    let workspace = Workspace::new(&with(r#"run = ["cat", "green.xml"]"#, rest));
    workspace.write("mine.wasm", b"\0asm");
    let run = workspace.run(["lint"]);
    assert_eq!(run.exit, 2);
    assert!(run.stderr.contains("is the name of a built-in checker"), "{}", run.stderr);
}

#[test]
fn a_component_that_is_not_the_pinned_one_is_refused() {
    let rest = format!("[checkers.mine]\npath = \"mine.wasm\"\nsha256 = \"{}\"\n", digest("other bytes"));
    let text = with(r#"run = ["true"]"#, &rest).replace("\"test-report\"", "\"mine\"");
    let workspace = Workspace::new(&text);
    workspace.write("mine.wasm", "these bytes");
    let run = workspace.run(["lint"]);
    assert_eq!(run.exit, 2);
    assert!(run.stderr.contains("has the digest") && run.stderr.contains("pinned is"), "{}", run.stderr);
}

#[test]
fn state_in_the_workspace_is_refused() {
    let workspace = Workspace::new(&contract(r#"run = ["true"]"#));
    let mut command = workspace.command(["check"]);
    let run = crate::workspace::run(command.env("EVIDENT_STATE", workspace.path("state")));
    assert_eq!(run.exit, 2);
    assert!(run.stderr.contains("lies in the workspace"), "{}", run.stderr);
}

fn digest(text: &str) -> String {
    evident_engine::Blobs::digest(text.as_bytes()).to_string()
}
