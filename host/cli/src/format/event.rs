//! An event of a goal in one line, for a history. It leaves nothing out that a person would look for, and
//! shows no digest: `--format json` has everything.

use std::time::Duration;

use evident_core::agent::{Ending, Usage};
use evident_core::contract::values::show_duration;
use evident_core::goal::claim::{Claim, Request};
use evident_core::goal::event::{Assessed, ClauseStatus, Event, Recorded, TurnEnded};
use evident_core::text;
use serde::Serialize;

use super::goal::{answer, turn_kind, wake};
use super::page::counted;
use crate::ui::{style, styled};

/// Bytes of what was said or claimed, in a line.
const SAID_BYTES: usize = 200;

/// True if the event only accounts: time, tokens, looks at what is waited for.
pub(crate) fn accounts(event: &Event) -> bool {
    matches!(event, Event::Charged { .. } | Event::Waited { .. } | Event::TurnTaken { .. })
}

/// Number, time, who, and what.
pub(crate) fn line(recorded: &Recorded) -> String {
    let when = styled(style::FAINT, &super::time(recorded.at));
    format!("{:>5}  {when}  {:<5}  {}\n", recorded.seq, recorded.actor.to_string(), told(&recorded.event))
}

fn told(event: &Event) -> String {
    match event {
        Event::Created(created) => format!("created `{}`", text::line(&created.name)),
        Event::Revised { revision, .. } => format!("revision {revision} of the contract is in force"),
        Event::Attached { process, driver, assurance, .. } => {
            format!("process {process} drives it with {driver}, {assurance}")
        }
        Event::StateChanged { from, to, detail, .. } => format!("{from} -> {to}: {detail}"),
        Event::Assessed(assessed) => told_assessed(assessed),
        Event::TurnStarted { turn, kind, repeated, .. } => {
            let again = if *repeated { ", sent again" } else { "" };
            format!("turn {turn} {}{again}", turn_kind(*kind))
        }
        Event::TurnTaken { turn, session, .. } => {
            let session = session.as_ref().map(|session| format!(", session {}", text::name(session)));
            format!("turn {turn} was taken by the agent{}", session.unwrap_or_default())
        }
        Event::Charged { turn, usage, wall_ms } => {
            format!("turn {turn} used {}", told_used(*usage, *wall_ms))
        }
        Event::TurnEnded(ended) => told_ended(ended),
        Event::Interrupted { turn, detail, .. } => format!("turn {turn} is being ended: {detail}"),
        Event::TurnLost { turn, failure: Some(failure), .. } => {
            format!("turn {turn} did not start: {failure}")
        }
        Event::TurnLost { turn, failure: None, unsent } => {
            let sent = if *unsent { "never got to the agent" } else { "was lost sight of" };
            format!("turn {turn} {sent}")
        }
        Event::Claimed { turn, claim, .. } => format!("turn {turn}: {}", told_claim(claim)),
        Event::Planning { planning: true } => "the agent only plans".into(),
        Event::Planning { planning: false } => "the agent does not only plan any more".into(),
        Event::Waiting { wake: on, by, .. } => format!("waits {}, as the {by} wants", wake(on)),
        Event::Waited { wait_ms, .. } => {
            format!("waited {}", show_duration(Duration::from_millis(*wait_ms)))
        }
        Event::Woken { detail } => format!("woken: {detail}"),
        Event::Said { message, text } => format!("message {message}: {}", joined(text)),
        Event::Asked { ask, why, .. } => format!("a person must decide ({why}): {}", joined(&act(ask))),
        Event::Answered { ask, answer: given, .. } => format!("{}: {}", answer(given), joined(&act(ask))),
        Event::Withdrawn { ask, .. } => format!("the agent does not ask any more: {}", joined(&act(ask))),
        Event::Probed { detail } => format!("still not: {detail}"),
        Event::Refused { command, reason } => format!("{command} had no effect: {reason}"),
    }
}

fn act(ask: &evident_core::agent::Ask) -> String {
    ask.act.to_string()
}

fn joined(said: &str) -> String {
    text::clean(said, SAID_BYTES, text::Lines::Join)
}

fn told_assessed(assessed: &Assessed) -> String {
    let passing = assessed.clauses.iter().filter(|clause| clause.status == ClauseStatus::Pass).count();
    let others = assessed.clauses.iter().filter(|clause| clause.status != ClauseStatus::Pass);
    let others: Vec<&str> = others.map(|clause| clause.name.as_str()).collect();
    let open = if others.is_empty() { String::new() } else { format!(", not {}", others.join(", ")) };
    let (word, all, why) = (assessed.roll_up.word(), assessed.clauses.len(), kebab(&assessed.why));
    format!("assessed ({why}): {word}, {passing} of {all} clauses pass{open}")
}

fn told_ended(ended: &TurnEnded) -> String {
    let how = match &ended.ending {
        Ending::Completed if ended.idle => "ended, nothing was done in it".into(),
        Ending::Completed => "ended".into(),
        Ending::Interrupted => "was ended by the host".into(),
        Ending::Failed(failure) => format!("broke off: {failure}"),
    };
    format!("turn {} {how}", ended.turn)
}

fn told_used(usage: Usage, wall_ms: u64) -> String {
    let mut parts = Vec::new();
    if usage.tool_calls > 0 {
        parts.push(counted(usage.tool_calls, "tool call"));
    }
    if usage.tokens() > 0 {
        parts.push(counted(usage.tokens(), "token"));
    }
    if usage.cost_microusd > 0 {
        parts.push(format!(
            "${}.{:04}",
            usage.cost_microusd / 1_000_000,
            usage.cost_microusd % 1_000_000 / 100
        ));
    }
    parts.push(show_duration(Duration::from_millis(wall_ms)));
    parts.join(", ")
}

fn told_claim(claim: &Claim) -> String {
    let asks = match claim.request {
        Request::None => "the agent asks for nothing".to_owned(),
        Request::Complete => "the agent claims to be done".to_owned(),
        Request::Blocked => "the agent claims to be blocked".to_owned(),
        Request::Wait => "the agent wants to wait".to_owned(),
    };
    let tried =
        if claim.tried.is_empty() { String::new() } else { format!("; tried {}", claim.tried.join(", ")) };
    joined(&format!("{asks}{tried}"))
}

/// A closed word as its JSON form has it.
fn kebab(word: &impl Serialize) -> String {
    let value = serde_json::to_value(word).expect("a word has a JSON form");
    value.as_str().unwrap_or_default().to_owned()
}
