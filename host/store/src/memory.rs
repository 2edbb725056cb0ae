//! The store in memory, for tests and simulations: the same answers as the one on disk, and nothing that lasts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use evident_core::digest::Digest;

use crate::chain::{self, Hash};
use crate::error::Error;
use crate::event::{Head, NewEvent, NewGoal, Snapshot, StoredEvent, StoredHead};
use crate::ids::{CommandId, GoalId, range};
use crate::inbox::{Command, NewCommand};
use crate::lease::{Held, Lease, Machine, Moment, Owner, Scope};
use crate::report::{Damage, Flaw, Report, Walk};
use crate::store::{Append, Appended, Filter, Store, limits};

/// A handle; a clone of it is another handle to the same store.
#[derive(Debug, Clone, Default)]
pub struct Memory(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    goals: BTreeMap<GoalId, Goal>,
    inbox: Vec<Row>,
    is_ballast_free: bool,
}

#[derive(Debug)]
struct Goal {
    stored: StoredHead,
    seal: Hash,
    events: Vec<StoredEvent>,
    epoch: u64,
    held: Option<Held>,
    runs: bool,
    snapshot: Option<Snapshot>,
}

#[derive(Debug)]
struct Row {
    goal: GoalId,
    command: Command,
    answered: Option<u64>,
}

impl Memory {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No call changes anything before all that can fail is done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn goal(&self, goal: GoalId) -> Result<&Goal, Error> {
        self.goals.get(&goal).ok_or(Error::NoGoal(goal))
    }

    fn goal_mut(&mut self, goal: GoalId) -> Result<&mut Goal, Error> {
        self.goals.get_mut(&goal).ok_or(Error::NoGoal(goal))
    }

    /// The goal of a lease that is not over.
    fn fenced(&self, lease: Lease) -> Result<&Goal, Error> {
        let goal = self.goal(lease.goal)?;
        if goal.epoch == lease.epoch && goal.held.is_some() {
            return Ok(goal);
        }
        Err(Error::Fenced { goal: lease.goal, epoch: lease.epoch, current: goal.epoch })
    }

    fn waits(&self, goal: GoalId, command: CommandId) -> Option<usize> {
        let waits =
            |row: &Row| row.goal == goal && row.command.command.id == command && row.answered.is_none();
        self.inbox.iter().position(waits)
    }

    /// Marks what the events answer, all or nothing.
    fn answer(&mut self, goal: GoalId, after: u64, events: &[NewEvent]) -> Result<(), Error> {
        let mut answered = BTreeMap::new();
        for (seq, event) in (after + 1..).zip(events) {
            let Some(command) = event.answers else { continue };
            let row = self.waits(goal, command).ok_or(Error::NotPending(command))?;
            if answered.insert(row, seq).is_some() {
                return Err(Error::NotPending(command));
            }
        }
        for (row, seq) in answered {
            self.inbox[row].answered = Some(seq);
        }
        Ok(())
    }
}

impl Goal {
    fn extend(&mut self, start: Appended, epoch: u64, events: &[NewEvent], head: &Head) -> Appended {
        let links = chain::links(self.stored.goal.id, start, epoch, events);
        for (seq, (event, hash)) in (start.seq + 1..).zip(events.iter().zip(&links)) {
            self.events.push(StoredEvent { seq, epoch, event: event.clone(), hash: *hash });
            (self.stored.seq, self.stored.hash, self.stored.updated) = (seq, *hash, event.at);
        }
        self.stored.head = head.clone();
        self.seal = self.stored.seal();
        Appended { seq: self.stored.seq, hash: self.stored.hash }
    }

    /// Follows the chain from the place `after` over `count` events.
    fn walk(&self, after: u64, count: usize, mut tell: impl FnMut(u64, Flaw)) -> Walk {
        let goal = self.stored.goal.id;
        let skipped = usize::try_from(after).unwrap_or(usize::MAX);
        let mut walk = match skipped.checked_sub(1).and_then(|last| self.events.get(last)) {
            Some(last) => Walk::resume(goal, last.seq, last.epoch, last.hash),
            None => Walk::begin(&self.stored),
        };
        for stored in self.events.iter().skip(skipped).take(count) {
            let blobs = stored.event.packed_blobs();
            let record = stored.event.record(goal, stored.seq, stored.epoch, &blobs);
            walk.step(&record, stored.hash, &mut tell);
        }
        walk
    }

    fn verify(&self) -> Report {
        let mut report = Report { events: self.events.len() as u64, ..Report::default() };
        let goal = self.stored.goal.id;
        let walk = self.walk(0, usize::MAX, |seq, flaw| report.add(goal, Some(seq), flaw));
        walk.end(&self.stored, self.seal, &mut report);
        report
    }
}

