//! What is known of a goal, for the person whose goal it is: what is proven, what is not, what was tried,
//! what it cost, what a person must decide, and what the contract itself leaves open.

use schemars::JsonSchema;
use serde::Serialize;

use super::Goal;
use super::budget::{self, Line};
use super::event::{Assessed, ClauseResult, ClauseStatus};
use super::state::{Blocked, State};
use crate::contract::ClauseKind;
use crate::contract::terms::WhenUnknown;
use crate::digest::Digest;
use crate::outcome::Attachment;
use crate::text;

/// Version of the JSON form of a report.
pub const REPORT_VERSION: u32 = 1;

/// What is known of a goal.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Report {
    /// [`REPORT_VERSION`].
    pub version: u32,
    /// Names the goal.
    pub goal: String,
    /// Name in the contract.
    pub name: String,
    /// In prose.
    pub objective: String,
    /// The state.
    pub state: State,
    /// Why, in one line.
    pub detail: String,
    /// Digest of the contract in force, and its revision.
    pub contract: Digest,
    /// Counted from 1.
    pub revision: u32,
    /// How far host and agent are apart.
    pub assurance: String,
    /// Names the stored assessment that this rests on.
    pub assessment: Option<Digest>,
    /// Digest of the tree that it is about.
    pub tree: Option<Digest>,
    /// True if that is the tree as the host saw it last: else what is proven was proven of an older one.
    pub current: bool,
    /// Clauses that pass on evidence that the host made or that is pinned.
    pub proven: Vec<ClauseResult>,
    /// Clauses that pass on what the agent could have written.
    pub asserted: Vec<ClauseResult>,
    /// Clauses that fail or are undecided.
    pub not_proven: Vec<ClauseResult>,
    /// Clauses that passed before any work and pass now.
    pub held_before: Vec<String>,
    /// What the agent says that it tried: claims, by turn.
    pub tried: Vec<Note>,
    /// What it thinks is the cause: claims of its last turn that named any.
    pub hypotheses: Vec<String>,
    /// What was used up.
    pub budget: Vec<Line>,
    /// Turns that were started, the wrap-up included.
    pub turns: u32,
    /// What a person must decide or bring, where something waits for that.
    pub needed: Vec<String>,
    /// What the contract itself leaves open.
    pub about_contract: Vec<String>,
}

impl Report {
    /// Files that go with the outcomes, each with the name of its clause, in the order in which clauses are told.
    pub fn attachments(&self) -> impl Iterator<Item = (&str, &Attachment)> {
        let clauses = self.proven.iter().chain(&self.asserted).chain(&self.not_proven);
        clauses
            .flat_map(|clause| clause.attachments.iter().map(|attachment| (clause.name.as_str(), attachment)))
    }
}

/// What the agent says of a turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Note {
    /// Which.
    pub turn: u32,
    /// What.
    pub text: String,
}

/// Makes the report of a goal.
#[must_use]
pub fn report(goal: &Goal) -> Report {
    // What was judged against an older contract says nothing about the one in force.
    let assessed = goal.assessed.as_ref().filter(|assessed| assessed.contract == goal.contract);
    let clauses = newest_clauses(goal);
    let of =
        |wanted: fn(&ClauseResult) -> bool| clauses.iter().filter(|clause| wanted(clause)).cloned().collect();
    let tried = goal.claims.iter().flat_map(|(turn, claim)| {
        claim.tried.iter().map(|text| Note { turn: *turn, text: text.clone() }).collect::<Vec<_>>()
    });
    let latest = goal.claims.iter().rev().find(|(_, claim)| !claim.hypotheses.is_empty());
    Report {
        version: REPORT_VERSION,
        goal: goal.id.clone(),
        name: goal.name.clone(),
        objective: goal.objective.clone(),
        state: goal.state,
        detail: goal.detail.clone(),
        contract: goal.contract,
        revision: goal.revision,
        assurance: goal.assurance.clone(),
        assessment: assessed.map(|assessed| assessed.assessment),
        tree: assessed.map(|assessed| assessed.tree),
        current: goal.is_assessed(),
        proven: of(|clause| clause.status == ClauseStatus::Pass && !clause.asserted),
        asserted: of(|clause| clause.status == ClauseStatus::Pass && clause.asserted),
        not_proven: of(|clause| clause.status != ClauseStatus::Pass),
        held_before: held_before(goal, &clauses),
        tried: tried.collect(),
        hypotheses: latest.map(|(_, claim)| claim.hypotheses.clone()).unwrap_or_default(),
        budget: budget::lines(&goal.terms.budget, &goal.spent, goal.capabilities).to_vec(),
        turns: goal.turns,
        needed: needed(goal),
        about_contract: about_contract(goal),
    }
}

