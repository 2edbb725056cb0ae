//! Takes future times off what stays in a private copy: build output that looks newer than every source that
//! will ever be written would never be built again.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::OwnedFd;
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::fs::{AtFlags, FileType, Timespec, Timestamps};
use rustix::io::Errno;

use super::remove;
use crate::tree::bounds::DEPTH_MAX;

/// A moment that is over: files that are written from now on are newer, also to tools that count whole
/// seconds.
pub(super) fn past() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    i64::try_from(now).unwrap_or(i64::MAX) - 1
}

/// Sees to it that nothing at this name, or below it, is newer than `past`.
///
/// # Errors
/// Those of the file system, and where folders lie deeper in each other than any tree: then nothing of it
/// is worth keeping.
pub(super) fn all(around: &OwnedFd, name: &CStr, kind: FileType, past: i64) -> io::Result<()> {
    if kind != FileType::Directory {
        return file(around, name, past);
    }
    // One open folder for each level.
    let mut levels: Vec<(OwnedFd, Vec<(CString, FileType)>)> = Vec::new();
    let first = remove::open(around, name)?;
    let entries = remove::list(&first)?;
    levels.push((first, entries));
    while let Some((folder, entries)) = levels.last_mut() {
        let Some((name, kind)) = entries.pop() else {
            levels.pop();
            continue;
        };
        file(folder, &name, past)?;
        if kind == FileType::Directory {
            let inner = remove::open(folder, &name)?;
            let entries = remove::list(&inner)?;
            if levels.len() >= DEPTH_MAX {
                return Err(io::Error::other("folders lie too deep in each other"));
            }
            levels.push((inner, entries));
        }
    }
    file(around, name, past)
}

fn file(around: &OwnedFd, name: &CStr, past: i64) -> io::Result<()> {
    let stat = match rustix::fs::statat(around, name, AtFlags::SYMLINK_NOFOLLOW) {
        Err(Errno::NOENT) => return Ok(()),
        stat => stat?,
    };
    if stat.st_mtime <= past + 1 {
        return Ok(());
    }
    let time = Timespec { tv_sec: past, tv_nsec: 0 };
    let times = Timestamps { last_access: time, last_modification: time };
    Ok(rustix::fs::utimensat(around, name, &times, AtFlags::SYMLINK_NOFOLLOW)?)
}
