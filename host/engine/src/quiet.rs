//! Quiet around an assessment: what agents and sources left behind is ended, and the agent that lives on is
//! stopped, so that nothing changes the work while it is judged.
//!
//! It decides nothing about evidence but that there is none while something cannot be ended.

use evident_core::contract::Source;
use evident_core::evidence::Evidence;
use evident_core::freshness;
use evident_core::outcome::{NoEvidence, Reason};
use evident_process::{Left, Orphans, Still};

use crate::{Engine, clock};

/// Quiet, until this is dropped.
#[derive(Debug)]
pub(crate) struct Quiet {
    orphans: Orphans,
    /// The agent goes on when this is dropped; absent where it does not stop, with what does not.
    still: Result<Still, Left>,
}

impl Engine {
    /// The same engine with the right to end what lost its parent below this process. For a program that drives
    /// one goal at a time and starts no children of its own; without it, only process groups are ended.
    #[must_use]
    pub fn ending(mut self, orphans: Orphans) -> Self {
        self.orphans = orphans;
        self
    }

    /// Ends what lost its parent. What cannot be ended is met again by the next assessment, which says so.
    pub(crate) async fn end_orphans(&self) {
        let _met_again = self.orphans.end().await;
    }

    /// Makes it quiet.
    pub(crate) async fn quiet(&self) -> Quiet {
        // The agent first: what is stopped leaves nothing more behind.
        let still = self.orphans.still().await;
        self.end_orphans().await;
        Quiet { orphans: self.orphans.clone(), still }
    }
}

impl Quiet {
    /// Ends what was left behind since. Gives what keeps it from being quiet.
    pub(crate) async fn restore(&self) -> Result<(), Left> {
        self.orphans.end().await?;
        match &self.still {
            Ok(_) => Ok(()),
            Err(left) => Err(left.clone()),
        }
    }
}

/// What a source gives while something changes the work.
pub(crate) fn none(source: &Source, left: &Left) -> Evidence {
    freshness::none(source, Reason::NoEvidence(NoEvidence::Timeout), &left.to_string(), clock::now())
}
