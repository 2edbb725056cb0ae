//! Events that cannot follow, and what those that can do to the counts.

use super::*;
use crate::agent::{Act, Ask, Ending, Failure, FailureClass};
use crate::evidence::Timestamp;
use crate::goal::event::{ClauseStatus, Interruption, TurnEnded, TurnKind};
use crate::goal::samples::{self, digest, folded, goal, start};

fn ended(turn: u32, ending: Ending) -> Event {
    let due = None;
    Event::TurnEnded(Box::new(TurnEnded { turn, ending, tree: digest(2), message: None, idle: false, due }))
}

fn changed(from: State, to: State, cause: Cause) -> Event {
    Event::StateChanged { from, to, cause, detail: "why".into(), evidence: Vec::new() }
}

/// Catches a log that was tampered with, and a host that writes what cannot be.
#[test]
fn what_cannot_follow_is_refused_and_changes_nothing() {
    let ask = Ask { id: "1".into(), act: Act::Command("true".into()), explanation: None };
    let terms = Box::new(samples::terms());
    let started = |turn, revision| Event::TurnStarted {
        turn,
        kind: TurnKind::First,
        prompt: digest(9),
        revision,
        repeated: false,
        messages: Vec::new(),
    };
    let revised = |revision| Event::Revised {
        revision,
        contract: digest(5),
        objective: "other".into(),
        terms: terms.clone(),
    };
    let claimed = |turn| Event::Claimed { turn, claim: Box::default(), stale: false };
    let cases = [
        (Actor::Host, changed(State::Active, State::Complete, Cause::Met)),
        (Actor::Owner, changed(State::Active, State::Complete, Cause::Met)),
        (Actor::Agent, changed(State::Active, State::Paused, Cause::Pause)),
        (Actor::Owner, changed(State::Paused, State::Active, Cause::Resume)),
        (Actor::Host, started(2, 1)),
        (Actor::Host, started(1, 2)),
        (Actor::Host, ended(1, Ending::Completed)),
        (Actor::Host, Event::Charged { turn: 1, usage: crate::agent::Usage::default(), wall_ms: 1 }),
        (Actor::Host, Event::Interrupted { turn: 1, by: Interruption::Owner, detail: "why".into() }),
        (Actor::Host, Event::TurnLost { turn: 1, failure: None, unsent: true }),
        (Actor::Host, Event::Asked { turn: 1, ask: ask.clone(), why: "why".into() }),
        (Actor::Owner, Event::Answered { turn: 1, ask: ask.clone(), answer: Answer::Allow }),
        (Actor::Host, Event::Withdrawn { turn: 1, ask }),
        (Actor::Agent, claimed(0)),
        (Actor::Agent, claimed(1)),
        (Actor::Owner, revised(1)),
        (Actor::Owner, revised(3)),
        (Actor::Owner, Event::Said { message: 2, text: "skipped one".into() }),
        (Actor::Host, Event::Woken { detail: "nothing".into() }),
        (Actor::Host, Event::Waited { wait_ms: 1, mark: None }),
    ];
    for (actor, event) in cases {
        let mut goal = goal();
        let before = goal.clone();
        assert!(folded(&mut goal, actor, event.clone()).is_err(), "{event:?}");
        assert_eq!(goal, before, "{event:?}");
    }
}

/// Catches a log with a hole.
#[test]
fn numbers_follow_each_other() {
    let mut goal = goal();
    let planning = Event::Planning { planning: true };
    for seq in [0, goal.seq, goal.seq + 2] {
        let recorded = Recorded::new(seq, Timestamp(0), Actor::Host, planning.clone());
        let problem = format!("it does not follow event {}", goal.seq);
        assert_eq!(goal.fold(&recorded), Err(Illegal { seq, problem }));
    }
}

