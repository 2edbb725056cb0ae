//! Whether a `.git` that makes no repository holds anything.
//!
//! It reads no file and follows no link.

use std::ffi::CStr;
use std::os::fd::AsFd;

use rustix::fs::{AtFlags, Dir, FileType, Mode};
use rustix::io::Errno;

use crate::walk::FOLDER;

/// Folders in it that are looked into: a fresh repository has some ten. What has more holds something.
const FOLDERS_MAX: usize = 64;

/// True if there is anything in it but empty folders, or if that cannot be told. A file that is empty holds nothing.
pub(super) fn holds_something(around: &impl AsFd, name: &CStr, kind: FileType) -> bool {
    let is_folder = kind == FileType::Directory;
    if is_folder { has_leaf(around, name, &mut FOLDERS_MAX.clone()) } else { !is_empty_file(around, name) }
}

fn has_leaf(around: &impl AsFd, name: &CStr, left: &mut usize) -> bool {
    let Some(less) = left.checked_sub(1) else { return true };
    *left = less;
    let Ok(open) = rustix::fs::openat(around, name, FOLDER, Mode::empty()) else { return true };
    let Ok(entries) = Dir::read_from(&open) else { return true };
    for entry in entries {
        let Ok(entry) = entry else { return true };
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        // Where the listing does not say what it is, opening it as a folder does.
        let may_be_folder = matches!(entry.file_type(), FileType::Directory | FileType::Unknown);
        if !may_be_folder && is_empty_file(&open, name) {
            continue;
        }
        if !may_be_folder || has_leaf(&open, name, left) {
            return true;
        }
    }
    false
}

fn is_empty_file(around: &impl AsFd, name: &CStr) -> bool {
    match rustix::fs::statat(around, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile && stat.st_size == 0,
        Err(error) => error == Errno::NOENT,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    fn holds(folder: &Path, name: &CStr, kind: FileType) -> bool {
        holds_something(&fs::File::open(folder).expect("opens"), name, kind)
    }

    /// Catches what a sandbox leaves behind and is taken for content, and content that is taken for nothing.
    #[test]
    fn empty_folders_and_files_hold_nothing() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("git/hooks/deep")).expect("makes");
        fs::write(at("git/config"), "").expect("writes");
        assert!(!holds(folder.path(), c"git", FileType::Directory));
        assert!(!holds(folder.path(), c"gone", FileType::RegularFile));
        fs::write(at("git/hooks/deep/run.sh"), "x").expect("writes");
        assert!(holds(folder.path(), c"git", FileType::Directory));
        fs::write(at("pointer"), "gitdir: nowhere").expect("writes");
        assert!(holds(folder.path(), c"pointer", FileType::RegularFile));
        std::os::unix::fs::symlink("nowhere", at("link")).expect("links");
        assert!(holds(folder.path(), c"link", FileType::Symlink));
        for number in 0..=FOLDERS_MAX {
            fs::create_dir_all(at("many").join(number.to_string())).expect("makes");
        }
        assert!(holds(folder.path(), c"many", FileType::Directory), "it cannot be told soon");
    }
}
