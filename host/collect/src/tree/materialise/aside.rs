//! Puts aside what cannot be mended.

use std::ffi::{CString, OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{CWD, FileType};

use super::remove;
use crate::Error;

/// Ends the names of what was put aside, random letters after it.
const MARK: &str = ".removed-";

/// True for what was put aside, and is removed whenever that becomes possible.
pub(super) fn is_name(name: &OsStr) -> bool {
    name.as_bytes().windows(MARK.len()).any(|part| part == MARK.as_bytes())
}

/// Renames whatever lies at `path`, in its own folder, and then removes it as far as possible.
pub(super) fn put(path: &Path) -> Result<(), Error> {
    let around = path.parent().expect("a private folder lies in a folder");
    let mut prefix = OsString::from(path.file_name().expect("a private folder has a name"));
    prefix.push(MARK);
    let holder = tempfile::Builder::new().prefix(&prefix).tempdir_in(around);
    let holder = holder.map_err(Error::io("make a folder in", around))?.keep();
    let is_folder = fs::symlink_metadata(path).is_ok_and(|found| found.is_dir());
    // A folder takes the place of an empty one; anything else goes into it.
    let to = if is_folder { holder.clone() } else { holder.join("file") };
    fs::rename(path, &to).map_err(Error::io("put aside", path))?;
    let name = CString::new(holder.as_os_str().as_bytes()).expect("a path has no zero byte");
    // Best effort: what stays acts on nothing, and the next one tries again.
    let _ = remove::all(&CWD, &name, FileType::Directory);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_lies_there_is_out_of_the_way() {
        let holder = tempfile::tempdir().expect("a temporary folder");
        let outside = tempfile::tempdir().expect("a temporary folder");
        fs::write(outside.path().join("precious"), "1").expect("writes");
        let path = holder.path().join("base");
        let makes: [&dyn Fn(); 3] = [
            &|| fs::create_dir_all(path.join("deep/deeper")).expect("makes"),
            &|| fs::write(&path, "1").expect("writes"),
            &|| std::os::unix::fs::symlink(outside.path(), &path).expect("links"),
        ];
        for make in makes {
            make();
            put(&path).expect("puts aside");
            assert_eq!(fs::read_dir(holder.path()).expect("lists").count(), 0);
        }
        assert!(outside.path().join("precious").exists());
        assert!(put(&path).is_err(), "nothing lies there");
    }

    #[test]
    fn its_names_are_known() {
        assert!(is_name(OsStr::new("base.removed-x1")));
        assert!(!is_name(OsStr::new("base.lock")) && !is_name(OsStr::new("removed")));
    }
}
