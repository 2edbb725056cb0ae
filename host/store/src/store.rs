//! The trait that every store fulfils, and what goes in and out of it.
//!
//! Every call blocks and is one transaction: all of it is stored, or nothing. What was acknowledged survives the
//! loss of power.

use std::collections::BTreeSet;

use evident_core::digest::Digest;

use crate::chain::Hash;
use crate::error::Error;
use crate::event::{Head, NewEvent, NewGoal, Snapshot, StoredEvent, StoredHead};
use crate::ids::{CommandId, GoalId, ThreadId};
use crate::inbox::{Command, NewCommand};
use crate::lease::{Lease, Machine, Moment, Owner, Scope};
use crate::report::Report;

/// How much a store takes.
pub mod limits {
    /// Bytes of the body of an event: a contract of the largest size with room to spare.
    pub const EVENT_BYTES_MAX: usize = 1024 * 1024;
    /// Bytes of the body of a head: ten thousand of them are listed at once.
    pub const HEAD_BYTES_MAX: usize = 16 * 1024;
    /// Bytes of the body of a snapshot: a folded goal, whose parts have limits of their own.
    pub const SNAPSHOT_BYTES_MAX: usize = 4 * 1024 * 1024;
    /// Bytes of the body of a command: a message of a person, and what is around it.
    pub const COMMAND_BYTES_MAX: usize = 64 * 1024;
    /// Bytes of the word that says who caused something.
    pub const ACTOR_BYTES_MAX: usize = 64;
    /// Bytes of a path: that of Linux.
    pub const PATH_BYTES_MAX: usize = 4096;
    /// Events of one append: a decision of the engine makes a handful.
    pub const EVENTS_PER_APPEND_MAX: usize = 256;
    /// Blobs that one event names: the artifacts of one source, and its attachments.
    pub const BLOBS_MAX: usize = 16 * 1024;
    /// Commands of one goal that wait: an owner that answers none is found out before a disk is full.
    pub const PENDING_MAX: usize = 64;
    /// Events of one reading.
    pub const EVENTS_READ_MAX: usize = 1024;
    /// Bytes of bodies after which a reading ends: the largest events go one at a time, not by the thousand.
    pub const READ_BYTES_MAX: usize = 16 * 1024 * 1024;
    /// Heads of one reading.
    pub const HEADS_READ_MAX: usize = 10_000;
    /// Events after which a snapshot is worth its bytes.
    pub const SNAPSHOT_EVERY: u64 = 256;
    /// Flaws that a report lists; the others are counted.
    pub const DAMAGES_MAX: usize = 1000;
}

/// Events that are appended together.
#[derive(Debug, Clone, Copy)]
pub struct Append<'a> {
    /// The right to do so.
    pub lease: Lease,
    /// Number of events that the caller has folded: the place of the last one.
    pub after: u64,
    /// At least one, at most [`limits::EVENTS_PER_APPEND_MAX`].
    pub events: &'a [NewEvent],
    /// What all events come to.
    pub head: &'a Head,
}

/// Where a log ends now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// The place of the last event.
    pub seq: u64,
    /// The link of the last event.
    pub hash: Hash,
}

