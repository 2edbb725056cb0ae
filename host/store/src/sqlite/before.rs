//! Whether there was a store before: what a store leaves in its folder beside the database, and how a database says
//! that it was longer.
//!
//! It never repairs anything. An older copy of the same database is sound in itself: nothing here can tell it.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use rusqlite::Connection;

use crate::ballast;
use crate::error::Error;
use evident_regular::private;

/// A file that is there as soon as the database has its tables, and stays.
const MARK: &str = "made";

/// What stands in it, for a person.
const MARK_TEXT: &str = "A store of goals was made here: `goals.db` beside this file belongs to it.\n";

/// Where the header of a database says how many pages it has, and where it says when that was written; the file
/// format of SQLite, section 1.3.
const PAGES_AT: usize = 28;
const CHANGED_AT: usize = 24;
const VALID_FOR_AT: usize = 92;
const HEADER_BYTES: usize = 100;

/// The name of a file that only a store leaves behind, where there is one; without a database it is the rest of one.
pub(super) fn look(folder: &Path) -> Result<Option<&'static str>, Error> {
    for name in [MARK, ballast::NAME, "goals.db-wal"] {
        let path = folder.join(name);
        match fs::symlink_metadata(&path) {
            // A log without a byte is what a store leaves that was closed.
            Ok(found) if name == "goals.db-wal" && found.len() == 0 => {}
            Ok(_) => return Ok(Some(name)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error::io("look at", &path)(error)),
        }
    }
    Ok(None)
}

/// The damage of a database that is not what it was.
pub(super) fn lost(path: &Path, what: &str, rest: &str) -> Error {
    Error::Lost { path: path.to_owned(), what: what.to_owned(), rest: rest.to_owned() }
}

/// Writes the mark where there is none. A disk without room for it has none.
pub(super) fn mark(folder: &Path) -> Result<(), Error> {
    let path = folder.join(MARK);
    let made = private::new_file(&path);
    let written = made.and_then(|mut file| {
        file.write_all(MARK_TEXT.as_bytes())?;
        file.sync_all()
    });
    match written.map_err(Error::io("make", &path)) {
        Ok(()) | Err(Error::Full | Error::Refused { .. }) => Ok(()),
        Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Refuses a database whose file is shorter than its header says. SQLite reads it as far as it goes.
pub(super) fn refuse_cut(connection: &Connection, path: &Path) -> Result<(), Error> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    // Pages that stand in the log are not in the database yet.
    if fs::metadata(log).is_ok_and(|log| log.len() > 0) {
        return Ok(());
    }
    let page_bytes: u64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let header = header_of(path)?;
    let number = |at: usize| u32::from_be_bytes(header[at..at + 4].try_into().expect("four bytes"));
    // Where the two differ, an old SQLite wrote the file and the number means nothing.
    let is_meant = number(CHANGED_AT) == number(VALID_FOR_AT);
    let found = fs::metadata(path).map_err(Error::io("look at", path))?.len();
    let wanted = u64::from(number(PAGES_AT)) * page_bytes;
    if is_meant && found < wanted {
        return Err(Error::Cut { path: path.to_owned(), found, wanted });
    }
    Ok(())
}

fn header_of(path: &Path) -> Result<[u8; HEADER_BYTES], Error> {
    use std::io::Read;
    let mut header = [0; HEADER_BYTES];
    let read = fs::File::open(path).and_then(|mut file| file.read_exact(&mut header));
    read.map(|()| header).map_err(Error::io("read", path))
}
