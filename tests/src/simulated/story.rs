//! A goal from its creation to its end: hosts that come and die, an owner who interferes, and a calm end.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use evident_core::agent::Capabilities;
use evident_core::contract::terms::{Budget, ClauseTerms, Iteration, OnFail, Terms};
use evident_core::evidence::Timestamp;
use evident_core::goal::Goal;
use evident_core::goal::claim::Wait;
use evident_core::goal::event::{Created, Event};
use evident_core::goal::state::{Actor, Blocked, State};
use evident_core::goal::step::{Command, Input, step};
use evident_engine::goals::{
    Desk, Driven, Entry, Journal, Manner, Notice, Observer, Order, Orders, Trouble, World, create, drive,
};
use evident_store::faulty::{Fault, Faulty, Plan};
use evident_store::{
    CommandId, GoalId, Lease, Machine, Memory, Moment, NewCommand, NewGoal, Owner, OwnerId, Process, Scope,
    Store, ThreadId,
};
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;

use super::agent::Agents;
use super::scene::{DONE, Scene};
use super::terms;
use super::witness::Witness;

/// Hosts of one story for each of its turns, and a few to begin with: a story without turns ends as well.
const HOSTS_PER_TURN: u32 = 4;

/// Hosts, and turns, that a goal may need once nothing goes wrong any more.
const CALM_MAX: u32 = 40;

/// What became of a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// Turns that were started.
    pub turns: u32,
    /// Events of the log.
    pub events: u64,
    /// Hosts that drove it.
    pub hosts: u32,
    /// Hosts that died.
    pub crashes: u32,
    /// How often it was complete.
    pub completed: u32,
    /// How it ended.
    pub state: State,
}

/// Tells the story of a seed, in at most so many turns before the calm.
///
/// # Panics
/// Where something happens that must never happen.
pub async fn play(seed: u64, turns: u32) -> Told {
    let mut story = Story::begin(seed);
    while story.with_goal(|goal| goal.turns) < turns
        && story.hosts < 8 + turns * HOSTS_PER_TURN
        && !story.is_over()
    {
        story.host().await;
        story.decide();
    }
    story.calm().await;
    story.witness().conclude(&story.store, story.id);
    let goal = story.goal();
    let witness = story.witness();
    Told {
        turns: goal.turns,
        events: witness.events(),
        hosts: story.hosts,
        crashes: witness.crashes,
        completed: witness.completed(),
        state: goal.state,
    }
}

/// A goal that nothing else happens to than that the disk is full at that call of its store, counted from 1, and
/// has room again. Gives whether the goal was blocked for it, or nothing where it did not come to that call.
///
/// # Panics
/// Where it does not get to its end, or something happens that must never happen.
pub async fn full_disk_at(call: u64) -> Option<bool> {
    let mut story = Story::begin(7);
    story.scene.lock().calm = true;
    let terms = Terms { budget: Budget::default(), hold: false, ..story.goal().terms };
    let clauses = terms.clauses.into_iter().map(|clause| ClauseTerms { on_fail: OnFail::Continue, ..clause });
    let policy = Iteration { idle_turns: 0, stall_turns: 0, blocked_turns: 0, note: None };
    let terms = Terms { clauses: clauses.collect(), policy, ..terms };
    story.tell(edit(&story.scene, terms));
    let plan = Plan { fault: Fault::Full, first: call, count: 1 };
    let failures = story.host_with((plan, Fate::Lives, Manner { attended: true, patient: true })).await;
    let goal = story.goal();
    assert_eq!(goal.state, State::Complete, "full at call {call}: {}", goal.detail);
    story.witness().conclude(&story.store, story.id);
    (failures > 0).then(|| story.witness().was(State::Blocked(Blocked::Storage)))
}

struct Story {
    scene: Scene,
    store: Memory,
    id: GoalId,
    witness: Arc<Mutex<Witness>>,
    agents: Agents,
    hosts: u32,
    commands: u32,
}

/// How a host ends that does not end by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Lives,
    DiesAfterMs(u64),
    DiesAfterPolls(u64),
    IsFencedAfterMs(u64),
}

struct Host(u32);

impl Machine for Host {
    fn now(&self) -> Moment {
        Moment { boot: "boot".into(), millis: u64::from(self.0) * 1000 }
    }

    fn is_dead(&self, process: &Process) -> bool {
        process.id < self.0
    }
}

fn owner(number: u32) -> Owner {
    let mut id = [0; 16];
    id[..4].copy_from_slice(&number.to_be_bytes());
    let process = Process { boot: "boot".into(), space: 1, id: number, started: 1 };
    Owner::new(OwnerId::from_bytes(id), "simulated", process)
}