/// Which goals are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter<'a> {
    /// Every goal.
    All,
    /// Those of a workspace.
    Workspace(&'a str),
    /// Those of a thread.
    Thread(ThreadId),
    /// Those whose id begins with these digits; none where they are not digits.
    Prefix(&'a str),
}

/// A store of goals. See the crate for what it never does.
///
/// Every call fails with [`Error::Busy`], [`Error::Full`] (writes only) and [`Error::Fatal`], with
/// [`Error::NoGoal`] where it names a goal that is not there, and with [`Error::Limit`] or [`Error::NotJson`] where
/// what it is given cannot be stored; the others are named with the call.
pub trait Store: Send + Sync {
    /// Makes a goal with its first events. Nobody owns it yet.
    ///
    /// # Errors
    /// [`Error::GoalExists`].
    fn create(&self, goal: &NewGoal, events: &[NewEvent], head: &Head) -> Result<Appended, Error>;

    /// Appends events, replaces the head, and marks the commands that the events answer.
    ///
    /// # Errors
    /// [`Error::Fenced`] where the lease is over, [`Error::Conflict`] where `after` is not the last place,
    /// [`Error::NotPending`] where a command has its answer.
    fn append(&self, append: &Append<'_>) -> Result<Appended, Error>;

    /// Events after the place `after`, in order, at most `limit` and [`limits::EVENTS_READ_MAX`]; fewer where they
    /// are large, none where there are none. The chain is checked on the way.
    ///
    /// # Errors
    /// [`Error::Damaged`] at the first event that is not what was stored.
    fn events(&self, goal: GoalId, after: u64, limit: usize) -> Result<Vec<StoredEvent>, Error>;

    /// The head of a goal.
    ///
    /// # Errors
    /// None of its own.
    fn head(&self, goal: GoalId) -> Result<StoredHead, Error>;

    /// Heads, the goal that was made last first, at most `limit` and [`limits::HEADS_READ_MAX`]; with `before`, those
    /// of smaller [`StoredHead::number`]: the next page.
    ///
    /// # Errors
    /// None of its own.
    fn heads(&self, filter: Filter<'_>, before: Option<u64>, limit: usize) -> Result<Vec<StoredHead>, Error>;

    /// Keeps a snapshot in the place of the one before. It needs no lease: one that does not belong to the chain is
    /// never given out.
    ///
    /// # Errors
    /// None of its own.
    fn put_snapshot(&self, goal: GoalId, snapshot: &Snapshot) -> Result<(), Error>;

    /// The snapshot of a goal, where there is one and the chain has its link. Else the caller folds from the first
    /// event.
    ///
    /// # Errors
    /// None of its own.
    fn snapshot(&self, goal: GoalId) -> Result<Option<Snapshot>, Error>;

    /// Takes a goal that nobody owns, or whose owner is dead or silent for [`EXPIRY_MS`](crate::EXPIRY_MS), and with
    /// [`Scope::Run`] its workspace. An owner that asks again gets a new epoch, and loses the one before.
    ///
    /// # Errors
    /// [`Error::Held`], [`Error::WorkspaceHeld`].
    fn acquire(
        &self,
        goal: GoalId,
        owner: &Owner,
        scope: Scope,
        machine: &dyn Machine,
    ) -> Result<Lease, Error>;

    /// Renews leases and gives those that are over, in the order given. A lease that ran out and that nobody took is
    /// renewed. This alone may be lost with the power: a lease does not outlive a boot.
    ///
    /// # Errors
    /// None of its own.
    fn renew(&self, leases: &[Lease], now: &Moment) -> Result<Vec<Lease>, Error>;

    /// Gives a goal back, and its workspace.
    ///
    /// # Errors
    /// [`Error::Fenced`] where the lease is over already.
    fn release(&self, lease: Lease) -> Result<(), Error>;

    /// Who owns a goal now.
    ///
    /// # Errors
    /// None of its own.
    fn owner(&self, goal: GoalId, machine: &dyn Machine) -> Result<Option<Owner>, Error>;

    /// Puts a command into the inbox of a goal; sending it again changes nothing.
    ///
    /// # Errors
    /// [`Error::InboxFull`]; [`Error::CommandExists`] where its id was used for another.
    fn send(&self, goal: GoalId, command: &NewCommand) -> Result<(), Error>;

    /// The commands of a goal that wait, as they were sent: at most [`limits::PENDING_MAX`].
    ///
    /// # Errors
    /// None of its own.
    fn pending(&self, goal: GoalId) -> Result<Vec<Command>, Error>;

    /// The goals that have commands which wait: one question for all the goals of a host.
    ///
    /// # Errors
    /// None of its own.
    fn goals_with_commands(&self) -> Result<Vec<GoalId>, Error>;

    /// The place of the event that answered a command; `None` while it waits.
    ///
    /// # Errors
    /// [`Error::NotPending`] where there is no such command.
    fn answer(&self, command: CommandId) -> Result<Option<u64>, Error>;

    /// Every blob that an event names: what a sweep keeps.
    ///
    /// # Errors
    /// None of its own.
    fn named_blobs(&self) -> Result<BTreeSet<Digest>, Error>;

    /// Reads a goal, or all, and reports what is not as it was stored.
    ///
    /// # Errors
    /// None of its own: damage is what it reports.
    fn verify(&self, goal: Option<GoalId>) -> Result<Report, Error>;

    /// Makes room on a full disk, so that the reason of a stop can be recorded. `false` where there was nothing left
    /// to free.
    ///
    /// # Errors
    /// [`Error::Io`].
    fn free_ballast(&self) -> Result<bool, Error>;

    /// Keeps room for the next time, where it does not already.
    ///
    /// # Errors
    /// [`Error::Io`].
    fn restore_ballast(&self) -> Result<(), Error>;
}
