//! Which files of the workspace its ignore files ignore.
//!
//! It reads the `.gitignore` files from the top of the git working tree down to the folder of a file, and
//! nothing that belongs to one machine: no `.git/info/exclude`, no global file. In a workspace without
//! git, or one that git ignores as a whole, `.evident-ignore` takes that role. What it cannot read ignores
//! nothing, because what is not ignored is never removed.
//!
//! Source: `gitignore(5)`. A file below an ignored folder stays ignored, whatever a `!` pattern says.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use evident_regular::is_repository;
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::small::beginning;

/// Bytes of one ignore file: more than any real one by far.
pub(crate) const IGNORE_BYTES_MAX: u64 = 1024 * 1024;

/// The ignore file of a workspace under git.
pub(crate) const GIT_FILE: &str = ".gitignore";

/// The ignore file of a workspace without git.
pub(crate) const OWN_FILE: &str = ".evident-ignore";

/// The ignore rules of one workspace, each file read once. Paths in it are relative to the top of the
/// working tree, so that the rules hold wherever the folder lies.
#[derive(Debug, Clone)]
pub(crate) struct Ignored {
    /// The top of the working tree, where folders that are not known yet are read. Absent for rules
    /// that are frozen: a folder that is new has none of its own.
    live: Option<PathBuf>,
    /// The workspace, relative to the top.
    prefix: PathBuf,
    /// `.gitignore` or `.evident-ignore`.
    file_name: &'static str,
    /// By their path relative to the top.
    folders: HashMap<PathBuf, Folder>,
}

/// The rules of one folder.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    /// Of the ignore file; empty where there is none.
    pub(crate) text: String,
    /// True if a working tree of its own begins here: rules from above do not reach into it.
    pub(crate) is_top: bool,
    rules: Gitignore,
}

impl Folder {
    pub(crate) fn new(text: String, is_top: bool) -> Self {
        let rules = if text.is_empty() { Gitignore::empty() } else { rules(&text) };
        Self { text, is_top, rules }
    }

    /// True if it says nothing.
    pub(crate) fn is_plain(&self) -> bool {
        self.text.is_empty() && !self.is_top
    }
}

impl Ignored {
    /// For a canonical `workspace`.
    pub(crate) fn new(workspace: &Path) -> Self {
        if let Some(top) = workspace.ancestors().find(|folder| is_repository(folder)) {
            let mut ignored = Self::of(top, workspace, GIT_FILE);
            // A home folder under git that ignores all but a few files says nothing about what lies in
            // it: without this, every file of such a workspace could be removed.
            if !ignored.is_ignored_folder(Path::new("")) {
                return ignored;
            }
        }
        Self::of(workspace, workspace, OWN_FILE)
    }

    fn of(top: &Path, workspace: &Path, file_name: &'static str) -> Self {
        let prefix = workspace.strip_prefix(top).expect("the workspace lies below its top").to_owned();
        Self { live: Some(top.to_owned()), prefix, file_name, folders: HashMap::new() }
    }

    /// Rules that are known already, folders relative to the top; nothing is read any more.
    pub(crate) fn frozen(
        prefix: PathBuf,
        file_name: &'static str,
        folders: impl IntoIterator<Item = (PathBuf, Folder)>,
    ) -> Self {
        Self { live: None, prefix, file_name, folders: folders.into_iter().collect() }
    }

    /// The same rules, and nothing that was not read so far.
    pub(crate) fn freeze(mut self) -> Self {
        self.live = None;
        self.folders.retain(|_, folder| !folder.is_plain());
        self
    }

