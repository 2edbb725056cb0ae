//! Collects evidence: runs the commands and reads the files that a contract names, into blobs; and makes
//! the trees that say what evidence is about.
//!
//! The only room that runs producers. It never judges what it collected, never runs a shell of its
//! own accord, never follows a path out of the workspace, and never removes a file that the workspace
//! does not ignore. Whatever is wrong with the evidence is a [`Shortfall`] in it; an [`Error`] is the
//! host's own failure.

mod age;
mod blame;
mod capture;
mod environment;
mod found;
mod globs;
mod halt;
mod ignored;
mod inward;
mod made;
mod offload;
mod out;
mod process;
mod read;
mod run;
pub mod seen;
mod signals;
mod small;
mod tracked;
pub mod tree;
mod unignored;
mod walk;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use evident_blobs::Blobs;
use evident_core::contract::{Recipe, Run, Source};
#[cfg(doc)]
use evident_core::evidence::Shortfall;
use evident_core::evidence::{Evidence, Timestamp};
use evident_core::freshness;
use evident_core::outcome::{NoEvidence, Reason};
use evident_core::tree::Tree;
use evident_process::Orphans;
use evident_regular::private;

use tree::Rules;

pub use environment::environment;
pub use offload::{CallOff, Wanted};
pub use unignored::Unignored;

/// Artifacts of one source, `stdout` and `stderr` aside: more than any report tool writes, few enough to
/// list.
pub const ARTIFACTS_MAX: usize = 10_000;

/// Collects sources of one workspace.
#[derive(Debug, Clone)]
pub struct Collector {
    place: Arc<Place>,
}

/// Where a collector works.
#[derive(Debug)]
pub(crate) struct Place {
    /// Absolute, without symlinks.
    pub(crate) workspace: PathBuf,
    /// The workspace again: what is opened through it lies beneath it.
    pub(crate) root: Dir,
    /// Where `{out}` folders are made; absolute, so that a command in any folder finds its own.
    pub(crate) scratch: PathBuf,
    pub(crate) blobs: Blobs,
    /// Frozen ignore rules, where there are any.
    pub(crate) rules: Option<Rules>,
    /// What sources of files may take; everything, where there is none.
    pub(crate) only: Option<Tree>,
    /// For a private copy: the workspace that it is a copy of, into which no command should be led.
    pub(crate) copy_of: Option<PathBuf>,
    /// What `{cache}` is; a fresh folder for each run, where there is none.
    pub(crate) cache: Option<PathBuf>,
    /// Ends what a command leaves behind.
    pub(crate) orphans: Orphans,
}

