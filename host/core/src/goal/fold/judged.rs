//! How an assessment changes a goal: what is known, and every count that it moves.

use crate::contract::ClauseKind;
use crate::goal::event::{Assessed, ClauseResult, ClauseStatus, Scope, Why};
use crate::goal::{Counts, Goal};

impl Goal {
    pub(super) fn assessed(&mut self, assessed: &Assessed) {
        // The owner revised the contract while it was judged: the one in force is not assessed yet.
        if assessed.contract != self.contract {
            return;
        }
        if self.due == Some(assessed.why) {
            self.due = None;
        }
        // What a turn that runs meanwhile does is looked at when it ends.
        self.tree = Some(assessed.tree);
        for clause in &assessed.clauses {
            let counts: &mut Counts = self.judged.entry(clause.name.clone()).or_default();
            counts.times = counts.times.saturating_add(1);
            let passes = clause.status == ClauseStatus::Pass;
            if passes {
                self.failing_since.remove(&clause.name);
            } else {
                counts.not_passed = counts.not_passed.saturating_add(1);
            }
            if clause.status == ClauseStatus::Fail && clause.kind == ClauseKind::Constraint {
                self.failing_since.entry(clause.name.clone()).or_insert(self.turns);
            }
        }
        if assessed.why == Why::Start {
            let passing = assessed.clauses.iter().filter(|clause| clause.status == ClauseStatus::Pass);
            self.held_before = passing.map(|clause| clause.name.clone()).collect();
        }
        self.count_progress(assessed);
        match assessed.scope {
            Scope::All => {
                self.best.learn(assessed);
                self.assessed = Some(assessed.clone());
                self.constraints = None;
            }
            Scope::Constraints => self.constraints = Some(assessed.clone()),
        }
    }

    fn count_progress(&mut self, assessed: &Assessed) {
        let same = self.assessed.as_ref().is_some_and(|before| before.evidence == assessed.evidence);
        if !assessed.progress.is_empty() {
            self.stalled = 0;
            self.idle = 0;
            // What does not keep the work from going on blocks nothing.
            self.blockers.clear();
            self.blocking.clear();
            return;
        }
        match assessed.why {
            Why::Turn | Why::Request => {
                self.stalled = self.stalled.saturating_add(1);
                assessed.blockers().for_each(|blocker| self.block(blocker));
            }
            Why::Idle if same => self.idle_confirmed = true,
            Why::Idle => self.idle = 0,
            Why::Start | Why::Stall | Why::Budget | Why::Owner | Why::Woken | Why::Hold => {}
        }
    }
}

impl Assessed {
    /// What keeps judgement from happening: a failing clause is never among them.
    pub(super) fn blockers(&self) -> impl Iterator<Item = String> {
        self.clauses.iter().filter_map(blocker)
    }

    /// What is known of such a blocker.
    pub(in crate::goal) fn about(&self, named: &str) -> Option<&str> {
        let clause = self.clauses.iter().find(|clause| blocker(clause).as_deref() == Some(named))?;
        Some(&clause.summary)
    }
}

fn blocker(clause: &ClauseResult) -> Option<String> {
    let is_open = clause.status == ClauseStatus::Inconclusive;
    clause.reason.filter(|_| is_open).map(|reason| format!("`{}` is undecided: {reason}", clause.name))
}
