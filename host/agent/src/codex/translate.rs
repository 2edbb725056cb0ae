//! From the messages of `codex app-server` to signals, one turn at a time, without input or output.
//!
//! It never decides whether something is allowed, and never waits.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;

use evident_core::agent::{
    Answer, Ended, Ending, FINAL_MESSAGE_BYTES_MAX, Failure, FailureClass, Item, ItemKind, ItemProgress,
    Usage,
};
use evident_core::evidence::Timestamp;
use evident_core::text::{self, Lines};
use serde_json::{Value, json};

use super::asks::{self, Asked, Waiting};
use super::protocol::{self, Message, string};
use super::usage::Totals;
use super::{failure, items};
use crate::Signal;

/// Items that can be open at a time, and changes of files that an ask can name: a turn runs a handful.
const OPEN_ITEMS_MAX: usize = 1024;

/// Helpers that can work at a time: codex itself allows a handful.
const HELPERS_MAX: usize = 64;

/// Asks that can wait at a time. Further ones are declined: codex asks one by one.
const ASKS_MAX: usize = 64;

/// What follows from a message.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Output {
    /// The host is told.
    Signal(Signal),
    /// This line goes to codex.
    Line(String),
    /// This request goes to codex, and its answer does not matter.
    Request(&'static str, Value),
}

/// The state of a thread, and of the turn that runs in it.
#[derive(Debug)]
pub(super) struct Translator {
    thread: String,
    workspace: PathBuf,
    asks: bool,
    totals: Totals,
    limit: Option<Timestamp>,
    turn: Option<Running>,
    /// The threads of helpers that the agent started, and the turns that run in them. They outlive the turn.
    helpers: BTreeMap<String, String>,
    /// What helpers used after the turn that started them.
    owed: Usage,
}

#[derive(Debug, Default)]
struct Running {
    id: String,
    interrupted: bool,
    message: LastMessage,
    open: HashSet<String>,
    changes: HashMap<String, Vec<String>>,
    waiting: BTreeMap<String, Waiting>,
    /// Items that were asked for and allowed.
    allowed: HashSet<String>,
    error: Option<Value>,
}

/// The agent's last message: the one that answers, where it says which one that is.
#[derive(Debug, Default)]
pub(super) struct LastMessage {
    text: String,
    answers: bool,
}

impl LastMessage {
    /// Takes an item that ended.
    pub(super) fn take(&mut self, item: &Value) {
        let Some(said) = items::said(item) else { return };
        let answers = string(item, "/phase") != Some("commentary");
        if answers || !self.answers {
            self.text = ending_of(said);
            self.answers = answers;
        }
    }

    /// The text, made safe and cut at its front.
    pub(super) fn text(&self) -> String {
        self.text.clone()
    }
}

/// The last bytes of a text: the block that the host looks for stands at the end.
fn ending_of(said: &str) -> String {
    let safe = text::clean(said, usize::MAX, Lines::Keep);
    let from = safe.len().saturating_sub(FINAL_MESSAGE_BYTES_MAX);
    let border = (from..=safe.len()).find(|&at| safe.is_char_boundary(at)).unwrap_or(safe.len());
    safe[border..].to_string()
}

impl Translator {
    /// For a thread that works in that folder. Without `asks`, codex was told never to ask, and what it asks
    /// for all the same is declined.
    pub(super) fn new(thread: &str, workspace: PathBuf, asks: bool) -> Self {
        Self {
            thread: thread.to_string(),
            workspace,
            asks,
            totals: Totals::default(),
            limit: None,
            turn: None,
            helpers: BTreeMap::new(),
            owed: Usage::default(),
        }
    }

    /// The thread.
    pub(super) fn thread(&self) -> &str {
        &self.thread
    }

    /// A turn runs from here on.
    pub(super) fn begin(&mut self, turn: &str) {
        self.turn = Some(Running { id: turn.to_string(), ..Running::default() });
    }

