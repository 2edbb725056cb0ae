//! Reads the lines of Claude Code and says what they mean for a turn: signals for the host, and lines that
//! the agent must be answered with.
//!
//! It sends nothing and reads no clock: what it is given decides what it says.

use std::collections::BTreeMap;
use std::path::PathBuf;

use evident_core::agent::{
    Answer, Ask, Ended, Ending, FINAL_MESSAGE_BYTES_MAX, Failure, FailureClass, Item, ItemKind, ItemProgress,
    Usage,
};
use evident_core::evidence::Timestamp;
use evident_core::text;
use serde_json::Value;

use super::act;
use super::failure::{Trouble, of_start};
use super::line::{Block, Content, Finished, Line, RateLimit, Request, Response, Spoken, System};
use super::request;
use super::usage::Account;
use crate::Signal;

/// Questions that may wait for an answer at once; more are refused at once.
const ASKS_MAX: usize = 64;

/// Tool calls whose titles are remembered until they end; later ones end without a name.
const CALLS_MAX: usize = 1024;

/// Tries of a refused login that are waited for. The agent makes ten, for minutes; the second one shows
/// that a new token did not help.
const LOGIN_TRIES: u64 = 2;

/// What a line means.
#[derive(Debug, PartialEq)]
pub(crate) enum Step {
    /// The protocol is open: a prompt may be sent.
    Opened,
    /// For the host.
    Signal(Signal),
    /// For the agent: a line.
    Reply(String),
    /// The turn cannot come to anything: the agent must be told to end it.
    GiveUp,
}

/// Reads the lines of one process.
#[derive(Debug)]
pub(crate) struct Reader {
    workspace: PathBuf,
    /// The leader of the process group.
    process: Option<u32>,
    account: Account,
    /// Questions that wait, with the input of their call.
    asks: BTreeMap<String, Value>,
    /// Titles of calls that run.
    calls: BTreeMap<String, String>,
    turn: Course,
}

/// What is known of the turn that runs.
#[derive(Debug, Default)]
struct Course {
    /// The id of its prompt.
    prompt: Option<String>,
    started: bool,
    interrupted: bool,
    /// Why it was given up.
    given_up: Option<Failure>,
    /// The last text of the agent itself, not of a subagent.
    said: String,
    /// Why the model could not be asked.
    trouble: Option<String>,
    /// Set where the subscription is used up.
    limit: Option<Option<Timestamp>>,
}

impl Reader {
    /// Reads a process that begins a conversation or goes on with one.
    pub(crate) fn new(workspace: PathBuf, process: Option<u32>, resumed: bool) -> Self {
        Self {
            workspace,
            process,
            account: Account::new(resumed),
            asks: BTreeMap::new(),
            calls: BTreeMap::new(),
            turn: Course::default(),
        }
    }

    /// A turn begins, with this id of its prompt. Questions and calls of a run that the agent began by
    /// itself go on.
    pub(crate) fn begin(&mut self, prompt: String) {
        self.turn = Course { prompt: Some(prompt), ..Course::default() };
    }

    /// The host wants the turn to end.
    pub(crate) fn interrupt(&mut self) {
        self.turn.interrupted = true;
    }

    /// The line that answers a question, unless it is not asked any more.
    pub(crate) fn answer(&mut self, id: &str, answer: &Answer) -> Option<String> {
        self.asks.remove(id).map(|input| request::answer(id, &input, answer))
    }

    /// The end of a turn whose agent is gone, with what happened to the agent.
    pub(crate) fn gone(&mut self, failure: Failure) -> Signal {
        let ending = match self.turn.given_up.take() {
            Some(given_up) => Ending::Failed(given_up),
            None if self.turn.interrupted => Ending::Interrupted,
            None => Ending::Failed(failure),
        };
        Signal::Ended(Ended { ending, message: std::mem::take(&mut self.turn.said) })
    }

