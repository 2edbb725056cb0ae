//! The hash chain of a goal: SHA-256 over everything that an event says and over the link before it.
//!
//! It finds edits and cuts. It does not find a log whose last events were cut off together with a head that
//! was made to fit, nor one that was written anew as a whole: only an anchor outside of the machine does.

use evident_core::digest::Digest;
use evident_core::evidence::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::event::{Head, NewEvent, NewGoal, Snapshot};
use crate::ids::{CommandId, GoalId};
use crate::store::Appended;

/// A link of a chain.
pub type Hash = Digest;

/// What tells one kind of hash from the others; the number is that of the form.
const GOAL: &[u8] = b"evident goal 1\n";
const EVENT: &[u8] = b"evident event 1\n";
const HEAD: &[u8] = b"evident head 1\n";
const SNAPSHOT: &[u8] = b"evident snapshot 1\n";

/// An event as it is hashed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record<'a> {
    pub(crate) goal: GoalId,
    pub(crate) seq: u64,
    pub(crate) epoch: u64,
    pub(crate) at: Timestamp,
    pub(crate) actor: &'a str,
    pub(crate) version: u32,
    pub(crate) answers: Option<CommandId>,
    /// Digests of 32 bytes, one after the other.
    pub(crate) blobs: &'a [u8],
    pub(crate) body: &'a [u8],
}

impl Record<'_> {
    /// The link of this event after the link `before`.
    pub(crate) fn link(&self, before: Hash) -> Hash {
        let mut hash = Sha256::new();
        // What has a fixed size goes in one piece: a million small updates cost more than the hash.
        let mut fixed = [0_u8; 128];
        let mut filled = 0;
        let mut put = |bytes: &[u8]| {
            fixed[filled..filled + bytes.len()].copy_from_slice(bytes);
            filled += bytes.len();
        };
        put(EVENT);
        put(before.as_bytes());
        put(self.goal.as_bytes());
        put(&self.seq.to_be_bytes());
        put(&self.epoch.to_be_bytes());
        put(&self.at.0.to_be_bytes());
        put(&self.version.to_be_bytes());
        put(&[u8::from(self.answers.is_some())]);
        put(&self.answers.map_or([0; 16], |command| *command.as_bytes()));
        hash.update(&fixed[..filled]);
        for part in [self.actor.as_bytes(), self.blobs, self.body] {
            hash.update(length(part));
            hash.update(part);
        }
        Digest::from_bytes(hash.finalize().into())
    }
}

/// The link before the first event: what never changes about a goal.
pub(crate) fn first(goal: &NewGoal) -> Hash {
    let parts = [goal.workspace.as_bytes(), goal.contract.as_bytes()];
    let fixed = [goal.id.as_bytes().as_slice(), goal.thread.as_bytes(), &goal.created.0.to_be_bytes()];
    whole(GOAL, &fixed, &parts)
}

/// What a head is sealed with, so that an edited one is found without folding. It keeps out accidents and the
/// careless; whoever can compute it can write it.
pub(crate) fn seal(goal: GoalId, end: Appended, updated: Timestamp, head: &Head) -> Hash {
    let fixed = [
        goal.as_bytes().as_slice(),
        &end.seq.to_be_bytes(),
        end.hash.as_bytes(),
        &updated.0.to_be_bytes(),
        &head.version.to_be_bytes(),
    ];
    whole(HEAD, &fixed, &[&head.body])
}

/// The links of events that come after the place `after` and its link, in one epoch.
pub(crate) fn links(goal: GoalId, after: Appended, epoch: u64, events: &[NewEvent]) -> Vec<Hash> {
    let mut before = after.hash;
    let link = |(seq, event): (u64, &NewEvent)| {
        before = event.record(goal, seq, epoch, &event.packed_blobs()).link(before);
        before
    };
    (after.seq + 1..).zip(events).map(link).collect()
}

/// The sum of a snapshot.
pub(crate) fn sum(goal: GoalId, snapshot: &Snapshot) -> Hash {
    let fixed = [
        goal.as_bytes().as_slice(),
        &snapshot.seq.to_be_bytes(),
        snapshot.hash.as_bytes(),
        &snapshot.version.to_be_bytes(),
    ];
    whole(SNAPSHOT, &fixed, &[&snapshot.body])
}

fn whole(domain: &[u8], fixed: &[&[u8]], parts: &[&[u8]]) -> Hash {
    let mut hash = Sha256::new();
    hash.update(domain);
    fixed.iter().for_each(|bytes| hash.update(bytes));
    for part in parts {
        hash.update(length(part));
        hash.update(part);
    }
    Digest::from_bytes(hash.finalize().into())
}

fn length(part: &[u8]) -> [u8; 8] {
    (part.len() as u64).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A chain that covers all but one field lets that field be edited.
    #[test]
    fn every_field_changes_the_link() {
        let (goal, other) = (GoalId::from_bytes([1; 16]), GoalId::from_bytes([2; 16]));
        let before = Digest::from_bytes([7; 32]);
        let (blobs, zero) = ([3; 32], CommandId::from_bytes([0; 16]));
        let record = Record {
            goal,
            seq: 1,
            epoch: 1,
            at: Timestamp(1),
            actor: "owner",
            version: 1,
            answers: None,
            blobs: &blobs,
            body: b"{}",
        };
        let mut links = vec![
            record.link(before),
            record.link(Digest::from_bytes([8; 32])),
            Record { goal: other, ..record }.link(before),
            Record { seq: 2, ..record }.link(before),
            Record { epoch: 2, ..record }.link(before),
            Record { at: Timestamp(2), ..record }.link(before),
            Record { actor: "agent", ..record }.link(before),
            Record { version: 2, ..record }.link(before),
            Record { answers: Some(zero), ..record }.link(before),
            Record { blobs: &[], ..record }.link(before),
            Record { body: b"[]", ..record }.link(before),
            // A byte that moves from one part to the next.
            Record { actor: "owne", blobs: b"r", ..record }.link(before),
        ];
        let count = links.len();
        links.sort_unstable();
        links.dedup();
        assert_eq!(links.len(), count);
    }
}
