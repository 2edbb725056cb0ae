//! A store that is not there any more is told from one that was never made.

use std::fs;
use std::path::Path;

use rusqlite::Connection;

use super::*;

/// A store of one goal, closed; a host that is killed leaves its log behind.
fn left(keeps_log: bool) -> OnDisk {
    let place = OnDisk::new();
    let store = place.open();
    owned(&store, 1);
    if keeps_log {
        let log = log(&place);
        let bytes = fs::read(&log).expect("is there");
        assert!(!bytes.is_empty());
        drop(store);
        fs::write(log, bytes).expect("writes");
    }
    place
}

fn log(place: &OnDisk) -> std::path::PathBuf {
    place.database().with_extension("db-wal")
}

fn folder(place: &OnDisk) -> std::path::PathBuf {
    place.0.path().join("state")
}

fn refused(place: &OnDisk) -> Error {
    let before = contents(&folder(place));
    let refused = Sqlite::open(&folder(place)).expect_err("is damaged");
    assert_eq!(contents(&folder(place)), before, "nothing is made in its place");
    refused
}

fn contents(folder: &Path) -> Vec<(std::ffi::OsString, u64)> {
    let entries = fs::read_dir(folder).expect("lists").map(|entry| entry.expect("is there"));
    let mut contents: Vec<_> = entries
        .filter(|entry| !entry.file_name().to_string_lossy().ends_with("-shm"))
        .map(|entry| (entry.file_name(), entry.path().symlink_metadata().expect("is there").len()))
        .collect();
    contents.sort();
    contents
}

/// Catches a store that forgets every goal because its database was lost.
#[test]
fn an_empty_or_missing_database_is_damage() {
    for rest in ["made", "ballast", "goals.db-wal"] {
        for is_empty in [true, false] {
            let place = left(rest == "goals.db-wal");
            for name in ["made", "ballast", "goals.db-wal"] {
                if name != rest {
                    let _gone = fs::remove_file(folder(&place).join(name));
                }
            }
            if is_empty {
                fs::write(place.database(), "").expect("writes");
            } else {
                fs::remove_file(place.database()).expect("is there");
            }
            let refused = refused(&place);
            let what = if is_empty { "is empty" } else { "is missing" };
            let told = format!(
                "the store of goals is damaged: `{}` {what}, and `{rest}` beside it is the rest of a store",
                place
                    .database()
                    .canonicalize()
                    .unwrap_or_else(|_| { folder(&place).canonicalize().expect("is there").join("goals.db") })
                    .display()
            );
            assert_eq!(refused.to_string(), told);
        }
    }
}

/// A database that SQLite takes for sound, and that holds nothing.
#[test]
fn a_database_without_tables_is_damage() {
    let place = left(false);
    fs::remove_file(place.database()).expect("is there");
    let connection = Connection::open(place.database()).expect("opens");
    connection.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE a (a); DROP TABLE a;").expect("makes");
    drop(connection);
    assert!(matches!(refused(&place), Error::Lost { .. }));
}

/// Two processes may make a store at the same moment: what one of them has begun is not damage.
#[test]
fn a_store_that_is_being_made_is_no_damage() {
    let place = OnDisk::new();
    fs::create_dir(folder(&place)).expect("makes");
    fs::write(place.database(), "").expect("writes");
    owned(&place.open(), 1);
    assert_eq!(story(&place.open(), 1), [r#"{"text":"first"}"#]);
}

#[test]
fn a_database_that_was_cut_is_damage() {
    let place = left(false);
    let whole = fs::metadata(place.database()).expect("is there").len();
    for bytes in [whole - 1, whole - 4096, whole / 2, 4096, 100] {
        let place = left(false);
        fs::OpenOptions::new()
            .write(true)
            .open(place.database())
            .and_then(|file| file.set_len(bytes))
            .expect("cuts");
        let refused = Sqlite::open(&folder(&place)).expect_err("is damaged");
        assert!(
            matches!(refused, Error::Cut { .. } | Error::Fatal { .. } | Error::Foreign { .. }),
            "{bytes}: {refused:?}"
        );
    }
}

#[test]
fn what_is_no_file_is_no_database() {
    let place = left(false);
    let (database, elsewhere) = (place.database(), place.0.path().join("elsewhere"));
    fs::rename(&database, &elsewhere).expect("moves");
    fs::create_dir(&database).expect("makes");
    assert!(matches!(Sqlite::open(&folder(&place)), Err(Error::Foreign { .. })));
    fs::remove_dir(&database).expect("is there");
    for target in [elsewhere.as_path(), Path::new("nothing")] {
        std::os::unix::fs::symlink(target, &database).expect("links");
        assert!(matches!(Sqlite::open(&folder(&place)), Err(Error::Foreign { .. })));
        fs::remove_file(&database).expect("is there");
    }
    // Nothing writes to it: an open that waited would wait for ever.
    let made = std::process::Command::new("mkfifo").arg(&database).status().expect("mkfifo runs");
    assert!(made.success());
    assert!(matches!(Sqlite::open(&folder(&place)), Err(Error::Foreign { .. })));
}

/// A store of an evident that made no mark gets one.
#[test]
fn a_store_is_marked_when_it_is_opened() {
    let place = left(false);
    fs::remove_file(folder(&place).join("made")).expect("is there");
    place.open();
    assert!(folder(&place).join("made").is_file());
}
