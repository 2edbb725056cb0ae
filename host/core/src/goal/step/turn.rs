//! What follows from the beginning, the questions and the end of a turn.

use super::{Action, Step};
use crate::agent::{Answer, Ask, Ending, Failure, FailureClass, Remedy, Usage};
use crate::digest::Digest;
use crate::goal::approval::{self, Ruling};
use crate::goal::claim::{self, Claim, Request};
use crate::goal::event::{Event, Interruption, TurnEnded, TurnKind, Why};
use crate::goal::fold::WAIT;
use crate::goal::state::{Actor, Blocked, Cause, State};
use crate::goal::{APPROVALS_MAX, Goal, budget, message, wake};
use crate::text;

pub(super) fn begin(goal: &Goal, kind: TurnKind, prompt: Digest, step: &mut Step) {
    // The owner may have stopped the goal, or revised its contract, while the prompt was made.
    let has_room = match kind {
        TurnKind::WrapUp => !goal.wrapped_up && budget::used_up(goal).is_some(),
        _ => budget::exhausted(goal).is_none(),
    };
    if goal.state != State::Active || goal.turn.is_some() || goal.due.is_some() || !has_room {
        return;
    }
    let messages: Vec<u64> = match kind {
        TurnKind::Message => {
            goal.messages.iter().take(message::fitting(goal)).map(|message| message.message).collect()
        }
        _ => Vec::new(),
    };
    if kind == TurnKind::Message && messages.is_empty() {
        return;
    }
    step.host(Event::TurnStarted {
        turn: goal.turns + 1,
        kind,
        prompt,
        revision: goal.revision,
        repeated: goal.repeat,
        messages,
    });
    step.actions.push(Action::Send);
}

pub(super) fn charge(goal: &Goal, usage: Usage, wall_ms: u64, step: &mut Step) {
    if usage == Usage::default() && wall_ms == 0 {
        return;
    }
    step.of_turn(goal, |turn| Event::Charged { turn, usage, wall_ms });
}

pub(super) fn ask_person(goal: &Goal, ask: &Ask, matched: &[String], attended: bool, step: &mut Step) {
    let Some(turn) = goal.turn.as_ref().map(|turn| turn.turn) else { return };
    let answer = |answer: Answer| Action::Answer { ask: ask.id.clone(), answer };
    if goal.approvals.iter().any(|approval| approval.ask.id == ask.id) {
        return;
    }
    let is_full = goal.approvals.len() >= APPROVALS_MAX;
    let (rule, refused) = match approval::judge(&goal.terms.approve, &ask.act, matched, attended) {
        Ruling::Free => return step.actions.push(answer(Answer::Allow)),
        Ruling::Person(rule) => (rule, is_full.then_some(false)),
        Ruling::Deny(rule) => (rule, Some(false)),
        Ruling::Stop(rule) => (rule, Some(true)),
    };
    step.host(Event::Asked { turn, ask: ask.clone(), why: rule.why.clone() });
    let Some(stops) = refused else { return };
    let nobody = if attended { "too many questions wait already" } else { "nobody is there" };
    let denied = Answer::Deny(format!("a person has to allow this, and {nobody}: {}", rule.why));
    step.host(Event::Answered { turn, ask: ask.clone(), answer: denied.clone() });
    step.actions.push(answer(denied));
    if stops && goal.state == State::Active {
        let detail = format!("a person has to decide: {} ({})", ask.act, rule.why);
        step.change(goal, State::Blocked(Blocked::Blocker), Actor::Host, Cause::Blocker, &detail);
    }
}

pub(super) fn withdraw(goal: &Goal, id: &str, step: &mut Step) {
    let Some(pending) = goal.approvals.iter().find(|approval| approval.ask.id == id) else { return };
    step.host(Event::Withdrawn { turn: pending.turn, ask: pending.ask.clone() });
}

