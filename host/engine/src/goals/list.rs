//! Goals as a list shows them, their histories, and the proof that a history gives the goal.

use evident_core::evidence::Timestamp;
use evident_core::goal::budget::{self, Line};
use evident_core::goal::event::{ClauseStatus, Recorded};
use evident_core::goal::report::{self, Report};
use evident_core::goal::state::State;
use evident_core::goal::{Goal, replay};
use evident_store::{Filter, GoalId, StoredHead};
use serde::{Deserialize, Serialize};

use super::journal::{for_each, load};
use crate::{Engine, Error};

/// Version of the stored form of a head.
pub(super) const HEAD_VERSION: u32 = 1;

/// Goals that a list shows.
const LISTED_MAX: usize = 10_000;

/// A goal as a list shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listed {
    /// 32 hexadecimal digits.
    pub id: String,
    /// Name in the contract.
    pub name: String,
    /// The folder.
    pub workspace: String,
    /// The state.
    pub state: State,
    /// Why, in one line.
    pub detail: String,
    /// What is waited for, where something is.
    pub waiting: bool,
    /// Turns so far.
    pub turns: u32,
    /// Clauses that pass, and all, in the last assessment.
    pub passing: Option<(usize, usize)>,
    /// Questions that wait for a person.
    pub approvals: usize,
    /// The driver.
    pub driver: Option<String>,
    /// What was used up.
    pub tokens: u64,
    /// When the last event was.
    pub updated: Timestamp,
}

impl Listed {
    /// The line of a goal.
    #[must_use]
    pub fn of(goal: &Goal) -> Self {
        let tokens =
            |lines: [Line; 5]| lines.iter().find(|line| line.name == "tokens").map_or(0, |line| line.used);
        let passing = goal.assessed.as_ref().map(|assessed| {
            let pass = assessed.clauses.iter().filter(|clause| clause.status == ClauseStatus::Pass).count();
            (pass, assessed.clauses.len())
        });
        Self {
            id: goal.id.clone(),
            name: goal.name.clone(),
            workspace: goal.workspace.clone(),
            state: goal.state,
            detail: goal.detail.chars().take(200).collect(),
            waiting: goal.is_waiting(),
            turns: goal.turns,
            passing,
            approvals: goal.approvals.len(),
            driver: goal.driver.clone(),
            tokens: tokens(budget::lines(&goal.terms.budget, &goal.spent, goal.capabilities)),
            updated: goal.updated,
        }
    }
}

/// What came of folding a log once more.
#[derive(Debug, Clone, PartialEq)]
pub struct Replayed {
    /// Events.
    pub events: u64,
    /// What the log gives.
    pub goal: Goal,
    /// True if the goal that hosts go on with is the same.
    pub same: bool,
}

impl Engine {
    /// Goals, the youngest first. Blocks.
    ///
    /// # Errors
    /// The host's own failure.
    pub fn goals(&self) -> Result<Vec<Listed>, Error> {
        let heads = self.store()?.heads(Filter::All, None, LISTED_MAX)?;
        heads.iter().map(listed).collect()
    }

    /// The one goal that `name` means: an id, the beginning of one, or a name in a contract. Blocks.
    ///
    /// # Errors
    /// Where it means none, or several.
    pub fn find_goal(&self, name: &str) -> Result<GoalId, Error> {
        let store = self.store()?;
        let by_prefix = store.heads(Filter::Prefix(name), None, 2)?;
        let found = if by_prefix.is_empty() || name.is_empty() {
            let all = store.heads(Filter::All, None, LISTED_MAX)?;
            let named = all.into_iter().filter(|head| listed(head).is_ok_and(|listed| listed.name == name));
            // One name may be used again and again: the goals that are over do not count where one is not.
            let mut named: Vec<StoredHead> = named.collect();
            let is_over = |head: &StoredHead| {
                listed(head).is_ok_and(|listed| matches!(listed.state, State::Complete | State::Cleared))
            };
            if named.iter().any(|head| !is_over(head)) {
                named.retain(|head| !is_over(head));
            } else {
                named.truncate(1);
            }
            named
        } else {
            by_prefix
        };
        match found.as_slice() {
            [only] => Ok(only.goal.id),
            [] => Err(Error::UnknownGoal { name: name.to_owned() }),
            _ => Err(Error::SeveralGoals { name: name.to_owned() }),
        }
    }

    /// The last goal of a workspace, where there is one. Blocks.
    ///
    /// # Errors
    /// The host's own failure.
    pub fn goal_of(&self, workspace: &std::path::Path) -> Result<Option<GoalId>, Error> {
        let workspace = workspace.to_string_lossy();
        let heads = self.store()?.heads(Filter::Workspace(&workspace), None, 1)?;
        Ok(heads.first().map(|head| head.goal.id))
    }

    /// A goal as its events made it. Blocks.
    ///
    /// # Errors
    /// A log that cannot be read or replayed.
    pub fn goal(&self, id: GoalId) -> Result<Goal, Error> {
        load(&*self.store()?, id).map_err(Error::from)
    }

    /// Every event of a goal after the place `after`. Blocks.
    ///
    /// # Errors
    /// A log that cannot be read.
    pub fn history(&self, id: GoalId, after: u64) -> Result<Vec<Recorded>, Error> {
        let mut history = Vec::new();
        for_each(&*self.store()?, id, after, |event| {
            history.push(event);
            Ok(())
        })?;
        Ok(history)
    }

    /// The report of a goal. Blocks.
    ///
    /// # Errors
    /// A log that cannot be read or replayed.
    pub fn report(&self, id: GoalId) -> Result<Report, Error> {
        Ok(report::report(&self.goal(id)?))
    }

    /// Folds the log of a goal once more, from its first event, and compares. Blocks.
    ///
    /// # Errors
    /// A log that cannot be read or replayed.
    pub fn replay(&self, id: GoalId) -> Result<Replayed, Error> {
        let history = self.history(id, 0)?;
        let replayed = replay(&history).map_err(Error::Illegal)?;
        let goal = replayed.ok_or(Error::Store(evident_store::Error::NoGoal(id)))?;
        let same = self.goal(id)? == goal;
        Ok(Replayed { events: history.len() as u64, goal, same })
    }
}

fn listed(head: &StoredHead) -> Result<Listed, Error> {
    let unreadable =
        |message: String| Error::UnreadableEvent { goal: head.goal.id.to_string(), seq: head.seq, message };
    if head.head.version != HEAD_VERSION {
        return Err(unreadable(format!(
            "its head has version {}, this host reads {HEAD_VERSION}",
            head.head.version
        )));
    }
    serde_json::from_slice(&head.head.body).map_err(|error| unreadable(error.to_string()))
}
