//! The tree of a folder as it is now: a walk, then the digests of what it found.

mod walk;

use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use evident_core::defence::Defence;
use evident_core::digest::Digest;
use evident_core::tree::{Entry, Kind, Leaf, Tree};

use super::cache::Cache;
use super::hash::Job;
use super::stat::Stat;
use super::{Cached, Rules};
use crate::Error;

pub(crate) use walk::DEPTH_MAX;
pub(super) use walk::special;

/// How often a folder is walked before something in it counts as never at rest.
const ATTEMPTS: usize = 2;

/// Something that counts.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) path: Vec<u8>,
    pub(super) what: What,
}

/// What lies there.
#[derive(Debug)]
pub(super) enum What {
    /// Something small, read during the walk.
    Small(Kind, Vec<u8>),
    /// A regular file.
    File { stat: Stat, is_executable: bool },
}

/// What a scan does with what it finds.
pub(super) trait Take {
    /// The digest of a file that need not be read. Asked in byte order of the paths.
    fn known(&mut self, path: &[u8], stat: &Stat) -> Option<Digest>;

    /// The digest of something small.
    fn small(&self, content: &[u8]) -> Result<Digest, Error>;

    /// The digests of files, in their order.
    fn files(&self, root: &Dir, folder: &Path, jobs: &[Job<'_>]) -> Result<Vec<Digest>, Error>;
}

/// Scans with the stat cache of this folder.
pub(super) fn scan(cache_folder: &Path, rules: &Rules, folder: &Path, cached: Cached) -> Result<Tree, Error> {
    let folder = canonical(folder)?;
    attempts(|| {
        let mut cache = Cache::open(cache_folder, &folder, cached);
        let (tree, files) = once(rules, &folder, &mut cache)?;
        cache.keep(files)?;
        Ok(tree)
    })
}

pub(super) fn canonical(folder: &Path) -> Result<PathBuf, Error> {
    std::fs::canonicalize(folder).map_err(Error::inside("find", folder))
}

/// Repeats what met a file that changed under its hands.
pub(super) fn attempts<T>(mut attempt: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
    for _ in 1..ATTEMPTS {
        match attempt() {
            Err(Error::Unsteady { .. }) => {}
            result => return result,
        }
    }
    attempt()
}

/// A file with its digest.
pub(super) type Hashed = (Vec<u8>, Stat, Digest);

/// Walks a canonical folder once.
pub(super) fn once(rules: &Rules, folder: &Path, take: &mut dyn Take) -> Result<(Tree, Vec<Hashed>), Error> {
    let root = Dir::open_ambient_dir(folder, ambient_authority()).map_err(Error::inside("open", folder))?;
    let thawed = if Defence::StartRules.stands() { None } else { Some(rules.thawed(folder)?) };
    let mut found = walk::walk(thawed.as_ref().unwrap_or(rules), folder, &root)?;
    found.sort_unstable_by(|left, right| left.path.cmp(&right.path));
    let mut digests: Vec<Option<Digest>> = Vec::with_capacity(found.len());
    let mut jobs = Vec::new();
    for Found { path, what } in &found {
        digests.push(match what {
            What::Small(_, content) => Some(take.small(content)?),
            What::File { stat, .. } => {
                let known = take.known(path, stat);
                if known.is_none() {
                    jobs.push(Job { path, stat: *stat });
                }
                known
            }
        });
    }
    let mut read = take.files(&root, folder, &jobs)?.into_iter();
    let digests = digests
        .into_iter()
        .map(|digest| digest.unwrap_or_else(|| read.next().expect("every job gives a digest")))
        .collect();
    assemble(found, digests, folder)
}

fn assemble(found: Vec<Found>, digests: Vec<Digest>, folder: &Path) -> Result<(Tree, Vec<Hashed>), Error> {
    let mut files = Vec::with_capacity(found.len());
    let mut entries = Vec::with_capacity(found.len());
    for (Found { path, what }, digest) in found.into_iter().zip(digests) {
        let leaf = match what {
            What::Small(kind, content) => Leaf { kind, size: content.len() as u64, digest },
            What::File { stat, is_executable } => {
                files.push((path.clone(), stat, digest));
                let kind = if is_executable { Kind::Executable } else { Kind::File };
                Leaf { kind, size: stat.size, digest }
            }
        };
        entries.push(Entry { path, leaf });
    }
    let tree = Tree::new(entries)
        .map_err(|problem| Error::TooLarge { path: folder.to_owned(), what: problem.to_string() })?;
    Ok((tree, files))
}