pub(super) fn end(
    goal: &Goal,
    ending: &Ending,
    message: &str,
    stored: Option<Digest>,
    tree: Digest,
    tool_calls: Option<u64>,
    step: &mut Step,
) {
    let Some(turn) = &goal.turn else { return };
    let claim = claim::of_message(message).filter(|_| *ending == Ending::Completed);
    // The wrap-up only reports, and an older revision is not what is asked for now.
    let stale = turn.revision != goal.revision || turn.kind == TurnKind::WrapUp;
    let changed = goal.tree != Some(tree);
    let notes_changed = claim.as_ref() != goal.claims.back().map(|(_, claim)| claim);
    let request = claim.as_ref().filter(|_| !stale).map_or(Request::None, |claim| claim.request);
    let nothing_done = match tool_calls {
        Some(calls) => calls == 0,
        None => !changed && !notes_changed,
    };
    // Whoever asks for a person or a wait, or says for the first time that it is done, is answered first.
    let idle = match request {
        Request::Blocked | Request::Wait => false,
        Request::Complete => nothing_done && !notes_changed,
        Request::None => nothing_done,
    };
    let due = match request {
        Request::Complete => Some(Why::Request),
        _ if turn.kind == TurnKind::WrapUp => changed.then_some(Why::Budget),
        _ if changed || !goal.is_assessed() => Some(Why::Turn),
        _ => None,
    };
    step.host(Event::TurnEnded(Box::new(TurnEnded {
        turn: turn.turn,
        ending: of_live_turn(goal, as_interrupted(turn.interrupted, ending), turn.revision != goal.revision),
        tree,
        message: stored,
        idle: idle && *ending == Ending::Completed,
        due,
    })));
    if let Some(claim) = claim {
        request_wait(goal, &claim, stale, step);
        let claimed = Event::Claimed { turn: turn.turn, claim: Box::new(claim), stale };
        step.events.insert(1, (Actor::Agent, claimed));
    }
    if matches!(goal.state, State::Paused | State::Blocked(_) | State::UsageLimited)
        && let Some(why) = budget::used_up_in_turn(goal)
    {
        step.change(goal, State::BudgetLimited, Actor::Host, Cause::LateAccounting, &why);
    }
}

/// How a turn ended that the host may have ended. An agent that was taken for dead and did not end its turn
/// has failed; one that was told to stop and did not stop in order has not.
fn as_interrupted(by: Option<Interruption>, ending: &Ending) -> Ending {
    match (by, ending) {
        // It could not reach its model all the while: that is why nothing came of the turn.
        (Some(Interruption::Silence | Interruption::Budget), Ending::Failed(failure))
            if failure.class == FailureClass::Unavailable =>
        {
            ending.clone()
        }
        (Some(Interruption::Silence), Ending::Interrupted | Ending::Failed(_)) => {
            Ending::Failed(Failure::new(FailureClass::Stalled, "the agent gave no sign of life"))
        }
        (Some(_), Ending::Failed(failure)) if failure.class.remedy() == Remedy::Retry => Ending::Interrupted,
        _ => ending.clone(),
    }
}

/// A refusal for quota that belongs to an older revision, or to planning, stops nothing: it is a failure that
/// may pass.
fn of_live_turn(goal: &Goal, ending: Ending, stale: bool) -> Ending {
    match ending {
        Ending::Failed(failure) if failure.class == FailureClass::Quota && (stale || goal.planning) => {
            Ending::Failed(Failure { class: FailureClass::RateLimited, until: None, ..failure })
        }
        other => other,
    }
}

fn request_wait(goal: &Goal, claim: &Claim, stale: bool, step: &mut Step) {
    let (Request::Wait, false, Some(wait)) = (claim.request, stale, &claim.wait) else { return };
    // Whoever let go of the goal wants nothing of it any more.
    if goal.state == State::Cleared {
        return;
    }
    step.events.push(match wake::of_agent(wait, &goal.terms) {
        Ok((name, wake)) => (Actor::Agent, Event::Waiting { name, wake, by: Actor::Agent }),
        Err(reason) => (Actor::Host, Event::Refused { command: WAIT.into(), reason: text::line(&reason) }),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(class: FailureClass) -> Ending {
        Ending::Failed(Failure::new(class, "why"))
    }

    /// Catches a goal that stops for want of progress where its agent could not reach a model at all.
    #[test]
    fn a_turn_that_the_host_ended_says_why_nothing_came_of_it() {
        use FailureClass::{Exited, Setup, Unavailable};
        use Interruption::{Budget, Owner, Silence};
        let stalled = Failure::new(FailureClass::Stalled, "the agent gave no sign of life");
        for (by, ending, expected) in [
            (None, failed(Exited), failed(Exited)),
            (Some(Budget), failed(Unavailable), failed(Unavailable)),
            (Some(Silence), failed(Unavailable), failed(Unavailable)),
            (Some(Owner), failed(Unavailable), Ending::Interrupted),
            (Some(Budget), failed(Exited), Ending::Interrupted),
            (Some(Budget), failed(Setup), failed(Setup)),
            (Some(Silence), failed(Exited), Ending::Failed(stalled.clone())),
            (Some(Silence), Ending::Interrupted, Ending::Failed(stalled)),
        ] {
            assert_eq!(as_interrupted(by, &ending), expected, "{by:?} {ending:?}");
        }
    }
}