    /// The threads and turns of helpers that still work.
    pub(super) fn helpers(&self) -> &BTreeMap<String, String> {
        &self.helpers
    }

    /// What asks codex to end the turn. None where no turn runs.
    pub(super) fn interrupt(&mut self) -> Option<Output> {
        let turn = self.turn.as_mut()?;
        turn.interrupted = true;
        Some(Output::Request("turn/interrupt", json!({ "threadId": self.thread, "turnId": turn.id })))
    }

    /// What tells codex the answer to an ask. Nothing where it does not wait any more.
    pub(super) fn answer(&mut self, id: &str, answer: &Answer) -> Vec<Output> {
        let Some(turn) = self.turn.as_mut() else { return Vec::new() };
        let Some(waiting) = turn.waiting.remove(id) else { return Vec::new() };
        let reply = Output::Line(protocol::reply(waiting.request(), &waiting.answer(answer)));
        match answer {
            Answer::Allow => {
                if turn.allowed.len() < OPEN_ITEMS_MAX {
                    turn.allowed.extend(waiting.item);
                }
                vec![reply]
            }
            // Codex has no field for a reason: it is said first, so that it stands beside the refusal.
            Answer::Deny(reason) => {
                vec![self.say(&format!("`{}` was not allowed: {reason}", waiting.act)), reply]
            }
        }
    }

    /// Takes one message. What belongs to no turn that runs is only remembered.
    pub(super) fn take(&mut self, message: Message) -> Vec<Output> {
        match message {
            Message::Response { .. } => Vec::new(),
            Message::Request { id, method, params } => self.asked(&id, &method, &params),
            Message::Notice { method, params } => self.told(&method, &params),
        }
    }

    /// How the turn ended that codex never got to end, for that failure.
    pub(super) fn broke_off(&mut self, failure: Failure) -> Ended {
        let turn = self.turn.take().unwrap_or_default();
        let ending = if turn.interrupted { Ending::Interrupted } else { Ending::Failed(failure) };
        Ended { ending, message: turn.message.text() }
    }

    fn told(&mut self, method: &str, params: &Value) -> Vec<Output> {
        match method {
            "item/started" => self.started(&params["item"]),
            "item/completed" => self.completed(params),
            "thread/tokenUsage/updated" => self.used(params),
            "account/rateLimits/updated" => self.limited(&params["rateLimits"]),
            "error" => self.error(params),
            "serverRequest/resolved" => self.withdrawn(&params["requestId"]),
            "turn/started" => self.helper_began(params),
            "turn/completed" => self.ended(params),
            "warning" | "guardianWarning" | "model/rerouted" => self.notice(params, ItemProgress::Done),
            "hook/completed" => match string(params, "/run/status") {
                Some("failed" | "blocked" | "stopped") => self.notice(&params["run"], ItemProgress::Failed),
                _ => Vec::new(),
            },
            "turn/plan/updated" | "turn/diff/updated" => self.alive(),
            // Everything else about an item is a piece of it.
            _ if method.starts_with("item/") => self.alive(),
            _ => Vec::new(),
        }
    }

    fn alive(&self) -> Vec<Output> {
        self.turn.iter().map(|_| Output::Signal(Signal::Alive)).collect()
    }

    fn started(&mut self, item: &Value) -> Vec<Output> {
        let Some(turn) = self.turn.as_mut() else { return Vec::new() };
        if !items::is_tool_call(item) {
            // What a message or a thought says is known when it is whole.
            return if string(item, "/type") == Some("userMessage") { Vec::new() } else { self.alive() };
        }
        let id = string(item, "/id").unwrap_or_default();
        if turn.open.len() < OPEN_ITEMS_MAX {
            turn.open.insert(id.to_string());
        }
        let changed = items::changed(item);
        if !changed.is_empty() && turn.changes.len() < OPEN_ITEMS_MAX {
            turn.changes.insert(id.to_string(), changed.into_iter().map(str::to_string).collect());
        }
        let begun = items::shown(item, ItemProgress::Begun).map(|item| Output::Signal(Signal::Item(item)));
        begun.into_iter().chain([one_tool_call()]).collect()
    }

