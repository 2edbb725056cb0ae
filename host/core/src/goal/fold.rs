//! The one place where a goal changes: by one event.

mod judged;
mod turn;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::budget::Spent;
use super::claim::{Claim, Request};
use super::event::{Created, Event, Recorded, Why};
use super::progress::Best;
use super::state::{Actor, Blocked, Cause, State, is_legal};
use super::{Approval, BLOCKERS_MAX, CLAIMS_MAX, GOAL_VERSION, Goal, Message, Waiting};
use crate::agent::{Answer, Capabilities};

/// The name under which the wait of an agent is refused.
pub(super) const WAIT: &str = "wait";

/// An event that cannot follow on the goal: the log is damaged, or a host has a bug.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event {seq} cannot follow: {problem}")]
pub struct Illegal {
    /// Its number.
    pub seq: u64,
    /// What is wrong.
    pub problem: String,
}

impl Goal {
    /// Begins a goal with its first event.
    ///
    /// # Errors
    /// [`Illegal`] where that is not [`Event::Created`] with number 1.
    pub fn create(recorded: &Recorded) -> Result<Self, Illegal> {
        let illegal = |problem: &str| Illegal { seq: recorded.seq, problem: problem.to_owned() };
        let Event::Created(created) = &recorded.event else { return Err(illegal("the goal does not exist")) };
        if recorded.seq != 1 || !is_legal(None, State::Active, recorded.actor, Cause::Create) {
            return Err(illegal("a goal is created once, by its owner"));
        }
        Ok(Self::new(created, recorded))
    }

    fn new(created: &Created, recorded: &Recorded) -> Self {
        Self {
            version: GOAL_VERSION,
            id: created.id.clone(),
            thread: created.thread.clone(),
            name: created.name.clone(),
            objective: created.objective.clone(),
            workspace: created.workspace.clone(),
            contract_path: created.contract_path.clone(),
            revision: 1,
            contract: created.contract,
            terms: created.terms.clone(),
            seq: recorded.seq,
            created: recorded.at,
            updated: recorded.at,
            state: State::Active,
            detail: String::new(),
            driver: None,
            capabilities: Capabilities::default(),
            assurance: String::new(),
            session: None,
            planning: false,
            turns: 0,
            turn: None,
            spent: Spent::default(),
            waiting: None,
            due: Some(Why::Start),
            assessed: None,
            constraints: None,
            tree: None,
            held_before: Vec::new(),
            judged: BTreeMap::new(),
            failing_since: BTreeMap::new(),
            best: Best::default(),
            idle: 0,
            stalled: 0,
            idle_confirmed: false,
            blockers: BTreeMap::new(),
            blocking: BTreeSet::new(),
            failures: None,
            failed_with: String::new(),
            probes: 0,
            quota_until: None,
            repeat: false,
            revised: false,
            begun: false,
            wait_refused: None,
            wrapped_up: false,
            messages: VecDeque::new(),
            messages_total: 0,
            approvals: Vec::new(),
            claims: VecDeque::new(),
        }
    }

    /// Takes an event into account.
    ///
    /// # Errors
    /// [`Illegal`] where it cannot follow; the goal is as before then.
    pub fn fold(&mut self, recorded: &Recorded) -> Result<(), Illegal> {
        let illegal = |problem: String| Illegal { seq: recorded.seq, problem };
        if recorded.seq != self.seq + 1 {
            return Err(illegal(format!("it does not follow event {}", self.seq)));
        }
        self.check(recorded).map_err(illegal)?;
        self.seq = recorded.seq;
        self.updated = recorded.at;
        self.apply(&recorded.event);
        Ok(())
    }

