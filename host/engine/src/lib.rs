//! The one handle that front-ends use: open a contract, lint it, assess it, look up the last assessment.
//!
//! The engine calls and carries; it never decides. What counts, and what the whole means, is core's
//! business; front-ends only show.

mod above;
mod assess;
mod baseline;
mod clock;
mod collecting;
mod doctor;
mod exposed;
pub mod goals;
mod golden;
mod ground;
mod judge;
mod kept;
mod last;
mod obstacle;
mod open;
mod origins;
mod part;
mod places;
mod preparing;
mod quiet;
mod reuse;
mod start;
mod surroundings;
mod sweep;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use evident_collect::Wanted;
use evident_core::outcome::Status;
use evident_core::policy::{self, POLICY_BYTES_MAX, Policy};
use evident_process::Orphans;
use evident_regular::private;
use evident_sandbox::{Ceilings, CodeCache, Compiler, Sandbox, Settings};
use evident_sealed::Sealed;
use evident_store::{OwnerId, Sqlite, Store, ThisMachine};

pub use assess::{Asked, Assurance};
pub use baseline::{Baseline, Candidate, Files, Target, Unplaced, can_make, takes_files};
pub use doctor::{Finding, Health};
pub use evident_agent as agent;
pub use evident_blobs::Blobs;
pub use evident_core::assessment::Usage;
pub use evident_patterns as patterns;
pub use evident_process as process;
pub use evident_registry as registry;
pub use evident_sandbox::{COMPONENT_BYTES_MAX, INTERFACE, Interfaces, Refusal, compile_child, reflect};
pub use evident_store as store;
pub use golden::{Case, Tried, Variant};
pub use last::Last;
pub use open::{ContractFile, LoadedChecker, Opened};
pub use places::Places;

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
    /// The contract is not a text of a contract's size.
    #[error("the contract `{path}` {what}")]
    NotAContract {
        /// Which.
        path: PathBuf,
        /// What it is instead.
        what: String,
    },
    /// The workspace is not a folder.
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
        "the host's folder `{folder}` lies in the workspace `{workspace}`: set `{variable}` to a folder outside"
    )]
    InWorkspace {
        /// The folder of the host.
        folder: PathBuf,
        /// Which variable moves it.
        variable: &'static str,
        /// The workspace.
        workspace: PathBuf,
    },
    /// No home and no variable says where something goes.
    #[error("no place for the host's files: set `{variable}` to an absolute path, or `HOME`")]
    NoPlace {
        /// Which variable is missing.
        variable: &'static str,
    },
    /// The owner's policy cannot be read.
    #[error("the policy `{path}` is refused: {message}")]
    Policy {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// A revision of the contract or of the caller names no commit.
    #[error("no commit `{revision}`: {message}")]
    Revision {
        /// As it was written.
        revision: String,
        /// What git said.
        message: String,
    },
    /// A checker could not be compiled or asked, for a reason of the host's own.
    #[error("the checker `{name}` could not be loaded: {message}")]
    Checker {
        /// Which.
        name: String,
        /// What happened.
        message: String,
    },
    /// Nothing was recorded for this contract.
    #[error("no start tree is recorded for the contract `{path}`")]
    NoStart {
        /// The contract.
        path: PathBuf,
    },
    /// The checker of a clause makes no baseline.
    #[error("the checker of `{clause}` makes no baseline")]
    NoBaseline {
        /// Which clause.
        clause: String,
    },
    /// A file that would be written outside of the folder that it belongs to.
    #[error("`{path}` leads out of its folder")]
    Outside {
        /// Which.
        path: PathBuf,
    },
    /// A golden case cannot be read.
    #[error("the golden case `{path}` {message}")]
    Case {
        /// Which folder or file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// A text is not a pattern of paths.
    #[error(transparent)]
    Pattern(#[from] evident_patterns::NotAPattern),
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
    Collect(evident_collect::Error),
    /// A file of the workspace changes all the time, so that there is no tree to assess.
    #[error("`{path}` changed while it was read")]
    Unsteady {
        /// Which one.
        path: PathBuf,
    },
    /// The store of goals failed, or refused.
    #[error(transparent)]
    Store(#[from] evident_store::Error),
    /// An event that cannot follow: the log is damaged, or this host has a bug.
    #[error(transparent)]
    Illegal(#[from] evident_core::goal::Illegal),
    /// An event or a head of another version, or none at all.
    #[error("event {seq} of goal `{goal}` cannot be read: {message}")]
    UnreadableEvent {
        /// Which goal.
        goal: String,
        /// Its place.
        seq: u64,
        /// What is wrong.
        message: String,
    },
    /// No goal has that id or name.
    #[error("there is no goal `{name}`")]
    UnknownGoal {
        /// As it was asked for.
        name: String,
    },
    /// Several goals begin or are called like that.
    #[error("several goals are meant by `{name}`")]
    SeveralGoals {
        /// As it was asked for.
        name: String,
    },
    /// The agent cannot be driven as it is set up.
    #[error("the agent cannot be driven")]
    Driver(#[source] evident_core::agent::Failure),
    /// The agent cannot keep what the contract asks of it.
    #[error("{0}")]
    Unfit(String),
    /// A command of the owner that comes from a process of the agent.
    #[error("this command is the owner's, and it comes from a process that a driver started")]
    Descendant,
    /// A command of the owner, with so many processes above it that an agent may be among them.
    #[error(
        "this command is the owner's, and nobody can tell that it does not come from an agent: more than \
         {looked_at} processes are above it"
    )]
    Ancestors {
        /// How many were looked at.
        looked_at: usize,
    },
    /// A command of the owner, above which processes ended each time that they were followed.
    #[error(
        "this command is the owner's, and nobody can tell that it does not come from an agent: processes above it \
         ended in each of {walks} walks up"
    )]
    AncestorsEnded {
        /// How often they were followed.
        walks: usize,
    },
    /// A new goal of a contract that was edited since its start was recorded.
    #[error("`{path}` was edited since its start was recorded, and nobody says that its owner did it")]
    ContractEdited {
        /// The contract.
        path: PathBuf,
    },
    /// Another user than the host's can change what the host keeps.
    #[error("the level of another user is not there: {0}")]
    Exposed(String),
    /// Another host owns the goal now.
    #[error("another host owns the goal now")]
    Fenced,
    /// There is no room for what has to be written, and none that was kept for that.
    #[error("there is no room for the host's files: {0}")]
    Full(String),
    /// The system gave no random number.
    #[error("the system gives no random numbers: {0}")]
    Random(String),
    /// A thread of the host panicked.
    #[error("a thread of the host ended: {0}")]
    Thread(String),
}

impl Error {
    /// True if a blob is not there, or is not what was stored.
    pub(crate) fn is_damage(&self) -> bool {
        matches!(self, Self::Blobs(error) if error.is_damage())
    }
}

impl From<evident_collect::Error> for Error {
    fn from(error: evident_collect::Error) -> Self {
        match error {
            evident_collect::Error::Unsteady { path } => Self::Unsteady { path },
            other => Self::Collect(other),
        }
    }
}

impl From<goals::Trouble> for Error {
    fn from(trouble: goals::Trouble) -> Self {
        match trouble {
            goals::Trouble::Full(detail) => Self::Full(detail),
            goals::Trouble::Fenced => Self::Fenced,
            goals::Trouble::Host(error) => error,
        }
    }
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
    places: Arc<Places>,
    /// Answers of earlier checks, where they can be kept.
    answers: Arc<Option<Sealed>>,
    /// What private copies hold beside their trees, where that can be kept.
    kept: Arc<Option<Sealed>>,
    /// The store of goals, opened when it is first needed.
    goals: Arc<OnceLock<Arc<dyn Store>>>,
    /// Keeps the leases of the goals that are driven, while there are any.
    keeper: Arc<Mutex<Weak<goals::Keeper>>>,
    /// Checkers that some contract holds.
    loaded: open::InUse,
    machine: Arc<ThisMachine>,
    /// This run of this host, as leases name it.
    run: OwnerId,
    /// Whether a caller still waits for what is read in folders.
    wanted: Wanted,
    /// Ends what agents and sources leave behind.
    orphans: Orphans,
}

impl Engine {
    /// Opens the folders of the host, reads the owner's policy, and starts the sandbox.
    ///
    /// # Errors
    /// When a folder cannot be made, the policy is wrong, or WebAssembly cannot run here.
    pub fn new(places: Places) -> Result<Self, Error> {
        let blobs = Blobs::open(places.state.join("blobs"))?;
        private_folder(&places.cache)?;
        let answers = Arc::new(reuse::open(&places));
        let kept = Arc::new(kept::open(&places));
        let this_program = Compiler::this_program().map_err(|source| Error::State {
            action: "find the program of",
            path: "this process".into(),
            source,
        })?;
        let sandbox = Sandbox::with(Settings {
            compiler: this_program,
            code_cache: Some(CodeCache { folder: places.cache.join("code"), key_file: places.seal_key() }),
            ceilings: raised(&read_policy(&places.policy)?),
            ..Settings::default()
        })?;
        Ok(Self {
            sandbox,
            blobs,
            places: Arc::new(places),
            answers,
            kept,
            goals: Arc::default(),
            keeper: Arc::default(),
            loaded: open::InUse::default(),
            machine: Arc::new(ThisMachine::look()),
            run: OwnerId::from_bytes(draw()?),
            wanted: Wanted::always(),
            orphans: Orphans::default(),
        })
    }

    /// The store of goals.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn store(&self) -> Result<Arc<dyn Store>, Error> {
        if let Some(store) = self.goals.get() {
            return Ok(Arc::clone(store));
        }
        let opened: Arc<dyn Store> = Arc::new(Sqlite::open(&self.places.state.join("goals"))?);
        Ok(Arc::clone(self.goals.get_or_init(|| opened)))
    }

    /// The same engine, for work that its caller may call off.
    pub(crate) fn as_long_as(&self, wanted: Wanted) -> Self {
        Self { wanted, ..self.clone() }
    }

    /// An id that nobody else has drawn.
    pub(crate) fn draw(&self) -> Result<[u8; 16], Error> {
        draw()
    }

    /// The sandbox, to look at a component outside of any contract.
    #[must_use]
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// Where evidence lies, to look at it.
    #[must_use]
    pub fn blobs(&self) -> &Blobs {
        &self.blobs
    }

    /// What another user of the machine can change of what the host keeps, in one line with the command that
    /// mends it. With another user as the agent it is refused; else it is worth a word.
    #[must_use]
    pub fn exposed(&self) -> Option<String> {
        self.places.exposed()
    }

    /// Refuses a workspace that the host's own folders lie in.
    fn prepare(&self, workspace: &Path) -> Result<(), Error> {
        self.places.outside_of(workspace)
    }
}

