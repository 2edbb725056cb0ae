//! The tables, as numbered steps. A step is one transaction together with its number: whoever is killed leaves the
//! old tables or the new ones, never half.
//!
//! A step that was released is never edited; a change is a new step.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::error::Error;

/// Tells this database from others: `evgo` in ASCII.
const APPLICATION_ID: u32 = 0x6576_676f;

/// Every step, in order; the number of steps done is the schema of a database.
pub(crate) const STEPS: &[&str] = &[FIRST];

/// - `goals` is the head as well: one row to write per append. `number` counts goals as they were made.
/// - `events` lie in the order of their key, so that a goal is read in one go. There is no column for the link
///   before: it is the link of the row before. `blobs` are digests of 32 bytes, one after the other; the index over
///   them is what a sweep reads.
/// - `leases` keep the epoch of a goal that nobody owns; the index keeps a workspace from being run twice.
/// - The triggers stop accidents. Whoever can write the file can drop them: the chain is what tells.
const FIRST: &str = "
CREATE TABLE goals (
  number    INTEGER PRIMARY KEY,
  goal      BLOB NOT NULL UNIQUE CHECK (length(goal) = 16),
  thread    BLOB NOT NULL CHECK (length(thread) = 16),
  workspace TEXT NOT NULL,
  contract  TEXT NOT NULL,
  created   INTEGER NOT NULL,
  seq       INTEGER NOT NULL CHECK (seq > 0),
  hash      BLOB NOT NULL CHECK (length(hash) = 32),
  updated   INTEGER NOT NULL,
  version   INTEGER NOT NULL CHECK (version > 0),
  seal      BLOB NOT NULL CHECK (length(seal) = 32),
  body      BLOB NOT NULL
) STRICT;
CREATE INDEX goals_workspace ON goals (workspace);
CREATE INDEX goals_thread ON goals (thread);
CREATE TRIGGER goals_stay BEFORE DELETE ON goals
BEGIN SELECT RAISE(ABORT, 'a goal keeps its history'); END;

CREATE TABLE events (
  goal    BLOB NOT NULL REFERENCES goals (goal),
  seq     INTEGER NOT NULL CHECK (seq > 0),
  epoch   INTEGER NOT NULL CHECK (epoch >= 0),
  hash    BLOB NOT NULL CHECK (length(hash) = 32),
  at      INTEGER NOT NULL,
  actor   TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version > 0),
  answers BLOB CHECK (length(answers) = 16),
  blobs   BLOB CHECK (length(blobs) > 0 AND length(blobs) % 32 = 0),
  body    BLOB NOT NULL,
  PRIMARY KEY (goal, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX events_blobs ON events (goal, seq, blobs) WHERE blobs IS NOT NULL;
CREATE TRIGGER events_are_not_edited BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'an event is never edited'); END;
CREATE TRIGGER events_stay BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'an event is never deleted'); END;

CREATE TABLE snapshots (
  goal    BLOB PRIMARY KEY REFERENCES goals (goal),
  seq     INTEGER NOT NULL,
  hash    BLOB NOT NULL CHECK (length(hash) = 32),
  version INTEGER NOT NULL CHECK (version > 0),
  sum     BLOB NOT NULL CHECK (length(sum) = 32),
  body    BLOB NOT NULL
) STRICT;

