//! What only this user may touch: folders and files that are made for their owner alone, whatever the umask says.
//!
//! A mode that the system is asked for loses what the umask takes away, and gains nothing. So what is made here
//! is narrow from its first moment; one that was made wider and narrowed after could be opened in between.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{Mode, OFlags};

use crate::Links;

/// Of a folder that only its owner can look into.
const FOLDER: u32 = 0o700;

/// Of a file that only its owner can read and write.
const FILE: u32 = 0o600;

/// Makes a folder, and those around it, where they are not there. What is there stays as it is.
///
/// # Errors
/// Those of the file system.
pub fn folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(FOLDER).create(path)
}

/// Opens a folder of this user, makes it where it is not there, and takes it away from everybody else.
///
/// # Errors
/// `PermissionDenied` for the folder of another user; those of the file system, also for a link that is refused.
pub fn own_folder(path: &Path, links: Links) -> io::Result<File> {
    folder(path)?;
    let follow = if links == Links::Refused { OFlags::NOFOLLOW } else { OFlags::empty() };
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | follow;
    let held = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    let stat = rustix::fs::fstat(&held)?;
    if stat.st_uid != rustix::process::geteuid().as_raw() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the folder of another user"));
    }
    if Mode::from_raw_mode(stat.st_mode) != Mode::RWXU {
        rustix::fs::fchmod(&held, Mode::RWXU)?;
    }
    Ok(held)
}

/// Opens a file to write it, empty, and makes it where it is not there. One that is there keeps its mode.
///
/// # Errors
/// Those of the file system.
pub fn file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(FILE).open(path)
}

/// Makes a file to write it.
///
/// # Errors
/// `AlreadyExists` where something lies there; those of the file system.
pub fn new_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(FILE).open(path)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;

    #[test]
    fn what_is_made_is_for_its_owner_alone() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| root.path().join(name);
        let mode = |name: &str| fs::metadata(at(name)).expect("is there").mode() & 0o7777;
        folder(&at("a/b")).expect("makes");
        file(&at("a/file")).expect("makes");
        new_file(&at("a/new")).expect("makes");
        assert_eq!(["a", "a/b", "a/file", "a/new"].map(mode), [0o700, 0o700, 0o600, 0o600]);
        let again = new_file(&at("a/new")).expect_err("is there").kind();
        assert_eq!(again, io::ErrorKind::AlreadyExists);
        fs::write(at("a/file"), "old").expect("writes");
        assert_eq!(file(&at("a/file")).and_then(|file| file.metadata()).expect("opens").len(), 0);
    }

    #[test]
    fn a_folder_is_taken_away_from_everybody_else() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| root.path().join(name);
        fs::create_dir(at("open")).expect("makes");
        fs::set_permissions(at("open"), Permissions::from_mode(0o777)).expect("is ours");
        symlink("open", at("link")).expect("links");
        own_folder(&at("link"), Links::Refused).expect_err("is a link");
        assert_eq!(fs::metadata(at("open")).expect("is there").mode() & 0o777, 0o777, "is not touched");
        own_folder(&at("link"), Links::Followed).expect("leads to a folder of ours");
        assert_eq!(fs::metadata(at("open")).expect("is there").mode() & 0o777, 0o700);
    }
}
