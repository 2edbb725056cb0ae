//! Removes what lies in a private folder and does not belong there.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{AtFlags, Dir, FileType, Mode};
use rustix::io::Errno;

use crate::tree::scan::DEPTH_MAX;
use crate::walk::FOLDER;

/// What lies in an open folder, and what it is.
pub(super) fn list(folder: &OwnedFd) -> io::Result<Vec<(CString, FileType)>> {
    let mut entries = Vec::new();
    for entry in Dir::read_from(folder)? {
        let name = entry?.file_name().to_owned();
        if !matches!(name.to_bytes(), b"." | b"..") {
            let stat = rustix::fs::statat(folder, &name, AtFlags::SYMLINK_NOFOLLOW)?;
            entries.push((name, FileType::from_raw_mode(stat.st_mode)));
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
pub(super) fn all(around: &impl AsFd, name: &CStr, kind: FileType, depth: usize) -> io::Result<()> {
    if kind != FileType::Directory {
        return Ok(rustix::fs::unlinkat(around, name, AtFlags::empty())?);
    }
    if depth > DEPTH_MAX {
        return Err(io::Error::other(format!("more than {DEPTH_MAX} folders in each other")));
    }
    let folder = open(around, name)?;
    for (name, kind) in list(&folder)? {
        all(&folder, &name, kind, depth + 1)?;
    }
    Ok(rustix::fs::unlinkat(around, name, AtFlags::REMOVEDIR)?)
}