    /// What could be wrong with an event, before anything changes.
    fn check(&self, recorded: &Recorded) -> Result<(), String> {
        let of_turn = |turn: u32| match &self.turn {
            Some(running) if running.turn == turn => Ok(()),
            Some(running) => Err(format!("turn {turn} is not turn {}", running.turn)),
            None => Err(format!("turn {turn} does not run")),
        };
        match &recorded.event {
            Event::Created(_) => Err("the goal exists".to_owned()),
            Event::StateChanged { from, to, cause, .. } => {
                if *from != self.state {
                    return Err(format!("the goal is {}, not {from}", self.state));
                }
                if !is_legal(Some(*from), *to, recorded.actor, *cause) {
                    return Err(format!("no way from {from} to {to} by {}", cause.word()));
                }
                if *to == State::Complete && !(self.is_met() && self.turn.is_none()) {
                    return Err("no assessment of the contract in force is met".to_owned());
                }
                Ok(())
            }
            Event::TurnStarted { revision, .. } if *revision != self.revision => {
                Err(format!("revision {revision} is not the one in force"))
            }
            Event::TurnStarted { turn, .. } => match &self.turn {
                Some(running) => Err(format!("turn {} still runs", running.turn)),
                None if *turn != self.turns + 1 => Err(format!("turn {turn} does not follow {}", self.turns)),
                None if self.state != State::Active => Err(format!("the goal is {}", self.state)),
                None => Ok(()),
            },
            Event::TurnTaken { turn, .. }
            | Event::Charged { turn, .. }
            | Event::Interrupted { turn, .. }
            | Event::TurnLost { turn, .. }
            | Event::Asked { turn, .. }
            | Event::Withdrawn { turn, .. }
            | Event::Answered { turn, .. } => of_turn(*turn),
            Event::TurnEnded(ended) => of_turn(ended.turn),
            Event::Revised { revision, .. } if *revision != self.revision + 1 => {
                Err(format!("revision {revision} does not follow {}", self.revision))
            }
            // A complete goal on another contract than the one that was met would be a lie.
            Event::Revised { .. } | Event::Said { .. } | Event::Waiting { .. }
                if matches!(self.state, State::Complete | State::Cleared) =>
            {
                Err(format!("the goal is {}", self.state))
            }
            Event::Said { message, .. } if *message != self.messages_total + 1 => {
                Err(format!("message {message} does not follow {}", self.messages_total))
            }
            Event::Claimed { turn, .. } if *turn == 0 || *turn > self.turns => {
                Err(format!("there was no turn {turn}"))
            }
            Event::Waited { .. } | Event::Woken { .. } if self.waiting.is_none() => {
                Err("the goal does not wait".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn apply(&mut self, event: &Event) {
        match event {
            Event::Created(_) => {}
            Event::Refused { command, reason } => {
                if command == WAIT {
                    self.wait_refused = Some(reason.clone());
                }
            }
            Event::Revised { revision, contract, objective, terms } => {
                self.revision = *revision;
                self.contract = *contract;
                self.objective.clone_from(objective);
                self.terms = (**terms).clone();
                self.revise();
            }
            Event::Attached { driver, capabilities, assurance, .. } => {
                // The conversation of another kind of agent means nothing to this one.
                if self.driver.as_ref() != Some(driver) {
                    self.session = None;
                }
                // One that cannot go on with the conversation knows nothing of it either.
                self.begun &= capabilities.resumes && self.driver.as_ref() == Some(driver);
                // The mode is one of the process that is gone; a driver tells it again.
                self.planning = false;
                self.driver = Some(driver.clone());
                self.capabilities = *capabilities;
                self.assurance.clone_from(assurance);
                // Whoever drives a goal that holds on wants to know whether it still does.
                if self.state == State::Complete && self.terms.hold {
                    self.due = Some(Why::Hold);
                }
            }
            Event::StateChanged { to, cause, detail, .. } => self.change(*to, *cause, detail),
            Event::Assessed(assessed) => self.assessed(assessed),
            Event::TurnStarted { turn, kind, prompt, revision, messages, .. } => {
                self.start(*turn, *kind, *prompt, *revision, messages);
            }
            Event::TurnTaken { session, agent_turn, process, .. } => {
                if session.is_some() {
                    self.session.clone_from(session);
                }
                if let Some(running) = &mut self.turn {
                    running.taken = true;
                    running.agent_turn.clone_from(agent_turn);
                    running.process = *process;
                }
            }
            Event::Charged { usage, wall_ms, .. } => {
                self.spent.charge(*usage, *wall_ms);
                if let Some(running) = &mut self.turn {
                    running.spent.charge(*usage, *wall_ms);
                }
            }
            Event::Interrupted { by, .. } => {
                if let Some(running) = &mut self.turn {
                    running.interrupted = Some(*by);
                }
            }
            Event::TurnEnded(ended) => self.end(ended),
            Event::TurnLost { failure, unsent, .. } => self.lose(failure.as_ref(), *unsent),
            Event::Claimed { turn, claim, stale } => {
                self.claimed(*turn, claim, *stale);
            }
            Event::Planning { planning } => self.planning = *planning,
            Event::Waiting { name, wake, by } => {
                // An agent asks at the end of its turn, an owner maybe in the middle of one.
                let since_turn = *by == Actor::Agent || self.turn.is_some();
                let (name, wake) = (name.clone(), wake.clone());
                self.waiting = Some(Waiting { name, wake, since_turn, waited_ms: 0, mark: None });
            }
            Event::Waited { wait_ms, mark } => {
                if let Some(waiting) = &mut self.waiting {
                    waiting.mark = waiting.mark.take().or_else(|| mark.clone());
                    waiting.waited_ms = waiting.waited_ms.saturating_add(*wait_ms);
                }
            }
            Event::Woken { .. } => {
                self.waiting = None;
                (self.idle, self.idle_confirmed) = (0, false);
                self.require(Why::Woken);
            }
            Event::Said { message, text } => {
                self.messages_total = *message;
                self.messages.push_back(Message { message: *message, text: text.clone() });
            }
            Event::Asked { turn, ask, why } => {
                self.approvals.push(Approval { turn: *turn, ask: ask.clone(), why: why.clone() });
            }
            Event::Answered { ask, answer, .. } => {
                self.approvals.retain(|approval| approval.ask.id != ask.id);
                if matches!(answer, Answer::Deny(_)) {
                    self.block(crate::text::name(&format!("refused: {}", ask.act)));
                }
            }
            Event::Withdrawn { ask, .. } => self.approvals.retain(|approval| approval.ask.id != ask.id),
            Event::Probed { .. } => self.count_probe(self.state),
        }
    }

    fn claimed(&mut self, turn: u32, claim: &Claim, stale: bool) {
        if let Some(blocker) = &claim.blocker
            && claim.request == Request::Blocked
            && !stale
        {
            self.block(format!("the agent needs {}: {}", blocker.kind, blocker.needs));
        }
        self.claims.push_back((turn, claim.clone()));
        while self.claims.len() > CLAIMS_MAX {
            self.claims.pop_front();
        }
    }

    fn change(&mut self, to: State, cause: Cause, detail: &str) {
        let from = std::mem::replace(&mut self.state, to);
        detail.clone_into(&mut self.detail);
        match to {
            State::Active => {
                self.forgive(from, cause);
                if cause == Cause::Resume {
                    self.require(Why::Owner);
                }
            }
            State::Complete => {
                self.waiting = None;
                self.due = None;
            }
            State::Blocked(Blocked::WakeExpired) | State::BudgetLimited | State::Cleared => {
                self.waiting = None;
            }
            State::Paused | State::Blocked(_) | State::UsageLimited => {}
        }
    }

    /// A fresh start for every count that stops a goal. What passes by itself forgives only the failure that
    /// it ends: else a goal without progress would go on for ever where its provider is away now and then.
    fn forgive(&mut self, from: State, cause: Cause) {
        // Room on the disk says nothing about the agent.
        if from == State::Blocked(Blocked::Storage) && cause == Cause::Probe {
            return;
        }
        self.failures = None;
        self.quota_until = None;
        match cause {
            // An agent that answers a probe and fails all the same is not probed for ever.
            Cause::Probe => self.count_probe(from),
            Cause::QuotaOver => {}
            _ => {
                self.restart_counts();
                self.probes = 0;
            }
        }
    }

    /// Storage is probed for as long as the host runs: its probes are not counted.
    fn count_probe(&mut self, of: State) {
        if of == State::Blocked(Blocked::Driver) {
            self.probes = self.probes.saturating_add(1);
        }
    }

    fn restart_counts(&mut self) {
        self.idle = 0;
        self.idle_confirmed = false;
        self.stalled = 0;
        self.blockers.clear();
        self.blocking.clear();
    }

    /// What was measured against another contract measures nothing now.
    fn revise(&mut self) {
        self.revised = true;
        self.restart_counts();
        self.best = Best::default();
        let names = |name: &String| self.terms.clauses.iter().any(|clause| clause.name == *name);
        self.failing_since.retain(|name, _| names(name));
        self.judged.retain(|name, _| names(name));
        self.held_before.retain(names);
        self.require(Why::Owner);
    }

    /// Makes an assessment due; one that is due already for a reason that asks for more stays.
    pub(super) fn require(&mut self, why: Why) {
        self.due = match (self.due, why) {
            (Some(Why::Start), _) => Some(Why::Start),
            (Some(before), Why::Turn) => Some(before),
            _ => Some(why),
        };
    }

    pub(super) fn block(&mut self, blocker: String) {
        if self.blocking.len() < BLOCKERS_MAX {
            self.blocking.insert(blocker);
        }
    }
}

/// Replays a log.
///
/// # Errors
/// The first event that cannot follow.
pub fn replay<'a>(log: impl IntoIterator<Item = &'a Recorded>) -> Result<Option<Goal>, Illegal> {
    let mut goal: Option<Goal> = None;
    for recorded in log {
        match &mut goal {
            None => goal = Some(Goal::create(recorded)?),
            Some(goal) => goal.fold(recorded)?,
        }
    }
    Ok(goal)
}

impl Recorded {
    /// An event of this version.
    #[must_use]
    pub fn new(seq: u64, at: crate::evidence::Timestamp, actor: Actor, event: Event) -> Self {
        Self { version: super::event::EVENT_VERSION, seq, at, actor, caller: None, event }
    }
}

#[cfg(test)]
mod tests;
