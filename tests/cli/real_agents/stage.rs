//! A workspace, a home, a scripted model and a real agent for one test; all of it ends with the test.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::followed::left_behind;
use crate::steps::{CONTRACT, steps_in};
use crate::workspace::Workspace;

/// Seconds after which the scripted model ends by itself, whatever becomes of the test.
const MODEL_SECONDS_MAX: &str = "300";

/// The longest wait for something that no event tells.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Agent {
    Codex,
    Claude,
}

impl Agent {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Codex => "codex",
            Self::Claude => "claude",
        }
    }
}

/// Everything that one test needs.
pub(crate) struct Stage {
    pub(crate) agent: Agent,
    pub(crate) workspace: Workspace,
    programs: PathBuf,
    model: Child,
    port: u64,
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.end_model();
    }
}

/// A stage for the three steps, with more lines of the contract; absent where there is no such agent.
pub(crate) fn stage(agent: Agent, more: &str, script: &Value) -> Option<Stage> {
    // Codex makes no sandbox where its home lies in the folder for temporary files.
    let make = || {
        let workspace = Workspace::empty_below("/var/tmp");
        workspace.write("goal.toml", format!("{CONTRACT}{more}"));
        steps_in(workspace)
    };
    stage_in(agent, make, script)
}

/// A stage around a workspace.
pub(crate) fn stage_in(agent: Agent, make: impl FnOnce() -> Workspace, script: &Value) -> Option<Stage> {
    let Some((programs, tool)) = found(agent) else {
        let why = format!("skipped: no {} in $EVIDENT_AGENTS, or no scripted model", agent.name());
        writeln!(std::io::stderr(), "{why}").expect("stderr is open");
        return None;
    };
    let workspace = make();
    for folder in ["codex", "temporary"] {
        fs::create_dir(workspace.outside(folder)).expect("makes");
    }
    fs::write(workspace.outside("script.json"), script.to_string()).expect("writes");
    let (model, port) = start_model(&tool, &workspace);
    let stage = Stage { agent, workspace, programs, model, port };
    stage.write_config();
    Some(stage)
}

fn found(agent: Agent) -> Option<(PathBuf, PathBuf)> {
    let programs = PathBuf::from(env::var_os("EVIDENT_AGENTS")?).join("node_modules/.bin");
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures");
    let fixtures = env::var_os("EVIDENT_FIXTURES").map_or_else(beside, PathBuf::from);
    let tool = fixtures.join("../tools/mockmodel.py");
    (programs.join(agent.name()).exists() && tool.exists()).then_some((programs, tool))
}

fn start_model(tool: &Path, workspace: &Workspace) -> (Child, u64) {
    let mut command = Command::new("python3");
    command.arg(tool).arg("--script").arg(workspace.outside("script.json"));
    command.arg("--log").arg(workspace.outside("log")).args(["--max-seconds", MODEL_SECONDS_MAX]);
    let mut model = command.stdout(Stdio::piped()).spawn().expect("python3 is there");
    let mut line = String::new();
    BufReader::new(model.stdout.take().expect("is a pipe")).read_line(&mut line).expect("it speaks");
    let ready: Value = serde_json::from_str(&line).expect("it says where it is");
    (model, ready["port"].as_u64().expect("it says its port"))
}

impl Stage {
    fn write_config(&self) {
        let config = format!(
            "model = \"mock-model\"\nmodel_provider = \"mock\"\n[model_providers.mock]\nname = \"mock\"\n\
             base_url = \"http://127.0.0.1:{}/v1\"\nwire_api = \"responses\"\nenv_key = \"MOCK_KEY\"\n\
             request_max_retries = 1\nstream_max_retries = 1\n",
            self.port
        );
        fs::write(self.workspace.outside("codex/config.toml"), config).expect("writes");
    }

    /// The model goes away.
    pub(crate) fn end_model(&mut self) {
        // It may have ended by itself.
        let _ = self.model.kill();
        let _ = self.model.wait();
    }

    /// `evident` with these arguments, in an environment in which the agent finds its model.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.workspace.command(arguments);
        // The compiler of these tests goes first: it needs no home.
        let cargo = Path::new(env!("CARGO")).parent().expect("lies in a folder").to_owned();
        let before = env::var_os("PATH").expect("tests have one");
        let path = [cargo, self.programs.clone()].into_iter().chain(env::split_paths(&before));
        command
            .env("PATH", env::join_paths(path).expect("no colons"))
            .env("TMPDIR", self.workspace.outside("temporary"))
            .env("CODEX_HOME", self.workspace.outside("codex"))
            .env("MOCK_KEY", "none")
            .env("ANTHROPIC_BASE_URL", format!("http://127.0.0.1:{}", self.port))
            .env("ANTHROPIC_API_KEY", "dummy")
            .env("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1")
            .env("CLAUDE_CODE_MAX_RETRIES", "1");
        command
    }

    /// `evident run` with the agent.
    pub(crate) fn run(&self, more: &[&str]) -> Command {
        let agent = ["run", "--format", "jsonl", "--agent", self.agent.name()];
        self.command(&[&agent, more].concat())
    }

    /// Every request to the model that offered tools, in order.
    pub(crate) fn requests(&self) -> Vec<Value> {
        let log = fs::read_to_string(self.workspace.outside("log")).unwrap_or_default();
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter(|line| line["side"] == false).collect()
    }

    /// Waits until the model was asked so often.
    pub(crate) fn wait_for_requests(&self, count: usize) {
        wait_for("the model is asked", || self.requests().len() >= count);
    }

    /// Waits for a file of the workspace.
    pub(crate) fn wait_for_file(&self, name: &str) {
        wait_for(name, || self.workspace.path(name).exists());
    }

    /// What the model was told by users at last: every prompt of the conversation, and what the agent adds.
    pub(crate) fn prompts(&self) -> Vec<String> {
        let requests = self.requests();
        let body = &requests.last().expect("the model was asked")["body"];
        let items = body["input"].as_array().or(body["messages"].as_array()).expect("a conversation");
        let users = items.iter().filter(|item| item["role"] == "user");
        let texts = users.flat_map(|item| match &item["content"] {
            Value::String(text) => vec![text.clone()],
            content => content.as_array().into_iter().flatten().filter_map(text_of).collect(),
        });
        texts.collect()
    }

    /// Processes that run although everything is over.
    pub(crate) fn left_behind(&self) -> Vec<String> {
        left_behind(&self.workspace.outside("home"))
    }
}

fn wait_for(what: &str, holds: impl Fn() -> bool) {
    let waiting = Instant::now();
    while !holds() {
        assert!(waiting.elapsed() < PATIENCE, "waited for: {what}");
        std::thread::yield_now();
    }
}

fn text_of(block: &Value) -> Option<String> {
    Some(block["text"].as_str()?.to_owned())
}

/// A shell call of the agent.
pub(crate) fn shell(command: &str) -> Value {
    json!({ "shell": command })
}

/// A final message with a block of the agent's notes.
pub(crate) fn say(text: &str, notes: &Value) -> Value {
    json!({ "say": format!("{text}\n```evident\n{notes}\n```\n") })
}

/// A turn that makes a step and asks for nothing.
pub(crate) fn makes(step: &str) -> [Value; 2] {
    let notes = json!({ "request": "none", "tried": [format!("step {step}")] });
    [shell(&format!("echo {step} >> src/steps")), say("One more step.", &notes)]
}
