//! A tree: the manifest of a folder at one moment, what it is written as, and how two of them differ.
//!
//! It holds names, kinds, sizes and digests and never a content. Who makes one reads the files; the
//! digest of a tree is that of its manifest, computed by whoever has the bytes.

mod changes;
mod links;
mod manifest;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

use crate::digest::Digest;

pub use changes::{Change, ChangeKind, Changes, compare};
pub use links::{Leads, LeadsOut, Links};

/// Bytes of a path: what Linux takes in one call.
pub const PATH_BYTES_MAX: usize = 4096;

/// Entries of a tree: the largest known repositories have some 3 million files.
pub const ENTRIES_MAX: usize = 10_000_000;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A regular file that its owner may not execute.
    File,
    /// A regular file that its owner may execute.
    Executable,
    /// A symlink; its content is its target.
    Symlink,
    /// A folder with a repository of its own; its content is the id of the commit in its `HEAD`, as text.
    /// Its files are entries as well.
    Submodule,
    /// A FIFO, a socket or a device; its content is the word for it.
    Special,
}

impl Kind {
    /// As documents name it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Executable => "executable",
            Self::Symlink => "symlink",
            Self::Submodule => "submodule",
            Self::Special => "special",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// What lies at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Leaf {
    /// What it is.
    pub kind: Kind,
    /// Bytes of its content.
    pub size: u64,
    /// The digest of its content.
    pub digest: Digest,
}

/// A path and what lies there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Relative to the folder, parts divided by `/`; need not be UTF-8.
    pub path: Vec<u8>,
    /// What lies there.
    pub leaf: Leaf,
}

impl Entry {
    /// The path for people.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.path)
    }
}

/// What a folder holds: entries in byte order of their paths. Empty folders do not count.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tree {
    entries: Vec<Entry>,
}

/// Entries or bytes that are not a tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotATree {
    /// A path that is empty, too long, or could lead out of the folder or into `.git`.
    #[error("`{0}` is not a path of a tree")]
    Path(String),
    /// Two entries for one path.
    #[error("`{0}` is there twice")]
    Twice(String),
    /// A path below one that is not a folder.
    #[error("`{0}` lies below what is not a folder")]
    Below(String),
    /// More entries than [`ENTRIES_MAX`].
    #[error("more than {ENTRIES_MAX} entries")]
    TooMany,
    /// The manifest is of another version, or not one at all.
    #[error("not a manifest of a known version")]
    Version,
    /// The manifest ends too early, or says what cannot be.
    #[error("the manifest is damaged at byte {0}")]
    Damaged(usize),
}

impl Tree {
    /// Of entries in any order.
    ///
    /// # Errors
    /// Where the paths are not those of one folder.
    pub fn new(mut entries: Vec<Entry>) -> Result<Self, NotATree> {
        if entries.len() > ENTRIES_MAX {
            return Err(NotATree::TooMany);
        }
        entries.sort_unstable_by(|left, right| left.path.cmp(&right.path));
        let tree = Self { entries };
        tree.check()?;
        Ok(tree)
    }

    /// In byte order of the paths.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What lies at a path.
    #[must_use]
    pub fn get(&self, path: &[u8]) -> Option<&Leaf> {
        let place = self.entries.binary_search_by(|entry| entry.path.as_slice().cmp(path));
        place.ok().map(|place| &self.entries[place].leaf)
    }

    /// True if an entry lies below the folder; every entry lies below the empty path.
    #[must_use]
    pub fn has_below(&self, folder: &[u8]) -> bool {
        !self.below(folder).is_empty()
    }

    /// The entries below a folder, in order.
    #[must_use]
    pub fn below(&self, folder: &[u8]) -> &[Entry] {
        if folder.is_empty() {
            return &self.entries;
        }
        let start = self.entries.partition_point(|entry| order_below(&entry.path, folder).is_lt());
        let length = self.entries[start..].partition_point(|entry| order_below(&entry.path, folder).is_eq());
        &self.entries[start..start + length]
    }

