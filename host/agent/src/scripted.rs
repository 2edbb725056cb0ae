//! Turns from a file: an agent for demonstrations and tests that needs no model, no network and no process.
//!
//! In a turn, in this order: the prompt is held against `expect`; `wait` passes; `ask` is asked; the edits
//! are made, each one tool call; `usage` is told; `hang` waits for an interrupt; `fail` breaks the turn off,
//! else it ends with `say`. A denied `write` keeps its own paths from being edited; any denial stands at the
//! front of the message.

mod edit;
mod file;

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use evident_core::agent::{
    Act, Answer, Ask, Capabilities, Failure, FailureClass, ItemKind, ItemProgress, Usage,
};

use crate::driver::{Control, Driver, Found, Lost, Pending, Prompt, Setup, Signal, Turn};
use crate::turn::{Halt, Running, item, turn};
use edit::Edit;
use file::{Entry, Script};

/// Bytes of a script: every file of a demonstration in it, several times.
pub const SCRIPT_BYTES_MAX: u64 = 4 << 20;

/// The session of every script: its place follows from the number of the turn, so there is nothing to name.
const SESSION: &str = "script";

/// The driver of a script.
///
/// ```toml
/// version = 1
/// [[turn]]                       # every key is optional
/// say = "the final message"      # may hold an `evident` block
/// edit = [
///     { path = "src/price.rs", from = "the one place with this", to = "holds this" },
///     { path = "src/new.rs", write = "a whole file" },
///     { path = "src/old.rs", delete = true },
/// ]
/// ask = { command = "git push" } # or write = ["PATH"], or tool = { name = "NAME", input = "TEXT" }
/// usage = { input_tokens = 100, cached_input_tokens = 0, output_tokens = 10, tool_calls = 3, cost_usd = 0.01 }
/// wait = "200ms"                 # work that takes time
/// fail = "unavailable"           # the word of a failure class
/// hang = true                    # never ends until it is interrupted
/// expect = "a text"              # else the turn fails with `garbage`
/// times = 3                      # serves so many turns; default 1
/// [end]                          # every turn after the last
/// say = "nothing left to do"
/// ```
///
/// Without `tool_calls` the edits are counted. A host that tries a turn again under the same number meets
/// the same entry again; under the next number, the next.
#[derive(Debug)]
pub struct Scripted {
    script: Script,
    workspace: PathBuf,
}

impl Scripted {
    /// Reads the script in a file.
    ///
    /// # Errors
    /// [`FailureClass::Missing`] where it cannot be read, [`FailureClass::Setup`] where it is not a script, or is
    /// to run as another user.
    pub fn open(path: &Path, setup: &Setup) -> Result<Self, Failure> {
        // Its edits are made by this very process: the level of another user would be told and not be there.
        if let Some(user) = &setup.user {
            let message = format!("a script plays in the host itself and cannot run as user `{user}`");
            return Err(Failure::new(FailureClass::Setup, message));
        }
        let missing = |error: &dyn std::fmt::Display| {
            Failure::new(
                FailureClass::Missing,
                format!("cannot read the script `{}`: {error}", path.display()),
            )
        };
        let file = File::open(path).map_err(|error| missing(&error))?;
        let mut text = String::new();
        let read = file.take(SCRIPT_BYTES_MAX + 1).read_to_string(&mut text);
        match read.map_err(|error| missing(&error))? as u64 {
            0..=SCRIPT_BYTES_MAX => {}
            _ => return Err(missing(&format!("it holds more than {SCRIPT_BYTES_MAX} bytes"))),
        }
        Self::parse(&text, setup).map_err(|problem| {
            Failure::new(FailureClass::Setup, format!("script `{}`: {problem}", path.display()))
        })
    }

    /// Reads a script that is a text.
    ///
    /// # Errors
    /// One line with the place and what is wrong there.
    pub fn parse(text: &str, setup: &Setup) -> Result<Self, String> {
        Ok(Self { script: Script::parse(text)?, workspace: setup.workspace.clone() })
    }
}

impl Driver for Scripted {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            tool_calls: true,
            tokens: true,
            cost: true,
            asks: true,
            confines: false,
            interrupts: true,
            resumes: true,
            looks_up: true,
        }
    }

    fn begin(&mut self, prompt: Prompt) -> Pending<'_, Result<Turn, Failure>> {
        Box::pin(async move {
            let (turn, running) = turn();
            let workspace = self.workspace.clone();
            let acting = Acting {
                entry: self.script.entry(prompt.turn),
                prompt,
                workspace,
                running,
                edits: 0,
                told: false,
            };
            tokio::spawn(acting.run());
            Ok(turn)
        })
    }

    /// A turn without edits leaves nothing behind, and one whose first edit was not made has not begun with
    /// them. Of any other nobody can tell how far it came.
    fn look_up(&mut self, lost: &Lost) -> Pending<'_, Result<Found, Failure>> {
        let entry =
            lost.turn.as_deref().and_then(|turn| turn.parse().ok()).map(|turn| self.script.entry(turn));
        let workspace = self.workspace.clone();
        Box::pin(async move {
            let never = match entry.as_ref().map(|entry| entry.edit.first()) {
                None => false,
                Some(None) => true,
                Some(Some(first)) => first.is_open(&workspace),
            };
            Ok(if never { Found::NeverBegan } else { Found::Unknown })
        })
    }

    fn close(&mut self) -> Pending<'_, ()> {
        Box::pin(async {})
    }
}

