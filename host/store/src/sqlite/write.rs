//! What is written, each within one transaction that has the write lock. What must not be stored is refused before
//! anything is.

use evident_core::evidence::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};

use crate::chain;
use crate::error::Error;
use crate::event::{Head, NewEvent, NewGoal, Snapshot};
use crate::ids::GoalId;
use crate::inbox::NewCommand;
use crate::lease::{Lease, Machine, Moment, Owner, Process, Scope};
use crate::store::{Append, Appended, limits};

use super::read;
use super::rows::{self, Fixed};

pub(super) fn create(
    transaction: &Transaction<'_>,
    goal: &NewGoal,
    events: &[NewEvent],
    head: &Head,
) -> Result<Appended, Error> {
    let exists =
        transaction.prepare_cached("SELECT 1 FROM goals WHERE goal = ?1")?.exists([rows::id(goal.id)])?;
    if exists {
        return Err(Error::GoalExists(goal.id));
    }
    let start = Appended { seq: 0, hash: chain::first(goal) };
    let (end, updated, links) = ending(goal.id, start, 0, events);
    // The goal first: events refer to it.
    let mut statement = transaction.prepare_cached(
        "INSERT INTO goals (goal, thread, workspace, contract, created, seq, hash, updated, version, body, seal)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    statement.execute(params![
        rows::id(goal.id),
        Fixed(*goal.thread.as_bytes()),
        goal.workspace,
        goal.contract,
        goal.created.0,
        end.seq,
        rows::hash(end.hash),
        updated.0,
        head.version,
        head.body,
        rows::hash(chain::seal(goal.id, end, updated, head)),
    ])?;
    insert(transaction, Lease { goal: goal.id, epoch: 0 }, 0, events, &links)?;
    Ok(end)
}

pub(super) fn append(transaction: &Transaction<'_>, append: &Append<'_>) -> Result<Appended, Error> {
    let Append { lease, after, events, head } = *append;
    let goal = lease.goal;
    let start = place(transaction, goal)?;
    fence(transaction, lease)?;
    if start.seq != after {
        return Err(Error::Conflict { goal, expected: after, found: start.seq });
    }
    let (end, updated, links) = ending(goal, start, lease.epoch, events);
    insert(transaction, lease, after, events, &links)?;
    let mut statement = transaction.prepare_cached(
        "UPDATE goals SET seq = ?2, hash = ?3, updated = ?4, version = ?5, body = ?6, seal = ?7 WHERE goal = ?1",
    )?;
    statement.execute(params![
        rows::id(goal),
        end.seq,
        rows::hash(end.hash),
        updated.0,
        head.version,
        head.body,
        rows::hash(chain::seal(goal, end, updated, head)),
    ])?;
    Ok(end)
}

/// Where the log ends after these events, when, and their links.
fn ending(
    goal: GoalId,
    start: Appended,
    epoch: u64,
    events: &[NewEvent],
) -> (Appended, Timestamp, Vec<chain::Hash>) {
    let links = chain::links(goal, start, epoch, events);
    let hash = *links.last().expect("an append has an event");
    let updated = events.last().expect("an append has an event").at;
    (Appended { seq: start.seq + links.len() as u64, hash }, updated, links)
}

fn insert(
    transaction: &Transaction<'_>,
    lease: Lease,
    after: u64,
    events: &[NewEvent],
    links: &[chain::Hash],
) -> Result<(), Error> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO events (goal, seq, epoch, hash, at, actor, version, answers, blobs, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    for (seq, (event, link)) in (after + 1..).zip(events.iter().zip(links)) {
        let blobs = event.packed_blobs();
        statement.execute(params![
            rows::id(lease.goal),
            seq,
            lease.epoch,
            rows::hash(*link),
            event.at.0,
            event.actor,
            event.version,
            event.answers.map(|command| Fixed(*command.as_bytes())),
            Some(blobs).filter(|blobs| !blobs.is_empty()),
            event.body,
        ])?;
        if let Some(command) = event.answers {
            let mut statement = transaction.prepare_cached(
                "UPDATE inbox SET answered = ?3 WHERE command = ?1 AND goal = ?2 AND answered IS NULL",
            )?;
            let answered =
                statement.execute(params![Fixed(*command.as_bytes()), rows::id(lease.goal), seq])?;
            if answered != 1 {
                return Err(Error::NotPending(command));
            }
        }
    }
    Ok(())
}

/// Where the log of a goal ends.
fn place(transaction: &Transaction<'_>, goal: GoalId) -> Result<Appended, Error> {
    let mut statement = transaction.prepare_cached("SELECT seq, hash FROM goals WHERE goal = ?1")?;
    let found = statement
        .query_row([rows::id(goal)], |row| Ok(Appended { seq: row.get(0)?, hash: rows::digest(row, 1)? }))
        .optional()?;
    found.ok_or(Error::NoGoal(goal))
}

/// Refuses a lease that is over.
fn fence(transaction: &Transaction<'_>, lease: Lease) -> Result<(), Error> {
    let mut statement =
        transaction.prepare_cached("SELECT epoch, owner IS NOT NULL FROM leases WHERE goal = ?1")?;
    let found: Option<(u64, bool)> =
        statement.query_row([rows::id(lease.goal)], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    match found {
        Some((epoch, true)) if epoch == lease.epoch => Ok(()),
        found => {
            let current = found.map_or(0, |(epoch, _)| epoch);
            Err(Error::Fenced { goal: lease.goal, epoch: lease.epoch, current })
        }
    }
}

pub(super) fn put_snapshot(
    transaction: &Transaction<'_>,
    goal: GoalId,
    snapshot: &Snapshot,
) -> Result<(), Error> {
    place(transaction, goal)?;
    let mut statement = transaction.prepare_cached(
        "INSERT OR REPLACE INTO snapshots (goal, seq, hash, version, sum, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    statement.execute(params![
        rows::id(goal),
        snapshot.seq,
        rows::hash(snapshot.hash),
        snapshot.version,
        rows::hash(chain::sum(goal, snapshot)),
        snapshot.body,
    ])?;
    Ok(())
}

