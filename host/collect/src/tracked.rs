//! Which files git tracks, read from its index.
//!
//! Git tracks a file for which an ignore rule came too late, or which was added by force: the rules
//! alone would call it ignored. It reads the index only, never an object, and runs no git.
//!
//! Source: `gitformat-index(5)`, versions 2 to 4.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use evident_regular::is_repository;

use crate::small::whole;

/// Bytes of an index: a million files need some 100 MB.
const INDEX_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// Bytes of a name in it: what Linux takes in one call.
const NAME_BYTES_MAX: usize = evident_core::tree::PATH_BYTES_MAX;

/// Bytes of all names: some five million of usual length. Names share their beginnings (version 4), so the
/// size of the file is not a bound for them.
const NAMES_BYTES_MAX: usize = 512 * 1024 * 1024;

/// Bytes of a `.git` or a `commondir` that names a folder: a path and a word.
const POINTER_BYTES_MAX: u64 = 8192;

/// Bytes of the settings of a repository: those with thousands of branches have some 1 MB.
const CONFIG_BYTES_MAX: u64 = 16 * 1024 * 1024;

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
        let Some(top) = folders.into_iter().find(|folder| is_repository(folder)) else { return Ok(false) };
        if !self.trees.contains_key(top) {
            let index = Index::read(top)?;
            // Many small indexes can be as large as one: what is dropped is read again when it is needed.
            let bytes = self.trees.values().map(Index::bytes).sum::<usize>() + index.bytes();
            if bytes > NAMES_BYTES_MAX {
                self.trees.clear();
            }
            self.trees.insert(top.to_owned(), index);
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
        let Some(bytes) = present(&folder.join("index"), INDEX_BYTES_MAX)? else {
            return Ok(Self::default());
        };
        let mut names = names(&bytes, if is_sha256(&folder)? { 32 } else { 20 }, NAMES_BYTES_MAX)?;
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

    /// Of all names.
    fn bytes(&self) -> usize {
        self.names.iter().map(Vec::len).sum()
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
            let text = whole(&git, POINTER_BYTES_MAX)?;
            Ok(text.strip_prefix(b"gitdir:").map(|folder| top.join(path(folder))))
        }
        Ok(_) => Err(bad("`.git` is neither a folder nor a file")),
    }
}

/// True if the repository names objects by SHA-256; a linked working tree shares the settings.
fn is_sha256(folder: &Path) -> io::Result<bool> {
    let common = present(&folder.join("commondir"), POINTER_BYTES_MAX)?;
    let common = common.map_or_else(|| folder.to_owned(), |common| folder.join(path(&common)));
    let config = present(&common.join("config"), CONFIG_BYTES_MAX)?.unwrap_or_default();
    let config = String::from_utf8_lossy(&config).to_ascii_lowercase();
    Ok(config.lines().any(|line| line.replace(' ', "").trim() == "objectformat=sha256"))
}

/// A file whole; nothing where there is none.
fn present(path: &Path, bytes_max: u64) -> io::Result<Option<Vec<u8>>> {
    match whole(path, bytes_max) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        bytes => bytes.map(Some),
    }
}

/// The path in a file that holds nothing else.
fn path(text: &[u8]) -> PathBuf {
    OsString::from_vec(text.trim_ascii().to_vec()).into()
}

fn names(bytes: &[u8], hash_bytes: usize, bytes_max: usize) -> io::Result<Vec<Vec<u8>>> {
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
    let mut names_bytes = 0;
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
        names_bytes += name.len();
        if name.len() > NAME_BYTES_MAX || names_bytes > bytes_max {
            return Err(bad("the index has names beyond all bounds"));
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

#[cfg(test)]
mod tests {
    use super::*;

    /// An index in version 4: each entry is what it drops of the name before, and what it adds.
    fn index(entries: &[(u8, &str)]) -> Vec<u8> {
        let mut bytes = b"DIRC\0\0\0\x04".to_vec();
        bytes.extend(u32::try_from(entries.len()).expect("few").to_be_bytes());
        for (dropped, added) in entries {
            bytes.extend([0; STAT_BYTES + 20 + 2]);
            bytes.push(*dropped);
            bytes.extend(added.as_bytes());
            bytes.push(0);
        }
        bytes.extend([0; 20]);
        bytes
    }

    #[test]
    fn names_that_share_their_beginning_have_a_bound() {
        let long = "x".repeat(1000);
        let mut entries = vec![(0, long.as_str())];
        entries.extend([(1, "y"); 9]);
        let bytes = index(&entries);
        assert_eq!(names(&bytes, 20, 10_000).expect("fits").len(), 10);
        assert!(names(&bytes, 20, 9_999).is_err(), "few bytes in the file, many in memory");
    }

    #[test]
    fn a_name_has_a_bound() {
        let (fits, longer) = ("x".repeat(NAME_BYTES_MAX), "x".repeat(NAME_BYTES_MAX + 1));
        assert!(names(&index(&[(0, &fits)]), 20, NAMES_BYTES_MAX).is_ok());
        assert!(names(&index(&[(0, &longer)]), 20, NAMES_BYTES_MAX).is_err());
        assert!(names(&index(&[(0, &fits), (0, "x")]), 20, NAMES_BYTES_MAX).is_err(), "in two parts");
    }

    /// Whatever lies there, somebody else made it: nothing of it may hang or fill the memory.
    #[test]
    fn files_of_git_that_are_none_are_refused() {
        for name in [".git", ".git/index", ".git/commondir", ".git/config"] {
            for sparse in [false, true] {
                let top = tempfile::tempdir().expect("a temporary folder");
                let path = top.path().join(name);
                if name != ".git" {
                    fs::create_dir(top.path().join(".git")).expect("makes");
                    fs::write(top.path().join(".git/index"), index(&[(0, "a")])).expect("writes");
                    let _ = fs::remove_file(&path);
                }
                if sparse {
                    fs::File::create(&path).and_then(|file| file.set_len(3 << 30)).expect("is sparse");
                } else {
                    let made = std::process::Command::new("mkfifo").arg(&path).status().expect("runs");
                    assert!(made.success());
                }
                assert!(Index::read(top.path()).is_err(), "{name}, sparse: {sparse}");
            }
        }
    }
}
