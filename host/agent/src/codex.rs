//! The driver `codex`: OpenAI's Codex, over `codex app-server`, and over `codex exec` where there is none.
//!
//! Codex's own goals are never used: this host drives, and decides when it is done.

mod asks;
mod confine;
mod doctor;
mod exec;
mod failure;
mod items;
mod launch;
mod left;
mod look_up;
mod protocol;
mod server;
mod shell;
mod translate;
mod turn;
mod usage;

use std::mem;
use std::time::Duration;

use evident_core::agent::{Capabilities, Failure, FailureClass};
use evident_core::evidence::Exit;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use self::confine::Confinement;
use self::exec::Memory;
use self::left::Left;
use self::server::{Server, Unanswered, refused_as};
use self::translate::Translator;
use self::turn::Agent;
use crate::process::Process;
use crate::{Driver, Found, INTERRUPT_GRACE, Lost, Pending, Prompt, SIGNALS_MAX, Setup, Signal, Turn};

pub use self::doctor::doctor;
pub use self::launch::{Environment, Settings};

/// Answers that can wait for a turn: it takes them at once.
const CONTROLS_MAX: usize = 16;

/// Time for the program to say what it can do.
const HELP_MAX: Duration = Duration::from_secs(20);

/// The driver.
#[derive(Debug)]
pub struct Codex {
    setup: Setup,
    settings: Settings,
    confinement: Confinement,
    session: Option<String>,
    state: State,
}

/// What runs.
#[derive(Debug)]
enum State {
    /// Nothing.
    Off,
    /// The app-server, between turns.
    Idle(Box<Agent>),
    /// The app-server, in a turn.
    Turn(JoinHandle<Option<Agent>>),
    /// A process for each turn, and none now.
    Exec(Memory),
    /// The process of a turn.
    ExecTurn(JoinHandle<Memory>),
}

impl Codex {
    /// For a workspace. Nothing is started yet.
    #[must_use]
    pub fn new(setup: Setup, settings: Settings) -> Self {
        let confinement = Confinement::of(&setup);
        let session = setup.session.clone();
        let state = if settings.exec { State::Exec(Memory::of(session.clone())) } else { State::Off };
        Self { setup, settings, confinement, session, state }
    }

    fn uses_exec(&self) -> bool {
        matches!(self.state, State::Exec(_) | State::ExecTurn(_))
    }

    async fn begin_turn(&mut self, prompt: Prompt) -> Result<Turn, Failure> {
        self.settle().await?;
        if !self.uses_exec() {
            match self.agent().await {
                Ok(agent) => return self.begin_on(agent, &prompt.text).await,
                Err(failure) => self.fall_back(failure).await?,
            }
        }
        self.begin_exec(&prompt.text)
    }

    /// Waits for the end of the turn before. Its end was told already, or nobody wants it any more.
    async fn settle(&mut self) -> Result<(), Failure> {
        let state = mem::replace(&mut self.state, State::Off);
        self.state = match state {
            State::Turn(mut running) => match timeout(INTERRUPT_GRACE * 2, &mut running).await {
                Ok(Ok(Some(agent))) => State::Idle(Box::new(agent)),
                Ok(_) => State::Off,
                Err(_) => return Err(busy(&running.abort_handle())),
            },
            State::ExecTurn(mut running) => match timeout(INTERRUPT_GRACE * 2, &mut running).await {
                Ok(memory) => State::Exec(memory.unwrap_or_else(|_| Memory::of(self.session.clone()))),
                Err(_) => return Err(busy(&running.abort_handle())),
            },
            state => state,
        };
        if let State::Exec(Memory { thread: Some(thread), .. }) = &self.state {
            self.session = Some(thread.clone());
        }
        Ok(())
    }

    /// The agent with its thread open: the one that runs, or a new one.
    async fn agent(&mut self) -> Result<Agent, Failure> {
        if let State::Idle(agent) = mem::replace(&mut self.state, State::Off) {
            return Ok(*agent);
        }
        let server = Server::start(&self.settings, &self.setup).await?;
        self.open_thread(server).await
    }

