//! The loop of one goal: choose, step, persist, perform.
//!
//! It holds what belongs to this process alone: the turn that runs, and since when. Everything else is in the
//! log, so a host that is killed at any instant leaves a goal that the next host goes on with.

mod records;
mod storage;
#[cfg(test)]
mod tests;
mod turns;

use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use evident_agent::{Driver, Signal};
use evident_core::agent::{Failure, FailureClass, Item, Usage};
use evident_core::goal::continuation::{Facts, Rule};
use evident_core::goal::event::{Event, Recorded, Scope, Why};
use evident_core::goal::state::{Actor, Blocked, State};
use evident_core::goal::step::{Action, Input, Step, step};
use evident_core::goal::{Goal, approval};
use tokio::sync::watch;
use tokio::task::coop::consume_budget;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::journal::{Journal, Trouble};
use super::keeper::{Desk, Order};
use super::turn::{Live, milliseconds};
use super::world::{Assess, World};
use crate::{Assurance, Error};
use records::Written;

/// For what a driver does outside of a turn: an agent may take its time to start. Drivers bound themselves more
/// narrowly; one that hangs all the same must not hold its goal.
const DRIVER_MAX: Duration = Duration::from_secs(120);

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
/// [`Error::Unfit`] where the driver cannot keep what the contract asks of it; where the goal went to another
/// host, or this host failed. What was written down stays.
pub async fn drive(
    journal: Journal,
    world: Arc<dyn World>,
    drivers: &dyn Drivers,
    desk: Desk,
    manner: Manner,
    observer: Observer,
) -> Result<Driven, Trouble> {
    let driver = admitted(journal.goal(), drivers).await?;
    let now = Instant::now();
    // An agent that failed after a probe is not tried at once because its host was started again.
    let waits = journal.goal().state == State::Blocked(Blocked::Driver) && journal.goal().probes > 0;
    let mut driving = Driving {
        journal,
        world,
        driver,
        desk,
        manner,
        observer,
        live: None,
        idle_since: now,
        probed: waits.then_some(now),
        looked: now,
        waited_until: now,
        rule: None,
        assurance: drivers.assurance(),
        room: storage::Room::default(),
        is_reassessed: false,
    };
    let attached = driving.attach(drivers).await;
    let result = match attached {
        Ok(()) => driving.run().await,
        Err(trouble) => Err(trouble),
    };
    // The turn first: its process group is the agent's.
    driving.live = None;
    close(&mut *driving.driver).await;
    driving.world.settle().await;
    result?;
    Ok(Driven { goal: driving.journal.goal().clone(), rule: driving.rule })
}

/// The driver of a goal, where it can keep what the contract asks of it.
async fn admitted(goal: &Goal, drivers: &dyn Drivers) -> Result<Box<dyn Driver>, Error> {
    let mut driver = drivers.open(goal).map_err(Error::Driver)?;
    match approval::admits(&goal.terms.approve, driver.capabilities()) {
        Ok(()) => Ok(driver),
        Err(unfit) => {
            close(&mut *driver).await;
            Err(Error::Unfit(unfit))
        }
    }
}

