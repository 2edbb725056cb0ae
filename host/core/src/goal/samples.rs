//! Goals and assessments for tests.

use super::Goal;
use super::event::{Assessed, ClauseResult, ClauseStatus, Created, Event, Recorded, Scope, TurnKind, Why};
use super::state::Actor;
use crate::contract::ClauseKind;
use crate::contract::terms::{ClauseTerms, OnFail, Terms};
use crate::digest::Digest;
use crate::evidence::Timestamp;
use crate::outcome::Reason;
use crate::roll_up::RollUp;

pub(super) fn digest(byte: u8) -> Digest {
    Digest::from_bytes([byte; 32])
}

/// With one criterion `correct` and one constraint `quiet` that stops.
pub(super) fn terms() -> Terms {
    let clause = |name: &str, kind, on_fail| ClauseTerms { name: name.into(), kind, on_fail };
    Terms {
        clauses: vec![
            clause("correct", ClauseKind::Criterion, OnFail::Continue),
            clause("quiet", ClauseKind::Constraint, OnFail::Stop),
        ],
        ..Terms::default()
    }
}

/// A goal that was assessed at its start, and not met.
pub(super) fn goal() -> Goal {
    let created = Created {
        id: "0".repeat(32),
        thread: "1".repeat(32),
        name: "sample".into(),
        objective: "Do it.".into(),
        workspace: "/shop".into(),
        contract_path: "/shop/goal.toml".into(),
        contract: digest(1),
        terms: terms(),
    };
    let first = Recorded::new(1, Timestamp(1), Actor::Owner, Event::Created(Box::new(created)));
    let mut goal = Goal::create(&first).expect("is created");
    let start = assessed(Why::Start, ClauseStatus::Fail, ClauseStatus::Pass);
    folded(&mut goal, Actor::Host, Event::Assessed(Box::new(start))).expect("is legal");
    goal
}

/// Folds the next event.
pub(super) fn folded(goal: &mut Goal, actor: Actor, event: Event) -> Result<(), super::Illegal> {
    goal.fold(&Recorded::new(goal.seq + 1, Timestamp(0), actor, event))
}

/// Starts turn `goal.turns + 1`.
pub(super) fn start(goal: &mut Goal, kind: TurnKind) {
    let started = Event::TurnStarted {
        turn: goal.turns + 1,
        kind,
        prompt: digest(9),
        revision: goal.revision,
        repeated: false,
        messages: Vec::new(),
    };
    folded(goal, Actor::Host, started).expect("is legal");
}

pub(super) fn assessed(why: Why, correct: ClauseStatus, quiet: ClauseStatus) -> Assessed {
    let clause = |name: &str, kind, status| ClauseResult {
        name: name.into(),
        kind,
        status,
        reason: (status == ClauseStatus::Inconclusive).then_some(Reason::Malformed),
        summary: "as it is".into(),
        asserted: false,
        doubts: Vec::new(),
        gaps: std::collections::BTreeMap::new(),
        attachments: Vec::new(),
    };
    let clauses = vec![
        clause("correct", ClauseKind::Criterion, correct),
        clause("quiet", ClauseKind::Constraint, quiet),
    ];
    let roll_up = if clauses.iter().all(|clause| clause.status == ClauseStatus::Pass) {
        RollUp::Met
    } else {
        RollUp::Unmet
    };
    Assessed {
        why,
        scope: Scope::All,
        assessment: digest(3),
        tree: digest(2),
        contract: digest(1),
        roll_up,
        clauses,
        evidence: digest(4),
        fingerprints: Vec::new(),
        fingerprints_cut: false,
        contract_edited: false,
        progress: Vec::new(),
    }
}
