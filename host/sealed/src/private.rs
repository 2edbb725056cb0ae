//! Files that only this user may have written: opened through their folder, never through a link.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use evident_regular::Links;
use rustix::fs::{AtFlags, FileType, Mode, OFlags};

/// A folder that is held open: a name in it means the same folder for as long as it is held.
#[derive(Debug)]
pub(crate) struct Folder(File);

/// What is under a name.
pub(crate) enum Found {
    /// A file of this user that nobody else may read or write.
    Bytes(Vec<u8>),
    /// Nothing.
    Nothing,
    /// Something else: a link, another user's file, one that others may touch, one that is too large.
    Unfit,
}

const PRIVATE: Mode = Mode::RUSR.union(Mode::WUSR);

impl Folder {
    /// Opens a folder and makes it where it is not there; takes it away from everybody else.
    ///
    /// # Errors
    /// When it cannot be made, is a link, or belongs to another user.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        evident_regular::private::own_folder(path, Links::Refused).map(Self)
    }

    /// Reads a file of at most `bytes_max` bytes.
    pub(crate) fn read(&self, name: &str, bytes_max: u64) -> Found {
        // `NONBLOCK`: a pipe in the place of the file must not hold the host.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = match rustix::fs::openat(&self.0, name, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(rustix::io::Errno::NOENT) => return Found::Nothing,
            Err(_) => return Found::Unfit,
        };
        let Ok(stat) = rustix::fs::fstat(&file) else { return Found::Unfit };
        let is_ours = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
            && Mode::from_raw_mode(stat.st_mode) == PRIVATE
            && stat.st_uid == rustix::process::geteuid().as_raw();
        let size = u64::try_from(stat.st_size).unwrap_or(u64::MAX);
        if !is_ours || size > bytes_max {
            return Found::Unfit;
        }
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        match file.take(bytes_max).read_to_end(&mut bytes) {
            Ok(_) => Found::Bytes(bytes),
            Err(_) => Found::Unfit,
        }
    }

    /// Writes a file whole or not at all, in the place of what was there.
    ///
    /// # Errors
    /// Those of the file system.
    pub(crate) fn replace(&self, name: &str, parts: &[&[u8]]) -> io::Result<()> {
        self.write_beside(parts, |incoming| rustix::fs::renameat(&self.0, incoming, &self.0, name))
    }

    /// Writes a file whole, unless there is one of that name.
    ///
    /// # Errors
    /// Those of the file system; `AlreadyExists` where another was first.
    pub(crate) fn create(&self, name: &str, parts: &[&[u8]]) -> io::Result<()> {
        self.write_beside(parts, |incoming| {
            rustix::fs::linkat(&self.0, incoming, &self.0, name, AtFlags::empty())?;
            rustix::fs::unlinkat(&self.0, incoming, AtFlags::empty())
        })
    }

    fn write_beside(
        &self,
        parts: &[&[u8]],
        keep: impl FnOnce(&str) -> rustix::io::Result<()>,
    ) -> io::Result<()> {
        let incoming = format!("incoming-{:016x}", u64::from_ne_bytes(random()?));
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(rustix::fs::openat(&self.0, &incoming, flags, PRIVATE)?);
        let written = parts.iter().try_for_each(|part| file.write_all(part));
        let kept = written.and_then(|()| Ok(keep(&incoming)?));
        if kept.is_err() {
            self.remove(&incoming);
        }
        kept
    }

    /// Removes a file. One that does not go is found unfit again at its next reading.
    pub(crate) fn remove(&self, name: &str) {
        let _stays = rustix::fs::unlinkat(&self.0, name, AtFlags::empty());
    }

    /// Name, size in bytes and time of writing in nanoseconds of every file, in no order.
    ///
    /// # Errors
    /// Those of the file system.
    pub(crate) fn list(&self) -> io::Result<Vec<(String, u64, i128)>> {
        let mut files = Vec::new();
        for entry in rustix::fs::Dir::read_from(&self.0)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().to_str() else { continue };
            let Ok(stat) = rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
            if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
                continue;
            }
            let time = i128::from(stat.st_mtime) * 1_000_000_000 + i128::from(stat.st_mtime_nsec);
            files.push((name.to_owned(), u64::try_from(stat.st_size).unwrap_or(0), time));
        }
        Ok(files)
    }
}

/// Bytes of the random source of the system.
///
/// # Errors
/// When there is none.
pub(crate) fn random<const BYTES: usize>() -> io::Result<[u8; BYTES]> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}