    fn completed(&mut self, params: &Value) -> Vec<Output> {
        let Some(turn) = self.turn.as_mut() else { return Vec::new() };
        let item = &params["item"];
        // What a helper says is said to the agent, not to the host.
        if string(params, "/threadId") == Some(self.thread.as_str()) {
            turn.message.take(item);
        }
        let id = string(item, "/id").unwrap_or_default();
        let untold = !turn.open.remove(id) && turn.open.len() < OPEN_ITEMS_MAX && items::is_tool_call(item);
        turn.changes.remove(id);
        let shown = items::shown(item, items::progress_of(item));
        let refused = turn.allowed.remove(id).then(|| items::refusal(item)).flatten();
        // No trouble with the model: the agent goes on.
        let refused = refused.zip(shown.as_ref()).map(|(why, shown)| {
            let told =
                format!("`{}` was allowed, and the system refused it all the same: {why}", shown.title);
            Output::Signal(notice(&told, ItemProgress::Done))
        });
        let ended = shown.map(|item| Output::Signal(Signal::Item(item)));
        ended.into_iter().chain(refused).chain(untold.then(one_tool_call)).collect()
    }

    fn used(&mut self, params: &Value) -> Vec<Output> {
        let thread = string(params, "/threadId").unwrap_or_default();
        let used = self.totals.add(thread, &params["tokenUsage"]);
        let turn = self.turn.as_ref().map(|turn| turn.id.as_str());
        // A thread that is resumed first tells the total that its last turn ended with.
        if thread == self.thread && string(params, "/turnId") != turn {
            return Vec::new();
        }
        self.owed = self.owed.plus(used);
        if turn.is_none() || self.owed == Usage::default() {
            return Vec::new();
        }
        vec![Output::Signal(Signal::Usage(std::mem::take(&mut self.owed)))]
    }

    fn helper_began(&mut self, params: &Value) -> Vec<Output> {
        let thread = string(params, "/threadId").unwrap_or_default();
        let turn = string(params, "/turn/id").unwrap_or_default();
        if thread != self.thread && self.helpers.len() < HELPERS_MAX {
            self.helpers.insert(thread.to_string(), turn.to_string());
        }
        Vec::new()
    }

    /// Remembers when the last window that is used up opens again.
    fn limited(&mut self, limits: &Value) -> Vec<Output> {
        let opens = |window: &str| {
            let window = &limits[window];
            let full = protocol::count(window, "/usedPercent") >= 100;
            window["resetsAt"]
                .as_u64()
                .filter(|_| full)
                .map(|seconds| Timestamp(seconds.saturating_mul(1000)))
        };
        self.limit = opens("primary").max(opens("secondary"));
        Vec::new()
    }

    fn error(&mut self, params: &Value) -> Vec<Output> {
        let Some(turn) = self.turn.as_mut() else { return Vec::new() };
        if params["willRetry"] != Value::Bool(true) {
            // An error of a helper's thread is the business of the agent that started it.
            if string(params, "/turnId") == Some(turn.id.as_str()) {
                turn.error = Some(params["error"].clone());
            }
            return Vec::new();
        }
        self.notice(&params["error"], ItemProgress::Failed)
    }

    fn notice(&self, told: &Value, progress: ItemProgress) -> Vec<Output> {
        let parts = ["/message", "/statusMessage", "/eventName", "/additionalDetails"];
        let parts: Vec<&str> = parts.iter().filter_map(|part| string(told, part)).collect();
        self.turn.iter().map(|_| Output::Signal(notice(&parts.join(": "), progress))).collect()
    }