    async fn open_thread(&mut self, mut server: Server) -> Result<Agent, Failure> {
        let network = match self.confinement {
            Confinement::Folders(_) => network_of_user(&mut server).await?,
            _ => false,
        };
        let mut params =
            self.confinement.thread(&self.setup.workspace, &self.settings.temporary(&self.setup), network);
        let method = match &self.session {
            None => "thread/start",
            Some(session) => {
                params.insert("threadId".into(), json!(session));
                params.insert("excludeTurns".into(), json!(true));
                "thread/resume"
            }
        };
        let opened = server.ask(method, &Value::Object(params)).await.map_err(not_opened)?;
        let Some(thread) = protocol::string(&opened, "/thread/id") else {
            return Err(Failure::new(FailureClass::Garbage, "codex opened a thread without an id"));
        };
        self.session = Some(thread.to_string());
        let translator = Translator::new(thread, self.setup.workspace.clone(), self.confinement.asks());
        Ok(Agent { server, translator })
    }

    async fn begin_on(&mut self, mut agent: Agent, text: &str) -> Result<Turn, Failure> {
        let thread = agent.translator.thread().to_string();
        // What was told between the turns belongs to neither: it is only remembered.
        for message in agent.server.early() {
            agent.translator.take(message);
        }
        agent.server.hear_anew();
        let left = self.left();
        let params = json!({ "threadId": thread, "input": protocol::input(text) });
        let begun =
            agent.server.ask("turn/start", &params).await.map_err(refused_as(FailureClass::Refused))?;
        let Some(name) = protocol::string(&begun, "/turn/id") else {
            return Err(Failure::new(FailureClass::Garbage, "codex began a turn without an id"));
        };
        agent.translator.begin(name);
        let (turn, signals, control) = channels();
        let process = Some(agent.server.id());
        let started = Signal::Started { session: Some(thread), turn: Some(name.to_string()), process };
        signals.try_send(started).expect("the queue is new, and has room");
        self.state = State::Turn(tokio::spawn(turn::run(agent, left, signals, control)));
        Ok(turn)
    }

    fn left(&self) -> Left {
        Left::before(&self.setup.workspace, &self.confinement.folders())
    }

    /// Changes to `codex exec` where this codex has no app-server, but has that; else the failure stands.
    async fn fall_back(&mut self, failure: Failure) -> Result<(), Failure> {
        if failure.class != FailureClass::Exited || self.has("app-server").await || !self.has("exec").await {
            return Err(failure);
        }
        self.state = State::Exec(Memory::of(self.session.clone()));
        Ok(())
    }

    /// True if codex has that subcommand: it explains it, and says its name.
    async fn has(&self, subcommand: &str) -> bool {
        let help = self.settings.run(&self.setup, &[subcommand, "--help"], HELP_MAX).await;
        help.is_ok_and(|(exit, told)| {
            exit == Some(Exit::Code(0)) && told.contains(&format!("codex {subcommand}"))
        })
    }

    fn begin_exec(&mut self, text: &str) -> Result<Turn, Failure> {
        let State::Exec(memory) = mem::replace(&mut self.state, State::Off) else {
            unreachable!("`begin_turn` comes here in this state only")
        };
        let left = self.left();
        let begun = self.start_exec(&memory, text);
        match begun {
            Ok(process) => {
                let (turn, signals, control) = channels();
                self.state =
                    State::ExecTurn(tokio::spawn(exec::run(process, memory, left, signals, control)));
                Ok(turn)
            }
            Err(failure) => {
                self.state = State::Exec(memory);
                Err(failure)
            }
        }
    }

    fn start_exec(&self, memory: &Memory, text: &str) -> Result<Process, Failure> {
        let Some(confined) =
            self.confinement.arguments(&self.setup.workspace, &self.settings.temporary(&self.setup))
        else {
            let told = "this codex has no app-server, and without one it cannot ask before it acts";
            return Err(Failure::new(FailureClass::Setup, told));
        };
        let mut arguments = vec!["exec".to_string(), "--json".into(), "--skip-git-repo-check".into()];
        arguments.extend(confined);
        if let Some(thread) = &memory.thread {
            arguments.extend(["resume".into(), thread.clone()]);
        }
        arguments.push("-".into());
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut process = self.settings.start(&self.setup, &arguments)?;
        process.write_line(text)?;
        process.close_input();
        Ok(process)
    }

