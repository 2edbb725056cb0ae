//! What an owner's command does.

use super::{Action, Command, Refusal, Step, interrupt};
use crate::agent::Answer;
use crate::goal::budget;
use crate::goal::event::{Event, Interruption};
use crate::goal::message;
use crate::goal::state::{Actor, Blocked, Cause, State};
use crate::goal::{Goal, MESSAGE_BYTES_MAX, MESSAGES_MAX, wake};
use crate::text;

pub(super) fn obey(goal: &Goal, command: &Command, step: &mut Step) -> Result<(), Refusal> {
    let refused = |why: String| Err(Refusal(why));
    let owner = |event: Event| (Actor::Owner, event);
    if goal.state == State::Cleared {
        return refused("the goal is cleared; its history stays".into());
    }
    if goal.state == State::Complete
        && matches!(command, Command::Say { .. } | Command::Edit { .. } | Command::Wake { .. })
    {
        return refused("the goal is complete: what is wanted beyond it is a new goal".into());
    }
    match command {
        Command::Pause { now } => pause(goal, *now, step),
        Command::Resume => resume(goal, step),
        Command::Say { text } => say(goal, text, step),
        Command::Edit { contract, objective, terms } => {
            if *contract == goal.contract {
                return refused("the contract is the one in force".into());
            }
            step.events.push(owner(Event::Revised {
                revision: goal.revision + 1,
                contract: *contract,
                objective: text::message(objective),
                terms: terms.clone(),
            }));
            Ok(())
        }
        Command::Wake { wait: Some(wait) } => {
            let (name, wake) = wake::of_owner(wait, &goal.terms).map_err(Refusal)?;
            step.events.push(owner(Event::Waiting { name, wake, by: Actor::Owner }));
            Ok(())
        }
        Command::Wake { wait: None } if goal.waiting.is_none() => refused("the goal does not wait".into()),
        Command::Wake { wait: None } => {
            step.events.push(owner(Event::Woken { detail: "its owner woke it".into() }));
            Ok(())
        }
        Command::Approve { ask } => answer(goal, ask.as_deref(), Answer::Allow, step),
        Command::Deny { ask, why } => answer(goal, ask.as_deref(), Answer::Deny(text::line(why)), step),
        Command::Clear => {
            step.change(goal, State::Cleared, Actor::Owner, Cause::Clear, "its owner let go of it");
            interrupt(goal, Interruption::Owner, "its owner let go of the goal".into(), step);
            Ok(())
        }
    }
}

fn pause(goal: &Goal, now: bool, step: &mut Step) -> Result<(), Refusal> {
    let runs = goal.turn.is_some();
    match goal.state {
        State::Active | State::Blocked(_) | State::UsageLimited => {
            step.change(goal, State::Paused, Actor::Owner, Cause::Pause, "its owner paused it");
        }
        // The turn that still runs can be ended all the same.
        State::Paused if now && runs => {}
        other => return Err(Refusal(format!("the goal is {other}: there is nothing to pause"))),
    }
    if now && runs {
        step.of_turn(goal, |turn| Event::Interrupted {
            turn,
            by: Interruption::Owner,
            detail: "its owner paused it".into(),
        });
    }
    if now {
        step.actions.push(Action::Interrupt);
    }
    Ok(())
}

fn resume(goal: &Goal, step: &mut Step) -> Result<(), Refusal> {
    match goal.state {
        State::Paused | State::Blocked(_) | State::UsageLimited => {}
        State::BudgetLimited => {
            // What an agent does not report may be reported by the one that goes on.
            if let Some(why) = budget::used_up(goal) {
                let hint = "raise it in the contract and `evident goal edit` puts that in force";
                return Err(Refusal(format!("{why}; {hint}")));
            }
        }
        other => return Err(Refusal(format!("the goal is {other}: there is nothing to resume"))),
    }
    step.change(goal, State::Active, Actor::Owner, Cause::Resume, "its owner resumed it");
    Ok(())
}

fn say(goal: &Goal, text: &str, step: &mut Step) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal("there is nothing to say".into()));
    }
    let safe = text::clean(text, MESSAGE_BYTES_MAX + 1, text::Lines::Keep);
    if text.len().max(safe.len()) > MESSAGE_BYTES_MAX {
        return Err(Refusal("a message has at most 16 KiB".into()));
    }
    // Those that a running turn hands over come back where it fails.
    let handed = goal.turn.as_ref().map_or(0, |turn| turn.messages.len());
    if goal.messages.len() + handed >= MESSAGES_MAX {
        return Err(Refusal("16 messages wait for the agent already".into()));
    }
    for (message, text) in (goal.messages_total + 1..).zip(message::parts(&safe)) {
        step.events.push((Actor::Owner, Event::Said { message, text }));
    }
    if goal.state == State::Blocked(Blocked::Idle) {
        step.change(goal, State::Active, Actor::Owner, Cause::Say, "its owner said something");
    }
    Ok(())
}

fn answer(goal: &Goal, ask: Option<&str>, answer: Answer, step: &mut Step) -> Result<(), Refusal> {
    let pending = match ask {
        Some(id) => goal.approvals.iter().find(|approval| approval.ask.id == id),
        None if goal.approvals.len() == 1 => goal.approvals.first(),
        None if goal.approvals.is_empty() => None,
        None => return Err(Refusal("several questions wait: name one of them".into())),
    };
    let Some(pending) = pending else { return Err(Refusal("no such question waits for an answer".into())) };
    let (turn, ask) = (pending.turn, pending.ask.clone());
    step.events.push((Actor::Owner, Event::Answered { turn, ask: ask.clone(), answer: answer.clone() }));
    step.actions.push(Action::Answer { ask: ask.id, answer });
    Ok(())
}
