//! Folders of ours that hold nothing but what belongs there.

use std::ffi::{CString, OsStr};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::CWD;

use super::{aside, remove};
use crate::Error;

/// Makes the folder private (0700) where it is not there, and removes everything in it that `belongs` does
/// not name: a command in a copy below can write there, and what it wrote could act on later runs. A
/// symlink in place of the folder is removed. What stays is not looked into. For the folders above the
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

/// Makes a private folder; whatever else lies there gives way.
pub(super) fn own_folder(folder: &Path) -> Result<(), Error> {
    // A symlink here would lead everything astray.
    if fs::symlink_metadata(folder).is_ok_and(|found| !found.is_dir()) {
        fs::remove_file(folder).map_err(Error::io("remove", folder))?;
    }
    crate::private_folder(folder)
}