impl Story {
    fn begin(seed: u64) -> Self {
        let scene = Scene::new(seed);
        let terms = terms::draw(&mut scene.lock().chance);
        let contract = scene.contract(&terms);
        let (id, thread) = (GoalId::from_bytes([1; 16]), ThreadId::from_bytes([2; 16]));
        let new = NewGoal {
            id,
            thread,
            workspace: "/workspace".into(),
            contract: "/workspace/goal.toml".into(),
            created: Timestamp(1),
        };
        let created = Event::Created(Box::new(Created {
            id: id.to_string(),
            thread: thread.to_string(),
            name: "goal".into(),
            objective: "Do it.".into(),
            workspace: new.workspace.clone(),
            contract_path: new.contract.clone(),
            contract,
            terms,
        }));
        let entry = Entry { actor: Actor::Owner, caller: None, event: created, answers: None };
        let store = Memory::new();
        create(&store, &new, &[entry]).expect("a goal can be created");
        let knows = |chance: &mut super::Chance| chance.percent(80);
        let capabilities = {
            let chance = &mut scene.lock().chance;
            Capabilities {
                tool_calls: knows(chance),
                tokens: knows(chance),
                cost: knows(chance),
                asks: true,
                confines: false,
                interrupts: true,
                resumes: true,
                looks_up: knows(chance),
            }
        };
        let agents = Agents { scene: scene.clone(), capabilities };
        let mut witness = Witness::new(scene.clone());
        witness.catch_up(&store, id);
        Self { scene, store, id, witness: Arc::new(Mutex::new(witness)), agents, hosts: 0, commands: 0 }
    }

    fn witness(&self) -> MutexGuard<'_, Witness> {
        self.witness.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As the witness knows it, who has seen everything that is stored.
    fn goal(&self) -> Goal {
        self.with_goal(Clone::clone)
    }

    fn with_goal<T>(&self, look: impl FnOnce(&Goal) -> T) -> T {
        look(self.witness().goal())
    }

    fn is_over(&self) -> bool {
        let is_over =
            |goal: &Goal| goal.state == State::Cleared || (goal.state == State::Complete && !goal.terms.hold);
        self.with_goal(is_over)
    }

    fn lease(&mut self, scope: Scope) -> Lease {
        self.hosts += 1;
        self.store.acquire(self.id, &owner(self.hosts), scope, &Host(self.hosts)).expect("nobody else lives")
    }

