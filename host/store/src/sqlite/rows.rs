//! Rows and what they mean: the one place that knows the order of columns.

use evident_core::digest::Digest;
use evident_core::evidence::Timestamp;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Result, Row};

use crate::chain::{Hash, Record};
use crate::event::{Head, NewEvent, NewGoal, StoredEvent, StoredHead};
use crate::ids::{CommandId, GoalId, OwnerId, ThreadId};
use crate::inbox::{Command, NewCommand};
use crate::lease::{Held, Moment, Owner, Process};

/// A value of a fixed size as a blob: ids and hashes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fixed<const SIZE: usize>(pub(super) [u8; SIZE]);

impl<const SIZE: usize> ToSql for Fixed<SIZE> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Blob(&self.0)))
    }
}

impl<const SIZE: usize> FromSql for Fixed<SIZE> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let bytes = value.as_blob()?;
        let size = bytes.len();
        let wrong = |_| FromSqlError::InvalidBlobSize { expected_size: SIZE, blob_size: size };
        bytes.try_into().map(Self).map_err(wrong)
    }
}

pub(super) fn id(goal: GoalId) -> Fixed<16> {
    Fixed(*goal.as_bytes())
}

pub(super) fn hash(hash: Hash) -> Fixed<32> {
    Fixed(*hash.as_bytes())
}

pub(super) fn goal_id(row: &Row<'_>, index: usize) -> Result<GoalId> {
    row.get::<_, Fixed<16>>(index).map(|bytes| GoalId::from_bytes(bytes.0))
}

pub(super) fn digest(row: &Row<'_>, index: usize) -> Result<Digest> {
    row.get::<_, Fixed<32>>(index).map(|bytes| Digest::from_bytes(bytes.0))
}

/// The columns of a head.
pub(super) const HEAD: &str =
    "number, goal, thread, workspace, contract, created, seq, hash, updated, version, body, seal";

/// A head and its seal.
pub(super) fn head(row: &Row<'_>) -> Result<(StoredHead, Hash)> {
    let goal = NewGoal {
        id: goal_id(row, 1)?,
        thread: ThreadId::from_bytes(row.get::<_, Fixed<16>>(2)?.0),
        workspace: row.get(3)?,
        contract: row.get(4)?,
        created: Timestamp(row.get(5)?),
    };
    let stored = StoredHead {
        number: row.get(0)?,
        goal,
        seq: row.get(6)?,
        hash: digest(row, 7)?,
        updated: Timestamp(row.get(8)?),
        head: Head { version: row.get(9)?, body: row.get(10)? },
    };
    Ok((stored, digest(row, 11)?))
}

/// The columns of an event.
pub(super) const EVENT: &str = "seq, epoch, hash, at, actor, version, answers, blobs, body";

/// An event where it lies, and its link.
pub(super) fn record<'a>(row: &'a Row<'_>, goal: GoalId) -> Result<(Record<'a>, Hash)> {
    let text = |index| row.get_ref(index)?.as_str().map_err(rusqlite::Error::from);
    let record = Record {
        goal,
        seq: row.get(0)?,
        epoch: row.get(1)?,
        at: Timestamp(row.get(3)?),
        actor: text(4)?,
        version: row.get(5)?,
        answers: row.get::<_, Option<Fixed<16>>>(6)?.map(|bytes| CommandId::from_bytes(bytes.0)),
        blobs: row.get_ref(7)?.as_blob_or_null().map_err(rusqlite::Error::from)?.unwrap_or_default(),
        body: row.get_ref(8)?.as_blob().map_err(rusqlite::Error::from)?,
    };
    Ok((record, digest(row, 2)?))
}

/// An event to keep.
pub(super) fn event(record: &Record<'_>, hash: Hash) -> StoredEvent {
    let event = NewEvent {
        at: record.at,
        actor: record.actor.to_owned(),
        version: record.version,
        body: record.body.to_owned(),
        blobs: unpacked(record.blobs).collect(),
        answers: record.answers,
    };
    StoredEvent { seq: record.seq, epoch: record.epoch, event, hash }
}

/// The digests of a column of blobs.
pub(super) fn unpacked(blobs: &[u8]) -> impl Iterator<Item = Digest> + '_ {
    blobs.as_chunks::<32>().0.iter().map(|bytes| Digest::from_bytes(*bytes))
}

/// The columns of a lease.
pub(super) const LEASE: &str =
    "goal, epoch, owner, label, boot, space, process, started, renewed_boot, renewed";

/// A lease as it is stored: the epoch, and who holds it.
pub(super) struct StoredLease {
    pub(super) goal: GoalId,
    pub(super) epoch: u64,
    pub(super) held: Option<Held>,
}

pub(super) fn lease(row: &Row<'_>) -> Result<StoredLease> {
    let (goal, epoch) = (goal_id(row, 0)?, row.get(1)?);
    let Some(owner) = row.get::<_, Option<Fixed<16>>>(2)? else {
        return Ok(StoredLease { goal, epoch, held: None });
    };
    // The inode of a space is a number of 64 bits, which SQLite keeps with a sign.
    let space = row.get::<_, i64>(5)?.cast_unsigned();
    let process = Process { boot: row.get(4)?, space, id: row.get(6)?, started: row.get(7)? };
    let owner = Owner { id: OwnerId::from_bytes(owner.0), label: row.get(3)?, process };
    let renewed = Moment { boot: row.get(8)?, millis: row.get(9)? };
    Ok(StoredLease { goal, epoch, held: Some(Held { owner, renewed }) })
}

/// The columns of a command.
pub(super) const COMMAND: &str = "number, command, at, actor, version, body";

pub(super) fn command(row: &Row<'_>) -> Result<Command> {
    let command = NewCommand {
        id: CommandId::from_bytes(row.get::<_, Fixed<16>>(1)?.0),
        at: Timestamp(row.get(2)?),
        actor: row.get(3)?,
        version: row.get(4)?,
        body: row.get(5)?,
    };
    Ok(Command { number: row.get(0)?, command })
}
