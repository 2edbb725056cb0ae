//! What a tree is written as.
//!
//! Shape: the mark, the number of entries (8 bytes), and per entry its kind (1), the length of its path
//! (4), the path, its size (8) and its digest (32). Numbers are big-endian. Every part has a known
//! length, so that two trees never have the same bytes.

use super::{ENTRIES_MAX, Entry, Kind, Leaf, NotATree, Tree};
use crate::digest::Digest;

/// Begins every manifest; its number is the version.
const MARK: &[u8] = b"evident-tree 1\n";

/// Bytes of an entry besides its path.
const FIXED_BYTES: usize = 1 + 4 + 8 + 32;

pub(super) fn write(tree: &Tree) -> Vec<u8> {
    let paths: usize = tree.entries.iter().map(|entry| entry.path.len()).sum();
    let mut bytes = Vec::with_capacity(MARK.len() + 8 + paths + tree.entries.len() * FIXED_BYTES);
    bytes.extend_from_slice(MARK);
    bytes.extend_from_slice(&(tree.entries.len() as u64).to_be_bytes());
    for entry in &tree.entries {
        bytes.push(tag(entry.leaf.kind));
        let length = u32::try_from(entry.path.len()).expect("a path of a tree is short");
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(&entry.path);
        bytes.extend_from_slice(&entry.leaf.size.to_be_bytes());
        bytes.extend_from_slice(entry.leaf.digest.as_bytes());
    }
    bytes
}

pub(super) fn read(manifest: &[u8]) -> Result<Tree, NotATree> {
    let rest = manifest.strip_prefix(MARK).ok_or(NotATree::Version)?;
    let mut rest = Rest { whole: manifest.len(), bytes: rest };
    let count = usize::try_from(rest.number()?).ok().filter(|count| *count <= ENTRIES_MAX);
    let count = count.ok_or(NotATree::TooMany)?;
    // A damaged count asks for no memory that the bytes do not account for.
    let mut entries = Vec::with_capacity(count.min(rest.bytes.len() / FIXED_BYTES));
    for _ in 0..count {
        entries.push(rest.entry()?);
    }
    let is_sorted = entries.is_sorted_by(|left, right| left.path < right.path);
    if !rest.bytes.is_empty() || !is_sorted {
        return Err(rest.damaged());
    }
    Tree::new(entries)
}

struct Rest<'a> {
    whole: usize,
    bytes: &'a [u8],
}

impl Rest<'_> {
    fn take<const COUNT: usize>(&mut self) -> Result<[u8; COUNT], NotATree> {
        let (taken, rest) = self.bytes.split_first_chunk().ok_or_else(|| self.damaged())?;
        self.bytes = rest;
        Ok(*taken)
    }

    fn number(&mut self) -> Result<u64, NotATree> {
        Ok(u64::from_be_bytes(self.take()?))
    }

    fn entry(&mut self) -> Result<Entry, NotATree> {
        let [tag] = self.take()?;
        let kind = kind(tag).ok_or_else(|| self.damaged())?;
        let length = u32::from_be_bytes(self.take()?) as usize;
        let (path, rest) = self.bytes.split_at_checked(length).ok_or_else(|| self.damaged())?;
        self.bytes = rest;
        let size = self.number()?;
        let digest = Digest::from_bytes(self.take()?);
        Ok(Entry { path: path.to_vec(), leaf: Leaf { kind, size, digest } })
    }

    fn damaged(&self) -> NotATree {
        NotATree::Damaged(self.whole - self.bytes.len())
    }
}

fn tag(kind: Kind) -> u8 {
    match kind {
        Kind::File => b'f',
        Kind::Executable => b'x',
        Kind::Symlink => b'l',
        Kind::Submodule => b'm',
        Kind::Special => b's',
    }
}

fn kind(tag: u8) -> Option<Kind> {
    [Kind::File, Kind::Executable, Kind::Symlink, Kind::Submodule, Kind::Special]
        .into_iter()
        .find(|kind| self::tag(*kind) == tag)
}
