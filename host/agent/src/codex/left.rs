//! What codex's sandbox leaves behind: empty folders, which stand for what it hides from a command, in every folder
//! that the command may write. It removes them itself where a command ends by itself, and not where one is ended.
//!
//! Seen with 0.169.0 and 0.171.0 on Linux. Nothing is removed that was there when the turn began, or that holds
//! anything; no link is followed.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use evident_core::agent::ItemProgress;
use rustix::fs::{AtFlags, CWD, Mode, OFlags};

use super::translate::notice;
use crate::Signal;

/// The names of those folders.
const NAMES: [&str; 4] = [".agents", ".aws", ".codex", ".git"];

/// How a folder is opened that must be one and no link.
const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// The folders of those names that were not there when a turn began.
#[derive(Debug, Default)]
pub(super) struct Left {
    workspace: PathBuf,
    /// Relative to the workspace: a folder that codex may write, and the name in it.
    absent: Vec<(String, &'static str)>,
}

impl Left {
    /// Looks before a turn; `folders` are those of the workspace that codex may write, none for the workspace itself.
    pub(super) fn before(workspace: &Path, folders: &[String]) -> Self {
        let pairs = folders.iter().flat_map(|folder| NAMES.map(|name| (folder.clone(), name)));
        let is_absent = |(folder, name): &(String, &str)| {
            workspace.join(folder).join(name).symlink_metadata().is_err_and(|error| {
                // What cannot be looked at may be there.
                error.kind() == std::io::ErrorKind::NotFound
            })
        };
        Self { workspace: workspace.to_owned(), absent: pairs.filter(is_absent).collect() }
    }

    /// Removes what is there now and empty, once nothing of the turn runs any more; gives the notice about it.
    pub(super) fn clear(&mut self) -> Option<Signal> {
        let mut removed = Vec::new();
        for (folder, name) in std::mem::take(&mut self.absent) {
            let Some(open) = open(&self.workspace, &folder) else { continue };
            if rustix::fs::unlinkat(&open, name, AtFlags::REMOVEDIR).is_ok() {
                let path = Path::new(&folder).join(name);
                removed.push(format!("`{}`", path.display()));
            }
        }
        if removed.is_empty() {
            return None;
        }
        let told = format!("empty folders that codex's sandbox left were removed: {}", removed.join(", "));
        Some(notice(&told, ItemProgress::Done))
    }
}

/// Folder after folder, none of them a link: the agent can put one there.
fn open(workspace: &Path, folder: &str) -> Option<OwnedFd> {
    let mut open = rustix::fs::openat(CWD, workspace, FOLDER, Mode::empty()).ok()?;
    for part in folder.split('/').filter(|part| !part.is_empty()) {
        open = rustix::fs::openat(&open, part, FOLDER, Mode::empty()).ok()?;
    }
    Some(open)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use evident_core::agent::{Item, ItemKind};

    use super::*;

    /// Catches leftovers that stay, and folders of the work that go with them.
    #[test]
    fn only_what_is_new_and_empty_is_removed() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        for folder in ["src/.aws", "lib", "other/.git"] {
            fs::create_dir_all(at(folder)).unwrap();
        }
        let mut left = Left::before(place.path(), &["src".into(), "lib".into(), "a/b".into()]);
        for folder in ["src/.git", "src/.agents", "src/.codex", "src/new"] {
            fs::create_dir(at(folder)).unwrap();
        }
        fs::write(at("src/.codex/config.toml"), "").unwrap();
        // The agent leads the host elsewhere.
        fs::remove_dir(at("lib")).unwrap();
        symlink("other", at("lib")).unwrap();
        let title = "empty folders that codex's sandbox left were removed: `src/.agents`, `src/.git`";
        let told = Item { kind: ItemKind::Notice, title: title.into(), progress: ItemProgress::Done };
        assert_eq!(left.clear(), Some(Signal::Item(told)));
        for (name, is_there) in [
            ("src/.agents", false),
            ("src/.git", false),
            ("src/.aws", true),
            ("src/.codex/config.toml", true),
            ("src/new", true),
            ("other/.git", true),
        ] {
            assert_eq!(at(name).exists(), is_there, "{name}");
        }
        assert_eq!(left.clear(), None, "once");
        let mut whole = Left::before(place.path(), &[String::new()]);
        fs::create_dir(at(".git")).unwrap();
        symlink("src/new", at(".aws")).unwrap();
        assert!(whole.clear().is_some() && !at(".git").exists());
        assert!(at(".aws").exists() && at("src/new").exists(), "a link is none of them");
    }
}
