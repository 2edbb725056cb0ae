//! Commands of the owner: to a goal that nobody owns, at once; to one that a host owns, through its inbox.

use std::sync::Arc;
use std::time::{Duration, Instant};

use evident_core::goal::event::Event;
use evident_core::goal::step::{Command, Input, step};
use evident_store::{CommandId, GoalId, Machine, NewCommand, Scope, Store};

use super::caller::{caller, refuse_descendants};
use super::journal::{Entry, Journal, for_each};
use super::keeper::{COMMAND_VERSION, Sent};
use crate::{Engine, Error, Opened, clock};

/// The longest wait for the host that owns the goal: it looks into its inbox several times a second, and a
/// host that hangs loses the goal after ten.
const ANSWER_WAIT: Duration = Duration::from_secs(15);

/// Between two looks for the answer.
const ANSWER_EVERY: Duration = Duration::from_millis(50);

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// It is in the log.
    Done,
    /// It has no effect, and why.
    Refused(String),
    /// It lies in the inbox, and the host that owns the goal has not answered yet.
    Waiting,
}

impl Engine {
    /// Gives a command to a goal, as its owner. Blocks.
    ///
    /// # Errors
    /// [`Error::Descendant`] where an agent gives it; the host's own failure.
    pub fn command(&self, goal: GoalId, command: Command) -> Result<Told, Error> {
        self.give(goal, command, None)
    }

    /// As [`Engine::command`]; `revision` is what an edit puts in force.
    pub(super) fn give(
        &self,
        goal: GoalId,
        command: Command,
        revision: Option<&Opened>,
    ) -> Result<Told, Error> {
        refuse_descendants()?;
        let store = self.store()?;
        match store.acquire(goal, &self.owner(), Scope::Goal, &*self.machine) {
            Ok(lease) => {
                let told = self.obey(Arc::clone(&store), lease, &command, revision);
                store.release(lease)?;
                told
            }
            Err(evident_store::Error::Held { .. }) => self.send(&*store, goal, command),
            Err(error) => Err(error.into()),
        }
    }

    /// Folds a command into a goal that nobody else owns.
    fn obey(
        &self,
        store: Arc<dyn Store>,
        lease: evident_store::Lease,
        command: &Command,
        revision: Option<&Opened>,
    ) -> Result<Told, Error> {
        let mut journal = Journal::open(store, lease)?;
        let step = match step(journal.goal(), &Input::Command(command.clone())) {
            Ok(step) => step,
            Err(refusal) => return Ok(Told::Refused(refusal.0)),
        };
        let caller = caller();
        let entries: Vec<Entry> = step
            .events
            .into_iter()
            .map(|(actor, event)| Entry { actor, caller: Some(caller.clone()), event, answers: None })
            .collect();
        journal.write(&entries, clock::now())?;
        if let Some(revision) = revision {
            self.accept_revision(revision, lease.goal, journal.goal().revision)?;
        }
        Ok(Told::Done)
    }

    fn send(&self, store: &dyn Store, goal: GoalId, command: Command) -> Result<Told, Error> {
        let id = CommandId::from_bytes(self.draw()?);
        let body =
            serde_json::to_vec(&Sent { caller: caller(), command }).expect("a command has a JSON form");
        let actor = "owner".to_owned();
        store.send(goal, &NewCommand { id, at: clock::now(), actor, version: COMMAND_VERSION, body })?;
        let began = Instant::now();
        while began.elapsed() < ANSWER_WAIT {
            if let Some(seq) = store.answer(id)? {
                return answered(store, goal, seq);
            }
            std::thread::sleep(ANSWER_EVERY);
        }
        Ok(Told::Waiting)
    }
}

fn answered(store: &dyn Store, goal: GoalId, seq: u64) -> Result<Told, Error> {
    let mut told = Told::Done;
    for_each(store, goal, seq.saturating_sub(1), |recorded| {
        if let (true, Event::Refused { reason, .. }) = (recorded.seq == seq, &recorded.event) {
            told = Told::Refused(reason.clone());
        }
        Ok(())
    })?;
    Ok(told)
}

impl Engine {
    /// Who this process is to the store.
    pub(super) fn owner(&self) -> evident_store::Owner {
        evident_store::Owner::new(self.run, "evident", self.machine.this_process())
    }

    /// Moves what belongs to this machine out of the store's way.
    pub(super) fn machine(&self) -> Arc<dyn Machine + Send + Sync> {
        self.machine.clone()
    }
}