impl Store for Memory {
    fn create(&self, goal: &NewGoal, events: &[NewEvent], head: &Head) -> Result<Appended, Error> {
        goal.check()?;
        crate::event::check(events, head)?;
        let mut state = self.lock();
        if state.goals.contains_key(&goal.id) {
            return Err(Error::GoalExists(goal.id));
        }
        state.answer(goal.id, 0, events)?;
        let start = Appended { seq: 0, hash: chain::first(goal) };
        let stored = StoredHead {
            number: state.goals.len() as u64 + 1,
            goal: goal.clone(),
            seq: 0,
            hash: start.hash,
            updated: goal.created,
            head: head.clone(),
        };
        let (seal, events_kept) = (stored.hash, Vec::new());
        let mut made =
            Goal { stored, seal, events: events_kept, epoch: 0, held: None, runs: false, snapshot: None };
        let end = made.extend(start, 0, events, head);
        state.goals.insert(goal.id, made);
        Ok(end)
    }

    fn append(&self, append: &Append<'_>) -> Result<Appended, Error> {
        let Append { lease, after, events, head } = *append;
        crate::event::check(events, head)?;
        let mut state = self.lock();
        let found = state.fenced(lease)?.stored.seq;
        if found != after {
            return Err(Error::Conflict { goal: lease.goal, expected: after, found });
        }
        state.answer(lease.goal, after, events)?;
        let goal = state.goal_mut(lease.goal)?;
        let start = Appended { seq: goal.stored.seq, hash: goal.stored.hash };
        Ok(goal.extend(start, lease.epoch, events, head))
    }

    fn events(&self, goal: GoalId, after: u64, limit: usize) -> Result<Vec<StoredEvent>, Error> {
        let state = self.lock();
        let kept = state.goal(goal)?;
        let (mut bytes, mut events) = (0, Vec::new());
        let skipped = usize::try_from(after).unwrap_or(usize::MAX);
        for stored in kept.events.iter().skip(skipped).take(limit.min(limits::EVENTS_READ_MAX)) {
            events.push(stored.clone());
            bytes += stored.event.body.len() + stored.event.packed_blobs().len();
            if bytes >= limits::READ_BYTES_MAX {
                break;
            }
        }
        let mut damage = None;
        kept.walk(after, events.len(), |seq, flaw| {
            damage.get_or_insert(Damage { goal, seq: Some(seq), flaw });
        });
        damage.map_or(Ok(events), |damage| Err(Error::Damaged(damage)))
    }

    fn head(&self, goal: GoalId) -> Result<StoredHead, Error> {
        self.lock().goal(goal).map(|goal| goal.stored.clone())
    }

    fn heads(&self, filter: Filter<'_>, before: Option<u64>, limit: usize) -> Result<Vec<StoredHead>, Error> {
        let prefix = match filter {
            Filter::Prefix(prefix) => range(prefix),
            _ => None,
        };
        let is_meant = |stored: &StoredHead| match filter {
            Filter::All => true,
            Filter::Workspace(workspace) => stored.goal.workspace == workspace,
            Filter::Thread(thread) => stored.goal.thread == thread,
            Filter::Prefix(_) => prefix.is_some_and(|(first, last)| (first..=last).contains(&stored.goal.id)),
        };
        let state = self.lock();
        let stored = state.goals.values().map(|goal| &goal.stored);
        let is_before = |stored: &StoredHead| before.is_none_or(|before| stored.number < before);
        let mut heads: Vec<_> =
            stored.filter(|stored| is_before(stored) && is_meant(stored)).cloned().collect();
        heads.sort_by_key(|head| std::cmp::Reverse(head.number));
        heads.truncate(limit.min(limits::HEADS_READ_MAX));
        Ok(heads)
    }

    fn put_snapshot(&self, goal: GoalId, snapshot: &Snapshot) -> Result<(), Error> {
        snapshot.check()?;
        self.lock().goal_mut(goal)?.snapshot = Some(snapshot.clone());
        Ok(())
    }

    fn snapshot(&self, goal: GoalId) -> Result<Option<Snapshot>, Error> {
        let state = self.lock();
        let goal = state.goal(goal)?;
        let fits = |snapshot: &&Snapshot| {
            let is_end = |event: &StoredEvent| event.seq == snapshot.seq && event.hash == snapshot.hash;
            goal.events.iter().any(is_end)
        };
        Ok(goal.snapshot.as_ref().filter(fits).cloned())
    }

