//! Commands for a goal that somebody owns: rows that the owner answers by an event.

use evident_core::evidence::Timestamp;

use crate::error::Error;
use crate::event::{body, within};
use crate::ids::CommandId;
use crate::store::limits;

/// A command that is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCommand {
    /// Its id, drawn by the sender: sending the same command again changes nothing.
    pub id: CommandId,
    /// Wall time, for people.
    pub at: Timestamp,
    /// Who sends it, in a word.
    pub actor: String,
    /// Version of the form of `body`, at least 1.
    pub version: u32,
    /// JSON.
    pub body: Vec<u8>,
}

/// A command that waits for its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Orders the commands of all goals as they were sent.
    pub number: u64,
    /// What was sent.
    pub command: NewCommand,
}

impl NewCommand {
    pub(crate) fn check(&self) -> Result<(), Error> {
        within("bytes of an actor", self.actor.len(), limits::ACTOR_BYTES_MAX)?;
        body("a command", self.version, &self.body, limits::COMMAND_BYTES_MAX)
    }
}
