//! The one place where decisions are made: a goal and an input in, events and actions out.
//!
//! Nothing changes here: whoever calls writes the events down, folds them, and then does what the actions
//! say. An action that was lost with its host is decided again from the log.

mod owner;
mod turn;

use super::Goal;
use super::claim;
use super::continuation::{self, Facts, Next, Rule, completes};
use super::event::{Assessed, Event, Interruption, Scope, TurnKind, Why};
use super::state::{Actor, Blocked, Cause, State};
use crate::agent::{Answer, Ask, Ending, Failure, Usage};
use crate::contract::terms::Terms;
use crate::digest::Digest;
use crate::roll_up::RollUp;
use crate::text;
use owner::obey;
use turn::{ask_person, begin, charge, end, withdraw};

/// What comes to a goal from outside.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// Time to decide what is next.
    Tick(Facts),
    /// The owner wants something.
    Command(Command),
    /// A host begins to drive it.
    Attached(Event),
    /// The turn that [`Action::Begin`] asked for is prepared: its prompt is stored.
    Beginning {
        /// Why it runs.
        kind: TurnKind,
        /// Names the stored prompt.
        prompt: Digest,
    },
    /// The agent took the prompt.
    Taken {
        /// The agent's own name for the conversation.
        session: Option<String>,
        /// The agent's own name for the turn.
        agent_turn: Option<String>,
        /// The leader of the agent's process group.
        process: Option<u32>,
    },
    /// The turn used something, and time.
    Used(Usage, u64),
    /// The agent wants to do something and must be allowed.
    Asked {
        /// What.
        ask: Ask,
        /// The path patterns of the contract's approvals that a path of it matches.
        matched: Vec<String>,
        /// True if a person is there to decide.
        attended: bool,
    },
    /// The agent does not wait for that any more.
    Withdrawn(String),
    /// The agent only plans, or does not any more.
    Planning(bool),
    /// The turn ended.
    Ended {
        /// How.
        ending: Ending,
        /// The agent's last message.
        message: String,
        /// Names it, stored.
        stored: Option<Digest>,
        /// Digest of the tree now.
        tree: Digest,
        /// Tool calls of the turn; absent where the driver cannot report them.
        tool_calls: Option<u64>,
    },
    /// The turn could not be started.
    NotBegun(Failure),
    /// What became of the turn that a host lost sight of.
    LookedUp {
        /// True if the agent never got the prompt.
        unsent: bool,
    },
    /// The contract was assessed, for the reason that [`Action::Assess`] named: another one leaves that due.
    /// [`Assessed::progress`] is filled in here.
    Assessed {
        /// How it came out.
        assessed: Box<Assessed>,
        /// True if the thread has a newer goal.
        superseded: bool,
    },
    /// What is waited for was looked at.
    Looked {
        /// Since the last look, in milliseconds.
        wait_ms: u64,
        /// What is seen of it now, where it wakes by a change.
        mark: Option<String>,
        /// What happened, where it wakes by that.
        fired: Option<String>,
    },
    /// A probe ended.
    Probed(Result<(), String>),
    /// The log could not be written and can be again, with what is known of it.
    StorageFailed(String),
}

/// What an owner wants.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Command {
    /// No further turn; `now` ends the one that runs.
    Pause {
        /// True to end the turn that runs.
        now: bool,
    },
    /// Go on.
    Resume,
    /// Tell the agent something.
    Say {
        /// What.
        text: String,
    },
    /// Put a revision of the contract in force.
    Edit {
        /// Digest of its text, stored.
        contract: Digest,
        /// Its objective.
        objective: String,
        /// Its terms.
        terms: Box<Terms>,
    },
    /// Wait for something, or, without it, wait no longer.
    Wake {
        /// For what.
        wait: Option<claim::Wait>,
    },
    /// Allow what the agent asks for.
    Approve {
        /// The question; the only one where it is absent.
        ask: Option<String>,
    },
    /// Refuse what the agent asks for.
    Deny {
        /// The question; the only one where it is absent.
        ask: Option<String>,
        /// What the agent is told.
        why: String,
    },
    /// Let go of the goal.
    Clear,
}

