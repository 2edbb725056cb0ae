//! What happens to a goal: the events of its log. Everything that is known of a goal follows from them.
//!
//! An event is stored as JSON and never rewritten, so fields are only ever added, with a default.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::claim::Claim;
use super::state::{Actor, Cause, State};
use crate::agent::{Answer, Ask, Capabilities, Ending, Failure, Usage};
use crate::contract::ClauseKind;
use crate::contract::terms::{Terms, Wake};
use crate::digest::Digest;
use crate::evidence::Timestamp;
use crate::outcome::{Attachment, Reason};
use crate::roll_up::RollUp;

/// Version of the stored form of an event.
pub const EVENT_VERSION: u32 = 1;

/// An event with who caused it and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// [`EVENT_VERSION`].
    pub version: u32,
    /// Its number in the log of its goal, from 1.
    pub seq: u64,
    /// The wall clock, for people: nothing is measured with it.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// For an owner's command: where it came from.
    pub caller: Option<Caller>,
    /// What.
    pub event: Event,
}

/// Where a command came from, as the system tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Caller {
    /// User id.
    pub uid: u32,
    /// Names and numbers of the process and those that started it, nearest first.
    pub chain: Vec<String>,
    /// The terminal, where there is one.
    pub terminal: Option<String>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Event {
    /// The goal exists.
    Created(Box<Created>),
    /// The owner put another revision of the contract in force.
    Revised {
        /// Counted from 2.
        revision: u32,
        /// Digest of the contract's text.
        contract: Digest,
        /// Its objective.
        objective: String,
        /// Its terms.
        terms: Box<Terms>,
    },
    /// A host began to drive the goal.
    Attached {
        /// Its process.
        process: u32,
        /// The driver.
        driver: String,
        /// What the driver can do.
        capabilities: Capabilities,
        /// How far host and agent are apart: `L0` or `L1`.
        assurance: String,
    },
    /// The state changed.
    StateChanged {
        /// Before.
        from: State,
        /// After.
        to: State,
        /// Why, as the table of transitions names it.
        cause: Cause,
        /// One line for a person.
        detail: String,
        /// What it rests on: stored assessments.
        evidence: Vec<Digest>,
    },
    /// The contract was assessed.
    Assessed(Box<Assessed>),
    /// A turn is about to start. Written before the agent is told.
    TurnStarted {
        /// Its number, from 1.
        turn: u32,
        /// Why it runs.
        kind: TurnKind,
        /// Names the stored prompt.
        prompt: Digest,
        /// The revision of the contract that it works on.
        revision: u32,
        /// True if an earlier host may have sent the same prompt before it died.
        repeated: bool,
        /// The owner's messages that it hands over.
        messages: Vec<u64>,
    },
    /// The agent took the prompt.
    TurnTaken {
        /// Which.
        turn: u32,
        /// The agent's own name for the conversation.
        session: Option<String>,
        /// The agent's own name for the turn.
        agent_turn: Option<String>,
        /// The leader of the agent's process group.
        process: Option<u32>,
    },
    /// A turn used something; charged at once.
    Charged {
        /// Which.
        turn: u32,
        /// What.
        usage: Usage,
        /// Time in the turn, in milliseconds.
        wall_ms: u64,
    },
    /// A turn ended.
    TurnEnded(Box<TurnEnded>),
    /// The host ends the turn that runs.
    Interrupted {
        /// Which.
        turn: u32,
        /// Why.
        by: Interruption,
        /// One line for a person.
        detail: String,
    },
    /// A turn could not be started, or nobody can tell what became of it.
    TurnLost {
        /// Which.
        turn: u32,
        /// Why it could not be started; absent where a host died while it ran.
        failure: Option<Failure>,
        /// True if the agent never got the prompt.
        unsent: bool,
    },
    /// The agent said something about itself: a claim.
    Claimed {
        /// In which turn.
        turn: u32,
        /// What.
        claim: Box<Claim>,
        /// True if the turn worked on an older revision, or was the wrap-up: then it asks for nothing.
        stale: bool,
    },
    /// The agent is in, or left, a mode in which it only plans.
    Planning {
        /// True if it is.
        planning: bool,
    },
    /// The goal waits.
    Waiting {
        /// Name in the contract, where it has one.
        name: Option<String>,
        /// For what.
        wake: Wake,
        /// Who asked for it.
        by: Actor,
    },
    /// Time passed while the goal waited, in milliseconds.
    Waited {
        /// Since the last such event.
        wait_ms: u64,
        /// What was seen of what is waited for: another one wakes the goal.
        mark: Option<String>,
    },
    /// The wait is over.
    Woken {
        /// What happened, in one line.
        detail: String,
    },
    /// The owner said something to the agent.
    Said {
        /// Its number in the goal.
        message: u64,
        /// What.
        text: String,
    },
    /// The agent waits for a person.
    Asked {
        /// In which turn.
        turn: u32,
        /// What it wants.
        ask: Ask,
        /// Why a person decides, as the contract says it.
        why: String,
    },
    /// It was decided.
    Answered {
        /// In which turn.
        turn: u32,
        /// The question.
        ask: Ask,
        /// What.
        answer: Answer,
    },
    /// The agent does not wait for that any more: nobody decided it.
    Withdrawn {
        /// In which turn.
        turn: u32,
        /// The question.
        ask: Ask,
    },
    /// A probe of what keeps the goal from going on failed.
    Probed {
        /// Why.
        detail: String,
    },
    /// A command had no effect.
    Refused {
        /// Which.
        command: String,
        /// Why.
        reason: String,
    },
}

