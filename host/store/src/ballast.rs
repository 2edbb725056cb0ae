//! A file that takes up room, so that there is some when a disk is full.
//!
//! It takes the largest size that leaves most of the room to everything else: a small disk has a small ballast, not
//! none.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use evident_regular::private;

use crate::error::Error;

/// The name of the file.
pub(crate) const NAME: &str = "ballast";

/// Bytes of the ballast, the largest first: many times what recording the reason of a stop takes, for every goal of a
/// busy host; the smallest is a few such records of one.
pub(crate) const SIZES: [u64; 5] = [16 << 20, 4 << 20, 1 << 20, 256 << 10, 64 << 10];

/// What is free must be so many times the ballast.
const ROOM_FACTOR: u64 = 4;

/// Bytes of one write where the file system does not reserve.
const PIECE_BYTES: usize = 64 * 1024;

/// The ballast of a folder.
#[derive(Debug)]
pub(crate) struct Ballast {
    path: PathBuf,
    /// The size that it had when it was whole for the last time in this process: there is room again when it has
    /// that once more.
    had: AtomicU64,
}

impl Ballast {
    pub(crate) fn new(folder: &Path) -> Self {
        Self { path: folder.join(NAME), had: AtomicU64::new(0) }
    }

    /// Frees it; `false` where there was none.
    pub(crate) fn free(&self) -> Result<bool, Error> {
        match fs::remove_file(&self.path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(Error::io("remove", &self.path)(error)),
        }
    }

    /// Makes it where it is not there, or is smaller than it was. What does not fit is removed again: half a ballast
    /// would fill the disk for nothing.
    pub(crate) fn restore(&self) -> Result<(), Error> {
        let there =
            fs::symlink_metadata(&self.path).ok().filter(fs::Metadata::is_file).map(|found| found.len());
        let least = self.had.load(Ordering::Relaxed).max(SIZES[SIZES.len() - 1]);
        if let Some(size) = there.filter(|size| *size >= least && SIZES.contains(size)) {
            self.had.store(size, Ordering::Relaxed);
            return Ok(());
        }
        self.free()?;
        let fits = self.fitting(least)?;
        match self.fill(fits) {
            Ok(()) => {}
            // Another process makes it.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => {
                self.free()?;
                return Err(Error::io("reserve room in", &self.path)(error));
            }
        }
        self.had.store(fits, Ordering::Relaxed);
        Ok(())
    }

    /// The largest size of at least `least` bytes that leaves room.
    fn fitting(&self, least: u64) -> Result<u64, Error> {
        let folder = self.path.parent().expect("lies in a folder");
        let free =
            rustix::fs::statvfs(folder).map_err(io::Error::from).map_err(Error::io("look at", folder))?;
        let free = free.f_bavail.saturating_mul(free.f_frsize);
        let fits = |size: &&u64| **size >= least && size.saturating_mul(ROOM_FACTOR) <= free;
        SIZES.iter().find(fits).copied().ok_or(Error::Full)
    }

    fn fill(&self, bytes: u64) -> io::Result<()> {
        let mut file = private::new_file(&self.path)?;
        #[cfg(any(target_os = "linux", target_os = "android"))]
        {
            use rustix::fs::{FallocateFlags, fallocate};
            match fallocate(&file, FallocateFlags::empty(), 0, bytes) {
                Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => {}
                done => return Ok(done?),
            }
        }
        let piece = vec![0; PIECE_BYTES];
        for _ in 0..bytes / PIECE_BYTES as u64 {
            file.write_all(&piece)?;
        }
        file.sync_all()
    }
}
