//! Shows a run while it happens: a line for what is worth keeping, and on a terminal one that moves.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use evident_core::agent::{Ending, ItemKind, ItemProgress};
use evident_core::goal::Goal;
use evident_core::goal::continuation::Rule;
use evident_core::goal::event::{Assessed, ClauseResult, ClauseStatus, Event, Recorded};
use evident_core::goal::prompt::clause_line;
use evident_core::goal::state::Actor;
use evident_core::goal::step::Action;
use evident_core::text;
use evident_engine::Listener;
use evident_engine::goals::{Notice, Observer};
use indicatif::{ProgressBar, ProgressStyle};

use super::RunFormat;
use crate::format::goal::{
    answer as told, approval_commands, budget_line, turn_kind, waits_for, wake as wait,
};
use crate::format::{counted, line};
use crate::progress::follow;
use crate::ui::{self, style, styled};

/// Bytes of what an agent does, in a line.
const ITEM_BYTES: usize = 120;

/// Bytes of a clause that does not pass, in a line.
const CLAUSE_BYTES: usize = 200;

/// Shows a run.
pub(crate) struct View {
    format: RunFormat,
    bar: ProgressBar,
    told: Mutex<Told>,
}

/// What was told already: the same again is not news.
#[derive(Default)]
struct Told {
    rule: Option<Rule>,
    item: String,
    clauses: Vec<String>,
}

impl View {
    pub(crate) fn new(format: RunFormat) -> Self {
        let bar = if ui::watched() && format == RunFormat::Human {
            let style = ProgressStyle::with_template("{spinner} {wide_msg}").expect("a fixed template");
            let bar = ProgressBar::new_spinner().with_style(style);
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        } else {
            ProgressBar::hidden()
        };
        Self { format, bar, told: Mutex::default() }
    }

    /// Hears how far an assessment is.
    pub(crate) fn listener(&self) -> Listener {
        let bar = self.bar.clone();
        let busy: Arc<Mutex<Vec<String>>> = Arc::default();
        Arc::new(move |event| {
            let mut busy = busy.lock().unwrap_or_else(PoisonError::into_inner);
            follow(&mut busy, &event);
            bar.set_message(busy.join(", "));
        })
    }

    /// Hears what happens to the goal.
    pub(crate) fn observer(self: &Arc<Self>) -> Observer {
        let view = Arc::clone(self);
        Arc::new(move |goal, notice| match notice {
            Notice::Recorded(recorded) => view.recorded(goal, recorded),
            Notice::Decided(rule, actions) => view.decided(goal, rule, actions),
            Notice::Item(item) => {
                let begun = item.progress == ItemProgress::Begun || item.kind != ItemKind::ToolCall;
                let title = text::clean(&item.title, ITEM_BYTES, text::Lines::Join);
                view.bar.set_message(format!("{}  {title}", status(goal)));
                if begun && item.kind == ItemKind::ToolCall {
                    view.item(&title);
                } else if item.progress == ItemProgress::Failed {
                    view.line(&format!("    failed: {title}"), true);
                }
            }
        })
    }

    /// Says which goal it is.
    pub(crate) fn begin(&self, goal: &Goal, what: &str) {
        self.line(
            &format!("goal {}  {}  {what}", &goal.id[..8], styled(style::STRONG, &text::line(&goal.name))),
            false,
        );
        if let Some(assessed) = &goal.assessed {
            self.assessed(assessed);
        }
    }

    /// Says something that is not an event.
    pub(crate) fn note(&self, text: &str) {
        self.line(&format!("    {text}"), true);
    }

