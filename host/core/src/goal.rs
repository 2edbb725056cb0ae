//! The life of a goal: a contract, its state, what it used up, and its history.
//!
//! A [`Goal`] changes in one place, [`Goal::fold`], by one event. Decisions are made in one place, [`step`]:
//! it looks at a goal and an input and says which events follow and what is to be done. A live run and a
//! replay are the same function.

pub mod approval;
pub mod assessed;
pub mod budget;
pub mod claim;
pub mod continuation;
pub mod event;
mod fold;
pub mod message;
pub mod progress;
pub mod prompt;
pub mod report;
#[cfg(test)]
mod samples;
pub mod state;
pub mod step;
pub mod wake;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use crate::agent::{Ask, Capabilities, FailureClass};
use crate::contract::terms::{Terms, Wake, WakeOn};
use crate::defence::Defence;
use crate::digest::Digest;
use crate::evidence::Timestamp;
use crate::roll_up::RollUp;
use budget::Spent;
use claim::Claim;
use event::{Assessed, ClauseStatus, Interruption, Scope, TurnKind, Why};
use progress::Best;
use state::State;

pub use fold::{Illegal, replay};

/// Version of the stored form of a folded goal, for snapshots.
pub const GOAL_VERSION: u32 = 2;

/// Messages of the owner that wait for a turn.
pub const MESSAGES_MAX: usize = 16;

/// Bytes of one message of the owner.
pub const MESSAGE_BYTES_MAX: usize = 16 * 1024;

/// Bytes of a message that one prompt can hand over whole; a longer one goes in parts, in order.
pub const MESSAGE_PART_BYTES_MAX: usize = 3000;

/// Questions of one turn that wait for a person at once; one more is refused.
pub const APPROVALS_MAX: usize = 16;

/// Blockers of one turn that are counted; what else keeps it from going on is in the log.
pub const BLOCKERS_MAX: usize = 32;

/// Claims that are kept for prompts and reports; the oldest go.
pub const CLAIMS_MAX: usize = 20;

/// A goal as its events made it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Goal {
    /// [`GOAL_VERSION`].
    pub version: u32,
    /// 32 hexadecimal digits.
    pub id: String,
    /// 32 hexadecimal digits.
    pub thread: String,
    /// Name in the contract.
    pub name: String,
    /// In prose, of the revision in force.
    pub objective: String,
    /// Absolute.
    pub workspace: String,
    /// Absolute.
    pub contract_path: String,
    /// Counted from 1.
    pub revision: u32,
    /// Digest of the contract in force.
    pub contract: Digest,
    /// Its terms.
    pub terms: Terms,
    /// Events that made it.
    pub seq: u64,
    /// When it was created.
    pub created: Timestamp,
    /// When the last event was.
    pub updated: Timestamp,
    /// The state.
    pub state: State,
    /// Why it is in this state, in one line.
    pub detail: String,
    /// The driver of the last host that drove it.
    pub driver: Option<String>,
    /// What that driver can do.
    pub capabilities: Capabilities,
    /// How far host and agent are apart.
    pub assurance: String,
    /// The agent's own name for the conversation.
    pub session: Option<String>,
    /// True while the agent only plans.
    pub planning: bool,
    /// Turns that were started; the number of the last one.
    pub turns: u32,
    /// The turn that runs, or that a host lost sight of.
    pub turn: Option<InFlight>,
    /// What was used up.
    pub spent: Spent,
    /// What is waited for.
    pub waiting: Option<Waiting>,
    /// The assessment that has to be made next.
    pub due: Option<Why>,
    /// The last assessment of every clause.
    pub assessed: Option<Assessed>,
    /// The last assessment of constraints only, if it is newer.
    pub constraints: Option<Assessed>,
    /// Digest of the tree when the last turn ended.
    pub tree: Option<Digest>,
    /// Clauses that passed before any work.
    pub held_before: Vec<String>,
    /// How often each clause was judged and how often it did not pass.
    pub judged: BTreeMap<String, Counts>,
    /// Since when, by turn, each constraint fails that fails.
    pub failing_since: BTreeMap<String, u32>,
    /// The best that was ever seen.
    pub best: Best,
    /// Idle continuation turns in a row.
    pub idle: u32,
    /// Turns in a row without progress.
    pub stalled: u32,
    /// True if the host looked once more after idle turns and found the same evidence.
    pub idle_confirmed: bool,
    /// Blockers before the last turn, and on how many turns in a row each came.
    pub blockers: BTreeMap<String, u32>,
    /// Blockers of the last turn.
    pub blocking: BTreeSet<String>,
    /// The last failure of the driver and how often it came in a row.
    pub failures: Option<(FailureClass, u32)>,
    /// Probes of the driver since a turn was ended in order.
    pub probes: u32,
    /// When the provider takes requests again, as it said.
    pub quota_until: Option<Timestamp>,
    /// True if a host may have sent the next prompt already before it died.
    pub repeat: bool,
    /// True if the contract was revised and the agent was not told yet.
    pub revised: bool,
    /// True once the agent that is driven took a turn to its end: it knows the objective.
    pub begun: bool,
    /// The last failure of the driver in one line; empty where there was none.
    pub failed_with: String,
    /// Why the wait that the agent asked for in its last turn was not taken.
    pub wait_refused: Option<String>,
    /// True if the wrap-up turn of this stop was started.
    pub wrapped_up: bool,
    /// Messages of the owner that wait for a turn.
    pub messages: VecDeque<Message>,
    /// Messages so far.
    pub messages_total: u64,
    /// Questions that wait for a person.
    pub approvals: Vec<Approval>,
    /// What the agent said of its turns, oldest first.
    pub claims: VecDeque<(u32, Claim)>,
}

