//! The terms of a contract: what the life of a goal needs of it. Stored with the goal, so that a replay needs
//! no file.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ClauseKind, Placed};
use crate::evidence::Timestamp;
use crate::problem::Span;

/// Bytes of a text of the contract that goes into prompts (8 kB each) or is held against every act of the
/// agent: a page, so that none crowds out the rest.
pub const PROSE_BYTES_MAX: usize = 2000;

/// Texts of `[stop] ask`: more than anybody weighs at once.
pub const ASK_MAX: usize = 50;

/// Tables of `[[approve]]`: every act is held against each of them.
pub const APPROVALS_MAX: usize = 100;

/// Tables of `[wake]`: more than anybody waits for.
pub const WAKES_MAX: usize = 100;

/// The largest number of turns that a rule of `[policy]` can name: ten times what a goal lives.
pub const RULE_TURNS_MAX: u32 = 1000;

/// What the life of a goal needs of its contract.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// What the goal may use up.
    pub budget: Budget,
    /// When turns without progress end.
    pub policy: Iteration,
    /// Prose for the prompt: when a person is asked.
    pub ask: Vec<String>,
    /// What a person decides.
    pub approve: Vec<Approval>,
    /// Conditions that the agent or the owner can wait for by name, in the order of the text.
    pub wakes: Vec<NamedWake>,
    /// True if a later assessment that is not met revokes completion.
    pub hold: bool,
    /// When criteria are assessed.
    pub assess: AssessWhen,
    /// Criteria and constraints, in the order of the contract; the implied one of a boundary last.
    pub clauses: Vec<ClauseTerms>,
    /// Patterns of what may change, for the prompt and for drivers that confine their agent.
    pub write: Vec<String>,
    /// Patterns of what must not change, for the prompt.
    pub protect: Vec<String>,
}

/// A clause, as far as the life of a goal cares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClauseTerms {
    /// Its name.
    pub name: String,
    /// Criterion or constraint.
    pub kind: ClauseKind,
    /// What its failure does; only a constraint stops.
    pub on_fail: OnFail,
}

/// What the failure of a constraint does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnFail {
    /// It heads the next prompt.
    #[default]
    Continue,
    /// It blocks the goal.
    Stop,
}

/// What the goal may use up; what is absent has no limit.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Turns that the host starts; the wrap-up is not counted.
    pub turns: Option<u64>,
    /// Tool calls.
    pub tool_calls: Option<u64>,
    /// Tokens: (input - cached input) + output.
    pub tokens: Option<u64>,
    /// Time in turns, in milliseconds.
    pub wall_ms: Option<u64>,
    /// Time of one turn, in milliseconds.
    pub turn_wall_ms: Option<u64>,
    /// Money, in millionths of a US dollar.
    pub cost_microusd: Option<u64>,
    /// What happens where the agent does not report a figure that has a limit.
    pub unknown: WhenUnknown,
}

/// What happens where the agent does not report a figure that has a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WhenUnknown {
    /// It is shown as unknown.
    #[default]
    Warn,
    /// No turn starts.
    Stop,
}

/// When turns without progress end; 0 switches a rule off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Iteration {
    /// Idle continuation turns before the next is suppressed.
    pub idle_turns: u32,
    /// Turns without progress in the evidence before the goal is blocked.
    pub stall_turns: u32,
    /// The same blocker on this many turns in a row blocks the goal.
    pub blocked_turns: u32,
    /// What the agent should note of each turn, for the prompt.
    pub note: Option<String>,
}

impl Default for Iteration {
    fn default() -> Self {
        Self { idle_turns: 1, stall_turns: 5, blocked_turns: 3, note: None }
    }
}

/// When criteria are assessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AssessWhen {
    /// After each turn that changed the tree.
    #[default]
    Turn,
    /// Constraints after each turn that changed the tree, criteria when the agent asks.
    Request,
}

/// What a person decides, and what happens where nobody is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Which acts.
    pub when: ApprovalWhen,
    /// For the person.
    pub why: String,
    /// Where nobody is there.
    pub headless: Headless,
}

/// Which acts need a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ApprovalWhen {
    /// A command that matches this pattern; `**` stands for any text, `*` for any text without a blank.
    Command(String),
    /// A write to a path that matches this pattern, as in CODEOWNERS.
    Path(String),
    /// A tool of this name; `*` stands for any text.
    Tool(String),
}

/// What happens to an act that needs a person where nobody is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Headless {
    /// It is refused and the agent goes on.
    #[default]
    Deny,
    /// The goal is blocked.
    Stop,
}

/// A wake of the contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedWake {
    /// Its name.
    pub name: String,
    /// What is waited for.
    pub wake: Wake,
}

/// A condition that re-arms a waiting goal without an agent turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wake {
    /// What is waited for.
    pub on: WakeOn,
    /// Between two looks, in milliseconds.
    pub every_ms: u64,
    /// Time of waiting after which the goal is blocked, in milliseconds.
    pub until_ms: Option<u64>,
}

/// What a waiting goal waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WakeOn {
    /// This time of the wall clock.
    At(Timestamp),
    /// The time between two looks, once.
    Every,
    /// One of these files, by globs relative to the workspace, is there that was not, changed, or is gone.
    Files(Vec<String>),
    /// The process whose number stands in this file has ended; the path is relative to the workspace.
    PidFile(String),
    /// This source of the contract gives other evidence than when the wait began.
    Source(String),
}

/// Between two looks where a wake names none.
pub const WAKE_EVERY_DEFAULT: Duration = Duration::from_secs(60);

/// The shortest time between two looks.
pub const WAKE_EVERY_MIN: Duration = Duration::from_secs(1);

/// Where the terms stand in the text, as far as a rule points there. Not stored: a goal has no text.
#[derive(Debug, Clone, Default)]
pub struct TermPlaces {
    /// The number of `policy.idle_turns`, where the contract has one.
    pub idle_turns: Option<Span>,
    /// The number of `policy.stall_turns`, where the contract has one.
    pub stall_turns: Option<Span>,
    /// The number of `policy.blocked_turns`, where the contract has one.
    pub blocked_turns: Option<Span>,
    /// The patterns of approvals for paths, in the order of the text.
    pub approve_paths: Vec<Placed<String>>,
    /// The names of wakes, in the order of the text.
    pub wakes: Vec<Placed<String>>,
    /// The sources that wakes name, in the order of the text.
    pub wake_sources: Vec<Placed<String>>,
}
