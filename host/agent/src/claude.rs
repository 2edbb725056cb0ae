//! The driver of Claude Code: one process that speaks the control protocol over `stream-json`, and many turns.
//!
//! It decides nothing about the goal and allows nothing: every question of the agent goes to the host.

mod act;
mod course;
mod doctor;
mod failure;
mod line;
mod reader;
mod request;
mod usage;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use evident_core::agent::{Capabilities, Failure, FailureClass, Item, ItemKind, ItemProgress};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

pub use doctor::doctor;

use course::{Conversation, Running};
use reader::{Reader, Step};

use crate::process::{Bounds, Program};
use crate::{Control, Driver, Found, Lost, Pending, Prompt, SIGNALS_MAX, Setup, Signal, Turn};

/// How long the agent may take until its protocol is open; it takes a quarter of a second, and seconds where
/// tool servers are set up.
const OPEN_MAX: Duration = Duration::from_secs(120);

/// Between closing the agent's input and killing its process group.
const CLOSE_GRACE: Duration = Duration::from_secs(5);

/// Wishes of the host that wait for the driver.
const CONTROLS_MAX: usize = 64;

/// What the agent is started with, always. Nothing here allows anything.
const ARGUMENTS: &[&str] = &[
    "-p",
    "--input-format",
    "stream-json",
    "--output-format",
    "stream-json",
    "--verbose",
    "--permission-prompt-tool",
    "stdio",
    // Settings of the user can make another mode the usual one, in which edits are not asked for.
    "--permission-mode",
    "default",
    // A turn is what a prompt began: nothing may begin one by itself, later, unwatched.
    "--disallowedTools",
    "ScheduleWakeup",
];

/// Switches of the environment for the same reason: no command or subagent outlives its turn, no timers.
const ENVIRONMENT: &[(&str, &str)] =
    &[("CLAUDE_CODE_DISABLE_BACKGROUND_TASKS", "1"), ("CLAUDE_CODE_DISABLE_CRON", "1")];

/// Bytes of one line. A picture that a tool returned stands in one line, as base64; the provider takes some
/// megabytes of it.
const LINE_BYTES_MAX: usize = 32 << 20;

/// How Claude Code is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The program: a path, or a name on `PATH`.
    pub program: PathBuf,
    /// Arguments behind those of the driver; a model, for one. Those that skip questions defeat approvals.
    pub arguments: Vec<OsString>,
    /// What is set in its environment on top of what it inherits. Switches that keep work within its turn are
    /// added.
    pub set: Vec<(OsString, OsString)>,
    /// False where it inherits nothing of the host's environment.
    pub inherits: bool,
}

impl Settings {
    /// The program with the environment of the host.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), arguments: Vec::new(), set: Vec::new(), inherits: true }
    }

    /// The program with these arguments before those of the settings. It is killed without a grace: politeness
    /// is the protocol's.
    fn program(&self, arguments: impl IntoIterator<Item = OsString>) -> Program {
        let program = std::iter::once(self.program.clone().into_os_string());
        let argv = program.chain(arguments).chain(self.arguments.iter().cloned());
        let bounds = Bounds { line_bytes_max: LINE_BYTES_MAX, grace: Duration::ZERO, ..Bounds::default() };
        Program { set: self.set.clone(), inherits: self.inherits, bounds, ..Program::new(argv) }
    }
}

/// The driver.
#[derive(Debug)]
pub struct Claude {
    settings: Settings,
    setup: Setup,
    conversation: Conversation,
    /// The agent, between turns.
    idle: Option<Running>,
    /// The turn that runs, or ran last, and what stops it.
    turn: Option<(JoinHandle<Option<Running>>, oneshot::Sender<()>)>,
}

impl Claude {
    /// A driver whose agent is not started yet.
    #[must_use]
    pub fn new(mut settings: Settings, mut setup: Setup) -> Self {
        for (name, value) in ENVIRONMENT {
            if !settings.set.iter().any(|(known, _)| known == name) {
                settings.set.push((name.into(), value.into()));
            }
        }
        let conversation = Arc::new(Mutex::new(setup.session.take()));
        Self { settings, setup, conversation, idle: None, turn: None }
    }

    async fn begin_turn(&mut self, prompt: Prompt) -> Result<Turn, Failure> {
        self.settle().await;
        let mut running = match self.idle.take() {
            Some(running) if !running.agent.has_ended() => running,
            _ => self.open().await?,
        };
        let id = prompt_id()?;
        running.agent.begin_turn();
        running.reader.begin(id.clone());
        running.agent.write_line(&request::prompt(&id, &prompt.text))?;
        let (sender, signals) = mpsc::channel(SIGNALS_MAX);
        let (control, controls) = mpsc::channel::<Control>(CONTROLS_MAX);
        let conversation = Arc::clone(&self.conversation);
        let (stop, stopped) = oneshot::channel();
        let turn = tokio::spawn(course::run(running, conversation, sender, controls, stopped));
        self.turn = Some((turn, stop));
        Ok(Turn { signals, control })
    }

