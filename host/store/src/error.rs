//! What goes wrong in a store, by what the caller does about it.

use std::io;
use std::path::{Path, PathBuf};

use crate::ids::{CommandId, GoalId, OwnerId};
use crate::lease::Owner;
use crate::report::Damage;

/// What goes wrong in a store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Others held the store for longer than a caller waits. Nothing was stored; the call may be made again.
    #[error("the store is busy")]
    Busy,
    /// There is no room. Nothing was stored, and what was acknowledged before is safe; the call may be made again
    /// when there is room.
    #[error("there is no room for the store")]
    Full,
    /// The file system takes no write now: it is mounted for reading only, a quota is used up, a write failed. As for
    /// [`Error::Full`], nothing was stored, and the call may be made again when that has passed.
    #[error("the disk takes nothing of the store: {reason}")]
    Refused {
        /// What SQLite or the system said.
        reason: String,
    },
    /// The disk failed: whether the last call was stored is unknown. This handle takes no write any more; a
    /// caller ends its process, for a second `fsync` may succeed and have written nothing.
    #[error("the store failed and takes nothing more: {reason}")]
    Fatal {
        /// What SQLite or the system said first.
        reason: String,
    },
    /// Somebody else took the goal since: the caller does no longer own it and stops working on it.
    #[error("epoch {epoch} of goal `{goal}` is over: it is {current} now")]
    Fenced {
        /// The goal.
        goal: GoalId,
        /// The epoch of the caller.
        epoch: u64,
        /// The epoch of the store.
        current: u64,
    },
    /// The caller folded another number of events than there are.
    #[error("goal `{goal}` has {found} events, not {expected}")]
    Conflict {
        /// The goal.
        goal: GoalId,
        /// The events that the caller knows.
        expected: u64,
        /// The events that there are.
        found: u64,
    },
    /// Somebody owns the goal: commands go through its inbox.
    #[error("goal `{goal}` is owned by {}, process {}", .owner.label, .owner.process.id)]
    Held {
        /// The goal.
        goal: GoalId,
        /// Who owns it.
        owner: Box<Owner>,
    },
    /// Another goal runs in the same workspace.
    #[error("goal `{goal}` runs in the same workspace, owned by {}, process {}", .owner.label, .owner.process.id)]
    WorkspaceHeld {
        /// The goal that runs there.
        goal: GoalId,
        /// Who owns it.
        owner: Box<Owner>,
    },
    /// There is no such goal.
    #[error("there is no goal `{0}`")]
    NoGoal(GoalId),
    /// There is a goal of that id already.
    #[error("there is a goal `{0}` already")]
    GoalExists(GoalId),
    /// The command is not in the inbox of that goal, or it has its answer.
    #[error("command `{0}` waits for no answer here")]
    NotPending(CommandId),
    /// The id was used for another command.
    #[error("there is another command `{0}`")]
    CommandExists(CommandId),
    /// As many commands as an inbox takes wait already.
    #[error("the inbox of goal `{goal}` is full: {max} commands wait")]
    InboxFull {
        /// The goal.
        goal: GoalId,
        /// How many it takes.
        max: usize,
    },
    /// Something is larger than its limit, or empty where it must not be.
    #[error("{what}: {found}, at most {max} and at least one")]
    Limit {
        /// What is limited, with its unit.
        what: &'static str,
        /// How large it is.
        found: usize,
        /// How large it may be.
        max: usize,
    },
    /// A body is not JSON, or has no version.
    #[error("the body of {0} is not JSON with a version")]
    NotJson(&'static str),
    /// What is stored is not what was stored.
    #[error("the store is damaged: {0}")]
    Damaged(Damage),
    /// The database is not readable as one.
    #[error("`{path}` is not a store of goals: {reason}")]
    Foreign {
        /// The database.
        path: PathBuf,
        /// What it says instead.
        reason: String,
    },
    /// The database is not what it was, and other files beside it show that. Nothing is made in its place: a new
    /// one would forget every goal.
    #[error("the store of goals is damaged: `{path}` {what}, and `{rest}` beside it is the rest of a store")]
    Lost {
        /// The database.
        path: PathBuf,
        /// What became of it.
        what: String,
        /// The file that shows it.
        rest: String,
    },
    /// The file of the database is shorter than it says.
    #[error("the store of goals is damaged: `{path}` has {found} of {wanted} bytes")]
    Cut {
        /// The database.
        path: PathBuf,
        /// Bytes of the file.
        found: u64,
        /// Bytes that it says it has.
        wanted: u64,
    },
    /// A newer evident made the database.
    #[error("`{path}` has schema {found}, this evident knows {known}: use the newer one, it wrote there")]
    Newer {
        /// The database.
        path: PathBuf,
        /// The schema of the database.
        found: u32,
        /// The newest schema that is known here.
        known: u32,
    },
    /// SQLite is older than the fix of the log of several processes.
    #[error(
        "SQLite {found} is too old: 3.51.3 at least, before which a log with several processes could be damaged"
    )]
    OldSqlite {
        /// The version that is linked.
        found: &'static str,
    },
    /// The log needs memory that is shared between processes, which a network file system has not.
    #[error("`{path}` lies on a network file system: name a local folder in `EVIDENT_STATE`")]
    Network {
        /// The folder.
        path: PathBuf,
    },
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
    /// SQLite refused for a reason that no caller can do anything about.
    #[error("SQLite failed")]
    Sqlite(#[source] rusqlite::Error),
}

impl Error {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            io::ErrorKind::ReadOnlyFilesystem => Self::Refused { reason: source.to_string() },
            _ => Self::Io { action, path: path.to_owned(), source },
        }
    }

    pub(crate) fn held(goal: GoalId, owner: &Owner) -> Self {
        Self::Held { goal, owner: Box::new(owner.clone()) }
    }

    /// True if the disk takes nothing now, and nothing was stored: it may pass.
    #[must_use]
    pub fn is_storage(&self) -> bool {
        matches!(self, Self::Full | Self::Refused { .. })
    }

    /// The owner that stands in the way, where one does.
    #[must_use]
    pub fn owner(&self) -> Option<OwnerId> {
        match self {
            Self::Held { owner, .. } | Self::WorkspaceHeld { owner, .. } => Some(owner.id),
            _ => None,
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ffi;
        let Some(known) = error.sqlite_error() else { return Self::Sqlite(error) };
        match known.code {
            ffi::ErrorCode::DatabaseBusy | ffi::ErrorCode::DatabaseLocked => Self::Busy,
            ffi::ErrorCode::DiskFull => Self::Full,
            // The index of the log is a file that grows; the system says no more than that it does not.
            ffi::ErrorCode::SystemIoFailure if known.extended_code == ffi::SQLITE_IOERR_SHMSIZE => Self::Full,
            // Writes to the log come before its sync, so nothing was stored. SQLite knows of no quota.
            ffi::ErrorCode::SystemIoFailure if known.extended_code == ffi::SQLITE_IOERR_WRITE => {
                Self::Refused { reason: error.to_string() }
            }
            ffi::ErrorCode::ReadOnly => Self::Refused { reason: error.to_string() },
            ffi::ErrorCode::SystemIoFailure
            | ffi::ErrorCode::DatabaseCorrupt
            | ffi::ErrorCode::NotADatabase => Self::Fatal { reason: error.to_string() },
            _ => Self::Sqlite(error),
        }
    }
}
