//! Removes what lies in a private folder and does not belong there.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{AtFlags, Dir, FileType, Mode};
use rustix::io::Errno;

use crate::walk::FOLDER;

/// What lies in an open folder, and what it is.
pub(super) fn list(folder: &OwnedFd) -> io::Result<Vec<(CString, FileType)>> {
    let mut entries = Vec::new();
    for entry in Dir::read_from(folder)? {
        let name = entry?.file_name().to_owned();
        if !matches!(name.to_bytes(), b"." | b"..") {
            match rustix::fs::statat(folder, &name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => entries.push((name, FileType::from_raw_mode(stat.st_mode))),
                // Somebody else removed it.
                Err(Errno::NOENT) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(entries)
}

/// Opens a folder which must be one and no symlink, and makes it one that we can work in.
pub(super) fn open(around: &impl AsFd, name: &CStr) -> io::Result<OwnedFd> {
    let open = match rustix::fs::openat(around, name, FOLDER, Mode::empty()) {
        Err(Errno::ACCESS) => {
            permit(around, name)?;
            rustix::fs::openat(around, name, FOLDER, Mode::empty())?
        }
        open => open?,
    };
    if !Mode::from_raw_mode(rustix::fs::fstat(&open)?.st_mode).contains(Mode::RWXU) {
        rustix::fs::fchmod(&open, Mode::RWXU)?;
    }
    Ok(open)
}

/// Lets us into a folder that its owner, who we are, may not open.
#[cfg(target_os = "linux")]
fn permit(around: &impl AsFd, name: &CStr) -> io::Result<()> {
    use rustix::fs::OFlags;
    use std::os::fd::AsRawFd;
    // What is opened like this cannot be read, but it is the folder itself and no symlink.
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = rustix::fs::openat(around, name, flags, Mode::empty())?;
    let path = format!("/proc/self/fd/{}", folder.as_raw_fd());
    Ok(rustix::fs::chmod(path, Mode::RWXU)?)
}

#[cfg(not(target_os = "linux"))]
fn permit(around: &impl AsFd, name: &CStr) -> io::Result<()> {
    Ok(rustix::fs::chmodat(around, name, Mode::RWXU, AtFlags::SYMLINK_NOFOLLOW)?)
}

/// Removes whatever lies at a name; nothing outside of it.
///
/// However deep a folder is, it takes two open folders: what lies in an inner folder is moved up, so that
/// the inner one can go. Every folder is moved once.
pub(super) fn all(around: &impl AsFd, name: &CStr, kind: FileType) -> io::Result<()> {
    if kind != FileType::Directory {
        return Ok(rustix::fs::unlinkat(around, name, AtFlags::empty())?);
    }
    let folder = open(around, name)?;
    let mut number = 0_u64;
    loop {
        let entries = list(&folder)?;
        if entries.is_empty() {
            return Ok(rustix::fs::unlinkat(around, name, AtFlags::REMOVEDIR)?);
        }
        for (inner, kind) in entries {
            if kind == FileType::Directory {
                flatten(&folder, &inner, &mut number)?;
            } else {
                rustix::fs::unlinkat(&folder, &inner, AtFlags::empty())?;
            }
        }
    }
}

/// Removes a folder in `around`, and moves the folders in it to `around`.
fn flatten(around: &OwnedFd, name: &CStr, number: &mut u64) -> io::Result<()> {
    let folder = open(around, name)?;
    for (inner, kind) in list(&folder)? {
        if kind != FileType::Directory {
            rustix::fs::unlinkat(&folder, &inner, AtFlags::empty())?;
            continue;
        }
        if rustix::fs::unlinkat(&folder, &inner, AtFlags::REMOVEDIR).is_ok() {
            continue;
        }
        // A folder that we may not write cannot be moved.
        drop(open(&folder, &inner)?);
        loop {
            *number += 1;
            let free = CString::new(format!(".evident-removed-{number}")).expect("has no zero byte");
            // A folder of that name which is empty gives way; any other does not.
            match rustix::fs::renameat(&folder, &inner, around, &free) {
                Ok(()) => break,
                Err(Errno::EXIST | Errno::NOTEMPTY | Errno::NOTDIR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(rustix::fs::unlinkat(around, name, AtFlags::REMOVEDIR)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_folder_of_any_depth_is_removed() {
        let holder = tempfile::tempdir().expect("a temporary folder");
        let around = OwnedFd::from(fs::File::open(holder.path()).expect("opens"));
        rustix::fs::mkdirat(&around, c"deep", Mode::RWXU).expect("makes");
        let mut inner = open(&around, c"deep").expect("opens");
        for level in 0..600 {
            for name in [c"a", c"b", c".evident-removed-1"] {
                rustix::fs::mkdirat(&inner, name, Mode::RWXU).expect("makes");
            }
            rustix::fs::symlinkat(holder.path(), &inner, c"up").expect("links");
            let next = open(&inner, c"a").expect("opens");
            if level == 7 {
                rustix::fs::fchmod(&next, Mode::empty()).expect("is ours");
                rustix::fs::fchmod(&inner, Mode::RUSR | Mode::XUSR).expect("is ours");
            }
            inner = if level == 7 { open(&inner, c"a").expect("opens") } else { next };
        }
        fs::write(holder.path().join("beside"), "stays").expect("writes");
        all(&around, c"deep", FileType::Directory).expect("removes");
        let left: Vec<_> = list(&around).expect("lists").into_iter().map(|(name, _)| name).collect();
        assert_eq!(left, [c"beside".to_owned()]);
    }
}
