//! Any command as an agent: a process for each turn, which ends with it.
//!
//! It gets the prompt as an argument or on standard input, and exits with 0 when it is done. What more can be
//! told than its last words depends on the mapping of its output; nobody asks it anything.

mod mapping;
mod template;

use std::sync::{Arc, Mutex, PoisonError};

use evident_core::agent::{
    Capabilities, FINAL_MESSAGE_BYTES_MAX, Failure, FailureClass, ItemKind, ItemProgress, Usage,
};
use evident_core::evidence::Exit;
use tokio::task::JoinHandle;

pub use mapping::{JsonlMapping, MAPPING_BYTES_MAX};

use crate::driver::{Driver, Found, Lost, Pending, Prompt, Setup, Signal, Turn};
use crate::process::{Bounds, Process, Program, end_of};
use crate::turn::{Halt, Running, item, turn};
use mapping::Told;
use template::Template;

/// The driver of a command.
#[derive(Debug)]
pub struct Command {
    /// What a turn's process may write, and how long it may take to end.
    pub bounds: Bounds,
    template: Template,
    mapping: Option<Arc<JsonlMapping>>,
    setup: Setup,
    /// The agent's own session, as its last turn told it.
    session: Arc<Mutex<Option<String>>>,
    /// The last turn, which holds its process.
    last: Option<JoinHandle<()>>,
}

impl Command {
    /// A command line, program first. In an argument, `{prompt}` is the prompt, which else goes to standard
    /// input, `{workspace}` the folder, and `{session}` the session that an earlier turn told: without one
    /// the argument is left out, with the option before it in `--resume {session}`.
    ///
    /// # Errors
    /// [`FailureClass::Missing`] where the command line is empty.
    pub fn new(argv: Vec<String>, mapping: Option<JsonlMapping>, setup: Setup) -> Result<Self, Failure> {
        if argv.is_empty() {
            return Err(Failure::new(FailureClass::Missing, "the command of the agent is empty"));
        }
        Ok(Self {
            bounds: Bounds::default(),
            template: Template::new(argv),
            mapping: mapping.map(Arc::new),
            session: Arc::new(Mutex::new(setup.session.clone())),
            setup,
            last: None,
        })
    }

    fn program(&self, prompt: &str, session: Option<&str>) -> Program {
        let argv = self.template.fill(prompt, self.setup.workspace.as_os_str(), session);
        Program { bounds: self.bounds, ..Program::new(argv) }
    }

    fn start(&self, prompt: &str, session: Option<&str>) -> Result<Process, Failure> {
        let mut process = self.program(prompt, session).start(&self.setup)?;
        if !self.template.takes_prompt() {
            process.write(prompt.as_bytes().to_vec())?;
        }
        process.close_input();
        Ok(process)
    }

    /// A turn that the host gave up may still be about to notice.
    async fn stop_last(&mut self) {
        if let Some(last) = self.last.take() {
            last.abort();
            // It ended, or was just told to: either way its process is killed with it.
            let _ = last.await;
        }
    }
}

impl Driver for Command {
    fn capabilities(&self) -> Capabilities {
        let tells = |what: fn(&JsonlMapping) -> bool| self.mapping.as_deref().is_some_and(what);
        Capabilities {
            tool_calls: tells(JsonlMapping::tells_tool_calls),
            tokens: tells(JsonlMapping::tells_tokens),
            cost: tells(JsonlMapping::tells_cost),
            asks: false,
            confines: false,
            interrupts: true,
            resumes: tells(JsonlMapping::tells_session) && self.template.takes_session(),
            looks_up: false,
        }
    }

    /// The first signal names the process; where the session becomes known later, a second
    /// [`Signal::Started`] tells it.
    fn begin(&mut self, prompt: Prompt) -> Pending<'_, Result<Turn, Failure>> {
        Box::pin(async move {
            self.stop_last().await;
            let session = self.session.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let process = self.start(&prompt.text, session.as_deref())?;
            let (turn, running) = turn();
            let (mapping, shared) = (self.mapping.clone(), Arc::clone(&self.session));
            let listening = Listening { process, running, mapping, session, shared, heard: Heard::default() };
            self.last = Some(tokio::spawn(listening.run()));
            Ok(turn)
        })
    }

    fn look_up(&mut self, _lost: &Lost) -> Pending<'_, Result<Found, Failure>> {
        Box::pin(async { Ok(Found::Unknown) })
    }

    /// Only whether its program is there: what a turn does, a turn shows.
    fn probe(&mut self) -> Pending<'_, Result<(), Failure>> {
        let is_there = self.program("", None).is_there(&self.setup);
        Box::pin(async { is_there })
    }

    /// Between turns nothing runs. A turn that does is killed: whoever wants it politely interrupts it first.
    fn close(&mut self) -> Pending<'_, ()> {
        Box::pin(self.stop_last())
    }
}

/// What came so far.
#[derive(Debug, Default)]
struct Heard {
    message: String,
    /// True if the next piece begins a new message.
    is_over: bool,
    /// True once a line told something.
    any: bool,
    /// The first line that is not JSON.
    stray: Option<String>,
}

impl Heard {
    fn whole(&mut self, message: &str) {
        self.message.clear();
        self.piece(message);
        self.is_over = true;
    }

    fn part(&mut self, part: &str) {
        if std::mem::take(&mut self.is_over) {
            self.message.clear();
        }
        self.piece(part);
    }

