//! A store whose n-th call fails, for tests: what a caller does then is what a sweep over n finds out.
//!
//! It holds what it wraps to the contract of errors: after [`Fault::Fatal`] no write passes any more.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use evident_core::digest::Digest;

use crate::error::Error;
use crate::event::{Head, NewEvent, NewGoal, Snapshot, StoredEvent, StoredHead};
use crate::ids::{CommandId, GoalId};
use crate::inbox::{Command, NewCommand};
use crate::lease::{Lease, Machine, Moment, Owner, Scope};
use crate::report::Report;
use crate::store::{Append, Appended, Filter, Store};

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Others hold the store: nothing is stored.
    Busy,
    /// There is no room: nothing is stored. A call that only reads passes.
    Full,
    /// The disk fails before anything is stored.
    Fatal,
    /// The disk fails after everything is stored: the caller does not learn that it was.
    FatalAfter,
}

impl Fault {
    /// Every fault.
    pub const ALL: &[Self] = &[Self::Busy, Self::Full, Self::Fatal, Self::FatalAfter];
}

/// Which calls fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// How.
    pub fault: Fault,
    /// The first call that fails, counted from 1.
    pub first: u64,
    /// How many calls fail, that one included.
    pub count: u64,
}

/// A store that fails by plan.
#[derive(Debug)]
pub struct Faulty<S> {
    store: S,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    plan: Plan,
    calls: u64,
    failures: u64,
    is_dead: bool,
}

/// What becomes of one call.
enum Fate {
    Pass,
    Refuse(Error),
    LoseTheAnswer,
}

fn fatal() -> Error {
    Error::Fatal { reason: "a fault was planned".to_owned() }
}

impl<S> Faulty<S> {
    /// Wraps a store.
    pub fn new(store: S, plan: Plan) -> Self {
        Self { store, state: Mutex::new(State { plan, calls: 0, failures: 0, is_dead: false }) }
    }

    /// Another plan from here on: its calls count from the next one. What is dead stays so.
    pub fn set_plan(&self, plan: Plan) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        (state.plan, state.calls) = (plan, 0);
    }

    /// How many calls failed by plan; none when a sweep is through.
    pub fn failures(&self) -> u64 {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).failures
    }

    fn fate(&self, writes: bool) -> Fate {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.calls += 1;
        if state.is_dead && writes {
            return Fate::Refuse(fatal());
        }
        let Plan { fault, first, count } = state.plan;
        if state.calls < first || state.calls >= first.saturating_add(count) {
            return Fate::Pass;
        }
        let fate = match fault {
            Fault::Full if !writes => return Fate::Pass,
            Fault::Busy => Fate::Refuse(Error::Busy),
            Fault::Full => Fate::Refuse(Error::Full),
            Fault::Fatal => Fate::Refuse(fatal()),
            Fault::FatalAfter => Fate::LoseTheAnswer,
        };
        state.failures += 1;
        state.is_dead |= matches!(fault, Fault::Fatal | Fault::FatalAfter);
        fate
    }

    fn call<T>(&self, writes: bool, work: impl FnOnce(&S) -> Result<T, Error>) -> Result<T, Error> {
        match self.fate(writes) {
            Fate::Pass => work(&self.store),
            Fate::Refuse(error) => Err(error),
            Fate::LoseTheAnswer => work(&self.store).and(Err(fatal())),
        }
    }

    fn reads<T>(&self, work: impl FnOnce(&S) -> Result<T, Error>) -> Result<T, Error> {
        self.call(false, work)
    }

    fn writes<T>(&self, work: impl FnOnce(&S) -> Result<T, Error>) -> Result<T, Error> {
        self.call(true, work)
    }
}

impl<S: Store> Store for Faulty<S> {
    fn create(&self, goal: &NewGoal, events: &[NewEvent], head: &Head) -> Result<Appended, Error> {
        self.writes(|store| store.create(goal, events, head))
    }

    fn append(&self, append: &Append<'_>) -> Result<Appended, Error> {
        self.writes(|store| store.append(append))
    }

    fn events(&self, goal: GoalId, after: u64, limit: usize) -> Result<Vec<StoredEvent>, Error> {
        self.reads(|store| store.events(goal, after, limit))
    }

    fn head(&self, goal: GoalId) -> Result<StoredHead, Error> {
        self.reads(|store| store.head(goal))
    }

    fn heads(&self, filter: Filter<'_>, before: Option<u64>, limit: usize) -> Result<Vec<StoredHead>, Error> {
        self.reads(|store| store.heads(filter, before, limit))
    }

    fn put_snapshot(&self, goal: GoalId, snapshot: &Snapshot) -> Result<(), Error> {
        self.writes(|store| store.put_snapshot(goal, snapshot))
    }

    fn snapshot(&self, goal: GoalId) -> Result<Option<Snapshot>, Error> {
        self.reads(|store| store.snapshot(goal))
    }

    fn acquire(
        &self,
        goal: GoalId,
        owner: &Owner,
        scope: Scope,
        machine: &dyn Machine,
    ) -> Result<Lease, Error> {
        self.writes(|store| store.acquire(goal, owner, scope, machine))
    }

    fn renew(&self, leases: &[Lease], now: &Moment) -> Result<Vec<Lease>, Error> {
        self.writes(|store| store.renew(leases, now))
    }

    fn release(&self, lease: Lease) -> Result<(), Error> {
        self.writes(|store| store.release(lease))
    }

    fn owner(&self, goal: GoalId, machine: &dyn Machine) -> Result<Option<Owner>, Error> {
        self.reads(|store| store.owner(goal, machine))
    }

    fn send(&self, goal: GoalId, command: &NewCommand) -> Result<(), Error> {
        self.writes(|store| store.send(goal, command))
    }

    fn pending(&self, goal: GoalId) -> Result<Vec<Command>, Error> {
        self.reads(|store| store.pending(goal))
    }

    fn goals_with_commands(&self) -> Result<Vec<GoalId>, Error> {
        self.reads(Store::goals_with_commands)
    }

    fn answer(&self, command: CommandId) -> Result<Option<u64>, Error> {
        self.reads(|store| store.answer(command))
    }

    fn named_blobs(&self) -> Result<BTreeSet<Digest>, Error> {
        self.reads(Store::named_blobs)
    }

    fn verify(&self, goal: Option<GoalId>) -> Result<Report, Error> {
        self.reads(|store| store.verify(goal))
    }

    /// Never fails by plan: it makes room.
    fn free_ballast(&self) -> Result<bool, Error> {
        self.store.free_ballast()
    }

    fn restore_ballast(&self) -> Result<(), Error> {
        self.writes(Store::restore_ballast)
    }
}