    /// Reads a line.
    ///
    /// # Errors
    /// When it is not of the protocol, or when the agent refuses to speak it.
    pub(crate) fn read(&mut self, line: &str) -> Result<Vec<Step>, Failure> {
        let line = serde_json::from_str(line).map_err(|error| {
            Failure::new(FailureClass::Garbage, format!("a line is not of the protocol: {error}"))
        })?;
        let mut steps = Vec::new();
        match line {
            Line::System(system) => self.system(&system, &mut steps),
            Line::Assistant(spoken) => self.assistant(spoken, &mut steps),
            Line::User(spoken) => self.user(spoken, &mut steps),
            Line::Result(finished) => self.result(&finished, &mut steps)?,
            Line::ControlRequest { request_id, request } => self.request(request_id, request, &mut steps),
            Line::ControlResponse { response } => Self::response(&response, &mut steps)?,
            Line::ControlCancelRequest { request_id } => self.withdraw(request_id, &mut steps),
            Line::CommandLifecycle { command_uuid, state, session_id } => {
                if state == "started" && self.turn.prompt.as_deref() == Some(&command_uuid) {
                    self.start(session_id, &mut steps);
                }
            }
            Line::RateLimitEvent { rate_limit_info } => self.limit(&rate_limit_info, &mut steps),
            Line::Other => {}
        }
        Ok(steps)
    }

    fn start(&mut self, session: Option<String>, steps: &mut Vec<Step>) {
        if self.turn.prompt.is_some() && !self.turn.started {
            self.turn.started = true;
            let turn = self.turn.prompt.clone();
            steps.push(Step::Signal(Signal::Started { session, turn, process: self.process }));
        }
    }

    fn system(&mut self, system: &System, steps: &mut Vec<Step>) {
        match system.subtype.as_str() {
            "init" => self.start(system.session_id.clone(), steps),
            "api_retry" => self.retry(system, steps),
            // Without this a turn that thinks for long, or works through a subagent, looks dead.
            "thinking_tokens" | "task_progress" | "compact_boundary" => {
                steps.push(Step::Signal(Signal::Alive));
            }
            "informational" | "notification" | "model_refusal_fallback" | "model_refusal_no_fallback" => {
                let told = system.content.as_deref().or(system.text.as_deref()).unwrap_or(&system.subtype);
                steps.push(item(ItemKind::Notice, told, ItemProgress::Done));
            }
            _ => {}
        }
    }

    fn retry(&mut self, system: &System, steps: &mut Vec<Step>) {
        let word = system.error.as_deref().unwrap_or("unknown");
        let status = system.error_status.map_or_else(String::new, |status| format!(" {status}"));
        let (attempt, of) = (system.attempt.unwrap_or(0), system.max_retries.unwrap_or(0));
        let wait = system.retry_delay_ms.unwrap_or(0);
        let told =
            format!("the model could not be asked: {word}{status}; try {attempt} of {of} in {wait} ms");
        steps.push(item(ItemKind::Notice, &told, ItemProgress::Failed));
        let trouble =
            Trouble { word: Some(word), status: system.error_status, text: &told, ..Trouble::default() };
        let failure = trouble.failure();
        if failure.class == FailureClass::Setup && attempt >= LOGIN_TRIES && self.turn.given_up.is_none() {
            self.turn.given_up = Some(failure);
            steps.push(Step::GiveUp);
        }
    }

    fn assistant(&mut self, spoken: Spoken, steps: &mut Vec<Step>) {
        // A message with an error is not a message of the model: it stands for one that did not come.
        let own = spoken.parent_tool_use_id.is_none() && spoken.error.is_none();
        let mut usage = match (&spoken.message.id, &spoken.message.usage) {
            (Some(id), Some(tokens)) => self.account.of_message(id, tokens),
            _ => Usage::default(),
        };
        for block in blocks(spoken.message.content) {
            match block {
                Block::Text { text } => {
                    steps.push(item(ItemKind::Message, &text, ItemProgress::Done));
                    if own {
                        self.turn.said = end_of(text);
                    }
                }
                Block::Thinking {} => steps.push(item(ItemKind::Reasoning, "thinks", ItemProgress::Done)),
                Block::ToolUse { id, name, input } => {
                    usage.tool_calls += 1;
                    steps.push(self.call(id, &name, &input));
                }
                Block::ToolResult { .. } | Block::Other => {}
            }
        }
        if usage != Usage::default() {
            steps.push(Step::Signal(Signal::Usage(usage)));
        }
        self.turn.trouble = spoken.error.or_else(|| self.turn.trouble.take());
    }

