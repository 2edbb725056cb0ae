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
mod settle;

use std::collections::{BTreeMap, HashMap};
use std::ffi::CString;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use evident_blobs::Blobs;
use evident_core::defence::Defence;
use evident_core::tree::{Entry, Kind, LeadsOut, Leaf, Links, Tree};

use super::links::NOWHERE;
use super::{Rules, manifest};
use crate::{Error, Wanted};

pub use only::keep_only;

/// The name of the copy in the folder of its own.
pub const COPY: &str = "tree";

/// The name of the folder beside it in which commands keep what they build outside of the copy.
pub const CACHE: &str = "cache";

/// What becomes of what the rules ignore in a private copy, and of what lies in the folder `cache` beside it: of
/// what was built or installed there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// It stays, so that the next build is quick.
    Stays,
    /// It stays, and nothing of it in the copy is newer than what is written from now on: for another tree than the
    /// one that made it. What lies in `cache` has a tool's own keys, so that times decide nothing there.
    Settles,
    /// It is removed: the copy holds the tree and nothing else.
    Goes,
}

/// A private folder that is a tree, held until this is dropped.
#[derive(Debug)]
pub struct Materialised {
    folder: PathBuf,
    tree: Tree,
    leads_out: Vec<LeadsOut>,
    _lock: File,
}

impl Materialised {
    /// Where the tree lies: canonical, the folder `tree` in the one that was asked for.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where commands keep what they build outside of the copy: beside it.
    #[must_use]
    pub fn cache(&self) -> PathBuf {
        self.folder.with_file_name(CACHE)
    }

    /// What a scan finds there: the tree without submodules, which became plain folders, and without
    /// special files; links with what they say in the copy.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Links of the tree that lead to what does not count, wherever they lead in the copy, and special files;
    /// in byte order.
    #[must_use]
    pub fn leads_out(&self) -> &[LeadsOut] {
        &self.leads_out
    }
}

/// What a copy is made from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken<'a> {
    pub(super) tree: &'a Tree,
    /// Those of the tree.
    pub(super) rules: &'a Rules,
    /// The folder that absolute links of the tree may name.
    pub(super) origin: &'a Path,
}

/// What shall lie at a name.
#[derive(Debug, Clone)]
enum Want {
    Folder,
    File(Leaf),
    /// A link that says this.
    Link(Vec<u8>),
}

/// What shall lie in each folder.
type Plan = HashMap<Vec<u8>, BTreeMap<CString, Want>>;

pub(super) fn materialise(
    (blobs, wanted): (&Blobs, &Wanted),
    Taken { tree, rules, origin }: Taken<'_>,
    folder: &Path,
    wait: Duration,
    output: &mut dyn FnMut() -> Output,
) -> Result<Materialised, Error> {
    let around = folder.parent().ok_or_else(|| Error::io("find the folder around", folder)(no_folder()))?;
    crate::private_folder(around)?;
    let lock = lock::take(folder, wait)?;
    let (links, leads_out) = links(blobs, tree, rules, origin)?;
    let plan = plan(tree, &links);
    let output = output();
    let brought = fresh(folder, output).and_then(|copy| bring((blobs, wanted), rules, &copy, &plan, output));
    let copy = match brought {
        // The store has not what the tree needs: another folder would be no better.
        Err(error @ (Error::Blobs(_) | Error::Write(_))) => return Err(error),
        // What a command left there cannot be mended.
        Err(_) => {
            wanted.check()?;
            aside::put(folder)?;
            bring((blobs, wanted), rules, &fresh(folder, Output::Goes)?, &plan, Output::Goes)?
        }
        Ok(copy) => copy,
    };
    let there =
        tree.entries().iter().filter(|entry| !matches!(entry.leaf.kind, Kind::Submodule | Kind::Special));
    let said = |mut entry: Entry| {
        if let Some(target) = links.get(entry.path.as_slice()) {
            entry.leaf = Leaf { size: target.len() as u64, digest: Blobs::digest(target), ..entry.leaf };
        }
        entry
    };
    let there = Tree::new(there.cloned().map(said).collect()).expect("a part of a tree is one");
    Ok(Materialised { folder: copy, tree: there, leads_out, _lock: lock })
}

/// What each link says in a copy.
type Said<'a> = BTreeMap<&'a [u8], Vec<u8>>;

/// What the links say in a copy, and those that lead to what does not count.
fn links<'a>(
    blobs: &Blobs,
    tree: &'a Tree,
    rules: &Rules,
    origin: &Path,
) -> Result<(Said<'a>, Vec<LeadsOut>), Error> {
    let target = |entry: &Entry| manifest::get(blobs, entry.leaf.digest);
    if !Defence::LinksOut.stands() {
        let links = tree.entries().iter().filter(|entry| entry.leaf.kind == Kind::Symlink);
        let said = links.map(|entry| Ok((entry.path.as_slice(), target(entry)?)));
        return Ok((said.collect::<Result<_, Error>>()?, Vec::new()));
    }
    let links = Links::new(tree, origin.as_os_str().as_bytes(), target)?;
    let said = links.paths().map(|path| (path, links.portable(path).unwrap_or_else(|| NOWHERE.to_vec())));
    Ok((said.collect(), super::links::out(tree, &links, rules)))
}

/// A private folder lies in a folder.
fn no_folder() -> std::io::Error {
    std::io::ErrorKind::InvalidInput.into()
}

/// Sees to it that the folder is one and holds nothing but the copy and what was built beside it, which are folders
/// as well.
fn fresh(folder: &Path, output: Output) -> Result<PathBuf, Error> {
    keep_only(folder, |name| name == COPY || (name == CACHE && output != Output::Goes))?;
    let copy = folder.join(COPY);
    only::own_folder(&copy)?;
    only::own_folder(&folder.join(CACHE))?;
    super::scan::canonical(&copy)
}

fn bring(
    (blobs, wanted): (&Blobs, &Wanted),
    rules: &Rules,
    copy: &Path,
    plan: &Plan,
    output: Output,
) -> Result<PathBuf, Error> {
    bring::bring(&bring::Bring { blobs, wanted, rules, folder: copy, plan, output })?;
    Ok(copy.to_owned())
}

fn plan(tree: &Tree, links: &Said<'_>) -> Plan {
    let mut plan = Plan::new();
    for entry in tree.entries() {
        let last = match entry.leaf.kind {
            Kind::Submodule => Want::Folder,
            // There is no content that it could have.
            Kind::Special => continue,
            Kind::File | Kind::Executable => Want::File(entry.leaf),
            Kind::Symlink => Want::Link(links.get(entry.path.as_slice()).cloned().unwrap_or_default()),
        };
        let ends = entry.path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
        let mut start = 0;
        for end in ends.chain([entry.path.len()]) {
            let name = CString::new(&entry.path[start..end]).expect("a path of a tree has no zero byte");
            let want = if end == entry.path.len() { last.clone() } else { Want::Folder };
            let folder = entry.path[..start.saturating_sub(1)].to_vec();
            plan.entry(folder).or_default().insert(name, want);
            start = end + 1;
        }
    }
    plan
}