    fn observer(&self) -> Observer {
        let witness = Arc::clone(&self.witness);
        Arc::new(move |goal: &Goal, notice: Notice<'_>| {
            if let Notice::Recorded(recorded) = notice {
                witness.lock().unwrap_or_else(PoisonError::into_inner).see(recorded, Some(goal));
            }
        })
    }

    /// One host, from its start until it stops, fails or dies; gives how many calls of its store failed.
    async fn host(&mut self) -> u64 {
        let luck = self.luck();
        self.host_with(luck).await
    }

    async fn host_with(&mut self, (plan, fate, manner): (Plan, Fate, Manner)) -> u64 {
        let lease = self.lease(Scope::Run);
        let faulty: Arc<Faulty<Memory>> = Arc::new(Faulty::new(self.store.clone(), plan));
        let journal = match Journal::open(Arc::clone(&faulty) as Arc<dyn Store>, lease) {
            Ok(journal) => journal,
            Err(trouble) => {
                self.failed(&trouble, plan, fate);
                return faulty.failures();
            }
        };
        let (orders, received) = mpsc::channel(128);
        let (lost, watched) = watch::channel(false);
        for pending in self.store.pending(self.id).expect("in memory") {
            let command = serde_json::from_slice(&pending.command.body).expect("a command was sent");
            let answers = Some(pending.command.id);
            orders
                .try_send(Order { command: Ok(command), caller: None, answers, reply: None })
                .expect("there is room");
        }
        let desk = Desk { orders: received, lost: watched };
        let world: Arc<dyn World> = Arc::new(self.scene.clone());
        let observer = self.observer();
        let (agents, store, scene, id) = (
            Agents { scene: self.scene.clone(), capabilities: self.agents.capabilities },
            self.store.clone(),
            self.scene.clone(),
            self.id,
        );
        let driven = drive(journal, world, &agents, desk, manner, observer);
        let result = tokio::select! {
            biased;
            result = mortal(driven, fate) => result,
            () = fence(&store, id, self.hosts + 1, fate, &lost) => unreachable!("it ends never"),
            () = interfere(&scene, &store, id, &orders, &mut self.commands, &self.witness) => {
                unreachable!("it ends never")
            }
        };
        if matches!(fate, Fate::IsFencedAfterMs(_)) {
            self.hosts += 1;
        }
        match result {
            None => self.witness().crashes += 1,
            Some(Ok(driven)) => self.stopped(&driven, manner),
            Some(Err(trouble)) => self.failed(&trouble, plan, fate),
        }
        self.witness().catch_up(&self.store, self.id);
        faulty.failures()
    }

    /// What goes wrong with the next host.
    fn luck(&self) -> (Plan, Fate, Manner) {
        let mut outside = self.scene.lock();
        let none = Plan { fault: Fault::Busy, first: u64::MAX, count: 0 };
        if outside.calm {
            return (none, Fate::Lives, Manner { attended: true, patient: true });
        }
        let plan = match outside.chance.percent(40) {
            false => none,
            true => {
                let fault = *outside.chance.one_of(Fault::ALL);
                let count = if fault == Fault::Busy { 1 + outside.chance.below(4) } else { 1 };
                Plan { fault, first: 1 + outside.chance.below(120), count }
            }
        };
        let fate = match outside.chance.below(10) {
            0..2 => Fate::DiesAfterMs(outside.chance.below(3_600_000)),
            2..5 => Fate::DiesAfterPolls(outside.chance.below(600)),
            5 => Fate::IsFencedAfterMs(outside.chance.below(3_600_000)),
            _ => Fate::Lives,
        };
        let manner = Manner { attended: outside.chance.percent(60), patient: outside.chance.percent(70) };
        (plan, fate, manner)
    }

    fn stopped(&self, driven: &Driven, manner: Manner) {
        assert!(driven.rule.is_some(), "it stopped, and no rule says why");
        let goal = &driven.goal;
        let waits = goal.is_waiting() && !manner.patient;
        assert!(goal.state != State::Active || waits, "it stopped while it was active");
        assert!(goal.state == State::Active || !goal.detail.is_empty(), "it stopped without a reason");
    }

    /// A host failed: only for what went wrong with it.
    fn failed(&self, trouble: &Trouble, plan: Plan, fate: Fate) {
        match trouble {
            Trouble::Fenced => assert!(matches!(fate, Fate::IsFencedAfterMs(_)), "nobody fenced it"),
            Trouble::Full(detail) => panic!("room was made, and it failed all the same: {detail}"),
            Trouble::Host(error) => {
                let reads = plan.fault == Fault::Busy && plan.first < 4;
                let fatal = matches!(plan.fault, Fault::Fatal | Fault::FatalAfter);
                assert!(plan.count > 0 && (fatal || reads), "a host failed without a reason: {error}");
            }
        }
        self.witness().crashes += 1;
        self.witness().catch_up(&self.store, self.id);
    }

    /// What the owner does about a goal that nobody drives.
    fn decide(&mut self) {
        let goal = self.goal();
        if !self.scene.lock().chance.percent(85) {
            return;
        }
        match goal.state {
            State::BudgetLimited => {
                let terms = Terms { budget: Budget::default(), ..goal.terms.clone() };
                self.tell(edit(&self.scene, terms));
                self.tell(Command::Resume);
            }
            State::Paused | State::Blocked(_) | State::UsageLimited => self.tell(Command::Resume),
            State::Complete => {
                let mut outside = self.scene.lock();
                if outside.chance.percent(70) {
                    outside.work[0] = 0;
                }
            }
            State::Active | State::Cleared => {}
        }
    }

    /// A command to a goal that nobody drives; a refusal changes nothing.
    fn tell(&mut self, command: Command) {
        let lease = self.lease(Scope::Goal);
        let mut journal = Journal::open(Arc::new(self.store.clone()), lease).expect("can be opened");
        let Ok(step) = step(journal.goal(), &Input::Command(command)) else { return };
        let entry = |(actor, event)| Entry { actor, caller: None, event, answers: None };
        let entries: Vec<Entry> = step.events.into_iter().map(entry).collect();
        journal.write(&entries, Timestamp(1)).expect("can be written");
        self.witness().catch_up(&self.store, self.id);
    }

    /// Nothing goes wrong any more: the goal gets to its end.
    async fn calm(&mut self) {
        self.scene.lock().calm = true;
        let before = self.goal();
        for _ in 0..CALM_MAX {
            if self.is_over() || (self.goal().state == State::Complete && self.goal().due.is_none()) {
                break;
            }
            let goal = self.goal();
            if goal.state != State::Complete && goal.terms.budget != Budget::default() {
                let terms = Terms { budget: Budget::default(), ..goal.terms.clone() };
                self.tell(edit(&self.scene, terms));
            }
            if goal.state == State::Blocked(Blocked::Constraint) {
                self.scene.lock().work.fill(DONE);
            }
            if goal.waiting.is_some() {
                self.tell(Command::Wake { wait: None });
            }
            self.tell(Command::Resume);
            self.host().await;
        }
        let goal = self.goal();
        let ended = matches!(goal.state, State::Complete | State::Cleared);
        assert!(ended, "nothing goes wrong, and it is {}: {}", goal.state, goal.detail);
        assert!(goal.turns - before.turns <= CALM_MAX, "{} turns in the calm", goal.turns - before.turns);
    }
}

