//! Cases about the loop: `evident run` with a script or a shell as its agent, until the goal ends or was watched
//! long enough. All run side by side, since most of what they do is to wait.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::Answer;
use super::case::Case;
use super::judged::{copy, repository};
use crate::workspace::Workspace;

/// The longest run that ends by itself: a few turns and pauses on a busy machine.
const RUN_MAX: Duration = Duration::from_secs(180);

pub(super) fn goals(cases: &[Case]) -> Vec<Answer> {
    thread::scope(|scope| {
        let runs: Vec<_> = cases.iter().map(|case| scope.spawn(|| goal(case))).collect();
        runs.into_iter().map(|run| run.join().expect("no assertion fails in it")).collect()
    })
}

fn goal(case: &Case) -> Answer {
    let workspace = Workspace::empty();
    repository(&workspace.folder());
    copy(&case.folder.join("ws"), &workspace.folder());
    workspace.write("goal.toml", fs::read(case.folder.join("goal.toml")).expect("is there"));
    let mut command = workspace.command(["run", "--headless", "--format", "jsonl"]);
    if !case.waits && case.later.is_none() {
        command.arg("--no-wait");
    }
    if case.folder.join("agent.toml").exists() {
        command.arg("--agent").arg(format!("script:{}", case.folder.join("agent.toml").display()));
    } else {
        command.args(["--agent", "command", "--", "sh"]).arg(case.folder.join("agent.sh"));
    }
    let most = case.watch_seconds.map_or(RUN_MAX, Duration::from_secs);
    let later = case.later.as_ref().map(|(seconds, path, content)| later(&workspace, seconds, path, content));
    watched(&workspace, &mut command, later, most)
}

/// A file that appears by itself, so many seconds after the command was started.
fn later(workspace: &Workspace, seconds: &str, path: &str, content: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "sleep \"$1\"; printf %s \"$3\" > \"$2\"", "later", seconds, path, content]);
    command.current_dir(workspace.folder()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Runs until the goal ends, or was watched for so long. What happens later is counted from the first turn: how
/// long a host takes to get there is not what a case is about.
fn watched(workspace: &Workspace, command: &mut Command, later: Option<Command>, most: Duration) -> Answer {
    let errors = workspace.outside("stderr");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(File::create(&errors).expect("makes"));
    let started = Instant::now();
    let mut child = command.spawn().expect("the binary is built");
    let stdout = BufReader::new(child.stdout.take().expect("is a pipe"));
    let (sender, over) = channel();
    let reader = thread::spawn(move || {
        let (mut text, mut later, mut happening) = (String::new(), later, None);
        // What came until it ended, or was killed.
        for line in stdout.lines().map_while(Result::ok) {
            if line.contains("\"turn-started\"") {
                happening =
                    happening.or(later.take().map(|mut later| later.spawn().expect("a shell is there")));
            }
            text += &line;
            text.push('\n');
        }
        let _ = sender.send(());
        if let Some(mut happening) = happening {
            happening.wait().expect("it ends by itself");
        }
        text
    });
    let ended = over.recv_timeout(most).is_ok();
    let seconds = started.elapsed().as_secs();
    if !ended {
        child.kill().expect("it runs");
    }
    child.wait().expect("it can be waited for");
    let stdout = reader.join().expect("reads");
    let stderr = fs::read_to_string(&errors).expect("is text");
    // What was killed may have left half a line.
    let lines: Vec<Value> = stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let started = |line: &&Value| line["event"]["event"] == "turn-started";
    let turns = lines.iter().filter(started).count() as u64;
    let outcome = match lines.last().map(|line| &line["report"]["state"]) {
        _ if !ended => "still running".into(),
        Some(state) => named(state),
        None => "no report".into(),
    };
    Answer { outcome, said: format!("{stdout}{stderr}"), turns, seconds }
}

/// A state as cases write it: `complete`, `blocked(idle)`.
fn named(state: &Value) -> String {
    match state {
        Value::String(state) => state.clone(),
        Value::Object(state) => {
            let (name, why) = state.iter().next().expect("a state has a name");
            format!("{name}({})", why.as_str().unwrap_or_default())
        }
        other => other.to_string(),
    }
}
