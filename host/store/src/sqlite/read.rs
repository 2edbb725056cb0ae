//! What is read, each within one transaction. It changes nothing.

use std::collections::BTreeSet;

use evident_core::digest::Digest;
use rusqlite::{OptionalExtension, Params, Transaction, params};

use crate::chain::{self, Hash};
use crate::error::Error;
use crate::event::{Snapshot, StoredEvent, StoredHead};
use crate::ids::{CommandId, GoalId, range};
use crate::inbox::Command;
use crate::lease::{Machine, Owner};
use crate::report::{Damage, Walk};
use crate::store::{Filter, limits};

use super::rows::{self, Fixed};

pub(super) fn head(transaction: &Transaction<'_>, goal: GoalId) -> Result<(StoredHead, Hash), Error> {
    let sql = format!("SELECT {} FROM goals WHERE goal = ?1", rows::HEAD);
    let mut statement = transaction.prepare_cached(&sql)?;
    let found = statement.query_row([rows::id(goal)], rows::head).optional()?;
    found.ok_or(Error::NoGoal(goal))
}

pub(super) fn heads(
    transaction: &Transaction<'_>,
    filter: Filter<'_>,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<StoredHead>, Error> {
    let limit = i64::try_from(limit.min(limits::HEADS_READ_MAX)).expect("a small number");
    let before = before.map_or(i64::MAX, |before| i64::try_from(before).unwrap_or(i64::MAX));
    let select = |filter: &str| {
        let columns = rows::HEAD;
        format!("SELECT {columns} FROM goals WHERE {filter} AND number < ?1 ORDER BY number DESC LIMIT ?2")
    };
    let read =
        |sql: String, params: &dyn Fn(&mut rusqlite::Statement<'_>) -> rusqlite::Result<Vec<StoredHead>>| {
            let mut statement = transaction.prepare_cached(&sql)?;
            Ok(params(&mut statement)?)
        };
    match filter {
        Filter::All => read(select("TRUE"), &|statement| all(statement, params![before, limit])),
        Filter::Workspace(workspace) => {
            read(select("workspace = ?3"), &|statement| all(statement, params![before, limit, workspace]))
        }
        Filter::Thread(thread) => {
            let thread = Fixed(*thread.as_bytes());
            read(select("thread = ?3"), &|statement| all(statement, params![before, limit, thread]))
        }
        Filter::Prefix(prefix) => {
            let Some((first, last)) = range(prefix) else { return Ok(Vec::new()) };
            let (first, last) = (rows::id(first), rows::id(last));
            read(select("goal BETWEEN ?3 AND ?4"), &|statement| {
                all(statement, params![before, limit, first, last])
            })
        }
    }
}

fn all(statement: &mut rusqlite::Statement<'_>, params: impl Params) -> rusqlite::Result<Vec<StoredHead>> {
    statement.query_map(params, |row| rows::head(row).map(|(head, _)| head))?.collect()
}

pub(super) fn events(
    transaction: &Transaction<'_>,
    goal: GoalId,
    after: u64,
    limit: usize,
) -> Result<Vec<StoredEvent>, Error> {
    let (stored, _) = head(transaction, goal)?;
    if after >= stored.seq {
        return Ok(Vec::new());
    }
    let mut walk = match after {
        0 => Walk::begin(&stored),
        _ => behind(transaction, goal, after)?,
    };
    let sql =
        format!("SELECT {} FROM events WHERE goal = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3", rows::EVENT);
    let mut statement = transaction.prepare_cached(&sql)?;
    let limit = i64::try_from(limit.min(limits::EVENTS_READ_MAX)).expect("a small number");
    let mut found = statement.query(params![rows::id(goal), after, limit])?;
    let (mut events, mut bytes) = (Vec::new(), 0);
    while let Some(row) = found.next()? {
        let (record, hash) = rows::record(row, goal)?;
        let mut damage = None;
        walk.step(&record, hash, |seq, flaw| {
            damage.get_or_insert(Damage { goal, seq: Some(seq), flaw });
        });
        if let Some(damage) = damage {
            return Err(Error::Damaged(damage));
        }
        events.push(rows::event(&record, hash));
        bytes += record.body.len() + record.blobs.len();
        if bytes >= limits::READ_BYTES_MAX {
            break;
        }
    }
    Ok(events)
}

