//! Goals from outside: what is shown of them, what a person tells them, and what happens where another process
//! drives them. Agents play a script; goals here need no model and end in a second.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::conformance::violations;
use crate::reports::{GREEN, RED, contract};
use crate::terminal::terminal;
use crate::workspace::{Run, Workspace};

/// For something that another process does, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks at it.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The end of every contract here: short, and quick to stop.
const TERMS: &str = "\n[budget]\nturns = 6\n\n[policy]\nstall_turns = 3\n\n[wake.later]\nevery = \"1h\"\n";

/// An agent that makes the suite green in its first turn.
const MENDS: &str = r#"version = 1
[[turn]]
say = """
Mended.
```evident
{"request": "complete", "tried": ["write the report"]}
```
"""
edit = [{ path = "report.xml", write = '<testsuite><testcase classname="cart" name="is_priced"/></testsuite>' }]
usage = { tool_calls = 1, input_tokens = 1200, output_tokens = 34, cost_usd = 0.5 }
"#;

/// One that does nothing but wait to be ended.
const HANGS: &str = "version = 1\n[[turn]]\nhang = true\ntimes = 9\n";

/// A workspace with a red suite and an agent that plays this script.
fn goal(script: &str, more: &str) -> Workspace {
    let workspace = Workspace::new(&(contract(r#"run = ["cat", "report.xml"]"#) + TERMS + more));
    workspace.write("report.xml", RED);
    fs::write(workspace.outside("agent.toml"), script).expect("writes");
    workspace
}

fn agent(workspace: &Workspace) -> String {
    format!("script:{}", workspace.outside("agent.toml").display())
}

/// Runs the goal to where it stops.
fn drive(workspace: &Workspace) -> Run {
    workspace.run(["run", "--headless", "--no-wait", "--format", "jsonl", "--agent", &agent(workspace)])
}

/// A goal that was never driven further than its first turn: it is paused.
fn paused() -> Workspace {
    let workspace = goal(HANGS, "");
    let mut running = Running::start(&workspace, &["--headless"]);
    running.event("turn-taken");
    done(&workspace.run(["goal", "pause", "--now"]));
    assert_eq!(running.end(), 4);
    workspace
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}

fn json(workspace: &Workspace, arguments: &[&str]) -> Value {
    let run = workspace.run(arguments.iter().chain(&["--format", "json"]));
    assert_eq!(run.exit, 0, "{run:#?}");
    serde_json::from_str(&run.stdout).expect("is JSON")
}

fn done(run: &Run) {
    assert_eq!((run.exit, run.stderr.as_str()), (0, ""), "{run:#?}");
}

fn refused(run: &Run, why: &str) {
    assert_eq!((run.exit, run.stdout.as_str()), (2, ""), "{run:#?}");
    assert!(run.stderr.contains(why), "{run:#?}");
}

fn state(workspace: &Workspace) -> Value {
    json(workspace, &["goal", "show"])["goal"]["state"].clone()
}

/// The kinds of the events of the only goal.
fn kinds(workspace: &Workspace) -> Vec<String> {
    let history = json(workspace, &["goal", "history"]);
    let events = history["events"].as_array().expect("is a list");
    events.iter().map(|event| event["event"]["event"].as_str().expect("has a kind").to_owned()).collect()
}

/// `evident run` in another process; killed where a test fails.
struct Running {
    child: Child,
    events: std::io::Lines<BufReader<ChildStdout>>,
    last: Option<Value>,
}

impl Running {
    fn start(workspace: &Workspace, more: &[&str]) -> Self {
        Self::with(workspace, more, Stdio::null())
    }

    fn with(workspace: &Workspace, more: &[&str], stdin: Stdio) -> Self {
        let agent = agent(workspace);
        let arguments = ["run", "--format", "jsonl", "--agent", &agent];
        Self::spawn(workspace.command(arguments.iter().chain(more)).stdin(stdin))
    }

    fn spawn(command: &mut std::process::Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("starts");
        let events = BufReader::new(child.stdout.take().expect("is piped")).lines();
        Self { child, events, last: None }
    }

    /// Reads on until an event of that kind.
    fn event(&mut self, kind: &str) -> Value {
        for line in self.events.by_ref() {
            let event: Value = serde_json::from_str(&line.expect("reads")).expect("is JSON");
            self.last = Some(event.clone());
            if event["event"]["event"] == kind {
                return event["event"].clone();
            }
        }
        panic!("no event `{kind}` came; the last line was {:?}", self.last)
    }

    /// Reads to the end; gives the exit code.
    fn end(&mut self) -> i32 {
        for line in self.events.by_ref() {
            self.last = Some(serde_json::from_str(&line.expect("reads")).expect("is JSON"));
        }
        self.child.wait().expect("ends").code().expect("exits by itself")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended already is as good.
        let _over = self.child.kill();
        let _over = self.child.wait();
    }
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "in vain: {what}");
        thread::sleep(LOOK_EVERY);
    }
}

#[test]
fn nothing_to_show() {
    let workspace = Workspace::empty();
    workspace.golden("goal-list-empty", &["goal", "list"]);
    workspace.golden("goal-none-here", &["goal", "show"]);
    workspace.golden("goal-unknown", &["goal", "show", "cart"]);
    workspace.golden("approve-nothing", &["approve"]);
    let list = json(&workspace, &["goal", "list"]);
    assert_eq!(list, serde_json::json!({ "version": 1, "goals": [] }));
}

/// The line that ends a stream is told from its events by its key, and what it says is the report.
#[test]
fn a_goal_that_is_complete() {
    let workspace = goal(MENDS, "");
    let run = drive(&workspace);
    assert_eq!(run.exit, 0, "{run:#?}");
    let streamed = lines(&run.stdout);
    let (last, events) = streamed.split_last().expect("there are lines");
    assert!(events.iter().all(|event| event.get("event").is_some() && event.get("report").is_none()));
    assert_eq!(last["report"], json(&workspace, &["goal", "report"]));
    let history = workspace.run(["goal", "history", "--format", "jsonl"]);
    // What was recorded before the stream began: the goal and its first assessment.
    assert_eq!(&lines(&history.stdout)[2..], events);

    let listed = &json(&workspace, &["goal", "list"])["goals"][0];
    assert_eq!((&listed["name"], &listed["state"]), (&"cart".into(), &"complete".into()));
    assert_eq!(listed["passing"], serde_json::json!([1, 1]));
    let id = listed["id"].as_str().expect("has one").to_owned();
    for named in [&id, &id[..8], "cart"] {
        assert_eq!(json(&workspace, &["goal", "show", named])["goal"]["id"], id.as_str(), "{named}");
    }
    workspace.golden("goal-report", &["goal", "report"]);
    workspace.golden("goal-report-markdown", &["goal", "report", "--format", "markdown"]);
    workspace.golden("goal-say-complete", &["goal", "say", "cart", "more"]);
    // From a folder of the workspace too.
    fs::create_dir(workspace.path("src")).expect("makes");
    let shown = crate::workspace::run(workspace.command(["goal", "show"]).current_dir(workspace.path("src")));
    assert!(shown.stdout.starts_with("cart  "), "{shown:#?}");
    assert_eq!(workspace.run(["watch"]).exit, 0, "there is nothing to wait for");
}

#[test]
fn the_documents_conform() {
    let workspace = goal(MENDS, "");
    assert_eq!(drive(&workspace).exit, 0);
    let schema = |document: &str| -> Value {
        serde_json::from_str(&workspace.run(["schema", document]).stdout).expect("is JSON")
    };
    let report = json(&workspace, &["goal", "report"]);
    assert_eq!(violations(&schema("report"), &report), [] as [String; 0]);
    let event = schema("event");
    for recorded in lines(&workspace.run(["goal", "history", "--format", "jsonl"]).stdout) {
        assert_eq!(violations(&event, &recorded), [] as [String; 0], "{recorded:#}");
    }
}

/// A goal that is met before any work leaves no goal, and its one line is told from events too.
#[test]
fn already_met() {
    let workspace = goal(MENDS, "");
    workspace.write("report.xml", GREEN);
    let run = drive(&workspace);
    assert_eq!(run.exit, 0, "{run:#?}");
    assert_eq!(lines(&run.stdout)[0]["assessment"]["roll_up"], "met");
    assert_eq!(json(&workspace, &["goal", "list"])["goals"], serde_json::json!([]));
}

/// Where nobody owns the goal, a command is folded at once; each says what happens next.
#[test]
fn commands_to_a_goal_that_nobody_owns() {
    let workspace = paused();
    let told = |arguments: &[&str], expected: &str| {
        let run = workspace.run(arguments);
        done(&run);
        let (_, rest) = run.stdout.split_once(" cart: ").expect("names the goal");
        assert_eq!(
            rest.replace(&workspace.folder().canonicalize().unwrap().display().to_string(), "."),
            expected
        );
    };
    refused(&workspace.run(["goal", "pause"]), "the goal is paused: there is nothing to pause");
    let run_it = "`evident run ./goal.toml` goes on with it\n";
    told(&["goal", "resume"], &format!("resumed; {run_it}"));
    told(
        &["goal", "say", "cart", "look", "at tax"],
        &format!("said, the agent hears it before anything else; {run_it}"),
    );
    told(&["goal", "wake", "--every", "10m"], &format!("it waits, no turn begins before that; {run_it}"));
    assert_eq!(json(&workspace, &["goal", "show"])["goal"]["waiting"]["wake"]["every_ms"], 600_000);
    told(&["goal", "wake", "--wake", "later"], &format!("it waits, no turn begins before that; {run_it}"));
    told(
        &["goal", "wake", "--files", "a", "--files", "b/*"],
        &format!("it waits, no turn begins before that; {run_it}"),
    );
    let waiting = json(&workspace, &["goal", "show"])["goal"]["waiting"].clone();
    assert_eq!(waiting["wake"]["on"], serde_json::json!({ "files": ["a", "b/*"] }));
    told(&["goal", "wake"], &format!("woken; {run_it}"));
    refused(&workspace.run(["goal", "wake"]), "the goal does not wait");
    refused(&workspace.run(["goal", "wake", "--wake", "never"]), "the contract has no wake `never`");
    refused(&workspace.run(["goal", "wake", "--every", "soon"]), "found `soon`");
    refused(&workspace.run(["goal", "wake", "--until", "1h"]), "a wait names one of");
    refused(&workspace.run(["goal", "wake", "--at", "x", "--source", "y"]), "cannot be used with");
    let messages = json(&workspace, &["goal", "show"])["goal"]["messages"].clone();
    assert_eq!(messages[0]["text"], "look at tax");
    assert!(workspace.run(["goal", "show"]).stdout.contains("  look at tax\n"));
    let id = json(&workspace, &["goal", "list"])["goals"][0]["id"].as_str().unwrap()[..8].to_owned();
    told(&["goal", "clear"], &format!("cleared; `evident goal history {id}` stays\n"));
    refused(&workspace.run(["goal", "resume"]), "the goal is cleared");
}

/// A program is told the same as a person, and by the exit code.
#[test]
fn a_command_is_told_as_data() {
    let workspace = paused();
    let told = |arguments: &[&str]| {
        let run = workspace.run(arguments.iter().chain(&["--format", "jsonl"]));
        let told = lines(&run.stdout).remove(0);
        (run.exit, told["told"].clone(), told["reason"].clone(), told["state"].clone())
    };
    assert_eq!(told(&["goal", "resume"]), (0, "done".into(), Value::Null, "active".into()));
    let why = "the goal is active: there is nothing to resume";
    assert_eq!(told(&["goal", "resume"]), (2, "refused".into(), why.into(), "active".into()));
}

/// The file as it is now is put in force only where it is sound.
#[test]
fn an_edit_is_linted_first() {
    let workspace = paused();
    refused(&workspace.run(["goal", "edit"]), "the contract is the one in force");
    let before = fs::read_to_string(workspace.path("goal.toml")).expect("is there");
    workspace.write("goal.toml", before.replace("evidence = \"suite\"", "evidence = \"suit\""));
    let run = workspace.run(["goal", "edit"]);
    assert_eq!(run.exit, 2, "{run:#?}");
    assert!(run.stderr.contains("unknown source"), "{}", run.stderr);
    assert_eq!(json(&workspace, &["goal", "show"])["goal"]["revision"], 1);
    workspace.write("goal.toml", before.replace("turns = 6", "turns = 7"));
    let run = workspace.run(["goal", "edit"]);
    assert_eq!(run.exit, 0, "{run:#?}");
    assert!(run.stdout.contains(" cart: revision 2 of the contract is in force; "), "{run:#?}");
    assert_eq!(json(&workspace, &["goal", "show"])["goal"]["terms"]["budget"]["turns"], 7);
    workspace.remove("goal.toml");
    assert_eq!(workspace.run(["goal", "edit"]).exit, 2, "there is no file to put in force");
}

/// Catches a new goal that takes over what somebody made of the contract after the one before.
#[test]
fn a_new_goal_of_an_edited_contract_is_refused() {
    let workspace = paused();
    let before = fs::read_to_string(workspace.path("goal.toml")).expect("is there");
    workspace.write("goal.toml", format!("{before}\n[boundary]\nprotect = [\"goal.toml\"]\n"));
    assert_eq!(workspace.run(["goal", "edit"]).exit, 0);
    assert_eq!(workspace.run(["check"]).exit, 1, "the start is recorded");
    assert_eq!(workspace.run(["goal", "clear"]).exit, 0);
    workspace.write("goal.toml", format!("{before}\n[boundary]\nprotect = [\"*.toml\"]\n"));
    fs::write(workspace.outside("agent.toml"), MENDS).expect("writes");
    let again = || workspace.run(["run", "--agent", &agent(&workspace), "--headless", "--no-wait"]);
    let run = again();
    refused(&run, "goal.toml` was edited since its start was recorded");
    assert!(run.stderr.contains("evident accept-change"), "{run:#?}");
    assert_eq!(workspace.run(["accept-change", "goal.toml"]).exit, 0);
    let run = again();
    assert_eq!(run.exit, 0, "its owner took it: {run:#?}");
}

/// The owner is another process: commands reach the goal through its inbox, and a second run is told so.
#[test]
fn commands_to_a_goal_that_a_run_owns() {
    let workspace = goal(HANGS, "");
    let mut running = Running::start(&workspace, &["--headless"]);
    running.event("turn-taken");
    let process = running.child.id();
    let second = drive(&workspace);
    refused(&second, &format!("owned by evident, process {process}"));
    assert_eq!(json(&workspace, &["goal", "show"])["owner"]["process"], process);
    assert!(workspace.run(["goal", "show"]).stdout.contains(&format!("evident, process {process}\n")));

    let said = workspace.run(["goal", "say", "cart", "look at tax"]);
    done(&said);
    assert!(said.stdout.ends_with(&format!("; process {process} goes on with it\n")), "{said:#?}");
    assert_eq!(running.event("said")["text"], "look at tax");
    refused(&workspace.run(["goal", "resume"]), "the goal is active: there is nothing to resume");
    assert_eq!(running.event("refused")["command"], "resume");

    let mut watching = Running::spawn(&mut workspace.command(["watch", "--format", "jsonl", "--after", "1"]));
    watching.event("turn-started");
    done(&workspace.run(["goal", "pause", "--now"]));
    assert_eq!(running.event("interrupted")["by"], "owner");
    assert_eq!(running.end(), 4);
    assert_eq!(running.last.as_ref().expect("a report")["report"]["state"], "paused");
    assert_eq!(watching.end(), 4, "a watch ends when nobody drives the goal any more");
    assert_eq!(watching.last, running.last);
    assert_eq!(state(&workspace), "paused");
}

#[test]
fn an_interrupted_watch() {
    let workspace = paused();
    done(&workspace.run(["goal", "resume"]));
    let mut watching = Running::spawn(&mut workspace.command(["watch", "--format", "jsonl", "--after", "1"]));
    watching.event("state-changed");
    kill_process(Pid::from_child(&watching.child), Signal::INT).expect("still runs");
    assert_eq!(watching.end(), 130);
    assert_eq!(state(&workspace), "active", "a watch changes nothing");
}

/// The question is answered from another process; without a name, the one goal that asks is meant.
#[test]
fn a_person_decides() {
    let script = MENDS.replace("edit = ", "ask = { command = \"git push origin\" }\nedit = ");
    let approve =
        "\n[[approve]]\nwhen = { command = \"git push **\" }\nwhy = \"Publishing needs a person.\"\n";
    for (arguments, answer, said) in [
        (&["approve"][..], serde_json::json!("allow"), "allowed: git push origin; "),
        (
            &["deny", "--why", "not today"],
            serde_json::json!({ "deny": "not today" }),
            "refused: git push origin; ",
        ),
    ] {
        let workspace = goal(&script, approve);
        // The keyboard of a person: without one nobody is there to decide.
        let (_keyboard, terminal) = terminal();
        let mut running = Running::with(&workspace, &[], Stdio::from(File::from(terminal)));
        let asked = running.event("asked");
        let shown = workspace.run(["goal", "show"]).stdout;
        let id = json(&workspace, &["goal", "list"])["goals"][0]["id"].as_str().unwrap()[..8].to_owned();
        let ask = asked["ask"]["id"].as_str().expect("has an id");
        for word in ["approve", "deny"] {
            assert!(shown.contains(&format!("    evident {word} {id} {ask}\n")), "{shown}");
        }
        assert!(workspace.run(["goal", "list"]).stdout.contains("needs a person"));
        refused(&workspace.run(["approve", &id, "another"]), "no such question waits");
        let run = workspace.run(arguments);
        done(&run);
        assert!(run.stdout.contains(said), "{run:#?}");
        assert_eq!(running.event("answered")["answer"], answer);
        assert_eq!(running.end(), 0);
        refused(&workspace.run(["approve"]), "no question waits for a person");
    }
}

#[test]
fn a_replay_gives_the_same_goal() {
    let workspace = goal(MENDS, "");
    assert_eq!(drive(&workspace).exit, 0);
    let run = workspace.run(["replay"]);
    done(&run);
    let count = kinds(&workspace).len();
    let last = run.stdout.lines().last().expect("has lines");
    assert_eq!(last, format!("same: {count} events give the goal that is stored, complete"));
    let replayed = lines(&workspace.run(["replay", "--format", "jsonl"]).stdout);
    assert_eq!(replayed.len(), count + 1);
    assert_eq!(replayed[count]["replayed"]["same"], true);
    assert_eq!(json(&workspace, &["replay"])["replayed"]["events"], count);
}

/// Who edits the log is found out, and told where.
#[test]
fn a_store_that_somebody_edited() {
    let workspace = goal(MENDS, "");
    assert_eq!(drive(&workspace).exit, 0);
    workspace.golden("store-sound", &["store", "verify"]);
    let verified = json(&workspace, &["store", "verify", "cart"]);
    assert_eq!((&verified["sound"], &verified["goals"]), (&true.into(), &1.into()));
    let id = json(&workspace, &["goal", "list"])["goals"][0]["id"].as_str().unwrap().to_owned();
    damage(&workspace);
    let run = workspace.run(["store", "verify"]);
    assert_eq!(run.exit, 5, "{run:#?}");
    assert!(run.stdout.starts_with(&format!("goal `{id}`, event ")), "{run:#?}");
    assert!(run.stdout.lines().last().is_some_and(|line| line.starts_with("damaged: ")), "{run:#?}");
    let run = workspace.run(["store", "verify", "--format", "jsonl"]);
    assert_eq!((run.exit, &lines(&run.stdout)[0]["damages"][0]["goal"]), (5, &id.as_str().into()));
    assert_eq!(workspace.run(["replay", &id]).exit, 5, "what is damaged is not replayed");
}

/// Writes another word of the same length into the stored events.
fn damage(workspace: &Workspace) {
    let mut edited = 0;
    for entry in fs::read_dir(workspace.outside("state/goals")).expect("is there") {
        let path = entry.expect("is there").path();
        let mut bytes = fs::read(&path).expect("reads");
        let (from, to) = (b"write the report", b"write the rapport");
        let to = &to[..from.len()];
        let mut at = 0;
        while let Some(found) = bytes[at..].windows(from.len()).position(|window| window == from) {
            at += found;
            bytes[at..at + from.len()].copy_from_slice(to);
            edited += 1;
        }
        fs::write(&path, bytes).expect("writes");
    }
    assert!(edited > 0, "the claim is stored as text");
}

/// What a goal names stays.
#[test]
fn garbage_is_only_what_nobody_names() {
    let workspace = goal(MENDS, "");
    assert_eq!(drive(&workspace).exit, 0);
    workspace.golden("gc", &["gc"]);
    let before = json(&workspace, &["goal", "report"]);
    assert_eq!(json(&workspace, &["gc"]), serde_json::json!({ "version": 1, "removed": 0 }));
    assert_eq!(json(&workspace, &["goal", "report"]), before);
}

/// A command that the agent gives is refused, and what is only looked at is not.
#[test]
fn a_process_of_the_agent_is_no_owner() {
    let workspace = paused();
    for arguments in
        [&["goal", "resume"][..], &["goal", "edit"], &["goal", "clear"], &["goal", "say", "cart", "x"]]
    {
        let mut command = workspace.command(arguments);
        let run = crate::workspace::run(command.env("EVIDENT_DRIVER", "1"));
        refused(&run, "it comes from a process that a driver started");
    }
    let shown = crate::workspace::run(workspace.command(["goal", "show"]).env("EVIDENT_DRIVER", "1"));
    assert_eq!(shown.exit, 0, "{shown:#?}");
    assert_eq!(state(&workspace), "paused");
}

/// Ctrl-C lets the turn end; again ends it. The goal is paused, and says so.
#[test]
fn a_run_that_is_interrupted_is_paused() {
    let workspace = goal(HANGS, "");
    let mut running = Running::start(&workspace, &["--headless"]);
    running.event("turn-taken");
    for _ in 0..2 {
        kill_process(Pid::from_child(&running.child), Signal::INT).expect("still runs");
        wait_until("the goal is paused", || state(&workspace) == "paused");
    }
    assert_eq!(running.end(), 4);
    assert_eq!(running.last.as_ref().expect("a report")["report"]["state"], "paused");
}

#[test]
fn help_of_goals() {
    let workspace = Workspace::empty();
    workspace.golden("help-goal", &["goal", "--help"]);
    workspace.golden("help-goal-wake", &["goal", "wake", "--help"]);
    workspace.golden("help-run", &["run", "--help"]);
    workspace.golden("help-approve", &["approve", "--help"]);
    workspace.golden("help-watch", &["watch", "--help"]);
    workspace.golden("help-replay", &["replay", "--help"]);
}