    /// Takes the moving line away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn line(&self, text: &str, faint: bool) {
        if self.format != RunFormat::Human {
            return;
        }
        let text = if faint { styled(style::FAINT, text) } else { text.to_owned() };
        self.bar.suspend(|| ui::chatter(&format!("{text}\n")));
    }

    fn recorded(&self, goal: &Goal, recorded: &Recorded) {
        if self.format == RunFormat::Jsonl {
            // A reader that has seen enough is no reason to stop the goal.
            let _closed = ui::result(&line(recorded));
        }
        match &recorded.event {
            Event::TurnStarted { turn, kind, repeated, .. } => {
                self.told().item.clear();
                let repeated = if *repeated { ", sent again" } else { "" };
                let left = budget_line(&goal.terms.budget, goal);
                let head = styled(style::STRONG, &format!("turn {turn}"));
                self.line(&format!("{head}  {}{repeated}{left}", turn_kind(*kind)), false);
            }
            Event::TurnEnded(ended) => match &ended.ending {
                Ending::Completed if ended.idle => self.line("    the agent did nothing", true),
                Ending::Completed => {}
                Ending::Interrupted => self.line("    ended by the host", true),
                Ending::Failed(failure) => self.line(&format!("    broke off: {failure}"), false),
            },
            Event::TurnLost { failure: Some(failure), .. } => {
                self.line(&format!("    did not start: {failure}"), false);
            }
            Event::TurnLost { failure: None, .. } => {
                self.line("    an earlier host lost sight of this turn", true);
            }
            Event::Interrupted { detail, .. } => self.line(&format!("    ending the turn: {detail}"), false),
            Event::Claimed { claim, .. } => {
                let request = serde_json::to_value(claim.request).ok();
                let request = request.as_ref().and_then(|word| word.as_str()).unwrap_or_default().to_owned();
                if request != "none" {
                    self.line(&format!("    the agent claims: {request}"), true);
                }
            }
            Event::Assessed(assessed) => self.assessed(assessed),
            Event::StateChanged { to, detail, .. } => {
                self.line(&format!("{}  {detail}", styled(style::STRONG, &to.to_string())), false);
            }
            Event::Asked { ask, why, .. } => {
                self.line(&format!("{}  {}", styled(style::INCONCLUSIVE, "needs a person"), ask.act), false);
                self.line(&format!("    {why}"), true);
                for command in approval_commands(goal, &ask.id) {
                    self.line(&format!("    {command}"), false);
                }
            }
            Event::Answered { answer, .. } => self.line(&format!("    answered: {}", told(answer)), true),
            Event::Waiting { wake, .. } => self.line(&format!("waits  {}", wait(wake)), false),
            Event::Woken { detail } => self.line(&format!("woken  {detail}"), false),
            Event::Refused { command, reason } if recorded.actor == Actor::Host => {
                self.line(&format!("    {command}: {reason}"), true);
            }
            _ => {}
        }
    }

    /// An agent that does the same again and again is told once.
    fn item(&self, title: &str) {
        let mut told = self.told();
        if told.item != title {
            self.line(&format!("    {title}"), true);
            title.clone_into(&mut told.item);
        }
    }

    fn assessed(&self, assessed: &Assessed) {
        let (open, passing): (Vec<_>, Vec<_>) =
            assessed.clauses.iter().partition(|clause| clause.status != ClauseStatus::Pass);
        let shown =
            |clause: &&ClauseResult| text::clean(&clause_line(clause), CLAUSE_BYTES, text::Lines::Join);
        let clauses: Vec<String> = open.iter().map(shown).collect();
        let mut told = self.told();
        let same = !clauses.is_empty() && told.clauses == clauses;
        let before = if same { ", as before" } else { "" };
        let (word, passing, all) = (assessed.roll_up.word(), passing.len(), assessed.clauses.len());
        self.line(&format!("    {word}: {passing} of {} pass{before}", counted(all as u64, "clause")), false);
        for clause in clauses.iter().filter(|_| !same) {
            self.line(&format!("      {clause}"), true);
        }
        for progress in &assessed.progress {
            self.line(&format!("      progress: {progress}"), true);
        }
        told.clauses = clauses;
    }

    /// A decision is told once, not at each look.
    fn decided(&self, goal: &Goal, rule: Rule, actions: &[Action]) {
        let mut told = self.told();
        let waits = actions.iter().any(|action| matches!(action, Action::Wait(_)));
        if waits && told.rule != Some(rule) && !matches!(rule, Rule::Running) {
            self.line(&format!("    {}", waits_for(rule, goal)), true);
        }
        if rule == Rule::Running {
            self.bar.set_message(status(goal));
        }
        told.rule = Some(rule);
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn status(goal: &Goal) -> String {
    format!("turn {}{}", goal.turns, budget_line(&goal.terms.budget, goal))
}
