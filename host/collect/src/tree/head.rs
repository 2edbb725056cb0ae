//! The commit in the `HEAD` of a repository, read from its files.
//!
//! It runs no git and opens no object: what it needs is a name. It reads `HEAD`, loose references and
//! packed ones; a repository that keeps its references in another form gives the text of its `HEAD`.
//!
//! Source: `gitrepository-layout(5)`.

use std::path::{Path, PathBuf};

use crate::small::beginning;
use crate::tracked::git_folder;

/// Bytes of one reference: a name of at most some hundred.
const REFERENCE_BYTES_MAX: u64 = 4096;

/// Bytes of the packed references: a million of them have some 80 MB.
const PACKED_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// The id of the commit; the name of the branch where it has no commit yet; nothing where `.git` is no
/// repository.
pub(super) fn of(folder: &Path) -> String {
    let Ok(Some(git)) = git_folder(folder) else { return String::new() };
    let Ok(head) = beginning(&git.join("HEAD"), REFERENCE_BYTES_MAX) else { return String::new() };
    let head = head.trim();
    if is_id(head) {
        return head.to_owned();
    }
    let Some(name) = head.strip_prefix("ref:").map(str::trim).filter(|name| is_name(name)) else {
        return String::new();
    };
    resolve(&git, name).unwrap_or_else(|| format!("ref: {name}"))
}

fn resolve(git: &Path, name: &str) -> Option<String> {
    let common = beginning(&git.join("commondir"), REFERENCE_BYTES_MAX);
    let common: PathBuf = common.map_or_else(|_| git.to_owned(), |common| git.join(common.trim()));
    let loose =
        [git, &common].into_iter().find_map(|folder| beginning(&folder.join(name), REFERENCE_BYTES_MAX).ok());
    if let Some(id) = loose.map(|id| id.trim().to_owned()).filter(|id| is_id(id)) {
        return Some(id);
    }
    let packed = beginning(&common.join("packed-refs"), PACKED_BYTES_MAX).ok()?;
    let line = packed.lines().find(|line| line.split_once(' ').is_some_and(|(_, named)| named == name))?;
    line.split_once(' ').map(|(id, _)| id.to_owned()).filter(|id| is_id(id))
}

/// The id of an object, by SHA-1 or SHA-256.
fn is_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A name that stays below the folder of the references.
fn is_name(name: &str) -> bool {
    name.starts_with("refs/") && name.split('/').all(|part| !matches!(part, "" | "." | ".."))
}
