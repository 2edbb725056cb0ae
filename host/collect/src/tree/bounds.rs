//! Bounds of what a tree may hold where its contents are kept.
//!
//! Sizes are those that a file has for whoever reads it: a sparse file counts by its size.

use std::path::{Path, PathBuf};

use crate::Error;

/// Bytes of one file that is kept: four times the largest source file known to be under version control; a
/// disk image is no source.
pub(super) const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;

/// Bytes of all files of one tree that are kept: more than the largest known working trees.
const TREE_BYTES_MAX: u64 = 64 * 1024 * 1024 * 1024;

/// Bytes of a tree so far.
#[derive(Debug, Default)]
pub(super) struct Total(u64);

impl Total {
    /// Adds one file; `path` says which one it is.
    pub(super) fn add(&mut self, size: u64, path: &dyn Fn() -> PathBuf) -> Result<(), Error> {
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
}
