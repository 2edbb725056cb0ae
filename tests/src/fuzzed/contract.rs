//! The readers of contracts and policies over any text: total, with every place inside the text.
//!
//! It never opens what a contract names.

use std::collections::BTreeSet;
use std::time::Duration;

use evident_core::contract::config::ConfigValue;
use evident_core::contract::lint::{self, CheckerState};
use evident_core::contract::terms::{
    APPROVALS_MAX, ASK_MAX, PROSE_BYTES_MAX, RULE_TURNS_MAX, TermPlaces, WAKE_EVERY_MIN, WAKES_MAX, WakeOn,
};
use evident_core::contract::{self, CLAUSES_MAX, Contract, REPEAT_MAX, Recipe, SOURCES_MAX};
use evident_core::descriptor::{ConfigProblem, Descriptor, ReadRequirement, Slot};
use evident_core::policy;
use evident_core::problem::{Problem, Span, has_errors};
use evident_core::schedule;

/// Reads and judges; `bytes` that are not UTF-8 are nothing, because the caller refuses them.
///
/// # Panics
/// When what comes out cannot be right.
pub fn contract(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (policy, problems) = policy::read(text);
    lie_inside(text, &problems);
    assert_eq!((policy, problems), policy::read(text), "the same text, another policy");

    let reading = contract::read(text);
    let again = contract::read(text);
    assert_eq!(reading.problems, again.problems, "the same text, other problems");
    assert_eq!(
        format!("{:?}", reading.contract),
        format!("{:?}", again.contract),
        "the same text, another contract"
    );
    lie_inside(text, &reading.problems);
    let contract = &reading.contract;
    let structure = lint::structure(contract);
    lie_inside(text, &structure);
    lie_inside(text, &lint::for_run(contract));
    places(text, &contract.term_places);
    clauses(text, contract);
    for entry in &contract.checkers {
        lie_inside(text, &lint::limits(entry, 1, 1, Duration::from_millis(1)));
    }
    if !has_errors(&reading.problems) && !has_errors(&structure) {
        accepted(contract);
    }
}

fn lie_inside(text: &str, problems: &[Problem]) {
    for problem in problems {
        lies_inside(text, &problem.span, &problem.message);
        assert!(!problem.message.is_empty(), "a problem without words: {problem:?}");
    }
}

fn lies_inside(text: &str, span: &Span, what: &str) {
    assert!(
        text.get(span.clone()).is_some(),
        "{span:?} is not part of the text of {} bytes: {what}",
        text.len()
    );
}

/// Whoever judges a pattern, a wake or a rule later points to it.
fn places(text: &str, places: &TermPlaces) {
    for rule in [&places.idle_turns, &places.stall_turns, &places.blocked_turns].into_iter().flatten() {
        lies_inside(text, rule, "a rule of the policy");
    }
    for named in places.approve_paths.iter().chain(&places.wakes).chain(&places.wake_sources) {
        lies_inside(text, &named.span, &named.value);
    }
}

/// Every clause beside a checker that is not there and one that is, and what that says about its config.
fn clauses(text: &str, contract: &Contract) {
    let known = ["benchmark".to_owned(), "test-report".to_owned()];
    let descriptor = descriptor();
    for clause in &contract.clauses {
        for selector in lint::selectors(&clause.evidence) {
            lies_inside(text, &selector.span, &selector.value.to_string());
        }
        for state in [CheckerState::Unknown(&known), CheckerState::Loaded(&descriptor)] {
            lie_inside(text, &lint::clause(contract, clause, &state));
        }
        for pointer in pointers(&clause.config) {
            // What a checker answers is a stranger's too.
            let ranges = [None, Some(0..1), Some(1..usize::MAX)];
            let problems = ranges.map(|range| ConfigProblem {
                pointer: pointer.clone(),
                range,
                message: "is wrong".into(),
                hint: None,
            });
            lie_inside(text, &lint::config(text, clause, &problems));
        }
    }
}

/// One required slot, and one that takes only what the worker cannot have written.
fn descriptor() -> Descriptor {
    let slot = |name: &str, trusted: bool| Slot {
        name: name.into(),
        title: "what is judged".into(),
        required: !trusted,
        many: true,
        trusted,
        read: ReadRequirement::All,
        media_types: Vec::new(),
    };
    Descriptor {
        id: "test-report".into(),
        version: "0.1.0".into(),
        title: "A test run".into(),
        config_schema: serde_json::json!({}),
        slots: vec![slot("report", false), slot("baseline", true)],
    }
}

