//! Whether a folder is a member of something larger: of a workspace of cargo, of Go, or of npm, pnpm or yarn,
//! whose top lies above. What a build reads and writes then lies outside of the folder.
//!
//! It looks for the words that make a manifest the top of a workspace, and parses none: one that has such a word
//! in a text of its own is taken for a top. Members that the top does not name are taken for members.
//!
//! Sources: the Cargo Book, "Workspaces"; the Go reference of modules, "Workspaces"; npm's "Workspaces"; pnpm's
//! `pnpm-workspace.yaml`.

use std::path::{Path, PathBuf};

use crate::{Links, beginning};

/// Folders above that are looked at.
const ABOVE_MAX: usize = 64;

/// Bytes of a manifest that are read.
const MANIFEST_BYTES_MAX: u64 = 1024 * 1024;

/// Whose workspaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Members {
    /// `Cargo.toml` with a table `workspace`.
    Cargo,
    /// `go.work`.
    Go,
    /// `package.json` with `workspaces`, or `pnpm-workspace.yaml`.
    Node,
}

impl Members {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Cargo, Self::Go, Self::Node];

    /// True if a workspace begins in the folder.
    fn is_top(self, folder: &Path) -> bool {
        match self {
            Self::Cargo => says(&folder.join("Cargo.toml"), is_workspace_of_cargo),
            Self::Go => folder.join("go.work").is_file(),
            Self::Node => {
                folder.join("pnpm-workspace.yaml").is_file()
                    || says(&folder.join("package.json"), has_key_workspaces)
            }
        }
    }
}

/// The nearest folder above `folder`, which is absolute, in which a workspace begins; nothing where one begins in
/// `folder` itself. At most 64 folders are looked at, and a megabyte of each manifest.
#[must_use]
pub fn workspace_above(folder: &Path, members: Members) -> Option<PathBuf> {
    let top = folder.ancestors().take(ABOVE_MAX).find(|folder| members.is_top(folder))?;
    (top != folder).then(|| top.to_owned())
}

/// A file that cannot be read says nothing.
fn says(manifest: &Path, what: impl Fn(&str) -> bool) -> bool {
    let bytes = beginning(manifest, Links::Followed, MANIFEST_BYTES_MAX);
    bytes.is_ok_and(|bytes| what(&String::from_utf8_lossy(&bytes)))
}

/// `[workspace]`, or a table below it.
fn is_workspace_of_cargo(text: &str) -> bool {
    let mut tables = text.lines().filter_map(|line| line.trim_start().strip_prefix('['));
    tables.any(|table| {
        let rest = table.trim_start().strip_prefix("workspace");
        rest.is_some_and(|rest| rest.trim_start().starts_with([']', '.']))
    })
}

/// `"workspaces":`
fn has_key_workspaces(text: &str) -> bool {
    text.split("\"workspaces\"").skip(1).any(|rest| rest.trim_start().starts_with(':'))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Catches a member that is taken for a project of its own, and a project that is taken for a member.
    #[test]
    fn a_top_is_known_by_its_manifest() {
        let cases = [
            (Members::Cargo, "Cargo.toml", "[workspace]\nmembers = [\"a\"]\n", true),
            (Members::Cargo, "Cargo.toml", "[package]\n [ workspace . package ]\n", true),
            (Members::Cargo, "Cargo.toml", "[package]\nworkspace = \"..\"\n[workspaces]\n", false),
            (Members::Go, "go.work", "", true),
            (Members::Go, "go.mod", "module a\n", false),
            (Members::Node, "package.json", "{\"workspaces\" : [\"a\"]}", true),
            (Members::Node, "package.json", "{\"keywords\": [\"workspaces\"]}", false),
            (Members::Node, "pnpm-workspace.yaml", "packages: [a]\n", true),
        ];
        for (members, name, text, is_top) in cases {
            let place = tempfile::tempdir().expect("a temporary folder");
            let member = place.path().join("packages/a");
            fs::create_dir_all(&member).expect("makes");
            fs::write(place.path().join(name), text).expect("writes");
            let found = workspace_above(&member, members);
            assert_eq!(found.as_deref(), is_top.then_some(place.path()), "{members:?}: {text}");
            assert_eq!(workspace_above(place.path(), members), None, "the top itself: {text}");
            fs::write(member.join(name), text).expect("writes");
            assert_eq!(workspace_above(&member, members), None, "a workspace of its own: {text}");
        }
    }
}
