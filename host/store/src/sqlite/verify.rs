//! Reads every event again and follows the chains, on as many threads as the machine has cores.
//!
//! Each goal is read in a transaction of its own, so that a log which grows meanwhile is read as it was.

use std::collections::BTreeSet;
use std::path::Path;
use std::thread;

use rusqlite::{Connection, Transaction, params};

use crate::error::Error;
use crate::ids::{CommandId, GoalId};
use crate::report::{Flaw, Report, Walk};

use super::rows::{self, Fixed};
use super::{open, read, reading};

/// Threads of one reading: more than a disk has use for.
const THREADS_MAX: usize = 8;

/// Everything. What SQLite cannot read of a goal is damage of that goal.
pub(super) fn all(path: &Path) -> Result<Report, Error> {
    let mut connection = open::connect(path)?;
    let goals: Vec<_> = reading(&mut connection, goals)?.into_iter().collect();
    let threads = thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
    let share = goals.len().div_ceil(threads).max(1);
    let mut report = Report::default();
    thread::scope(|scope| {
        let parts: Vec<_> = goals.chunks(share).map(|goals| scope.spawn(|| part(path, goals))).collect();
        for part in parts {
            report.join(part.join().expect("a reader does not panic")?);
        }
        Ok(report)
    })
}

/// Every goal that has a row or an event.
fn goals(transaction: &Transaction<'_>) -> Result<BTreeSet<GoalId>, Error> {
    let mut statement = transaction.prepare("SELECT goal FROM goals")?;
    let mut goals =
        statement.query_map([], |row| rows::goal_id(row, 0))?.collect::<Result<BTreeSet<_>, _>>()?;
    // From one goal to the next by the key: reading all events for their goals alone takes as long as verifying.
    let mut next = transaction.prepare("SELECT goal FROM events WHERE goal > ?1 ORDER BY goal LIMIT 1")?;
    let mut last: Vec<u8> = Vec::new();
    loop {
        let mut found = next.query([&last])?;
        let Some(row) = found.next()? else { return Ok(goals) };
        let goal = rows::goal_id(row, 0)?;
        last = goal.as_bytes().to_vec();
        goals.insert(goal);
    }
}

fn part(path: &Path, goals: &[GoalId]) -> Result<Report, Error> {
    let mut connection = open::connect(path)?;
    let mut report = Report::default();
    for goal in goals {
        report.join(goal_of(&mut connection, *goal)?);
    }
    Ok(report)
}

fn goal_of(connection: &mut Connection, goal: GoalId) -> Result<Report, Error> {
    match reading(connection, |transaction| one(transaction, goal)) {
        Err(Error::NoGoal(_)) => {
            let mut report = Report::default();
            report.add(goal, None, Flaw::NoGoal);
            Ok(report)
        }
        Err(Error::Fatal { reason }) => Ok(unreadable(goal, reason)),
        Err(Error::Sqlite(error)) => Ok(unreadable(goal, error.to_string())),
        other => other,
    }
}

fn unreadable(goal: GoalId, reason: String) -> Report {
    let mut report = Report::default();
    report.add(goal, None, Flaw::Unreadable(reason));
    report
}

/// One goal.
pub(super) fn one(transaction: &Transaction<'_>, goal: GoalId) -> Result<Report, Error> {
    let (stored, sealed) = read::head(transaction, goal)?;
    let mut report = Report::default();
    let mut walk = Walk::begin(&stored);
    let sql = format!("SELECT {} FROM events WHERE goal = ?1 ORDER BY seq", rows::EVENT);
    let mut statement = transaction.prepare_cached(&sql)?;
    let mut found = statement.query([rows::id(goal)])?;
    while let Some(row) = found.next()? {
        let (record, hash) = rows::record(row, goal)?;
        walk.step(&record, hash, |seq, flaw| report.add(goal, Some(seq), flaw));
        report.events += 1;
    }
    walk.end(&stored, sealed, &mut report);
    answers(transaction, goal, &mut report)?;
    report.damages.sort();
    Ok(report)
}

/// Answers that no event gives.
fn answers(transaction: &Transaction<'_>, goal: GoalId, report: &mut Report) -> Result<(), Error> {
    let mut statement = transaction.prepare_cached(
        "SELECT i.command, i.answered FROM inbox AS i
         LEFT JOIN events AS e ON e.goal = i.goal AND e.seq = i.answered AND e.answers = i.command
         WHERE i.goal = ?1 AND i.answered IS NOT NULL AND e.seq IS NULL ORDER BY i.number",
    )?;
    let mut found = statement.query(params![rows::id(goal)])?;
    while let Some(row) = found.next()? {
        let command = CommandId::from_bytes(row.get::<_, Fixed<16>>(0)?.0);
        report.add(goal, Some(row.get(1)?), Flaw::Answer(command));
    }
    Ok(())
}