/// The whole config, each of its first keys, and what is below.
fn pointers(config: &ConfigValue) -> Vec<String> {
    /// A contract may have many, and each is looked up in all of them.
    const KEYS_MAX: usize = 8;
    let keys = config.json.as_object().into_iter().flat_map(|object| object.keys().take(KEYS_MAX));
    let escaped = keys.map(|key| format!("/{}", key.replace('~', "~0").replace('/', "~1")));
    let below = escaped.flat_map(|key| [format!("{key}/0"), key]);
    below.chain([String::new(), "nonsense".to_owned()]).collect()
}

/// What the engine relies on in a contract that nothing refuses.
fn accepted(contract: &Contract) {
    assert!((1..=SOURCES_MAX).contains(&contract.sources.len()), "{} sources", contract.sources.len());
    assert!((1..=CLAUSES_MAX).contains(&contract.clauses.len()), "{} clauses", contract.clauses.len());
    assert!(!contract.name.is_empty() && !contract.objective.is_empty(), "nobody knows what it is about");
    let mut names = BTreeSet::new();
    for source in &contract.sources {
        assert!(names.insert(&source.name.value), "two sources `{}`", source.name.value);
        assert!((1..=REPEAT_MAX).contains(&source.repeat), "{} goes", source.repeat);
        match &source.recipe {
            Recipe::Run(run) => {
                assert!(!run.argv.is_empty(), "`{}` runs nothing", source.name.value);
                assert!(!run.exit.is_empty(), "`{}` has no exit that is right", source.name.value);
            }
            Recipe::Files(files) => assert!(!files.paths.is_empty(), "`{}` reads nothing", source.name.value),
            Recipe::Changes(_) => {}
        }
    }
    for clause in &contract.clauses {
        assert!(!clause.checker.value.is_empty(), "`{}` has no checker", clause.name.value);
        assert!(clause.config.json.is_object(), "`{}` has a config that is not an object", clause.name.value);
        let read: Vec<_> = lint::selectors(&clause.evidence).collect();
        for selector in &read {
            assert!(
                contract.source(&selector.value.source).is_some(),
                "nobody collects `{}`",
                selector.value
            );
        }
    }
    terms(contract);
    let batches = schedule::batches(&contract.sources).expect("lint finds cycles");
    let mut scheduled: Vec<usize> =
        batches.iter().flat_map(|batch| batch.members().iter().copied()).collect();
    scheduled.sort_unstable();
    assert!(scheduled.iter().copied().eq(0..contract.sources.len()), "each is collected once: {scheduled:?}");
}

/// What the life of a goal relies on in a contract that nothing refuses.
fn terms(contract: &Contract) {
    let terms = &contract.terms;
    let counts = (terms.ask.len(), terms.approve.len(), terms.wakes.len());
    assert!(counts.0 <= ASK_MAX && counts.1 <= APPROVALS_MAX && counts.2 <= WAKES_MAX, "{counts:?}");
    let note = terms.policy.note.iter();
    for text in terms.ask.iter().chain(note).chain(terms.approve.iter().map(|approval| &approval.why)) {
        assert!((1..=PROSE_BYTES_MAX).contains(&text.len()), "{} bytes of prose", text.len());
    }
    let (stall, blocked) = (terms.policy.stall_turns, terms.policy.blocked_turns);
    assert!(stall.max(blocked).max(terms.policy.idle_turns) <= RULE_TURNS_MAX, "{:?}", terms.policy);
    assert!(stall == 0 || blocked == 0 || stall >= blocked, "{:?}", terms.policy);
    for named in &terms.wakes {
        let wake = &named.wake;
        assert!(u128::from(wake.every_ms) >= WAKE_EVERY_MIN.as_millis(), "{named:?}");
        match &wake.on {
            WakeOn::Source(source) => assert!(contract.source(source).is_some(), "{named:?}"),
            WakeOn::Files(files) => assert!(!files.is_empty(), "{named:?}"),
            _ => {}
        }
    }
    let clauses = terms.clauses.iter().map(|clause| (clause.kind, &clause.name));
    let expected = contract.clauses.iter().map(|clause| (clause.kind, &clause.name.value));
    assert!(clauses.eq(expected), "{:?}", terms.clauses);
}
