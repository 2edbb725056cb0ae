//! Starts a goal, or goes on with one: everything before and after its loop.

use std::sync::Arc;

use evident_blobs::Blobs;
use evident_collect::seen::Seen;
use evident_core::assessment::Assessment;
use evident_core::defence::Defence;
use evident_core::digest::Digest;
use evident_core::goal::Goal;
use evident_core::goal::assessed::{self, Known};
use evident_core::goal::event::{Created, Event, Scope as Assessed, Why};
use evident_core::goal::state::{Actor, State};
use evident_core::goal::step::Command;
use evident_core::roll_up::RollUp;
use evident_store::limits::HEADS_READ_MAX;
use evident_store::{Filter, GoalId, Lease, NewGoal, Scope, Store, ThreadId};

use super::caller::{caller, refuse_descendants};
use super::drive::{Driven, Drivers, Manner, Observer, drive};
use super::journal::{Entry, Journal, create};
use super::keeper::{Kept, Orders};
use super::site::{Site, workspace_text};
use crate::collecting::blocking;
use crate::{Asked, Assurance, Engine, Error, Listener, Opened, clock};

/// What came of starting.
pub enum Started {
    /// Everything passes before any work: there is no goal.
    AlreadyMet(Box<Assessment>),
    /// The goal is this host's now.
    Running(Box<Running>),
}

/// A goal that this host owns and has not let go of.
pub struct Running {
    engine: Engine,
    journal: Journal,
    opened: Opened,
    thread: ThreadId,
    /// What lay around before anything was done for it.
    seen: Arc<Seen>,
    /// True if it was created just now.
    pub is_new: bool,
}

impl Engine {
    /// Goes on with the goal of a contract where one is not over, or creates one: the contract is assessed
    /// first, and where it is met already, no goal starts.
    ///
    /// # Errors
    /// [`Error::Exposed`] where the agent is another user who can change what the host keeps;
    /// [`Error::Descendant`] where an agent asks for it; [`Error::ContractEdited`] where a goal would be created of
    /// a contract that somebody edited; what [`Error::of_the_work`] knows; [`Error::Store`] with the owner where another host
    /// runs a goal in this workspace; the host's own failure. The contract must be sound.
    pub async fn start_goal(
        &self,
        opened: &Opened,
        assurance: Assurance,
        listener: &Listener,
    ) -> Result<Started, Error> {
        refuse_descendants()?;
        self.prepare(&opened.file.workspace)?;
        if assurance == Assurance::OtherUser && Defence::Unexposed.stands() {
            let places = Arc::clone(&self.places);
            blocking(move || places.refuse_exposed()).await?;
        }
        let workspace = opened.file.workspace.clone();
        let seen = blocking(move || Ok(Arc::new(Seen::all(&workspace)))).await?;
        let (engine, here) = (self.clone(), opened.clone());
        let found = blocking(move || engine.unfinished(&here)).await?;
        if let Some(goal) = found {
            let (engine, opened) = (self.clone(), opened.clone());
            let listener = Arc::clone(listener);
            return blocking(move || engine.go_on(goal, &opened, seen, &listener)).await;
        }
        self.refuse_edited(opened)?;
        // Before any work, what keeps it from being read is its owner's to mend.
        let asked = Asked { assurance, ..Asked::default() };
        let assessment = self.assess_readable(opened, &asked, listener).await?;
        if assessment.roll_up == RollUp::Met {
            return Ok(Started::AlreadyMet(Box::new(assessment)));
        }
        let (engine, opened) = (self.clone(), opened.clone());
        blocking(move || engine.create_goal(opened, &assessment, seen)).await
    }

    /// The youngest goal of this contract that is not over; one that holds on is never over.
    fn unfinished(&self, opened: &Opened) -> Result<Option<GoalId>, Error> {
        let store = self.store()?;
        let workspace = workspace_text(&opened.file.workspace);
        let contract = &opened.file.absolute.0;
        let mut before = None;
        loop {
            let heads = store.heads(Filter::Workspace(&workspace), before, HEADS_READ_MAX)?;
            let Some(last) = heads.last() else { return Ok(None) };
            before = Some(last.number);
            for head in &heads {
                // A goal of another contract that runs here would be disturbed, and would disturb.
                if let Some(owner) = store.owner(head.goal.id, &*self.machine)? {
                    let goal = head.goal.id;
                    return Err(evident_store::Error::WorkspaceHeld { goal, owner: Box::new(owner) }.into());
                }
                let is_of_contract = head.goal.contract == contract.to_string_lossy();
                if is_of_contract && !is_over(&self.goal(head.goal.id)?) {
                    return Ok(Some(head.goal.id));
                }
            }
        }
    }

    fn go_on(
        &self,
        id: GoalId,
        opened: &Opened,
        seen: Arc<Seen>,
        listener: &Listener,
    ) -> Result<Started, Error> {
        let store = self.store()?;
        let lease = store.acquire(id, &self.owner(), Scope::Run, &*self.machine)?;
        let journal = self.held(&store, lease, || Ok(Journal::open(Arc::clone(&store), lease)?))?;
        let in_force = journal.goal().contract;
        let opened = match in_force == opened.file.digest {
            true => self.held(&store, lease, || self.proven(opened))?,
            false => self.held(&store, lease, || self.open_stored(&opened.file, in_force, listener))?,
        };
        let revision = journal.goal().revision;
        self.held(&store, lease, || self.accept_revision(&opened, id, revision))?;
        let thread =
            journal.goal().thread.parse().map_err(|_| Error::UnknownGoal { name: id.to_string() })?;
        let running = Running { engine: self.clone(), journal, opened, thread, seen, is_new: false };
        Ok(Started::Running(Box::new(running)))
    }

