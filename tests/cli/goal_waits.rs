//! A goal that waits: no turn runs and no token is spent until what it waits for happens, and then the evidence
//! is looked at before anything else.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::workspace::{Run, Workspace, run};

/// A suite of one test, which passes once the file `inbox/done.txt` is there.
const SUITE: &str = r#"if [ -e inbox/done.txt ]; then echo "<testsuite><testcase name='a'/></testsuite>"
else echo "<testsuite><testcase name='a'><failure message='no'/></testcase></testsuite>"; fi
"#;

const CONTRACT: &str = r#"version = 1

[goal]
name = "waits"
objective = "The test passes."

[evidence.suite]
run = ["sh", "suite.sh"]

[evidence.status]
files = ["inbox/*.txt"]

[criteria.correct]
checker = "test-report"
evidence = "suite/stdout"

[budget]
turns = 5

[policy]
idle_turns = 2

[wake.delivery]
source = "status"
every = "1s"
until = "1m"

[wake.never]
files = ["nowhere/*"]
every = "1s"
until = "1s"
"#;

/// A workspace, and beside it an agent whose first turn asks for this wait.
fn waiting(wait: &str) -> Workspace {
    let workspace = Workspace::new(CONTRACT);
    workspace.write("suite.sh", SUITE);
    workspace.write("inbox/readme.md", "letters\n");
    let block = format!("```evident\n{{\"request\": \"wait\", \"wait\": {wait}}}\n```");
    let script = format!("version = 1\n[[turn]]\nsay = '''\nNothing to do until then.\n{block}\n'''\n");
    fs::write(workspace.outside("agent.toml"), script).expect("writes");
    workspace
}

fn command(workspace: &Workspace, more: &[&str]) -> Command {
    let agent = format!("script:{}", workspace.outside("agent.toml").display());
    let mut command = workspace.command(["run", "--headless", "--format", "jsonl", "--agent", &agent]);
    command.args(more).stdin(Stdio::null());
    command
}

