//! Goals, terms and assessments of stories, from a few words.

use std::collections::BTreeMap;

use evident_core::contract::ClauseKind;
use evident_core::contract::terms::{
    Approval, ApprovalWhen, AssessWhen, ClauseTerms, Headless, Iteration, NamedWake, OnFail, Terms, Wake,
    WakeOn, WhenUnknown,
};
use evident_core::contract::values;
use evident_core::digest::Digest;
use evident_core::evidence::Timestamp;
use evident_core::goal::event::{
    Assessed, ClauseResult, ClauseStatus, Created, Event, Gap, Recorded, Scope, Why,
};
use evident_core::goal::state::Actor;
use evident_core::outcome::{NoEvidence, Reason, Status};
use evident_core::roll_up::roll_up;

use crate::read::Words;

/// The digest that stands for a word: its bytes, folded.
pub(crate) fn digest(word: &str) -> Digest {
    let mut bytes = [0u8; 32];
    for (index, byte) in word.bytes().enumerate() {
        bytes[index % 32] = bytes[index % 32].wrapping_mul(31).wrapping_add(byte);
    }
    Digest::from_bytes(bytes)
}

/// A time of a story: as in a contract, or nothing, or days.
pub(crate) fn milliseconds(text: &str) -> u64 {
    if text == "0s" {
        return 0;
    }
    if let Some(days) = text.strip_suffix('d') {
        return days.parse::<u64>().expect("a number of days") * 24 * 60 * 60 * 1000;
    }
    let duration = values::duration(text).unwrap_or_else(|problem| panic!("{text}: {problem}"));
    u64::try_from(duration.as_millis()).expect("fits")
}

/// The first event of every story.
pub(crate) fn created(terms: Terms) -> Recorded {
    let created = Created {
        id: "0123456789abcdef0123456789abcdef".into(),
        thread: "fedcba9876543210fedcba9876543210".into(),
        name: "story".into(),
        objective: "Tell the story.".into(),
        workspace: "/shop".into(),
        contract_path: "/shop/goal.toml".into(),
        contract: digest("contract"),
        terms,
    };
    Recorded::new(1, Timestamp(1), Actor::Owner, Event::Created(Box::new(created)))
}

/// Terms from the words of a `contract` line.
pub(crate) fn terms(words: &mut Words) -> Terms {
    let mut terms = Terms::default();
    let number = |words: &mut Words, name: &str| words.take(name).map(|text| text.parse().expect("a number"));
    terms.budget.turns = number(words, "turns");
    terms.budget.tokens = number(words, "tokens");
    terms.budget.tool_calls = number(words, "tool_calls");
    terms.budget.cost_microusd = number(words, "cost");
    terms.budget.wall_ms = words.take("wall").map(|text| milliseconds(&text));
    terms.budget.turn_wall_ms = words.take("turn_wall").map(|text| milliseconds(&text));
    if words.take("unknown").as_deref() == Some("stop") {
        terms.budget.unknown = WhenUnknown::Stop;
    }
    let usual = Iteration::default();
    let turns = |words: &mut Words, name: &str, usual: u32| {
        words.take(name).map_or(usual, |text| text.parse().expect("a number"))
    };
    terms.policy.idle_turns = turns(words, "idle_turns", usual.idle_turns);
    terms.policy.stall_turns = turns(words, "stall_turns", usual.stall_turns);
    terms.policy.blocked_turns = turns(words, "blocked_turns", usual.blocked_turns);
    terms.hold = words.flag("hold");
    if words.flag("assess-on-request") {
        terms.assess = AssessWhen::Request;
    }
    for (list, kind) in [("criteria", ClauseKind::Criterion), ("constraints", ClauseKind::Constraint)] {
        for name in words.take(list).iter().flat_map(|list| list.split(',')) {
            let (name, stops) = name.split_once(':').map_or((name, false), |(name, _)| (name, true));
            let on_fail = if stops { OnFail::Stop } else { OnFail::Continue };
            terms.clauses.push(ClauseTerms { name: name.into(), kind, on_fail });
        }
    }
    if let Some(pattern) = words.take("approve") {
        let headless = if words.flag("or-stop") { Headless::Stop } else { Headless::Deny };
        let when = ApprovalWhen::Command(pattern.replace('+', " "));
        terms.approve.push(Approval { when, why: "a person decides".into(), headless });
    }
    if let Some(every) = words.take("usage-limit") {
        let wake = Wake { on: WakeOn::Every, every_ms: milliseconds(&every), until_ms: None };
        terms.wakes.push(NamedWake { name: "usage-limit".into(), wake });
    }
    if let Some(every) = words.take("wake-ci") {
        let wake = Wake { on: WakeOn::Source("ci".into()), every_ms: milliseconds(&every), until_ms: None };
        terms.wakes.push(NamedWake { name: "ci".into(), wake });
    }
    terms
}

