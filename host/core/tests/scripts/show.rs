//! Events, actions and goals in one line each.

use evident_core::goal::Goal;
use evident_core::goal::event::{Event, TurnEnded};
use evident_core::goal::state::Actor;
use evident_core::goal::step::Action;
use serde::Serialize;

/// A word as it is stored.
pub(crate) fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value).expect("has a JSON form") {
        serde_json::Value::String(word) => word,
        other => other.to_string(),
    }
}

pub(crate) fn event(actor: Actor, event: &Event) -> String {
    let shown = match event {
        Event::StateChanged { from, to, cause, detail, .. } => {
            format!("{from} -> {to} ({}): {detail}", cause.word())
        }
        Event::Assessed(assessed) => {
            let progress: String = assessed.progress.iter().map(|line| format!("; {line}")).collect();
            let (why, scope) = (word(&assessed.why), word(&assessed.scope));
            format!("assessed {why} {scope}: {}{progress}", assessed.roll_up.word())
        }
        Event::TurnStarted { turn, kind, revision, repeated, messages, .. } => {
            let repeated = if *repeated { " repeated" } else { "" };
            let messages =
                if messages.is_empty() { String::new() } else { format!(" messages {messages:?}") };
            format!("turn {turn} started: {} of revision {revision}{repeated}{messages}", word(kind))
        }
        Event::TurnTaken { turn, .. } => format!("turn {turn} taken"),
        Event::Charged { turn, usage, wall_ms } => format!(
            "turn {turn} charged: {} tokens, {} calls, {wall_ms} ms, {} microusd",
            usage.tokens(),
            usage.tool_calls,
            usage.cost_microusd
        ),
        Event::TurnEnded(ended) => turn_ended(ended),
        Event::Interrupted { turn, by, detail } => {
            format!("turn {turn} interrupted ({}): {detail}", word(by))
        }
        Event::TurnLost { turn, failure, unsent } => {
            let failure = failure.as_ref().map(|failure| format!(": {failure}")).unwrap_or_default();
            format!("turn {turn} lost, {}{failure}", if *unsent { "never sent" } else { "perhaps sent" })
        }
        Event::Claimed { turn, claim, stale } => {
            let stale = if *stale { " (asks for nothing)" } else { "" };
            let malformed = if claim.malformed { " malformed" } else { "" };
            format!("turn {turn} claimed {}{malformed}{stale}", word(&claim.request))
        }
        other => rest(other),
    };
    format!("{actor}: {shown}")
}

fn turn_ended(ended: &TurnEnded) -> String {
    let idle = if ended.idle { ", idle" } else { "" };
    let due = ended.due.map(|why| format!(", due {}", word(&why))).unwrap_or_default();
    let ending = match &ended.ending {
        evident_core::agent::Ending::Completed => "completed".to_owned(),
        evident_core::agent::Ending::Interrupted => "interrupted".to_owned(),
        evident_core::agent::Ending::Failed(failure) => format!("failed: {failure}"),
    };
    format!("turn {} ended: {ending}{idle}{due}", ended.turn)
}

fn rest(event: &Event) -> String {
    match event {
        Event::Revised { revision, .. } => format!("revised to {revision}"),
        Event::Attached { driver, .. } => format!("attached {driver}"),
        Event::Planning { planning } => format!("planning {planning}"),
        Event::Waiting { wake, by, .. } => {
            let until = wake.until_ms.map(|until| format!(" until {until} ms")).unwrap_or_default();
            format!("waits for {} every {} ms{until}, by {by}", word(&wake.on), wake.every_ms)
        }
        Event::Waited { wait_ms, mark } => {
            let mark = mark.as_ref().map(|mark| format!(" mark {mark}")).unwrap_or_default();
            format!("waited {wait_ms} ms{mark}")
        }
        Event::Woken { detail } => format!("woken: {detail}"),
        Event::Said { message, text } => format!("said {message}: {}", shortened(text)),
        Event::Asked { ask, why, .. } => format!("asked {}: {} ({why})", ask.id, ask.act),
        Event::Answered { ask, answer, .. } => format!("answered {}: {}", ask.id, word(answer)),
        Event::Withdrawn { ask, .. } => format!("withdrawn {}", ask.id),
        Event::Probed { detail } => format!("probed: {detail}"),
        Event::Refused { command, reason } => format!("refused {command}: {reason}"),
        other => panic!("{other:?} has no line"),
    }
}

fn shortened(text: &str) -> String {
    let short: String = text.chars().take(40).collect();
    if short.len() == text.len() { short } else { format!("{short}... {} bytes", text.len()) }
}

pub(crate) fn action(action: &Action) -> String {
    match action {
        Action::Begin(kind) => format!("begin {}", word(kind)),
        Action::Assess(why, scope) => format!("assess {} {}", word(why), word(scope)),
        Action::Wait(milliseconds) => format!("wait {milliseconds} ms"),
        Action::Answer { ask, answer } => format!("answer {ask}: {}", word(answer)),
        Action::Send => "send".into(),
        Action::Interrupt => "interrupt".into(),
        Action::Look => "look".into(),
        Action::Probe => "probe".into(),
        Action::LookUp => "look up".into(),
        Action::Stop => "stop".into(),
    }
}

/// State and every count that is not at rest.
pub(crate) fn goal(goal: &Goal) -> String {
    let mut shown = goal.state.to_string();
    let mut add = |name: &str, count: u64| {
        if count > 0 {
            shown += &format!(" {name}={count}");
        }
    };
    add("turns", goal.spent.turns);
    add("tokens", goal.spent.usage.tokens());
    add("wall", goal.spent.wall_ms);
    add("idle", goal.idle.into());
    add("stalled", goal.stalled.into());
    add("blocker", goal.worst_blocker().map_or(0, |(_, turns)| turns.into()));
    add("failures", goal.failures.map_or(0, |(_, times)| times.into()));
    add("probes", goal.probes.into());
    add("messages", goal.messages.len() as u64);
    add("approvals", goal.approvals.len() as u64);
    add("waited", goal.waiting.as_ref().map_or(0, |waiting| waiting.waited_ms));
    for (flag, name) in [
        (goal.turn.is_some(), "running"),
        (goal.waiting.is_some(), "waiting"),
        (goal.planning, "planning"),
        (goal.repeat, "repeat"),
        (goal.revised, "revised"),
        (goal.wrapped_up, "wrapped-up"),
    ] {
        if flag {
            shown += " ";
            shown += name;
        }
    }
    goal.due.map_or(shown.clone(), |why| format!("{shown} due={}", word(&why)))
}