    fn asked(&mut self, id: &Value, method: &str, params: &Value) -> Vec<Output> {
        let none: &[String] = &[];
        let changes = self.turn.as_ref().map(|turn| &turn.changes);
        let changed = |item: &str| changes.and_then(|changes| changes.get(item)).map_or(none, Vec::as_slice);
        let asked = asks::read(id, method, params, &self.workspace, changed);
        match asked {
            Asked::Unknown => vec![Output::Line(protocol::refusal(id, method))],
            Asked::Declined(answer, reason) => self.declined(id, method, &answer, reason),
            Asked::Ask(ask, waiting) => match self.turn.as_mut() {
                Some(turn) if self.asks && turn.waiting.len() < ASKS_MAX => {
                    turn.waiting.insert(ask.id.clone(), waiting);
                    vec![Output::Signal(Signal::Asked(ask))]
                }
                _ => self.declined(id, method, &waiting.answer(&Answer::Deny(String::new())), asks::NOBODY),
            },
        }
    }

    fn declined(&self, id: &Value, method: &str, answer: &Value, reason: &str) -> Vec<Output> {
        let reply = Output::Line(protocol::reply(id, answer));
        if self.turn.is_none() {
            return vec![reply];
        }
        let told = Output::Signal(notice(&format!("{method} was declined: {reason}"), ItemProgress::Failed));
        vec![self.say(reason), reply, told]
    }

    /// Adds a word of the host to the turn that runs.
    fn say(&self, said: &str) -> Output {
        let turn = self.turn.as_ref().map_or("", |turn| turn.id.as_str());
        let params =
            json!({ "threadId": self.thread, "expectedTurnId": turn, "input": protocol::input(said) });
        Output::Request("turn/steer", params)
    }

    fn withdrawn(&mut self, request: &Value) -> Vec<Output> {
        let Some(turn) = self.turn.as_mut() else { return Vec::new() };
        let id = asks::name(request);
        turn.waiting.remove(&id).map(|_| Output::Signal(Signal::Withdrawn(id))).into_iter().collect()
    }

    fn ended(&mut self, params: &Value) -> Vec<Output> {
        if let Some(thread) = string(params, "/threadId") {
            self.helpers.remove(thread);
        }
        let ours = self.turn.take_if(|turn| {
            string(params, "/threadId") == Some(self.thread.as_str())
                && string(params, "/turn/id") == Some(turn.id.as_str())
        });
        let Some(turn) = ours else { return Vec::new() };
        let mut outputs: Vec<Output> =
            turn.waiting.into_keys().map(|id| Output::Signal(Signal::Withdrawn(id))).collect();
        let error = params.pointer("/turn/error").filter(|error| !error.is_null()).or(turn.error.as_ref());
        let ending = ending(string(params, "/turn/status"), turn.interrupted, error, self.limit);
        let ended = Ended { ending, message: turn.message.text() };
        outputs.push(Output::Signal(Signal::Ended(ended)));
        outputs
    }
}

/// How a turn ended, by its status.
pub(super) fn ending(
    status: Option<&str>,
    by_host: bool,
    error: Option<&Value>,
    limit: Option<Timestamp>,
) -> Ending {
    match (status, error) {
        (Some("completed"), _) => Ending::Completed,
        (Some("interrupted"), _) if by_host => Ending::Interrupted,
        (Some("failed" | "interrupted"), Some(error)) => Ending::Failed(failure::of_error(error, limit)),
        (Some("interrupted"), None) => {
            Ending::Failed(Failure::new(FailureClass::Exited, "codex ended the turn, and nobody asked it to"))
        }
        (Some("failed"), None) => {
            Ending::Failed(Failure::new(FailureClass::Unavailable, "codex failed and gave no reason"))
        }
        _ => Ending::Failed(Failure::new(FailureClass::Garbage, "codex ended the turn in an unknown way")),
    }
}

pub(super) fn notice(told: &str, progress: ItemProgress) -> Signal {
    Signal::Item(Item { kind: ItemKind::Notice, title: text::name(told), progress })
}

fn one_tool_call() -> Output {
    Output::Signal(Signal::Usage(Usage { tool_calls: 1, ..Usage::default() }))
}

#[cfg(test)]
mod tests;
