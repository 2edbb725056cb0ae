//! A goal with everything around it: the folder, the agent, and a store in memory that can fail.

use std::sync::Arc;

use evident_core::contract::ClauseKind;
use evident_core::contract::terms::{ClauseTerms, Iteration, OnFail, Terms};
use evident_core::evidence::Timestamp;
use evident_core::goal::Goal;
use evident_core::goal::event::{Created, Event, Recorded};
use evident_core::goal::state::Actor;
use evident_core::goal::step::{Command, Input, step};
use evident_store::faulty::{Fault, Faulty, Plan};
use evident_store::{
    GoalId, Machine, Memory, Moment, NewGoal, Owner, OwnerId, Process, Scope, Store, ThreadId,
};
use tokio::sync::{mpsc, oneshot, watch};

use super::folder::Folder;
use super::puppet::{Begins, Puppets};
use crate::Error;
use crate::goals::drive::{Driven, Manner, Notice, Observer, drive};
use crate::goals::journal::{Entry, Journal, Trouble, create, for_each};
use crate::goals::keeper::{Desk, Order, Orders};

/// A plan of no fault.
pub(super) const SOUND: Plan = Plan { fault: Fault::Busy, first: u64::MAX, count: 0 };

struct Computer;

impl Machine for Computer {
    fn now(&self) -> Moment {
        Moment { boot: "boot".into(), millis: 1 }
    }

    fn is_dead(&self, _: &Process) -> bool {
        true
    }
}

/// One goal, with everything around it.
pub(super) struct Stage {
    pub(super) store: Arc<Faulty<Memory>>,
    pub(super) folder: Folder,
    pub(super) puppets: Puppets,
    pub(super) id: GoalId,
    pub(super) manner: Manner,
    /// Changes with every event that is written down.
    pub(super) written: watch::Sender<u64>,
}

/// What a test holds of a host while it drives.
pub(super) struct Handles {
    pub(super) orders: Orders,
    pub(super) lost: watch::Sender<bool>,
}

impl Stage {
    /// A goal with these terms and one criterion, and an agent whose turns these are.
    pub(super) fn new(terms: Terms, turns: impl IntoIterator<Item = Begins>) -> Self {
        let folder = Folder::new();
        let clauses = vec![ClauseTerms {
            name: "works".into(),
            kind: ClauseKind::Criterion,
            on_fail: OnFail::Continue,
        }];
        let contract = folder.truth().keep(b"contract".to_vec());
        let store = Arc::new(Faulty::new(Memory::new(), SOUND));
        let (id, thread) = (GoalId::from_bytes([1; 16]), ThreadId::from_bytes([2; 16]));
        let new = NewGoal {
            id,
            thread,
            workspace: "/workspace".into(),
            contract: "/workspace/goal.toml".into(),
            created: Timestamp(1),
        };
        let event = Event::Created(Box::new(Created {
            id: id.to_string(),
            thread: thread.to_string(),
            name: "goal".into(),
            objective: "Do it.".into(),
            workspace: new.workspace.clone(),
            contract_path: new.contract.clone(),
            contract,
            terms: Terms { clauses, ..terms },
        }));
        let entry = Entry { actor: Actor::Owner, caller: None, event, answers: None };
        create(&*store, &new, &[entry]).expect("a goal can be created");
        let puppets = Puppets::new(turns, folder.clone());
        let manner = Manner { attended: true, patient: true };
        Self { store, folder, puppets, id, manner, written: watch::Sender::new(0) }
    }

    /// The next host; whoever was before is dead.
    pub(super) fn host(&self) -> (impl Future<Output = Result<Driven, Trouble>>, Handles) {
        self.host_observed(Arc::new(|_: &Goal, _: Notice<'_>| {}))
    }

    pub(super) fn host_observed(
        &self,
        observer: Observer,
    ) -> (impl Future<Output = Result<Driven, Trouble>>, Handles) {
        let lease = self.take();
        let journal = Journal::open(Arc::clone(&self.store) as Arc<dyn Store>, lease).expect("can be opened");
        let (orders, received) = mpsc::channel(8);
        let (lost, watched) = watch::channel(false);
        let desk = Desk { orders: received, lost: watched };
        let (world, puppets) = (Arc::new(self.folder.clone()), self.puppets.clone());
        let (manner, written) = (self.manner, self.written.clone());
        let observer: Observer = Arc::new(move |goal: &Goal, notice: Notice<'_>| {
            if let Notice::Recorded(recorded) = &notice {
                written.send_replace(recorded.seq);
            }
            observer(goal, notice);
        });
        let driving = async move { drive(journal, world, &puppets, desk, manner, observer).await };
        (driving, Handles { orders, lost })
    }

    /// Takes the goal from whoever has it.
    pub(super) fn take(&self) -> evident_store::Lease {
        let process = Process { boot: "boot".into(), space: 1, id: 1, started: 1 };
        let owner = Owner::new(OwnerId::from_bytes([3; 16]), "staged", process);
        self.store.acquire(self.id, &owner, Scope::Run, &Computer).expect("nobody else lives")
    }

    /// Gives a command to a goal that nobody drives.
    pub(super) fn tell(&self, command: Command) {
        let store = Arc::clone(&self.store) as Arc<dyn Store>;
        let mut journal = Journal::open(store, self.take()).expect("can be opened");
        let step = step(journal.goal(), &Input::Command(command)).expect("has an effect");
        let entry = |(actor, event)| Entry { actor, caller: None, event, answers: None };
        let entries: Vec<Entry> = step.events.into_iter().map(entry).collect();
        journal.write(&entries, Timestamp(1)).expect("can be written");
    }

    /// Every event so far.
    pub(super) fn log(&self) -> Vec<Recorded> {
        let mut log = Vec::new();
        for_each(&*self.store, self.id, 0, |recorded| {
            log.push(recorded);
            Ok(())
        })
        .expect("can be read");
        log
    }
}

impl Handles {
    /// Gives a command, and tells whether it had an effect.
    pub(super) async fn order(&self, command: Command) -> Result<(), String> {
        let (reply, answer) = oneshot::channel();
        let order = Order { command: Ok(command), caller: None, answers: None, reply: Some(reply) };
        self.orders.send(order).await.expect("the loop lives");
        answer.await.expect("every command is answered")
    }
}

/// Terms in which nothing ends a goal by itself.
pub(super) fn terms() -> Terms {
    let policy = Iteration { idle_turns: 0, stall_turns: 0, blocked_turns: 0, note: None };
    Terms { policy, ..Terms::default() }
}

/// True if the host failed because others hold the store.
pub(super) fn is_busy(result: &Result<Driven, Trouble>) -> bool {
    matches!(result, Err(Trouble::Host(Error::Store(evident_store::Error::Busy))))
}