/// Those that passed before any work and pass now: of one that fails now, that it once held says nothing.
fn held_before(goal: &Goal, clauses: &[ClauseResult]) -> Vec<String> {
    let passes = |name: &&String| {
        clauses.iter().any(|clause| clause.name == **name && clause.status == ClauseStatus::Pass)
    };
    goal.held_before.iter().filter(passes).cloned().collect()
}

/// The clauses of the last whole assessment, constraints as they were judged since.
fn newest_clauses(goal: &Goal) -> Vec<ClauseResult> {
    let of_contract = |assessed: &&Assessed| assessed.contract == goal.contract;
    let mut clauses =
        goal.assessed.as_ref().filter(of_contract).map_or_else(Vec::new, |assessed| assessed.clauses.clone());
    let newer = goal.constraints.as_ref().filter(of_contract);
    for judged in newer.iter().flat_map(|assessed| &assessed.clauses) {
        match clauses.iter_mut().find(|clause| clause.name == judged.name) {
            Some(clause) => clause.clone_from(judged),
            None => clauses.push(judged.clone()),
        }
    }
    clauses
}

fn needed(goal: &Goal) -> Vec<String> {
    let asked = goal.approvals.iter().map(|approval| {
        let (id, why) = (text::name(&approval.ask.id), &approval.why);
        let short = goal.id.get(..8).unwrap_or(&goal.id);
        let act = text::line(&approval.ask.act.to_string());
        format!("allow or refuse `{act}` ({why}): `evident approve {short} {id}`")
    });
    let latest = goal.claims.back().filter(|(turn, _)| *turn == goal.turns);
    let blocker = latest.and_then(|(_, claim)| claim.blocker.as_ref());
    let claimed =
        blocker.map(|blocker| format!("the agent says that it needs {}: {}", blocker.kind, blocker.needs));
    let by_state = match goal.state {
        State::BudgetLimited if budget::used_up(goal).is_none() => Some(
            "take an agent that reports what the budget limits, or `unknown = \"warn\"`, then `evident goal resume`",
        ),
        State::BudgetLimited => {
            Some("raise the budget in the contract, `evident goal edit`, then `evident goal resume`")
        }
        State::UsageLimited => {
            Some("wait until the provider takes requests again, then `evident goal resume`")
        }
        State::Blocked(Blocked::Driver) => {
            Some("make the agent work again, `evident doctor` looks at it, then `evident goal resume`")
        }
        State::Blocked(Blocked::Storage) => Some("make room for the host's files"),
        State::Blocked(_) => Some("remove what blocks it or say what to do, then `evident goal resume`"),
        State::Paused => Some("`evident goal resume`"),
        State::Active | State::Complete | State::Cleared => None,
    };
    let unheard = (!goal.messages.is_empty() && matches!(goal.state, State::Complete | State::Cleared))
        .then(|| format!("the agent never got the last {} of your messages", goal.messages.len()));
    asked
        .chain(unheard)
        .chain(claimed.filter(|_| matches!(goal.state, State::Blocked(_))))
        .chain(by_state.map(str::to_owned))
        .collect()
}

/// What nobody has seen fail, what never ran, and what nobody can count.
fn about_contract(goal: &Goal) -> Vec<String> {
    let mut notes = Vec::new();
    for clause in &goal.terms.clauses {
        let counts = goal.judged.get(&clause.name).copied().unwrap_or_default();
        let kind = match clause.kind {
            ClauseKind::Criterion => "criterion",
            ClauseKind::Constraint => "constraint",
        };
        if counts.times == 0 {
            notes.push(format!("the {kind} `{}` was never judged", clause.name));
        } else if counts.not_passed == 0 && clause.kind == ClauseKind::Criterion {
            notes.push(format!("the criterion `{}` never failed: nothing shows that it can", clause.name));
        }
    }
    for line in budget::lines(&goal.terms.budget, &goal.spent, goal.capabilities) {
        if line.limit.is_some() && !line.known && goal.driver.is_some() {
            let effect = match goal.terms.budget.unknown {
                WhenUnknown::Warn => "that limit is not enforced",
                WhenUnknown::Stop => "no turn starts",
            };
            notes.push(format!("the agent does not report its {}: {effect}", line.name));
        }
    }
    if goal.newest().is_some_and(|assessed| assessed.contract_edited) {
        notes.push(
            "the file of the contract differs from the contract in force; `evident goal edit` takes it over"
                .into(),
        );
    }
    notes
}
