//! Bounds of what a tree may hold: looked at before a byte is read.
//!
//! Sizes are those that a file has for whoever reads it: a sparse file counts by its size.

use std::path::{Path, PathBuf};

use evident_core::defence::Defence;

use crate::Error;

/// Bytes of one file: four times the largest source file known to be under version control; a
/// disk image is not a source.
pub(super) const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;

/// Bytes of all files of one tree: more than the largest known working trees.
const TREE_BYTES_MAX: u64 = 64 * 1024 * 1024 * 1024;

/// Entries that one walk looks at, ignored ones among them: the largest known repositories have some 3
/// million files.
const ENTRIES_MAX: u64 = 5_000_000;

/// Bytes of all paths that one walk looks at: a hundred for each of the entries.
const PATHS_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// Folders inside each other: each costs an open file. Real trees have at most some 30.
pub(crate) const DEPTH_MAX: usize = 128;

/// Entries that a walk has looked at.
#[derive(Debug, Default)]
pub(super) struct Entries {
    count: u64,
    path_bytes: u64,
}

impl Entries {
    /// Adds one entry by the bytes of its path; `folder` says where it lies.
    pub(super) fn add(&mut self, bytes: usize, folder: &dyn Fn() -> PathBuf) -> Result<(), Error> {
        self.count += 1;
        self.path_bytes = self.path_bytes.saturating_add(bytes as u64);
        let what = match (self.count > ENTRIES_MAX, self.path_bytes > PATHS_BYTES_MAX) {
            _ if !Defence::TreeBounds.stands() => return Ok(()),
            (true, _) => {
                format!("with it, more than {ENTRIES_MAX} entries: ignore the folder, or remove some")
            }
            (false, true) => {
                format!("with it, more than {PATHS_BYTES_MAX} bytes of paths: ignore the folder")
            }
            (false, false) => return Ok(()),
        };
        Err(Error::TooLarge { path: folder(), what })
    }
}

/// Refuses a folder that lies too deep, before it is opened.
pub(super) fn depth(depth: usize, folder: &dyn Fn() -> PathBuf) -> Result<(), Error> {
    if depth < DEPTH_MAX || !Defence::TreeBounds.stands() {
        return Ok(());
    }
    let what = format!("more than {DEPTH_MAX} folders in each other: remove them, or ignore the outermost");
    Err(Error::TooLarge { path: folder(), what })
}

/// Bytes of a tree so far.
#[derive(Debug, Default)]
pub(super) struct Total(u64);

impl Total {
    /// Adds one file; `path` says which one it is.
    pub(super) fn add(&mut self, size: u64, path: &dyn Fn() -> PathBuf) -> Result<(), Error> {
        if !Defence::TreeBounds.stands() {
            return Ok(());
        }
        if size > FILE_BYTES_MAX {
            return Err(file(&path()));
        }
        self.0 = self.0.saturating_add(size);
        if self.0 > TREE_BYTES_MAX {
            let what = format!("with this file, more than {TREE_BYTES_MAX} bytes that count: ignore some");
            return Err(Error::TooLarge { path: path(), what });
        }
        Ok(())
    }
}

/// One file is too large.
pub(super) fn file(path: &Path) -> Error {
    let what = format!("more than {FILE_BYTES_MAX} bytes in one file that counts: ignore it");
    Error::TooLarge { path: path.to_owned(), what }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_has_its_bounds() {
        let path = || PathBuf::from("large");
        let mut total = Total::default();
        for _ in 0..TREE_BYTES_MAX / FILE_BYTES_MAX {
            total.add(FILE_BYTES_MAX, &path).expect("fits");
        }
        assert!(
            matches!(total.add(1, &path), Err(Error::TooLarge { path, .. }) if path == Path::new("large"))
        );
        assert!(matches!(Total::default().add(FILE_BYTES_MAX + 1, &path), Err(Error::TooLarge { .. })));
    }

    #[test]
    fn a_walk_has_its_bounds() {
        let path = || PathBuf::from("many");
        let mut full = Entries { count: ENTRIES_MAX - 1, path_bytes: 0 };
        full.add(1, &path).expect("fits");
        assert!(matches!(full.add(1, &path), Err(Error::TooLarge { path, .. }) if path == Path::new("many")));
        let mut long = Entries { count: 0, path_bytes: PATHS_BYTES_MAX };
        assert!(matches!(long.add(1, &path), Err(Error::TooLarge { .. })));
        depth(DEPTH_MAX - 1, &path).expect("fits");
        assert!(matches!(depth(DEPTH_MAX, &path), Err(Error::TooLarge { .. })));
    }
}
