//! Folders of ours that hold nothing but what belongs there.

use std::ffi::{CString, OsStr};
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use rustix::fs::CWD;

use super::{aside, remove};
use crate::Error;

/// Makes the folder, private (0700), and removes everything in it that `belongs` does not name: a command in a copy below can write there, and what it wrote could act on later runs. A
/// symlink in place of the folder is removed, and the folder of another user put aside. What stays is not looked into. For the folders above the
/// copies of [`super::super::Trees::materialise`]; `belongs` must name them and their locks.
///
/// # Errors
/// When the folder cannot be made or listed, or something in it can be neither removed nor renamed.
pub fn keep_only(folder: &Path, belongs: impl Fn(&OsStr) -> bool) -> Result<(), Error> {
    own_folder(folder)?;
    let path = CString::new(folder.as_os_str().as_bytes())
        .map_err(|error| Error::io("open", folder)(error.into()))?;
    let open = remove::open(&CWD, &path).map_err(Error::io("open", folder))?;
    for (name, kind) in remove::list(&open).map_err(Error::io("list", folder))? {
        let text = OsStr::from_bytes(name.to_bytes());
        let is_aside = aside::is_name(text);
        if !is_aside && belongs(text) {
            continue;
        }
        let path = folder.join(text);
        let is_removed = remove::all(&open, &name, kind).is_ok() || fs::symlink_metadata(&path).is_err();
        // What cannot be removed is out of the way under such a name.
        if !is_removed && !is_aside {
            aside::put(&path)?;
        }
    }
    Ok(())
}

/// Makes a private folder (0700), and takes one that is there away from everybody else; whatever else lies
/// there, the folder of another user too, gives way.
pub(super) fn own_folder(folder: &Path) -> Result<(), Error> {
    match fs::symlink_metadata(folder) {
        // A symlink here would lead everything astray.
        Ok(found) if !found.is_dir() => fs::remove_file(folder).map_err(Error::io("remove", folder))?,
        Ok(found) if found.uid() != rustix::process::geteuid().as_raw() => aside::put(folder)?,
        Ok(found) if found.mode() & 0o777 == 0o700 => return Ok(()),
        Ok(_) => {
            let private = Permissions::from_mode(0o700);
            return fs::set_permissions(folder, private).map_err(Error::io("protect", folder));
        }
        Err(_) => {}
    }
    crate::private_folder(folder)
}