CREATE TABLE leases (
  goal      BLOB PRIMARY KEY REFERENCES goals (goal),
  epoch     INTEGER NOT NULL CHECK (epoch > 0),
  workspace TEXT,
  owner     BLOB CHECK (length(owner) = 16),
  label     TEXT,
  boot      TEXT,
  space     INTEGER,
  process   INTEGER,
  started   INTEGER,
  renewed_boot TEXT,
  renewed   INTEGER,
  CHECK (workspace IS NULL OR owner IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX leases_workspace ON leases (workspace) WHERE workspace IS NOT NULL;

CREATE TABLE inbox (
  number   INTEGER PRIMARY KEY,
  command  BLOB NOT NULL UNIQUE CHECK (length(command) = 16),
  goal     BLOB NOT NULL REFERENCES goals (goal),
  at       INTEGER NOT NULL,
  actor    TEXT NOT NULL,
  version  INTEGER NOT NULL CHECK (version > 0),
  answered INTEGER,
  body     BLOB NOT NULL
) STRICT;
CREATE INDEX inbox_goal ON inbox (goal, answered, number);
CREATE INDEX inbox_waits ON inbox (goal) WHERE answered IS NULL;
CREATE TRIGGER inbox_is_answered_once BEFORE UPDATE ON inbox WHEN OLD.answered IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a command is answered once'); END;
CREATE TRIGGER inbox_stays BEFORE DELETE ON inbox
BEGIN SELECT RAISE(ABORT, 'a command stays'); END;
";

/// Brings a database to the newest schema. `before` names a file that only a store with tables leaves behind.
///
/// # Errors
/// [`Error::Foreign`] for a database of another program, [`Error::Newer`] for one that a newer evident wrote,
/// [`Error::Lost`] for one without tables where there was a store.
pub(crate) fn migrate(
    connection: &mut Connection,
    path: &Path,
    steps: &[&str],
    before: Option<&str>,
) -> Result<(), Error> {
    let known = u32::try_from(steps.len()).expect("few steps");
    loop {
        // The first look takes no lock: most databases are as new as they can be.
        let found = schema(connection, path, known)?;
        if found == known {
            return Ok(());
        }
        // A log may be older than the tables: a process that made them was killed.
        if let Some(rest) = before.filter(|rest| found == 0 && !rest.ends_with("-wal")) {
            return Err(super::before::lost(path, "has no tables", rest));
        }
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = schema(&transaction, path, known)?;
        let Some(step) = steps.get(done as usize) else { continue };
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", done + 1)?;
        transaction.commit()?;
    }
}

fn schema(connection: &Connection, path: &Path, known: u32) -> Result<u32, Error> {
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, u32>(0));
    let (application, found) = (number("application_id")?, number("user_version")?);
    if application != APPLICATION_ID {
        let tables: u32 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        if (application, found, tables) != (0, 0, 0) {
            let reason = format!("its application id is {application:#010x}");
            return Err(Error::Foreign { path: path.to_owned(), reason });
        }
    }
    if found > known {
        return Err(Error::Newer { path: path.to_owned(), found, known });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(connection: &Connection) -> Vec<String> {
        let mut statement =
            connection.prepare("SELECT name FROM sqlite_schema ORDER BY name").expect("reads");
        let names = statement.query_map([], |row| row.get(0)).expect("reads");
        names.map(|name| name.expect("is text")).collect()
    }

    #[test]
    fn a_step_is_done_whole_or_not_at_all() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("steps.db");
        let mut connection = Connection::open(&path).expect("opens");
        let first = "CREATE TABLE one (a) STRICT";
        let first = first.replace("(a)", "(a INTEGER)");
        migrate(&mut connection, &path, &[&first], None).expect("migrates");
        let broken = "CREATE TABLE two (a INTEGER) STRICT; CREATE TABLE one (a INTEGER) STRICT;";
        assert!(migrate(&mut connection, &path, &[&first, broken], None).is_err());
        assert_eq!(
            (names(&connection), schema(&connection, &path, 2).expect("reads")),
            (vec!["one".into()], 1)
        );
        let whole = "CREATE TABLE two (a INTEGER) STRICT";
        migrate(&mut connection, &path, &[&first, whole], None).expect("migrates");
        assert_eq!(names(&connection), ["one", "two"]);
        let refused = migrate(&mut connection, &path, &[&first], None);
        assert!(matches!(refused, Err(Error::Newer { found: 2, known: 1, .. })), "{refused:?}");
    }

    #[test]
    fn the_database_of_somebody_else_is_left_alone() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("other.db");
        let mut connection = Connection::open(&path).expect("opens");
        connection.execute_batch("CREATE TABLE theirs (a INTEGER) STRICT").expect("creates");
        let refused = migrate(&mut connection, &path, STEPS, None);
        assert!(matches!(refused, Err(Error::Foreign { .. })), "{refused:?}");
        assert_eq!(names(&connection), ["theirs"]);
    }
}