    /// The digests of the contents, for whoever keeps them; some of them more than once.
    pub fn digests(&self) -> impl Iterator<Item = Digest> {
        self.entries.iter().map(|entry| entry.leaf.digest)
    }

    /// The tree with every path that `taken` names as it is in `other`: there, or not there. Where the
    /// two do not fit together (a file here, a folder of that name there), `other` wins.
    #[must_use]
    pub fn with_paths_of(&self, other: &Self, taken: impl Fn(&[u8]) -> bool) -> Self {
        let theirs =
            Self { entries: other.entries.iter().filter(|entry| taken(&entry.path)).cloned().collect() };
        let stays = |entry: &&Entry| {
            let is_folder = entry.leaf.kind == Kind::Submodule;
            let is_around = !is_folder && theirs.has_below(&entry.path);
            let mut folders = folders(&entry.path);
            !taken(&entry.path) && !is_around && !folders.any(|folder| theirs.is_leaf(folder))
        };
        let mut entries: Vec<Entry> = self.entries.iter().filter(stays).cloned().collect();
        entries.extend(theirs.entries.iter().cloned());
        entries.sort_unstable_by(|left, right| left.path.cmp(&right.path));
        Self { entries }
    }

    /// The bytes whose digest is that of the tree: versioned, every part with its length.
    #[must_use]
    pub fn manifest(&self) -> Vec<u8> {
        manifest::write(self)
    }

    /// Reads what [`Tree::manifest`] wrote.
    ///
    /// # Errors
    /// Where the bytes are damaged, or no tree.
    pub fn parse(manifest: &[u8]) -> Result<Self, NotATree> {
        manifest::read(manifest)
    }

    /// True for what no path can lie below.
    fn is_leaf(&self, path: &[u8]) -> bool {
        self.get(path).is_some_and(|leaf| leaf.kind != Kind::Submodule)
    }

    fn check(&self) -> Result<(), NotATree> {
        let name = |path: &[u8]| String::from_utf8_lossy(path).into_owned();
        let mut parent: &[u8] = b"";
        for (index, entry) in self.entries.iter().enumerate() {
            if !is_sound(&entry.path, entry.leaf.kind) {
                return Err(NotATree::Path(name(&entry.path)));
            }
            if index > 0 && self.entries[index - 1].path == entry.path {
                return Err(NotATree::Twice(name(&entry.path)));
            }
            let folder = folders(&entry.path).last().unwrap_or_default();
            // Neighbours mostly lie in one folder, which needs to be looked up once.
            if folder != parent {
                if folders(&entry.path).any(|folder| self.is_leaf(folder)) {
                    return Err(NotATree::Below(name(&entry.path)));
                }
                parent = folder;
            }
        }
        Ok(())
    }
}

/// The folders around a path, the outermost first, the top not among them.
fn folders(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| &path[..at])
}

/// Where a path stands beside those below a folder.
fn order_below(path: &[u8], folder: &[u8]) -> Ordering {
    let length = folder.len().min(path.len());
    match path[..length].cmp(&folder[..length]) {
        Ordering::Equal if path.len() <= folder.len() => Ordering::Less,
        Ordering::Equal => path[folder.len()].cmp(&b'/'),
        order => order,
    }
}

/// True for a path that stays in its folder and out of what git keeps for itself. A `.git` that makes no
/// repository is an entry without content, which is brought nowhere.
fn is_sound(path: &[u8], kind: Kind) -> bool {
    let name = match kind {
        Kind::Special => path.strip_suffix(b"/.git").unwrap_or(path),
        Kind::File | Kind::Executable | Kind::Symlink | Kind::Submodule => path,
    };
    path.len() <= PATH_BYTES_MAX
        && !path.contains(&0)
        && name.split(|byte| *byte == b'/').all(|part| !matches!(part, b"" | b"." | b".." | b".git"))
}

#[cfg(test)]
mod tests;