/// A host until its fate; nothing where it died.
async fn mortal<T>(driven: impl Future<Output = T>, fate: Fate) -> Option<T> {
    let mut driven = pin!(driven);
    match fate {
        Fate::Lives | Fate::IsFencedAfterMs(_) => Some(driven.await),
        Fate::DiesAfterMs(time) => tokio::time::timeout(Duration::from_millis(time), driven).await.ok(),
        Fate::DiesAfterPolls(most) => {
            let mut polls = 0;
            poll_fn(|context| {
                polls += 1;
                if polls > most {
                    return Poll::Ready(None);
                }
                driven.as_mut().poll(context).map(Some)
            })
            .await
        }
    }
}

/// Another host takes the goal.
async fn fence(store: &Memory, id: GoalId, number: u32, fate: Fate, lost: &watch::Sender<bool>) {
    if let Fate::IsFencedAfterMs(time) = fate {
        sleep(Duration::from_millis(time)).await;
        store.acquire(id, &owner(number), Scope::Run, &Host(number)).expect("nobody else lives");
        // Whether the keeper notices it first, or an append does.
        lost.send_replace(time % 2 == 0);
    }
    std::future::pending::<()>().await;
}

/// The owner, who does not leave the goal alone.
async fn interfere(
    scene: &Scene,
    store: &Memory,
    id: GoalId,
    orders: &Orders,
    commands: &mut u32,
    witness: &Mutex<Witness>,
) {
    if scene.lock().calm {
        return std::future::pending().await;
    }
    loop {
        scene.pass(20 * 60_000).await;
        *commands += 1;
        let command = command(scene, *commands, witness);
        let mut answers = None;
        if scene.lock().chance.percent(60) {
            let mut bytes = [0; 16];
            bytes[..4].copy_from_slice(&commands.to_be_bytes());
            let command_id = CommandId::from_bytes(bytes);
            let body = serde_json::to_vec(&command).expect("a command has a JSON form");
            let new =
                NewCommand { id: command_id, at: Timestamp(1), actor: "owner".into(), version: 1, body };
            if store.send(id, &new).is_err() {
                continue;
            }
            answers = Some(command_id);
        }
        // Where the desk is full, what lies in the inbox is brought again; the rest was refused.
        let _full = orders.try_send(Order { command: Ok(command), caller: None, answers, reply: None });
    }
}

fn command(scene: &Scene, number: u32, witness: &Mutex<Witness>) -> Command {
    let kind = scene.lock().chance.below(1000);
    match kind {
        0..80 => Command::Pause { now: false },
        80..160 => Command::Pause { now: true },
        160..260 => Command::Resume,
        260..560 => {
            let mark = format!("<message {number}>");
            witness.lock().unwrap_or_else(PoisonError::into_inner).said.push(mark.clone());
            let long = if scene.lock().chance.percent(10) { 15_000 } else { 40 };
            Command::Say { text: format!("{mark} {}", "a word ".repeat(long / 7)) }
        }
        560..640 => {
            let terms = terms::draw(&mut scene.lock().chance);
            edit(scene, terms)
        }
        640..720 => {
            let wait = Wait { every: Some("5m".into()), ..Wait::default() };
            Command::Wake { wait: scene.lock().chance.percent(50).then_some(wait) }
        }
        720..860 => Command::Approve { ask: None },
        860..995 => Command::Deny { ask: None, why: "no".into() },
        _ => Command::Clear,
    }
}

fn edit(scene: &Scene, terms: Terms) -> Command {
    let contract = scene.contract(&terms);
    Command::Edit { contract, objective: "Do it, as it is said now.".into(), terms: Box::new(terms) }
}
