//! A place for one test: a workspace, a home of codex, and a scripted model on loopback.
//!
//! Everything that was started ends with it, by its own number.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use evident_agent::codex::{Codex, Environment, Settings};
use evident_agent::{Control, Driver, Prompt, Setup, Signal, Turn};
use evident_core::agent::{Ended, Ending, Item, ItemKind, ItemProgress, Usage};
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::timeout;

/// Time for a turn against a model that answers at once.
const TURN_MAX: Duration = Duration::from_secs(60);

/// A port that nobody listens on: the model is away.
pub(crate) const AWAY: u16 = 9;

pub(crate) struct Place {
    folder: TempDir,
    program: PathBuf,
    model: Option<Child>,
}

/// A place with a model that follows a script, or with one that is away. None, and a word about it, where the
/// programs are not there.
pub(crate) fn place(script: Option<&Value>) -> Option<Place> {
    let Some((program, mock)) = programs() else {
        writeln!(std::io::stderr(), "skipped: no codex in $EVIDENT_AGENTS, or no scripted model")
            .expect("stderr is open");
        return None;
    };
    // Codex makes no sandbox where its home lies in the folder for temporary files.
    let folder = tempfile::tempdir_in("/var/tmp").expect("a folder can be made");
    for name in ["home", "work", "temporary"] {
        fs::create_dir(folder.path().join(name)).expect("a folder can be made");
    }
    let mut place = Place { folder, program, model: None };
    let port = script.map_or(AWAY, |script| place.start_model(&mock, script));
    place.write_config(port);
    Some(place)
}

fn programs() -> Option<(PathBuf, PathBuf)> {
    let codex = PathBuf::from(env::var_os("EVIDENT_AGENTS")?).join("node_modules/.bin/codex");
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures");
    let fixtures = env::var_os("EVIDENT_FIXTURES").map_or_else(beside, PathBuf::from);
    let mock = fixtures.join("../tools/mockmodel.py");
    if codex.exists() && mock.exists() { Some((codex, mock)) } else { None }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(model) = &mut self.model {
            // It ends by itself too, after a while.
            let _ = model.kill();
            let _ = model.wait();
        }
    }
}

impl Place {
    fn start_model(&mut self, mock: &Path, script: &Value) -> u16 {
        let path = self.folder.path().join("script.json");
        fs::write(&path, script.to_string()).expect("a file can be written");
        let mut command = Command::new("python3");
        command.arg(mock).arg("--script").arg(path).arg("--log").arg(self.folder.path().join("log"));
        let mut model =
            command.args(["--max-seconds", "300"]).stdout(Stdio::piped()).spawn().expect("python3 is there");
        let mut line = String::new();
        BufReader::new(model.stdout.take().expect("stdout is a pipe"))
            .read_line(&mut line)
            .expect("it speaks");
        self.model = Some(model);
        let ready: Value = serde_json::from_str(&line).expect("it says where it is");
        ready["port"].as_u64().and_then(|port| u16::try_from(port).ok()).expect("it says its port")
    }

    fn write_config(&self, port: u16) {
        let config = format!(
            "model = \"mock-model\"\nmodel_provider = \"mock\"\n[model_providers.mock]\nname = \"mock\"\n\
             base_url = \"http://127.0.0.1:{port}/v1\"\nwire_api = \"responses\"\nenv_key = \"MOCK_KEY\"\n\
             request_max_retries = 1\nstream_max_retries = 1\n"
        );
        fs::write(self.folder.path().join("home/config.toml"), config).expect("a file can be written");
    }

    /// Adds a server that is a script of Python to the config.
    pub(crate) fn add_mcp_server(&self, name: &str, script: &str) {
        let path = self.folder.path().join("server.py");
        fs::write(&path, script).expect("a file can be written");
        self.add_config(&format!(
            "[mcp_servers.{name}]\ncommand = \"python3\"\nargs = [\"{}\"]\n",
            path.display()
        ));
    }

    /// Adds a table to the user's config of codex.
    pub(crate) fn add_config(&self, table: &str) {
        let config = self.folder.path().join("home/config.toml");
        let before = fs::read_to_string(&config).expect("it was written");
        fs::write(&config, before + table).expect("a file can be written");
    }