pub(super) fn acquire(
    transaction: &Transaction<'_>,
    goal: GoalId,
    owner: &Owner,
    scope: Scope,
    machine: &dyn Machine,
) -> Result<Lease, Error> {
    let (stored, _) = read::head(transaction, goal)?;
    let found = read::lease(transaction, goal)?;
    if let Some(held) = found.as_ref().and_then(|lease| lease.held.as_ref())
        && held.owner.id != owner.id
        && held.stands(machine)
    {
        return Err(Error::held(goal, &held.owner));
    }
    let workspace = Some(stored.goal.workspace).filter(|_| scope == Scope::Run);
    if let Some(workspace) = &workspace {
        clear_workspace(transaction, goal, workspace, machine)?;
    }
    let epoch = found.map_or(0, |lease| lease.epoch) + 1;
    let now = machine.now();
    let Process { boot, space, id, started } = &owner.process;
    let mut statement = transaction.prepare_cached(
        "INSERT OR REPLACE INTO leases
         (goal, epoch, workspace, owner, label, boot, space, process, started, renewed_boot, renewed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    statement.execute(params![
        rows::id(goal),
        epoch,
        workspace,
        Fixed(*owner.id.as_bytes()),
        owner.label,
        boot,
        // The inode of a space is a number of 64 bits, which SQLite keeps with a sign.
        space.cast_signed(),
        id,
        started,
        now.boot,
        now.millis,
    ])?;
    Ok(Lease { goal, epoch })
}

/// Takes a workspace from another goal whose owner is dead or silent. That goal gets a new epoch: its owner may wake
/// up, and must not go on.
fn clear_workspace(
    transaction: &Transaction<'_>,
    goal: GoalId,
    workspace: &str,
    machine: &dyn Machine,
) -> Result<(), Error> {
    let sql = format!("SELECT {} FROM leases WHERE workspace = ?1 AND goal <> ?2", rows::LEASE);
    let mut statement = transaction.prepare_cached(&sql)?;
    let Some(other) = statement.query_row(params![workspace, rows::id(goal)], rows::lease).optional()? else {
        return Ok(());
    };
    if let Some(held) = other.held.filter(|held| held.stands(machine)) {
        return Err(Error::WorkspaceHeld { goal: other.goal, owner: Box::new(held.owner) });
    }
    let mut statement = transaction.prepare_cached(
        "UPDATE leases SET epoch = epoch + 1, owner = NULL, workspace = NULL WHERE goal = ?1",
    )?;
    statement.execute([rows::id(other.goal)])?;
    Ok(())
}

pub(super) fn renew(
    transaction: &Transaction<'_>,
    leases: &[Lease],
    now: &Moment,
) -> Result<Vec<Lease>, Error> {
    let mut statement = transaction.prepare_cached(
        "UPDATE leases SET renewed_boot = ?3, renewed = ?4 WHERE goal = ?1 AND epoch = ?2 AND owner IS NOT NULL",
    )?;
    let mut over = Vec::new();
    for lease in leases {
        if statement.execute(params![rows::id(lease.goal), lease.epoch, now.boot, now.millis])? == 0 {
            over.push(*lease);
        }
    }
    Ok(over)
}

pub(super) fn release(transaction: &Transaction<'_>, lease: Lease) -> Result<(), Error> {
    place(transaction, lease.goal)?;
    fence(transaction, lease)?;
    let mut statement =
        transaction.prepare_cached("UPDATE leases SET owner = NULL, workspace = NULL WHERE goal = ?1")?;
    statement.execute([rows::id(lease.goal)])?;
    Ok(())
}

pub(super) fn send(transaction: &Transaction<'_>, goal: GoalId, command: &NewCommand) -> Result<(), Error> {
    place(transaction, goal)?;
    let sql = format!("SELECT {}, goal FROM inbox WHERE command = ?1", rows::COMMAND);
    let mut statement = transaction.prepare_cached(&sql)?;
    let found = statement
        .query_row([Fixed(*command.id.as_bytes())], |row| Ok((rows::command(row)?, rows::goal_id(row, 6)?)))
        .optional()?;
    if let Some((stored, owner)) = found {
        let is_same = owner == goal && stored.command == *command;
        return if is_same { Ok(()) } else { Err(Error::CommandExists(command.id)) };
    }
    let mut statement =
        transaction.prepare_cached("SELECT count(*) FROM inbox WHERE goal = ?1 AND answered IS NULL")?;
    let waiting: u64 = statement.query_row([rows::id(goal)], |row| row.get(0))?;
    if waiting >= limits::PENDING_MAX as u64 {
        return Err(Error::InboxFull { goal, max: limits::PENDING_MAX });
    }
    let mut statement = transaction.prepare_cached(
        "INSERT INTO inbox (command, goal, at, actor, version, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    statement.execute(params![
        Fixed(*command.id.as_bytes()),
        rows::id(goal),
        command.at.0,
        command.actor,
        command.version,
        command.body,
    ])?;
    Ok(())
}