    async fn find(&mut self, lost: &Lost) -> Result<Found, Failure> {
        let Some(thread) = lost.session.clone() else { return Ok(Found::Unknown) };
        self.settle().await?;
        if self.uses_exec() {
            return Ok(Found::Unknown);
        }
        self.session = Some(thread.clone());
        // Opening the thread fails where another process still writes to it: then nothing ended.
        let mut agent = self.agent().await?;
        let answer = agent.server.ask("thread/turns/list", &look_up::question(&thread)).await;
        let found = match answer {
            Ok(answer) => Ok(look_up::found(lost, &answer)),
            Err(Unanswered::Refused(_)) => Ok(Found::Unknown),
            Err(Unanswered::Failed(failure)) => return Err(failure),
        };
        self.state = State::Idle(Box::new(agent));
        found
    }

    async fn end(&mut self) {
        match mem::replace(&mut self.state, State::Off) {
            State::Off | State::Exec(_) => {}
            State::Idle(agent) => agent.server.close().await,
            State::Turn(running) => stop(running).await,
            State::ExecTurn(running) => stop(running).await,
        }
        if self.settings.exec {
            self.state = State::Exec(Memory::of(self.session.clone()));
        }
    }
}

impl Driver for Codex {
    fn capabilities(&self) -> Capabilities {
        let exec = self.uses_exec();
        Capabilities {
            tool_calls: true,
            tokens: true,
            cost: false,
            asks: self.confinement.asks() && !exec,
            confines: self.confinement.confines(&self.setup.write),
            interrupts: !exec,
            resumes: true,
            looks_up: !exec,
        }
    }

    fn begin(&mut self, prompt: Prompt) -> Pending<'_, Result<Turn, Failure>> {
        Box::pin(self.begin_turn(prompt))
    }

    fn look_up(&mut self, lost: &Lost) -> Pending<'_, Result<Found, Failure>> {
        let lost = lost.clone();
        Box::pin(async move { self.find(&lost).await })
    }

    /// Only whether the program is there: what a turn does, a turn shows.
    fn probe(&mut self) -> Pending<'_, Result<(), Failure>> {
        let is_there = self.settings.is_there(&self.setup);
        Box::pin(async { is_there })
    }

    fn close(&mut self) -> Pending<'_, ()> {
        Box::pin(self.end())
    }
}

fn channels() -> (Turn, mpsc::Sender<Signal>, mpsc::Receiver<crate::Control>) {
    let (told, signals) = mpsc::channel(SIGNALS_MAX);
    let (control, wanted) = mpsc::channel(CONTROLS_MAX);
    (Turn { signals, control }, told, wanted)
}

fn busy(running: &tokio::task::AbortHandle) -> Failure {
    running.abort();
    Failure::new(FailureClass::Stalled, "the turn before did not end")
}

/// Ends a turn that runs: its task lets go of the agent, whose group dies.
async fn stop<T>(running: JoinHandle<T>) {
    running.abort();
    // Aborted or ended: either way the agent is gone when this returns.
    drop(running.await);
}

/// True if the user's own config lets commands use the network.
async fn network_of_user(server: &mut Server) -> Result<bool, Failure> {
    let read = server.ask("config/read", &json!({ "includeLayers": false })).await;
    let config = read.map_err(refused_as(FailureClass::Setup))?;
    let allowed = config.pointer("/config/sandbox_workspace_write/network_access");
    Ok(allowed.and_then(Value::as_bool).unwrap_or(false))
}

/// A thread that another process writes to is free later; one that is not there never is.
fn not_opened(unanswered: Unanswered) -> Failure {
    match unanswered {
        Unanswered::Refused(reason) if reason.contains("active writer") => {
            Failure::new(FailureClass::Unavailable, reason)
        }
        unanswered => refused_as(FailureClass::Setup)(unanswered),
    }
}