/// A turn that is being acted out.
struct Acting {
    entry: Entry,
    prompt: Prompt,
    workspace: PathBuf,
    running: Running,
    /// Edits that were begun.
    edits: u64,
    /// True once the usage was told.
    told: bool,
}

impl Acting {
    async fn run(mut self) {
        let acted = self.act().await;
        let used = Usage { tool_calls: self.edits, ..Usage::default() };
        // The host counts what was begun, however the turn ended.
        if !self.told && self.running.tell(Signal::Usage(used)).await.is_err() {
            return;
        }
        let (ended, message) = match acted {
            Ok(message) => (Ok(()), message),
            Err(halt) => (Err(halt), String::new()),
        };
        self.running.end(ended, &message).await;
    }

    async fn act(&mut self) -> Result<String, Halt> {
        let number = self.prompt.turn;
        let started =
            Signal::Started { session: Some(SESSION.into()), turn: Some(number.to_string()), process: None };
        self.tell(started).await?;
        if let Some(expected) = self.entry.expect.as_ref().filter(|text| !self.prompt.text.contains(*text)) {
            let message = format!("the prompt of turn {number} does not contain `{expected}`");
            return Err(Halt::Failed(Failure::new(FailureClass::Garbage, message)));
        }
        if let Some(wait) = self.entry.wait {
            tokio::select! {
                halt = self.running.stopped() => return Err(halt),
                () = tokio::time::sleep(wait.0) => {}
            }
        }
        let denied = self.ask().await?;
        self.edit(denied.is_some()).await?;
        if let Some(used) = self.entry.usage {
            self.told = true;
            self.tell(Signal::Usage(used.usage(self.edits))).await?;
        }
        if self.entry.hang {
            return Err(self.running.stopped().await);
        }
        if let Some(class) = self.entry.fail {
            return Err(Halt::Failed(Failure::new(class, format!("the script breaks turn {number} off"))));
        }
        Ok(denied.map_or_else(|| self.entry.say.clone(), |denied| format!("{denied}\n\n{}", self.entry.say)))
    }

    /// Asks where the script does, and gives what is said of a denial.
    async fn ask(&mut self) -> Result<Option<String>, Halt> {
        let Some(act) = self.entry.ask.clone() else { return Ok(None) };
        let id = "1".to_owned();
        let denied = format!("was not allowed to {act}");
        self.tell(Signal::Asked(Ask { id: id.clone(), act, explanation: None })).await?;
        loop {
            match self.running.wanted().await {
                Ok(Control::Answer { id: other, answer }) if other == id => {
                    return Ok(match answer {
                        Answer::Allow => None,
                        Answer::Deny(why) => Some(format!("{denied}: {why}")),
                    });
                }
                Ok(Control::Answer { .. }) => {}
                Ok(Control::Interrupt) => {
                    self.tell(Signal::Withdrawn(id)).await?;
                    return Err(Halt::Interrupted);
                }
                Err(halt) => return Err(halt),
            }
        }
    }

    async fn edit(&mut self, is_denied: bool) -> Result<(), Halt> {
        let closed = match &self.entry.ask {
            Some(Act::Write(paths)) if is_denied => paths.clone(),
            _ => Vec::new(),
        };
        let edits: Vec<_> = self
            .entry
            .edit
            .iter()
            .filter(|edit| !closed.iter().any(|it| it == edit.path()))
            .cloned()
            .collect();
        for edit in edits {
            // An interrupt that waits is seen before the next edit.
            tokio::select! {
                biased;
                halt = self.running.stopped() => return Err(halt),
                () = std::future::ready(()) => {}
            }
            self.make(edit).await?;
        }
        Ok(())
    }

    async fn make(&mut self, edit: Edit) -> Result<(), Halt> {
        let title = edit.title();
        let call = |progress| Signal::Item(item(ItemKind::ToolCall, &title, progress));
        self.edits += 1;
        self.tell(call(ItemProgress::Begun)).await?;
        let workspace = self.workspace.clone();
        let made = tokio::task::spawn_blocking(move || edit.make(&workspace)).await;
        // Only a runtime that is going away gives up a thread that was not begun.
        let made = made.unwrap_or_else(|error| Err(format!("cannot {title}: {error}")));
        self.tell(call(if made.is_ok() { ItemProgress::Done } else { ItemProgress::Failed })).await?;
        // A script that does not fit its workspace does not fit it the next time either.
        made.map_err(|problem| Halt::Failed(Failure::new(FailureClass::Setup, problem)))
    }

    async fn tell(&self, signal: Signal) -> Result<(), Halt> {
        self.running.tell(signal).await
    }
}
