//! The store of one machine: an SQLite database with a write-ahead log, synced at every commit, that any number of
//! processes may open.
//!
//! One connection per handle, behind a lock: a call is short, and what is exclusive is a goal, not the store.

mod before;
mod open;
mod read;
mod rows;
mod schema;
mod verify;
mod write;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use evident_core::digest::Digest;
use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::ballast::Ballast;
use crate::error::Error;
use crate::event::{Head, NewEvent, NewGoal, Snapshot, StoredEvent, StoredHead};
use crate::ids::{CommandId, GoalId};
use crate::inbox::{Command, NewCommand};
use crate::lease::{Lease, Machine, Moment, Owner, Scope};
use crate::report::Report;
use crate::store::{Append, Appended, Filter, Store};

/// Pages of the log that wait for their place in the database before a commit brings them there: SQLite's own
/// figure, 4 MiB.
const CHECKPOINT_PAGES: i32 = 1000;

/// What a commit waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Durability {
    /// The disk.
    Disk,
    /// Nobody: what is written is void after a loss of power.
    Boot,
}

/// A store in a folder. See the module.
#[derive(Debug)]
pub struct Sqlite {
    path: PathBuf,
    ballast: Ballast,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    connection: Connection,
    /// Why this handle takes nothing more.
    failed: Option<String>,
}

impl Sqlite {
    /// Version of the SQLite that is built in.
    #[must_use]
    pub fn version() -> &'static str {
        rusqlite::version()
    }

    /// Opens the store of a folder, and makes both where they are not there, for this user alone.
    ///
    /// # Errors
    /// [`Error::OldSqlite`], [`Error::Network`], [`Error::Foreign`], [`Error::Newer`], and those of the file system.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let (path, connection) = open::open(folder)?;
        let ballast = Ballast::new(folder);
        match ballast.restore() {
            // A full disk is no reason to keep a person from reading.
            Ok(()) | Err(Error::Full | Error::Refused { .. }) => {}
            Err(error) => return Err(error),
        }
        Ok(Self { path, ballast, inner: Mutex::new(Inner { connection, failed: None }) })
    }

    /// Where the database lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the database full at that many pages of 4 KiB, for this handle.
    ///
    /// # Errors
    /// When SQLite refuses.
    #[cfg(any(test, feature = "testing"))]
    pub fn set_pages_max(&self, pages: u32) -> Result<(), Error> {
        let set = self.lock().connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()));
        Ok(set?)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic in the middle of a call has rolled its transaction back.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One transaction that only reads.
    fn read<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let mut inner = self.lock();
        let result = reading(&mut inner.connection, work);
        inner.note(result)
    }

    /// One transaction that writes.
    fn write<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let mut inner = self.lock();
        if let Some(reason) = &inner.failed {
            return Err(Error::Fatal { reason: reason.clone() });
        }
        let result = inner.commit(work);
        inner.note(result)
    }
}

/// One transaction that only reads, on any connection.
fn reading<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
    let result = work(&transaction)?;
    transaction.commit()?;
    Ok(result)
}