impl Command {
    /// As it is shown.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Pause { now: false } => "pause",
            Self::Pause { now: true } => "pause --now",
            Self::Resume => "resume",
            Self::Say { .. } => "say",
            Self::Edit { .. } => "edit",
            Self::Wake { .. } => "wake",
            Self::Approve { .. } => "approve",
            Self::Deny { .. } => "deny",
            Self::Clear => "clear",
        }
    }
}

/// What is to be done once the events are written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Prepare a turn, then tell [`Input::Beginning`].
    Begin(TurnKind),
    /// Send the prompt of the turn that was started.
    Send,
    /// End what runs: the turn, or an assessment.
    Interrupt,
    /// Answer the agent.
    Answer {
        /// The question.
        ask: String,
        /// What was decided.
        answer: Answer,
    },
    /// Assess the contract.
    Assess(Why, Scope),
    /// Look at what is waited for.
    Look,
    /// Probe what keeps the goal from going on.
    Probe,
    /// Ask the agent what became of the turn that a host lost sight of.
    LookUp,
    /// Nothing to do until something comes in, or so many milliseconds have passed.
    Wait(u64),
    /// Let go of the goal.
    Stop,
}

/// What follows from an input.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Step {
    /// To be written down, all or none, before anything is done.
    pub events: Vec<(Actor, Event)>,
    /// To be done, in order.
    pub actions: Vec<Action>,
    /// For a tick: the rule that decided.
    pub rule: Option<Rule>,
}

/// A command that has no effect, and why; one line for the person who gave it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub String);

/// Decides what follows.
///
/// # Errors
/// A command that has no effect.
pub fn step(goal: &Goal, input: &Input) -> Result<Step, Refusal> {
    let mut step = Step::default();
    match input {
        Input::Tick(facts) => tick(goal, facts, &mut step),
        Input::Command(command) => obey(goal, command, &mut step)?,
        Input::Attached(event) => step.host(event.clone()),
        Input::Beginning { kind, prompt } => begin(goal, *kind, *prompt, &mut step),
        Input::Taken { session, agent_turn, process } => step.of_turn(goal, |turn| Event::TurnTaken {
            turn,
            session: session.clone(),
            agent_turn: agent_turn.clone(),
            process: *process,
        }),
        Input::Used(usage, wall_ms) => charge(goal, *usage, *wall_ms, &mut step),
        Input::Asked { ask, matched, attended } => ask_person(goal, ask, matched, *attended, &mut step),
        Input::Withdrawn(id) => withdraw(goal, id, &mut step),
        Input::Planning(planning) if *planning != goal.planning => {
            step.host(Event::Planning { planning: *planning });
        }
        Input::Planning(_) => {}
        Input::Ended { ending, message, stored, tree, tool_calls } => {
            end(goal, ending, message, *stored, *tree, *tool_calls, &mut step);
        }
        Input::NotBegun(failure) => {
            step.of_turn(goal, |turn| Event::TurnLost { turn, failure: Some(failure.clone()), unsent: true });
        }
        Input::LookedUp { unsent } => {
            step.of_turn(goal, |turn| Event::TurnLost { turn, failure: None, unsent: *unsent });
        }
        Input::Assessed { assessed, superseded } => judge(goal, assessed, *superseded, &mut step),
        Input::Looked { wait_ms, mark, fired } => {
            look(goal, *wait_ms, mark.as_deref(), fired.as_deref(), &mut step);
        }
        Input::Probed(result) => probed(goal, result, &mut step),
        Input::StorageFailed(detail) if goal.state == State::Active => {
            step.change(goal, State::Blocked(Blocked::Storage), Actor::Host, Cause::Storage, detail);
        }
        Input::StorageFailed(_) => {}
    }
    Ok(step)
}

impl Step {
    fn host(&mut self, event: Event) {
        self.events.push((Actor::Host, event));
    }

    fn of_turn(&mut self, goal: &Goal, event: impl FnOnce(u32) -> Event) {
        if let Some(turn) = &goal.turn {
            self.host(event(turn.turn));
        }
    }

    fn change(&mut self, goal: &Goal, to: State, actor: Actor, cause: Cause, detail: &str) {
        self.change_on(goal, to, actor, cause, detail, Vec::new());
    }

