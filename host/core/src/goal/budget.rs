//! What a goal used up, and what is left. Consumption is counted, never a deadline.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Goal;
use crate::agent::{Capabilities, Usage};
use crate::contract::terms::{Budget, WhenUnknown};

/// Time of the wrap-up turn, in milliseconds.
pub const WRAP_UP_MS_MAX: u64 = 5 * 60 * 1000;

/// Share of the token budget that the wrap-up turn may use: one fiftieth.
const WRAP_UP_TOKENS_PART: u64 = 50;

/// What was used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spent {
    /// Turns that count: every one but the wrap-up.
    pub turns: u64,
    /// As the agent reports it.
    pub usage: Usage,
    /// Time in turns, in milliseconds.
    pub wall_ms: u64,
}

impl Spent {
    /// Adds a charge.
    pub(super) fn charge(&mut self, usage: Usage, wall_ms: u64) {
        // More from the cache than was read is nonsense, and must not pay back what was charged before.
        let cached_input_tokens = usage.cached_input_tokens.min(usage.input_tokens);
        self.usage = self.usage.plus(Usage { cached_input_tokens, ..usage });
        self.wall_ms = self.wall_ms.saturating_add(wall_ms);
    }
}

/// One line of a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Line {
    /// `turns`, `tool calls`, `tokens`, `wall` (milliseconds) or `cost` (millionths of a US dollar).
    pub name: &'static str,
    /// Used up.
    pub used: u64,
    /// Absent where there is none.
    pub limit: Option<u64>,
    /// False where the agent does not report it: then `used` is not the truth.
    pub known: bool,
}

impl Line {
    /// True if nothing is left.
    #[must_use]
    pub fn is_used_up(&self) -> bool {
        self.limit.is_some_and(|limit| self.used >= limit)
    }
}

/// Every line, with a limit or without.
#[must_use]
pub fn lines(budget: &Budget, spent: &Spent, can: Capabilities) -> [Line; 5] {
    let line = |name, used, limit, known| Line { name, used, limit, known };
    [
        line("turns", spent.turns, budget.turns, true),
        line("tool calls", spent.usage.tool_calls, budget.tool_calls, can.tool_calls),
        line("tokens", spent.usage.tokens(), budget.tokens, can.tokens),
        line("wall", spent.wall_ms, budget.wall_ms, true),
        line("cost", spent.usage.cost_microusd, budget.cost_microusd, can.cost),
    ]
}

/// Which budget is used up, in one line.
#[must_use]
pub fn used_up(goal: &Goal) -> Option<String> {
    let lines = lines(&goal.terms.budget, &goal.spent, goal.capabilities);
    let line = lines.iter().find(|line| line.is_used_up())?;
    Some(format!("the budget of {} is used up", line.name))
}

/// Why no turn may start, in one line; nothing while there is room.
#[must_use]
pub fn exhausted(goal: &Goal) -> Option<String> {
    if let Some(why) = used_up(goal) {
        return Some(why);
    }
    let lines = lines(&goal.terms.budget, &goal.spent, goal.capabilities);
    let unknown = lines.iter().find(|line| line.limit.is_some() && !line.known);
    let stops = goal.terms.budget.unknown == WhenUnknown::Stop && goal.driver.is_some();
    unknown.filter(|_| stops).map(|line| format!("the agent does not report its {}", line.name))
}

/// Why the turn that runs must end now; nothing while it may go on.
#[must_use]
pub fn cut_off(goal: &Goal) -> Option<String> {
    let turn = goal.turn.as_ref()?;
    if turn.kind == super::event::TurnKind::WrapUp {
        return wrap_up_over(goal, &turn.spent);
    }
    let limit = goal.terms.budget.turn_wall_ms;
    if limit.is_some_and(|limit| turn.spent.wall_ms >= limit) {
        return Some("the time of one turn is over".into());
    }
    used_up_in_turn(goal)
}

/// Which budget a turn used up while it ran. The turn itself was counted when it began: that it is the last
/// one neither ends it nor stops a goal before its work was looked at.
#[must_use]
pub fn used_up_in_turn(goal: &Goal) -> Option<String> {
    let lines = lines(&goal.terms.budget, &goal.spent, goal.capabilities);
    let over = lines.iter().filter(|line| line.name != "turns").find(|line| line.is_used_up());
    over.map(|line| format!("the budget of {} is used up", line.name))
}

fn wrap_up_over(goal: &Goal, spent: &Spent) -> Option<String> {
    let tokens = goal.terms.budget.tokens.map(|tokens| tokens / WRAP_UP_TOKENS_PART);
    let most = goal.terms.budget.turn_wall_ms.unwrap_or(WRAP_UP_MS_MAX).min(WRAP_UP_MS_MAX);
    let is_over = spent.wall_ms >= most || tokens.is_some_and(|tokens| spent.usage.tokens() > tokens);
    is_over.then(|| "the wrap-up is over".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cached_input_is_free_and_reasoning_is_output() {
        let usage =
            Usage { input_tokens: 1000, cached_input_tokens: 900, output_tokens: 50, ..Usage::default() };
        assert_eq!(usage.tokens(), 150);
        let odd = Usage { input_tokens: 10, cached_input_tokens: 900, output_tokens: 5, ..Usage::default() };
        assert_eq!(odd.tokens(), 5, "an agent that reports nonsense is never charged less than its output");
    }

    #[test]
    fn a_budget_is_used_up_at_its_limit() {
        let budget = Budget { tokens: Some(100), turns: Some(2), ..Budget::default() };
        let mut spent = Spent { turns: 1, ..Spent::default() };
        spent.charge(Usage { output_tokens: 99, ..Usage::default() }, 5);
        let can = Capabilities { tokens: true, ..Capabilities::default() };
        assert!(lines(&budget, &spent, can).iter().all(|line| !line.is_used_up()));
        spent.charge(Usage { output_tokens: 1, ..Usage::default() }, 5);
        let nonsense = Usage { cached_input_tokens: 90, ..Usage::default() };
        spent.charge(nonsense, 0);
        assert_eq!(spent.usage.tokens(), 100, "nothing that was charged is paid back");
        let over: Vec<_> =
            lines(&budget, &spent, can).into_iter().filter(Line::is_used_up).map(|line| line.name).collect();
        assert_eq!((over, spent.wall_ms), (vec!["tokens"], 10));
    }
}
