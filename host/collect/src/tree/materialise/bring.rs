//! Goes through a private folder: removes what does not belong there, and sees to it that the rest is right.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, OsStr};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use evident_blobs::Blobs;
use evident_core::defence::Defence;
use rustix::fs::{AtFlags, FileType, Mode};
use rustix::io::Errno;

use super::{Output, Plan, Want, leaf, remove, settle};
use crate::tree::Rules;
use crate::tree::bounds::DEPTH_MAX;
use crate::{Error, Wanted};

/// Where a file is written before it gets its name; longer where a tree has this name itself.
const UNFINISHED: &[u8] = b".evident-unfinished";

/// What a folder is brought to.
pub(super) struct Bring<'a> {
    pub(super) blobs: &'a Blobs,
    pub(super) wanted: &'a Wanted,
    pub(super) rules: &'a Rules,
    /// Canonical.
    pub(super) folder: &'a Path,
    pub(super) plan: &'a Plan,
    /// What becomes of what the rules ignore.
    pub(super) output: Output,
}

pub(super) fn bring(bring: &Bring<'_>) -> Result<(), Error> {
    let name = CString::new(bring.folder.as_os_str().as_bytes()).expect("a path has no zero byte");
    let open = remove::open(&rustix::fs::CWD, &name).map_err(Error::io("open", bring.folder))?;
    bring.folder(&open, b"", 0)
}

impl Bring<'_> {
    fn folder(&self, open: &OwnedFd, path: &[u8], depth: usize) -> Result<(), Error> {
        if depth > DEPTH_MAX {
            let what = format!("more than {DEPTH_MAX} folders in each other");
            return Err(Error::TooLarge { path: self.whole(path), what });
        }
        let nothing = BTreeMap::new();
        let wanted = self.plan.get(path).unwrap_or(&nothing);
        let entries = remove::list(open).map_err(Error::io("list", &self.whole(path)))?;
        let mut unfinished = UNFINISHED.to_vec();
        while wanted.keys().any(|name| name.to_bytes() == unfinished) {
            unfinished.push(b'-');
        }
        let unfinished = CString::new(unfinished).expect("has no zero byte");
        for (name, kind) in &entries {
            self.wanted.check()?;
            let inner = join(path, name);
            // Of a run that was cut off; nobody else has a right to this name, ignored or not.
            if *name == unfinished {
                self.remove(open, name, *kind, &inner)?;
                continue;
            }
            let done = match wanted.get(name) {
                None => self.leftover(open, name, *kind, &inner, depth),
                Some(Want::Folder) if *kind != FileType::Directory => self.remove(open, name, *kind, &inner),
                Some(Want::File(_) | Want::Link(_)) if *kind == FileType::Directory => {
                    self.remove(open, name, *kind, &inner)
                }
                Some(_) => Ok(()),
            };
            done?;
        }
        for (name, want) in wanted {
            self.wanted.check()?;
            let inner = join(path, name);
            match want {
                Want::Folder => self.enter(open, name, &inner, depth)?,
                Want::File(wanted) => {
                    let from = (self.blobs, self.wanted);
                    leaf::bring(from, (open, &unfinished), name, wanted, &self.whole(&inner))?;
                }
                Want::Link(target) => {
                    let made = leaf::symlink(open, name, target);
                    made.map_err(Error::io("write", &self.whole(&inner)))?;
                }
            }
        }
        Ok(())
    }

    fn enter(&self, around: &OwnedFd, name: &CStr, path: &[u8], depth: usize) -> Result<(), Error> {
        match rustix::fs::mkdirat(around, name, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(Error::io("make the folder", &self.whole(path))(error.into())),
        }
        let open = remove::open(around, name).map_err(Error::io("open", &self.whole(path)))?;
        self.folder(&open, path, depth + 1)
    }

    /// What the tree does not have stays only where the rules ignore it, and where that is wanted.
    fn leftover(
        &self,
        around: &OwnedFd,
        name: &CStr,
        kind: FileType,
        path: &[u8],
        depth: usize,
    ) -> Result<(), Error> {
        let relative = Path::new(OsStr::from_bytes(path));
        if kind != FileType::Directory {
            let leads_out = kind == FileType::Symlink && self.leads_out(around, name, path);
            let is_output = name != c".git" && self.rules.stays(relative) && !leads_out;
            return if is_output {
                self.output(around, name, kind, path)
            } else {
                self.remove(around, name, kind, path)
            };
        }
        // A repository that a command left here would answer for the next one.
        if name == c".git" {
            return self.remove(around, name, kind, path);
        }
        if self.rules.stays_folder(relative) {
            return self.output(around, name, kind, path);
        }
        // No tree is that deep: nothing below is worth keeping.
        if depth == DEPTH_MAX {
            return self.remove(around, name, kind, path);
        }
        let open = remove::open(around, name).map_err(Error::io("open", &self.whole(path)))?;
        self.folder(&open, path, depth + 1)?;
        match rustix::fs::unlinkat(around, name, AtFlags::REMOVEDIR) {
            // Something ignored lies in it.
            Ok(()) | Err(Errno::NOTEMPTY | Errno::EXIST) => Ok(()),
            Err(error) => Err(Error::io("remove", &self.whole(path))(error.into())),
        }
    }

    /// What is ignored.
    fn output(&self, around: &OwnedFd, name: &CStr, kind: FileType, path: &[u8]) -> Result<(), Error> {
        match self.output {
            Output::Stays => Ok(()),
            Output::Settles => settle::all(around, name, kind, settle::past())
                .map_err(Error::io("set the times of", &self.whole(path))),
            Output::Goes => self.remove(around, name, kind, path),
        }
    }

    /// True for a link, ignored and left by an earlier run, that says an absolute path or leaves the copy. What an
    /// ignored folder holds is not looked at: the links of a tool's own folder lead to the machine's programs.
    fn leads_out(&self, around: &OwnedFd, name: &CStr, path: &[u8]) -> bool {
        if !Defence::LinksOut.stands() {
            return false;
        }
        let Ok(target) = rustix::fs::readlinkat(around, name, Vec::new()) else { return true };
        let mut depth = path.iter().filter(|byte| **byte == b'/').count();
        let leaves = |part: &[u8]| match part {
            b"" | b"." => false,
            b".." => depth.checked_sub(1).map(|above| depth = above).is_none(),
            _ => {
                depth += 1;
                false
            }
        };
        target.to_bytes().starts_with(b"/") || target.to_bytes().split(|byte| *byte == b'/').any(leaves)
    }

    fn remove(&self, around: &OwnedFd, name: &CStr, kind: FileType, path: &[u8]) -> Result<(), Error> {
        let removed: io::Result<()> = remove::all(around, name, kind);
        removed.map_err(Error::io("remove", &self.whole(path)))
    }

    fn whole(&self, path: &[u8]) -> PathBuf {
        self.folder.join(OsStr::from_bytes(path))
    }
}

fn join(folder: &[u8], name: &CStr) -> Vec<u8> {
    let mut path = folder.to_vec();
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name.to_bytes());
    path
}
