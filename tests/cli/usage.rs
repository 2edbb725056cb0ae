//! Mistakes of the person who typed the command exit 2; failures of the host exit 5. Both say what to do.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::Duration;

use crate::reports::{GREEN, contract, suite};
use crate::workspace::Workspace;

#[test]
fn an_unknown_command_with_a_near_miss() {
    Workspace::empty().golden("usage-command", &["chekc"]);
}

#[test]
fn an_unknown_option_and_an_unknown_format() {
    let workspace = suite(GREEN);
    workspace.golden("usage-option", &["check", "--fromat", "json"]);
    workspace.golden("usage-format", &["check", "--format", "jsno"]);
}

#[test]
fn a_missing_contract() {
    Workspace::empty().golden("usage-no-contract", &["check"]);
}

#[test]
fn a_folder_as_contract() {
    Workspace::empty().golden("usage-folder", &["check", "."]);
}

/// Opening a FIFO would wait for somebody to write to it, for ever.
#[test]
fn a_fifo_as_contract() {
    let workspace = Workspace::empty();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        workspace.path("goal.toml"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .expect("makes");
    let run = workspace.run(["check"]);
    assert_eq!((run.exit, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("is not a regular file"), "{}", run.stderr);
    assert!(run.took < Duration::from_secs(10));
}

#[test]
fn a_contract_that_is_no_text() {
    let workspace = Workspace::empty();
    workspace.write("goal.toml", [b'v', 0xff, 0xfe]);
    workspace.golden("usage-no-utf-8", &["check"]);
}

#[test]
fn a_contract_of_2_mib() {
    let workspace = Workspace::empty();
    workspace.write("goal.toml", "# padding\n".repeat(2 * 1024 * 1024 / 10));
    workspace.golden("usage-large", &["check"]);
}

#[test]
fn a_workspace_that_is_not_there() {
    suite(GREEN).golden("usage-no-workspace", &["check", "--workspace", "nowhere"]);
}

#[test]
fn a_workspace_that_is_a_file() {
    suite(GREEN).golden("usage-workspace-file", &["check", "--workspace", "report.xml"]);
}

/// The host cannot do its work: that is not a mistake in the contract, and says nothing about the evidence.
#[test]
fn a_state_folder_that_cannot_be_made() {
    let workspace = suite(GREEN);
    fs::write(workspace.outside("file"), "").expect("writes");
    let state = workspace.outside("file").join("state");
    workspace.golden_of("host-state", workspace.command(["check"]).env("EVIDENT_STATE", state));
}

#[test]
fn no_place_for_state() {
    let workspace = suite(GREEN);
    let mut command = workspace.command(["check"]);
    workspace.golden_of("host-no-state", command.env_remove("EVIDENT_STATE").env_remove("HOME"));
    let mut command = workspace.command(["check"]);
    workspace.golden_of("host-relative-state", command.env("EVIDENT_STATE", "state"));
    assert!(!workspace.path("state").exists());
}

/// A stored assessment that somebody damaged is not explained as if it were whole.
#[test]
fn a_damaged_assessment() {
    let workspace = suite(GREEN);
    assert_eq!(workspace.run(["check"]).exit, 0);
    for entry in fs::read_dir(workspace.outside("state/last")).expect("is there") {
        fs::write(entry.expect("is there").path(), "{}").expect("writes");
    }
    let run = workspace.run(["explain", "correct"]);
    assert_eq!((run.exit, run.stdout.as_str()), (5, ""));
    assert!(run.stderr.starts_with("error: the stored assessment `"), "{}", run.stderr);
    assert_eq!(workspace.run(["check"]).exit, 0, "a new check mends it");
}

/// Evidence can hold secrets: nobody else on the machine reads it.
#[test]
fn evidence_is_private() {
    let workspace = suite(GREEN);
    assert_eq!(workspace.run(["check"]).exit, 0);
    for folder in ["state/blobs", "state/out"] {
        let mode = fs::metadata(workspace.outside(folder)).expect("is there").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{folder} has the mode {mode:o}");
    }
}

/// Whoever reads may stop reading, as `head` does.
#[test]
fn a_closed_pipe_is_no_failure() {
    let workspace = Workspace::new(&contract(r#"run = ["true"]"#));
    let mut command = workspace.command(["completions", "bash"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    drop(child.stdout.take());
    let mut stderr = String::new();
    child.stderr.take().expect("is piped").read_to_string(&mut stderr).expect("reads");
    assert_eq!((child.wait().expect("ends").code(), stderr.as_str()), (Some(0), ""));
}
