//! Clones that were made without a part of the repository, and how a person gets that part.
//!
//! Nothing is fetched here: where objects come from is not the host's business.
//!
//! Sources: `git-clone(1)`, `--depth` and `--filter`; `git-fetch(1)`, `--refetch`.

use std::path::Path;

use super::Git;
use crate::Error;

/// Which part is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tree) enum Lack {
    /// Commits before the last ones.
    Shallow,
    /// Contents of files, or folders, that no checkout needed so far.
    Partial,
}

impl Lack {
    /// The command that asks, and the beginning of the answer where it is so.
    fn question(self) -> (&'static [&'static str], &'static [u8]) {
        match self {
            Self::Shallow => (&["rev-parse", "--is-shallow-repository"], b"true"),
            Self::Partial => {
                (&["config", "--get-regexp", r"^(extensions\.partialclone|remote\..*\.promisor)$"], b"")
            }
        }
    }

    fn what_to_do(self) -> &'static str {
        match self {
            Self::Shallow => {
                "this clone is shallow: `git fetch --depth=1 origin ID` gets one commit, `git fetch --unshallow` all"
            }
            Self::Partial => "this clone is partial: `git fetch --refetch --no-filter` gets what it lacks",
        }
    }

    /// Says of an error of git in this folder what the clone lacks, where it may be that. A git that cannot be asked
    /// leaves the error as it is.
    pub(in crate::tree) fn explain(self, git: &Git, folder: &Path, error: Error) -> Error {
        let Error::Git { action, problem } = error else { return error };
        let (words, beginning) = self.question();
        let answer = super::output(&action, git.command(folder).args(words));
        let is_so = answer.is_ok_and(|answer| answer.starts_with(beginning));
        let problem = if is_so { format!("{problem}; {}", self.what_to_do()) } else { problem };
        Error::Git { action, problem }
    }
}
