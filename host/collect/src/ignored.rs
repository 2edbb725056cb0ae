//! Which files of the workspace its ignore files ignore.
//!
//! It reads the `.gitignore` files from the top of the git working tree down to the folder of a file, and
//! nothing that belongs to one machine: no `.git/info/exclude`, no global file. In a workspace without
//! git, or one that git ignores as a whole, `.evident-ignore` takes that role. What it cannot read ignores
//! nothing, because what is not ignored is never removed.
//!
//! Source: `gitignore(5)`. A file below an ignored folder stays ignored, whatever a `!` pattern says.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use rustix::fs::{Mode, OFlags};

/// Bytes of one ignore file: more than any real one by far.
const IGNORE_BYTES_MAX: u64 = 1024 * 1024;

/// The ignore rules of one workspace, each file read once.
#[derive(Debug)]
pub(crate) struct Ignored {
    top: PathBuf,
    workspace: PathBuf,
    /// `.gitignore` or `.evident-ignore`.
    file_name: &'static str,
    folders: HashMap<PathBuf, Folder>,
}

#[derive(Debug)]
struct Folder {
    rules: Gitignore,
    /// True if a working tree of its own begins here: rules from above do not reach into it.
    is_top: bool,
}

impl Ignored {
    /// For a canonical `workspace`.
    pub(crate) fn new(workspace: &Path) -> Self {
        if let Some(top) = workspace.ancestors().find(|folder| has_git(folder)) {
            let mut ignored = Self::of(top, workspace, ".gitignore");
            // A home folder under git that ignores all but a few files says nothing about what lies in
            // it: without this, every file of such a workspace could be removed.
            if !ignored.is_ignored_folder(Path::new("")) {
                return ignored;
            }
        }
        Self::of(workspace, workspace, ".evident-ignore")
    }

    fn of(top: &Path, workspace: &Path, file_name: &'static str) -> Self {
        Self { top: top.to_owned(), workspace: workspace.to_owned(), file_name, folders: HashMap::new() }
    }

    /// What to add a file to so that it is ignored, for people.
    pub(crate) fn file_name(&self) -> &'static str {
        self.file_name
    }

    /// True if the file `name`, relative to the workspace, is ignored whether or not it is there.
    pub(crate) fn is_ignored(&mut self, name: &Path) -> bool {
        self.check(name, false)
    }

    /// True if the folder `name`, relative to the workspace, is ignored with all that it holds.
    pub(crate) fn is_ignored_folder(&mut self, name: &Path) -> bool {
        self.check(name, true)
    }

    fn check(&mut self, name: &Path, is_folder: bool) -> bool {
        let whole = self.workspace.join(name);
        let Ok(path) = whole.strip_prefix(&self.top) else { return false };
        let parts: Vec<_> = path.iter().collect();
        let mut here = self.top.clone();
        let mut above: Vec<PathBuf> = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            if self.folder(&here).is_top {
                above.clear();
            }
            above.push(here.clone());
            here.push(part);
            let is_folder = is_folder || index + 1 < parts.len();
            if self.is_matched(&above, &here, is_folder) {
                return true;
            }
        }
        false
    }

    /// The last file that has a matching rule decides.
    fn is_matched(&self, above: &[PathBuf], path: &Path, is_folder: bool) -> bool {
        for folder in above.iter().rev() {
            match self.folders.get(folder).map(|folder| folder.rules.matched(path, is_folder)) {
                Some(Match::Ignore(_)) => return true,
                Some(Match::Whitelist(_)) => return false,
                Some(Match::None) | None => {}
            }
        }
        false
    }

    fn folder(&mut self, folder: &Path) -> &Folder {
        let file_name = self.file_name;
        self.folders.entry(folder.to_owned()).or_insert_with(|| Folder {
            rules: rules(folder, file_name),
            is_top: file_name == ".gitignore" && has_git(folder),
        })
    }
}

fn has_git(folder: &Path) -> bool {
    folder.join(".git").symlink_metadata().is_ok()
}

fn rules(folder: &Path, file_name: &str) -> Gitignore {
    let text = text(&folder.join(file_name)).unwrap_or_default();
    let mut builder = GitignoreBuilder::new(folder);
    for line in text.trim_start_matches('\u{feff}').lines() {
        // Like git, passes over a line that is no pattern.
        let _ = builder.add_line(None, line);
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

/// Like git, does not follow a symlink; a FIFO does not hang.
fn text(path: &Path) -> io::Result<String> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::openat(rustix::fs::CWD, path, flags, Mode::empty())?);
    if !file.metadata()?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut bytes = Vec::new();
    file.take(IGNORE_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// Makes files, an empty text for `.git/HEAD` among them.
    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("has one")).expect("makes");
            fs::write(path, text).expect("writes");
        }
        folder
    }

    fn check(files: &[(&str, &str)], below: &str, table: &[(&str, bool)]) {
        let folder = tree(files);
        let workspace = folder.path().canonicalize().expect("is there").join(below);
        let mut ignored = Ignored::new(&workspace);
        for (path, expected) in table {
            assert_eq!(ignored.is_ignored(Path::new(path)), *expected, "{path}");
        }
    }

    #[test]
    fn rules_of_git() {
        let files = [
            (".git/HEAD", ""),
            (".git/info/exclude", "secret.txt\n"),
            (".evident-ignore", "other.txt\n"),
            (".gitignore", "target/\n*.xml\n!keep.xml\n/root.txt\n"),
            ("sub/.gitignore", "!again.xml\n*.log\n"),
            ("target/.gitignore", "!*\n"),
        ];
        let table = [
            ("target/deep/a.txt", true),
            ("target", false),
            ("a.xml", true),
            ("keep.xml", false),
            ("sub/again.xml", false),
            ("sub/other.xml", true),
            ("sub/x.log", true),
            ("x.log", false),
            ("root.txt", true),
            ("sub/root.txt", false),
            ("target/keep.xml", true),
            ("secret.txt", false),
            ("other.txt", false),
        ];
        check(&files, "", &table);
    }

    #[test]
    fn rules_above_the_workspace_count_up_to_the_top_of_git() {
        let files =
            [(".gitignore", "*.a\n"), ("repo/.git/HEAD", ""), ("repo/.gitignore", "*.b\n"), ("repo/w/x", "")];
        check(&files, "repo/w", &[("x.a", false), ("x.b", true)]);
    }

    #[test]
    fn rules_do_not_reach_into_another_working_tree() {
        let files =
            [(".git/HEAD", ""), (".gitignore", "*.a\nbuild/\n"), ("inner/.git", ""), ("build/i/.git", "")];
        check(&files, "", &[("inner/x.a", false), ("x.a", true), ("build/i/x", true)]);
    }

    #[test]
    fn a_workspace_that_git_ignores_is_one_without_git() {
        let files = [(".git/HEAD", ""), (".gitignore", "*\n"), ("w/.evident-ignore", "*.b\n")];
        check(&files, "w", &[("main.rs", false), ("x.b", true)]);
    }

    #[test]
    fn without_git_the_other_file_decides() {
        let files = [(".gitignore", "*.a\n"), (".evident-ignore", "*.b\n")];
        check(&files, "", &[("x.a", false), ("x.b", true)]);
    }
}
