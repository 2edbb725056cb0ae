//! Opens the database: who may read it, where it may lie, and the settings that durability hangs on.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use evident_regular::{Links, private};
use rusqlite::{Connection, OpenFlags};

use crate::error::Error;

use super::{before, schema};

/// How long a call waits for another process, in milliseconds: half of the life of a lease, so that an owner that
/// waits in vain still has time to stop.
pub(super) const BUSY_MS: u64 = 5_000;

/// How long it rests between two tries to switch the log on, where SQLite does not wait by itself.
const SWITCH_REST: Duration = Duration::from_millis(5);

/// 3.51.3: before it, a log that several processes use could be damaged.
const SQLITE_MIN: i32 = 3_051_003;

/// Bytes that the file of the log keeps once it was larger.
const LOG_BYTES_KEPT: u32 = 64 * 1024 * 1024;

/// Prepared statements that are kept: all that this room has.
const STATEMENTS: usize = 64;

/// The path of the database in `folder`, and a connection to it.
pub(super) fn open(folder: &Path) -> Result<(PathBuf, Connection), Error> {
    if rusqlite::version_number() < SQLITE_MIN {
        return Err(Error::OldSqlite { found: rusqlite::version() });
    }
    let held = private::own_folder(folder, Links::Followed).map_err(Error::io("open the folder", folder))?;
    refuse_network(&held, folder)?;
    // By its real name: SQLite is told to follow no link.
    let folder = fs::canonicalize(folder).map_err(Error::io("find", folder))?;
    let path = folder.join("goals.db");
    // In this order: another process that makes the store at this moment makes them after the database.
    let before = before::look(&folder)?;
    let is_new = make(&path, before)?;
    let mut connection = connect(&path)?;
    switch_log_on(&connection)?;
    schema::migrate(&mut connection, &path, schema::STEPS, before)?;
    before::refuse_cut(&connection, &path)?;
    before::mark(&folder)?;
    if is_new {
        // The names of the files are as durable as what stands in them.
        held.sync_all().map_err(Error::io("sync", &folder))?;
    }
    Ok((path, connection))
}

/// Another connection to the same database, with the same settings.
pub(super) fn connect(path: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW
        | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| foreign(path, error.into()))?;
    connection.busy_timeout(Duration::from_millis(BUSY_MS))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    let set = |name: &str, value: &dyn rusqlite::ToSql| connection.pragma_update(None, name, value);
    set("synchronous", &"FULL")?;
    // macOS alone: there, `fsync` does not reach the disk.
    set("fullfsync", &true)?;
    set("checkpoint_fullfsync", &true)?;
    set("foreign_keys", &true)?;
    set("trusted_schema", &false)?;
    // Checkpoints are made by the one who commits, and looked at.
    connection.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(()))?;
    connection.pragma_update_and_check(None, "journal_size_limit", LOG_BYTES_KEPT, |_| Ok(()))?;
    Ok(connection)
}

/// Two processes that make the log at the same moment: SQLite refuses one at once, without waiting.
fn switch_log_on(connection: &Connection) -> Result<(), Error> {
    let start = Instant::now();
    loop {
        let mode =
            connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
        match mode.map_err(|error| foreign(&path_of(connection), error.into())) {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(mode) => {
                let reason = format!("it cannot have a log: journal mode `{mode}`");
                return Err(Error::Foreign { path: path_of(connection), reason });
            }
            Err(Error::Busy) if start.elapsed() < Duration::from_millis(BUSY_MS) => {
                thread::sleep(SWITCH_REST);
            }
            Err(error) => return Err(error),
        }
    }
}

fn path_of(connection: &Connection) -> PathBuf {
    PathBuf::from(connection.path().unwrap_or_default())
}

/// A file that is not a database is named; nothing has failed yet.
fn foreign(path: &Path, error: Error) -> Error {
    match error {
        Error::Fatal { reason } => Error::Foreign { path: path.to_owned(), reason },
        other => other,
    }
}

/// Makes the file before SQLite does, for this user alone; the files beside it get the same mode. `true` where it
/// was not there. One that is missing or empty beside what only a store leaves is damage: a new one in its place
/// would forget every goal.
fn make(path: &Path, before: Option<&'static str>) -> Result<bool, Error> {
    let refused = |what: &str| Err(Error::Foreign { path: path.to_owned(), reason: what.to_owned() });
    let what = match fs::symlink_metadata(path) {
        Ok(found) if !found.is_file() => return refused("it is not a regular file"),
        Ok(found) if found.len() > 0 => return Ok(false),
        Ok(_) => "is empty",
        Err(error) if error.kind() == io::ErrorKind::NotFound => "is missing",
        Err(error) => return Err(Error::io("look at", path)(error)),
    };
    if let Some(rest) = before {
        return Err(before::lost(path, what, rest));
    }
    match private::new_file(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(Error::io("make", path)(error)),
    }
}

/// Types of network file systems, statfs(2) and the sources of Linux: NFS, SMB, CIFS, SMB2, AFS, Ceph, Lustre, GPFS.
#[cfg(any(target_os = "linux", target_os = "android"))]
const NETWORK: &[u32] = &[
    0x6969,
    0x517b,
    0xff53_4d42,
    0xfe53_4d42,
    0x5346_414f,
    0x6b41_4653,
    0x00c3_6400,
    0x0bd0_0bd0,
    0x4750_4653,
];

#[cfg(any(target_os = "linux", target_os = "android"))]
fn refuse_network(held: &File, folder: &Path) -> Result<(), Error> {
    let found = rustix::fs::fstatfs(held).map_err(io::Error::from).map_err(Error::io("look at", folder))?;
    // The type is a signed word on some machines, of which the lower half counts.
    let is_network = NETWORK.iter().any(|network| i64::from(*network) == found.f_type & 0xffff_ffff);
    if is_network { Err(Error::Network { path: folder.to_owned() }) } else { Ok(()) }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn refuse_network(_held: &File, _folder: &Path) -> Result<(), Error> {
    Ok(())
}
