//! Trees of real folders and real repositories.
//!
//! Every case asks which change would go unseen, and which file would be brought from outside.

mod bounds;
mod cache;
mod commits;
mod counts;
mod describe;
mod frozen;
mod links;
mod materialise;
mod rest;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use evident_blobs::Blobs;
use evident_collect::tree::{Cached, Rules, Trees};
use evident_core::tree::{Tree, compare};
use evident_patterns::Pattern;
use tempfile::TempDir;

/// A workspace, a place for blobs and caches, and something outside.
pub(crate) struct Ground {
    _folder: TempDir,
    pub(crate) root: PathBuf,
    pub(crate) work: PathBuf,
    pub(crate) blobs: Blobs,
    pub(crate) trees: Trees,
}

impl Ground {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().canonicalize().expect("is there");
        let work = root.join("work");
        fs::create_dir(&work).expect("makes");
        let blobs = Blobs::open(root.join("blobs")).expect("opens");
        let trees = Trees::new(&root.join("cache"), blobs.clone()).expect("opens");
        Self { _folder: folder, root, work, blobs, trees }
    }

    /// With files in the workspace; a name that ends with a slash makes a repository.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let ground = Self::new();
        for (name, text) in files {
            ground.write(name, text);
        }
        ground
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        if let Some(folder) = name.strip_suffix('/') {
            let folder = self.work.join(folder);
            fs::create_dir_all(&folder).expect("makes");
            git(&folder, &["init", "-q", "-b", "main"]);
            return;
        }
        write(&self.work.join(name), text);
    }

    pub(crate) fn rules(&self) -> Rules {
        Rules::of_workspace(&self.work).expect("reads")
    }

    pub(crate) fn scan(&self, rules: &Rules) -> Tree {
        self.trees.scan(rules, &self.work, Cached::Never).expect("scans")
    }

    /// The tree by the rules as they are now.
    pub(crate) fn tree(&self) -> Tree {
        self.scan(&self.rules())
    }
}

pub(crate) fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("has one")).expect("makes");
    fs::write(path, text).expect("writes");
}

pub(crate) fn patterns(texts: &[&str]) -> Vec<Pattern> {
    texts.iter().map(|text| Pattern::parse(text).expect("is a pattern")).collect()
}

pub(crate) fn paths(tree: &Tree) -> Vec<String> {
    tree.entries().iter().map(|entry| entry.text().into_owned()).collect()
}

/// The changes, as `kind path`.
pub(crate) fn changes(from: &Tree, to: &Tree) -> Vec<String> {
    let tell = |change: &evident_core::tree::Change| {
        format!("{} {}", change.kind().name(), String::from_utf8_lossy(&change.path))
    };
    compare(from, to).changes.iter().map(tell).collect()
}

/// Git as on a machine without any settings.
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .env_clear()
        .env("PATH", std::env::var_os("PATH").expect("there are programs"))
        .envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1")])
        .args(["-c", "user.name=a", "-c", "user.email=a@b", "-c", "protocol.file.allow=always"])
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("git runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

pub(crate) fn commit_all(folder: &Path) -> String {
    git(folder, &["add", "-A"]);
    git(folder, &["commit", "-q", "--allow-empty", "-m", "all"]);
    git(folder, &["rev-parse", "HEAD"])
}
