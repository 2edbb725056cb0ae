//! How two trees differ: by paths, kinds and digests alone.

use std::collections::BTreeMap;

use super::{Entry, Leaf, Tree};
use crate::digest::Digest;

/// How two trees differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// Paths that are in one of the trees or in both.
    pub compared: usize,
    /// In byte order of the paths.
    pub changes: Vec<Change>,
}

/// One path that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Relative to the folder; need not be UTF-8.
    pub path: Vec<u8>,
    /// What it was; absent where it was not there.
    pub before: Option<Leaf>,
    /// What it is; absent where it is not there any more.
    pub after: Option<Leaf>,
    /// For an added path: a removed one of the same kind and content. Each removed path is named once at
    /// most; empty files are too alike to say so.
    pub moved_from: Option<Vec<u8>>,
}

/// In which way a path changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// It was not there before.
    Added,
    /// It is not there any more.
    Removed,
    /// Its kind, its mode or its content is another.
    Modified,
}

impl ChangeKind {
    /// As documents name it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Modified => "modified",
        }
    }
}

impl Change {
    /// In which way it changed.
    #[must_use]
    pub fn kind(&self) -> ChangeKind {
        match (self.before, self.after) {
            (None, _) => ChangeKind::Added,
            (Some(_), None) => ChangeKind::Removed,
            (Some(_), Some(_)) => ChangeKind::Modified,
        }
    }
}

/// Compares two trees. Nothing differs exactly where their manifests are the same.
#[must_use]
pub fn compare(from: &Tree, to: &Tree) -> Changes {
    let (mut left, mut right) = (from.entries.iter().peekable(), to.entries.iter().peekable());
    let mut compared = 0;
    let mut changes = Vec::new();
    loop {
        let (before, after) = match (left.peek(), right.peek()) {
            (None, None) => break,
            (Some(_), None) => (left.next(), None),
            (None, Some(_)) => (None, right.next()),
            (Some(old), Some(new)) if old.path < new.path => (left.next(), None),
            (Some(old), Some(new)) if old.path > new.path => (None, right.next()),
            (Some(_), Some(_)) => (left.next(), right.next()),
        };
        compared += 1;
        changes.extend(change(before, after));
    }
    find_moves(&mut changes);
    Changes { compared, changes }
}

fn change(before: Option<&Entry>, after: Option<&Entry>) -> Option<Change> {
    let path = &before.or(after)?.path;
    let (before, after) = (before.map(|entry| entry.leaf), after.map(|entry| entry.leaf));
    (before != after).then(|| Change { path: path.clone(), before, after, moved_from: None })
}

fn find_moves(changes: &mut [Change]) {
    let mut removed: BTreeMap<(super::Kind, Digest), Vec<Vec<u8>>> = BTreeMap::new();
    // Backwards, so that the first one is taken first.
    for change in changes.iter().rev() {
        if let (Some(leaf), None) = (change.before, change.after) {
            removed.entry((leaf.kind, leaf.digest)).or_default().push(change.path.clone());
        }
    }
    for change in changes {
        if let (None, Some(leaf)) = (change.before, change.after)
            && leaf.size > 0
        {
            change.moved_from = removed.get_mut(&(leaf.kind, leaf.digest)).and_then(Vec::pop);
        }
    }
}