/// The host itself failed; nothing is known about the evidence.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The blob store failed.
    #[error("failed to store evidence")]
    Blobs(#[from] evident_blobs::Error),
    /// The bytes of a blob could not be written.
    #[error("failed to write evidence into the blob folder")]
    Write(#[source] io::Error),
    /// The file system refused.
    #[error("failed to {action} `{path}`")]
    Io {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// Something in a folder that is scanned is closed to the host: a file without the right to read it, an
    /// index of git that is none. The work's doing.
    #[error("failed to {action} `{path}`")]
    Closed {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// A pipe from a command broke; what came before may not be all.
    #[error("failed to read what the command wrote")]
    Pipe(#[source] io::Error),
    /// A process of ours could not be watched.
    #[error("failed to wait for the command")]
    Wait(#[source] io::Error),
    /// A file changed or went away while it was read, twice in a row; or is not what its tree says.
    #[error("`{path}` changed while it was read")]
    Unsteady {
        /// Which one.
        path: PathBuf,
    },
    /// A folder is larger than a walk goes.
    #[error("failed to walk `{path}`: {what}")]
    TooLarge {
        /// Where the walk ended.
        path: PathBuf,
        /// Which bound it met.
        what: String,
    },
    /// A stored tree, or stored rules, are damaged.
    #[error("failed to load `{digest}`: {problem}")]
    NotATree {
        /// The name of the blob.
        digest: evident_core::digest::Digest,
        /// What is wrong with it.
        problem: String,
    },
    /// Git refused, or is not there.
    #[error("failed to {action}: {problem}")]
    Git {
        /// What it was asked for.
        action: String,
        /// What it said, or what to do.
        problem: String,
    },
    /// Another process works in a private folder.
    #[error("`{folder}` is in use by another process")]
    Busy {
        /// Which one.
        folder: PathBuf,
    },
    /// The one who asked does not wait any more.
    #[error("collecting was called off")]
    CalledOff,
}

impl Error {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}

impl Collector {
    /// Collects below `workspace`, which is made canonical; `{out}` folders are made below `scratch`,
    /// which is made where it is not there and must not lie in the workspace's tree. `rules` say which
    /// files are ignored; without any, the ignore files of the workspace say it when they are needed.
    ///
    /// # Errors
    /// When either folder cannot be opened.
    pub fn new(
        workspace: &Path,
        scratch: &Path,
        blobs: Blobs,
        rules: impl Into<Option<Rules>>,
    ) -> Result<Self, Error> {
        let workspace =
            fs::canonicalize(workspace).map_err(Error::inside("find the workspace", workspace))?;
        let root = Dir::open_ambient_dir(&workspace, ambient_authority())
            .map_err(Error::inside("open the workspace", &workspace))?;
        private_folder(scratch)?;
        let scratch = fs::canonicalize(scratch).map_err(Error::io("find the folder", scratch))?;
        let (rules, orphans) = (rules.into(), Orphans::default());
        let (only, copy_of, cache) = (None, None, None);
        let place = Place { workspace, root, scratch, blobs, rules, only, copy_of, cache, orphans };
        Ok(Self { place: Arc::new(place) })
    }

    /// The same place, where what a command left behind is ended by that right once it ended.
    ///
    /// # Panics
    /// Where the place is shared already.
    #[must_use]
    pub fn ending(mut self, orphans: Orphans) -> Self {
        let place = Arc::get_mut(&mut self.place).expect("a collector is set up before it is shared");
        place.orphans = orphans;
        self
    }

    /// The same place, where commands that name `{cache}` get this folder, which outlives them.
    ///
    /// # Panics
    /// Where the place is shared already.
    #[must_use]
    pub fn caching(mut self, folder: &Path) -> Self {
        let place = Arc::get_mut(&mut self.place).expect("a collector is set up before it is shared");
        place.cache = Some(folder.to_owned());
        self
    }

    /// The same place, where sources of files take nothing but the files of `tree`: for a private copy, in
    /// which ignored files are what an earlier run, maybe of another tree, left behind. A symlink is taken
    /// if it is in the tree and leads to a file of the tree. What a run writes there is for its own
    /// `collect`. A command that is led into `copy_of`, the canonical folder that this is a copy of, is told
    /// by a doubt.
    ///
    /// # Errors
    /// When the workspace cannot be opened again.
    pub fn only(self, tree: &Tree, copy_of: &Path) -> Result<Self, Error> {
        let Place { workspace, root, scratch, blobs, rules, cache, orphans, .. } = &*self.place;
        let root = root.try_clone().map_err(Error::io("open the workspace", workspace))?;
        let place = Place {
            workspace: workspace.clone(),
            root,
            scratch: scratch.clone(),
            blobs: blobs.clone(),
            rules: rules.clone(),
            only: Some(tree.clone()),
            copy_of: Some(copy_of.to_owned()),
            cache: cache.clone(),
            orphans: orphans.clone(),
        };
        Ok(Self { place: Arc::new(place) })
    }

    /// Collects one source. `after` is the start of the source that `files.after` names.
    ///
    /// Whatever is wrong with the evidence is its `shortfall`. Dropping the future kills the process
    /// group of a command.
    ///
    /// # Errors
    /// When the blob folder or the scratch folder fails.
    pub async fn collect(&self, source: &Source, after: Option<Timestamp>) -> Result<Evidence, Error> {
        let evidence = match &source.recipe {
            Recipe::Run(run) => run::collect(&self.place, source, run).await,
            Recipe::Files(files) => found::collect(&self.place, source, files, after).await,
            // Whoever has the start tree compares, by `tree::Trees`; here there is nothing to compare with.
            Recipe::Changes(_) => {
                let reason = Reason::NoEvidence(NoEvidence::Missing);
                Ok(freshness::none(source, reason, "no start tree to compare with", age::now()))
            }
        };
        evidence.map(Evidence::with_safe_text)
    }

    /// The `collect` globs of a run that match, or could match, a file which the workspace does not
    /// ignore: such a run gives no evidence, because a file that is not ignored is never removed.
    ///
    /// Walks the workspace and blocks meanwhile.
    ///
    /// # Errors
    /// When the workspace cannot be read.
    pub fn unignored(&self, run: &Run) -> Result<Vec<Unignored>, Error> {
        unignored::find(&self.place, run)
    }
}

/// Makes a folder that only its owner can look into, where it is not there.
pub(crate) fn private_folder(folder: &Path) -> Result<(), Error> {
    private::folder(folder).map_err(Error::io("make the folder", folder))
}