    /// What to add a file to so that it is ignored, for people.
    pub(crate) fn file_name(&self) -> &'static str {
        self.file_name
    }

    /// The workspace, relative to the top of the working tree.
    pub(crate) fn prefix(&self) -> &Path {
        &self.prefix
    }

    /// The rules that are known, folders relative to the top.
    pub(crate) fn folders(&self) -> &HashMap<PathBuf, Folder> {
        &self.folders
    }

    /// Bytes of the ignore file of a folder that was loaded.
    pub(crate) fn text_bytes(&self, name: &Path) -> usize {
        self.folders.get(&self.below_top(name)).map_or(0, |folder| folder.text.len())
    }

    /// True if the file `name`, relative to the workspace, is ignored whether or not it is there.
    pub(crate) fn is_ignored(&mut self, name: &Path) -> bool {
        self.load(name);
        self.check(name, false)
    }

    /// True if the folder `name`, relative to the workspace, is ignored with all that it holds.
    pub(crate) fn is_ignored_folder(&mut self, name: &Path) -> bool {
        self.load(name);
        self.check(name, true)
    }

    /// The same by what is known already.
    pub(crate) fn check(&self, name: &Path, is_folder: bool) -> bool {
        let path = self.below_top(name);
        let mut above = Above::default();
        let ends = path.as_os_str().as_bytes().iter().enumerate().filter(|(_, byte)| **byte == b'/');
        let ends: Vec<usize> = ends.map(|(at, _)| at).chain([path.as_os_str().len()]).collect();
        let bytes = path.as_os_str().as_bytes();
        above.enter(self, b"");
        for (index, end) in ends.iter().enumerate() {
            let here = &bytes[..*end];
            if here.is_empty() {
                continue;
            }
            let is_folder = is_folder || index + 1 < ends.len();
            if above.is_ignored(here, is_folder) {
                return true;
            }
            above.enter(self, here);
        }
        false
    }

    /// A path of the workspace, relative to the top; without the slash that joining nothing would leave.
    pub(crate) fn below_top(&self, name: &Path) -> PathBuf {
        self.prefix.join(name).components().collect()
    }

    /// Reads the rules of the folders around `name`, and of `name` itself where it is a folder.
    pub(crate) fn load(&mut self, name: &Path) {
        let path = self.below_top(name);
        let Some(top) = &self.live else { return };
        let file_name = self.file_name;
        for folder in path.ancestors() {
            if !self.folders.contains_key(folder) {
                let whole = top.join(folder);
                let text = beginning(&whole.join(file_name), IGNORE_BYTES_MAX).unwrap_or_default();
                let is_top = file_name == GIT_FILE && is_repository(&whole);
                self.folders.insert(folder.to_owned(), Folder::new(text, is_top));
            }
        }
    }
}

/// The rules that reach into a folder while a walk is in it.
#[derive(Debug, Default, Clone)]
pub(crate) struct Above<'a> {
    /// With the bytes of the path of their folder; the innermost last.
    folders: Vec<(usize, &'a Gitignore)>,
}

impl<'a> Above<'a> {
    /// Goes into a folder, by its path relative to the top.
    pub(crate) fn enter(&mut self, ignored: &'a Ignored, folder: &[u8]) {
        let Some(known) = ignored.folders.get(Path::new(OsStr::from_bytes(folder))) else { return };
        if known.is_top {
            self.folders.clear();
        }
        if !known.rules.is_empty() {
            let below = if folder.is_empty() { 0 } else { folder.len() + 1 };
            self.folders.push((below, &known.rules));
        }
    }

    /// The last file that has a matching rule decides.
    pub(crate) fn is_ignored(&self, path: &[u8], is_folder: bool) -> bool {
        for (below, rules) in self.folders.iter().rev() {
            match rules.matched(OsStr::from_bytes(&path[*below..]), is_folder) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None => {}
            }
        }
        false
    }
}

fn rules(text: &str) -> Gitignore {
    let mut builder = GitignoreBuilder::new("");
    for line in text.trim_start_matches('\u{feff}').lines() {
        // Like git, passes over a line that is not a pattern.
        let _ = builder.add_line(None, line);
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// Makes files; an empty `.git/HEAD` stands for a whole repository.
    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("has one")).expect("makes");
            if path.ends_with(".git/HEAD") && text.is_empty() {
                for folder in ["objects", "refs"] {
                    fs::create_dir(path.with_file_name(folder)).expect("makes");
                }
                fs::write(path, "ref: refs/heads/main\n").expect("writes");
            } else {
                fs::write(path, text).expect("writes");
            }
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
        let files = [
            (".git/HEAD", ""),
            (".gitignore", "*.a\nbuild/\n"),
            ("inner/.git/HEAD", ""),
            ("build/i/.git/HEAD", ""),
        ];
        check(&files, "", &[("inner/x.a", false), ("x.a", true), ("build/i/x", true)]);
    }

    /// Catches an empty folder `.git`, far above, that makes a folder without git one that ignores nothing.
    #[test]
    fn what_is_no_repository_is_no_top() {
        let files = [(".git/config", ""), ("w/.gitignore", "*.a\n"), ("w/.evident-ignore", "*.b\n")];
        check(&files, "w", &[("x.a", false), ("x.b", true)]);
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
