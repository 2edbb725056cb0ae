//! Whether a folder is a git repository: the one definition of it in this host, which is that of git.
//!
//! It runs no git and opens no object. A `.git` that is empty, half, or leads nowhere makes no repository: the
//! sandboxes of agents leave such folders behind, and an agent can make them.
//!
//! Source: `gitrepository-layout(5)`, and `is_git_directory` in the `setup.c` of git.

use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use crate::{Links, beginning};

/// Bytes of a `HEAD`, or of a file that names a folder: a word and a path.
const POINTER_BYTES_MAX: u64 = 8192;

/// True if `folder` is the top of a working tree.
#[must_use]
pub fn is_repository(folder: &Path) -> bool {
    let git = folder.join(".git");
    match fs::metadata(&git) {
        Ok(found) if found.is_dir() => is_git_folder(&git),
        Ok(found) if found.is_file() => {
            pointed(&git).is_some_and(|inside| is_git_folder(&folder.join(inside)))
        }
        _ => false,
    }
}

/// True if git would work with it: a `HEAD` that names a commit or a branch, objects, and references. A linked
/// working tree has the last two in the repository that it belongs to.
fn is_git_folder(git: &Path) -> bool {
    let common = beginning(&git.join("commondir"), Links::Followed, POINTER_BYTES_MAX);
    let common = common.map_or_else(|_| git.to_owned(), |text| git.join(path(&text)));
    has_head(&git.join("HEAD")) && common.join("objects").is_dir() && common.join("refs").is_dir()
}

fn has_head(head: &Path) -> bool {
    // In old repositories it is a link to the branch, which may not be there yet.
    if let Ok(target) = fs::read_link(head) {
        return target.as_os_str().as_bytes().starts_with(b"refs/");
    }
    let Ok(text) = beginning(head, Links::Followed, POINTER_BYTES_MAX) else { return false };
    let text = text.trim_ascii();
    match text.strip_prefix(b"ref:") {
        Some(name) => name.trim_ascii_start().starts_with(b"refs/"),
        None => matches!(text.len(), 40 | 64) && text.iter().all(u8::is_ascii_hexdigit),
    }
}

/// Where a file `.git` says that the repository is.
fn pointed(git: &Path) -> Option<PathBuf> {
    let text = beginning(git, Links::Followed, POINTER_BYTES_MAX).ok()?;
    text.strip_prefix(b"gitdir:").map(path)
}

fn path(text: &[u8]) -> PathBuf {
    std::ffi::OsString::from_vec(text.trim_ascii().to_vec()).into()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::process::Command;

    use super::*;

    fn git(folder: &Path, arguments: &[&str]) {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@b"];
        let run = Command::new("git").current_dir(folder).args(identity).args(arguments).output();
        let run = run.expect("git is there");
        assert!(run.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&run.stderr));
    }

    /// What git itself says, without the folders above.
    fn to_git(folder: &Path) -> bool {
        let run = Command::new("git")
            .current_dir(folder)
            .env("GIT_CEILING_DIRECTORIES", folder.parent().expect("has one"))
            .args(["rev-parse", "--git-dir"])
            .output();
        run.expect("git is there").status.success()
    }

    /// Catches an honest repository of any form that is passed over.
    #[test]
    fn what_git_makes_is_a_repository() {
        let place = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| place.path().join(name);
        git(place.path(), &["init", "--quiet", "plain"]);
        git(&at("plain"), &["commit", "--quiet", "--allow-empty", "-m", "m"]);
        git(&at("plain"), &["worktree", "add", "--quiet", "--detach", "../linked"]);
        git(place.path(), &["init", "--quiet", "--separate-git-dir", "elsewhere", "separate"]);
        git(place.path(), &["clone", "--quiet", "plain", "detached"]);
        git(&at("detached"), &["checkout", "--quiet", "--detach"]);
        fs::create_dir(at("by-link")).expect("makes");
        symlink("../plain/.git", at("by-link/.git")).expect("links");
        git(place.path(), &["init", "--quiet", "old"]);
        fs::remove_file(at("old/.git/HEAD")).expect("removes");
        symlink("refs/heads/main", at("old/.git/HEAD")).expect("links");
        for name in ["plain", "linked", "separate", "detached", "by-link", "old"] {
            assert_eq!((is_repository(&at(name)), to_git(&at(name))), (true, true), "{name}");
        }
    }

    /// Catches what a sandbox leaves behind, or an agent makes, and what is taken for a repository.
    #[test]
    fn what_is_none_to_git_is_no_repository() {
        let place = tempfile::tempdir().expect("a temporary folder");
        let made = |name: &str, files: &[(&str, &str)], folders: &[&str]| {
            let at = place.path().join(name);
            fs::create_dir_all(&at).expect("makes");
            folders.iter().for_each(|folder| fs::create_dir_all(at.join(folder)).expect("makes"));
            files.iter().for_each(|(file, text)| fs::write(at.join(file), text).expect("writes"));
            assert_eq!((is_repository(&at), to_git(&at)), (false, false), "{name}");
        };
        let all = &[".git/objects", ".git/refs"][..];
        let head = (".git/HEAD", "ref: refs/heads/main\n");
        made("none", &[], &[]);
        made("empty", &[], &[".git"]);
        made("without-head", &[(".git/config", "")], all);
        made("empty-head", &[(".git/HEAD", "")], all);
        made("odd-head", &[(".git/HEAD", "main\n")], all);
        made("head-elsewhere", &[(".git/HEAD", "ref: ../../x\n")], all);
        made("head-alone", &[head], &[".git"]);
        made("without-refs", &[head], &all[..1]);
        made("no-pointer", &[(".git", "")], &[]);
        made("leads-nowhere", &[(".git", "gitdir: /nowhere/at/all\n")], &[]);
        made("leads-to-itself", &[(".git", "gitdir: .\n")], &[]);
        made("common-nowhere", &[head, (".git/commondir", "../nowhere\n")], all);
        let pipe = place.path().join("pipe");
        fs::create_dir(&pipe).expect("makes");
        assert!(Command::new("mkfifo").arg(pipe.join(".git")).status().expect("mkfifo runs").success());
        assert!(!is_repository(&pipe), "and it is not waited for");
    }
}
