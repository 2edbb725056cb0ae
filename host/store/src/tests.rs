//! The tests of the room. `contract` holds every store to the same behaviour; the others are about what only a disk
//! does. Here is what they share.

mod before;
mod contract;
mod damage;
mod leases;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use evident_core::digest::Digest;
use evident_core::evidence::Timestamp;

use crate::*;

/// A place where a store lies: every handle that is opened there is one to the same store.
pub(crate) trait Place {
    type Handle: Store;

    fn new() -> Self;
    fn open(&self) -> Self::Handle;
}

/// In memory.
pub(crate) struct InMemory(Memory);

impl Place for InMemory {
    type Handle = Memory;

    fn new() -> Self {
        Self(Memory::new())
    }

    fn open(&self) -> Memory {
        self.0.clone()
    }
}

/// In a temporary folder.
pub(crate) struct OnDisk(pub(crate) tempfile::TempDir);

impl Place for OnDisk {
    type Handle = Sqlite;

    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn open(&self) -> Sqlite {
        Sqlite::open(&self.0.path().join("state")).expect("opens")
    }
}

impl OnDisk {
    pub(crate) fn database(&self) -> std::path::PathBuf {
        self.0.path().join("state/goals.db")
    }
}

/// A machine whose time stands still until it is told, and whose processes live until they are told.
#[derive(Debug, Clone)]
pub(crate) struct Told(Arc<Mutex<(Moment, BTreeSet<u32>)>>);

impl Told {
    pub(crate) fn new() -> Self {
        let start = Moment { boot: "first".to_owned(), millis: 1_000_000 };
        Self(Arc::new(Mutex::new((start, BTreeSet::new()))))
    }

    pub(crate) fn pass(&self, millis: u64) {
        self.0.lock().expect("no test panics here").0.millis += millis;
    }

    pub(crate) fn set(&self, moment: Moment) {
        self.0.lock().expect("no test panics here").0 = moment;
    }

    pub(crate) fn kill(&self, process: u32) {
        self.0.lock().expect("no test panics here").1.insert(process);
    }
}

impl Machine for Told {
    fn now(&self) -> Moment {
        self.0.lock().expect("no test panics here").0.clone()
    }

    fn is_dead(&self, process: &Process) -> bool {
        self.0.lock().expect("no test panics here").1.contains(&process.id)
    }
}

pub(crate) fn goal_id(number: u8) -> GoalId {
    GoalId::from_bytes([number; 16])
}

pub(crate) fn command_id(number: u8) -> CommandId {
    CommandId::from_bytes([number; 16])
}

/// A goal with a workspace and a thread of its own.
pub(crate) fn new_goal(number: u8) -> NewGoal {
    NewGoal {
        id: goal_id(number),
        thread: ThreadId::from_bytes([number; 16]),
        workspace: format!("/home/somebody/{number}"),
        contract: format!("/home/somebody/{number}/goal.toml"),
        created: Timestamp(1_000),
    }
}

pub(crate) fn event(text: &str) -> NewEvent {
    NewEvent {
        at: Timestamp(2_000),
        actor: "host".to_owned(),
        version: 1,
        body: format!("{{\"text\":\"{text}\"}}").into_bytes(),
        blobs: Vec::new(),
        answers: None,
    }
}

pub(crate) fn head(text: &str) -> Head {
    Head { version: 1, body: format!("{{\"head\":\"{text}\"}}").into_bytes() }
}

pub(crate) fn owner(number: u8) -> Owner {
    let process = Process { boot: "first".to_owned(), space: 1, id: u32::from(number), started: 1 };
    Owner::new(OwnerId::from_bytes([number; 16]), &format!("host {number}"), process)
}

pub(crate) fn new_command(number: u8) -> NewCommand {
    NewCommand {
        id: command_id(number),
        at: Timestamp(3_000),
        actor: "owner".to_owned(),
        version: 1,
        body: format!("{{\"say\":{number}}}").into_bytes(),
    }
}

/// A goal of one event, owned by owner 1.
pub(crate) fn owned(store: &impl Store, number: u8) -> Lease {
    store.create(&new_goal(number), &[event("first")], &head("first")).expect("creates");
    store.acquire(goal_id(number), &owner(1), Scope::Goal, &Told::new()).expect("is free")
}

pub(crate) fn append(
    store: &impl Store,
    lease: Lease,
    after: u64,
    events: &[NewEvent],
) -> Result<Appended, Error> {
    store.append(&Append { lease, after, events, head: &head(&format!("after {after}")) })
}

/// The bodies of a goal, which are its story.
pub(crate) fn story(store: &impl Store, number: u8) -> Vec<String> {
    let events = store.events(goal_id(number), 0, limits::EVENTS_READ_MAX).expect("reads");
    events.into_iter().map(|stored| String::from_utf8(stored.event.body).expect("is text")).collect()
}

pub(crate) fn digest(number: u8) -> Digest {
    Digest::from_bytes([number; 32])
}

/// Every test of a module once in memory and once on disk.
macro_rules! everywhere {
    ($($name:ident)*) => {
        mod memory {
            $(#[test] fn $name() { super::$name::<crate::tests::InMemory>(); })*
        }
        mod disk {
            $(#[test] fn $name() { super::$name::<crate::tests::OnDisk>(); })*
        }
    };
}
pub(crate) use everywhere;