/// The birth of a goal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Created {
    /// Names the goal: 32 hexadecimal digits.
    pub id: String,
    /// Names the conversation that it belongs to: 32 hexadecimal digits.
    pub thread: String,
    /// Name in the contract.
    pub name: String,
    /// In prose.
    pub objective: String,
    /// The folder, absolute.
    pub workspace: String,
    /// The file that the contract was read from, absolute.
    pub contract_path: String,
    /// Digest of the contract's text.
    pub contract: Digest,
    /// What its life needs of it.
    pub terms: Terms,
}

/// Why a turn runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TurnKind {
    /// The first of the goal.
    First,
    /// The contract is not met yet.
    Continuation,
    /// The contract was revised since the last turn.
    Revised,
    /// The owner said something.
    Message,
    /// A budget is used up: the agent reports and does nothing else.
    WrapUp,
}

/// The end of a turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TurnEnded {
    /// Which.
    pub turn: u32,
    /// How.
    pub ending: Ending,
    /// Digest of the tree when it ended.
    pub tree: Digest,
    /// Names the agent's stored last message.
    pub message: Option<Digest>,
    /// True if nothing was done in it, as far as the driver can tell.
    pub idle: bool,
    /// The assessment that has to be made of it.
    pub due: Option<Why>,
}

/// Why the host ends a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Interruption {
    /// A budget is used up.
    Budget,
    /// The agent gave no sign of life.
    Silence,
    /// The owner wants it.
    Owner,
    /// The goal is blocked.
    Blocked,
}

/// Why an assessment was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// Before the first turn.
    Start,
    /// A turn changed the tree.
    Turn,
    /// The agent says that it is done.
    Request,
    /// The agent does nothing any more.
    Idle,
    /// No progress was seen for too many turns.
    Stall,
    /// The budget is used up.
    Budget,
    /// The contract was revised, or the goal resumed.
    Owner,
    /// A wait is over.
    Woken,
    /// The goal is complete, and its contract holds on.
    Hold,
}

/// What was assessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Every clause.
    All,
    /// Constraints only: never enough to complete.
    Constraints,
}

/// An assessment, as far as the life of a goal needs it; the whole is stored under its digest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Assessed {
    /// Why it was made.
    pub why: Why,
    /// What was assessed.
    pub scope: Scope,
    /// Names the stored assessment.
    pub assessment: Digest,
    /// Digest of the assessed tree.
    pub tree: Digest,
    /// Digest of the contract's text.
    pub contract: Digest,
    /// The one word.
    pub roll_up: RollUp,
    /// In the order of the contract.
    pub clauses: Vec<ClauseResult>,
    /// The same where the evidence says the same: digest of [`super::assessed::evidence_text`].
    pub evidence: Digest,
    /// Fingerprints of findings that speak against a clause, sorted, at most [`super::progress::FINGERPRINTS_MAX`].
    pub fingerprints: Vec<String>,
    /// True if there were more.
    pub fingerprints_cut: bool,
    /// True if the contract's file is not the contract in force.
    pub contract_edited: bool,
    /// What came closer to the goal than ever before; nothing in the first.
    pub progress: Vec<String>,
}

/// How a clause came out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClauseResult {
    /// Its name.
    pub name: String,
    /// Criterion or constraint.
    pub kind: ClauseKind,
    /// How.
    pub status: ClauseStatus,
    /// Why it is inconclusive.
    pub reason: Option<Reason>,
    /// One line.
    pub summary: String,
    /// True if a pass of it is asserted, not proven.
    pub asserted: bool,
    /// Why it is asserted, a line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<String>,
    /// Metrics with a limit: how far each is beyond it, in its own unit; zero and below is within.
    pub gaps: BTreeMap<String, Gap>,
    /// Files that go with it, such as pictures of a difference, as long as the assessment is kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
}

/// How far a metric is from its limit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gap {
    /// Above zero is beyond the limit.
    pub beyond: f64,
    /// Half-width of what may be chance.
    pub noise: f64,
}

/// How a clause came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClauseStatus {
    /// It holds.
    Pass,
    /// It does not.
    Fail,
    /// The evidence does not decide.
    Inconclusive,
}