/// A turn that runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InFlight {
    /// Its number.
    pub turn: u32,
    /// Why it runs.
    pub kind: TurnKind,
    /// Names the stored prompt.
    pub prompt: Digest,
    /// The revision that it works on.
    pub revision: u32,
    /// True once the agent took the prompt.
    pub taken: bool,
    /// The agent's own name for it.
    pub agent_turn: Option<String>,
    /// The leader of the agent's process group.
    pub process: Option<u32>,
    /// True if an earlier host may have sent its prompt before.
    pub repeated: bool,
    /// Charged so far.
    pub spent: Spent,
    /// Messages that it hands over.
    pub messages: Vec<Message>,
    /// Why the host ends it, where it does.
    pub interrupted: Option<Interruption>,
}

/// A wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiting {
    /// Name in the contract, where it has one.
    pub name: Option<String>,
    /// For what.
    pub wake: Wake,
    /// True if what changed since the last turn began wakes it too: whoever asked for the wait may not have
    /// seen that.
    pub since_turn: bool,
    /// How long already, in milliseconds.
    pub waited_ms: u64,
    /// What was first seen of what is waited for.
    pub mark: Option<String>,
}

impl Waiting {
    /// True if it wakes by what can be there already, and no look was made yet: the first one is made at once.
    #[must_use]
    pub fn is_new(&self) -> bool {
        let can_be_there = matches!(self.wake.on, WakeOn::Files(_) | WakeOn::Source(_) | WakeOn::PidFile(_));
        self.mark.is_none() && can_be_there
    }
}

/// A message of the owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// Its number.
    pub message: u64,
    /// What it says.
    pub text: String,
}

/// A question that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// In which turn.
    pub turn: u32,
    /// What the agent wants.
    pub ask: Ask,
    /// Why a person decides.
    pub why: String,
}

/// How often a clause was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// In all.
    pub times: u32,
    /// Without a pass.
    pub not_passed: u32,
}

impl Goal {
    /// True if it is active and waits for a wake.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.state == State::Active && self.waiting.is_some()
    }

    /// The newest word on constraints: the last assessment that judged them.
    #[must_use]
    pub fn newest(&self) -> Option<&Assessed> {
        self.constraints.as_ref().or(self.assessed.as_ref())
    }

    /// True if the last assessment of every clause is met, and about the contract in force and the tree that
    /// was last seen, and no constraint was judged otherwise since.
    #[must_use]
    pub fn is_met(&self) -> bool {
        let is_newest = self.constraints.as_ref().is_none_or(|newer| newer.roll_up == RollUp::Met);
        self.deciding().is_some_and(|assessed| self.is_whole(assessed) && self.is_current(assessed))
            && is_newest
    }

    /// The assessment that can complete the goal: the last one of every clause.
    fn deciding(&self) -> Option<&Assessed> {
        if Defence::ScopeAll.stands() { self.assessed.as_ref() } else { self.newest() }
    }

    /// True if an assessment is met on the contract in force and leaves out no clause of it. The one word is
    /// held against the clauses: a summary that contradicts itself proves nothing.
    #[must_use]
    pub fn is_whole(&self, assessed: &Assessed) -> bool {
        let passes = |name: &String| {
            let mut clauses = assessed.clauses.iter().filter(|clause| clause.name == *name);
            clauses.any(|clause| clause.status == ClauseStatus::Pass)
        };
        let leaves_none_out =
            assessed.scope == Scope::All && self.terms.clauses.iter().all(|clause| passes(&clause.name));
        (leaves_none_out || !Defence::ScopeAll.stands())
            && assessed.roll_up == RollUp::Met
            && assessed.contract == self.contract
            && !assessed.clauses.is_empty()
            && assessed.clauses.iter().all(|clause| clause.status == ClauseStatus::Pass)
    }

    /// True while time counts against the budget: a turn runs, and it does not wait for a person.
    #[must_use]
    pub fn is_charged(&self) -> bool {
        self.turn.is_some() && self.approvals.is_empty()
    }

    /// The blocker that came on most turns in a row, the last one included.
    #[must_use]
    pub fn worst_blocker(&self) -> Option<(&str, u32)> {
        let turns = |blocker: &String| self.blockers.get(blocker).copied().unwrap_or(0).saturating_add(1);
        let counted = self.blocking.iter().map(|blocker| (blocker.as_str(), turns(blocker)));
        counted.max_by_key(|(_, turns)| *turns)
    }

    /// True if the last assessment of every clause is about the tree that the last turn left, and about the
    /// contract in force.
    #[must_use]
    pub fn is_assessed(&self) -> bool {
        self.assessed.as_ref().is_some_and(|assessed| self.is_current(assessed))
    }

    /// True if an assessment is about the tree that was last seen, and about the contract in force.
    fn is_current(&self, assessed: &Assessed) -> bool {
        assessed.contract == self.contract && self.tree.is_none_or(|tree| tree == assessed.tree)
    }
}
