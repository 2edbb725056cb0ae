//! Who owns a goal: a lease with an epoch, a heartbeat and an end. A lease is a courtesy between hosts that run;
//! what keeps a host that was asleep from writing is the epoch, which every append states.
//!
//! The wall clock has no part in it: a clock that jumps ten years gives no goal two owners and locks none.

use evident_core::text;

use crate::ids::{GoalId, OwnerId};

/// How often an owner renews its leases, in milliseconds: a tenth of their life, so that a few may fail.
pub const HEARTBEAT_MS: u64 = 1_000;

/// How long a lease lasts without being renewed, in milliseconds: longer than any pause of a host that works, and
/// short enough to wait for.
pub const EXPIRY_MS: u64 = 10_000;

/// A point in the life of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// Names the boot; empty where the system does not name it.
    pub boot: String,
    /// Milliseconds since the boot, those of sleep included. Nobody can set it.
    pub millis: u64,
}

/// A process of a machine, told from all others that had or will have its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Names the boot; empty where the system does not name it.
    pub boot: String,
    /// Names the space of process numbers, which a container has of its own; 0 where there is none.
    pub space: u64,
    /// Its number.
    pub id: u32,
    /// When it started, in a unit of the system; 0 where that is unknown.
    pub started: u64,
}

/// Whoever holds leases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Its id, drawn once per run of a host.
    pub id: OwnerId,
    /// What it is, for people, made safe to show.
    pub label: String,
    /// Its process.
    pub process: Process,
}

impl Owner {
    /// An owner whose label is made safe to show.
    #[must_use]
    pub fn new(id: OwnerId, label: &str, process: Process) -> Self {
        Self { id, label: text::line(label), process }
    }
}

/// What a lease is judged by. A test has its own.
pub trait Machine {
    /// Now.
    fn now(&self) -> Moment;

    /// Whether that process certainly runs no more. A process that cannot be seen from here is not known to be dead.
    fn is_dead(&self, process: &Process) -> bool;
}

/// What is claimed together with a goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The goal alone: to fold a command into it.
    Goal,
    /// The goal and its workspace: to run it. One goal runs in a workspace.
    Run,
}

/// The right to append to a goal, for as long as nobody took it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// The goal.
    pub goal: GoalId,
    /// Counts its owners; every append states it.
    pub epoch: u64,
}

/// The row of a lease that somebody holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) owner: Owner,
    pub(crate) renewed: Moment,
}

impl Held {
    /// Whether it keeps others out.
    pub(crate) fn stands(&self, machine: &dyn Machine) -> bool {
        let now = machine.now();
        // Both ways: a time that lies ahead was told by another clock, and is no reason to wait for it.
        let is_fresh = now.boot == self.renewed.boot && now.millis.abs_diff(self.renewed.millis) <= EXPIRY_MS;
        is_fresh && !machine.is_dead(&self.owner.process)
    }
}
