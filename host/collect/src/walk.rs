//! Walks a folder with bounds, without ever following a symlink.
//!
//! Every step opens a folder relative to the one before, so that nobody can lead it elsewhere while it
//! walks. It stores nothing: memory does not grow with the tree.

use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use evident_core::outcome::NoEvidence;
use rustix::fs::{AtFlags, Dir, DirEntry, FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::halt::{Halt, short};
use crate::offload::Wanted;

/// Entries that one walk looks at: the largest build folders have some 100,000; a million takes seconds.
pub(crate) const ENTRIES_MAX: u64 = 1_000_000;

/// Folders inside each other: each costs an open file. Real trees have at most some 20.
pub(crate) const DEPTH_MAX: usize = 64;

/// How a folder is opened that must be one and no symlink.
pub(crate) const FOLDER: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// One walk over one folder.
pub(crate) struct Walk<'a> {
    wanted: &'a Wanted,
    /// Deeper folders are passed over; at most [`DEPTH_MAX`], which is refused.
    levels: usize,
    skip_git: bool,
    entries: u64,
    entries_max: u64,
}

impl<'a> Walk<'a> {
    /// Over everything.
    pub(crate) fn whole(wanted: &'a Wanted) -> Self {
        Self { wanted, levels: usize::MAX, skip_git: false, entries: 0, entries_max: ENTRIES_MAX }
    }

    /// Over as many levels as can matter, and not over what git keeps for itself.
    pub(crate) fn source(wanted: &'a Wanted, levels: usize) -> Self {
        Self { levels, skip_git: true, ..Self::whole(wanted) }
    }

    /// Shows every entry below `folder` which is not a folder to `visit`, by its path below `name`.
    pub(crate) fn visit(
        &mut self,
        folder: &impl AsFd,
        name: &Path,
        visit: &mut dyn FnMut(&Path, FileType) -> Result<(), Halt>,
    ) -> Result<(), Halt> {
        let folder = rustix::fs::openat(folder, c".", FOLDER, Mode::empty());
        self.folder(&folder.map_err(|error| unreadable(name, error))?, name, 1, visit)
    }

    fn folder(
        &mut self,
        folder: &OwnedFd,
        name: &Path,
        level: usize,
        visit: &mut dyn FnMut(&Path, FileType) -> Result<(), Halt>,
    ) -> Result<(), Halt> {
        let entries = Dir::read_from(folder).map_err(|error| unreadable(name, error))?;
        for entry in entries {
            let entry = entry.map_err(|error| unreadable(name, error))?;
            if matches!(entry.file_name().to_bytes(), b"." | b"..") {
                continue;
            }
            self.count()?;
            let path = name.join(OsStr::from_bytes(entry.file_name().to_bytes()));
            match kind(folder, &entry) {
                Err(Errno::NOENT) => {}
                Err(error) => return Err(unreadable(&path, error)),
                Ok(FileType::Directory) => {
                    if let Some(inner) = self.enter(folder, &entry, &path, level)? {
                        self.folder(&inner, &path, level + 1, visit)?;
                    }
                }
                Ok(kind) => visit(&path, kind)?,
            }
        }
        Ok(())
    }

    fn enter(
        &self,
        folder: &OwnedFd,
        entry: &DirEntry,
        path: &Path,
        level: usize,
    ) -> Result<Option<OwnedFd>, Halt> {
        if level >= self.levels || (self.skip_git && entry.file_name() == c".git") {
            return Ok(None);
        }
        if level >= DEPTH_MAX {
            let detail = format!("`{}` lies more than {DEPTH_MAX} folders deep", path.display());
            return Err(short(NoEvidence::Overflow, detail));
        }
        match rustix::fs::openat(folder, entry.file_name(), FOLDER, Mode::empty()) {
            Ok(inner) => Ok(Some(inner)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(unreadable(path, error)),
        }
    }

    fn count(&mut self) -> Result<(), Halt> {
        self.wanted.check()?;
        self.entries += 1;
        if self.entries > self.entries_max {
            let detail = format!("more than {} entries to look at: use a narrower glob", self.entries_max);
            return Err(short(NoEvidence::Overflow, detail));
        }
        Ok(())
    }
}

/// What an entry is; some file systems do not say it in the listing.
fn kind(folder: &OwnedFd, entry: &DirEntry) -> Result<FileType, Errno> {
    if entry.file_type() != FileType::Unknown {
        return Ok(entry.file_type());
    }
    let stat = rustix::fs::statat(folder, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW)?;
    Ok(FileType::from_raw_mode(stat.st_mode))
}

fn unreadable(path: &Path, error: Errno) -> Halt {
    let reason = std::io::Error::from(error);
    short(NoEvidence::Unreadable, format!("the folder `{}` could not be listed: {reason}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_walk_ends_at_its_bound() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for index in 0..4 {
            fs::write(folder.path().join(index.to_string()), "").expect("writes");
        }
        let open = fs::File::open(folder.path()).expect("opens");
        let wanted = Wanted::always();
        for (entries_max, fits) in [(4, true), (3, false)] {
            let mut walk = Walk { entries_max, ..Walk::whole(&wanted) };
            let walked = walk.visit(&open, Path::new(""), &mut |_, _| Ok(()));
            assert_eq!(walked.is_ok(), fits);
        }
    }

    #[test]
    fn a_walk_stays_in_its_levels_and_out_of_git() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for path in ["a", "b/c", "b/d/e", ".git/f"] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("has one")).expect("makes");
            fs::write(path, "").expect("writes");
        }
        std::os::unix::fs::symlink(".", folder.path().join("loop")).expect("links");
        let open = fs::File::open(folder.path()).expect("opens");
        let wanted = Wanted::always();
        let mut seen = Vec::new();
        let mut visit = |path: &Path, _| {
            seen.push(path.display().to_string());
            Ok(())
        };
        Walk::source(&wanted, 2).visit(&open, Path::new("x"), &mut visit).expect("walks");
        seen.sort();
        assert_eq!(seen, ["x/a", "x/b/c", "x/loop"]);
    }
}