    /// Only the end is kept: twice of what is told, so that it is not moved with each piece.
    fn piece(&mut self, piece: &str) {
        self.message.push_str(end_of(piece, FINAL_MESSAGE_BYTES_MAX));
        if self.message.len() > 2 * FINAL_MESSAGE_BYTES_MAX {
            self.message = end_of(&self.message, FINAL_MESSAGE_BYTES_MAX).to_owned();
        }
    }
}

/// A turn whose command runs.
struct Listening {
    process: Process,
    running: Running,
    mapping: Option<Arc<JsonlMapping>>,
    /// As it is known in this turn.
    session: Option<String>,
    /// For the turns after this.
    shared: Arc<Mutex<Option<String>>>,
    heard: Heard,
}

impl Listening {
    async fn run(mut self) {
        let mut ended = self.listen().await;
        if ended == Err(Halt::Interrupted) {
            self.process.end().await;
            // What it said while it ended; that it was too much changes nothing any more.
            while let Ok(Some(line)) = self.process.next_line().await {
                if let Err(halt) = self.line(&line).await {
                    ended = Err(halt);
                    break;
                }
            }
        }
        if ended != Err(Halt::Gone) {
            // Nobody is told of an end before everybody is gone.
            self.process.end().await;
        }
        let message =
            if self.mapping.is_some() { &*self.heard.message } else { self.heard.message.trim_end() };
        self.running.end(ended, message).await;
    }

    async fn listen(&mut self) -> Result<(), Halt> {
        self.tell_started().await?;
        let wrote = self.process.stderr_wrote();
        let mut is_open = true;
        loop {
            let heard = tokio::select! {
                biased;
                halt = self.running.stopped() => return Err(halt),
                next = next(&mut self.process, is_open) => next.map_err(Halt::Failed)?,
                () = wrote.notified() => Next::Alive,
            };
            match heard {
                Next::Alive => self.running.tell(Signal::Alive).await?,
                Next::Line(line) => self.line(&line).await?,
                Next::Closed => is_open = false,
                Next::Exited(exit) => return self.judge(exit),
            }
        }
    }

    fn judge(&self, exit: Option<Exit>) -> Result<(), Halt> {
        if exit != Some(Exit::Code(0)) {
            return Err(Halt::Failed(self.process.broken(exit)));
        }
        if self.mapping.is_some() && !self.heard.any {
            let stray = self.heard.stray.as_ref().map_or_else(String::new, |line| format!(": {line}"));
            let message = format!("the command wrote nothing that its mapping knows{stray}");
            return Err(Halt::Failed(Failure::new(FailureClass::Garbage, message)));
        }
        Ok(())
    }

    async fn line(&mut self, line: &str) -> Result<(), Halt> {
        let Some(mapping) = self.mapping.clone() else {
            self.heard.part(line);
            self.heard.part("\n");
            return self.show(ItemKind::Message, line, ItemProgress::Done).await;
        };
        let Ok(value) = serde_json::from_str(line) else {
            let start: String = line.chars().take(evident_core::text::NAME_BYTES_MAX).collect();
            self.heard.stray.get_or_insert(start);
            return self.show(ItemKind::Notice, line, ItemProgress::Done).await;
        };
        let told = mapping.read(&value);
        if told.is_empty() {
            return self.running.tell(Signal::Alive).await;
        }
        self.heard.any = true;
        for told in told {
            self.told(told).await?;
        }
        Ok(())
    }

    async fn told(&mut self, told: Told) -> Result<(), Halt> {
        match told {
            Told::Session(session) => {
                if self.session.as_ref() == Some(&session) {
                    return self.running.tell(Signal::Alive).await;
                }
                *self.shared.lock().unwrap_or_else(PoisonError::into_inner) = Some(session.clone());
                self.session = Some(session);
                self.tell_started().await
            }
            Told::Message(message) => {
                self.heard.whole(&message);
                self.show(ItemKind::Message, &message, ItemProgress::Done).await
            }
            Told::Part(part) => {
                self.heard.part(&part);
                self.running.tell(Signal::Alive).await
            }
            Told::ToolCall(title) => {
                self.heard.is_over = true;
                self.show(ItemKind::ToolCall, &title, ItemProgress::Begun).await?;
                self.running.tell(Signal::Usage(Usage { tool_calls: 1, ..Usage::default() })).await
            }
            Told::Usage(usage) => self.running.tell(Signal::Usage(usage)).await,
        }
    }

    async fn tell_started(&self) -> Result<(), Halt> {
        let process = Some(self.process.number());
        self.running.tell(Signal::Started { session: self.session.clone(), turn: None, process }).await
    }

    async fn show(&self, kind: ItemKind, title: &str, progress: ItemProgress) -> Result<(), Halt> {
        let signal = match title.trim() {
            "" => Signal::Alive,
            title => Signal::Item(item(kind, title, progress)),
        };
        self.running.tell(signal).await
    }
}

/// What a command does next.
enum Next {
    Alive,
    Line(String),
    Closed,
    Exited(Option<Exit>),
}

/// Closing its output is not its end: a command may go on in silence.
async fn next(process: &mut Process, is_open: bool) -> Result<Next, Failure> {
    if !is_open {
        return Ok(Next::Exited(process.exit().await));
    }
    Ok(process.next_line().await?.map_or(Next::Closed, Next::Line))
}