    fn change_on(
        &mut self,
        goal: &Goal,
        to: State,
        actor: Actor,
        cause: Cause,
        detail: &str,
        evidence: Vec<Digest>,
    ) {
        // Whoever asks why it stopped is told something, whatever the source of the detail was.
        let detail = if detail.trim().is_empty() { cause.word().to_owned() } else { text::line(detail) };
        self.events.push((actor, Event::StateChanged { from: goal.state, to, cause, detail, evidence }));
    }
}

fn tick(goal: &Goal, facts: &Facts, step: &mut Step) {
    let decision = continuation::decide(goal, facts);
    step.rule = Some(decision.rule);
    match decision.next {
        Next::Begin(kind) => step.actions.push(Action::Begin(kind)),
        Next::Assess(why, scope) => step.actions.push(Action::Assess(why, scope)),
        Next::Wait(milliseconds) => step.actions.push(Action::Wait(milliseconds)),
        Next::Interrupt(by, detail) => interrupt(goal, by, detail, step),
        Next::Look => step.actions.push(Action::Look),
        Next::Probe => step.actions.push(Action::Probe),
        Next::LookUp => step.actions.push(Action::LookUp),
        Next::Change(to, cause, detail) => {
            let evidence = goal.newest().map(|assessed| assessed.assessment).into_iter().collect();
            step.change_on(goal, to, Actor::Host, cause, &detail, evidence);
        }
        Next::Stop => step.actions.push(Action::Stop),
    }
}

fn interrupt(goal: &Goal, by: Interruption, detail: String, step: &mut Step) {
    step.of_turn(goal, |turn| Event::Interrupted { turn, by, detail });
    step.actions.push(Action::Interrupt);
}

fn judge(goal: &Goal, assessed: &Assessed, superseded: bool, step: &mut Step) {
    let mut assessed = assessed.clone();
    // Before any work there is nothing to be better than, and what an edit of the contract changed is not work.
    let is_comparable = |before: &Assessed| before.contract == goal.contract;
    let measured = assessed.scope == Scope::All
        && assessed.contract == goal.contract
        && goal.assessed.as_ref().is_some_and(is_comparable);
    assessed.progress = if measured { goal.best.improved_by(&assessed) } else { Vec::new() };
    let evidence = vec![assessed.assessment];
    let met = completes(goal, &assessed);
    let holds = goal.state == State::Complete && goal.terms.hold && assessed.why == Why::Hold;
    let revoked = holds && assessed.contract == goal.contract && assessed.roll_up != RollUp::Met;
    step.host(Event::Assessed(Box::new(assessed)));
    if met {
        let detail = "every clause passes on one tree";
        step.change_on(goal, State::Complete, Actor::Host, Cause::Met, detail, evidence);
    } else if revoked {
        let to = if superseded { State::Blocked(Blocked::Revoked) } else { State::Active };
        let detail = "the contract is not met any more";
        step.change_on(goal, to, Actor::Host, Cause::Revoked, detail, evidence);
    }
}

fn look(goal: &Goal, wait_ms: u64, mark: Option<&str>, fired: Option<&str>, step: &mut Step) {
    let Some(waiting) = &goal.waiting else { return };
    let is_first = waiting.mark.is_none() && mark.is_some();
    if wait_ms > 0 || is_first {
        step.host(Event::Waited { wait_ms, mark: mark.map(str::to_owned) });
    }
    let changed = !is_first && mark.is_some() && waiting.mark.as_deref() != mark;
    if let Some(detail) = fired.or(changed.then_some("what was waited for changed")) {
        step.host(Event::Woken { detail: text::line(detail) });
        return;
    }
    let waited = waiting.waited_ms.saturating_add(wait_ms);
    if waiting.wake.until_ms.is_some_and(|until| waited >= until) && goal.state == State::Active {
        let detail = "what was waited for did not come in time";
        step.change(goal, State::Blocked(Blocked::WakeExpired), Actor::Host, Cause::WakeExpired, detail);
    }
}

fn probed(goal: &Goal, result: &Result<(), String>, step: &mut Step) {
    match (result, goal.state) {
        (Ok(()), State::Blocked(Blocked::Storage | Blocked::Driver)) => {
            let detail = "what kept it from going on is gone";
            step.change(goal, State::Active, Actor::Host, Cause::Probe, detail);
        }
        (Err(detail), State::Blocked(_)) => step.host(Event::Probed { detail: text::line(detail) }),
        _ => {}
    }
}