/// A walk that goes on after the event at `after`, which must be there.
fn behind(transaction: &Transaction<'_>, goal: GoalId, after: u64) -> Result<Walk, Error> {
    let mut statement =
        transaction.prepare_cached("SELECT epoch, hash FROM events WHERE goal = ?1 AND seq = ?2")?;
    let found = statement
        .query_row(params![rows::id(goal), after], |row| Ok((row.get::<_, u64>(0)?, rows::digest(row, 1)?)))
        .optional()?;
    let gap = Damage { goal, seq: Some(after), flaw: crate::report::Flaw::Gap { after: after - 1 } };
    let (epoch, hash) = found.ok_or(Error::Damaged(gap))?;
    Ok(Walk::resume(goal, after, epoch, hash))
}

pub(super) fn snapshot(transaction: &Transaction<'_>, goal: GoalId) -> Result<Option<Snapshot>, Error> {
    head(transaction, goal)?;
    // Joined with the event that it says it ends with: without that, there is none.
    let mut statement = transaction.prepare_cached(
        "SELECT s.seq, s.hash, s.version, s.body, s.sum FROM snapshots AS s
         JOIN events AS e ON e.goal = s.goal AND e.seq = s.seq AND e.hash = s.hash WHERE s.goal = ?1",
    )?;
    let found = statement
        .query_row([rows::id(goal)], |row| {
            let hash = rows::digest(row, 1)?;
            let snapshot = Snapshot { seq: row.get(0)?, hash, version: row.get(2)?, body: row.get(3)? };
            Ok((snapshot, rows::digest(row, 4)?))
        })
        .optional()?;
    Ok(found.filter(|(snapshot, sum)| chain::sum(goal, snapshot) == *sum).map(|(snapshot, _)| snapshot))
}

pub(super) fn owner(
    transaction: &Transaction<'_>,
    goal: GoalId,
    machine: &dyn Machine,
) -> Result<Option<Owner>, Error> {
    head(transaction, goal)?;
    let held = lease(transaction, goal)?.and_then(|lease| lease.held);
    Ok(held.filter(|held| held.stands(machine)).map(|held| held.owner))
}

pub(super) fn lease(transaction: &Transaction<'_>, goal: GoalId) -> Result<Option<rows::StoredLease>, Error> {
    let sql = format!("SELECT {} FROM leases WHERE goal = ?1", rows::LEASE);
    let mut statement = transaction.prepare_cached(&sql)?;
    Ok(statement.query_row([rows::id(goal)], rows::lease).optional()?)
}

pub(super) fn pending(transaction: &Transaction<'_>, goal: GoalId) -> Result<Vec<Command>, Error> {
    head(transaction, goal)?;
    let sql =
        format!("SELECT {} FROM inbox WHERE goal = ?1 AND answered IS NULL ORDER BY number", rows::COMMAND);
    let mut statement = transaction.prepare_cached(&sql)?;
    let commands = statement.query_map([rows::id(goal)], rows::command)?.collect::<Result<_, _>>()?;
    Ok(commands)
}

pub(super) fn goals_with_commands(transaction: &Transaction<'_>) -> Result<Vec<GoalId>, Error> {
    let sql = "SELECT DISTINCT goal FROM inbox WHERE answered IS NULL";
    let mut statement = transaction.prepare_cached(sql)?;
    let goals = statement.query_map([], |row| row.get(0))?.map(|goal| Ok(GoalId::from_bytes(goal?)));
    goals.collect()
}

pub(super) fn answer(transaction: &Transaction<'_>, command: CommandId) -> Result<Option<u64>, Error> {
    let mut statement = transaction.prepare_cached("SELECT answered FROM inbox WHERE command = ?1")?;
    let found = statement.query_row([Fixed(*command.as_bytes())], |row| row.get(0)).optional()?;
    found.ok_or(Error::NotPending(command))
}

pub(super) fn named_blobs(transaction: &Transaction<'_>) -> Result<BTreeSet<Digest>, Error> {
    let mut statement = transaction.prepare_cached("SELECT blobs FROM events WHERE blobs IS NOT NULL")?;
    let mut found = statement.query([])?;
    let mut digests = BTreeSet::new();
    while let Some(row) = found.next()? {
        digests.extend(rows::unpacked(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?));
    }
    Ok(digests)
}
