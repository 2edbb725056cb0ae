//! How a turn changes a goal: its beginning, its end, and its loss.

use crate::agent::{Ending, Failure};
use crate::digest::Digest;
use crate::goal::budget::Spent;
use crate::goal::event::{Assessed, TurnEnded, TurnKind, Why};
use crate::goal::{Goal, InFlight, Message};

impl Goal {
    pub(super) fn start(
        &mut self,
        turn: u32,
        kind: TurnKind,
        prompt: Digest,
        revision: u32,
        messages: &[u64],
    ) {
        let (handed, kept) = std::mem::take(&mut self.messages)
            .into_iter()
            .partition(|queued| messages.contains(&queued.message));
        self.messages = kept;
        let counted = std::mem::take(&mut self.blocking);
        let turns = |blocker: &String| self.blockers.get(blocker).copied().unwrap_or(0).saturating_add(1);
        self.blockers = counted.iter().map(|blocker| (blocker.clone(), turns(blocker))).collect();
        self.turns = turn;
        let repeated = std::mem::take(&mut self.repeat);
        // A wrap-up repeats nothing: the mark stays for the messages that came back.
        self.repeat = repeated && kind == TurnKind::WrapUp && !self.messages.is_empty();
        self.wait_refused = None;
        // Only these tell the agent what the contract is now.
        self.revised &= !matches!(kind, TurnKind::First | TurnKind::Revised);
        self.wrapped_up = kind == TurnKind::WrapUp;
        if kind != TurnKind::WrapUp {
            self.spent.turns = self.spent.turns.saturating_add(1);
        }
        self.turn = Some(InFlight {
            turn,
            kind,
            prompt,
            revision,
            taken: false,
            agent_turn: None,
            process: None,
            repeated,
            spent: Spent::default(),
            messages: handed.into(),
            interrupted: None,
        });
    }

    pub(super) fn end(&mut self, ended: &TurnEnded) {
        let Some(turn) = self.turn.take() else { return };
        self.approvals.clear();
        self.tree = Some(ended.tree);
        if let Some(why) = ended.due {
            self.require(why);
        }
        match &ended.ending {
            Ending::Failed(failure) => self.count_failure(failure),
            Ending::Completed => {
                self.failures = None;
                self.probes = 0;
            }
            Ending::Interrupted => self.failures = None,
        }
        let is_failed = matches!(ended.ending, Ending::Failed(_));
        // Nobody knows how much of a prompt an agent has read that failed, whether it said so or not: twice is
        // better than never.
        let is_unread = is_failed || (ended.ending == Ending::Interrupted && !turn.taken);
        if is_unread {
            self.repeat = true;
            self.revised |= turn.kind == TurnKind::Revised;
            self.uncount_blockers();
        } else {
            self.begun = true;
        }
        let is_told = !is_unread;
        let is_automatic = turn.kind != TurnKind::Message && turn.kind != TurnKind::WrapUp;
        if ended.ending == Ending::Completed {
            self.idle = if is_automatic && ended.idle { self.idle.saturating_add(1) } else { 0 };
            self.idle_confirmed = false;
        }
        // Where the evidence is looked at, the assessment tells whether there was progress.
        if ended.due.is_none() && turn.kind != TurnKind::WrapUp && is_told {
            // A turn in which the agent answers its owner is not an attempt that failed.
            self.stalled = self.stalled.saturating_add(u32::from(turn.kind != TurnKind::Message));
            // Nothing changed, so what kept judgement from happening still does.
            let still: Vec<String> = self.assessed.iter().flat_map(Assessed::blockers).collect();
            still.into_iter().for_each(|blocker| self.block(blocker));
        }
        if is_unread {
            self.give_back(turn.messages);
        }
    }

    /// A turn that failed tells nothing about blockers: they are counted as if it had not been.
    fn uncount_blockers(&mut self) {
        let before = std::mem::take(&mut self.blockers);
        self.blocking.extend(before.keys().cloned());
        let less = before.into_iter().map(|(blocker, turns)| (blocker, turns.saturating_sub(1)));
        self.blockers = less.filter(|(_, turns)| *turns > 0).collect();
    }

    pub(super) fn lose(&mut self, failure: Option<&Failure>, unsent: bool) {
        let Some(turn) = self.turn.take() else { return };
        self.approvals.clear();
        if unsent && turn.kind != TurnKind::WrapUp {
            self.spent.turns = self.spent.turns.saturating_sub(1);
        }
        if unsent && turn.kind == TurnKind::WrapUp {
            self.wrapped_up = false;
        }
        self.repeat = !unsent || turn.repeated;
        self.revised |= turn.kind == TurnKind::Revised;
        self.uncount_blockers();
        self.give_back(turn.messages);
        if let Some(failure) = failure {
            self.count_failure(failure);
        } else if !unsent {
            // Whatever it did is not known: the next look tells.
            self.require(Why::Turn);
        }
    }

    fn give_back(&mut self, messages: Vec<Message>) {
        for message in messages.into_iter().rev() {
            self.messages.push_front(message);
        }
    }

    fn count_failure(&mut self, failure: &Failure) {
        // An agent that fails in turns this way and that is no better than one that fails the same way.
        let before = self.failures.map_or(0, |(_, times)| times);
        self.failures = Some((failure.class, before.saturating_add(1)));
        self.failed_with = crate::text::line(&failure.message);
        self.quota_until = failure.until;
    }
}