    fn acquire(
        &self,
        goal: GoalId,
        owner: &Owner,
        scope: Scope,
        machine: &dyn Machine,
    ) -> Result<Lease, Error> {
        let mut state = self.lock();
        let wanted = state.goal(goal)?;
        if let Some(held) = &wanted.held
            && held.owner.id != owner.id
            && held.stands(machine)
        {
            return Err(Error::held(goal, &held.owner));
        }
        if scope == Scope::Run {
            let workspace = wanted.stored.goal.workspace.clone();
            let runs = |other: &&mut Goal| other.runs && other.stored.goal.workspace == workspace;
            let other = state.goals.values_mut().filter(runs).find(|other| other.stored.goal.id != goal);
            if let Some(other) = other {
                if let Some(held) = other.held.as_ref().filter(|held| held.stands(machine)) {
                    let owner = Box::new(held.owner.clone());
                    return Err(Error::WorkspaceHeld { goal: other.stored.goal.id, owner });
                }
                other.epoch += 1;
                (other.held, other.runs) = (None, false);
            }
        }
        let wanted = state.goal_mut(goal)?;
        wanted.epoch += 1;
        wanted.held = Some(Held { owner: owner.clone(), renewed: machine.now() });
        wanted.runs = scope == Scope::Run;
        Ok(Lease { goal, epoch: wanted.epoch })
    }

    fn renew(&self, leases: &[Lease], now: &Moment) -> Result<Vec<Lease>, Error> {
        let mut state = self.lock();
        let mut over = Vec::new();
        for lease in leases {
            let goal = state.goals.get_mut(&lease.goal).filter(|goal| goal.epoch == lease.epoch);
            match goal.and_then(|goal| goal.held.as_mut()) {
                Some(held) => held.renewed = now.clone(),
                None => over.push(*lease),
            }
        }
        Ok(over)
    }

    fn release(&self, lease: Lease) -> Result<(), Error> {
        let mut state = self.lock();
        state.fenced(lease)?;
        let goal = state.goal_mut(lease.goal)?;
        (goal.held, goal.runs) = (None, false);
        Ok(())
    }

    fn owner(&self, goal: GoalId, machine: &dyn Machine) -> Result<Option<Owner>, Error> {
        let state = self.lock();
        let held = state.goal(goal)?.held.as_ref();
        Ok(held.filter(|held| held.stands(machine)).map(|held| held.owner.clone()))
    }

    fn send(&self, goal: GoalId, command: &NewCommand) -> Result<(), Error> {
        command.check()?;
        let mut state = self.lock();
        state.goal(goal)?;
        if let Some(row) = state.inbox.iter().find(|row| row.command.command.id == command.id) {
            let is_same = row.goal == goal && row.command.command == *command;
            return if is_same { Ok(()) } else { Err(Error::CommandExists(command.id)) };
        }
        let waiting = state.inbox.iter().filter(|row| row.goal == goal && row.answered.is_none()).count();
        if waiting >= limits::PENDING_MAX {
            return Err(Error::InboxFull { goal, max: limits::PENDING_MAX });
        }
        let command = Command { number: state.inbox.len() as u64 + 1, command: command.clone() };
        state.inbox.push(Row { goal, command, answered: None });
        Ok(())
    }

    fn pending(&self, goal: GoalId) -> Result<Vec<Command>, Error> {
        let state = self.lock();
        state.goal(goal)?;
        let waiting = state.inbox.iter().filter(|row| row.goal == goal && row.answered.is_none());
        Ok(waiting.map(|row| row.command.clone()).collect())
    }

    fn goals_with_commands(&self) -> Result<Vec<GoalId>, Error> {
        let state = self.lock();
        let waiting = state.inbox.iter().filter(|row| row.answered.is_none());
        Ok(waiting.map(|row| row.goal).collect::<BTreeSet<_>>().into_iter().collect())
    }

    fn answer(&self, command: CommandId) -> Result<Option<u64>, Error> {
        let state = self.lock();
        let row = state.inbox.iter().find(|row| row.command.command.id == command);
        row.map(|row| row.answered).ok_or(Error::NotPending(command))
    }

    fn named_blobs(&self) -> Result<BTreeSet<Digest>, Error> {
        let state = self.lock();
        let events = state.goals.values().flat_map(|goal| &goal.events);
        Ok(events.flat_map(|stored| stored.event.blobs.iter().copied()).collect())
    }

    fn verify(&self, goal: Option<GoalId>) -> Result<Report, Error> {
        let state = self.lock();
        if let Some(goal) = goal {
            return state.goal(goal).map(Goal::verify);
        }
        let mut report = Report::default();
        state.goals.values().for_each(|goal| report.join(goal.verify()));
        Ok(report)
    }

    fn free_ballast(&self) -> Result<bool, Error> {
        Ok(!std::mem::replace(&mut self.lock().is_ballast_free, true))
    }

    fn restore_ballast(&self) -> Result<(), Error> {
        self.lock().is_ballast_free = false;
        Ok(())
    }
}
