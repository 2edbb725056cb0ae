//! Trees: which files of a folder count, what they hold, and how two states of it differ.
//!
//! A tree is the manifest of a folder (`evident_core::tree`). [`Rules`] say which files count; they are
//! frozen, so that a change of an ignore file after the start hides nothing. [`Trees`] does the work:
//! it scans a folder, keeps the contents as blobs, reads the tree of a commit, writes down how two trees
//! differ, and brings a private folder to a tree. Everything here blocks.
//!
//! It never writes into the workspace, never follows a symlink, and runs nothing but `git`, which it
//! asks for commits only.

mod bounds;
mod bytes;
mod cache;
mod commit;
mod describe;
mod git;
mod hash;
mod head;
mod links;
mod manifest;
mod materialise;
mod rules;
mod scan;
mod stand;
mod stat;
mod store;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use evident_blobs::Blobs;
use evident_core::digest::Digest;
use evident_core::tree::{LeadsOut, Tree};

use crate::{Error, Wanted};

pub use describe::{Described, LinesOf};
pub use materialise::{CACHE, COPY, Materialised, Output, keep_only};
pub(crate) use rules::Asked;
pub use rules::Rules;
pub use stand::Stand;

/// Whether a scan may take the digest of a file from the stat cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cached {
    /// Where device, inode, size and both times are the same as when it was hashed.
    Use,
    /// Every file is read: for the last word on a tree.
    Never,
}

/// What a look at a folder saw.
#[derive(Debug, Clone)]
pub struct Looked {
    /// What counts.
    pub tree: Tree,
    /// What the file system says about it.
    pub stand: Stand,
    /// Links that count and lead to what does not, and FIFOs, sockets and devices; in byte order.
    pub leads_out: Vec<LeadsOut>,
    /// The name of something there that does not count: a file, or a folder that is not empty, with a `/` at its
    /// end. A command that runs there can look at it.
    pub passed: Option<String>,
}

/// One side of a comparison.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// How the document names it: `start`, `work`, `base`.
    pub name: &'a str,
    /// What it is.
    pub tree: &'a Tree,
    /// Where the contents of its files are.
    pub contents: Contents<'a>,
}

/// Where the contents of a tree are.
#[derive(Debug, Clone, Copy)]
pub enum Contents<'a> {
    /// In the blob store: of a stored tree, or of a commit.
    Blobs,
    /// In the folder that was scanned; each file that is read must still have the digest of its entry.
    Folder(&'a Path),
}

/// Makes, keeps and compares trees.
#[derive(Debug, Clone)]
pub struct Trees {
    /// The stat caches, one file per scanned folder.
    cache: PathBuf,
    blobs: Blobs,
    wanted: Wanted,
}

