//! The trait that every driver implements, and what goes to and fro in a turn.

use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use evident_core::agent::{Answer, Ask, Capabilities, Ended, Failure, Item, Usage};
use tokio::sync::mpsc;

/// Signals that wait for the host before the driver waits for it: a turn is told in order and nothing of it
/// is dropped, so a slow host slows the reading of a flood.
pub const SIGNALS_MAX: usize = 256;

/// Between asking an agent to end its turn and killing its process group.
pub const INTERRUPT_GRACE: Duration = Duration::from_secs(5);

/// A future of a driver, boxed so that drivers can be chosen at run time.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What every driver is told once, before its first turn.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The folder that the agent works in; absolute.
    pub workspace: PathBuf,
    /// The agent's own session from an earlier process, to go on with.
    pub session: Option<String>,
    /// True if the agent must ask before it acts, because the contract has approvals.
    pub asks: bool,
    /// Patterns of what may change; empty where everything may. For a driver that confines its agent.
    pub write: Vec<String>,
    /// The user that the agent runs as; absent where it is the host's own.
    pub user: Option<String>,
}

/// One kind of agent.
pub trait Driver: Send {
    /// What this one can report and do, as it is set up.
    fn capabilities(&self) -> Capabilities;

    /// Starts a turn; the agent is started first where it does not run. One turn at a time.
    ///
    /// # Errors
    /// When the turn could not be started; nothing was sent to a model then, or it is not known.
    fn begin(&mut self, prompt: Prompt) -> Pending<'_, Result<Turn, Failure>>;

    /// Asks what became of a turn that a host lost sight of when it died.
    ///
    /// # Errors
    /// When the agent cannot be asked. A driver without `looks_up` answers [`Found::Unknown`].
    fn look_up(&mut self, lost: &Lost) -> Pending<'_, Result<Found, Failure>>;

    /// Asks, without any turn, whether the agent can be driven now. A driver that cannot tell says that a turn
    /// may be tried.
    ///
    /// # Errors
    /// What still keeps it from working.
    fn probe(&mut self) -> Pending<'_, Result<(), Failure>> {
        Box::pin(async { Ok(()) })
    }

    /// Ends the agent: politely, then its process group.
    fn close(&mut self) -> Pending<'_, ()>;
}

/// What starts a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// The turn's number in its goal, from 1.
    pub turn: u32,
    /// What the agent is told.
    pub text: String,
}

/// A turn that runs. Dropping it kills the agent's process group.
#[derive(Debug)]
pub struct Turn {
    /// What happens, in order; the last one is [`Signal::Ended`].
    pub signals: mpsc::Receiver<Signal>,
    /// What the host wants.
    pub control: mpsc::Sender<Control>,
}

/// What happens in a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signal {
    /// The agent took the prompt.
    Started {
        /// The agent's own name for the conversation, once it is known.
        session: Option<String>,
        /// The agent's own name for the turn.
        turn: Option<String>,
        /// The leader of the agent's process group.
        process: Option<u32>,
    },
    /// The agent does something. Also a sign of life.
    Item(Item),
    /// A sign of life, and nothing else: the agent is at work.
    Alive,
    /// The agent waits to be allowed something.
    Asked(Ask),
    /// The agent does not wait for that any more.
    Withdrawn(String),
    /// The agent is in, or left, a mode in which it only plans.
    Planning(bool),
    /// What was used since the last such signal.
    Usage(Usage),
    /// The turn is over.
    Ended(Ended),
}

/// What the host wants of a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Control {
    /// End it now: politely, and after [`INTERRUPT_GRACE`] by killing the process group. The end is signalled.
    Interrupt,
    /// The answer to an [`Ask`].
    Answer {
        /// Its id.
        id: String,
        /// What was decided.
        answer: Answer,
    },
}

/// A turn that a host lost sight of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// The agent's own name for the conversation.
    pub session: Option<String>,
    /// The agent's own name for the turn.
    pub turn: Option<String>,
    /// The prompt as it was sent.
    pub prompt: String,
}

/// What became of a lost turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It ended like this.
    Ended(Ended),
    /// The agent never got the prompt: it can be sent as if for the first time.
    NeverBegan,
    /// Nobody can tell.
    Unknown,
}