/// Catches a goal that is complete and gets another contract, which nobody judged.
#[test]
fn a_complete_goal_stays_what_was_met() {
    let mut goal = goal();
    let met = samples::assessed(Why::Owner, ClauseStatus::Pass, ClauseStatus::Pass);
    folded(&mut goal, Actor::Host, Event::Assessed(Box::new(met))).expect("is legal");
    folded(&mut goal, Actor::Host, changed(State::Active, State::Complete, Cause::Met)).expect("is met");
    let revised = Event::Revised {
        revision: 2,
        contract: digest(5),
        objective: "other".into(),
        terms: Box::new(samples::terms()),
    };
    assert!(folded(&mut goal, Actor::Owner, revised).is_err());
    let said = Event::Said { message: 1, text: "more".into() };
    assert!(folded(&mut goal, Actor::Owner, said).is_err(), "a message that nobody would ever get");
}

/// Catches a completion while a turn runs: it may change the tree at any moment.
#[test]
fn nothing_completes_while_a_turn_runs() {
    let mut goal = goal();
    start(&mut goal, TurnKind::First);
    let met = samples::assessed(Why::Turn, ClauseStatus::Pass, ClauseStatus::Pass);
    folded(&mut goal, Actor::Host, Event::Assessed(Box::new(met))).expect("is legal");
    assert!(folded(&mut goal, Actor::Host, changed(State::Active, State::Complete, Cause::Met)).is_err());
}

/// Catches an assessment that is never made: the first is not replaced, and one of all clauses not by less.
#[test]
fn a_due_assessment_stays_until_it_is_made() {
    for (before, why, after) in [
        (None, Why::Turn, Why::Turn),
        (Some(Why::Start), Why::Owner, Why::Start),
        (Some(Why::Owner), Why::Turn, Why::Owner),
        (Some(Why::Request), Why::Turn, Why::Request),
        (Some(Why::Turn), Why::Owner, Why::Owner),
    ] {
        let mut goal = goal();
        goal.due = before;
        goal.require(why);
        assert_eq!(goal.due, Some(after), "{before:?} {why:?}");
    }
    let mut goal = goal();
    goal.due = Some(Why::Owner);
    let older = samples::assessed(Why::Turn, ClauseStatus::Fail, ClauseStatus::Pass);
    folded(&mut goal, Actor::Host, Event::Assessed(Box::new(older))).expect("is legal");
    assert_eq!(goal.due, Some(Why::Owner), "what was asked for meanwhile is still due");
}

/// Catches what passes by itself and forgives what it has nothing to do with.
#[test]
fn a_probe_forgives_only_the_failure() {
    let counted = |goal: &mut Goal| {
        goal.stalled = 4;
        goal.idle = 1;
        goal.wrapped_up = true;
        goal.failures = Some((FailureClass::Exited, 3));
        goal.blocking.insert("key".into());
    };
    let (mut probed, mut resumed) = (goal(), goal());
    let blocked = State::Blocked(Blocked::Driver);
    for goal in [&mut probed, &mut resumed] {
        counted(goal);
        folded(goal, Actor::Host, changed(State::Active, blocked, Cause::Driver)).expect("is legal");
    }
    folded(&mut probed, Actor::Host, changed(blocked, State::Active, Cause::Probe)).expect("is legal");
    folded(&mut resumed, Actor::Owner, changed(blocked, State::Active, Cause::Resume)).expect("is legal");
    let counts = |goal: &Goal| {
        (goal.stalled, goal.idle, goal.wrapped_up, goal.failures, goal.worst_blocker().is_some(), goal.probes)
    };
    assert_eq!(counts(&probed), (4, 1, true, None, true, 1));
    assert_eq!(counts(&resumed), (0, 0, true, None, false, 0));
}

/// Catches a turn that failed and resets, or advances, the count of a blocker.
#[test]
fn a_failed_turn_does_not_count_blockers() {
    let mut goal = goal();
    goal.blocking.insert("key".into());
    goal.blockers.insert("key".into(), 1);
    let before = goal.worst_blocker().map(|(name, turns)| (name.to_owned(), turns));
    start(&mut goal, TurnKind::Continuation);
    let failure = Failure::new(FailureClass::Exited, "gone");
    folded(&mut goal, Actor::Host, ended(1, Ending::Failed(failure))).expect("is legal");
    assert_eq!(goal.worst_blocker().map(|(name, turns)| (name.to_owned(), turns)), before);
    assert_eq!(before, Some(("key".to_owned(), 2)));
}