fn draw() -> Result<[u8; 16], Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| Error::Random(error.to_string()))?;
    Ok(bytes)
}

/// Makes a folder, and those around it, for its owner alone.
fn private_folder(path: &Path) -> Result<(), Error> {
    private::folder(path).map_err(|source| Error::State {
        action: "make the folder",
        path: path.to_owned(),
        source,
    })
}

/// The host's own limits, with those of the policy in their place.
fn raised(policy: &Policy) -> Ceilings {
    let own = Ceilings::default();
    let limits = &policy.limits;
    Ceilings {
        fuel: limits.fuel.as_ref().map_or(own.fuel, |fuel| fuel.value),
        wall: limits.wall.as_ref().map_or(own.wall, |wall| wall.value),
        memory_bytes: limits.memory.as_ref().map_or(own.memory_bytes, |memory| memory.value),
        ..own
    }
}

/// The owner's policy; none where there is no such file.
fn read_policy(path: &Path) -> Result<Policy, Error> {
    let refused = |message: String| Error::Policy { path: path.to_owned(), message };
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Policy::default()),
        Ok(metadata) if metadata.len() > POLICY_BYTES_MAX => {
            return Err(refused(format!("it has more than {POLICY_BYTES_MAX} bytes")));
        }
        _ => {}
    }
    let text = std::fs::read_to_string(path).map_err(|error| refused(error.to_string()))?;
    let (policy, problems) = policy::read(&text);
    match problems.first() {
        None => Ok(policy),
        Some(problem) => {
            let line = text[..problem.span.start.min(text.len())].matches('\n').count() + 1;
            Err(refused(format!("line {line}: {}", problem.message)))
        }
    }
}