/// An assessment from words: clauses by their names, the rest by its own.
pub(crate) fn assessed(
    words: &mut Words,
    terms: &Terms,
    why: Why,
    scope: Scope,
    before: &Before,
) -> Assessed {
    let tree = words.take("tree").map_or(before.tree, |tree| digest(&tree));
    let contract = words.take("contract").map_or(before.contract, |word| digest(&word));
    let fingerprints: Vec<String> =
        words.take("f").map(|list| list.split(',').map(str::to_owned).collect()).unwrap_or_default();
    let evidence = words.take("evidence").unwrap_or_else(|| tree.short());
    let mut clauses = Vec::new();
    for clause in &terms.clauses {
        let Some(word) = words.take(&clause.name) else { continue };
        if scope == Scope::Constraints && clause.kind == ClauseKind::Criterion {
            continue;
        }
        clauses.push(result(&clause.name, clause.kind, &word));
    }
    let statuses = clauses.iter().map(|clause| match clause.status {
        ClauseStatus::Pass => Status::Pass,
        ClauseStatus::Fail => Status::Fail,
        ClauseStatus::Inconclusive => Status::Inconclusive(Reason::Malformed),
    });
    Assessed {
        why,
        scope,
        assessment: digest("assessment"),
        tree,
        contract,
        roll_up: roll_up(statuses.collect::<Vec<_>>()),
        clauses,
        evidence: digest(&evidence),
        fingerprints,
        fingerprints_cut: words.flag("cut"),
        contract_edited: words.flag("contract-edited"),
        progress: Vec::new(),
    }
}

/// What an assessment is about unless it says otherwise.
pub(crate) struct Before {
    pub(crate) tree: Digest,
    pub(crate) contract: Digest,
}

/// `pass`, `fail`, `undecided`, `unreadable`, `asserted`, or `fail@12~1`: 12 beyond its limit, give or take 1.
fn result(name: &str, kind: ClauseKind, word: &str) -> ClauseResult {
    let (word, gap) = word.split_once('@').map_or((word, None), |(word, gap)| (word, Some(gap)));
    let (status, reason) = match word {
        "pass" | "asserted" => (ClauseStatus::Pass, None),
        "fail" => (ClauseStatus::Fail, None),
        "undecided" => (ClauseStatus::Inconclusive, Some(Reason::Malformed)),
        "unreadable" => (ClauseStatus::Inconclusive, Some(Reason::NoEvidence(NoEvidence::Unreadable))),
        other => panic!("`{other}` is not a status"),
    };
    let gap = gap.map(|gap| {
        let (beyond, noise) = gap.split_once('~').unwrap_or((gap, "0"));
        Gap { beyond: beyond.parse().expect("a number"), noise: noise.parse().expect("a number") }
    });
    ClauseResult {
        name: name.into(),
        kind,
        status,
        reason,
        summary: match word {
            "unreadable" => "the work cannot be read: `src/locked`: the host failed to open it".into(),
            _ => "as the story says".into(),
        },
        asserted: word == "asserted",
        doubts: Vec::new(),
        gaps: gap.map(|gap| BTreeMap::from([("p95".to_owned(), gap)])).unwrap_or_default(),
        attachments: Vec::new(),
    }
}
