//! One evaluation of the whole contract: what is stored, printed and explained.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::contract::ClauseKind;
use crate::digest::Digest;
use crate::doubt::Doubt;
use crate::evidence::{Evidence, Timestamp};
use crate::outcome::{Fault, Outcome, Status};
use crate::roll_up::RollUp;

/// Version of the JSON form of an assessment.
pub const ASSESSMENT_VERSION: u32 = 2;

/// One evaluation of the whole contract.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Assessment {
    /// [`ASSESSMENT_VERSION`].
    pub version: u32,
    /// Version of the host that made it.
    pub host: String,
    /// How far host and worker are apart: always `L0`, the same user, in this version.
    pub assurance: String,
    /// Name of the goal.
    pub goal: String,
    /// Digest of the contract's text.
    pub contract: Digest,
    /// Digest of the tree that was assessed.
    pub tree: Digest,
    /// What it is compared with, where the contract asks for that.
    pub start: Option<Start>,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// The one word.
    pub roll_up: RollUp,
    /// Criteria and constraints, in the order of the contract.
    pub clauses: Vec<Judged>,
    /// Sources in the order of the contract.
    pub evidence: Vec<Evidence>,
}

/// The start tree and the base of an assessment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Start {
    /// Digest of the start tree.
    pub tree: Digest,
    /// When it was recorded.
    pub recorded: Timestamp,
    /// True if this assessment recorded it: then nothing could have changed since.
    pub fresh: bool,
    /// The commit of the base; absent where the base is the start tree.
    pub base: Option<String>,
    /// Digest of the contract's text when it was recorded, or when its owner last accepted a change of it.
    /// Where it is another one now, no pass is proven.
    pub contract: Digest,
    /// How often the owner accepted changes since.
    pub accepted: u64,
    /// When the last time was.
    pub accepted_last: Option<Timestamp>,
}

/// A clause and what came out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Judged {
    /// Name in the contract.
    pub name: String,
    /// Criterion or constraint.
    pub kind: ClauseKind,
    /// Who judged.
    pub checker: CheckerIdentity,
    /// What was bound, by slot.
    pub bound: Vec<BoundArtifact>,
    /// What came out.
    pub outcome: Outcome,
    /// What is known where the component gave no answer.
    pub fault: Option<Fault>,
    /// What the checker wrote to its log.
    pub log: String,
    /// What the check used; absent where no checker was called.
    pub usage: Option<Usage>,
    /// True if a pass of it is asserted, not proven: where there are doubts.
    pub asserted: bool,
    /// Why it is asserted.
    #[serde(default)]
    pub doubts: Vec<Doubt>,
    /// True if the outcome is that of an earlier check of the same component, config and artifacts.
    pub reused: bool,
}

impl Judged {
    /// True if this clause passes.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.outcome.status == Status::Pass
    }

    /// Adds a reason why a pass of it is asserted.
    pub fn doubt(&mut self, doubt: Doubt) {
        self.asserted = true;
        if !self.doubts.contains(&doubt) {
            self.doubts.push(doubt);
        }
    }
}

/// Which component judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CheckerIdentity {
    /// Name in the contract.
    pub name: String,
    /// As the checker says.
    pub version: String,
    /// Of the component's bytes.
    pub digest: Digest,
}

/// An artifact in a slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BoundArtifact {
    /// Slot of the checker.
    pub slot: String,
    /// Source of the contract.
    pub source: String,
    /// Name inside the source.
    pub artifact: String,
    /// Bytes.
    pub size: u64,
    /// Names the bytes in the blob store.
    pub digest: Digest,
    /// Different bytes that the checker read.
    pub read: u64,
}

/// What a check used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Usage {
    /// Units of work: the same for the same component, config and evidence.
    pub fuel: u64,
    /// Most bytes of guest memory.
    pub memory_bytes: u64,
    /// Time on the clock, in microseconds.
    pub wall_us: u64,
}
