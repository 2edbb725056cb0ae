//! Puts a revision of a contract in force, and looks after what the store keeps.

use evident_core::goal::step::Command;
use evident_store::{GoalId, Report};

use super::Told;
use super::caller::refuse_descendants;
use crate::{Engine, Error, Opened};

impl Engine {
    /// Puts the contract as its file is now in force. It must be sound. Blocks.
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
        let told = self.command(goal, command)?;
        if told == Told::Done {
            self.accept_contract(opened)?;
        }
        Ok(told)
    }

    /// Reads the whole store, or one goal, and reports what is not as it was stored. Blocks.
    ///
    /// # Errors
    /// The host's own failure; damage is what it reports.
    pub fn verify_store(&self, goal: Option<GoalId>) -> Result<Report, Error> {
        Ok(self.store()?.verify(goal)?)
    }
}