impl Trees {
    /// Keeps the stat caches in `cache_folder` (made 0700 where it is not there; it must lie outside of
    /// every scanned tree) and contents in `blobs`.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn new(cache_folder: &Path, blobs: Blobs) -> Result<Self, Error> {
        crate::private_folder(cache_folder)?;
        Ok(Self { cache: cache_folder.to_owned(), blobs, wanted: Wanted::always() })
    }

    /// The same, for a caller that may call the work off: everything here then ends with
    /// [`Error::CalledOff`], between two files or two parts of one.
    #[must_use]
    pub fn as_long_as(mut self, wanted: Wanted) -> Self {
        self.wanted = wanted;
        self
    }

    /// [`Rules::of_workspace`], which can be called off.
    ///
    /// # Errors
    /// Like [`Rules::of_workspace`].
    pub fn rules(&self, workspace: &Path) -> Result<Rules, Error> {
        rules::of_workspace(workspace, &self.wanted)
    }

    /// The digest of a tree: of its manifest. It is also the name of the stored manifest.
    #[must_use]
    pub fn digest(tree: &Tree) -> Digest {
        Blobs::digest(&tree.manifest())
    }

    /// The tree of `folder` now: what counts by the rules. Stores nothing but the stat cache.
    ///
    /// # Errors
    /// [`Error::Io`] names what cannot be read; [`Error::Unsteady`] names what changed while it was
    /// read, twice in a row; [`Error::TooLarge`] names what is beyond the bounds, before a byte is read: a
    /// file of more than 4 GiB, 64 GiB in all, 5 million entries, or 128 folders in each other.
    pub fn scan(&self, rules: &Rules, folder: &Path, cached: Cached) -> Result<Tree, Error> {
        Ok(self.look(rules, folder, cached)?.tree)
    }

    /// Like [`Trees::scan`], with what the file system says about it. With [`Cached::Never`], the folder is
    /// walked again after the last file was read, until nothing has moved: all of the tree was there at one
    /// moment.
    ///
    /// # Errors
    /// Like [`Trees::scan`].
    pub fn look(&self, rules: &Rules, folder: &Path, cached: Cached) -> Result<Looked, Error> {
        scan::look(&self.cache, rules, folder, cached, &self.wanted)
    }

    /// What the file system says about what counts in `folder`, without reading a file.
    ///
    /// # Errors
    /// Like [`Trees::scan`].
    pub fn stand(&self, rules: &Rules, folder: &Path) -> Result<Stand, Error> {
        scan::stand(rules, folder, &self.wanted)
    }

    /// The name of something in the folder that does not count, without reading any file.
    ///
    /// # Errors
    /// Like [`Trees::scan`].
    pub fn passed_over(&self, rules: &Rules, folder: &Path) -> Result<Option<String>, Error> {
        scan::passed_over(rules, folder, &self.wanted)
    }

    /// Scans `folder` whole, without the stat cache, and keeps the manifest and the content of every file
    /// as blobs. [`Trees::digest`] of the result is what [`Trees::load`] takes.
    ///
    /// # Errors
    /// Like [`Trees::scan`]; and when the blob store fails.
    pub fn store(&self, rules: &Rules, folder: &Path) -> Result<Tree, Error> {
        store::store(&self.blobs, rules, folder, &self.wanted)
    }

    /// Keeps the manifest of a tree whose contents are blobs already, or are not needed.
    ///
    /// # Errors
    /// When the blob store fails.
    pub fn keep(&self, tree: &Tree) -> Result<Digest, Error> {
        manifest::keep(&self.blobs, tree)
    }

    /// The tree whose manifest was kept under this digest.
    ///
    /// # Errors
    /// When there is none, or its bytes are damaged.
    pub fn load(&self, digest: Digest) -> Result<Tree, Error> {
        manifest::load(&self.blobs, digest)
    }

    /// Keeps frozen rules (without the patterns and the start tree) as a blob.
    ///
    /// # Errors
    /// When the blob store fails.
    pub fn keep_rules(&self, rules: &Rules) -> Result<Digest, Error> {
        rules::keep(&self.blobs, rules)
    }

    /// The rules that were kept under this digest; add patterns by [`Rules::with_marked`] and the start
    /// tree by [`Rules::with_start`].
    ///
    /// # Errors
    /// When there are none, or the bytes are damaged.
    pub fn load_rules(&self, digest: Digest) -> Result<Rules, Error> {
        rules::load(&self.blobs, digest)
    }

    /// The rules for `tree`: like `rules`, but the ignore files below the workspace are those of the tree,
    /// read from blobs. For a materialised tree, which has no `.git`.
    ///
    /// # Errors
    /// When the content of an ignore file is not in the blob store.
    pub fn rules_of(&self, tree: &Tree, rules: &Rules) -> Result<Rules, Error> {
        rules::of_tree(&self.blobs, tree, rules)
    }

    /// The id of the commit that `revision` names in the repository of the workspace.
    ///
    /// # Errors
    /// [`Error::Git`] where there is no repository, no such commit, or no `git`.
    pub fn resolve(&self, workspace: &Path, revision: &str) -> Result<String, Error> {
        commit::resolve(workspace, revision)
    }

    /// The tree of a commit, as far as it lies below the workspace; its contents and its manifest are kept
    /// as blobs. Bytes are those of the repository: no filter of git is applied.
    ///
    /// # Errors
    /// [`Error::Git`] where git refuses, where the commit of a submodule is not there, or where an object is
    /// not what its name says; [`Error::TooLarge`] for a file of more than 4 GiB, or more than 64 GiB in all.
    pub fn of_commit(&self, workspace: &Path, commit: &str) -> Result<Tree, Error> {
        commit::tree((&self.blobs, &self.wanted), workspace, commit)
    }

    /// The rules of a commit: every ignore file that counts for the workspace is the one of the commit, also
    /// those in the folders above the workspace; nothing is read from the working tree. `tree` is what
    /// [`Trees::of_commit`] gave for the same workspace and commit.
    ///
    /// # Errors
    /// Like [`Trees::of_commit`].
    pub fn rules_of_commit(&self, workspace: &Path, commit: &str, tree: &Tree) -> Result<Rules, Error> {
        commit::rules(&self.blobs, workspace, commit, tree)
    }

    /// Writes the comparison document (`application/x-ndjson`, form `evident-changes` 1): a line about both
    /// trees, a line per change in byte order of the paths, a line that it is whole. Stops where it would be
    /// larger than `bytes_max` bytes.
    ///
    /// # Errors
    /// [`Error::Unsteady`] where a file of a folder is not what its tree says any more; when a blob is
    /// missing or damaged; when `out` fails ([`Error::Write`]).
    pub fn describe(
        &self,
        from: &Side<'_>,
        to: &Side<'_>,
        lines: LinesOf,
        bytes_max: u64,
        out: &mut dyn Write,
    ) -> Result<Described, Error> {
        describe::describe((&self.blobs, &self.wanted), (from, to), lines, bytes_max, out)
    }

    /// Brings a private copy exactly to `tree`, whose contents are blobs: every file is read and compared,
    /// whatever its times say. What is not in the tree is removed, unless `rules` ignore it: build output
    /// stays. A file that is right keeps its times; one that takes the place of another is newer than that by
    /// a whole second at least, and not older than now. Submodules become plain folders, and special files are
    /// left out. For a snapshot with protected paths of the start, give [`Tree::with_paths_of`].
    ///
    /// No link of the copy leads out of it, or says an absolute path. One that names a path of `origin`, the
    /// folder that the tree was taken from, says the same as a relative one; one that leads elsewhere leads to
    /// nothing. [`Materialised::leads_out`] names those, and links to what does not count in the copy.
    ///
    /// The copy is `folder/tree` ([`Materialised::folder`]). `folder` (made 0700) is its own: everything else
    /// in it but `folder/cache` ([`Materialised::cache`]) is removed, because tools look for settings in the folders
    /// above. For the folders above that,
    /// the caller uses [`keep_only`]. Where a copy cannot be mended, it is put aside beside `folder` (a name
    /// with `.removed-` in it) and a new one is made.
    ///
    /// The copy belongs to the caller until the guard is dropped; waits at most `wait` for another holder.
    /// The lock file lies beside `folder` and has its name with `.lock` after it.
    ///
    /// # Errors
    /// [`Error::Busy`] where another process holds the folder; when a blob is missing or damaged, or the
    /// folder cannot be brought to the tree.
    pub fn materialise(
        &self,
        tree: &Tree,
        rules: &Rules,
        folder: &Path,
        origin: &Path,
        wait: Duration,
    ) -> Result<Materialised, Error> {
        self.materialise_with((tree, rules), folder, origin, wait, &mut || Output::Stays)
    }

    /// The same for a tree and its rules; `output` says what becomes of build output, and is asked once the
    /// folder is held.
    ///
    /// # Errors
    /// Like [`Trees::materialise`].
    pub fn materialise_with(
        &self,
        (tree, rules): (&Tree, &Rules),
        folder: &Path,
        origin: &Path,
        wait: Duration,
        output: &mut dyn FnMut() -> Output,
    ) -> Result<Materialised, Error> {
        let from = materialise::Taken { tree, rules, origin };
        materialise::materialise((&self.blobs, &self.wanted), from, folder, wait, output)
    }
}