impl Inner {
    fn commit<T>(&mut self, work: impl FnOnce(&Transaction<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let result = work(&transaction)?;
        transaction.commit()?;
        self.checkpoint()?;
        Ok(result)
    }

    /// Brings the log home where it is long. SQLite would do it by itself and hide a failed sync of the database,
    /// after which the log must not be written over.
    fn checkpoint(&mut self) -> Result<(), Error> {
        let waiting = self.connection.wal_checkpoint_v2(Some("main"), CheckpointMode::NOOP)?;
        if waiting.0 - waiting.1 < CHECKPOINT_PAGES {
            return Ok(());
        }
        match self.connection.wal_checkpoint_v2(Some("main"), CheckpointMode::PASSIVE).map_err(Error::from) {
            // Another process does it, or there is no room: the log holds everything, and the next commit tries again.
            Ok(_) | Err(Error::Busy | Error::Full | Error::Refused { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Remembers a failure of the disk: nothing is written through this handle after it.
    fn note<T>(&mut self, result: Result<T, Error>) -> Result<T, Error> {
        if let Err(Error::Fatal { reason }) = &result {
            self.failed.get_or_insert_with(|| reason.clone());
        }
        result
    }

    fn set_durability(&self, durability: Durability) -> Result<(), Error> {
        let word = match durability {
            Durability::Disk => "FULL",
            Durability::Boot => "NORMAL",
        };
        Ok(self.connection.pragma_update(None, "synchronous", word)?)
    }
}

impl Store for Sqlite {
    fn create(&self, goal: &NewGoal, events: &[NewEvent], head: &Head) -> Result<Appended, Error> {
        goal.check()?;
        crate::event::check(events, head)?;
        self.write(|transaction| write::create(transaction, goal, events, head))
    }

    fn append(&self, append: &Append<'_>) -> Result<Appended, Error> {
        crate::event::check(append.events, append.head)?;
        self.write(|transaction| write::append(transaction, append))
    }

    fn events(&self, goal: GoalId, after: u64, limit: usize) -> Result<Vec<StoredEvent>, Error> {
        self.read(|transaction| read::events(transaction, goal, after, limit))
    }

    fn head(&self, goal: GoalId) -> Result<StoredHead, Error> {
        self.read(|transaction| read::head(transaction, goal).map(|(head, _)| head))
    }

    fn heads(&self, filter: Filter<'_>, before: Option<u64>, limit: usize) -> Result<Vec<StoredHead>, Error> {
        self.read(|transaction| read::heads(transaction, filter, before, limit))
    }

    fn put_snapshot(&self, goal: GoalId, snapshot: &Snapshot) -> Result<(), Error> {
        snapshot.check()?;
        self.write(|transaction| write::put_snapshot(transaction, goal, snapshot))
    }

    fn snapshot(&self, goal: GoalId) -> Result<Option<Snapshot>, Error> {
        self.read(|transaction| read::snapshot(transaction, goal))
    }

    fn acquire(
        &self,
        goal: GoalId,
        owner: &Owner,
        scope: Scope,
        machine: &dyn Machine,
    ) -> Result<Lease, Error> {
        self.write(|transaction| write::acquire(transaction, goal, owner, scope, machine))
    }

    fn renew(&self, leases: &[Lease], now: &Moment) -> Result<Vec<Lease>, Error> {
        let mut inner = self.lock();
        if let Some(reason) = &inner.failed {
            return Err(Error::Fatal { reason: reason.clone() });
        }
        inner.set_durability(Durability::Boot)?;
        let result = inner.commit(|transaction| write::renew(transaction, leases, now));
        let result = inner.note(result);
        inner.set_durability(Durability::Disk)?;
        result
    }

    fn release(&self, lease: Lease) -> Result<(), Error> {
        self.write(|transaction| write::release(transaction, lease))
    }

    fn owner(&self, goal: GoalId, machine: &dyn Machine) -> Result<Option<Owner>, Error> {
        self.read(|transaction| read::owner(transaction, goal, machine))
    }

    fn send(&self, goal: GoalId, command: &NewCommand) -> Result<(), Error> {
        command.check()?;
        self.write(|transaction| write::send(transaction, goal, command))
    }

    fn pending(&self, goal: GoalId) -> Result<Vec<Command>, Error> {
        self.read(|transaction| read::pending(transaction, goal))
    }

    fn goals_with_commands(&self) -> Result<Vec<GoalId>, Error> {
        self.read(read::goals_with_commands)
    }

    fn answer(&self, command: CommandId) -> Result<Option<u64>, Error> {
        self.read(|transaction| read::answer(transaction, command))
    }

    fn named_blobs(&self) -> Result<BTreeSet<Digest>, Error> {
        self.read(read::named_blobs)
    }

    fn verify(&self, goal: Option<GoalId>) -> Result<Report, Error> {
        match goal {
            Some(goal) => self.read(|transaction| verify::one(transaction, goal)),
            None => verify::all(&self.path),
        }
    }

    fn free_ballast(&self) -> Result<bool, Error> {
        let freed = self.ballast.free()?;
        let mut inner = self.lock();
        if inner.failed.is_none() {
            let home = inner.connection.wal_checkpoint_v2(Some("main"), CheckpointMode::TRUNCATE);
            // What cannot be brought home now stays in the log.
            if let Err(Error::Fatal { reason }) = inner.note(home.map_err(Error::from)) {
                return Err(Error::Fatal { reason });
            }
        }
        Ok(freed)
    }

    fn restore_ballast(&self) -> Result<(), Error> {
        self.ballast.restore()
    }
}