/// Ends the agent. A driver that hangs is dropped, and its agent killed with it.
async fn close(driver: &mut dyn Driver) {
    let _hangs = timeout(DRIVER_MAX, driver.close()).await;
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
    /// When the last look at what is waited for ended, or the wait began.
    looked: Instant,
    /// Until when the wait is written down.
    waited_until: Instant,
    rule: Option<Rule>,
    assurance: Assurance,
    room: storage::Room,
    /// True once an assessment was made again because the stored one is damaged.
    is_reassessed: bool,
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
            match self.round().await {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(Trouble::Full(detail)) => self.room.note(&detail),
                Err(trouble) => return Err(trouble),
            }
            if let Some(detail) = self.room.take_trouble()
                && self.starve(&detail).await?
            {
                return Ok(());
            }
            // A store that answers at once never gives way: the end of this host is heard all the same.
            consume_budget().await;
        }
    }

    /// One decision, and what it says is done; true if that is to stop.
    async fn round(&mut self) -> Result<bool, Trouble> {
        let facts = self.facts();
        let state = self.journal.goal().state;
        let step = self.apply(&Input::Tick(facts)).await?;
        if self.journal.goal().state != state {
            self.probed = Some(Instant::now());
        }
        if step.actions.contains(&Action::Stop) {
            return Ok(true);
        }
        for action in step.actions {
            self.perform(action).await?;
        }
        Ok(false)
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
        let mut step = step(self.journal.goal(), input).expect("only commands are refused");
        self.rule = step.rule.or(self.rule);
        if let Some(rule) = step.rule {
            (self.observer)(self.journal.goal(), Notice::Decided(rule, &step.actions));
        }
        if self.write(&step, None).await? == Written::AndStopped {
            step.actions.clear();
        }
        Ok(step)
    }

    /// Does what is to be done; where there is no room for that, the goal stops.
    async fn perform(&mut self, action: Action) -> Result<(), Trouble> {
        match self.do_it(action).await {
            // An end that the owner asked for and that cannot be written down is one all the same.
            Err(Trouble::Full(detail)) if self.room.leaves() => Err(Trouble::Full(detail)),
            Err(Trouble::Full(detail)) => {
                self.room.note(&detail);
                self.storage_failed(&detail).await
            }
            other => other,
        }
    }

    async fn do_it(&mut self, action: Action) -> Result<(), Trouble> {
        match action {
            Action::Begin(kind) => self.begin(kind).await,
            Action::Send => self.send().await,
            Action::Interrupt => {
                if let Some(live) = &self.live {
                    live.interrupt();
                }
                Ok(())
            }
            Action::Answer { ask, answer } => {
                if let Some(live) = &self.live {
                    live.answer(ask, answer);
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

    async fn assess(&mut self, why: Why, scope: Scope) -> Result<(), Trouble> {
        let world = Arc::clone(&self.world);
        let contract = self.journal.goal().contract;
        let assessing = world.assess(Assess { contract, why, scope, assurance: self.assurance });
        // What was asked for is asked for again when the goal goes on.
        let Some(assessed) = self.heard(assessing, |_| true).await? else { return Ok(()) };
        let assessed = assessed?;
        self.room.sufficed();
        let superseded = world.is_superseded();
        self.apply(&Input::Assessed { assessed: Box::new(assessed), superseded }).await.map(drop)
    }

    /// Hears the owner, and whether the goal is this host's, while something takes its time. Nothing where it is
    /// called off: by a command that ends what runs, or after which it is not wanted.
    async fn heard<T>(
        &mut self,
        work: impl Future<Output = T>,
        wanted: impl Fn(&Goal) -> bool,
    ) -> Result<Option<T>, Trouble> {
        let mut work = pin!(work);
        let mut hears = true;
        loop {
            tokio::select! {
                biased;
                () = lost(&mut self.desk.lost) => return Err(Trouble::Fenced),
                order = self.desk.orders.recv(), if hears => {
                    let Some(order) = order else {
                        hears = false;
                        continue;
                    };
                    let actions = self.obey(order).await?;
                    if actions.contains(&Action::Interrupt) || !wanted(self.journal.goal()) {
                        return Ok(None);
                    }
                }
                done = &mut work => return Ok(Some(done)),
            }
        }
    }

    /// The world learns of a revision; a host that dies before this does it when the goal goes on.
    async fn revise(&mut self, step: &Step) -> Result<(), Trouble> {
        for (_, event) in &step.events {
            if let Event::Revised { contract, revision, .. } = event {
                self.world.revise(*contract, *revision).await?;
            }
        }
        Ok(())
    }

    async fn look(&mut self) -> Result<(), Trouble> {
        let Some(waiting) = self.journal.goal().waiting.clone() else { return Ok(()) };
        let wait_ms = milliseconds(self.waited_until.elapsed());
        let (contract, waited_ms) = (self.journal.goal().contract, waiting.waited_ms.saturating_add(wait_ms));
        let world = Arc::clone(&self.world);
        let looking = world.look(contract, &waiting, waited_ms);
        let state = self.journal.goal().state;
        // Whoever pauses a goal that waits does not wait for the look.
        let wanted = |goal: &Goal| goal.state == state && goal.waiting.as_ref() == Some(&waiting);
        let Some(seen) = self.heard(looking, wanted).await? else { return Ok(()) };
        let seen = seen?;
        // What the look itself took is time of the wait too, and the pause before the next one begins now.
        self.waited_until += Duration::from_millis(wait_ms);
        self.looked = Instant::now();
        self.apply(&Input::Looked { wait_ms, mark: seen.mark, fired: seen.fired }).await?;
        if self.journal.goal().waiting.is_none() {
            // What woke this wait is not news to the turn that follows.
            self.world.note().await;
        }
        Ok(())
    }

    async fn probe(&mut self) -> Result<(), Trouble> {
        let result = if self.journal.goal().state == State::Blocked(Blocked::Storage) {
            let found = self.probe_room().await;
            self.probed = Some(Instant::now());
            // Nothing is written about a disk that is still full: that would fill it.
            if found.is_err() {
                return Ok(());
            }
            found
        } else {
            let probed = bounded(&mut self.desk.lost, self.driver.probe()).await?;
            probed.map_err(|failure| failure.to_string())
        };
        self.probed = Some(Instant::now());
        self.apply(&Input::Probed(result)).await.map(drop)
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
        let stepped = match &order.command {
            Ok(command) => step(self.journal.goal(), &Input::Command(command.clone()))
                .map_err(|refusal| (command.word(), refusal.0)),
            Err(unreadable) => Err(("unreadable", unreadable.clone())),
        };
        let (result, actions) = match stepped {
            Ok(mut step) => {
                match self.write(&step, Some(&order)).await {
                    Err(Trouble::Full(detail)) => return self.unwritten(order, detail),
                    Ok(Written::AndStopped) => step.actions.clear(),
                    Ok(Written::AsUsual) => {}
                    Err(trouble) => return Err(trouble),
                }
                self.revise(&step).await?;
                (Ok(()), step.actions)
            }
            Err((command, reason)) => {
                if order.answers.is_some() {
                    let refused = Event::Refused { command: command.to_owned(), reason: reason.clone() };
                    let step = Step { events: vec![(Actor::Host, refused)], ..Step::default() };
                    self.write(&step, Some(&order)).await?;
                }
                (Err(reason), Vec::new())
            }
        };
        if let Some(reply) = order.reply {
            // Whoever does not wait any more need not hear it.
            let _gone = reply.send(result);
        }
        Ok(actions)
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

/// What a driver does within its time, while the goal is this host's.
async fn bounded<T>(
    watched: &mut watch::Receiver<bool>,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<Result<T, Failure>, Trouble> {
    tokio::select! {
        biased;
        () = lost(watched) => Err(Trouble::Fenced),
        done = timeout(DRIVER_MAX, work) => {
            let hangs = || Failure::new(FailureClass::Stalled, "the driver of the agent gave no answer");
            Ok(done.unwrap_or_else(|_| Err(hangs())))
        }
    }
}

async fn lost(lost: &mut watch::Receiver<bool>) {
    // A keeper that is gone renews nothing, but nobody took the goal for that.
    if lost.wait_for(|lost| *lost).await.is_err() {
        pending::<()>().await;
    }
}
