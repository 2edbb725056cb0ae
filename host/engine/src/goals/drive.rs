//! The loop of one goal: choose, step, persist, perform.
//!
//! It holds what belongs to this process alone: the turn that runs, and since when. Everything else is in the
//! log, so a host that is killed at any instant leaves a goal that the next host goes on with.

use std::future::pending;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use evident_agent::process::end_lost;
use evident_agent::{Driver, Found, Lost, Prompt, Signal};
use evident_core::agent::{Act, Capabilities, Ended, Ending, Failure, FailureClass, Item, Usage};
use evident_core::contract::terms::ApprovalWhen;
use evident_core::digest::Digest;
use evident_core::goal::Goal;
use evident_core::goal::continuation::{Facts, Rule};
use evident_core::goal::event::{Event, Recorded, Scope, TurnKind, Why};
use evident_core::goal::prompt::prompt;
use evident_core::goal::state::{Blocked, State};
use evident_core::goal::step::{Action, Input, Step, step};
use tokio::time::{Instant, sleep, sleep_until};

use super::caller::caller;
use super::journal::{Entry, Journal, Trouble};
use super::keeper::{Desk, Order};
use super::turn::{Live, milliseconds};
use super::world::{Assess, World};
use crate::{Assurance, Error};

/// How often an event is tried to be written while others hold the store; each try waits for seconds already.
const BUSY_TRIES: u32 = 5;

/// Between two such tries.
const BUSY_PAUSE: Duration = Duration::from_secs(1);

/// Opens the driver of a goal.
pub trait Drivers: Send + Sync {
    /// Its kind, as the log names it.
    fn kind(&self) -> String;

    /// How far host and agent are apart.
    fn assurance(&self) -> Assurance;

    /// A driver that goes on with the agent's own session, where there is one.
    ///
    /// # Errors
    /// Where it cannot be driven as it is set up.
    fn open(&self, goal: &Goal) -> Result<Box<dyn Driver>, Failure>;
}

