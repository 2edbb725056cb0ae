//! The tree of a folder as it is now: a walk, then the digests of what it found.

mod inert;
mod settle;
mod walk;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use evident_core::defence::Defence;
use evident_core::digest::Digest;
use evident_core::tree::{Entry, Kind, Leaf, Links, Tree};

use super::bounds::Total;
use super::cache::Cache;
use super::hash::{Job, Place};
use super::stand::Stand;
use super::stat::Stat;
use super::{Cached, Looked, Rules, links};
use crate::{Error, Wanted};

pub(super) use walk::special;

/// How often a folder is walked before something in it counts as never at rest.
const ATTEMPTS: usize = 2;

/// Something that counts.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) path: Vec<u8>,
    /// Absent for a repository: its folder is one of [`Walked::folders`].
    pub(super) stat: Option<Stat>,
    pub(super) what: What,
}

/// What lies there.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Something small, read during the walk.
    Small(Kind, Vec<u8>),
    /// A regular file.
    File { stat: Stat, is_executable: bool },
}

/// What one walk saw, in byte order.
#[derive(Debug, Default)]
pub(super) struct Walked {
    pub(super) found: Vec<Found>,
    /// The folders in which something counts, the walked one with an empty path among them.
    pub(super) folders: Vec<(Vec<u8>, Stat)>,
    /// The first file that was passed over, or the folder that holds some.
    passed: Option<Vec<u8>>,
}

impl Walked {
    /// Something that does not count, as text.
    fn passed(&self) -> Option<String> {
        self.passed.as_ref().map(|path| String::from_utf8_lossy(path).into_owned())
    }
}

/// What a scan does with what it finds.
pub(super) trait Take {
    /// The digest of a file that need not be read. Asked in byte order of the paths.
    fn known(&mut self, path: &[u8], stat: &Stat) -> Option<Digest>;

    /// The digest of something small.
    fn small(&self, content: &[u8]) -> Result<Digest, Error>;

    /// The digests of files, in their order.
    fn files(&self, place: &Place<'_>, jobs: &[Job<'_>]) -> Result<Vec<Digest>, Error>;
}

/// Scans with the stat cache of this folder. Where every file is read, the folder is then walked until
/// nothing in it moves any more.
pub(super) fn look(
    cache_folder: &Path,
    rules: &Rules,
    folder: &Path,
    cached: Cached,
    wanted: &Wanted,
) -> Result<Looked, Error> {
    let folder = canonical(folder)?;
    attempts(|| {
        let mut cache = Cache::open(cache_folder, &folder, cached);
        let scan = Scan::open(rules, &folder, wanted)?;
        let seen = match cached {
            Cached::Use => scan.once(&mut cache)?,
            Cached::Never => settle::settled(&scan, &mut cache)?,
        };
        cache.keep(seen.files)?;
        Ok(seen.looked)
    })
}

/// What the file system says about a folder; no file is read.
pub(super) fn stand(rules: &Rules, folder: &Path, wanted: &Wanted) -> Result<Stand, Error> {
    let folder = canonical(folder)?;
    attempts(|| Ok(Stand::of(&Scan::open(rules, &folder, wanted)?.walk()?, &folder)))
}

/// Reads every file once, and gives it to `take`.
pub(super) fn through(
    rules: &Rules,
    folder: &Path,
    take: &mut dyn Take,
    wanted: &Wanted,
) -> Result<Tree, Error> {
    let folder = canonical(folder)?;
    attempts(|| Ok(Scan::open(rules, &folder, wanted)?.once(take)?.looked.tree))
}

/// Walks a folder for something that does not count.
pub(super) fn passed_over(rules: &Rules, folder: &Path, wanted: &Wanted) -> Result<Option<String>, Error> {
    let folder = canonical(folder)?;
    attempts(|| Ok(Scan::open(rules, &folder, wanted)?.walk()?.passed()))
}

pub(super) fn canonical(folder: &Path) -> Result<PathBuf, Error> {
    std::fs::canonicalize(folder).map_err(Error::inside("find", folder))
}

