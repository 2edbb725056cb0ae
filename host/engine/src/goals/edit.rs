//! Puts a revision of a contract in force.

use evident_core::goal::step::Command;
use evident_store::GoalId;

use super::Told;
use super::caller::refuse_descendants;
use crate::{Engine, Error, Opened};

impl Engine {
    /// Puts a contract in force, as it was read. It must be sound. Blocks.
    ///
    /// # Errors
    /// [`Error::Descendant`] where an agent asks for it; the host's own failure.
    pub fn revise(&self, goal: GoalId, opened: &Opened) -> Result<Told, Error> {
        refuse_descendants()?;
        let contract = self.blobs.keep(opened.file.text.as_bytes())?;
        let command = Command::Edit {
            contract,
            objective: opened.contract.objective.clone(),
            terms: Box::new(opened.contract.terms.clone()),
        };
        self.give(goal, command, Some(opened))
    }
}