    /// A contract that was read from its file and is the one in force. Its stored text is what counts: where it is
    /// damaged, it is stored once more.
    fn proven(&self, opened: &Opened) -> Result<Opened, Error> {
        self.blobs.keep(opened.file.text.as_bytes())?;
        Ok(opened.clone())
    }

    /// Gives the lease back where something fails.
    fn held<T>(
        &self,
        store: &Arc<dyn Store>,
        lease: Lease,
        work: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        work().inspect_err(|_| {
            // The failure is what counts; a lease that stays ends with this process.
            let _stays = store.release(lease);
        })
    }

    fn create_goal(
        &self,
        opened: Opened,
        assessment: &Assessment,
        seen: Arc<Seen>,
    ) -> Result<Started, Error> {
        let store = self.store()?;
        let (id, thread) = (GoalId::from_bytes(self.draw()?), ThreadId::from_bytes(self.draw()?));
        let contract = self.blobs.keep(opened.file.text.as_bytes())?;
        let new = NewGoal {
            id,
            thread,
            workspace: workspace_text(&opened.file.workspace),
            contract: opened.file.absolute.0.to_string_lossy().into_owned(),
            created: clock::now(),
        };
        let created = Event::Created(Box::new(Created {
            id: id.to_string(),
            thread: thread.to_string(),
            name: opened.contract.name.clone(),
            objective: opened.contract.objective.clone(),
            workspace: new.workspace.clone(),
            contract_path: new.contract.clone(),
            contract,
            terms: opened.contract.terms.clone(),
        }));
        self.sync_evidence(assessment)?;
        let first = self.first_assessment(assessment)?;
        let entry = |actor, caller, event| Entry { actor, caller, event, answers: None };
        let entries = [entry(Actor::Owner, Some(caller()), created), entry(Actor::Host, None, first)];
        create(&*store, &new, &entries)?;
        self.keep(&opened.file, assessment)?;
        let lease = match store.acquire(id, &self.owner(), Scope::Run, &*self.machine) {
            Ok(lease) => lease,
            // Another host was faster in this workspace: a goal that never began must not be gone on with.
            Err(error @ (evident_store::Error::Held { .. } | evident_store::Error::WorkspaceHeld { .. })) => {
                self.command(id, Command::Clear)?;
                return Err(error.into());
            }
            Err(error) => return Err(error.into()),
        };
        let journal = self.held(&store, lease, || Ok(Journal::open(Arc::clone(&store), lease)?))?;
        let running = Running { engine: self.clone(), journal, opened, thread, seen, is_new: true };
        Ok(Started::Running(Box::new(running)))
    }

    fn first_assessment(&self, assessment: &Assessment) -> Result<Event, Error> {
        let json = serde_json::to_vec(assessment).expect("an assessment has a JSON form");
        let known = Known {
            why: Why::Start,
            scope: Assessed::All,
            assessment: self.blobs.keep(&json)?,
            evidence: Blobs::digest(assessed::evidence_text(assessment).as_bytes()),
            contract_edited: false,
        };
        Ok(Event::Assessed(Box::new(assessed::of(assessment, known))))
    }
}

fn is_over(goal: &Goal) -> bool {
    match goal.state {
        State::Cleared => true,
        State::Complete => !goal.terms.hold,
        _ => false,
    }
}

impl Running {
    /// As it is now.
    #[must_use]
    pub fn goal(&self) -> &Goal {
        self.journal.goal()
    }

    /// The contract in force.
    #[must_use]
    pub fn opened(&self) -> &Opened {
        &self.opened
    }

    /// Digest of the contract in force.
    #[must_use]
    pub fn contract(&self) -> Digest {
        self.journal.goal().contract
    }

    /// Drives it until a rule says stop, and lets go of it. `orders` is told where commands of this process
    /// go.
    ///
    /// # Errors
    /// [`Error::Unfit`] where the driver cannot keep what the contract asks of it; the host's own failure.
    pub async fn drive(
        self,
        drivers: &dyn Drivers,
        manner: Manner,
        listener: Listener,
        observer: Observer,
        orders: impl FnOnce(Orders),
    ) -> Result<Driven, Error> {
        let Self { engine, journal, opened, thread, seen, .. } = self;
        let (store, lease) = (Arc::clone(journal.store()), journal.lease());
        let site = Site::new(engine.clone(), opened, lease.goal, thread, listener, seen);
        let (kept, desk, sender) = Kept::new(engine.keeper(&store), lease);
        orders(sender);
        let driven = drive(journal, Arc::new(site), drivers, desk, manner, observer).await;
        let result = driven.map_err(Error::from);
        drop(kept);
        // Where the goal went to another host there is nothing to give back.
        match blocking(move || Ok(store.release(lease)?)).await {
            Ok(()) | Err(Error::Store(evident_store::Error::Fenced { .. })) => result,
            // A lease that cannot be given back ends with this process.
            Err(Error::Store(error)) if error.is_storage() => result,
            Err(error) => result.and(Err(error)),
        }
    }
}
