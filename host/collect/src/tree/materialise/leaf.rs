//! One file or symlink of a private folder.

use std::ffi::{CStr, OsStr};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use evident_blobs::{Blobs, Holes};
use evident_core::defence::Defence;
use evident_core::digest::Digest;
use evident_core::tree::{Kind, Leaf};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Timespec, Timestamps};
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};

use crate::capture::BUFFER_BYTES;
use crate::{Error, Wanted};

/// Sees to it that the name holds what the leaf says; no folder lies there. `unfinished` is a free name, for
/// a file that is being written.
pub(super) fn bring(
    (blobs, heard): (&Blobs, &Wanted),
    (folder, unfinished): (&OwnedFd, &CStr),
    name: &CStr,
    wanted: &Leaf,
    path: &Path,
) -> Result<(), Error> {
    let mode = mode(wanted.kind);
    let is_right = is_right(folder, name, wanted, mode, heard).map_err(Error::io("read", path))?;
    if is_right {
        Ok(())
    } else {
        write((blobs, heard), (folder, unfinished), name, wanted, mode).map_err(|failed| failed.at(path))
    }
}

/// As a checkout makes them.
fn mode(kind: Kind) -> Mode {
    let file = Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::ROTH;
    if kind == Kind::Executable { file | Mode::XUSR | Mode::XGRP | Mode::XOTH } else { file }
}

/// True if the file is there with its content; its mode is set right then.
fn is_right(folder: &OwnedFd, name: &CStr, wanted: &Leaf, mode: Mode, heard: &Wanted) -> io::Result<bool> {
    let stat = match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Err(Errno::NOENT) => return Ok(false),
        stat => stat?,
    };
    // A second name of the file, somewhere else, would be a way to change it.
    let is_own = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile && stat.st_nlink == 1;
    if !is_own || u64::try_from(stat.st_size) != Ok(wanted.size) {
        return Ok(false);
    }
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mut file = match rustix::fs::openat(folder, name, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(Errno::ACCESS) => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    if Defence::MaterialisedProof.stands() && digest(&mut file, &mut io::sink(), heard)? != wanted.digest {
        return Ok(false);
    }
    if Mode::from_raw_mode(stat.st_mode) != mode {
        rustix::fs::fchmod(&file, mode)?;
    }
    Ok(true)
}

/// Why something was not made.
enum Failed {
    Content(Error),
    Place(io::Error),
}

impl Failed {
    fn at(self, path: &Path) -> Error {
        match self {
            Self::Content(error) => error,
            Self::Place(error) => Error::io("write", path)(error),
        }
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Place(error)
    }
}

impl From<Errno> for Failed {
    fn from(error: Errno) -> Self {
        Self::Place(error.into())
    }
}

impl<T: Into<Error>> From<(T,)> for Failed {
    fn from((error,): (T,)) -> Self {
        Self::Content(error.into())
    }
}

/// Never in place: what lies there may have a second name, or be a symlink.
fn write(
    (blobs, heard): (&Blobs, &Wanted),
    (folder, unfinished): (&OwnedFd, &CStr),
    name: &CStr,
    wanted: &Leaf,
    mode: Mode,
) -> Result<(), Failed> {
    let (mut blob, _) = blobs.read(wanted.digest).map_err(|error| (error,))?;
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = rustix::fs::openat(folder, unfinished, flags, Mode::RUSR | Mode::WUSR)?;
    let mut file = Holes::new(File::from(file));
    let found = digest(&mut blob, &mut file, heard)?;
    if found != wanted.digest {
        clear(folder, unfinished)?;
        return Err((evident_blobs::Error::Damaged { digest: wanted.digest, found },).into());
    }
    let file = file.finish()?;
    rustix::fs::fchmod(file, mode)?;
    if let Ok(before) = rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        newer(file, before.st_mtime)?;
    }
    Ok(rustix::fs::renameat(folder, unfinished, folder, name)?)
}

/// Sees to it that the file is newer than the one whose place it takes, by a whole second: python tells two
/// versions of one size apart by that alone. What was built from the other one is then out of date.
fn newer(file: &File, before: i64) -> io::Result<()> {
    let stat = rustix::fs::fstat(file)?;
    if stat.st_mtime > before {
        return Ok(());
    }
    let time = Timespec { tv_sec: before.saturating_add(1), tv_nsec: 0 };
    Ok(rustix::fs::futimens(file, &Timestamps { last_access: time, last_modification: time })?)
}

/// Sees to it that the name is a link which says this; no folder lies there.
pub(super) fn symlink(folder: &OwnedFd, name: &CStr, target: &[u8]) -> io::Result<()> {
    match rustix::fs::readlinkat(folder, name, Vec::new()) {
        Ok(there) if there.to_bytes() == target => return Ok(()),
        Err(Errno::NOENT) => {}
        _ => clear(folder, name)?,
    }
    Ok(rustix::fs::symlinkat(OsStr::from_bytes(target), folder, name)?)
}

fn clear(folder: &OwnedFd, name: &CStr) -> io::Result<()> {
    match rustix::fs::unlinkat(folder, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Copies and hashes in one pass.
fn digest(from: &mut impl Read, to: &mut impl Write, heard: &Wanted) -> io::Result<Digest> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        heard.check().map_err(io::Error::other)?;
        match from.read(&mut buffer) {
            Ok(0) => return Ok(Digest::from_bytes(hash.finalize().into())),
            Ok(count) => {
                hash.update(&buffer[..count]);
                to.write_all(&buffer[..count])?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
