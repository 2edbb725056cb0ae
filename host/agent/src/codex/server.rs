//! `codex app-server`: started, asked, and heard.
//!
//! It runs no turn; what the messages mean is for `translate.rs`.

use std::collections::BTreeMap;
use std::time::Duration;

use evident_core::agent::{Failure, FailureClass};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::launch::{self, Settings};
use super::protocol::{self, Message};
use super::translate::Output;
use crate::Setup;
use crate::process::Process;

/// Time for an answer to a request. The program answers in a moment; starting a thread also starts the MCP
/// servers of the user, which may be slow.
const ANSWER_MAX: Duration = Duration::from_secs(60);

/// Messages that come before an answer: a thread that starts tells a dozen.
const EARLY_MAX: usize = 4096;

/// Why a request got no result.
#[derive(Debug)]
pub(super) enum Unanswered {
    /// The program refused it, in one line that is safe to show.
    Refused(String),
    /// The program cannot be asked any more.
    Failed(Failure),
}

/// The program, ready for requests.
#[derive(Debug)]
pub(super) struct Server {
    process: Process,
    requests: u64,
    early: Vec<Message>,
}

impl Server {
    /// Starts the program and greets it.
    pub(super) async fn start(settings: &Settings, setup: &Setup) -> Result<Self, Failure> {
        let process = settings.start(setup, &["app-server"])?;
        let mut server = Self { process, requests: 0, early: Vec::new() };
        server.ask("initialize", &protocol::initialize()).await.map_err(refused_as(FailureClass::Setup))?;
        server.write(&protocol::initialized()).await?;
        Ok(server)
    }

    /// The leader of the process group.
    pub(super) fn id(&self) -> u32 {
        self.process.number()
    }

    /// Sends a request and waits for its answer. Messages that come first are kept for [`Self::early`].
    pub(super) async fn ask(&mut self, method: &str, params: &Value) -> Result<Value, Unanswered> {
        let id = self.request(method, params).await.map_err(Unanswered::Failed)?;
        let answer = async {
            loop {
                match self.message().await.map_err(Unanswered::Failed)? {
                    Message::Response { id: of, result } if of == id => {
                        return result.map_err(Unanswered::Refused);
                    }
                    Message::Response { .. } => {}
                    early if self.early.len() < EARLY_MAX => self.early.push(early),
                    _ => {
                        let told = format!("codex wrote more than {EARLY_MAX} messages before an answer");
                        return Err(Unanswered::Failed(Failure::new(FailureClass::Flood, told)));
                    }
                }
            }
        };
        let silent = || Failure::new(FailureClass::Stalled, format!("codex does not answer `{method}`"));
        timeout(ANSWER_MAX, answer).await.unwrap_or_else(|_| Err(Unanswered::Failed(silent())))
    }

    /// A turn begins: what was heard before does not count against it.
    pub(super) fn hear_anew(&self) {
        self.process.begin_turn();
    }

    /// What came before an answer that was waited for, in order.
    pub(super) fn early(&mut self) -> Vec<Message> {
        std::mem::take(&mut self.early)
    }

    /// The next message. It can be called again where it was not waited for.
    pub(super) async fn message(&mut self) -> Result<Message, Failure> {
        match self.process.next_line().await? {
            Some(line) => protocol::read(&line)
                .map_err(|garbage| Failure::new(FailureClass::Garbage, garbage.to_string())),
            None => Err(self.process.broke_off().await),
        }
    }

    /// Sends what follows from a message. Signals are not for the program.
    pub(super) async fn send(&mut self, output: &Output) -> Result<(), Failure> {
        match output {
            Output::Signal(_) => Ok(()),
            Output::Line(line) => self.write(line).await,
            Output::Request(method, params) => self.request(method, params).await.map(drop),
        }
    }

    /// Ends what a turn left at work, which codex does neither when the turn ends nor when it is interrupted:
    /// helpers that the agent started, by thread and turn, and commands. They would change the files that
    /// are judged next.
    pub(super) async fn end_rest(
        &mut self,
        thread: &str,
        helpers: &BTreeMap<String, String>,
    ) -> Result<(), Unanswered> {
        for (helper, turn) in helpers {
            match self.ask("turn/interrupt", &json!({ "threadId": helper, "turnId": turn })).await {
                // One that has just ended cannot be interrupted.
                Ok(_) | Err(Unanswered::Refused(_)) => self.end_commands(helper).await?,
                Err(failed) => return Err(failed),
            }
        }
        self.end_commands(thread).await
    }

    async fn end_commands(&mut self, thread: &str) -> Result<(), Unanswered> {
        self.ask("thread/backgroundTerminals/clean", &json!({ "threadId": thread })).await.map(drop)
    }

    /// Ends the program.
    pub(super) async fn close(self) {
        launch::close(self.process).await;
    }

    async fn request(&mut self, method: &str, params: &Value) -> Result<u64, Failure> {
        self.requests += 1;
        self.write(&protocol::request(self.requests, method, params)).await?;
        Ok(self.requests)
    }

    /// Writes a line. A program that does not read any more says why where it ends.
    async fn write(&mut self, line: &str) -> Result<(), Failure> {
        match self.process.write_line(line) {
            Err(failure) if failure.class == FailureClass::Exited => Err(self.process.broke_off().await),
            written => written,
        }
    }
}

/// Reads a refusal as a failure of that class.
pub(super) fn refused_as(class: FailureClass) -> impl FnOnce(Unanswered) -> Failure {
    move |unanswered| match unanswered {
        Unanswered::Refused(reason) => Failure::new(class, reason),
        Unanswered::Failed(failure) => failure,
    }
}
