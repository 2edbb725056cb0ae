//! Why a pass is asserted, not proven.
//!
//! A doubt never changes an outcome: it says what a reader has to believe for the pass to mean what it says.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text;

/// One reason why a pass is asserted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Doubt {
    /// It rests on files that were found and that nothing pins: the worker could have written them.
    FoundFiles {
        /// Name of the source.
        source: String,
    },
    /// Nothing pins the component that judged.
    UnpinnedChecker {
        /// Name of the checker.
        checker: String,
    },
    /// The start tree was recorded by this assessment, and forgives whatever was done before.
    FreshStart,
    /// The base was resolved by this assessment, from a name that somebody can move.
    FreshBase,
    /// The contract is not the one that the start was recorded with, and its owner did not accept the edit.
    EditedContract,
    /// The start is a commit that was named by something that the worker can move, such as a branch.
    MovableRevision {
        /// As it was named.
        name: String,
        /// The full id of the commit that it meant.
        commit: String,
    },
    /// The contract is not in the commit that is the start: the worker could have written it.
    UnrecordedContract {
        /// Its path in the workspace.
        path: String,
        /// The full id of the commit.
        commit: String,
    },
    /// An input is in no commit, and no start was recorded: it was compared with itself.
    UnrecordedInputs {
        /// One of these files.
        example: String,
    },
    /// A symbolic link that counts leads to what does not count, so that nothing digests what it stands for.
    LinkOut {
        /// The link.
        link: String,
        /// What it leads to, as the link says it.
        target: String,
        /// How many more links there are.
        more: u64,
    },
    /// A FIFO, a socket or a device counts, and nothing digests what it gives.
    Special {
        /// Its path.
        path: String,
        /// How many more there are.
        more: u64,
    },
    /// A command ran in the workspace beside ignored files, which belong to no tree and can act on it.
    IgnoredFiles {
        /// Name of the source.
        source: String,
        /// One of these files or folders.
        example: String,
    },
    /// A command ran in the workspace, which is part of something larger: what lies around it belongs to no tree
    /// and can act on it.
    FolderAbove {
        /// Name of the source.
        source: String,
        /// The top of the working tree, or of the workspace of a package manager.
        folder: String,
    },
    /// A command ran in a private copy in which code of another tree had left build output.
    OldOutput {
        /// Name of the source.
        source: String,
    },
    /// What was installed for a command is decided by a file that the worker may change.
    UnprotectedLock {
        /// Name of the source.
        source: String,
        /// The lock file.
        file: String,
    },
    /// A command that ran in a private copy was led into the workspace by its program, its words or its
    /// environment.
    IntoWorkspace {
        /// Name of the source.
        source: String,
        /// What leads there.
        what: String,
    },
}

impl fmt::Display for Doubt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |name: &str| text::name(name);
        match self {
            Self::FoundFiles { source } => {
                write!(formatter, "the worker could have written the files of `{}`", name(source))
            }
            Self::UnpinnedChecker { checker } => {
                write!(formatter, "no `sha256` pins the checker `{}`", name(checker))
            }
            Self::FreshStart => formatter.write_str("the start tree was recorded by this check"),
            Self::FreshBase => formatter.write_str("the base was resolved by this check"),
            Self::EditedContract => {
                formatter.write_str("the contract was edited since the start was recorded")
            }
            Self::MovableRevision { name: revision, commit } => write!(
                formatter,
                "`{}` is a name that can be moved, and means the commit {} now",
                name(revision),
                name(commit)
            ),
            Self::UnrecordedContract { path, commit } => write!(
                formatter,
                "the contract `{}` is not in the commit {}, so the worker could have written it",
                name(path),
                name(commit)
            ),
            Self::UnrecordedInputs { example } => write!(
                formatter,
                "the input `{}` is in no commit, and what it was at the start is recorded nowhere",
                name(example)
            ),
            Self::LinkOut { link, target, more } => {
                write!(
                    formatter,
                    "the link `{}` leads to `{}`, which does not count",
                    name(link),
                    name(target)
                )?;
                match more {
                    0 => Ok(()),
                    1 => formatter.write_str(" (and 1 more link like it)"),
                    more => write!(formatter, " (and {more} more links like it)"),
                }
            }
            Self::Special { path, more } => {
                write!(formatter, "`{}` is a FIFO, a socket or a device", name(path))?;
                match more {
                    0 => Ok(()),
                    more => write!(formatter, " (and {more} more like it)"),
                }
            }
            Self::OldOutput { source } => {
                write!(formatter, "`{}` ran beside build output that another tree left", name(source))
            }
            Self::UnprotectedLock { source, file } => write!(
                formatter,
                "the worker may change `{}`, which decides what is installed for `{}`",
                name(file),
                name(source)
            ),
            Self::IntoWorkspace { source, what } => write!(
                formatter,
                "`{}` ran in a private copy and was led into the workspace by `{}`",
                name(source),
                name(what)
            ),
            Self::FolderAbove { source, folder } => write!(
                formatter,
                "`{}` runs in the workspace, which is part of `{}`: what lies around it there can act on it",
                name(source),
                name(folder)
            ),
            Self::IgnoredFiles { source, example } => write!(
                formatter,
                "`{}` runs in the workspace, where ignored files such as `{}` can act on it",
                name(source),
                name(example)
            ),
        }
    }
}

/// Every doubt of `all` once, in the order in which each came first.
#[must_use]
pub fn once(all: impl IntoIterator<Item = Doubt>) -> Vec<Doubt> {
    let mut doubts: Vec<Doubt> = Vec::new();
    for doubt in all {
        if !doubts.contains(&doubt) {
            doubts.push(doubt);
        }
    }
    doubts
}
