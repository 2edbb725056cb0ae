//! What a goal does next: one pure function, one row of its table for each rule.
//!
//! The rows are tried in their order and the first that applies decides. The name of the rule is shown and
//! tested: whoever asks why a goal does not go on is told which one it was.

use super::Goal;
use super::budget;
use super::event::{Interruption, Scope, TurnKind, Why};
use super::state::{Blocked, Cause, State};
use super::wake;
use crate::agent::{FailureClass, Remedy};
use crate::contract::ClauseKind;
use crate::contract::terms::{AssessWhen, OnFail};
use crate::defence::Defence;
use crate::evidence::Timestamp;

/// Silence of an agent after which it is taken for stalled, in milliseconds: a model may think for minutes,
/// and a driver tells signs of life.
pub const SILENCE_MS_MAX: u64 = 10 * 60 * 1000;

/// The first pause between turns without progress, in milliseconds; each further one is twice as long.
pub const BACK_OFF_MS_FIRST: u64 = 1000;

/// The longest pause, in milliseconds.
pub const BACK_OFF_MS_MAX: u64 = 5 * 60 * 1000;

/// Failures of one class in a row before the driver blocks the goal, where `blocked_turns` is off.
pub const FAILURES_MAX: u32 = 5;

/// Before the first probe of what keeps a goal from going on, in milliseconds; between two of storage.
pub const PROBE_MS: u64 = 60 * 1000;

/// The longest pause before a probe of a driver, in milliseconds: each pause is twice the one before.
pub const DRIVER_PROBE_MS_MAX: u64 = 60 * 60 * 1000;

/// Probes of a driver without a turn that was ended in order, before the host gives up: five hours with these
/// pauses, so that a provider may be away for a night's maintenance. Storage is probed for as long as the host
/// runs.
pub const DRIVER_PROBES_MAX: u32 = 10;

/// The longest sleep between two looks at a goal, in milliseconds.
pub const LOOK_MS_MAX: u64 = 60 * 1000;

/// What is known beside the goal: it is of this process and this moment, and is not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facts {
    /// The wall clock; only for times that somebody named.
    pub wall: Timestamp,
    /// Since a turn ended, or since this host began, in milliseconds.
    pub idle_ms: u64,
    /// Since the agent's last sign of life in the turn that runs, in milliseconds.
    pub silent_ms: u64,
    /// Since the last probe, in milliseconds; since the state changed where there was none.
    pub probe_ms: u64,
    /// Since the last look at what is waited for, in milliseconds.
    pub look_ms: u64,
    /// True if the turn of the goal runs in this host.
    pub live: bool,
    /// True if another task uses the thread.
    pub busy: bool,
    /// True if the host waits for wakes and for what passes by itself.
    pub patient: bool,
}

/// What is done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// A turn begins.
    Begin(TurnKind),
    /// The contract is assessed.
    Assess(Why, Scope),
    /// Something happens, or so many milliseconds pass.
    Wait(u64),
    /// The turn that runs is ended.
    Interrupt(Interruption, String),
    /// What is waited for is looked at.
    Look,
    /// What keeps the goal from going on is probed.
    Probe,
    /// The agent is asked what became of the turn that a host lost sight of.
    LookUp,
    /// The state changes.
    Change(State, Cause, String),
    /// Nothing more: the host lets go of the goal.
    Stop,
}

/// What is done next, and the rule that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The rule.
    pub rule: Rule,
    /// What is done.
    pub next: Next,
}

