//! A run of `evident run --format jsonl` that is followed while it happens: its events as they come, and its
//! report. It ends with its test, whatever becomes of that.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::terminal::terminal;

/// The longest wait for one event: an agent that starts on a busy machine, an assessment, a pause.
const EVENT_MAX: Duration = Duration::from_secs(60);

/// A run that goes on.
pub(crate) struct Followed {
    child: Child,
    lines: Receiver<String>,
    said: Option<JoinHandle<String>>,
    events: Vec<Value>,
    started: Instant,
    terminal: Option<File>,
}

/// A run that is over.
#[derive(Debug)]
pub(crate) struct Over {
    pub(crate) exit: Option<i32>,
    pub(crate) events: Vec<Value>,
    /// Null where none was printed.
    pub(crate) report: Value,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

impl Drop for Followed {
    fn drop(&mut self) {
        // It is over already where the test went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a run that nobody types into.
pub(crate) fn follow(command: &mut Command) -> Followed {
    start(command.stdin(Stdio::null()), None)
}

/// Starts a run with a terminal as its standard input.
pub(crate) fn follow_typed(command: &mut Command) -> Followed {
    let (master, slave): (OwnedFd, OwnedFd) = terminal();
    start(command.stdin(Stdio::from(slave)), Some(File::from(master)))
}

fn start(command: &mut Command, terminal: Option<File>) -> Followed {
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary is built");
    let (sender, lines) = channel();
    let stdout = BufReader::new(child.stdout.take().expect("is a pipe"));
    thread::spawn(move || {
        for line in stdout.lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    let mut stderr = child.stderr.take().expect("is a pipe");
    let said = thread::spawn(move || {
        let mut text = Vec::new();
        // What came until it ended, or was killed.
        let _ = stderr.read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    });
    Followed { child, lines, said: Some(said), events: Vec::new(), started: Instant::now(), terminal }
}

impl Followed {
    /// Waits for an event of that name, with what it holds.
    pub(crate) fn until(&mut self, name: &str) -> Value {
        let waiting = Instant::now();
        while let Ok(line) = self.lines.recv_timeout(EVENT_MAX.saturating_sub(waiting.elapsed())) {
            let event = read(&line);
            self.events.push(event.clone());
            if event["event"]["event"] == name {
                return event["event"].clone();
            }
        }
        panic!("no `{name}` comes: {:#?}", names(&self.events));
    }

    /// Types a line.
    pub(crate) fn types(&mut self, line: &str) {
        let terminal = self.terminal.as_mut().expect("it has a terminal");
        terminal.write_all(format!("{line}\n").as_bytes()).expect("it listens");
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it runs");
    }

    /// Its end.
    pub(crate) fn over(mut self) -> Over {
        while let Ok(line) = self.lines.recv_timeout(EVENT_MAX) {
            self.events.push(read(&line));
        }
        let exit = self.child.wait().expect("it can be waited for").code();
        let said = self.said.take().expect("it is over once");
        let mut events = std::mem::take(&mut self.events);
        let report = match events.last() {
            Some(last) if last["report"].is_object() => events.pop().expect("is there")["report"].clone(),
            _ => Value::Null,
        };
        let stderr = said.join().expect("reads");
        Over { exit, events, report, stderr, took: self.started.elapsed() }
    }
}

fn read(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

fn names(events: &[Value]) -> Vec<String> {
    events.iter().map(|event| event["event"].to_string()).collect()
}

impl Over {
    /// The events of that name, in order.
    pub(crate) fn of(&self, name: &str) -> Vec<&Value> {
        self.events.iter().map(|event| &event["event"]).filter(|event| event["event"] == name).collect()
    }

    /// The kinds of the turns.
    pub(crate) fn turns(&self) -> Vec<&str> {
        self.of("turn-started").iter().map(|event| event["kind"].as_str().expect("is text")).collect()
    }

    /// How the turns ended: `completed`, `interrupted`, or the class of a failure. One that did not start is
    /// among them.
    pub(crate) fn endings(&self) -> Vec<String> {
        let ended = |event: &&Value| matches!(event["event"].as_str(), Some("turn-ended" | "turn-lost"));
        let word = |event: &Value| {
            let class = event["ending"]["failed"]["class"].as_str().or(event["failure"]["class"].as_str());
            class.or(event["ending"].as_str()).unwrap_or("lost").to_owned()
        };
        self.events.iter().map(|event| &event["event"]).filter(ended).map(word).collect()
    }

    /// Exit code and state, as one looks at them together.
    pub(crate) fn end(&self) -> (Option<i32>, String) {
        (self.exit, self.report["state"].to_string())
    }

    /// What was used of a line of the budget; absent where the agent does not tell it.
    pub(crate) fn used(&self, name: &str) -> Option<u64> {
        let lines = self.report["budget"].as_array().expect("is a list");
        let line = lines.iter().find(|line| line["name"] == name).expect("every line is there");
        line["used"].as_u64().filter(|_| line["known"] == true)
    }
}

/// The processes that were started with something of this folder in their environment, and run.
pub(crate) fn left_behind(folder: &Path) -> Vec<String> {
    let folder = folder.to_str().expect("is text");
    let processes = fs::read_dir("/proc").expect("processes are listed").flatten();
    let ours = processes.filter(|process| {
        let environment = fs::read(process.path().join("environ")).unwrap_or_default();
        String::from_utf8_lossy(&environment).contains(folder)
    });
    ours.map(|process| {
        let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
        format!("{}: {}", process.file_name().to_string_lossy(), String::from_utf8_lossy(&line))
    })
    .collect()
}