    pub(crate) fn workspace(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    pub(crate) fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.workspace().join(name)).ok()
    }

    /// What the model was sent, as text.
    pub(crate) fn sent(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).expect("the model was asked")
    }

    pub(crate) fn setup(&self) -> Setup {
        Setup { workspace: self.workspace(), session: None, asks: false, write: Vec::new(), user: None }
    }

    pub(crate) fn settings(&self) -> Settings {
        let home = self.folder.path().join("home");
        let mut variables = BTreeMap::new();
        variables.insert("PATH".into(), env::var_os("PATH").expect("there is a path"));
        variables.insert("HOME".into(), home.clone().into_os_string());
        variables.insert("CODEX_HOME".into(), home.into_os_string());
        variables.insert("TMPDIR".into(), self.folder.path().join("temporary").into_os_string());
        variables.insert("MOCK_KEY".into(), OsString::from("none"));
        Settings {
            program: self.program.clone().into(),
            environment: Environment::Exactly(variables),
            exec: false,
        }
    }

    pub(crate) fn codex(&self, setup: Setup) -> Codex {
        Codex::new(setup, self.settings())
    }
}

/// Begins a turn.
pub(crate) async fn begin(codex: &mut Codex, number: u32, text: &str) -> Turn {
    codex.begin(Prompt { turn: number, text: text.into() }).await.expect("the turn begins")
}

/// Every signal of a turn but the signs of life. `wants` says what the host wants after each.
pub(crate) async fn follow(mut turn: Turn, mut wants: impl FnMut(&Signal) -> Option<Control>) -> Vec<Signal> {
    let all = async {
        let mut told = Vec::new();
        while let Some(signal) = turn.signals.recv().await {
            if let Some(wanted) = wants(&signal) {
                turn.control.send(wanted).await.expect("the turn listens");
            }
            if signal != Signal::Alive {
                told.push(signal);
            }
        }
        told
    };
    timeout(TURN_MAX, all).await.expect("the turn ends in time")
}

/// Every signal of a turn that is left alone.
pub(crate) async fn whole(turn: Turn) -> Vec<Signal> {
    follow(turn, |_| None).await
}

/// The session, turn and process that a turn started with, and the rest of its signals without what codex
/// says of a model that it does not know.
pub(crate) fn started(told: Vec<Signal>) -> (String, Option<String>, u32, Vec<Signal>) {
    let mut told = told.into_iter();
    let Some(Signal::Started { session: Some(session), turn, process: Some(process) }) = told.next() else {
        panic!("no start")
    };
    let about_model =
        |signal: &Signal| matches!(signal, Signal::Item(item) if item.title.starts_with("Model metadata"));
    (session, turn, process, told.filter(|signal| !about_model(signal)).collect())
}

pub(crate) fn tool(title: &str, progress: ItemProgress) -> Signal {
    Signal::Item(Item { kind: ItemKind::ToolCall, title: title.into(), progress })
}

pub(crate) fn message(title: &str) -> Signal {
    Signal::Item(Item { kind: ItemKind::Message, title: title.into(), progress: ItemProgress::Done })
}

pub(crate) fn call() -> Signal {
    Signal::Usage(Usage { tool_calls: 1, ..Usage::default() })
}

pub(crate) fn tokens(input: u64, output: u64) -> Signal {
    Signal::Usage(Usage { input_tokens: input, output_tokens: output, ..Usage::default() })
}

pub(crate) fn ended(ending: Ending, message: &str) -> Signal {
    Signal::Ended(Ended { ending, message: message.into() })
}

/// The notices among signals: their titles.
pub(crate) fn notices(told: &[Signal]) -> Vec<&str> {
    let notice = |signal| match signal {
        &Signal::Item(Item { kind: ItemKind::Notice, ref title, .. }) => Some(title.as_str()),
        _ => None,
    };
    told.iter().filter_map(notice).collect()
}

/// True if a process runs whose command line holds that text.
pub(crate) fn runs(text: &str) -> bool {
    let processes = fs::read_dir("/proc").expect("processes are listed");
    processes.flatten().any(|process| {
        fs::read(process.path().join("cmdline"))
            .is_ok_and(|line| String::from_utf8_lossy(&line).contains(text))
    })
}
