//! Files that are not what they should be: each has its reason, and none is waited for.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::reports::{GREEN, HEAD, contract, contract_of_many};
use crate::workspace::{Workspace, clause, verdict};

/// Compiling the checkers, on a machine that is busy with other tests, and nothing that hangs.
const SOON: Duration = Duration::from_secs(20);

#[test]
fn files_that_are_none() {
    let workspace = Workspace::empty();
    workspace.write("folder/inside.xml", GREEN);
    mknodat(CWD, workspace.path("fifo"), FileType::Fifo, Mode::from_raw_mode(0o600), 0).expect("makes");
    fs::write(workspace.outside("outside.xml"), GREEN).expect("writes");
    symlink("../outside.xml", workspace.path("escape.xml")).expect("links");
    symlink(workspace.outside("outside.xml"), workspace.path("absolute.xml")).expect("links");
    symlink("/dev/zero", workspace.path("zero.xml")).expect("links");
    symlink("nowhere.xml", workspace.path("dangling.xml")).expect("links");
    symlink("loop.xml", workspace.path("loop.xml")).expect("links");
    workspace.write("empty.xml", "");
    workspace.write("large.xml", "x".repeat(2000));
    workspace.write("half.xml", &GREEN[..30]);
    workspace.write("banana.xml", "banana");
    workspace.write("none.xml", "<testsuite></testsuite>");
    let cases = [
        ("missing", "files = [\"nowhere.xml\"]", "no-evidence(missing)"),
        ("no-match", "files = [\"*.html\"]", "no-evidence(missing)"),
        ("folder", "files = [\"folder\"]", "no-evidence(unreadable)"),
        ("fifo", "files = [\"fifo\"]", "no-evidence(unreadable)"),
        ("escape", "files = [\"escape.xml\"]", "no-evidence(unreadable)"),
        ("absolute", "files = [\"absolute.xml\"]", "no-evidence(unreadable)"),
        ("zero", "files = [\"zero.xml\"]", "no-evidence(unreadable)"),
        ("dangling", "files = [\"dangling.xml\"]", "no-evidence(missing)"),
        ("loop", "files = [\"loop.xml\"]", "no-evidence(unreadable)"),
        ("large", "files = [\"large.xml\"]\nmax_bytes = \"1999 B\"", "no-evidence(overflow)"),
        ("empty", "files = [\"empty.xml\"]", "not-examined"),
        ("none", "files = [\"none.xml\"]", "not-examined"),
        ("half", "files = [\"half.xml\"]", "malformed"),
        ("banana", "files = [\"banana.xml\"]", "unsupported"),
    ];
    workspace.write("goal.toml", contract_of_many(cases.map(|(name, source, _)| (name, source))));
    let (run, assessment) = workspace.check();
    let found: Vec<_> = cases.map(|(name, ..)| (name, verdict(&assessment, name))).into();
    let expected: Vec<_> = cases.map(|(name, _, reason)| (name, reason.to_owned())).into();
    assert_eq!(found, expected);
    assert_eq!(run.exit, 3);
    assert!(run.took < SOON, "{:?}", run.took);
}

/// Bytes that were never there together are no evidence, in every run that meets the writer.
#[test]
fn a_file_that_changes_while_it_is_read() {
    let workspace = Workspace::new(&contract("files = [\"report.xml\"]"));
    // Not in the tree: a tree that never rests is not assessed at all, see below.
    workspace.write(".evident-ignore", "report.xml\n");
    // Large enough that reading takes longer than a write.
    workspace.write("report.xml", format!("{GREEN}\n{}", " ".repeat(64 << 20)));
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut file = OpenOptions::new().append(true).open(workspace.path("report.xml")).expect("opens");
            while !over.load(Ordering::Relaxed) {
                file.write_all(b"\n").expect("writes");
            }
        });
        let run = workspace.run(["check"]);
        // Before anything can panic: the other thread would never end.
        over.store(true, Ordering::Relaxed);
        assert_eq!(run.exit, 3, "{run:#?}");
        assert!(run.stdout.contains("changed while it was read"), "{run:#?}");
        assert!(run.took < SOON, "{:?}", run.took);
    });
}

#[test]
fn a_tree_that_never_rests_is_not_assessed() {
    let workspace = Workspace::new(&contract("run = [\"true\"]"));
    workspace.write("server.log", " ".repeat(64 << 20));
    let over = AtomicBool::new(false);
    let run = thread::scope(|scope| {
        scope.spawn(|| {
            let mut file = OpenOptions::new().append(true).open(workspace.path("server.log")).expect("opens");
            while !over.load(Ordering::Relaxed) {
                file.write_all(b"\n").expect("writes");
            }
        });
        let run = workspace.run(["check"]);
        over.store(true, Ordering::Relaxed);
        run
    });
    assert_eq!(run.exit, 3, "{run:#?}");
    assert!(run.stdout.contains("server.log") && run.stdout.contains("end what writes it"), "{run:#?}");
}

#[test]
fn an_old_file_is_stale() {
    let workspace = Workspace::new(&contract("files = [\"report.xml\"]\nmax_age = \"1h\""));
    workspace.write("report.xml", GREEN);
    let (run, assessment) = workspace.check();
    assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (0, "pass"));
    let now = SystemTime::now();
    let hours = |count: u64| Duration::from_secs(count * 3600);
    for (time, words) in [(now - hours(2), "2 h"), (now + hours(1), "in the future")] {
        age(&workspace, time);
        let (run, assessment) = workspace.check();
        assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (3, "stale"));
        let summary = clause(&assessment, "correct")["outcome"]["summary"].as_str().expect("a summary");
        assert!(summary.contains(words), "{summary}");
    }
}

/// A report from before the build says nothing about what was built.
#[test]
fn a_file_from_before_another_source_is_stale() {
    let workspace = Workspace::new(&format!(
        r#"{HEAD}
[evidence.build]
run = ["sh", "-c", "test ! -e again || cp report.xml fresh.xml"]

[evidence.suite]
files = ["fresh.xml"]
needs = ["build"]
after = "build"

[criteria.correct]
checker  = "test-report"
evidence = "suite"
"#
    ));
    // What a source makes is ignored: a counted file that it rewrites is a change of the tree.
    workspace.write(".evident-ignore", "fresh.xml\n");
    workspace.write("report.xml", GREEN);
    workspace.write("fresh.xml", GREEN);
    let yesterday = SystemTime::now() - Duration::from_secs(24 * 3600);
    let file = File::options().write(true).open(workspace.path("fresh.xml")).expect("opens");
    file.set_modified(yesterday).expect("is ours");
    let (run, assessment) = workspace.check();
    assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (3, "stale"));
    workspace.write("again", "");
    let (run, assessment) = workspace.check();
    assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (0, "pass"));
}

fn age(workspace: &Workspace, time: SystemTime) {
    let file = File::options().write(true).open(workspace.path("report.xml")).expect("opens");
    file.set_modified(time).expect("is ours");
}
