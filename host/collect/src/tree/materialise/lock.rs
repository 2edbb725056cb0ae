//! One process at a time in a private folder.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use crate::Error;

/// Between two looks at a lock that somebody holds: short beside any command that runs in the folder.
const STEP: Duration = Duration::from_millis(20);

/// Takes the lock beside the folder; the system gives it back when the file is closed, however that
/// happens.
pub(super) fn take(folder: &Path, wait: Duration) -> Result<File, Error> {
    let mut path = OsString::from(folder);
    path.push(".lock");
    clear(Path::new(&path))?;
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = rustix::fs::openat(rustix::fs::CWD, &path, flags, Mode::RUSR | Mode::WUSR);
    let file = File::from(file.map_err(|error| Error::io("open the lock", Path::new(&path))(error.into()))?);
    let start = Instant::now();
    loop {
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(file),
            Err(Errno::WOULDBLOCK | Errno::INTR) if start.elapsed() < wait => std::thread::sleep(STEP),
            Err(Errno::WOULDBLOCK | Errno::INTR) => return Err(Error::Busy { folder: folder.to_owned() }),
            Err(error) => return Err(Error::io("lock", Path::new(&path))(error.into())),
        }
    }
}

/// What a command put in the place of the lock would keep everybody out for ever.
fn clear(path: &Path) -> Result<(), Error> {
    match fs::symlink_metadata(path) {
        Ok(found) if !found.is_file() => super::aside::put(path),
        _ => Ok(()),
    }
}
