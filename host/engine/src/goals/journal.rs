//! A goal and its log: every event is written down, then folded, in this one place.

use std::sync::Arc;

use evident_core::digest::Digest;
use evident_core::evidence::Timestamp;
use evident_core::goal::event::{Caller, EVENT_VERSION, Event, Recorded};
use evident_core::goal::state::Actor;
use evident_core::goal::{GOAL_VERSION, Goal, Illegal};
use evident_store::limits::{EVENTS_READ_MAX, SNAPSHOT_EVERY};
use evident_store::{
    Append, CommandId, GoalId, Head, Lease, NewEvent, NewGoal, Snapshot, Store, StoredEvent,
};
use serde::{Deserialize, Serialize};

use super::list::Listed;
use crate::Error;

/// Why the loop of a goal cannot go on as usual.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// There is no room for what has to be written.
    #[error("there is no room for the host's files: {0}")]
    Full(String),
    /// Somebody else owns the goal now: whatever is done about it is not this host's business.
    #[error("another host owns the goal now")]
    Fenced,
    /// The host's own failure.
    #[error(transparent)]
    Host(#[from] Error),
}

impl From<evident_store::Error> for Trouble {
    fn from(error: evident_store::Error) -> Self {
        match error {
            error if error.is_storage() => Self::Full(error.to_string()),
            evident_store::Error::Fenced { .. } | evident_store::Error::Held { .. } => Self::Fenced,
            other => Self::Host(Error::Store(other)),
        }
    }
}

impl From<Illegal> for Trouble {
    fn from(error: Illegal) -> Self {
        Self::Host(Error::Illegal(error))
    }
}

/// The stored body of an event; the rest of [`Recorded`] stands in the columns beside it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    caller: Option<Caller>,
    event: Event,
}

/// An event that is to be written down.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Who.
    pub actor: Actor,
    /// For an owner's command: where it came from.
    pub caller: Option<Caller>,
    /// What.
    pub event: Event,
    /// The command of the inbox that it answers.
    pub answers: Option<CommandId>,
}

/// A goal that this host owns.
pub struct Journal {
    store: Arc<dyn Store>,
    lease: Lease,
    goal: Goal,
}

impl Journal {
    /// Reads a goal that is owned under `lease`. Blocks.
    ///
    /// # Errors
    /// A log that cannot be read or replayed.
    pub fn open(store: Arc<dyn Store>, lease: Lease) -> Result<Self, Trouble> {
        let goal = load(&*store, lease.goal)?;
        Ok(Self { store, lease, goal })
    }

    /// As it is now.
    #[must_use]
    pub fn goal(&self) -> &Goal {
        &self.goal
    }

    /// The right to write.
    #[must_use]
    pub fn lease(&self) -> Lease {
        self.lease
    }

    /// The store behind it.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Writes entries down, all or none, and folds them. Blocks.
    ///
    /// # Errors
    /// [`Trouble::Full`] and [`Trouble::Fenced`], where nothing was written; an event that cannot follow.
    pub fn write(&mut self, entries: &[Entry], at: Timestamp) -> Result<Vec<Recorded>, Trouble> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        // Folded first: what cannot follow is not written.
        let mut next = self.goal.clone();
        let mut recorded = Vec::with_capacity(entries.len());
        for entry in entries {
            let event = Recorded {
                version: EVENT_VERSION,
                seq: next.seq + 1,
                at,
                actor: entry.actor,
                caller: entry.caller.clone(),
                event: entry.event.clone(),
            };
            next.fold(&event)?;
            recorded.push(event);
        }
        let events: Vec<NewEvent> =
            entries.iter().zip(&recorded).map(|(entry, event)| stored(entry, event)).collect();
        let appended = self.store.append(&Append {
            lease: self.lease,
            after: self.goal.seq,
            events: &events,
            head: &head(&next),
        })?;
        let before = self.goal.seq;
        self.goal = next;
        if before / SNAPSHOT_EVERY != self.goal.seq / SNAPSHOT_EVERY {
            let body = serde_json::to_vec(&self.goal).expect("a goal has a JSON form");
            let snapshot = Snapshot { seq: appended.seq, hash: appended.hash, version: GOAL_VERSION, body };
            // The events are written and acknowledged. A snapshot is a cache: without it the next host folds more.
            let _kept = self.store.put_snapshot(self.lease.goal, &snapshot);
        }
        Ok(recorded)
    }
}

