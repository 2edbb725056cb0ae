//! A workspace, a home, a scripted model and the real agent for one test; all of it ends with the test.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use evident_agent::claude::{Claude, Settings};
use evident_agent::{Control, Driver, Prompt, Setup, Signal, Turn};
use evident_core::agent::{Act, Answer, Ended, Ending, Failure, Item, ItemKind, Usage};
use rustix::process::Pid;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::timeout;

/// How long a signal is waited for; the agent answers in a second, and tests run beside each other.
const SIGNAL_MAX: Duration = Duration::from_secs(60);

/// Between two looks at what no signal tells.
const LOOK: Duration = Duration::from_millis(20);

/// Seconds after which the scripted model ends by itself, whatever becomes of the test.
const MODEL_SECONDS_MAX: &str = "180";

/// Everything that one test needs.
pub(crate) struct Scene {
    folder: TempDir,
    program: PathBuf,
    model: Child,
    port: u64,
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = self.model.kill();
        let _ = self.model.wait();
    }
}

/// Says that the real agent was not asked for.
pub(crate) fn skipped() {
    let why = "no `node_modules/.bin/claude` below EVIDENT_AGENTS, or no shared tools";
    writeln!(std::io::stderr(), "skipped: {why}").expect("stderr is open");
}

impl Scene {
    /// A scene whose model follows the script; absent where there is no real agent.
    pub(crate) fn new(script: &Value) -> Option<Self> {
        let program = PathBuf::from(std::env::var_os("EVIDENT_AGENTS")?).join("node_modules/.bin/claude");
        let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures");
        let fixtures = std::env::var_os("EVIDENT_FIXTURES").map_or_else(beside, PathBuf::from);
        let tool = fixtures.join("../tools/mockmodel.py");
        if !program.exists() || !tool.exists() {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        for part in ["home/.claude", "work/.claude"] {
            fs::create_dir_all(folder.path().join(part)).unwrap();
        }
        fs::write(folder.path().join("script.json"), script.to_string()).unwrap();
        let mut model = Command::new("python3")
            .arg(tool)
            .arg("--script")
            .arg(folder.path().join("script.json"))
            .arg("--log")
            .arg(folder.path().join("log.jsonl"))
            .args(["--max-seconds", MODEL_SECONDS_MAX])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(model.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = serde_json::from_str::<Value>(&line).unwrap()["port"].as_u64().unwrap();
        Some(Self { folder, program, model, port })
    }

    /// The usual setup, in which everything is asked.
    pub(crate) fn setup(&self) -> Setup {
        let workspace = self.folder.path().join("work").canonicalize().unwrap();
        Setup { workspace, session: None, asks: true, write: Vec::new(), user: None }
    }

    /// The real program in a clean environment.
    pub(crate) fn settings(&self) -> Settings {
        let home = self.folder.path().join("home").into_os_string();
        let environment: [(&str, OsString); 5] = [
            ("HOME", home),
            ("PATH", "/usr/local/bin:/usr/bin:/bin".into()),
            ("ANTHROPIC_BASE_URL", format!("http://127.0.0.1:{}", self.port).into()),
            ("ANTHROPIC_API_KEY", "dummy".into()),
            ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1".into()),
        ];
        let environment = environment.into_iter().map(|(name, value)| (name.into(), value)).collect();
        Settings { set: environment, inherits: false, ..Settings::new(&self.program) }
    }

    pub(crate) fn driver(&self) -> Claude {
        self.driver_with(&[])
    }

    pub(crate) fn driver_with(&self, environment: &[(&str, &str)]) -> Claude {
        let mut settings = self.settings();
        for (name, value) in environment {
            settings.set.retain(|(known, _)| known != name);
            settings.set.push((name.into(), value.into()));
        }
        self.driver_of(self.setup(), settings)
    }

    pub(crate) fn driver_of(&self, setup: Setup, settings: Settings) -> Claude {
        Claude::new(settings, setup)
    }

    /// Everything that a user and a repository can allow: rules, the mode, a hook, and a trusted folder.
    pub(crate) fn allow_everything(&self) {
        let hook = |event: &str, answer: Value| {
            let command = format!("echo '{}'", json!({ "hookSpecificOutput": answer }));
            (event.to_owned(), json!([{ "hooks": [{ "type": "command", "command": command }] }]))
        };
        let hooks: serde_json::Map<String, Value> = [
            hook("PreToolUse", json!({ "hookEventName": "PreToolUse", "permissionDecision": "allow" })),
            hook(
                "PermissionRequest",
                json!({ "hookEventName": "PermissionRequest", "decision": { "behavior": "allow" } }),
            ),
        ]
        .into_iter()
        .collect();
        let rules = json!({ "allow": ["Bash(*)", "Write", "Read", "Edit"], "defaultMode": "acceptEdits" });
        let home = self.folder.path().join("home");
        let work = self.setup().workspace;
        fs::write(home.join(".claude/settings.json"), json!({ "permissions": rules }).to_string()).unwrap();
        let project = json!({ "permissions": rules, "hooks": hooks }).to_string();
        fs::write(work.join(".claude/settings.json"), &project).unwrap();
        fs::write(work.join(".claude/settings.local.json"), &project).unwrap();
        let trusted = json!({ "projects": { work.to_str().unwrap(): { "hasTrustDialogAccepted": true } } });
        fs::write(home.join(".claude.json"), trusted.to_string()).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("work").join(name)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    pub(crate) fn file(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// All that the model was sent.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log.jsonl")).unwrap()
    }

    /// Runs a turn in which everything is allowed.
    pub(crate) async fn turn(&self, driver: &mut Claude, text: &str) -> Told {
        self.turn_with(driver, text, |_| Answer::Allow).await
    }

    /// Runs a turn with these answers.
    pub(crate) async fn turn_with(
        &self,
        driver: &mut Claude,
        text: &str,
        answer: impl Fn(&Act) -> Answer,
    ) -> Told {
        let begun = Instant::now();
        let mut turn = driver.begin(Prompt { turn: 1, text: text.to_owned() }).await.unwrap();
        let mut signals = Vec::new();
        while let Some(signal) = next(&mut turn).await {
            respond(&turn, &signal, &answer).await;
            signals.push(signal);
        }
        Told { signals, took: begun.elapsed() }
    }

    /// Runs a turn that is interrupted once something holds.
    pub(crate) async fn interrupted(&self, driver: &mut Claude, holds: impl Fn(&Signal) -> bool) -> Told {
        let begun = Instant::now();
        let (mut turn, mut signals) = self.follow(driver, holds).await;
        turn.control.send(Control::Interrupt).await.unwrap();
        while let Some(signal) = next(&mut turn).await {
            signals.push(signal);
        }
        Told { signals, took: begun.elapsed() }
    }

    /// Runs a turn until something holds; with the leader of its process group.
    pub(crate) async fn until(&self, driver: &mut Claude, holds: impl Fn(&Signal) -> bool) -> (Turn, u32) {
        let (turn, signals) = self.follow(driver, holds).await;
        let told = Told { signals, took: Duration::ZERO };
        let process = told.process().unwrap();
        (turn, process)
    }

    async fn follow(&self, driver: &mut Claude, holds: impl Fn(&Signal) -> bool) -> (Turn, Vec<Signal>) {
        let mut turn = driver.begin(Prompt { turn: 1, text: "go".to_owned() }).await.unwrap();
        let mut signals = Vec::new();
        let deadline = Instant::now() + SIGNAL_MAX;
        loop {
            assert!(Instant::now() < deadline, "it never holds: {signals:?}");
            // What is waited for may be a file: it is looked for again and again, not only at a signal.
            if let Ok(signal) = timeout(LOOK, turn.signals.recv()).await {
                let signal = signal.unwrap_or_else(|| panic!("the turn is over: {signals:?}"));
                respond(&turn, &signal, &|_: &Act| Answer::Allow).await;
                signals.push(signal);
            }
            if signals.last().is_some_and(&holds) {
                return (turn, signals);
            }
        }
    }
}

async fn respond(turn: &Turn, signal: &Signal, answer: &impl Fn(&Act) -> Answer) {
    if let Signal::Asked(ask) = signal {
        let control = Control::Answer { id: ask.id.clone(), answer: answer(&ask.act) };
        turn.control.send(control).await.unwrap();
    }
}

/// The next signal of a turn; absent when it is over.
pub(crate) async fn next(turn: &mut Turn) -> Option<Signal> {
    timeout(SIGNAL_MAX, turn.signals.recv()).await.expect("a signal in time")
}

/// True while a process of that number is there.
pub(crate) fn lives(process: u32) -> bool {
    Path::new("/proc").join(process.to_string()).exists()
}

/// Kills a process, and waits until whoever started it could have seen that.
pub(crate) async fn kill(process: u32) {
    let number = Pid::from_raw(i32::try_from(process).unwrap()).unwrap();
    rustix::process::kill_process(number, rustix::process::Signal::KILL).unwrap();
    let deadline = Instant::now() + SIGNAL_MAX;
    let mut seen = 0;
    while seen < 3 {
        assert!(Instant::now() < deadline, "it does not die");
        tokio::time::sleep(LOOK).await;
        let status = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        seen = if status.is_empty() || status.contains(") Z ") { seen + 1 } else { 0 };
    }
}

/// A turn as it was told.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) signals: Vec<Signal>,
    pub(crate) took: Duration,
}

impl Told {
    fn ended(&self) -> &Ended {
        match self.signals.last() {
            Some(Signal::Ended(ended)) => ended,
            other => panic!("not the end: {other:?}"),
        }
    }

    pub(crate) fn ending(&self) -> &Ending {
        &self.ended().ending
    }

    pub(crate) fn message(&self) -> &str {
        &self.ended().message
    }

    pub(crate) fn failure(&self) -> &Failure {
        match self.ending() {
            Ending::Failed(failure) => failure,
            other => panic!("not a failure: {other:?}"),
        }
    }

    pub(crate) fn usage(&self) -> Usage {
        let each = self.signals.iter().filter_map(|signal| match signal {
            Signal::Usage(usage) => Some(*usage),
            _ => None,
        });
        each.fold(Usage::default(), Usage::plus)
    }

    pub(crate) fn asked(&self) -> Vec<Act> {
        let each = self.signals.iter().filter_map(|signal| match signal {
            Signal::Asked(ask) => Some(ask.act.clone()),
            _ => None,
        });
        each.collect()
    }

    pub(crate) fn items(&self, kind: ItemKind) -> impl Iterator<Item = &Item> {
        self.signals.iter().filter_map(move |signal| match signal {
            Signal::Item(item) if item.kind == kind => Some(item),
            _ => None,
        })
    }

    pub(crate) fn session(&self) -> Option<String> {
        self.started().0.cloned()
    }

    pub(crate) fn prompt(&self) -> Option<String> {
        self.started().1.cloned()
    }

    pub(crate) fn process(&self) -> Option<u32> {
        self.started().2
    }

    fn started(&self) -> (Option<&String>, Option<&String>, Option<u32>) {
        let started = self.signals.iter().find_map(|signal| match signal {
            Signal::Started { session, turn, process } => Some((session.as_ref(), turn.as_ref(), *process)),
            _ => None,
        });
        started.unwrap_or_else(|| panic!("it did not start: {:?}", self.signals))
    }
}
