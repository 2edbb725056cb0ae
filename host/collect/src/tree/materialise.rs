//! Brings a private folder exactly to a tree.
//!
//! What lies there may be what a command left behind to deceive the next one: symlinks, files with the
//! times of others, folders that nobody may open. So nothing is believed: every step opens a folder
//! relative to the one before and follows no symlink, every file is read and compared, and a file is
//! never written in place. What the rules ignore stays, because it is the build of the last run.
//!
//! Many tools look for settings in the folders above theirs. So each copy has a folder of its own around it
//! that holds nothing else, and what a command left there is removed. A copy that cannot be mended is put
//! aside, and a new one is made.

mod aside;
mod bring;
mod leaf;
mod lock;
mod only;
mod remove;

use std::collections::{BTreeMap, HashMap};
use std::ffi::CString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use evident_blobs::Blobs;
use evident_core::tree::{Kind, Leaf, Tree};

use super::Rules;
use crate::Error;

pub use only::keep_only;

/// The copy, in the folder of its own.
const COPY: &str = "tree";

/// A private folder that is a tree, held until this is dropped.
#[derive(Debug)]
pub struct Materialised {
    folder: PathBuf,
    tree: Tree,
    _lock: File,
}

impl Materialised {
    /// Where the tree lies: canonical, the folder `tree` in the one that was asked for.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What a scan finds there: the tree without submodules, which became plain folders, and without
    /// special files.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.tree
    }
}

/// What shall lie at a name.
#[derive(Debug, Clone, Copy)]
enum Want {
    Folder,
    Leaf(Leaf),
}

/// What shall lie in each folder.
type Plan = HashMap<Vec<u8>, BTreeMap<CString, Want>>;

pub(super) fn materialise(
    blobs: &Blobs,
    tree: &Tree,
    rules: &Rules,
    folder: &Path,
    wait: Duration,
) -> Result<Materialised, Error> {
    let around = folder.parent().ok_or_else(|| Error::io("find the folder around", folder)(no_folder()))?;
    crate::private_folder(around)?;
    let lock = lock::take(folder, wait)?;
    let plan = plan(tree);
    let brought = fresh(folder).and_then(|copy| bring(blobs, rules, &copy, &plan));
    let copy = match brought {
        // The store has not what the tree needs: another folder would be no better.
        Err(error @ (Error::Blobs(_) | Error::Write(_))) => return Err(error),
        // What a command left there cannot be mended.
        Err(_) => {
            aside::put(folder)?;
            bring(blobs, rules, &fresh(folder)?, &plan)?
        }
        Ok(copy) => copy,
    };
    let there =
        tree.entries().iter().filter(|entry| !matches!(entry.leaf.kind, Kind::Submodule | Kind::Special));
    let there = Tree::new(there.cloned().collect()).expect("a part of a tree is one");
    Ok(Materialised { folder: copy, tree: there, _lock: lock })
}

/// A private folder lies in a folder.
fn no_folder() -> std::io::Error {
    std::io::ErrorKind::InvalidInput.into()
}

/// Sees to it that the folder is one and holds nothing but the copy, which is a folder as well.
fn fresh(folder: &Path) -> Result<PathBuf, Error> {
    keep_only(folder, |name| name == COPY)?;
    let copy = folder.join(COPY);
    only::own_folder(&copy)?;
    super::scan::canonical(&copy)
}

fn bring(blobs: &Blobs, rules: &Rules, copy: &Path, plan: &Plan) -> Result<PathBuf, Error> {
    bring::bring(&bring::Bring { blobs, rules, folder: copy, plan })?;
    Ok(copy.to_owned())
}

fn plan(tree: &Tree) -> Plan {
    let mut plan = Plan::new();
    for entry in tree.entries() {
        let last = match entry.leaf.kind {
            Kind::Submodule => Want::Folder,
            // There is no content that it could have.
            Kind::Special => continue,
            Kind::File | Kind::Executable | Kind::Symlink => Want::Leaf(entry.leaf),
        };
        let ends = entry.path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
        let mut start = 0;
        for end in ends.chain([entry.path.len()]) {
            let name = CString::new(&entry.path[start..end]).expect("a path of a tree has no zero byte");
            let want = if end == entry.path.len() { last } else { Want::Folder };
            let folder = entry.path[..start.saturating_sub(1)].to_vec();
            plan.entry(folder).or_default().insert(name, want);
            start = end + 1;
        }
    }
    plan
}