/// Makes a goal with its first events, the first of which is [`Event::Created`]. Blocks.
///
/// # Errors
/// As for [`Journal::write`].
pub fn create(store: &dyn Store, new: &NewGoal, entries: &[Entry]) -> Result<Goal, Trouble> {
    let mut goal: Option<Goal> = None;
    let mut events = Vec::new();
    for (entry, seq) in entries.iter().zip(1..) {
        let event = Recorded {
            version: EVENT_VERSION,
            seq,
            at: new.created,
            actor: entry.actor,
            caller: entry.caller.clone(),
            event: entry.event.clone(),
        };
        match &mut goal {
            None => goal = Some(Goal::create(&event)?),
            Some(goal) => goal.fold(&event)?,
        }
        events.push(stored(entry, &event));
    }
    let goal = goal.expect("a goal is made with its first event");
    store.create(new, &events, &head(&goal))?;
    Ok(goal)
}

/// A goal from its snapshot and the events since, or from all its events. Blocks.
///
/// # Errors
/// A log that cannot be read or replayed.
pub fn load(store: &dyn Store, id: GoalId) -> Result<Goal, Trouble> {
    let mut goal = match store.snapshot(id)? {
        Some(snapshot) if snapshot.version == GOAL_VERSION => {
            serde_json::from_slice::<Goal>(&snapshot.body).ok()
        }
        _ => None,
    };
    for_each(store, id, goal.as_ref().map_or(0, |goal| goal.seq), |event| {
        match &mut goal {
            None => goal = Some(Goal::create(&event)?),
            Some(goal) => goal.fold(&event)?,
        }
        Ok(())
    })?;
    goal.ok_or_else(|| Trouble::Host(Error::Store(evident_store::Error::NoGoal(id))))
}

/// Calls `with` for every event of a goal after the place `after`. Blocks.
///
/// # Errors
/// A log that cannot be read; what `with` fails with.
pub fn for_each(
    store: &dyn Store,
    id: GoalId,
    mut after: u64,
    mut with: impl FnMut(Recorded) -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    loop {
        let events = store.events(id, after, EVENTS_READ_MAX)?;
        let Some(last) = events.last() else { return Ok(()) };
        after = last.seq;
        for event in &events {
            with(recorded(id, event)?)?;
        }
    }
}

/// An event as core knows it.
fn recorded(goal: GoalId, stored: &StoredEvent) -> Result<Recorded, Trouble> {
    let unreadable = |message: String| {
        Trouble::Host(Error::UnreadableEvent { goal: goal.to_string(), seq: stored.seq, message })
    };
    if stored.event.version != EVENT_VERSION {
        return Err(unreadable(format!(
            "it has version {}, this host reads {EVENT_VERSION}",
            stored.event.version
        )));
    }
    let body: Body =
        serde_json::from_slice(&stored.event.body).map_err(|error| unreadable(error.to_string()))?;
    let actor = [Actor::Owner, Actor::Host, Actor::Agent]
        .into_iter()
        .find(|actor| actor.to_string() == stored.event.actor)
        .ok_or_else(|| unreadable(format!("nobody is called `{}`", stored.event.actor)))?;
    Ok(Recorded {
        version: stored.event.version,
        seq: stored.seq,
        at: stored.event.at,
        actor,
        caller: body.caller,
        event: body.event,
    })
}

fn stored(entry: &Entry, recorded: &Recorded) -> NewEvent {
    let body = Body { caller: entry.caller.clone(), event: entry.event.clone() };
    NewEvent {
        at: recorded.at,
        actor: entry.actor.to_string(),
        version: EVENT_VERSION,
        body: serde_json::to_vec(&body).expect("an event has a JSON form"),
        blobs: blobs(&entry.event),
        answers: entry.answers,
    }
}

