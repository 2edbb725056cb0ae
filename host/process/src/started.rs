//! The leaders that this process started: what tells them from the processes that became its children because
//! their own parent ended.
//!
//! It names processes, and never signals one. A number is worth nothing without the time of its start: numbers
//! are given again.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Entries beyond which those of processes that are gone are removed at the next start.
const PRUNE_AT: usize = 64;

static LEADERS: Mutex<BTreeMap<i32, Leader>> = Mutex::new(BTreeMap::new());

/// One leader.
#[derive(Debug, Clone, Copy)]
struct Leader {
    /// When it started, as [`super::table`] counts; absent where the system does not tell.
    started: Option<u64>,
    /// False once its group was dropped: it was killed then, and tokio reaps it later.
    held: bool,
}

/// What a process is to this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// A leader whose group somebody holds.
    Held,
    /// A leader whose group was dropped: it must end, and is reaped by tokio alone.
    Dropped,
    /// Not started here.
    Unknown,
}

/// The table, for as long as it must not change: from before a program starts until it is entered, and while
/// orphans are looked for.
#[derive(Debug)]
pub(crate) struct Leaders(MutexGuard<'static, BTreeMap<i32, Leader>>);

/// Waits for the table.
pub(crate) fn leaders() -> Leaders {
    // No step in between leaves it half changed.
    Leaders(LEADERS.lock().unwrap_or_else(PoisonError::into_inner))
}

impl Leaders {
    /// Enters a child that was just started and that is not reaped.
    pub(crate) fn enter(&mut self, number: i32) {
        if self.0.len() >= PRUNE_AT {
            self.0.retain(|number, leader| super::table::started(*number) == leader.started);
        }
        self.0.insert(number, Leader { started: super::table::started(number), held: true });
    }

    /// Forgets a leader that was reaped.
    pub(crate) fn leave(&mut self, number: i32) {
        self.0.remove(&number);
    }

    /// Nobody holds the group of that leader any more.
    pub(crate) fn drop_group(&mut self, number: i32) {
        if let Some(leader) = self.0.get_mut(&number) {
            leader.held = false;
        }
    }

    /// What a process of that number and start is.
    pub(crate) fn standing(&self, number: i32, started: u64) -> Standing {
        match self.0.get(&number).filter(|leader| leader.started == Some(started)) {
            Some(Leader { held: true, .. }) => Standing::Held,
            Some(_) => Standing::Dropped,
            None => Standing::Unknown,
        }
    }

    /// True if somebody holds any.
    pub(crate) fn are_held(&self) -> bool {
        self.0.values().any(|leader| leader.held)
    }

    /// True if that number is the one of a leader that somebody holds.
    pub(crate) fn is_held(&self, number: i32) -> bool {
        self.0.get(&number).is_some_and(|leader| leader.held)
    }
}
