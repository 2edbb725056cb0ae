//! The contents of a tree, proven while they are read.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use evident_blobs::Blobs;
use evident_core::digest::Digest;
use evident_core::tree::{Kind, Leaf};
use rustix::fs::{AtFlags, FileType};
use sha2::{Digest as _, Sha256};

use super::{BINARY_BYTES, FILE_BYTES_MAX};
use crate::Error;
use crate::capture::BUFFER_BYTES;
use crate::tree::scan::special;
use crate::tree::{Contents, Side, hash, head, scan};

/// What one path holds.
pub(super) enum Content {
    /// All of it.
    Whole(Vec<u8>),
    /// The beginning of something too large to look at.
    Large(Vec<u8>),
}

impl Content {
    /// The rule of git: a zero byte near the beginning.
    pub(super) fn is_binary(&self) -> bool {
        let (Self::Whole(bytes) | Self::Large(bytes)) = self;
        bytes[..bytes.len().min(BINARY_BYTES)].contains(&0)
    }

    pub(super) fn whole(&self) -> Option<&[u8]> {
        match self {
            Self::Whole(bytes) => Some(bytes),
            Self::Large(_) => None,
        }
    }
}

/// One side, ready to be read.
pub(super) enum Opened<'a> {
    Blobs(&'a Blobs),
    Folder(PathBuf, Dir),
}

impl<'a> Opened<'a> {
    pub(super) fn new(blobs: &'a Blobs, side: &Side<'_>) -> Result<Self, Error> {
        match side.contents {
            Contents::Blobs => Ok(Self::Blobs(blobs)),
            Contents::Folder(folder) => {
                let folder = scan::canonical(folder)?;
                let root = Dir::open_ambient_dir(&folder, ambient_authority());
                let root = root.map_err(Error::inside("open", &folder))?;
                Ok(Self::Folder(folder, root))
            }
        }
    }

    /// The content of an entry, which must have its digest.
    pub(super) fn content(&self, path: &[u8], leaf: &Leaf) -> Result<Content, Error> {
        let name = Path::new(OsStr::from_bytes(path));
        match self {
            Self::Blobs(blobs) => {
                let (file, _) = blobs.read(leaf.digest)?;
                let read = read(file, leaf).map_err(Error::io("read", &blobs.path(leaf.digest)))?;
                let damaged = |found| evident_blobs::Error::Damaged { digest: leaf.digest, found }.into();
                read.map_err(damaged)
            }
            Self::Folder(folder, root) => {
                let unsteady = || Error::Unsteady { path: folder.join(name) };
                // Whatever is in the way now: it is not what was scanned.
                let content = from_folder(folder, root, name, leaf).map_err(|_| unsteady())?;
                content.map_err(|_| unsteady())
            }
        }
    }
}

/// The content, or the digest that was found in place of the one of the entry.
type Proven = Result<Content, Digest>;

fn from_folder(folder: &Path, root: &Dir, name: &Path, leaf: &Leaf) -> io::Result<Proven> {
    match leaf.kind {
        Kind::File | Kind::Executable => {
            let file = hash::open(root, name)?;
            if file.metadata()?.is_file() {
                read(file, leaf)
            } else {
                Err(io::ErrorKind::InvalidInput.into())
            }
        }
        Kind::Symlink => {
            let target = root.read_link_contents(name)?.into_os_string().into_vec();
            read(target.as_slice(), leaf)
        }
        Kind::Submodule => read(head::of(&folder.join(name)).as_bytes(), leaf),
        Kind::Special => {
            let kind = rustix::fs::statat(root, name, AtFlags::SYMLINK_NOFOLLOW)?.st_mode;
            read(special(FileType::from_raw_mode(kind)).as_bytes(), leaf)
        }
    }
}

fn read(mut source: impl Read, leaf: &Leaf) -> io::Result<Proven> {
    let is_large = leaf.size > FILE_BYTES_MAX;
    let keep = if is_large { BINARY_BYTES } else { usize::MAX };
    let mut hash = Sha256::new();
    let mut kept = Vec::new();
    let mut buffer = vec![0; BUFFER_BYTES];
    // A file that only grows would never end: one byte more than expected is enough to know.
    let mut source = source.by_ref().take(leaf.size.saturating_add(1));
    loop {
        match source.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                hash.update(&buffer[..count]);
                let room = keep - kept.len();
                kept.extend_from_slice(&buffer[..count.min(room)]);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let found = Digest::from_bytes(hash.finalize().into());
    if found != leaf.digest {
        return Ok(Err(found));
    }
    Ok(Ok(if is_large { Content::Large(kept) } else { Content::Whole(kept) }))
}