/// The blobs that an event names: they are kept for as long as the event is.
pub(super) fn blobs(event: &Event) -> Vec<Digest> {
    match event {
        Event::Created(created) => vec![created.contract],
        Event::Revised { contract, .. } => vec![*contract],
        Event::StateChanged { evidence, .. } => evidence.clone(),
        Event::Assessed(assessed) => vec![assessed.assessment],
        Event::TurnStarted { prompt, .. } => vec![*prompt],
        Event::TurnEnded(ended) => ended.message.into_iter().collect(),
        _ => Vec::new(),
    }
}

fn head(goal: &Goal) -> Head {
    let body = serde_json::to_vec(&Listed::of(goal)).expect("a head has a JSON form");
    Head { version: super::list::HEAD_VERSION, body }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use evident_core::agent::{Capabilities, Usage};
    use evident_core::contract::terms::Terms;
    use evident_core::goal::event::{Created, TurnKind};
    use evident_store::{Memory, Owner, OwnerId, Scope, ThisMachine, ThreadId};

    use super::*;

    /// Charges of each of two.
    const EACH: u64 = 50;

    fn entry(actor: Actor, event: Event) -> Entry {
        Entry { actor, caller: None, event, answers: None }
    }

    fn charge() -> Entry {
        let usage = Usage { tool_calls: 1, input_tokens: 9, cached_input_tokens: 4, ..Usage::default() };
        entry(Actor::Host, Event::Charged { turn: 1, usage, wall_ms: 3 })
    }

    /// A goal whose first turn runs, and the right to write to it.
    fn running(store: &Memory) -> Lease {
        let (id, thread) = (GoalId::from_bytes([1; 16]), ThreadId::from_bytes([2; 16]));
        let created = Created {
            id: id.to_string(),
            thread: thread.to_string(),
            name: "cart".into(),
            objective: "Price it.".into(),
            workspace: "/shop".into(),
            contract_path: "/shop/goal.toml".into(),
            contract: Digest::from_bytes([3; 32]),
            terms: Terms::default(),
        };
        let attached = Event::Attached {
            process: 1,
            driver: "script".into(),
            capabilities: Capabilities::default(),
            assurance: "L0".into(),
        };
        let started = Event::TurnStarted {
            turn: 1,
            kind: TurnKind::First,
            prompt: Digest::from_bytes([4; 32]),
            revision: 1,
            repeated: false,
            messages: Vec::new(),
        };
        let new = NewGoal {
            id,
            thread,
            workspace: created.workspace.clone(),
            contract: created.contract_path.clone(),
            created: Timestamp(1),
        };
        let entries = [
            entry(Actor::Owner, Event::Created(Box::new(created))),
            entry(Actor::Host, attached),
            entry(Actor::Host, started),
        ];
        create(store, &new, &entries).expect("is made");
        let machine = ThisMachine::look();
        let owner = Owner::new(OwnerId::from_bytes([5; 16]), "host", machine.this_process());
        store.acquire(id, &owner, Scope::Run, &machine).expect("is free")
    }

    /// Catches a charge that overwrites another one: who comes second in a place reads again, and adds to what is
    /// there.
    #[test]
    fn two_that_charge_one_turn_add_up() {
        let memory = Memory::new();
        let lease = running(&memory);
        let store: Arc<dyn Store> = Arc::new(memory);
        let charges = || {
            let open = || Journal::open(Arc::clone(&store), lease).expect("can be read");
            let (mut journal, mut done) = (open(), 0);
            while done < EACH {
                match journal.write(&[charge()], Timestamp(2)) {
                    Ok(_) => done += 1,
                    Err(Trouble::Host(Error::Store(evident_store::Error::Conflict { .. }))) => {
                        journal = open();
                    }
                    Err(trouble) => panic!("{trouble}"),
                }
            }
        };
        thread::scope(|scope| {
            scope.spawn(charges);
            scope.spawn(charges);
        });
        let goal = load(&*store, lease.goal).expect("can be read");
        let usage = Usage {
            tool_calls: 2 * EACH,
            input_tokens: 18 * EACH,
            cached_input_tokens: 8 * EACH,
            ..Usage::default()
        };
        assert_eq!((goal.spent.usage, goal.spent.wall_ms), (usage, 6 * EACH));
        assert_eq!(goal.turn.expect("runs").spent.usage, usage);
    }
}
