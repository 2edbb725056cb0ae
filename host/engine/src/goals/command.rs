//! Commands of the owner: to a goal that nobody owns, at once; to one that a host owns, through its inbox.

use std::sync::Arc;
use std::time::{Duration, Instant};

use evident_core::goal::event::Event;
use evident_core::goal::state::Actor;
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
        let mut given = Given { command, revision, answers: None };
        if let Some(told) = self.obey(&store, goal, &given)? {
            return Ok(told);
        }
        let id = self.send(&*store, goal, &given.command)?;
        given.answers = Some(id);
        let began = Instant::now();
        while began.elapsed() < ANSWER_WAIT {
            if let Some(seq) = store.answer(id)? {
                return answered(&*store, goal, seq);
            }
            // A host that let go of the goal before it saw the command answers nobody: then it is done here.
            if store.owner(goal, &*self.machine)?.is_none()
                && let Some(told) = self.obey(&store, goal, &given)?
            {
                return Ok(told);
            }
            std::thread::sleep(ANSWER_EVERY);
        }
        Ok(Told::Waiting)
    }

    /// Folds a command into a goal that nobody else owns; absent where somebody does.
    fn obey(&self, store: &Arc<dyn Store>, goal: GoalId, given: &Given<'_>) -> Result<Option<Told>, Error> {
        let lease = match store.acquire(goal, &self.owner(), Scope::Goal, &*self.machine) {
            Ok(lease) => lease,
            Err(evident_store::Error::Held { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let answer = given.answers.map(|id| store.answer(id)).transpose();
        let told = match answer {
            // Whoever had the goal did answer, at last.
            Ok(Some(Some(seq))) => answered(&**store, goal, seq),
            Ok(_) => self.fold(Arc::clone(store), lease, given),
            Err(error) => Err(error.into()),
        };
        store.release(lease)?;
        told.map(Some)
    }

    fn fold(
        &self,
        store: Arc<dyn Store>,
        lease: evident_store::Lease,
        given: &Given<'_>,
    ) -> Result<Told, Error> {
        let mut journal = Journal::open(store, lease)?;
        let (events, told) = match step(journal.goal(), &Input::Command(given.command.clone())) {
            Ok(step) => (step.events, Told::Done),
            Err(refusal) => (given.refused(&refusal.0), Told::Refused(refusal.0)),
        };
        let (caller, mut answers) = (caller(), given.answers);
        let entry =
            |(actor, event)| Entry { actor, caller: Some(caller.clone()), event, answers: answers.take() };
        let entries: Vec<Entry> = events.into_iter().map(entry).collect();
        journal.write(&entries, clock::now())?;
        if let (Told::Done, Some(revision)) = (&told, given.revision) {
            self.accept_revision(revision, lease.goal, journal.goal().revision)?;
        }
        Ok(told)
    }

    fn send(&self, store: &dyn Store, goal: GoalId, command: &Command) -> Result<CommandId, Error> {
        let id = CommandId::from_bytes(self.draw()?);
        let sent = Sent { caller: caller(), command: command.clone() };
        let body = serde_json::to_vec(&sent).expect("a command has a JSON form");
        let actor = "owner".to_owned();
        store.send(goal, &NewCommand { id, at: clock::now(), actor, version: COMMAND_VERSION, body })?;
        Ok(id)
    }
}

/// A command, and what belongs to it.
struct Given<'a> {
    command: Command,
    /// What an edit puts in force.
    revision: Option<&'a Opened>,
    /// The row of the inbox that its answer closes, once it lies there.
    answers: Option<CommandId>,
}

impl Given<'_> {
    /// A refusal is written down only where something waits for an answer.
    fn refused(&self, reason: &str) -> Vec<(Actor, Event)> {
        let refused =
            || Event::Refused { command: self.command.word().to_owned(), reason: reason.to_owned() };
        self.answers.iter().map(|_| (Actor::Host, refused())).collect()
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

#[cfg(test)]
mod tests {
    use std::thread;

    use evident_core::contract::terms::Terms;
    use evident_core::evidence::Timestamp;
    use evident_core::goal::event::Created;
    use evident_core::goal::state::State;
    use evident_store::{NewGoal, Owner, OwnerId, ThreadId};

    use super::*;
    use crate::Places;
    use crate::goals::journal::create;

    fn engine(folder: &std::path::Path) -> Engine {
        let place = |name: &str| folder.join(name);
        Engine::new(Places { state: place("state"), cache: place("cache"), policy: place("policy.toml") })
            .expect("starts")
    }

    fn goal(engine: &Engine, store: &dyn Store) -> GoalId {
        let (id, thread) = (GoalId::from_bytes([1; 16]), ThreadId::from_bytes([2; 16]));
        let created = Created {
            id: id.to_string(),
            thread: thread.to_string(),
            name: "cart".into(),
            objective: "Price it.".into(),
            workspace: "/shop".into(),
            contract_path: "/shop/goal.toml".into(),
            contract: engine.blobs.keep(b"contract").expect("has room"),
            terms: Terms::default(),
        };
        let new = NewGoal {
            id,
            thread,
            workspace: created.workspace.clone(),
            contract: created.contract_path.clone(),
            created: Timestamp(1),
        };
        let event = Event::Created(Box::new(created));
        create(store, &new, &[Entry { actor: Actor::Owner, caller: None, event, answers: None }])
            .expect("is made");
        id
    }

    /// Catches a command that its sender is not told about, and that hits the next host instead: the one that
    /// had the goal went away without a look into the inbox.
    #[test]
    fn a_command_to_a_host_that_lets_go_is_done_here() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let engine = engine(folder.path());
        let store = engine.store().expect("opens");
        let id = goal(&engine, &*store);
        let host = Owner::new(OwnerId::from_bytes([9; 16]), "host", engine.machine.this_process());
        let pause = || Command::Pause { now: false };
        for (command, expected) in [(pause(), true), (pause(), false)] {
            let lease = store.acquire(id, &host, Scope::Run, &*engine.machine).expect("is free");
            let told = thread::scope(|scope| {
                let giving = scope.spawn(|| engine.command(id, command));
                while store.pending(id).expect("can be read").is_empty() {
                    thread::yield_now();
                }
                store.release(lease).expect("is held");
                giving.join().expect("ends").expect("is given")
            });
            // The second has no effect, and says so.
            assert_eq!(told == Told::Done, expected, "{told:?}");
            assert_eq!(matches!(told, Told::Refused(_)), !expected, "{told:?}");
            assert_eq!(store.pending(id).expect("can be read"), [], "it waits for nobody");
        }
        assert_eq!(engine.goal(id).expect("can be read").state, State::Paused);
    }
}