/// Runs until the goal waits, lets `then` happen, and runs on to the end. Gives exit code and events.
fn until_it_waits(workspace: &Workspace, then: impl FnOnce()) -> (i32, Vec<Value>) {
    let mut child =
        command(workspace, &[]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("starts");
    let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let (mut events, mut then) = (Vec::new(), Some(then));
    for line in lines {
        let line: Value = serde_json::from_str(&line.expect("text")).expect("each line is JSON");
        // The first look is at once: what happens after it is a change.
        let looked = ["waiting", "waited"].iter().any(|word| line["event"]["event"] == *word);
        let is_first_look = line["event"]["event"] == "waited" || !marks(&line);
        if looked && is_first_look {
            then.take().into_iter().for_each(|then| then());
        }
        events.push(line);
    }
    (child.wait().expect("ends").code().expect("exits"), events)
}

/// True if this wait begins with a look that is written down.
fn marks(line: &Value) -> bool {
    let on = &line["event"]["wake"]["on"];
    on.get("files").is_some() || on.get("source").is_some()
}

fn words(events: &[Value]) -> Vec<String> {
    let words = events.iter().filter_map(|event| event["event"]["event"].as_str());
    words.map(str::to_owned).collect()
}

/// It woke, was assessed at once, and completed without a further turn.
fn woke(workspace: &Workspace, then: impl FnOnce()) {
    let (exit, events) = until_it_waits(workspace, then);
    let words = words(&events);
    assert_eq!(exit, 0, "{events:#?}");
    assert_eq!(words.iter().filter(|word| *word == "turn-started").count(), 1, "{words:?}");
    let woken = words.iter().position(|word| word == "woken").expect("it woke");
    assert_eq!(words[woken + 1..woken + 3], ["assessed", "state-changed"], "{words:?}");
}

/// Catches a wait that spends turns, and one that does not see a new file.
#[test]
fn a_new_file_wakes_it() {
    let workspace = waiting(r#"{"files": ["inbox/*.txt"], "every": "1s"}"#);
    woke(&workspace, || workspace.write("inbox/done.txt", "done\n"));
}

/// Catches a wake of the contract that nobody looks at.
#[test]
fn other_evidence_of_a_source_wakes_it() {
    let workspace = waiting(r#"{"wake": "delivery"}"#);
    woke(&workspace, || workspace.write("inbox/done.txt", "done\n"));
}

/// Catches a wait for a process that never ends, or that ends at once.
#[test]
fn the_end_of_a_process_wakes_it() {
    let workspace = waiting(r#"{"pid_file": "job.pid", "every": "1s"}"#);
    let mut job = Command::new("sleep").arg("600").spawn().expect("starts");
    workspace.write("job.pid", format!("{}\n", job.id()));
    woke(&workspace, || {
        workspace.write("inbox/done.txt", "done\n");
        job.kill().expect("runs");
        job.wait().expect("ends");
    });
}

/// Catches a wait of an hour that is over in a moment, and a time that has passed and is waited for.
#[test]
fn a_time_that_has_come_wakes_it() {
    let workspace = waiting(r#"{"at": "2001-01-01T00:00:00Z"}"#);
    woke(&workspace, || workspace.write("inbox/done.txt", "done\n"));
}

fn ended(workspace: &Workspace, more: &[&str]) -> Run {
    run(&mut command(workspace, more))
}

/// Catches a wait that nobody ends.
#[test]
fn what_does_not_come_in_time_blocks_it() {
    let workspace = waiting(r#"{"wake": "never"}"#);
    let run = ended(&workspace, &[]);
    assert_eq!(run.exit, 4, "{run:#?}");
    assert!(run.stdout.contains("wake-expired"), "{run:#?}");
}

/// Catches a run that waits although it was told not to.
#[test]
fn with_no_wait_it_stops_and_goes_on_later() {
    let workspace = waiting(r#"{"files": ["inbox/*.txt"], "every": "1s"}"#);
    let run = ended(&workspace, &["--no-wait"]);
    assert_eq!(run.exit, 4, "{run:#?}");
    let (exit, events) = until_it_waits_again(&workspace);
    assert_eq!(exit, 0, "{events:#?}");
}

/// The goal waits already when this host begins: its first look is written down.
fn until_it_waits_again(workspace: &Workspace) -> (i32, Vec<Value>) {
    until_it_waits(workspace, || workspace.write("inbox/done.txt", "done\n"))
}

/// Catches a wait that the agent made up out of thin air.
#[test]
fn a_wait_that_cannot_be_read_is_refused_and_the_goal_goes_on() {
    let workspace = waiting(r#"{"files": ["../*"]}"#);
    let run = ended(&workspace, &[]);
    assert!(run.stdout.contains("leaves the workspace"), "{run:#?}");
    assert!(!run.stdout.contains("\"event\":\"waiting\""), "{run:#?}");
}

/// Turns of a script: what each edits, in the words of a script, and the wait that it asks for.
fn script(workspace: &Workspace, turns: &[(&str, Option<&str>)]) {
    let mut script = "version = 1\n".to_owned();
    for (edit, wait) in turns {
        let block = |wait: &&str| format!("```evident\n{{\"request\": \"wait\", \"wait\": {wait}}}\n```");
        let block = wait.as_ref().map(block).unwrap_or_default();
        script += &format!("[[turn]]\nedit = [{edit}]\nsay = '''\nSo far.\n{block}\n'''\n");
    }
    fs::write(workspace.outside("agent.toml"), script).expect("writes");
}

const DONE: &str = r#"{ path = "inbox/done.txt", write = "done" }"#;

/// Catches a wait that is never woken, because what it waits for came while the turn still ran that asks for it.
#[test]
fn what_came_before_the_wait_began_wakes_it() {
    let write = |path: &str| format!("{{ path = \"{path}\", write = \"new\" }}");
    let (job, dead) = (write("out/job"), r#"{ path = "job.pid", write = "2147483647" }"#.to_owned());
    for (edit, wait) in [
        // Either of two: the other one never comes.
        (job, r#"{"files": ["out/failed", "out/job"]}"#),
        // Git ignores it.
        (write("ignored/job"), r#"{"files": ["ignored/*"]}"#),
        (r#"{ path = "lock", delete = true }"#.to_owned(), r#"{"files": ["lock"]}"#),
        (dead, r#"{"pid_file": "job.pid"}"#),
    ] {
        let workspace = waiting("{}");
        workspace.write(".evident-ignore", "ignored/\n");
        workspace.write("inbox/first.txt", "so that the source has something");
        workspace.write("lock", "");
        script(&workspace, &[(&edit, Some(wait)), (DONE, None)]);
        let run = ended(&workspace, &[]);
        assert_eq!(run.exit, 0, "{wait}: {run:#?}");
        assert_eq!(run.stdout.matches("\"event\":\"turn-started\"").count(), 2, "{wait}: {run:#?}");
        assert_eq!(run.stdout.matches("\"event\":\"woken\"").count(), 1, "{wait}: {run:#?}");
    }
}

/// Catches a goal that wakes again and again for a file that came long ago.
#[test]
fn what_is_as_it_was_when_the_turn_began_wakes_nothing() {
    let workspace = waiting("{}");
    let wait = r#"{"files": ["out/job"], "every": "1s", "until": "2s"}"#;
    script(&workspace, &[(r#"{ path = "out/job", write = "1" }"#, Some(wait)), ("", Some(wait))]);
    let run = ended(&workspace, &[]);
    assert_eq!(run.exit, 4, "{run:#?}");
    assert!(run.stdout.contains("wake-expired"), "{run:#?}");
    assert_eq!(run.stdout.matches("\"event\":\"turn-started\"").count(), 2, "{run:#?}");
}

/// Catches an agent that touches what it waits for, turn after turn without end.
#[test]
fn a_wait_that_wakes_itself_is_a_stall_in_the_end() {
    let workspace = waiting("{}");
    let contract = fs::read_to_string(workspace.path("goal.toml")).expect("is there");
    workspace.write(
        "goal.toml",
        contract.replace("[policy]", "[policy]\nstall_turns = 3").replace("turns = 5", "turns = 9"),
    );
    let wait = r#"{"files": ["out/job"], "every": "1s"}"#;
    let edits: Vec<String> =
        (0..9).map(|turn| format!("{{ path = \"out/job\", write = \"{turn}\" }}")).collect();
    let turns: Vec<_> = edits.iter().map(|edit| (edit.as_str(), Some(wait))).collect();
    script(&workspace, &turns);
    let run = ended(&workspace, &[]);
    assert_eq!(run.exit, 4, "{run:#?}");
    assert!(run.stdout.contains("{\"blocked\":\"stall\"}"), "{run:#?}");
    assert_eq!(run.stdout.matches("\"event\":\"turn-started\"").count(), 3, "{run:#?}");
}
