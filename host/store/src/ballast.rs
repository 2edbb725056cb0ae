//! A file that takes up room, so that there is some when a disk is full.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// Bytes of the ballast: many times what recording the reason of a stop takes, for every goal of a busy host.
pub(crate) const BALLAST_BYTES: u64 = 16 * 1024 * 1024;

/// Bytes of one write where the file system does not reserve.
const PIECE_BYTES: usize = 256 * 1024;

/// The ballast of a folder.
#[derive(Debug)]
pub(crate) struct Ballast {
    path: PathBuf,
}

impl Ballast {
    pub(crate) fn new(folder: &Path) -> Self {
        Self { path: folder.join("ballast") }
    }

    /// Frees it; `false` where there was none.
    pub(crate) fn free(&self) -> Result<bool, Error> {
        match fs::remove_file(&self.path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(Error::io("remove", &self.path)(error)),
        }
    }

    /// Makes it where it is not there or not whole. What does not fit is removed again: half a ballast would fill
    /// the disk for nothing.
    pub(crate) fn restore(&self) -> Result<(), Error> {
        if fs::symlink_metadata(&self.path).is_ok_and(|found| found.is_file() && found.len() == BALLAST_BYTES)
        {
            return Ok(());
        }
        self.free()?;
        match self.fill() {
            Ok(()) => Ok(()),
            // Another process makes it.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => {
                self.free()?;
                Err(Error::io("reserve room in", &self.path)(error))
            }
        }
    }

    fn fill(&self) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.path)?;
        #[cfg(any(target_os = "linux", target_os = "android"))]
        {
            use rustix::fs::{FallocateFlags, fallocate};
            match fallocate(&file, FallocateFlags::empty(), 0, BALLAST_BYTES) {
                Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => {}
                done => return Ok(done?),
            }
        }
        let piece = vec![0; PIECE_BYTES];
        for _ in 0..BALLAST_BYTES / PIECE_BYTES as u64 {
            file.write_all(&piece)?;
        }
        file.sync_all()
    }
}
