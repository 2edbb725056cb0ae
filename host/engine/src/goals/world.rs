//! What the loop of a goal needs of the world around it, so that a simulation can stand in its place.

use evident_agent::Pending;
use evident_core::assessment::Assessment;
use evident_core::digest::Digest;
use evident_core::evidence::Timestamp;
use evident_core::goal::Waiting;
use evident_core::goal::event::{Assessed, Scope, Why};

use super::Trouble;
use crate::Assurance;

/// An assessment that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assess {
    /// The contract in force.
    pub contract: Digest,
    /// Why.
    pub why: Why,
    /// What of it.
    pub scope: Scope,
    /// How far host and agent are apart.
    pub assurance: Assurance,
}

/// What was seen of what a goal waits for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Look {
    /// What it looks like, where it wakes by a change.
    pub mark: Option<String>,
    /// What happened, where it wakes by that.
    pub fired: Option<String>,
}

/// The world around a goal: clock, folder, evidence, blobs.
pub trait World: Send + Sync {
    /// The wall clock. Nothing is measured with it.
    fn wall(&self) -> Timestamp;

    /// Stores bytes, synced.
    ///
    /// # Errors
    /// Where they cannot be written.
    fn keep(&self, bytes: Vec<u8>) -> Pending<'_, Result<Digest, Trouble>>;

    /// Whether that many bytes can be written where the host keeps its files; they are not kept.
    ///
    /// # Errors
    /// [`Trouble::Full`] where they cannot.
    fn room(&self, _bytes: u64) -> Pending<'_, Result<(), Trouble>> {
        Box::pin(async { Ok(()) })
    }

    /// A stored text.
    ///
    /// # Errors
    /// Where it is not there, or not as it was stored.
    fn text(&self, digest: Digest) -> Pending<'_, Result<String, Trouble>>;

    /// A stored assessment.
    ///
    /// # Errors
    /// Where it is not there, or not as it was stored.
    fn assessment(&self, digest: Digest) -> Pending<'_, Result<Assessment, Trouble>>;

    /// Collects the evidence and judges it. Dropping it ends the commands that run.
    ///
    /// # Errors
    /// The host's own failure.
    fn assess(&self, asked: Assess) -> Pending<'_, Result<Assessed, Trouble>>;

    /// Digest of the tree now, as that contract counts files.
    ///
    /// # Errors
    /// The host's own failure.
    fn tree(&self, contract: Digest) -> Pending<'_, Result<Digest, Trouble>>;

    /// The owner put the contract of that digest in force as that revision: it is the owner's work.
    ///
    /// # Errors
    /// The host's own failure.
    fn revise(&self, contract: Digest, revision: u32) -> Pending<'_, Result<(), Trouble>>;

    /// Keeps in mind what lies around, for the waits that the next turn asks for: at the end of a turn, and when a
    /// wait is over. What cannot be looked at is not kept.
    fn note(&self) -> Pending<'_, ()>;

    /// A turn begins: what it asks to wait for is held against the last note, and against `known`, the newest
    /// assessment. What came between the note and the turn is news to its agent too.
    fn begins(&self, known: Option<Digest>);

    /// Looks at what is waited for; `waited_ms` includes the time until now. The first look of a wait whose
    /// `since_turn` is true also tells what changed since the note of [`Self::begins`].
    ///
    /// # Errors
    /// The host's own failure.
    fn look<'a>(
        &'a self,
        contract: Digest,
        waiting: &'a Waiting,
        waited_ms: u64,
    ) -> Pending<'a, Result<Look, Trouble>>;

    /// Ends what an agent left behind, once its turn is over. A world without processes has nothing to end.
    fn settle(&self) -> Pending<'_, ()> {
        Box::pin(async {})
    }

    /// True if the thread has a newer goal than this one.
    fn is_superseded(&self) -> bool;

    /// The path patterns of the contract's approvals that one of these paths matches.
    fn matched(&self, patterns: &[String], paths: &[String]) -> Vec<String>;
}
