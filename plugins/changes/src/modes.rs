//! Which moved files changed their mode. The two sides of a move are two lines, and either may come first,
//! so what the rule needs is kept until all of them are read: paths, kinds and contents, no lines.
//!
//! It never compares files that have neither a link nor a content in common.

use std::collections::BTreeMap;

use crate::change::{Change, Kind, Link, What};

/// Files that are executable, and files that are not.
#[derive(Debug, Default, Clone, Copy)]
struct Count {
    plain: u64,
    executable: u64,
}

impl Count {
    fn of(&mut self, kind: Kind) -> &mut u64 {
        if kind == Kind::Executable { &mut self.executable } else { &mut self.plain }
    }

    /// True if some are of the other mode.
    fn has_other(self, kind: Kind) -> bool {
        (if kind == Kind::Executable { self.plain } else { self.executable }) > 0
    }
}

/// What is known of one content.
#[derive(Debug, Default)]
struct Content {
    removed: Count,
    /// Of those, the ones that an added path names as its origin.
    named: Count,
}

/// An added file that may be a removed one.
#[derive(Debug)]
pub(crate) struct Arrived {
    pub(crate) path: String,
    pub(crate) raw: Option<Vec<u8>>,
    pub(crate) after: Kind,
    from: From,
}

#[derive(Debug)]
enum From {
    Path(String),
    /// The host links a removed path only with an added one of the same kind, so a move that changes the
    /// mode has no link: the content tells.
    Content(String),
}

/// The sides of moves.
#[derive(Debug, Default)]
pub(crate) struct Modes {
    /// By path as it is shown, as links name it: two paths that look the same count as both.
    removed: BTreeMap<String, Count>,
    contents: BTreeMap<String, Content>,
    arrived: Vec<Arrived>,
}

impl Modes {
    /// Takes the next change.
    pub(crate) fn take(&mut self, change: &Change) {
        let kind = change.before.or(change.after).filter(|kind| kind.has_lines());
        let Some(kind) = kind else { return };
        match (change.what, &change.link) {
            (What::Removed, _) => {
                *self.removed.entry(change.path.clone()).or_default().of(kind) += 1;
                if let Some(content) = &change.content {
                    *self.contents.entry(content.clone()).or_default().removed.of(kind) += 1;
                }
            }
            (What::Added, Some(Link::MovedFrom(path))) => {
                if let Some(content) = &change.content {
                    *self.contents.entry(content.clone()).or_default().named.of(kind) += 1;
                }
                self.arrive(change, kind, From::Path(path.clone()));
            }
            (What::Added, None) => {
                if let Some(content) = &change.content {
                    self.arrive(change, kind, From::Content(content.clone()));
                }
            }
            _ => {}
        }
    }

    fn arrive(&mut self, change: &Change, after: Kind, from: From) {
        let (path, raw) = (change.path.clone(), change.raw.clone());
        self.arrived.push(Arrived { path, raw, after, from });
    }

    /// The moved files whose mode is another now, in the order in which they came.
    pub(crate) fn changed(self) -> impl Iterator<Item = Arrived> {
        let Self { removed, contents, arrived } = self;
        arrived.into_iter().filter(move |file| {
            let before = match &file.from {
                From::Path(path) => removed.get(path).copied(),
                From::Content(content) => contents.get(content).map(Content::unnamed),
            };
            before.is_some_and(|before| before.has_other(file.after))
        })
    }
}

impl Content {
    /// The removed files that went nowhere else.
    fn unnamed(&self) -> Count {
        Count {
            plain: self.removed.plain.saturating_sub(self.named.plain),
            executable: self.removed.executable.saturating_sub(self.named.executable),
        }
    }
}

impl Arrived {
    /// The path as patterns are matched with it.
    pub(crate) fn path_bytes(&self) -> &[u8] {
        self.raw.as_deref().unwrap_or(self.path.as_bytes())
    }
}
