//! Looks at a repository and drafts the contract that a person then edits.
//!
//! [`look`] reads a bounded part of a folder, follows no symlink and says which file told it what.
//! [`draft`] makes the text of `goal.toml` from that alone. It runs no command and writes no file, and what
//! it does not recognise it never guesses: a contract whose test command is invented would prove nothing.

mod draft;
mod findings;
mod folder;
mod git;
mod ignored;
mod kinds;
mod look;
mod performance;
mod screens;
mod skips;
mod template;
mod text;

pub use draft::draft;
pub use findings::{Advice, Findings, First, Kind, Reason};
pub use folder::{ENTRIES_MAX, FILE_BYTES_MAX, LEVELS_MAX};
pub use look::look;
pub use template::Template;

use std::io;
use std::path::PathBuf;

/// Why there are no findings.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder cannot be listed.
    #[error("failed to look into `{}`", .folder.display())]
    Folder {
        /// As given.
        folder: PathBuf,
        /// Of the system.
        #[source]
        source: io::Error,
    },
    /// No test command is known that writes a report which a checker reads.
    #[error("no test command is recognised in `{}`", .folder.display())]
    NothingRecognised {
        /// As given.
        folder: PathBuf,
        /// What would have been recognised, one line each.
        looked_for: Vec<&'static str>,
        /// Files that were there and did not help, and why.
        notes: Vec<Reason>,
    },
}

impl Error {
    /// What a person can do about it, one line.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Folder { .. } => "name a folder that exists and that you may read",
            Self::NothingRecognised { .. } => {
                "write `goal.toml` by hand: README.md#the-first-contract has one to begin with"
            }
        }
    }
}
