//! The states of a goal and the table of its transitions.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What blocks a goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Blocked {
    /// The same blocker on too many turns in a row, or an approval that nobody can give.
    Blocker,
    /// Too many turns without progress in the evidence.
    Stall,
    /// The agent does nothing any more.
    Idle,
    /// The agent cannot be driven.
    Driver,
    /// The host cannot write down what happens.
    Storage,
    /// A constraint with `on_fail = "stop"` failed.
    Constraint,
    /// What was waited for did not come in time.
    WakeExpired,
    /// Completion was revoked, and the thread has a newer goal.
    Revoked,
}

impl Blocked {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Blocker,
        Self::Stall,
        Self::Idle,
        Self::Driver,
        Self::Storage,
        Self::Constraint,
        Self::WakeExpired,
        Self::Revoked,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Blocker => "blocker",
            Self::Stall => "stall",
            Self::Idle => "idle",
            Self::Driver => "driver",
            Self::Storage => "storage",
            Self::Constraint => "constraint",
            Self::WakeExpired => "wake-expired",
            Self::Revoked => "revoked",
        }
    }
}

/// The state of a goal. One that waits for a wake is active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Turns run, or could.
    Active,
    /// Its owner stopped it.
    Paused,
    /// Something keeps it from going on.
    Blocked(Blocked),
    /// A budget is used up.
    BudgetLimited,
    /// The provider refused for quota.
    UsageLimited,
    /// Its contract was met; only the host says so.
    Complete,
    /// Its owner let go of it; the history stays.
    Cleared,
}

impl State {
    /// Every state.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let plain = [
            Self::Active,
            Self::Paused,
            Self::BudgetLimited,
            Self::UsageLimited,
            Self::Complete,
            Self::Cleared,
        ];
        plain.into_iter().chain(Blocked::ALL.into_iter().map(Self::Blocked)).collect()
    }
}

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Blocked(kind) => return write!(formatter, "blocked({})", kind.word()),
            Self::BudgetLimited => "budget-limited",
            Self::UsageLimited => "usage-limited",
            Self::Complete => "complete",
            Self::Cleared => "cleared",
        })
    }
}

macro_rules! causes {
    ($($(#[$doc:meta])* $cause:ident = $word:literal;)*) => {
        /// Why a state changed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "kebab-case")]
        pub enum Cause { $($(#[$doc])* $cause,)* }

        impl Cause {
            /// Every cause.
            pub const ALL: &[Self] = &[$(Self::$cause,)*];

            /// As the table and the log name it.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$cause => $word,)* }
            }
        }
    };
}

causes! {
    /// The goal was created.
    Create = "create";
    /// Its owner paused it.
    Pause = "pause";
    /// Its owner resumed it.
    Resume = "resume";
    /// Its owner's words re-armed it.
    Say = "say";
    /// The same blocker came too often, or the agent reported it.
    Blocker = "blocker";
    /// No progress.
    Stall = "stall";
    /// Nothing is done any more.
    Idle = "idle";
    /// The agent cannot be driven.
    Driver = "driver";
    /// The log cannot be written.
    Storage = "storage";
    /// A constraint that stops failed.
    Constraint = "constraint";
    /// The wait took too long.
    WakeExpired = "wake-expired";
    /// What kept it from going on is gone.
    Probe = "probe";
    /// A budget is used up.
    Budget = "budget";
    /// A turn in flight used it up after the goal had stopped.
    LateAccounting = "late-accounting";
    /// The provider refused.
    Quota = "quota";
    /// The time that the provider named has passed.
    QuotaOver = "quota-over";
    /// The contract is met.
    Met = "met";
    /// The contract is not met any more.
    Revoked = "revoked";
    /// Its owner let go of it.
    Clear = "clear";
}

/// Who did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Actor {
    /// The person whose goal it is, through a command.
    Owner,
    /// This program.
    Host,
    /// The coding agent: what it says is a claim.
    Agent,
}

impl fmt::Display for Actor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Owner => "owner",
            Self::Host => "host",
            Self::Agent => "agent",
        })
    }
}

/// The table, one row a line: from, to, actor, cause. Lines that begin with `#` are for people.
pub const TRANSITIONS: &str = include_str!("transitions.txt");

/// True if the table has a row for it; `from` is absent for a goal that is created.
#[must_use]
pub fn is_legal(from: Option<State>, to: State, actor: Actor, cause: Cause) -> bool {
    let (to, actor) = (to.to_string(), actor.to_string());
    rows().any(|[row_from, row_to, row_actor, row_cause]| {
        matches_from(row_from, from) && row_to == to && row_actor == actor && row_cause == cause.word()
    })
}

fn rows() -> impl Iterator<Item = [&'static str; 4]> {
    let lines = TRANSITIONS.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    lines.map(|line| {
        let mut cells = line.split_whitespace();
        std::array::from_fn(|_| cells.next().expect("a row of the table has four cells"))
    })
}

fn matches_from(cell: &str, from: Option<State>) -> bool {
    let Some(from) = from else { return cell == "-" };
    match cell {
        "any" => from != State::Cleared,
        "blocked" => matches!(from, State::Blocked(_)),
        word => word == from.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches a row that nobody can mean: a word that is neither state nor actor nor cause.
    #[test]
    fn every_word_of_the_table_is_known() {
        let states: Vec<String> = State::all().iter().map(ToString::to_string).collect();
        let actors = [Actor::Owner, Actor::Host, Actor::Agent].map(|actor| actor.to_string());
        for [from, to, actor, cause] in rows() {
            assert!(
                ["-", "any", "blocked"].contains(&from) || states.iter().any(|state| state == from),
                "{from}"
            );
            assert!(states.iter().any(|state| state == to), "{to}");
            assert!(actors.iter().any(|known| known == actor), "{actor}");
            assert!(Cause::ALL.iter().any(|known| known.word() == cause), "{cause}");
        }
        for cause in Cause::ALL {
            assert!(rows().any(|row| row[3] == cause.word()), "{cause:?} is in no row");
        }
    }

    /// Catches a second way to `complete`, and one that an agent or an owner could take.
    #[test]
    fn only_the_host_completes_and_only_from_active() {
        let mut ways = Vec::new();
        for from in State::all().into_iter().map(Some).chain([None]) {
            for actor in [Actor::Owner, Actor::Host, Actor::Agent] {
                for cause in Cause::ALL {
                    if is_legal(from, State::Complete, actor, *cause) {
                        ways.push((from, actor, *cause));
                    }
                }
            }
        }
        assert_eq!(ways, [(Some(State::Active), Actor::Host, Cause::Met)]);
    }

    /// Catches a way back from `cleared`.
    #[test]
    fn a_cleared_goal_stays_cleared() {
        for to in State::all() {
            for actor in [Actor::Owner, Actor::Host, Actor::Agent] {
                assert!(
                    Cause::ALL.iter().all(|cause| !is_legal(Some(State::Cleared), to, actor, *cause)),
                    "{to}"
                );
            }
        }
    }
}
