//! The rules one by one, and their order.

use super::*;
use crate::agent::{Act, Ask, FailureClass};
use crate::contract::terms::{Wake, WakeOn};
use crate::goal::event::ClauseStatus;
use crate::goal::samples;
use crate::goal::{Approval, Message, Waiting};

/// What a rule is shown with: how the goal and the facts differ from one that goes on.
type Change = fn(&mut Goal, &mut Facts);

/// One row a rule, in the order in which they are tried.
const ROWS: &[(Rule, Change, Next)] = &[
    (
        Rule::Lost,
        |goal, facts| {
            samples::start(goal, TurnKind::First);
            facts.live = false;
        },
        Next::LookUp,
    ),
    (Rule::Running, |goal, _| samples::start(goal, TurnKind::First), Next::Wait(LOOK_MS_MAX)),
    (Rule::NotActive, |goal, _| goal.state = State::Paused, Next::Stop),
    (Rule::Busy, |_, facts| facts.busy = true, Next::Wait(LOOK_MS_MAX)),
    (Rule::Due, |goal, _| goal.due = Some(Why::Turn), Next::Assess(Why::Turn, Scope::All)),
    (
        Rule::Constraint,
        |goal, _| {
            goal.failing_since.insert("quiet".into(), 1);
        },
        Next::Stop,
    ),
    (Rule::Driver, |goal, _| goal.failures = Some((FailureClass::Missing, 1)), Next::Stop),
    (
        Rule::Message,
        |goal, _| {
            goal.messages.push_back(Message { message: 1, text: "hello".into() });
        },
        Next::Begin(TurnKind::Message),
    ),
    (
        Rule::Blocker,
        |goal, _| {
            goal.blockers.insert("key".into(), 2);
            goal.blocking.insert("key".into());
        },
        Next::Stop,
    ),
    (Rule::Stall, |goal, _| goal.stalled = 5, Next::Stop),
    (
        Rule::Approval,
        |goal, _| {
            let ask = Ask { id: "1".into(), act: Act::Command("git push".into()), explanation: None };
            goal.approvals.push(Approval { turn: 1, ask, why: "why".into() });
        },
        Next::Wait(LOOK_MS_MAX),
    ),
    (Rule::Planning, |goal, _| goal.planning = true, Next::Wait(LOOK_MS_MAX)),
    (Rule::Budget, |goal, _| goal.terms.budget.turns = Some(0), Next::Stop),
    (Rule::Idle, |goal, _| goal.idle = 1, Next::Assess(Why::Idle, Scope::All)),
    (
        Rule::Waiting,
        |goal, _| {
            let wake = Wake { on: WakeOn::Every, every_ms: 1000, until_ms: None };
            goal.waiting = Some(Waiting { name: None, wake, since_turn: false, waited_ms: 0, mark: None });
        },
        Next::Wait(1000),
    ),
    (
        Rule::BackOff,
        |goal, facts| {
            goal.stalled = 2;
            facts.idle_ms = 0;
        },
        Next::Wait(BACK_OFF_MS_FIRST),
    ),
    (Rule::Continue, |_, _| {}, Next::Begin(TurnKind::First)),
];

fn usual() -> (Goal, Facts) {
    let facts = Facts { idle_ms: u64::MAX, live: true, patient: true, ..Facts::default() };
    (samples::goal(), facts)
}

/// What a row says: a change of state stands for any, its words are those of other tests.
fn is_as_said(next: &Next, said: &Next) -> bool {
    next == said || (*said == Next::Stop && matches!(next, Next::Change(..)))
}

#[test]
fn every_rule_decides_where_it_applies() {
    let rules: Vec<Rule> = ROWS.iter().map(|(rule, ..)| *rule).collect();
    assert_eq!(rules, Rule::ALL, "one row a rule, in order");
    for (rule, change, said) in ROWS {
        let (mut goal, mut facts) = usual();
        change(&mut goal, &mut facts);
        let decision = decide(&goal, &facts);
        assert_eq!(decision.rule, *rule);
        assert!(is_as_said(&decision.next, said), "{rule:?}: {:?}", decision.next);
    }
}

/// Catches a rule that is tried before one that goes before it: of two that apply, the first decides. A message
/// and planning need a budget for the next turn, idle and
/// waiting do not apply together, and what runs rests on a turn that no other rule has.
#[test]
fn the_first_rule_that_applies_decides() {
    let apart = [(Rule::Idle, Rule::Waiting), (Rule::Message, Rule::Budget), (Rule::Planning, Rule::Budget)];
    for (index, (first, change, _)) in ROWS.iter().enumerate() {
        for (second, also, _) in &ROWS[index + 1..] {
            if apart.contains(&(*first, *second)) || matches!(first, Rule::Lost | Rule::Running) {
                continue;
            }
            let (mut goal, mut facts) = usual();
            also(&mut goal, &mut facts);
            change(&mut goal, &mut facts);
            assert_eq!(decide(&goal, &facts).rule, *first, "before {second:?}");
        }
    }
}

/// Catches a goal that completes on less than the whole contract in force.
#[test]
fn only_a_whole_met_assessment_completes() {
    let goal = samples::goal();
    let met = samples::assessed(Why::Turn, ClauseStatus::Pass, ClauseStatus::Pass);
    assert!(completes(&goal, &met));
    let mut others = vec![met.clone(); 6];
    others[0].scope = Scope::Constraints;
    others[1].contract = samples::digest(8);
    others[2].clauses.pop();
    others[3].clauses.clear();
    others[4].clauses[0].status = ClauseStatus::Inconclusive;
    others[5].roll_up = crate::roll_up::RollUp::Undecided;
    for other in others {
        assert!(!completes(&goal, &other), "{other:?}");
    }
    let mut running = samples::goal();
    samples::start(&mut running, TurnKind::First);
    assert!(!completes(&running, &met), "the tree is not what it was while a turn runs");
}

/// Catches pauses that do not grow, or that grow without an end.
#[test]
fn pauses_double_up_to_a_bound() {
    let pauses: Vec<u64> = [0, 1, 2, 3, 4, 11, 64, u32::MAX].map(pause).into();
    assert_eq!(pauses, [0, 0, 1000, 2000, 4000, 300_000, 300_000, 300_000]);
}
