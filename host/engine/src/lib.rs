//! The one handle that front-ends use: open a contract, lint it, assess it, look up the last assessment.
//!
//! The engine calls and carries; it never decides. What counts, and what the whole means, is core's
//! business; front-ends only show.

mod assess;
mod judge;
mod last;
mod open;
mod places;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use evident_collect::Collector;
use evident_core::outcome::Status;
use evident_sandbox::Sandbox;

pub use evident_blobs::Blobs;
pub use evident_registry as registry;
pub use evident_sandbox::{COMPONENT_BYTES_MAX, INTERFACE, Interfaces, Refusal, reflect};
pub use last::Last;
pub use open::{ContractFile, LoadedChecker, Opened};
pub use places::state_folder;

/// The host's own failure: exit code 5. Whatever is wrong with a contract or with evidence is not here.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The contract cannot be read at all.
    #[error("failed to read the contract `{path}`")]
    Contract {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The contract is no text of a contract's size.
    #[error("the contract `{path}` {what}")]
    NotAContract {
        /// Which.
        path: PathBuf,
        /// What it is instead.
        what: String,
    },
    /// The workspace is no folder.
    #[error("failed to open the workspace `{path}`")]
    Workspace {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// State below the workspace would be evidence of itself.
    #[error(
        "the state folder `{state}` lies in the workspace `{workspace}`: set `EVIDENT_STATE` to a folder outside"
    )]
    StateInWorkspace {
        /// The state folder.
        state: PathBuf,
        /// The workspace.
        workspace: PathBuf,
    },
    /// No home and no variable says where state goes.
    #[error("no place for state: set `EVIDENT_STATE` to the absolute path of a folder, or `HOME`")]
    NoStateFolder,
    /// A file of the state folder cannot be read or written.
    #[error("failed to {action} `{path}`")]
    State {
        /// What was tried.
        action: &'static str,
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The stored assessment is of another version or damaged.
    #[error("the stored assessment `{path}` cannot be read: {message}")]
    Stored {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// WebAssembly cannot run here.
    #[error(transparent)]
    Sandbox(#[from] evident_sandbox::Error),
    /// The blob store failed.
    #[error(transparent)]
    Blobs(#[from] evident_blobs::Error),
    /// Collecting failed for a reason of the host's own.
    #[error(transparent)]
    Collect(#[from] evident_collect::Error),
    /// A thread of the host panicked.
    #[error("a thread of the host ended: {0}")]
    Thread(String),
}

/// What happens while an assessment is made.
#[derive(Debug, Clone)]
pub enum Event {
    /// A checker is being compiled.
    Loading(String),
    /// A source is being collected.
    Collecting(String),
    /// A source is done; true if it gave evidence.
    Collected(String, bool),
    /// A clause is being judged.
    Judging(String),
    /// How far a checker is, in its own unit.
    Progress(String, u64, Option<u64>),
    /// A clause is judged.
    Judged(String, Status),
}

/// Hears events. Called from several threads, so it must be quick.
pub type Listener = Arc<dyn Fn(Event) + Send + Sync>;

/// The engine. One per process.
#[derive(Clone)]
pub struct Engine {
    sandbox: Sandbox,
    blobs: Blobs,
    state: PathBuf,
}

impl Engine {
    /// Opens the state folder and starts the sandbox.
    ///
    /// # Errors
    /// When the folder cannot be made or WebAssembly cannot run here.
    pub fn new(state: PathBuf) -> Result<Self, Error> {
        let blobs = Blobs::open(state.join("blobs"))?;
        Ok(Self { sandbox: Sandbox::new()?, blobs, state })
    }

    /// The sandbox, to look at a component outside of any contract.
    #[must_use]
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// Collects in `workspace`; the `{out}` folders of commands are made in the state folder.
    fn collector(&self, workspace: &Path) -> Result<Collector, Error> {
        let state = std::fs::canonicalize(&self.state).map_err(|source| Error::State {
            action: "find",
            path: self.state.clone(),
            source,
        })?;
        if state.starts_with(workspace) {
            return Err(Error::StateInWorkspace { state, workspace: workspace.to_owned() });
        }
        Ok(Collector::new(workspace, &self.state.join("out"), self.blobs.clone())?)
    }

    /// Where evidence lies, to look at it.
    #[must_use]
    pub fn blobs(&self) -> &Blobs {
        &self.blobs
    }
}
