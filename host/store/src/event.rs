//! What is stored of a goal: events, the head that sums them up, and snapshots. Bodies are JSON bytes with a
//! version; nothing here reads one.

use evident_core::digest::Digest;
use evident_core::evidence::Timestamp;
use serde::de::IgnoredAny;

use crate::chain::{self, Hash, Record};
use crate::error::Error;
use crate::ids::{CommandId, GoalId, ThreadId};
use crate::store::{Appended, limits};

/// What never changes about a goal. The first link of its chain covers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGoal {
    /// Its id, drawn by the caller.
    pub id: GoalId,
    /// The conversation that it belongs to.
    pub thread: ThreadId,
    /// Its workspace as an absolute path. Goals of one workspace have equal bytes here: the caller resolves links.
    pub workspace: String,
    /// Where its contract was read, for people.
    pub contract: String,
    /// When it was made.
    pub created: Timestamp,
}

/// An event that is not stored yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Wall time, for people. It orders nothing.
    pub at: Timestamp,
    /// Who caused it, in a word: `owner`, `host`, `agent`.
    pub actor: String,
    /// Version of the form of `body`, at least 1.
    pub version: u32,
    /// JSON.
    pub body: Vec<u8>,
    /// The blobs that the event names; they are synced already, and kept for as long as the event is.
    pub blobs: Vec<Digest>,
    /// The command of the inbox that this event answers.
    pub answers: Option<CommandId>,
}

/// An event of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its place in the goal: 1, 2, 3, ...
    pub seq: u64,
    /// The epoch of the owner who wrote it; 0 for the events that made the goal.
    pub epoch: u64,
    /// What was stored.
    pub event: NewEvent,
    /// The link of the chain up to here.
    pub hash: Hash,
}

/// What the events of a goal come to: written with them in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Version of the form of `body`, at least 1.
    pub version: u32,
    /// JSON.
    pub body: Vec<u8>,
}

/// A goal as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredHead {
    /// Counts goals in the order in which they were made; gaps are possible.
    pub number: u64,
    /// What never changes.
    pub goal: NewGoal,
    /// Number of events: the place of the last one.
    pub seq: u64,
    /// The link of the last event.
    pub hash: Hash,
    /// When the last event happened, by the wall clock.
    pub updated: Timestamp,
    /// What the events come to.
    pub head: Head,
}

/// The folded state after an event: a cache, which is believed only where the chain has that link at that place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The last event that is folded in.
    pub seq: u64,
    /// The link of that event.
    pub hash: Hash,
    /// Version of the form of `body`, at least 1.
    pub version: u32,
    /// JSON.
    pub body: Vec<u8>,
}

impl NewGoal {
    pub(crate) fn check(&self) -> Result<(), Error> {
        within("bytes of the path of a workspace", self.workspace.len(), limits::PATH_BYTES_MAX)?;
        within("bytes of the path of a contract", self.contract.len(), limits::PATH_BYTES_MAX)
    }
}

impl NewEvent {
    fn check(&self) -> Result<(), Error> {
        within("bytes of an actor", self.actor.len(), limits::ACTOR_BYTES_MAX)?;
        // None is fine here; `within` asks for one.
        within("blobs of an event", self.blobs.len().max(1), limits::BLOBS_MAX)?;
        body("an event", self.version, &self.body, limits::EVENT_BYTES_MAX)
    }

    /// The blobs as they are stored and hashed: their bytes, one after the other.
    pub(crate) fn packed_blobs(&self) -> Vec<u8> {
        self.blobs.iter().flat_map(|digest| *digest.as_bytes()).collect()
    }

    pub(crate) fn record<'a>(&'a self, goal: GoalId, seq: u64, epoch: u64, blobs: &'a [u8]) -> Record<'a> {
        Record {
            goal,
            seq,
            epoch,
            at: self.at,
            actor: &self.actor,
            version: self.version,
            answers: self.answers,
            blobs,
            body: &self.body,
        }
    }
}

impl StoredHead {
    /// What it must be sealed with.
    pub(crate) fn seal(&self) -> Hash {
        let end = Appended { seq: self.seq, hash: self.hash };
        chain::seal(self.goal.id, end, self.updated, &self.head)
    }
}

impl Snapshot {
    pub(crate) fn check(&self) -> Result<(), Error> {
        body("a snapshot", self.version, &self.body, limits::SNAPSHOT_BYTES_MAX)
    }
}

/// Whether these may be stored together.
pub(crate) fn check(events: &[NewEvent], head: &Head) -> Result<(), Error> {
    within("events of one append", events.len(), limits::EVENTS_PER_APPEND_MAX)?;
    events.iter().try_for_each(NewEvent::check)?;
    body("a head", head.version, &head.body, limits::HEAD_BYTES_MAX)
}

/// Refuses nothing and too much.
pub(crate) fn within(what: &'static str, found: usize, max: usize) -> Result<(), Error> {
    if (1..=max).contains(&found) { Ok(()) } else { Err(Error::Limit { what, found, max }) }
}

/// Refuses a body that a later reader could not make sense of.
pub(crate) fn body(what: &'static str, version: u32, body: &[u8], max: usize) -> Result<(), Error> {
    within("bytes of a body", body.len(), max)?;
    let is_json = serde_json::from_slice::<IgnoredAny>(body).is_ok();
    if version > 0 && is_json { Ok(()) } else { Err(Error::NotJson(what)) }
}
