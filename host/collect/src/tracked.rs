//! Which files git tracks, read from its index.
//!
//! Git tracks a file for which an ignore rule came too late, or which was added by force: the rules
//! alone would call it ignored. It reads the index only, never an object, and runs no git.
//!
//! Source: `gitformat-index(5)`, versions 2 to 4.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Bytes of an index: a million files need some 100 MB.
const INDEX_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// Bytes of an entry before the name of the object: times, device, inode, mode, owner, size.
const STAT_BYTES: usize = 40;

/// In the flags of an entry: two more bytes follow (version 3 and up).
const EXTENDED: u16 = 0x4000;

/// What git tracks, each index read once.
#[derive(Debug, Default)]
pub(crate) struct Tracked {
    /// By the top of the working tree.
    trees: HashMap<PathBuf, Index>,
}

impl Tracked {
    /// True if the working tree that `path` lies in tracks it, or tracks a folder around it as one entry:
    /// a submodule, or what a sparse index folds. `path` is absolute.
    ///
    /// # Errors
    /// When there is an index that cannot be understood.
    pub(crate) fn contains(&mut self, path: &Path) -> io::Result<bool> {
        let folders = path.ancestors().skip(1);
        let Some(top) = folders.into_iter().find(|folder| folder.join(".git").symlink_metadata().is_ok())
        else {
            return Ok(false);
        };
        if !self.trees.contains_key(top) {
            self.trees.insert(top.to_owned(), Index::read(top)?);
        }
        let name = path.strip_prefix(top).expect("the top is a folder around it");
        Ok(self.trees[top].covers(name.as_os_str().as_bytes()))
    }
}

/// The tracked names of one working tree.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// Relative to the top, in byte order, without the slash of a folded folder.
    names: Vec<Vec<u8>>,
}

impl Index {
    /// Of the working tree at `top`; empty where there is no index yet.
    ///
    /// # Errors
    /// When it cannot be understood.
    pub(crate) fn read(top: &Path) -> io::Result<Self> {
        let Some(folder) = git_folder(top)? else { return Ok(Self::default()) };
        let path = folder.join("index");
        let bytes = match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Ok(metadata) if metadata.len() > INDEX_BYTES_MAX => return Err(bad("too large")),
            _ => fs::read(&path)?,
        };
        let mut names = names(&bytes, if is_sha256(&folder) { 32 } else { 20 })?;
        names.sort_unstable();
        Ok(Self { names })
    }

    /// True if it tracks the path, or a folder around it as one entry.
    pub(crate) fn covers(&self, path: &[u8]) -> bool {
        let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
        ends.chain([path.len()]).any(|end| end > 0 && self.is_named(&path[..end]))
    }

    /// True if it tracks something below the folder.
    pub(crate) fn has_below(&self, folder: &[u8]) -> bool {
        let mut from = folder.to_vec();
        from.push(b'/');
        let first = self.names.partition_point(|name| *name < from);
        self.names.get(first).is_some_and(|name| name.starts_with(&from))
    }

    fn is_named(&self, path: &[u8]) -> bool {
        self.names.binary_search_by(|name| name.as_slice().cmp(path)).is_ok()
    }
}

/// The folder that holds the index: `.git`, or what a file of that name points to.
pub(crate) fn git_folder(top: &Path) -> io::Result<Option<PathBuf>> {
    let git = top.join(".git");
    match fs::metadata(&git) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
        Ok(metadata) if metadata.is_dir() => Ok(Some(git)),
        Ok(metadata) if metadata.is_file() => {
            let text = fs::read_to_string(&git)?;
            Ok(text.strip_prefix("gitdir:").map(|folder| top.join(folder.trim())))
        }
        Ok(_) => Err(bad("`.git` is no folder and no file")),
    }
}

/// True if the repository names objects by SHA-256; a linked working tree shares the settings.
fn is_sha256(folder: &Path) -> bool {
    let common = fs::read_to_string(folder.join("commondir"));
    let common = common.map_or_else(|_| folder.to_owned(), |common| folder.join(common.trim()));
    let config = fs::read_to_string(common.join("config")).unwrap_or_default().to_ascii_lowercase();
    config.lines().any(|line| line.replace(' ', "").trim() == "objectformat=sha256")
}

fn names(bytes: &[u8], hash_bytes: usize) -> io::Result<Vec<Vec<u8>>> {
    let mut rest = Rest(bytes);
    if rest.take(4)? != b"DIRC" {
        return Err(bad("the index does not begin like one"));
    }
    let version = rest.number()?;
    if !(2..=4).contains(&version) {
        return Err(bad("the index has an unknown version"));
    }
    let count = rest.number()?;
    let mut names = Vec::new();
    let mut name = Vec::new();
    for _ in 0..count {
        let before = rest.0.len();
        rest.take(STAT_BYTES + hash_bytes)?;
        let flags = rest.take(2)?;
        if u16::from_be_bytes([flags[0], flags[1]]) & EXTENDED != 0 {
            rest.take(2)?;
        }
        if version == 4 {
            // Each name says how many bytes of the one before it drops.
            let dropped = rest.variable()?;
            let kept = name.len().checked_sub(dropped).ok_or_else(|| bad("the index has a damaged name"))?;
            name.truncate(kept);
            name.extend_from_slice(rest.until_zero()?);
        } else {
            name = rest.until_zero()?.to_vec();
            let read = before - rest.0.len();
            // One to eight zero bytes, of which one was read, fill up to a multiple of eight.
            rest.take((8 - read % 8) % 8)?;
        }
        names.push(name.strip_suffix(b"/").unwrap_or(&name).to_vec());
    }
    refuse_split(rest, hash_bytes)?;
    Ok(names)
}

/// A split index keeps most names in another file.
fn refuse_split(mut rest: Rest<'_>, hash_bytes: usize) -> io::Result<()> {
    while rest.0.len() > hash_bytes {
        if rest.take(4)? == b"link" {
            return Err(bad("the index is split: run `git update-index --no-split-index`"));
        }
        let length = rest.number()?;
        rest.take(length)?;
    }
    Ok(())
}

/// What is left to read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, count: usize) -> io::Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(|| bad("the index is cut off"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn number(&mut self) -> io::Result<usize> {
        let bytes = self.take(4)?.try_into().expect("four bytes");
        Ok(u32::from_be_bytes(bytes) as usize)
    }

    /// A number in groups of seven bits, as in `OFS_DELTA` of a pack.
    fn variable(&mut self) -> io::Result<usize> {
        let mut byte = self.take(1)?[0];
        let mut value = usize::from(byte & 0x7f);
        while byte & 0x80 != 0 {
            byte = self.take(1)?[0];
            let shifted = value.checked_add(1).and_then(|value| value.checked_mul(128));
            value = shifted.ok_or_else(|| bad("the index has a damaged name"))? + usize::from(byte & 0x7f);
        }
        Ok(value)
    }

    fn until_zero(&mut self) -> io::Result<&'a [u8]> {
        let length = self.0.iter().position(|byte| *byte == 0).ok_or_else(|| bad("the index is cut off"))?;
        let taken = self.take(length)?;
        self.take(1)?;
        Ok(taken)
    }
}

fn bad(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
