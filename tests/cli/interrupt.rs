//! Ctrl-C during `check`: the command that runs is ended, nothing is judged, and the exit code says so.

use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::reports::contract;
use crate::workspace::Workspace;

/// From the signal to the end, on a busy machine.
const SOON: Duration = Duration::from_secs(5);

/// For the source to begin: checkers are compiled before.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn an_interrupted_check_ends_at_once_and_leaves_nobody_behind() {
    ends_at_once(Signal::INT);
}

/// What a build server sends when a job is cancelled.
#[test]
fn a_check_that_is_asked_to_end_leaves_nobody_behind() {
    ends_at_once(Signal::TERM);
}

/// A tree that takes long to read is left at once, not when it has been read.
#[test]
fn a_check_that_reads_a_large_tree_is_interrupted() {
    let workspace = Workspace::new(&contract(r#"run = ["true"]"#));
    fs::File::create(workspace.path("large")).and_then(|file| file.set_len(4 << 30)).expect("is sparse");
    let large = workspace.path("large").canonicalize().expect("is there");
    let mut command = workspace.command(["check"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    let open = format!("/proc/{}/fd", child.id());
    let is_read = || {
        let mut open = fs::read_dir(&open).into_iter().flatten().flatten();
        open.any(|entry| fs::read_link(entry.path()).is_ok_and(|path| path == large))
    };
    let waiting = Instant::now();
    while !is_read() {
        assert!(waiting.elapsed() < PATIENCE, "the tree is not read");
        assert!(child.try_wait().expect("is ours").is_none(), "it ended before");
        thread::yield_now();
    }
    let asked = Instant::now();
    kill_process(Pid::from_child(&child), Signal::INT).expect("still runs");
    let output = child.wait_with_output().expect("ends");
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
    assert_eq!(output.status.code(), Some(130), "{output:?}");
}

fn ends_at_once(signal: Signal) {
    let source = r#"run = ["sh", "-c", "echo $$ > begun.tmp; mv begun.tmp begun; sleep 30"]"#;
    let workspace = Workspace::new(&contract(source));
    let mut command = workspace.command(["check"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    let begun = workspace.path("begun");
    let waiting = Instant::now();
    while !begun.exists() {
        assert!(waiting.elapsed() < PATIENCE, "the source does not begin");
        thread::yield_now();
    }
    let asked = Instant::now();
    kill_process(Pid::from_child(&child), signal).expect("still runs");
    let output = child.wait_with_output().expect("ends");
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
    assert_eq!(output.status.code(), Some(130));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    let said = "interrupted: the commands that ran were ended, nothing was judged\n";
    assert!(String::from_utf8_lossy(&output.stderr).ends_with(said), "{output:?}");
    let number = fs::read_to_string(begun).expect("was written");
    let source = Pid::from_raw(number.trim().parse().expect("is a number")).expect("is above zero");
    // It was killed before `evident` ended; who buries an orphan is the system's business.
    let dead = || fs::read(format!("/proc/{source}/cmdline")).is_ok_and(|line| line.is_empty());
    assert!(test_kill_process(source).is_err() || dead(), "{source} still runs");
    // Nothing was judged, so there is nothing to explain, and no half-filled folder is left.
    let explained = workspace.run(["explain", "correct"]);
    assert_eq!(explained.exit, 2, "{explained:?}");
    let left = fs::read_dir(workspace.outside("state/out")).expect("is there").count();
    assert_eq!(left, 0, "folders of the run are left");
}
