//! One changed file, as both kinds of evidence tell it.
//!
//! It never says whether the change is allowed.

use crate::text::Text;

/// Why the lines of a binary file are not there.
pub(crate) const BINARY: &str = "it is binary; name the files with text in `added_paths`";

/// What a path names in a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Executable,
    Symlink,
    Submodule,
    /// A device, a socket, a pipe.
    Special,
}

impl Kind {
    /// True for a file with bytes of its own, which may be lines.
    pub(crate) fn has_lines(self) -> bool {
        matches!(self, Self::File | Self::Executable)
    }
}

/// What happened to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Added,
    Removed,
    Modified,
}

/// How a file has to do with another path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Link {
    MovedFrom(String),
    MovedTo(String),
    CopiedFrom(String),
}

/// One changed path. Which of `before` and `after` are there fits `what`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// Relative, with slashes, without `.` and `..`.
    pub(crate) path: String,
    /// The path where it is not UTF-8, and `path` only shows it.
    pub(crate) raw: Option<Vec<u8>>,
    pub(crate) what: What,
    pub(crate) before: Option<Kind>,
    pub(crate) after: Option<Kind>,
    pub(crate) link: Option<Link>,
    /// The digest of a file that was added or removed, where it is known. Nothing for an empty
    /// file: those are all alike.
    pub(crate) content: Option<String>,
    /// Its bytes are not lines.
    pub(crate) binary: bool,
    pub(crate) lines_added: u64,
    pub(crate) lines_removed: u64,
    /// The lines that are in the file now and were not before, as far as they are known.
    pub(crate) added: Text,
    /// Why `added` is not all.
    pub(crate) unsearched: Option<String>,
    /// Why the two counts are not those of the change. Bytes that are not lines count as none.
    pub(crate) uncounted: Option<String>,
}

impl Change {
    /// A change without lines.
    pub(crate) fn new(path: String, what: What, before: Option<Kind>, after: Option<Kind>) -> Self {
        Self {
            path,
            raw: None,
            what,
            before,
            after,
            link: None,
            content: None,
            binary: false,
            lines_added: 0,
            lines_removed: 0,
            added: Text::default(),
            unsearched: None,
            uncounted: None,
        }
    }

    /// The path as patterns are matched with it.
    pub(crate) fn path_bytes(&self) -> &[u8] {
        self.raw.as_deref().unwrap_or(self.path.as_bytes())
    }

    /// True if one of its sides is of this kind.
    pub(crate) fn is(&self, kind: Kind) -> bool {
        self.before == Some(kind) || self.after == Some(kind)
    }

    /// True if a file became executable or ceased to be.
    pub(crate) fn mode_changed(&self) -> bool {
        let (Some(before), Some(after)) = (self.before, self.after) else { return false };
        before != after && before.has_lines() && after.has_lines()
    }
}

/// How much a document was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Distinct paths that changed.
    pub(crate) changed: u64,
    /// Paths that were compared; nothing for a patch, which does not say.
    pub(crate) compared: Option<u64>,
}