    fn call(&mut self, id: String, name: &str, input: &Value) -> Step {
        let title = act::title(&self.workspace, name, input);
        if self.calls.len() < CALLS_MAX {
            self.calls.insert(id, title.clone());
        }
        Step::Signal(Signal::Item(Item { kind: ItemKind::ToolCall, title, progress: ItemProgress::Begun }))
    }

    fn user(&mut self, spoken: Spoken, steps: &mut Vec<Step>) {
        let own = spoken.parent_tool_use_id.is_none();
        for block in blocks(spoken.message.content) {
            match block {
                Block::ToolResult { tool_use_id, is_error } => {
                    let title = self.calls.remove(&tool_use_id).unwrap_or_else(|| "a tool call".to_owned());
                    let failed = is_error.unwrap_or(false);
                    let progress = if failed { ItemProgress::Failed } else { ItemProgress::Done };
                    steps.push(Step::Signal(Signal::Item(Item {
                        kind: ItemKind::ToolCall,
                        title,
                        progress,
                    })));
                }
                // What its own machinery tells the model: feedback of a hook, an interrupt.
                Block::Text { text } if own => steps.push(item(ItemKind::Notice, &text, ItemProgress::Done)),
                _ => {}
            }
        }
    }

    fn request(&mut self, id: String, request: Request, steps: &mut Vec<Step>) {
        match request {
            Request::CanUseTool { tool_name, input, description } => {
                if self.asks.len() == ASKS_MAX {
                    let refusal = Answer::Deny(format!("more than {ASKS_MAX} questions wait for an answer"));
                    steps.push(Step::Reply(request::answer(&id, &input, &refusal)));
                    return;
                }
                let act = act::act(&self.workspace, &tool_name, &input);
                let explanation = description.as_deref().map(text::message);
                self.asks.insert(id.clone(), input);
                steps.push(Step::Signal(Signal::Asked(Ask { id, act, explanation })));
            }
            Request::HookCallback {} => steps.push(Step::Reply(request::ask(&id))),
            Request::Elicitation {} => steps.push(Step::Reply(request::cancel(&id))),
            Request::Other => steps.push(Step::Reply(request::unsupported(&id))),
        }
    }

    fn response(response: &Response, steps: &mut Vec<Step>) -> Result<(), Failure> {
        let refused = response.subtype == "error";
        match response.request_id.as_str() {
            request::INITIALIZE if refused => {
                let why = response.error.as_deref().unwrap_or("no reason");
                Err(Failure::new(FailureClass::Setup, format!("it does not open its protocol: {why}")))
            }
            request::INITIALIZE => {
                steps.push(Step::Opened);
                Ok(())
            }
            // An interrupt that is refused ends with the grace of the driver.
            _ => Ok(()),
        }
    }

    fn withdraw(&mut self, id: String, steps: &mut Vec<Step>) {
        if self.asks.remove(&id).is_some() {
            steps.push(Step::Signal(Signal::Withdrawn(id)));
        }
    }

    fn limit(&mut self, limit: &RateLimit, steps: &mut Vec<Step>) {
        if limit.status == "allowed" {
            return;
        }
        let kind = limit.kind.as_deref().unwrap_or("unknown");
        let told = format!("limit `{kind}` of the subscription: {}", limit.status);
        steps.push(item(ItemKind::Notice, &told, ItemProgress::Done));
        if limit.status == "rejected" {
            let until = limit.resets_at.and_then(|seconds| seconds.checked_mul(1000)).map(Timestamp);
            self.turn.limit = Some(until);
        }
    }