macro_rules! rules {
    ($($(#[$doc:meta])* $rule:ident = $word:literal, $row:ident;)*) => {
        /// A rule of the continuation, in the order in which they are tried.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Rule { $($(#[$doc])* $rule,)* }

        impl Rule {
            /// Every rule, in order.
            pub const ALL: &[Self] = &[$(Self::$rule,)*];

            /// As it is shown.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$rule => $word,)* }
            }

            fn apply(self, goal: &Goal, facts: &Facts) -> Option<Next> {
                match self { $(Self::$rule => $row(goal, facts),)* }
            }
        }
    };
}

rules! {
    /// A turn runs that no host watches: the agent is asked what became of it.
    Lost = "lost-turn", lost;
    /// A turn runs: it is waited for, or ended.
    Running = "turn-running", running;
    /// The goal is not active.
    NotActive = "not-active", not_active;
    /// Another task uses the thread.
    Busy = "other-task", busy;
    /// An assessment is due.
    Due = "assessment-due", due;
    /// A constraint that stops has failed.
    Constraint = "constraint", constraint;
    /// The driver failed too often.
    Driver = "driver", driver;
    /// The owner said something: it goes first, and may be what a blocked agent needs.
    Message = "owner-message", message;
    /// The same blocker came on too many turns in a row.
    Blocker = "blocker", blocker;
    /// Too many turns without progress.
    Stall = "stall", stall;
    /// A person has to decide something.
    Approval = "approval-pending", approval;
    /// The agent only plans.
    Planning = "planning", planning;
    /// A budget is used up.
    Budget = "budget", spent;
    /// The last turns were idle.
    Idle = "idle", idle;
    /// Something is waited for.
    Waiting = "waiting", waiting;
    /// The pause between turns without progress is not over.
    BackOff = "back-off", back_off;
    /// Nothing speaks against it.
    Continue = "continue", go_on;
}

/// Decides. The last rule always applies.
#[must_use]
pub fn decide(goal: &Goal, facts: &Facts) -> Decision {
    let mut rows =
        Rule::ALL.iter().filter_map(|rule| Some(Decision { rule: *rule, next: rule.apply(goal, facts)? }));
    rows.next().expect("the last rule applies to every goal")
}

fn lost(goal: &Goal, facts: &Facts) -> Option<Next> {
    (goal.turn.is_some() && !facts.live).then_some(Next::LookUp)
}

fn running(goal: &Goal, facts: &Facts) -> Option<Next> {
    let turn = goal.turn.as_ref()?;
    if turn.interrupted.is_some() {
        return Some(Next::Wait(LOOK_MS_MAX));
    }
    if matches!(goal.state, State::Blocked(_) | State::Cleared) {
        return Some(Next::Interrupt(Interruption::Blocked, format!("the goal is {}", goal.state)));
    }
    if let Some(why) = budget::cut_off(goal) {
        return Some(Next::Interrupt(Interruption::Budget, why));
    }
    // Whoever waits for a person gives no sign of life.
    if goal.approvals.is_empty() && facts.silent_ms >= SILENCE_MS_MAX {
        return Some(Next::Interrupt(Interruption::Silence, "the agent gave no sign of life".into()));
    }
    Some(Next::Wait(LOOK_MS_MAX))
}

fn not_active(goal: &Goal, facts: &Facts) -> Option<Next> {
    let probe = |next_in: u64| if next_in == 0 { Next::Probe } else { Next::Wait(next_in.min(LOOK_MS_MAX)) };
    match goal.state {
        State::Active => None,
        State::Blocked(_) | State::UsageLimited if !facts.patient => Some(Next::Stop),
        State::Complete if goal.terms.hold && goal.due == Some(Why::Hold) => {
            Some(Next::Assess(Why::Hold, Scope::All))
        }
        State::Blocked(Blocked::Storage) => Some(probe(PROBE_MS.saturating_sub(facts.probe_ms))),
        State::Blocked(Blocked::Driver) if is_passing(goal) && goal.probes < DRIVER_PROBES_MAX => {
            Some(probe(driver_pause(goal.probes).saturating_sub(facts.probe_ms)))
        }
        State::UsageLimited => Some(quota(goal, facts)),
        // The turn in flight that used the budget up was refused for quota too: time has to pass as well.
        State::BudgetLimited if is_refused_for_quota(goal) => {
            Some(Next::Change(State::UsageLimited, Cause::Quota, refused_for_quota(goal)))
        }
        _ => Some(Next::Stop),
    }
}

/// The pause before the next probe of a driver, after so many of them, in milliseconds.
fn driver_pause(probes: u32) -> u64 {
    PROBE_MS.saturating_mul(1 << probes.min(20)).min(DRIVER_PROBE_MS_MAX)
}

/// True if the failure that blocked the goal may pass by itself. A program that is gone while it is replaced is
/// probed without a turn; one that never worked here is a mistake that only a person mends.
fn is_passing(goal: &Goal) -> bool {
    goal.failures.is_some_and(|(class, _)| {
        class.remedy() == Remedy::Retry || (class == FailureClass::Missing && goal.begun)
    })
}

fn is_refused_for_quota(goal: &Goal) -> bool {
    goal.failures.is_some_and(|(class, _)| class.remedy() == Remedy::Limit)
}

fn refused_for_quota(goal: &Goal) -> String {
    format!("the provider refused for quota: {}", goal.failed_with)
}

fn quota(goal: &Goal, facts: &Facts) -> Next {
    let Some(wake) = wake::of_usage_limit(&goal.terms) else { return Next::Stop };
    let left = match goal.quota_until {
        Some(until) => until.0.saturating_sub(facts.wall.0),
        None => wake.every_ms.saturating_sub(facts.probe_ms),
    };
    if left > 0 {
        return Next::Wait(left.min(LOOK_MS_MAX));
    }
    Next::Change(State::Active, Cause::QuotaOver, "the provider takes requests again".into())
}

fn busy(_: &Goal, facts: &Facts) -> Option<Next> {
    facts.busy.then_some(Next::Wait(LOOK_MS_MAX))
}

fn due(goal: &Goal, _: &Facts) -> Option<Next> {
    let why = goal.due?;
    let some_suffice = goal.terms.assess == AssessWhen::Request && why == Why::Turn;
    let has_constraints = goal.terms.clauses.iter().any(|clause| clause.kind == ClauseKind::Constraint);
    let scope = if some_suffice && has_constraints { Scope::Constraints } else { Scope::All };
    Some(Next::Assess(why, scope))
}

fn constraint(goal: &Goal, _: &Facts) -> Option<Next> {
    let stops = |name: &String| {
        goal.terms.clauses.iter().any(|clause| clause.name == *name && clause.on_fail == OnFail::Stop)
    };
    let (name, turn) = goal.failing_since.iter().find(|(name, _)| stops(name))?;
    let detail = format!("the constraint `{name}` fails since turn {turn}, and the contract says stop");
    Some(Next::Change(State::Blocked(Blocked::Constraint), Cause::Constraint, detail))
}

fn driver(goal: &Goal, facts: &Facts) -> Option<Next> {
    let (class, times) = goal.failures?;
    let most =
        if goal.terms.policy.blocked_turns == 0 { FAILURES_MAX } else { goal.terms.policy.blocked_turns };
    let failed = &goal.failed_with;
    match class.remedy() {
        Remedy::Limit => Some(Next::Change(State::UsageLimited, Cause::Quota, refused_for_quota(goal))),
        Remedy::Block => {
            Some(Next::Change(State::Blocked(Blocked::Driver), Cause::Driver, format!("{class}: {failed}")))
        }
        // After a probe one turn shows whether the agent works again.
        Remedy::Retry if goal.probes > 0 => {
            let tried = format!("probe {} of {DRIVER_PROBES_MAX}", goal.probes);
            let detail = format!("the agent still fails after {tried}, {class}: {failed}");
            Some(Next::Change(State::Blocked(Blocked::Driver), Cause::Driver, detail))
        }
        Remedy::Retry if times >= most => {
            let detail = format!("the agent failed {times} times in a row, at last {class}: {failed}");
            Some(Next::Change(State::Blocked(Blocked::Driver), Cause::Driver, detail))
        }
        Remedy::Retry => {
            let named = goal.quota_until.map_or(0, |until| until.0.saturating_sub(facts.wall.0));
            // What a provider names is respected, but a clock that jumped must not stop a goal for years.
            let named = named.min(BACK_OFF_MS_MAX.saturating_sub(facts.idle_ms));
            let left = pause(times.saturating_add(1)).saturating_sub(facts.idle_ms).max(named);
            (left > 0).then_some(Next::Wait(left))
        }
    }
}

fn blocker(goal: &Goal, _: &Facts) -> Option<Next> {
    let most = goal.terms.policy.blocked_turns;
    let (blocker, turns) = goal.worst_blocker().filter(|(_, turns)| most > 0 && *turns >= most)?;
    let mut detail = format!("{blocker}, on {turns} turns in a row");
    // Whoever has to mend it needs to know where.
    if let Some(about) = goal.newest().and_then(|assessed| assessed.about(blocker)) {
        detail += &format!(": {about}");
    }
    Some(Next::Change(State::Blocked(Blocked::Blocker), Cause::Blocker, detail))
}

fn stall(goal: &Goal, _: &Facts) -> Option<Next> {
    let most = goal.terms.policy.stall_turns;
    if most == 0 || goal.stalled < most {
        return None;
    }
    // Where criteria are assessed on request, nobody has looked at the work of these turns yet.
    if !goal.is_assessed() {
        return Some(Next::Assess(Why::Stall, Scope::All));
    }
    let detail = format!("{} turns without progress in the evidence", goal.stalled);
    Some(Next::Change(State::Blocked(Blocked::Stall), Cause::Stall, detail))
}

fn message(goal: &Goal, _: &Facts) -> Option<Next> {
    (!goal.messages.is_empty() && budget::exhausted(goal).is_none()).then_some(Next::Begin(TurnKind::Message))
}

fn approval(goal: &Goal, _: &Facts) -> Option<Next> {
    (!goal.approvals.is_empty()).then_some(Next::Wait(LOOK_MS_MAX))
}

fn planning(goal: &Goal, _: &Facts) -> Option<Next> {
    // Only a turn leads out of planning: where none can begin, the budget stops the goal.
    (goal.planning && budget::exhausted(goal).is_none()).then_some(Next::Wait(LOOK_MS_MAX))
}

fn spent(goal: &Goal, _: &Facts) -> Option<Next> {
    let why = budget::exhausted(goal)?;
    if !goal.is_assessed() {
        return Some(Next::Assess(Why::Budget, Scope::All));
    }
    // An agent whose figures nobody knows gets no further turn, not even to report.
    if goal.spent.turns > 0 && !goal.wrapped_up && budget::used_up(goal).is_some() {
        return Some(Next::Begin(TurnKind::WrapUp));
    }
    Some(Next::Change(State::BudgetLimited, Cause::Budget, why))
}

fn idle(goal: &Goal, _: &Facts) -> Option<Next> {
    let most = goal.terms.policy.idle_turns;
    // Whoever waits has nothing to do.
    if most == 0 || goal.idle < most || goal.waiting.is_some() {
        return None;
    }
    if !goal.idle_confirmed {
        return Some(Next::Assess(Why::Idle, Scope::All));
    }
    let detail = match goal.idle {
        1 => "a turn in which the agent did nothing".to_owned(),
        turns => format!("{turns} turns in a row in which the agent did nothing"),
    };
    Some(Next::Change(State::Blocked(Blocked::Idle), Cause::Idle, detail))
}

fn waiting(goal: &Goal, facts: &Facts) -> Option<Next> {
    let waiting = goal.waiting.as_ref()?;
    if !facts.patient {
        return Some(Next::Stop);
    }
    let left = wake::next_look_ms(&waiting.wake, facts);
    let left = wake::expires_ms(waiting, facts).map_or(left, |expires| expires.min(left));
    // The first look is at once: it tells what a change is measured against.
    Some(if left == 0 || waiting.is_new() { Next::Look } else { Next::Wait(left.min(LOOK_MS_MAX)) })
}

fn back_off(goal: &Goal, facts: &Facts) -> Option<Next> {
    let left = pause(goal.stalled).saturating_sub(facts.idle_ms);
    (left > 0 && Defence::BackOff.stands()).then_some(Next::Wait(left))
}

/// The pause after so many turns without progress, in milliseconds; none after the first, which may be one
/// of thinking.
fn pause(times: u32) -> u64 {
    let Some(doublings) = times.checked_sub(2) else { return 0 };
    BACK_OFF_MS_FIRST.saturating_mul(1 << doublings.min(20)).min(BACK_OFF_MS_MAX)
}

fn go_on(goal: &Goal, _: &Facts) -> Option<Next> {
    Some(Next::Begin(match (goal.begun, goal.revised) {
        (false, _) => TurnKind::First,
        (true, true) => TurnKind::Revised,
        (true, false) => TurnKind::Continuation,
    }))
}

/// True if the assessment ends the work.
#[must_use]
pub fn completes(goal: &Goal, assessed: &super::event::Assessed) -> bool {
    goal.state == State::Active && goal.turn.is_none() && goal.is_whole(assessed)
}

#[cfg(test)]
mod tests;