    /// Waits for the end of the last turn, and takes over what it left.
    async fn settle(&mut self) {
        if let Some((turn, _stop)) = self.turn.take() {
            // A turn that panicked left nothing: its agent was killed when it was dropped.
            self.idle = turn.await.unwrap_or_default();
        }
    }

    /// Starts the agent, with the conversation that it had. It writes one down late: a conversation that was
    /// killed early is not there, and another one is begun instead.
    async fn open(&mut self) -> Result<Running, Failure> {
        let session = self.conversation.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match self.open_once(session.as_deref()).await {
            Err(failure) if session.is_some() && failure::is_lost_conversation(&failure) => {
                let mut running = self.open_once(None).await?;
                let title = format!("{}: a new conversation was begun", failure.message);
                let item = Item { kind: ItemKind::Notice, title, progress: ItemProgress::Failed };
                running.early.push(Signal::Item(item));
                Ok(running)
            }
            opened => opened,
        }
    }

    async fn open_once(&self, session: Option<&str>) -> Result<Running, Failure> {
        let mut arguments: Vec<OsString> = ARGUMENTS.iter().map(Into::into).collect();
        // Joined, so that a name that looks like an option is none.
        arguments.extend(session.iter().map(|session| format!("--resume={session}").into()));
        let agent = self.settings.program(arguments).start(&self.setup)?;
        let reader = Reader::new(self.setup.workspace.clone(), Some(agent.number()), session.is_some());
        let mut running = Running { agent, reader, early: Vec::new() };
        let shaken = timeout(OPEN_MAX, shake_hands(&mut running, self.setup.asks)).await;
        shaken.map_err(|_| Failure::new(FailureClass::Stalled, "its protocol does not open"))??;
        Ok(running)
    }

    async fn end(&mut self) {
        if let Some((turn, stop)) = self.turn.take() {
            // A turn that is over cannot be stopped any more, and leaves its agent; another one kills it.
            let _ = stop.send(());
            self.idle = turn.await.unwrap_or_default();
        }
        if let Some(mut running) = self.idle.take() {
            running.agent.close_input();
            let _ = timeout(CLOSE_GRACE, running.agent.exit()).await;
            running.agent.end().await;
        }
    }
}

impl Driver for Claude {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            tool_calls: true,
            tokens: true,
            cost: true,
            asks: true,
            confines: false,
            interrupts: true,
            resumes: true,
            // It writes its transcript late: what is not in it may have happened.
            looks_up: false,
        }
    }

    fn begin(&mut self, prompt: Prompt) -> Pending<'_, Result<Turn, Failure>> {
        Box::pin(self.begin_turn(prompt))
    }

    fn look_up(&mut self, _lost: &Lost) -> Pending<'_, Result<Found, Failure>> {
        Box::pin(async { Ok(Found::Unknown) })
    }

    /// Only whether the program is there: what a turn does, a turn shows.
    fn probe(&mut self) -> Pending<'_, Result<(), Failure>> {
        let is_there = self.settings.program([]).is_there(&self.setup);
        Box::pin(async { is_there })
    }

    fn close(&mut self) -> Pending<'_, ()> {
        Box::pin(self.end())
    }
}

/// Opens the protocol.
async fn shake_hands(running: &mut Running, asks: bool) -> Result<(), Failure> {
    running.agent.write_line(&request::initialize(asks))?;
    loop {
        let line = running.line().await?;
        for step in running.reader.read(&line)? {
            match step {
                Step::Opened => return Ok(()),
                Step::Reply(line) => running.agent.write_line(&line)?,
                Step::Signal(signal) if running.early.len() < SIGNALS_MAX => running.early.push(signal),
                Step::Signal(_) => {
                    return Err(Failure::new(FailureClass::Flood, "it works before it is asked to"));
                }
                Step::GiveUp => {}
            }
        }
    }
}

/// Names a prompt, so that the agent can tell which one a run answers: a random UUID, as it wants one. It
/// skips a prompt whose name its conversation knows.
fn prompt_id() -> Result<String, Failure> {
    let mut random = [0; 16];
    getrandom::fill(&mut random)
        .map_err(|error| Failure::new(FailureClass::Setup, format!("no randomness: {error}")))?;
    let [high, low] = [&random[..8], &random[8..]]
        .map(|half| u64::from_be_bytes(half.try_into().expect("half of sixteen bytes")));
    let (high, low) = ((high & !0xf000) | 0x4000, (low & !(0b11 << 62)) | (0b10 << 62));
    let (first, second, third) = (high >> 32, (high >> 16) & 0xffff, high & 0xffff);
    Ok(format!("{first:08x}-{second:04x}-{third:04x}-{:04x}-{:012x}", low >> 48, low & 0xffff_ffff_ffff))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_has_a_name_of_its_own_in_the_form_of_the_agent() {
        let (one, other) = (prompt_id().unwrap(), prompt_id().unwrap());
        assert_ne!(one, other);
        let lengths: Vec<usize> = one.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{one}");
        assert!(one.chars().nth(14) == Some('4') && "89ab".contains(one.chars().nth(19).unwrap()), "{one}");
    }
}