    fn result(&mut self, finished: &Finished, steps: &mut Vec<Step>) -> Result<(), Failure> {
        let usage = self.account.of_result(finished);
        if usage != Usage::default() {
            steps.push(Step::Signal(Signal::Usage(usage)));
        }
        if !self.is_of_turn(finished) {
            return Ok(());
        }
        if self.turn.prompt.is_none() {
            return Err(of_start(finished).unwrap_or_else(|| {
                Failure::new(FailureClass::Garbage, "a turn ended before its prompt was sent")
            }));
        }
        self.start(finished.session_id.clone(), steps);
        let ending = self.ending(finished);
        let course = std::mem::take(&mut self.turn);
        let message = match (&ending, &finished.result) {
            (Ending::Completed, Some(result)) if !result.is_empty() => end_of(result.clone()),
            // A turn that a hook of the user kept from ending nine times ends without a result.
            _ => course.said,
        };
        steps.push(Step::Signal(Signal::Ended(Ended { ending, message })));
        Ok(())
    }

    /// True where the run answers the prompt of the turn. Runs that the agent began by itself, for a command
    /// in the background that ended, are told apart where it names prompts and origins.
    fn is_of_turn(&self, finished: &Finished) -> bool {
        let named = finished.user_message_uuid.iter().chain(&finished.user_message_uuids);
        let mut named = named.peekable();
        match (&self.turn.prompt, named.peek().is_some()) {
            (Some(prompt), true) => named.any(|id| id == prompt),
            _ => finished.origin.is_none(),
        }
    }

    fn ending(&mut self, finished: &Finished) -> Ending {
        let reason = finished.terminal_reason.as_deref();
        let aborted = reason.is_some_and(|reason| reason.starts_with("aborted_"));
        let text = finished.result.clone().unwrap_or_else(|| finished.errors.join(" "));
        if let (true, Some(failure)) = (aborted, self.turn.given_up.take()) {
            return Ending::Failed(failure);
        }
        if finished.stop_reason.as_deref() == Some("refusal") {
            return Ending::Failed(Failure::new(FailureClass::Refused, text));
        }
        match reason {
            _ if !finished.is_error => Ending::Completed,
            _ if aborted && self.turn.interrupted => Ending::Interrupted,
            _ if aborted => {
                Ending::Failed(Failure::new(FailureClass::Exited, "it broke the turn off by itself"))
            }
            // Its owner bounds what it does in one go; the next turn goes on.
            Some("max_turns") => Ending::Completed,
            // Its owner bounds what it spends in all: every later turn ends like this one.
            Some("budget_exhausted") => Ending::Failed(Failure::new(FailureClass::Refused, text)),
            _ => Ending::Failed(of_start(finished).unwrap_or_else(|| self.trouble(finished, &text))),
        }
    }

    fn trouble(&self, finished: &Finished, text: &str) -> Failure {
        let trouble = Trouble {
            word: self.turn.trouble.as_deref(),
            status: finished.api_error_status,
            reason: finished.terminal_reason.as_deref(),
            limit: self.turn.limit,
            text,
        };
        trouble.failure()
    }
}

fn blocks(content: Content) -> Vec<Block> {
    match content {
        Content::Text(text) => vec![Block::Text { text }],
        Content::Blocks(blocks) => blocks,
    }
}

fn item(kind: ItemKind, title: &str, progress: ItemProgress) -> Step {
    Step::Signal(Signal::Item(Item { kind, title: text::name(title), progress }))
}

/// The text cut at its front to what is kept of a final message.
fn end_of(mut text: String) -> String {
    let over = text.len().saturating_sub(FINAL_MESSAGE_BYTES_MAX);
    let cut = (over..=text.len()).find(|place| text.is_char_boundary(*place)).expect("the end is a boundary");
    text.drain(..cut);
    text
}

#[cfg(test)]
mod tests;
