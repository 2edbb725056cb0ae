//! What the loop does for a turn: its prompt, its signals, its charges and its end.

use std::path::Path;

use evident_agent::process::end_lost;
use evident_agent::{Found, Lost, Prompt, Signal};
use evident_core::agent::{Act, Capabilities, Ended, Ending, Failure, FailureClass, Usage};
use evident_core::contract::terms::ApprovalWhen;
use evident_core::digest::Digest;
use evident_core::goal::event::{Scope, TurnKind, Why};
use evident_core::goal::prompt::prompt;
use evident_core::goal::step::{Action, Input};
use tokio::time::Instant;

use super::{Driving, Notice, bounded};
use crate::goals::journal::Trouble;
use crate::goals::turn::Live;

impl Driving {
    pub(super) async fn begin(&mut self, kind: TurnKind) -> Result<(), Trouble> {
        let text = match self.prompt(kind).await {
            // What came out last is lost: it is assessed once more, and what is next is decided on that.
            Err(Trouble::Host(error)) if error.is_damage() && !self.is_reassessed => {
                self.is_reassessed = true;
                return self.assess(Why::Owner, Scope::All).await;
            }
            text => text?,
        };
        let prompt = self.world.keep(text.into_bytes()).await?;
        let step = self.apply(&Input::Beginning { kind, prompt }).await?;
        if step.actions.contains(&Action::Send) { self.send().await } else { Ok(()) }
    }

    /// Takes `&mut` because a driver is not shared between threads, and the loop has to be able to move to another.
    async fn prompt(&mut self, kind: TurnKind) -> Result<String, Trouble> {
        let goal = self.journal.goal();
        let assessment = match goal.newest() {
            Some(newest) => Some(self.world.assessment(newest.assessment).await?),
            None => None,
        };
        Ok(prompt(goal, assessment.as_ref(), kind))
    }

    pub(super) async fn send(&mut self) -> Result<(), Trouble> {
        let Some(turn) = &self.journal.goal().turn else { return Ok(()) };
        let (number, digest) = (turn.turn, turn.prompt);
        let text = self.world.text(digest).await?;
        self.world.begins(self.journal.goal().newest().map(|newest| newest.assessment));
        let begins = Live::begin(&mut *self.driver, Prompt { turn: number, text });
        match bounded(&mut self.desk.lost, begins).await? {
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

    pub(super) async fn look_up(&mut self) -> Result<(), Trouble> {
        let goal = self.journal.goal();
        let Some(turn) = &goal.turn else { return Ok(()) };
        // A turn that nobody saw taken may have been all the same: the host died before it could say so.
        if let Some(process) = turn.process {
            // Its host is gone, for this one has the lease; the agent may not have noticed.
            end_lost(process, Path::new(&goal.workspace)).await;
            self.world.settle().await;
        }
        let prompt = match self.world.text(turn.prompt).await {
            // An agent is not asked about a turn whose prompt is lost.
            Err(Trouble::Host(error)) if error.is_damage() => {
                return self.apply(&Input::LookedUp { unsent: false }).await.map(drop);
            }
            prompt => prompt?,
        };
        let lost = Lost { session: goal.session.clone(), turn: turn.agent_turn.clone(), prompt };
        match bounded(&mut self.desk.lost, self.driver.look_up(&lost)).await? {
            Ok(Found::Ended(ended)) => self.end(ended).await,
            Ok(Found::NeverBegan) => self.apply(&Input::LookedUp { unsent: true }).await.map(drop),
            Ok(Found::Unknown) | Err(_) => self.apply(&Input::LookedUp { unsent: false }).await.map(drop),
        }
    }

    pub(super) async fn hear(&mut self, signal: Option<Signal>) -> Result<(), Trouble> {
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
    pub(super) async fn charge(&mut self, usage: Usage) -> Result<(), Trouble> {
        let Some(live) = &mut self.live else { return Ok(()) };
        let elapsed = live.take_elapsed_ms();
        let wall_ms = if self.journal.goal().is_charged() { elapsed } else { 0 };
        self.apply(&Input::Used(usage, wall_ms)).await.map(drop)
    }

    /// When time is to be charged next: where it is about to run out, at that moment.
    pub(super) fn charge_at(&self) -> Option<Instant> {
        let live = self.live.as_ref()?;
        let goal = self.journal.goal();
        let budget = &goal.terms.budget;
        let in_turn = goal.turn.as_ref().map_or(0, |turn| turn.spent.wall_ms);
        let left = |limit: Option<u64>, spent: u64| limit.map(|limit| limit.saturating_sub(spent));
        let left = [left(budget.turn_wall_ms, in_turn), left(budget.wall_ms, goal.spent.wall_ms)];
        let left = left.into_iter().flatten().filter(|left| *left > 0 && goal.is_charged()).min();
        Some(live.charge_at(left))
    }

    pub(super) async fn end(&mut self, ended: Ended) -> Result<(), Trouble> {
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
        self.world.settle().await;
        self.world.note().await;
        let tree: Digest = self.world.tree(self.journal.goal().contract).await?;
        let goal = self.journal.goal();
        let used = goal.turn.as_ref().map_or(0, |turn| turn.spent.usage.tool_calls);
        let Capabilities { tool_calls, .. } = goal.capabilities;
        let tool_calls = tool_calls.then_some(used);
        let Ended { ending, message } = ended;
        self.apply(&Input::Ended { ending, message, stored, tree, tool_calls }).await.map(drop)
    }
}
