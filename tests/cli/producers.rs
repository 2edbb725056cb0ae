//! Commands that do not give what they should: each has its reason, no checker is called on it, and the
//! whole takes no longer than its timeouts.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, test_kill_process};
use serde_json::Value;

use crate::reports::{GREEN, HEAD, RED, contract, contract_of_many};
use crate::workspace::{Run, Workspace, clause, verdict};

/// Compiling the checkers, on a machine that is busy with other tests, and nothing that hangs.
const SOON: Duration = Duration::from_secs(20);

/// A source by name, its reason, and words of its summary.
type Case<'a> = (&'a str, &'a str, &'a str, &'a str);

/// Checks a contract of all sources and holds each clause against its reason and words.
fn each_has_its_reason(workspace: &Workspace, cases: &[Case<'_>]) -> (Run, Value) {
    workspace.write("goal.toml", contract_of_many(cases.iter().map(|case| (case.0, case.1))));
    let (run, assessment) = workspace.check();
    for (name, _, reason, words) in cases {
        let outcome = &clause(&assessment, name)["outcome"];
        assert_eq!(verdict(&assessment, name), *reason, "{name}: {outcome:#}");
        let summary = outcome["summary"].as_str().expect("a summary");
        assert!(summary.contains(words), "{name}: {summary}");
    }
    (run, assessment)
}

#[test]
fn commands_that_do_not_run_or_do_not_end_well() {
    let workspace = Workspace::empty();
    workspace.write("plain.sh", "#!/bin/sh\n");
    workspace.write("report.xml", GREEN);
    workspace.script("lost.sh", "true");
    workspace.write("lost.sh", "#!/no/such/interpreter\n");
    let cases: &[Case<'_>] = &[
        ("absent", r#"run = ["no-such-program"]"#, "no-evidence(spawn)", "was not found on PATH"),
        ("path", r#"run = ["./nowhere"]"#, "no-evidence(spawn)", "`./nowhere` does not exist"),
        ("plain", r#"run = ["./plain.sh"]"#, "no-evidence(spawn)", "`./plain.sh` is not executable"),
        ("lost", r#"run = ["./lost.sh"]"#, "no-evidence(spawn)", "not the interpreter"),
        ("folder", "run = [\"true\"]\ncwd = \"nowhere\"", "no-evidence(spawn)", "cannot run in `nowhere`"),
        (
            "signal",
            r#"run = ["sh", "-c", "cat report.xml; kill -9 $$"]"#,
            "no-evidence(signal)",
            "killed by SIGKILL",
        ),
        (
            "timeout",
            "run = [\"sh\", \"-c\", \"cat report.xml; sleep 600\"]\ntimeout = \"300ms\"",
            "no-evidence(timeout)",
            "not done after 300 ms",
        ),
        (
            "flood",
            "run = [\"cat\", \"/dev/zero\"]\nmax_bytes = \"1 MiB\"",
            "no-evidence(overflow)",
            "more than 1048576 bytes on stdout",
        ),
        (
            "flooded-file",
            "run = [\"head\", \"-c\", \"2000\", \"/dev/zero\"]\nmax_bytes = \"1999 B\"",
            "no-evidence(overflow)",
            "more than 1999 bytes",
        ),
        ("silent", r#"run = ["true"]"#, "not-examined", "it is empty"),
        ("mismatch", r#"run = ["sh", "-c", "cat report.xml; exit 1"]"#, "exit-mismatch", "exit code 1"),
    ];
    let (run, assessment) = each_has_its_reason(&workspace, cases);
    assert_eq!(run.exit, 3);
    assert!(run.took < SOON, "{:?}", run.took);
    let called = |name: &str| !clause(&assessment, name)["usage"].is_null();
    for (name, _, reason, _) in cases {
        assert_eq!(called(name), !reason.starts_with("no-evidence"), "{name}");
    }
}

/// Half a report can look like a whole one: a command that was killed has none.
#[test]
fn a_green_report_of_a_killed_command_is_not_taken() {
    let source = r#"run = ["sh", "-c", "cp report.xml \"$0\"; kill -9 $$", "{out}/report.xml"]"#;
    let workspace = Workspace::new(&contract(source));
    workspace.write("report.xml", GREEN);
    let (run, assessment) = workspace.check();
    assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (3, "no-evidence(signal)"));
}

/// A flood without an end stops at its bound, and what it wrote is never held in memory at once.
#[test]
fn a_flood_takes_no_memory() {
    const FLOOD: u64 = 512 << 20;
    let workspace = Workspace::new(&contract("run = [\"cat\", \"/dev/zero\"]\nmax_bytes = \"512 MiB\""));
    let mut command = workspace.command(["check", "--format", "json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("starts");
    let mut stdout = child.stdout.take().expect("is piped");
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut peak = 0;
    // The kernel forgets the figure with the process: it is asked until there is no answer any more.
    let ended = loop {
        peak = peak.max(resident_peak(&status).unwrap_or(0));
        if let Some(ended) = child.try_wait().expect("is ours") {
            break ended;
        }
        std::thread::yield_now();
    };
    let mut text = String::new();
    stdout.read_to_string(&mut text).expect("reads");
    let assessment: Value = serde_json::from_str(&text).expect("is JSON");
    assert_eq!((ended.code(), verdict(&assessment, "correct").as_str()), (Some(3), "no-evidence(overflow)"));
    assert!(peak < FLOOD / 2, "{peak} bytes");
}

/// The most memory that a process ever had, in bytes; nothing where the system does not say it.
fn resident_peak(status: &Path) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// What a command starts ends with it: the grandchild holds no pipe, so only the group finds it.
#[test]
fn children_that_were_left_behind_are_ended() {
    let source = r#"run = ["sh", "-c", "sleep 600 >/dev/null 2>&1 & echo $! > left.pid; cat report.xml"]"#;
    let workspace = Workspace::new(&contract(source));
    workspace.write("report.xml", GREEN);
    workspace.write(".evident-ignore", "left.pid\n");
    let (run, assessment) = workspace.check();
    assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (0, "pass"));
    assert!(run.took < SOON, "{:?}", run.took);
    assert!(is_gone(&workspace.path("left.pid")));
}

/// The same when it is the timeout that ends the command, and the child holds the pipe.
#[test]
fn children_of_a_command_that_timed_out_are_ended() {
    let source =
        "run = [\"sh\", \"-c\", \"trap '' TERM; sleep 600 & echo $! > left.pid; wait\"]\ntimeout = \"200ms\"";
    let workspace = Workspace::new(&contract(source));
    let (run, assessment) = workspace.check();
    assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (3, "no-evidence(timeout)"));
    assert!(run.took < SOON, "{:?}", run.took);
    assert!(is_gone(&workspace.path("left.pid")));
}

#[test]
fn what_needs_a_source_that_gave_nothing_does_not_run() {
    let workspace = Workspace::new(&format!(
        r#"{HEAD}
[evidence.build]
run = ["no-such-compiler"]

[evidence.suite]
run = ["sh", "-c", "touch ran; cat report.xml"]
needs = ["build"]

[criteria.correct]
checker  = "test-report"
evidence = "suite"
"#
    ));
    workspace.write("report.xml", GREEN);
    workspace.golden("check-failed-need", &["check"]);
    assert!(!workspace.path("ran").exists());
}

/// A report that an agent wrote by hand, where the command writes its own, is removed before.
#[test]
fn a_hand_written_report_is_not_taken() {
    let source = "run = [\"true\"]\ncollect = [\"out/report.xml\"]";
    let workspace = Workspace::new(&contract(source));
    workspace.write(".gitignore", "out/\n");
    git(&workspace, &["init", "--quiet"]);
    workspace.write("out/report.xml", GREEN);
    let (run, assessment) = workspace.check();
    assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (3, "no-evidence(missing)"));
    assert!(!workspace.path("out/report.xml").exists());
}

/// The command's own report replaces it: what is judged is what the run made.
#[test]
fn the_report_of_the_run_is_taken_instead() {
    let source = "run = [\"cp\", \"fresh.xml\", \"out/report.xml\"]\ncollect = [\"out/*.xml\"]";
    let workspace = Workspace::new(&contract(source));
    workspace.write(".gitignore", "out/\n");
    git(&workspace, &["init", "--quiet"]);
    workspace.write("fresh.xml", RED);
    workspace.write("out/report.xml", GREEN);
    workspace.write("out/forged.xml", GREEN);
    let (run, assessment) = workspace.check();
    assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (1, "fail"));
    assert_eq!(assessment["clauses"][0]["bound"].as_array().expect("a list").len(), 1);
}

/// Ignored, so lint has nothing to say, but added to git by force: it is not removed.
#[test]
fn a_tracked_file_is_never_removed() {
    let source = "run = [\"true\"]\ncollect = [\"out/report.xml\"]";
    let workspace = Workspace::new(&contract(source));
    workspace.write(".gitignore", "out/\n");
    workspace.write("out/report.xml", GREEN);
    git(&workspace, &["init", "--quiet"]);
    git(&workspace, &["add", "--force", "out/report.xml"]);
    let (run, assessment) = workspace.check();
    assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (3, "no-evidence(unreadable)"));
    assert_eq!(fs::read_to_string(workspace.path("out/report.xml")).expect("is still there"), GREEN);
}

/// The secrets of the person's shell are nobody's business but those that the contract names.
#[test]
fn the_environment_is_the_declared_one() {
    let source =
        "run = [\"sh\", \"-c\", \"env > env.txt\"]\nenv = { pass = [\"PASSED\"], set = { SET = \"set\" } }";
    let workspace = Workspace::new(&contract(source));
    let mut command = workspace.command(["check"]);
    command.env("SECRET", "secret").env("PASSED", "passed");
    assert_eq!(crate::workspace::run(&mut command).exit, 3);
    let environment = fs::read_to_string(workspace.path("env.txt")).expect("was written");
    let mut names: Vec<_> = environment.lines().filter_map(|line| line.split('=').next()).collect();
    names.retain(|name| !matches!(*name, "_" | "SHLVL" | "OLDPWD"));
    names.sort_unstable();
    assert_eq!(names, ["HOME", "LANG", "PASSED", "PATH", "PWD", "SET"]);
}

/// True if the process of a pid file is no more.
fn is_gone(file: &Path) -> bool {
    let text = fs::read_to_string(file).expect("the command wrote it");
    let pid = Pid::from_raw(text.trim().parse().expect("is a number")).expect("is above zero");
    // One that nobody buried yet still has a number; its command line is empty.
    let buried = || fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.is_empty());
    test_kill_process(pid).is_err() || buried()
}

fn git(workspace: &Workspace, arguments: &[&str]) {
    let git = Command::new("git").args(arguments).current_dir(workspace.folder()).status();
    assert!(git.expect("git is installed").success());
}