/// What happens while a goal is driven.
#[derive(Debug)]
pub enum Notice<'a> {
    /// An event was written down.
    Recorded(&'a Recorded),
    /// It was decided what is next.
    Decided(Rule, &'a [Action]),
    /// The agent does something.
    Item(&'a Item),
}

/// Hears what happens; must be quick.
pub type Observer = Arc<dyn Fn(&Goal, Notice<'_>) + Send + Sync>;

/// How a goal was left.
#[derive(Debug, Clone, PartialEq)]
pub struct Driven {
    /// As it is now.
    pub goal: Goal,
    /// The rule that said stop.
    pub rule: Option<Rule>,
}

/// What a caller can ask of a run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Manner {
    /// True if a person is there to decide what needs one.
    pub attended: bool,
    /// True if it waits for wakes and for what passes by itself.
    pub patient: bool,
}

/// Drives a goal until a rule says stop.
///
/// # Errors
/// Where the goal went to another host, or this host failed. What was written down stays.
pub async fn drive(
    journal: Journal,
    world: Arc<dyn World>,
    drivers: &dyn Drivers,
    desk: Desk,
    manner: Manner,
    observer: Observer,
) -> Result<Driven, Trouble> {
    let driver = drivers.open(journal.goal()).map_err(|failure| Trouble::Host(Error::Driver(failure)))?;
    let now = Instant::now();
    let mut driving = Driving {
        journal,
        world,
        driver,
        desk,
        manner,
        observer,
        live: None,
        idle_since: now,
        probed: None,
        looked: now,
        rule: None,
        assurance: drivers.assurance(),
    };
    let attached = driving.attach(drivers).await;
    let result = match attached {
        Ok(()) => driving.run().await,
        Err(trouble) => Err(trouble),
    };
    // The turn first: its process group is the agent's.
    driving.live = None;
    driving.driver.close().await;
    result?;
    Ok(Driven { goal: driving.journal.goal().clone(), rule: driving.rule })
}

struct Driving {
    journal: Journal,
    world: Arc<dyn World>,
    driver: Box<dyn Driver>,
    desk: Desk,
    manner: Manner,
    observer: Observer,
    live: Option<Live>,
    idle_since: Instant,
    /// The last probe, or when the state changed; absent before the first, which is made at once.
    probed: Option<Instant>,
    looked: Instant,
    rule: Option<Rule>,
    assurance: Assurance,
}

/// What came while the loop waited.
enum Came {
    Signal(Option<Signal>),
    Order(Order),
    Charge,
    Time,
    Lost,
}

impl Driving {
    async fn attach(&mut self, drivers: &dyn Drivers) -> Result<(), Trouble> {
        let event = Event::Attached {
            process: std::process::id(),
            driver: drivers.kind(),
            capabilities: self.driver.capabilities(),
            assurance: drivers.assurance().word().to_owned(),
        };
        self.apply(&Input::Attached(event)).await.map(drop)
    }

    async fn run(&mut self) -> Result<(), Trouble> {
        loop {
            let facts = self.facts();
            let state = self.journal.goal().state;
            let step = self.apply(&Input::Tick(facts)).await?;
            if self.journal.goal().state != state {
                self.probed = Some(Instant::now());
            }
            if step.actions.contains(&Action::Stop) {
                return Ok(());
            }
            for action in step.actions {
                self.perform(action).await?;
            }
        }
    }

    fn facts(&self) -> Facts {
        Facts {
            wall: self.world.wall(),
            idle_ms: milliseconds(self.idle_since.elapsed()),
            silent_ms: self.live.as_ref().map_or(0, Live::silent_ms),
            probe_ms: self.probed.map_or(u64::MAX, |probed| milliseconds(probed.elapsed())),
            look_ms: milliseconds(self.looked.elapsed()),
            live: self.live.is_some(),
            busy: false,
            patient: self.manner.patient,
        }
    }

    /// Steps and writes down what follows; gives the rest to be done.
    async fn apply(&mut self, input: &Input) -> Result<Step, Trouble> {
        let step = step(self.journal.goal(), input).expect("only commands are refused");
        self.rule = step.rule.or(self.rule);
        if let Some(rule) = step.rule {
            (self.observer)(self.journal.goal(), Notice::Decided(rule, &step.actions));
        }
        self.write(&step, None).await?;
        Ok(step)
    }

    async fn write(&mut self, step: &Step, order: Option<&Order>) -> Result<(), Trouble> {
        let mut answers = order.and_then(|order| order.answers);
        let entries: Vec<Entry> = step
            .events
            .iter()
            .map(|(actor, event)| Entry {
                actor: *actor,
                // What is typed here comes from this very process.
                caller: order.map(|order| order.caller.clone().unwrap_or_else(caller)),
                event: event.clone(),
                answers: answers.take(),
            })
            .collect();
        match self.record_or_retry(&entries).await {
            Err(Trouble::Full(detail)) => self.without_room(&entries, &detail).await,
            other => other,
        }
    }

    /// Others may hold the store for a while: nothing was written then, and it is tried again.
    async fn record_or_retry(&mut self, entries: &[Entry]) -> Result<(), Trouble> {
        for _ in 1..BUSY_TRIES {
            match self.record(entries) {
                Err(Trouble::Host(Error::Store(evident_store::Error::Busy))) => sleep(BUSY_PAUSE).await,
                other => return other,
            }
        }
        self.record(entries)
    }

    fn record(&mut self, entries: &[Entry]) -> Result<(), Trouble> {
        let at = self.world.wall();
        let recorded = blocking(|| self.journal.write(entries, at))?;
        for event in &recorded {
            if matches!(event.event, Event::Waiting { .. }) {
                // What passed before is no part of this wait.
                self.looked = Instant::now();
            }
            (self.observer)(self.journal.goal(), Notice::Recorded(event));
        }
        Ok(())
    }

    /// The disk is full: room that was kept for this is given up, what has to be written is written, and the
    /// goal stops.
    async fn without_room(&mut self, entries: &[Entry], detail: &str) -> Result<(), Trouble> {
        self.make_room()?;
        self.record_or_retry(entries).await?;
        self.storage_failed(detail).await
    }

    fn make_room(&self) -> Result<(), Trouble> {
        let store = Arc::clone(self.journal.store());
        blocking(|| store.free_ballast()).map(drop).map_err(|error| Trouble::Host(Error::Store(error)))
    }

    async fn storage_failed(&mut self, detail: &str) -> Result<(), Trouble> {
        let step = step(self.journal.goal(), &Input::StorageFailed(detail.to_owned())).expect("no command");
        let host = |(actor, event): &(_, Event)| Entry {
            actor: *actor,
            caller: None,
            event: event.clone(),
            answers: None,
        };
        let entries: Vec<Entry> = step.events.iter().map(host).collect();
        match self.record_or_retry(&entries).await {
            Err(Trouble::Full(_)) => {
                self.make_room()?;
                self.record_or_retry(&entries).await
            }
            other => other,
        }
    }

    /// Does what is to be done; where there is no room for that, the goal stops.
    async fn perform(&mut self, action: Action) -> Result<(), Trouble> {
        match self.do_it(action).await {
            Err(Trouble::Full(detail)) => self.storage_failed(&detail).await,
            other => other,
        }
    }

    async fn do_it(&mut self, action: Action) -> Result<(), Trouble> {
        match action {
            Action::Begin(kind) => self.begin(kind).await,
            Action::Send => self.send().await,
            Action::Interrupt => {
                if let Some(live) = &self.live {
                    live.interrupt().await;
                }
                Ok(())
            }
            Action::Answer { ask, answer } => {
                if let Some(live) = &self.live {
                    live.answer(ask, answer).await;
                }
                Ok(())
            }
            Action::Assess(why, scope) => self.assess(why, scope).await,
            Action::Look => self.look().await,
            Action::Probe => self.probe().await,
            Action::LookUp => self.look_up().await,
            Action::Wait(most_ms) => self.wait(Duration::from_millis(most_ms)).await,
            Action::Stop => Ok(()),
        }
    }

    async fn begin(&mut self, kind: TurnKind) -> Result<(), Trouble> {
        let text = self.prompt(kind).await?;
        let prompt = self.world.keep(text.into_bytes()).await?;
        let step = self.apply(&Input::Beginning { kind, prompt }).await?;
        if step.actions.contains(&Action::Send) { self.send().await } else { Ok(()) }
    }

    async fn prompt(&self, kind: TurnKind) -> Result<String, Trouble> {
        let goal = self.journal.goal();
        let assessment = match goal.newest() {
            Some(newest) => Some(self.world.assessment(newest.assessment).await?),
            None => None,
        };
        Ok(prompt(goal, assessment.as_ref(), kind))
    }

    async fn send(&mut self) -> Result<(), Trouble> {
        let Some(turn) = &self.journal.goal().turn else { return Ok(()) };
        let (number, digest) = (turn.turn, turn.prompt);
        let text = self.world.text(digest).await?;
        match Live::begin(&mut *self.driver, Prompt { turn: number, text }).await {
            Ok(live) => {
                self.live = Some(live);
                Ok(())
            }
            Err(failure) => {
                self.idle_since = Instant::now();
                self.apply(&Input::NotBegun(failure)).await.map(drop)
            }
        }
    }

    async fn assess(&mut self, why: Why, scope: Scope) -> Result<(), Trouble> {
        let world = Arc::clone(&self.world);
        let contract = self.journal.goal().contract;
        let mut assessing = world.assess(Assess { contract, why, scope, assurance: self.assurance });
        let mut hears = true;
        let assessed = loop {
            tokio::select! {
                biased;
                () = lost(&mut self.desk.lost) => return Err(Trouble::Fenced),
                order = self.desk.orders.recv(), if hears => {
                    let Some(order) = order else {
                        hears = false;
                        continue;
                    };
                    // What was asked for is asked for again when the goal goes on.
                    if self.obey(order).await?.contains(&Action::Interrupt) {
                        return Ok(());
                    }
                }
                assessed = &mut assessing => break assessed?,
            }
        };
        let superseded = world.is_superseded();
        self.apply(&Input::Assessed { assessed: Box::new(assessed), superseded }).await.map(drop)
    }

    async fn look(&mut self) -> Result<(), Trouble> {
        let Some(waiting) = self.journal.goal().waiting.clone() else { return Ok(()) };
        let wait_ms = milliseconds(self.looked.elapsed());
        self.looked = Instant::now();
        let (contract, waited_ms) = (self.journal.goal().contract, waiting.waited_ms.saturating_add(wait_ms));
        let seen = self.world.look(contract, &waiting.wake, waited_ms).await?;
        self.apply(&Input::Looked { wait_ms, mark: seen.mark, fired: seen.fired }).await.map(drop)
    }

    async fn probe(&mut self) -> Result<(), Trouble> {
        self.probed = Some(Instant::now());
        let result = match self.journal.goal().state {
            State::Blocked(Blocked::Storage) => {
                let store = Arc::clone(self.journal.store());
                blocking(|| store.restore_ballast()).map_err(|error| error.to_string())
            }
            _ => self.driver.probe().await.map_err(|failure| failure.to_string()),
        };
        self.apply(&Input::Probed(result)).await.map(drop)
    }

    async fn look_up(&mut self) -> Result<(), Trouble> {
        let goal = self.journal.goal();
        let Some(turn) = &goal.turn else { return Ok(()) };
        // A turn that nobody saw taken may have been all the same: the host died before it could say so.
        if let Some(process) = turn.process {
            // Its host is gone, for this one has the lease; the agent may not have noticed.
            end_lost(process, Path::new(&goal.workspace)).await;
        }
        let prompt = self.world.text(turn.prompt).await?;
        let lost = Lost { session: goal.session.clone(), turn: turn.agent_turn.clone(), prompt };
        match self.driver.look_up(&lost).await {
            Ok(Found::Ended(ended)) => self.end(ended).await,
            Ok(Found::NeverBegan) => self.apply(&Input::LookedUp { unsent: true }).await.map(drop),
            Ok(Found::Unknown) | Err(_) => self.apply(&Input::LookedUp { unsent: false }).await.map(drop),
        }
    }

    async fn wait(&mut self, most: Duration) -> Result<(), Trouble> {
        let came = {
            let charge_at = self.charge_at();
            // In this order: a flood of signals keeps neither the owner nor the budget waiting.
            tokio::select! {
                biased;
                () = lost(&mut self.desk.lost) => Came::Lost,
                () = at(charge_at) => Came::Charge,
                Some(order) = self.desk.orders.recv() => Came::Order(order),
                signal = signal(&mut self.live) => Came::Signal(signal),
                () = sleep(most) => Came::Time,
            }
        };
        match came {
            Came::Signal(signal) => self.hear(signal).await,
            Came::Order(order) => {
                // What was waited for an answer until now is not charged once it is there.
                self.charge(Usage::default()).await?;
                for action in self.obey(order).await? {
                    Box::pin(self.perform(action)).await?;
                }
                Ok(())
            }
            Came::Charge => self.charge(Usage::default()).await,
            Came::Time => Ok(()),
            Came::Lost => Err(Trouble::Fenced),
        }
    }

    /// Steps on a command and answers whoever gave it; gives what is to be done.
    async fn obey(&mut self, order: Order) -> Result<Vec<Action>, Trouble> {
        let (result, actions) = match step(self.journal.goal(), &Input::Command(order.command.clone())) {
            Ok(step) => {
                self.write(&step, Some(&order)).await?;
                (Ok(()), step.actions)
            }
            Err(refusal) => {
                if order.answers.is_some() {
                    let command = order.command.word().to_owned();
                    let refused = Event::Refused { command, reason: refusal.0.clone() };
                    let actor = evident_core::goal::state::Actor::Host;
                    let step = Step { events: vec![(actor, refused)], ..Step::default() };
                    self.write(&step, Some(&order)).await?;
                }
                (Err(refusal.0), Vec::new())
            }
        };
        if let Some(reply) = order.reply {
            // Whoever does not wait any more need not hear it.
            let _gone = reply.send(result);
        }
        Ok(actions)
    }

    async fn hear(&mut self, signal: Option<Signal>) -> Result<(), Trouble> {
        match signal {
            Some(Signal::Started { session, turn, process }) => {
                self.apply(&Input::Taken { session, agent_turn: turn, process }).await.map(drop)
            }
            Some(Signal::Item(item)) => {
                (self.observer)(self.journal.goal(), Notice::Item(&item));
                Ok(())
            }
            Some(Signal::Alive) => Ok(()),
            Some(Signal::Planning(planning)) => self.apply(&Input::Planning(planning)).await.map(drop),
            Some(Signal::Usage(usage)) => self.charge(usage).await,
            Some(Signal::Asked(ask)) => {
                self.charge(Usage::default()).await?;
                let matched = self.matched(&ask.act);
                let attended = self.manner.attended;
                let step = self.apply(&Input::Asked { ask, matched, attended }).await?;
                for action in step.actions {
                    Box::pin(self.perform(action)).await?;
                }
                Ok(())
            }
            Some(Signal::Withdrawn(id)) => {
                self.charge(Usage::default()).await?;
                self.apply(&Input::Withdrawn(id)).await.map(drop)
            }
            Some(Signal::Ended(ended)) => self.end(ended).await,
            None => {
                let failure =
                    Failure::new(FailureClass::Exited, "the driver went away without an end of the turn");
                self.end(Ended { ending: Ending::Failed(failure), message: String::new() }).await
            }
        }
    }

    fn matched(&self, act: &Act) -> Vec<String> {
        let Act::Write(paths) = act else { return Vec::new() };
        let patterns = self.journal.goal().terms.approve.iter().filter_map(|approval| match &approval.when {
            ApprovalWhen::Path(pattern) => Some(pattern.clone()),
            ApprovalWhen::Command(_) | ApprovalWhen::Tool(_) => None,
        });
        self.world.matched(&patterns.collect::<Vec<_>>(), paths)
    }

    /// Charges what was used, and the time since the last charge unless the agent waited for a person.
    async fn charge(&mut self, usage: Usage) -> Result<(), Trouble> {
        let Some(live) = &mut self.live else { return Ok(()) };
        let elapsed = live.take_elapsed_ms();
        let wall_ms = if self.journal.goal().is_charged() { elapsed } else { 0 };
        self.apply(&Input::Used(usage, wall_ms)).await.map(drop)
    }

    /// When time is to be charged next: where it is about to run out, at that moment.
    fn charge_at(&self) -> Option<Instant> {
        let live = self.live.as_ref()?;
        let goal = self.journal.goal();
        let budget = &goal.terms.budget;
        let in_turn = goal.turn.as_ref().map_or(0, |turn| turn.spent.wall_ms);
        let left = |limit: Option<u64>, spent: u64| limit.map(|limit| limit.saturating_sub(spent));
        let left = [left(budget.turn_wall_ms, in_turn), left(budget.wall_ms, goal.spent.wall_ms)];
        let left = left.into_iter().flatten().filter(|left| *left > 0 && goal.is_charged()).min();
        Some(live.charge_at(left))
    }

    async fn end(&mut self, ended: Ended) -> Result<(), Trouble> {
        self.charge(Usage::default()).await?;
        let ended = match self.live.take() {
            Some(live) => live.explain(ended),
            None => ended,
        };
        self.idle_since = Instant::now();
        let stored = match ended.message.is_empty() {
            true => None,
            // The end of the turn is worth more than its message: what it used is charged, whatever the disk.
            false => match self.world.keep(ended.message.clone().into_bytes()).await {
                Err(Trouble::Full(_)) => None,
                kept => Some(kept?),
            },
        };
        let tree: Digest = self.world.tree(self.journal.goal().contract).await?;
        let goal = self.journal.goal();
        let used = goal.turn.as_ref().map_or(0, |turn| turn.spent.usage.tool_calls);
        let Capabilities { tool_calls, .. } = goal.capabilities;
        let tool_calls = tool_calls.then_some(used);
        let Ended { ending, message } = ended;
        self.apply(&Input::Ended { ending, message, stored, tree, tool_calls }).await.map(drop)
    }
}

async fn signal(live: &mut Option<Live>) -> Option<Signal> {
    match live {
        Some(live) => live.signal().await,
        None => pending().await,
    }
}

async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => pending().await,
    }
}

async fn lost(lost: &mut tokio::sync::watch::Receiver<bool>) {
    // A keeper that is gone renews nothing, but nobody took the goal for that.
    if lost.wait_for(|lost| *lost).await.is_err() {
        pending::<()>().await;
    }
}

/// Runs what blocks for moments: other tasks of the runtime go on where they can.
fn blocking<T>(work: impl FnOnce() -> T) -> T {
    use tokio::runtime::{Handle, RuntimeFlavor};
    match Handle::current().runtime_flavor() {
        RuntimeFlavor::MultiThread => tokio::task::block_in_place(work),
        _ => work(),
    }
}
