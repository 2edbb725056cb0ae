//! Holds every event against what must never happen.

use evident_core::agent::Ending;
use evident_core::goal::Goal;
use evident_core::goal::budget;
use evident_core::goal::event::{Event, Recorded, TurnKind};
use evident_core::goal::state::{State, is_legal};
use evident_store::{GoalId, Store};

use super::scene::Scene;

/// How the host marks a prompt that the agent may have had before.
const MARK: &str = "you may have had this prompt before";

/// Sees every event, and folds them by itself.
pub(super) struct Witness {
    scene: Scene,
    goal: Option<Goal>,
    log: Vec<Recorded>,
    /// Messages of the owner, by the word that marks each.
    pub(super) said: Vec<String>,
    pub(super) crashes: u32,
    repeats: u32,
    broken: u32,
    completed: u32,
}

impl Witness {
    pub(super) fn new(scene: Scene) -> Self {
        Self {
            scene,
            goal: None,
            log: Vec::new(),
            said: Vec::new(),
            crashes: 0,
            repeats: 0,
            broken: 0,
            completed: 0,
        }
    }

    pub(super) fn goal(&self) -> &Goal {
        self.goal.as_ref().expect("a story begins with its goal")
    }

    pub(super) fn events(&self) -> u64 {
        self.goal.as_ref().map_or(0, |goal| goal.seq)
    }

    /// Whether the goal was ever in that state.
    pub(super) fn was(&self, state: State) -> bool {
        let changed = |event: &Event| matches!(event, Event::StateChanged { to, .. } if *to == state);
        self.log.iter().any(|recorded| changed(&recorded.event))
    }

    pub(super) fn completed(&self) -> u32 {
        self.completed
    }

    /// An event, with the goal of the host where the host told it.
    pub(super) fn see(&mut self, recorded: &Recorded, live: Option<&Goal>) {
        let after = match self.goal.take() {
            None => Goal::create(recorded).expect("the first event creates"),
            Some(before) => {
                let mut after = before.clone();
                after.fold(recorded).expect("an event that was stored can follow");
                self.check(&before, recorded, &after);
                after
            }
        };
        self.goal = Some(after);
        self.log.push(recorded.clone());
        if let (Some(live), Some(goal)) = (live, &self.goal)
            && live.seq == goal.seq
        {
            assert_eq!(live, goal, "the goal of the host is the replay of what it told");
        }
    }

    fn check(&mut self, before: &Goal, recorded: &Recorded, after: &Goal) {
        assert!(after.spent.wall_ms >= before.spent.wall_ms, "time comes back");
        assert!(after.spent.usage.tokens() >= before.spent.usage.tokens(), "tokens come back");
        let (was, is) = (before.spent.usage, after.spent.usage);
        assert!(is.tool_calls >= was.tool_calls && is.cost_microusd >= was.cost_microusd);
        assert!(is.input_tokens >= was.input_tokens && is.output_tokens >= was.output_tokens);
        assert!(after.messages.len() + after.turn.as_ref().map_or(0, |turn| turn.messages.len()) <= 64);
        match &recorded.event {
            Event::StateChanged { from, to, cause, detail, .. } => {
                assert!(
                    is_legal(Some(*from), *to, recorded.actor, *cause),
                    "{from} to {to} by {}",
                    cause.word()
                );
                assert!(!detail.trim().is_empty(), "a stop without a reason");
                if *to == State::Complete {
                    self.completed += 1;
                    let assessed = before.assessed.as_ref().expect("something was assessed");
                    assert_eq!(assessed.contract, before.contract, "another contract was assessed");
                    assert!(self.scene.is_met(assessed.tree, before.contract), "a false completion");
                }
            }
            Event::TurnStarted { kind, repeated, .. } => {
                if *kind != TurnKind::WrapUp {
                    assert_eq!(budget::exhausted(before), None, "a turn without a budget");
                }
                self.repeats += u32::from(*repeated && *kind != TurnKind::WrapUp);
                assert!(self.repeats <= self.crashes + self.broken, "more prompts repeated than turns lost");
            }
            Event::Charged { .. } => {
                let cut = budget::cut_off(before);
                let interrupted = before.turn.as_ref().is_some_and(|turn| turn.interrupted.is_some());
                assert!(cut.is_none() || interrupted, "charged on after {cut:?}");
            }
            Event::TurnLost { turn, failure: None, unsent } => {
                let heard = self.scene.lock().heard.iter().any(|heard| heard.turn == *turn);
                assert!(!(heard && *unsent), "turn {turn} was heard, and is told to be unsent");
                self.broken += 1;
            }
            // A mark that nobody read is set again on the next prompt.
            Event::TurnLost { failure: Some(_), .. } => {
                let lost = before.turn.as_ref().filter(|turn| turn.kind != TurnKind::WrapUp);
                self.repeats -= u32::from(lost.is_some_and(|turn| turn.repeated));
            }
            Event::TurnEnded(ended) if ended.ending != Ending::Completed => self.broken += 1,
            _ => {}
        }
    }

    /// What a host that died stored and did not tell.
    pub(super) fn catch_up(&mut self, store: &dyn Store, id: GoalId) {
        let mut unseen = Vec::new();
        evident_engine::goals::for_each(store, id, self.events(), |recorded| {
            unseen.push(recorded);
            Ok(())
        })
        .expect("the log can be read");
        for recorded in unseen {
            self.see(&recorded, None);
        }
    }

    /// At the end: every event that was told is stored, the chain is whole, no message was lost.
    pub(super) fn conclude(&mut self, store: &dyn Store, id: GoalId) {
        self.catch_up(store, id);
        let mut stored = Vec::new();
        evident_engine::goals::for_each(store, id, 0, |recorded| {
            stored.push(recorded);
            Ok(())
        })
        .expect("the log can be read");
        assert_eq!(stored, self.log, "what was told is what is stored");
        assert!(store.verify(Some(id)).expect("can be read").is_sound(), "the chain");
        let goal = evident_engine::goals::load(store, id).expect("can be loaded");
        assert_eq!(Some(&goal), self.goal.as_ref(), "snapshot and events give the same goal");
        self.check_messages(&goal);
    }

    fn check_messages(&self, goal: &Goal) {
        let outside = self.scene.lock();
        for said in &self.said {
            let recorded = |event: &Event| matches!(event, Event::Said { text, .. } if text.contains(said));
            if !self.log.iter().any(|recorded_event| recorded(&recorded_event.event)) {
                continue;
            }
            let heard: Vec<_> = outside.heard.iter().filter(|heard| heard.text.contains(said)).collect();
            let running = goal.turn.iter().flat_map(|turn| &turn.messages);
            let waits = goal.messages.iter().chain(running).any(|message| message.text.contains(said));
            assert!(!heard.is_empty() || waits, "`{said}` is lost");
            for again in heard.iter().skip(1) {
                assert!(
                    again.text.contains(MARK),
                    "`{said}` came twice, and turn {} is not marked",
                    again.turn
                );
            }
        }
    }
}