/// Repeats what met a file that changed under its hands.
fn attempts<T>(mut attempt: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
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

/// What a scan saw.
struct Seen {
    looked: Looked,
    files: Vec<Hashed>,
}

/// One folder, open.
struct Scan<'a> {
    rules: &'a Rules,
    thawed: Option<Rules>,
    /// Canonical.
    folder: &'a Path,
    root: Dir,
    wanted: &'a Wanted,
}

impl<'a> Scan<'a> {
    fn open(rules: &'a Rules, folder: &'a Path, wanted: &'a Wanted) -> Result<Self, Error> {
        let root = Dir::open_ambient_dir(folder, ambient_authority());
        let root = root.map_err(Error::inside("open", folder))?;
        let thawed = if Defence::StartRules.stands() { None } else { Some(rules.thawed(folder)?) };
        Ok(Self { rules, thawed, folder, root, wanted })
    }

    /// What is there, if it is within the bounds: known before a byte is read.
    fn walk(&self) -> Result<Walked, Error> {
        let rules = self.thawed.as_ref().unwrap_or(self.rules);
        let walked = walk::walk(rules, self.folder, &self.root, self.wanted)?;
        let mut total = Total::default();
        for Found { path, what, .. } in &walked.found {
            if let What::File { stat, .. } = what {
                total.add(stat.size, &|| self.folder.join(OsStr::from_bytes(path)))?;
            }
        }
        Ok(walked)
    }

    fn once(&self, take: &mut dyn Take) -> Result<Seen, Error> {
        let walked = self.walk()?;
        let known = walked.found.iter().map(|found| match &found.what {
            What::Small(..) => None,
            What::File { stat, .. } => take.known(&found.path, stat),
        });
        let known = known.collect();
        let digests = self.fill(&walked, known, take)?;
        self.assemble(walked, digests)
    }

    /// The digests that are not known yet.
    fn fill(
        &self,
        walked: &Walked,
        known: Vec<Option<Digest>>,
        take: &dyn Take,
    ) -> Result<Vec<Digest>, Error> {
        let mut jobs = Vec::new();
        for (found, known) in walked.found.iter().zip(&known) {
            if let (What::File { stat, .. }, None) = (&found.what, known) {
                jobs.push(Job { path: &found.path, stat: *stat });
            }
        }
        let place = Place { root: &self.root, folder: self.folder, wanted: self.wanted };
        let mut read = take.files(&place, &jobs)?.into_iter();
        let digest = |(found, known): (&Found, Option<Digest>)| match (&found.what, known) {
            (_, Some(known)) => Ok(known),
            (What::Small(_, content), None) => take.small(content),
            (What::File { .. }, None) => Ok(read.next().expect("every job gives a digest")),
        };
        walked.found.iter().zip(known).map(digest).collect()
    }

    fn assemble(&self, walked: Walked, digests: Vec<Digest>) -> Result<Seen, Error> {
        let stand = Stand::of(&walked, self.folder);
        let passed = walked.passed();
        let mut targets = BTreeMap::new();
        let mut files = Vec::with_capacity(walked.found.len());
        let mut entries = Vec::with_capacity(walked.found.len());
        for (Found { path, what, .. }, digest) in walked.found.into_iter().zip(digests) {
            let leaf = match what {
                What::Small(kind, content) => {
                    let size = content.len() as u64;
                    if kind == Kind::Symlink {
                        targets.insert(path.clone(), content);
                    }
                    Leaf { kind, size, digest }
                }
                What::File { stat, is_executable } => {
                    files.push((path.clone(), stat, digest));
                    let kind = if is_executable { Kind::Executable } else { Kind::File };
                    Leaf { kind, size: stat.size, digest }
                }
            };
            entries.push(Entry { path, leaf });
        }
        let tree = Tree::new(entries)
            .map_err(|problem| Error::TooLarge { path: self.folder.to_owned(), what: problem.to_string() })?;
        let top = self.folder.as_os_str().as_bytes();
        let target = |entry: &Entry| Ok::<_, Error>(targets.remove(&entry.path).unwrap_or_default());
        let leads_out = links::out(&tree, &Links::new(&tree, top, target)?, self.rules);
        Ok(Seen { looked: Looked { tree, stand, leads_out, passed }, files })
    }
}
