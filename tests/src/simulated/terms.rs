//! Contracts that are drawn from a seed.

use evident_core::contract::ClauseKind;
use evident_core::contract::terms::{
    Approval, ApprovalWhen, AssessWhen, Budget, ClauseTerms, Headless, Iteration, NamedWake, OnFail, Terms,
    Wake, WakeOn, WhenUnknown,
};

use super::chance::Chance;

/// Clauses of the largest contract.
pub(super) const CLAUSES_MAX: u64 = 4;

/// Terms of a contract.
pub(super) fn draw(chance: &mut Chance) -> Terms {
    let clauses = (0..=chance.below(CLAUSES_MAX)).map(|number| clause(number, chance)).collect();
    Terms {
        budget: budget(chance),
        policy: Iteration {
            idle_turns: small(chance, 4),
            stall_turns: small(chance, 12),
            blocked_turns: small(chance, 6),
            note: None,
        },
        ask: Vec::new(),
        approve: vec![Approval {
            when: ApprovalWhen::Command("git push **".into()),
            why: "pushes go to everybody".into(),
            headless: *chance.one_of(&[Headless::Deny, Headless::Stop]),
        }],
        wakes: vec![NamedWake {
            name: "usage-limit".into(),
            wake: Wake { on: WakeOn::Every, every_ms: 60_000, until_ms: None },
        }],
        hold: chance.percent(15),
        assess: *chance.one_of(&[AssessWhen::Turn, AssessWhen::Turn, AssessWhen::Request]),
        clauses,
        write: Vec::new(),
        protect: Vec::new(),
    }
}

fn small(chance: &mut Chance, end: u64) -> u32 {
    u32::try_from(chance.below(end)).expect("fits")
}

fn clause(number: u64, chance: &mut Chance) -> ClauseTerms {
    let kind = if number > 0 && chance.percent(40) { ClauseKind::Constraint } else { ClauseKind::Criterion };
    let stops = kind == ClauseKind::Constraint && chance.percent(30);
    let on_fail = if stops { OnFail::Stop } else { OnFail::Continue };
    ClauseTerms { name: format!("clause-{number}"), kind, on_fail }
}

/// A budget, of which most lines have no limit.
pub(super) fn budget(chance: &mut Chance) -> Budget {
    let line = |chance: &mut Chance, end: u64| chance.percent(30).then(|| chance.below(end) + 1);
    Budget {
        turns: line(chance, 120),
        tool_calls: line(chance, 400),
        tokens: line(chance, 200_000),
        wall_ms: line(chance, 40 * 60_000),
        turn_wall_ms: line(chance, 10 * 60_000),
        cost_microusd: line(chance, 5_000_000),
        unknown: if chance.percent(10) { WhenUnknown::Stop } else { WhenUnknown::Warn },
    }
}
