//! False completion: an agent that plays a lie, and a goal that must not end `complete` for it.
//!
//! Each lie is told twice, in a workspace of its own each time: as things are, and with the guard switched
//! off, where the same lie must end `complete`, so that no case passes by accident. How a goal ended is read
//! from the store, and its log is folded once more; what was printed has to agree.

mod checkers;
mod claims;
mod contract;
mod evidence;
mod left;
mod owner;
mod work;

use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::threats::{CORRECT, HEAD, attacked, git};
use crate::workspace::{Workspace, run};

/// A claim that the contract is met, as the final message of a turn.
const CLAIM: &str = "say = '''\nAll done.\n```evident\n{\"request\": \"complete\"}\n```\n'''\n";

const BOUNDARY: &str =
    "\n[boundary]\nwrite = [\"src/**\"]\nprotect = [\"tests/**\", \"goal.toml\", \"suite.sh\"]\n";

/// Two turns are enough for every lie but the one that is told fifty times.
const TERMS: &str = "\n[budget]\nturns = 2\n\n[policy]\nstall_turns = 0\nidle_turns = 0\n";

/// The goal is blocked once a turn did nothing, and its owner can go on with it.
const IDLE: &str = "\n[budget]\nturns = 6\n\n[policy]\nstall_turns = 0\nidle_turns = 1\n";

/// Edits that do the work that the suite asks for.
const WORK: &str = "{ path = \"tests/taxes.t\", write = \"passes\\n\" }";

/// How a goal ended.
#[derive(Debug)]
struct Ended {
    exit: i32,
    /// As the store has it.
    state: Value,
    /// As it was printed.
    report: Value,
    /// The events of its log.
    events: Vec<Value>,
    took: Duration,
}

impl Ended {
    fn is_complete(&self) -> bool {
        (self.exit, &self.state) == (0, &"complete".into())
    }

    /// Names of the clauses that are not proven.
    fn open(&self) -> Vec<&str> {
        let clauses = self.report["not_proven"].as_array().expect("is a list").iter();
        clauses.map(|clause| clause["name"].as_str().expect("has a name")).collect()
    }

    /// Why clauses were undecided, in every assessment, oldest first.
    fn reasons(&self) -> Vec<&str> {
        let assessed = self.events.iter().filter(|event| event["event"] == "assessed");
        let clauses = assessed.flat_map(|assessed| assessed["clauses"].as_array().expect("is a list"));
        clauses.filter_map(|clause| clause["reason"].as_str()).collect()
    }

    /// The events of that kind.
    fn of(&self, kind: &str) -> Vec<&Value> {
        self.events.iter().filter(|event| event["event"] == kind).collect()
    }
}

/// Runs the goal with a script whose first turn makes the edits and claims to be done. Pauses are off:
/// they prove nothing here and take time.
fn played(workspace: &Workspace, script: &str, off: &str) -> Ended {
    told(workspace, script, &format!("back-off,{off}"))
}

fn told(workspace: &Workspace, script: &str, off: &str) -> Ended {
    std::fs::write(workspace.outside("script.toml"), script).expect("writes");
    let agent = format!("script:{}", workspace.outside("script.toml").display());
    ended(workspace, workspace.command(RUN.iter().chain(&["--agent", &agent])), off)
}

/// Runs the goal with a shell as its agent, which does the same in every turn.
fn ordered(workspace: &Workspace, order: &str, off: &str) -> Ended {
    let command = ["--agent", "command", "--", "sh", "-c", order];
    ended(workspace, workspace.command(RUN.iter().chain(&command)), &format!("back-off,{off}"))
}

const RUN: [&str; 5] = ["run", "--headless", "--no-wait", "--format", "json"];

/// What a run printed, and what is stored, which must be the same.
fn ended(workspace: &Workspace, mut command: Command, off: &str) -> Ended {
    let run = run(command.env("EVIDENT_UNDEFENDED", off));
    let read = |text: &str| -> Value {
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}\n{run:#?}"))
    };
    // A log that only a host without its guard can write is one that only such a host reads.
    let stored = |arguments: &[&str]| {
        let shown = crate::workspace::run(workspace.command(arguments).env("EVIDENT_UNDEFENDED", off));
        read(&shown.stdout)
    };
    let report = read(&run.stdout);
    let goal = report["goal"].as_str().unwrap_or_else(|| panic!("no report: {run:#?}"));
    let shown = stored(&["goal", "show", goal, "--format", "json"]);
    let state = shown["goal"]["state"].clone();
    assert_eq!(report["state"], state, "the report is not what is stored: {run:#?}");
    assert_eq!(run.exit == 0, state == "complete", "the exit code is not what is stored: {run:#?}");
    let mut replayed = stored(&["replay", goal, "--format", "json"]);
    let outcome = &replayed["replayed"];
    assert_eq!((&outcome["same"], &outcome["state"]), (&true.into(), &state), "the log gives another goal");
    let events = replayed["events"].as_array_mut().expect("is a list").iter_mut();
    let events = events.map(|recorded| recorded["event"].take()).collect();
    Ended { exit: run.exit, state, report, events, took: run.took }
}

fn one_turn(edits: &str) -> String {
    format!("version = 1\n[[turn]]\nedit = [{edits}]\n{CLAIM}")
}

/// The lie must leave these clauses unproven, and must end `complete` with its guards off. Gives the end
/// with the guards.
fn lie(
    build: impl Fn() -> Workspace,
    tell: impl Fn(&Workspace, &str) -> Ended,
    open: &[&str],
    guards: &str,
) -> Ended {
    let ended = tell(&build(), "");
    assert!(!ended.is_complete(), "the lie succeeds: {ended:#?}");
    assert_eq!(ended.open(), open, "{ended:#?}");
    let undefended = tell(&build(), guards);
    assert!(undefended.is_complete(), "without {guards}: {undefended:#?}");
    ended
}

/// The same for a lie that one turn of edits tells, about one clause.
fn caught(build: impl Fn() -> Workspace, edits: &str, clause: &str, guards: &str) -> Ended {
    lie(build, |workspace, off| played(workspace, &one_turn(edits), off), &[clause], guards)
}

fn bounded() -> Workspace {
    attacked(&format!("{HEAD}{CORRECT}{BOUNDARY}{TERMS}"))
}

fn plain() -> Workspace {
    attacked(&format!("{HEAD}{CORRECT}{TERMS}"))
}

/// A repository with these files, one failing test `taxes`, and a start tree.
fn repository(contract: &str, files: &[(&str, &str)]) -> Workspace {
    let workspace = Workspace::new(contract);
    workspace.write("tests/taxes.t", "fails\n");
    workspace.write(".gitignore", "build/\n");
    files.iter().for_each(|(name, text)| workspace.write(name, text));
    git(&workspace, &["init", "--quiet", "--initial-branch=main"]);
    git(&workspace, &["add", "--all"]);
    git(&workspace, &["commit", "--quiet", "--message=start"]);
    let run = workspace.run(["check"]);
    assert_ne!(run.exit, 0, "the work is not done at the start: {run:#?}");
    workspace
}
