//! Whether a folder is in a git repository, and whether that has a commit.
//!
//! It runs no git: only `.git` itself is looked at.

use std::path::Path;

use evident_regular::is_repository;

use crate::findings::Git;
use crate::folder::Folder;

/// Folders above that are asked: more than any path has in practice.
const ANCESTORS_MAX: usize = 64;

/// What git knows about the folder.
pub(crate) fn of(root: &Path) -> Git {
    let ancestors = || root.ancestors().take(ANCESTORS_MAX);
    let Some(top) = ancestors().find(|folder| is_repository(folder)) else { return Git::Absent };
    // A file `.git` is that of a further worktree or of a submodule: both are made from a commit.
    let Ok(folder) = Folder::open_only(&top.join(".git")) else { return Git::Commit };
    if has_commit(&folder) { Git::Commit } else { Git::NoCommit }
}

fn has_commit(git: &Folder) -> bool {
    let Some(head) = git.text("HEAD") else { return false };
    let Some(name) = head.trim_end().strip_prefix("ref: ") else { return !head.trim().is_empty() };
    // The newer store of references is not readable line by line; a repository that uses it is not new.
    if git.is_folder("reftable") {
        return true;
    }
    let is_inside = name.split('/').all(|part| !matches!(part, "" | "." | ".."));
    let packed = || git.text("packed-refs").is_some_and(|packed| names(&packed, name));
    is_inside && (git.has_file(name) || packed())
}

/// `packed-refs` has lines `DIGEST NAME`.
fn names(packed: &str, name: &str) -> bool {
    packed.lines().any(|line| line.split_once(' ').is_some_and(|(_, found)| found == name))
}
