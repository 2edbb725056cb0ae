//! Judges a contract as a whole. Static: nothing is collected and no evidence is looked at.
//!
//! [`structure`] needs the contract alone, [`clause`] also what the checker says of itself; the caller
//! loads checkers and brings that here. [`for_run`] warns who lets an agent loose on the contract.

mod terms;

pub use terms::for_run;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{
    At, Bindings, CLAUSES_MAX, CheckerEntry, Clause, Contract, Placed, Recipe, SOURCES_MAX, Selector, Source,
    values,
};
use crate::descriptor::{ConfigProblem, Descriptor, Slot};
use crate::problem::{Problem, Rule, Span, did_you_mean, listed};
use crate::schedule;

/// What a clause's checker is, as far as the caller could find out.
#[derive(Debug, Clone)]
pub enum CheckerState<'a> {
    /// It is neither built in nor in `[checkers]`; the names that are.
    Unknown(&'a [String]),
    /// It could not be loaded; a problem at its entry says why.
    Refused,
    /// It is there.
    Loaded(&'a Descriptor),
}

/// Rules that need nothing but the contract.
#[must_use]
pub fn structure(contract: &Contract) -> Vec<Problem> {
    let mut problems = too_many(contract);
    if !problems.is_empty() {
        return problems;
    }
    if !contract.clauses.iter().any(|clause| clause.kind == super::ClauseKind::Criterion) {
        let hint = "add a table `[criteria.NAME]` with `checker` and `evidence`";
        problems.push(Problem::new(Rule::NoCriterion, 0..0, "the contract has no criterion").hint(hint));
    }
    same_but_for_case(contract.sources.iter().map(|source| &source.name), &mut problems);
    same_but_for_case(contract.clauses.iter().map(|clause| &clause.name), &mut problems);
    same_but_for_case(contract.checkers.iter().map(|checker| &checker.name), &mut problems);
    for source in &contract.sources {
        references(contract, source, &mut problems);
    }
    for clause in &contract.clauses {
        for selector in selectors(&clause.evidence) {
            known_source(contract, &selector.value.source, &selector.span, &mut problems);
        }
    }
    for checker in contract.checkers.iter().filter(|checker| checker.sha256.is_none()) {
        let message = format!("nothing pins the component of `{}`", checker.name.value);
        let hint =
            "whoever can write it decides: its passes are asserted, not proven, until `sha256` pins it";
        problems.push(Problem::new(Rule::UnpinnedChecker, checker.path.span.clone(), message).hint(hint));
    }
    if let Err(cycle) = schedule::batches(&contract.sources) {
        for name in cycle {
            let source = contract.source(&name).expect("a cycle is made of sources");
            let message = format!("`{name}` needs a source that needs `{name}`");
            problems.push(Problem::new(Rule::NeedsCycle, source.name.span.clone(), message));
        }
    }
    unused(contract, &mut problems);
    unprotected(contract, &mut problems);
    terms::structure(contract, &mut problems);
    problems
}

/// Rules about one clause, its checker and its slots.
#[must_use]
pub fn clause(contract: &Contract, clause: &Clause, checker: &CheckerState<'_>) -> Vec<Problem> {
    match checker {
        // The rest was not read: what a clause names may stand there.
        _ if !too_many(contract).is_empty() => Vec::new(),
        CheckerState::Refused => Vec::new(),
        CheckerState::Unknown(_) if clause.checker.value.is_empty() => Vec::new(),
        CheckerState::Unknown(known) => {
            let known = || known.iter().map(String::as_str);
            let hint = did_you_mean(&clause.checker.value, known())
                .unwrap_or_else(|| format!("known checkers: {}", listed(known())));
            let message = format!("unknown checker `{}`", clause.checker.value);
            vec![Problem::new(Rule::UnknownChecker, clause.checker.span.clone(), message).hint(hint)]
        }
        CheckerState::Loaded(descriptor) => slots(contract, clause, descriptor),
    }
}

/// What the checker said about the config, at its place in the text.
#[must_use]
pub fn config(text: &str, clause: &Clause, problems: &[ConfigProblem]) -> Vec<Problem> {
    problems
        .iter()
        .map(|problem| {
            let span = clause.config.place(text, &problem.pointer, problem.range.clone());
            Problem {
                rule: Rule::ConfigRefused,
                span,
                message: problem.message.clone(),
                hint: problem.hint.clone(),
            }
        })
        .collect()
}

/// Limits that a contract asks for above those of the host, which it would not get: `fuel` in units,
/// `memory` in bytes, `wall` as a time.
#[must_use]
pub fn limits(entry: &CheckerEntry, fuel: u64, memory: u64, wall: Duration) -> Vec<Problem> {
    let raised = |name: &str, span: &Span, limit: String| {
        let message = format!("`{name}` is above the host's limit of {limit}; a contract only lowers limits");
        let hint = "the owner of the machine raises it in `policy.toml`";
        Problem::new(Rule::BadValue, span.clone(), message).hint(hint)
    };
    let entries = &entry.limits;
    let above_fuel = entries.fuel.as_ref().filter(|asked| asked.value > fuel);
    let above_memory = entries.memory.as_ref().filter(|asked| asked.value > memory);
    let above_wall = entries.wall.as_ref().filter(|asked| asked.value > wall);
    let problems = [
        above_fuel.map(|asked| raised("fuel", &asked.span, format!("{}G", fuel / 1_000_000_000))),
        above_memory.map(|asked| raised("memory", &asked.span, values::show_size(memory))),
        above_wall.map(|asked| raised("wall", &asked.span, values::show_duration(wall))),
    ];
    problems.into_iter().flatten().collect()
}

/// Every selector of a clause's bindings.
pub fn selectors(evidence: &Bindings) -> impl Iterator<Item = &Placed<Selector>> {
    let (lone, slots) = match evidence {
        Bindings::Unread => (None, None),
        Bindings::Lone(selector) => (Some(selector), None),
        Bindings::Slots(slots) => (None, Some(slots)),
    };
    lone.into_iter().chain(slots.into_iter().flatten().flat_map(|(_, selectors)| selectors))
}

/// Nearly every rule holds one against all others, so that their number is judged before anything else.
fn too_many(contract: &Contract) -> Vec<Problem> {
    let source = contract.sources.get(SOURCES_MAX).map(|source| (&source.name, SOURCES_MAX, "sources"));
    let clause = contract.clauses.get(CLAUSES_MAX);
    let clause = clause.map(|clause| (&clause.name, CLAUSES_MAX, "criteria and constraints"));
    let beyond = source.into_iter().chain(clause);
    let problem = |(name, most, what): (&Placed<String>, usize, &str)| {
        let message = format!("the contract has more than {most} {what}");
        let problem = Problem::new(Rule::BadValue, name.span.clone(), message);
        problem.hint("everything from here on is not read; split the contract")
    };
    beyond.map(problem).collect()
}

fn same_but_for_case<'a>(names: impl Iterator<Item = &'a Placed<String>>, problems: &mut Vec<Problem>) {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for name in names {
        if let Some(other) = seen.insert(name.value.to_lowercase(), &name.value) {
            let message = if other == name.value {
                format!("`{}` is the name of a criterion and of a constraint", name.value)
            } else {
                format!("`{}` and `{other}` differ in case only", name.value)
            };
            let problem = Problem::new(Rule::NameCase, name.span.clone(), message);
            problems.push(problem.hint("nobody can tell them apart in a report; rename one"));
        }
    }
}

fn references(contract: &Contract, source: &Source, problems: &mut Vec<Problem>) {
    for need in &source.needs {
        known_source(contract, &need.value, &need.span, problems);
    }
    if let Some(other) = &source.interleave {
        interleaved(contract, source, other, problems);
    }
    let Recipe::Files(files) = &source.recipe else { return };
    if let Some(after) = &files.after {
        known_source(contract, &after.value, &after.span, problems);
        if !source.needs.iter().any(|need| need.value == after.value) {
            let hint = format!("add `needs = [\"{}\"]`", after.value);
            let message = format!("`{}` is not collected before this source", after.value);
            problems.push(Problem::new(Rule::KeyConflict, after.span.clone(), message).hint(hint));
        }
    }
    if source.is_worker_writable() {
        let message = format!("`{}` reads files that the worker can write itself", source.name.value);
        let hint =
            "what rests on it alone is asserted, not proven: produce it with `run`, or pin it with `sha256`";
        problems.push(Problem::new(Rule::SelfWritten, source.name.span.clone(), message).hint(hint));
    }
}

/// Two that take turns must be able to: as often as each other, and neither after the other.
fn interleaved(contract: &Contract, source: &Source, other: &Placed<String>, problems: &mut Vec<Problem>) {
    known_source(contract, &other.value, &other.span, problems);
    let Some(partner) = contract.source(&other.value) else { return };
    let name = &source.name.value;
    let pairs = contract.sources.iter().filter(|one| {
        let named = one.interleave.as_ref().map(|other| other.value.as_str());
        one.name.value != *name && (named == Some(name) || named == Some(&other.value))
    });
    let wrong = if other.value == *name {
        Some(format!("`{name}` cannot take turns with itself"))
    } else if partner.repeat != source.repeat {
        Some(format!(
            "`{name}` is collected {} times and `{}` {}",
            source.repeat, other.value, partner.repeat
        ))
    } else if !matches!(partner.recipe, Recipe::Run(_)) {
        Some(format!("`{}` runs no command, so it cannot take turns", other.value))
    } else if source.concurrent || partner.concurrent {
        Some("sources that take turns cannot be `concurrent`".to_owned())
    } else {
        pairs
            .into_iter()
            .find(|one| one.name.value != other.value)
            .map(|third| format!("`{}` takes turns with one of them already; only two can", third.name.value))
    };
    problems.extend(wrong.map(|message| Problem::new(Rule::KeyConflict, other.span.clone(), message)));
}

/// A suite that the worker may edit shows what the worker wants. A copy with protected paths from the
/// start, or of the base, is safe from that; so is one whose pinned component does not read tests at all,
/// which nobody can tell: only the checker for test reports is looked at.
fn unprotected(contract: &Contract, problems: &mut Vec<Problem>) {
    const TEST_CHECKER: &str = "test-report";
    if !contract.boundary.protect.is_empty() {
        return;
    }
    let judging = contract.clauses.iter().filter(|clause| clause.checker.value == TEST_CHECKER);
    let edited = judging.filter_map(|clause| {
        let mut read = selectors(&clause.evidence);
        let mut read = read.by_ref().filter_map(|selector| contract.source(&selector.value.source));
        let source = read.find(|source| source.at != At::Base && matches!(source.recipe, Recipe::Run(_)))?;
        Some((clause, source))
    });
    // Once is enough: one key mends it for all.
    for (clause, source) in edited.take(1) {
        let message = format!("nothing protects the tests that `{}` runs", source.name.value);
        let hint = "name them in `[boundary] protect = [\"tests/**\"]`: else a deleted or edited test passes";
        problems.push(Problem::new(Rule::UnprotectedTests, clause.name.span.clone(), message).hint(hint));
    }
}

fn known_source(contract: &Contract, name: &str, span: &Span, problems: &mut Vec<Problem>) {
    if contract.source(name).is_some() {
        return;
    }
    let known = || contract.sources.iter().map(|source| source.name.value.as_str());
    let hint = did_you_mean(name, known())
        .unwrap_or_else(|| format!("sources of this contract: {}", listed(known())));
    let message = format!("unknown source `{name}`");
    problems.push(Problem::new(Rule::UnknownSource, span.clone(), message).hint(hint));
}

fn unused(contract: &Contract, problems: &mut Vec<Problem>) {
    let mut read: BTreeSet<&str> = BTreeSet::new();
    for clause in &contract.clauses {
        read.extend(selectors(&clause.evidence).map(|selector| selector.value.source.as_str()));
    }
    for source in &contract.sources {
        read.extend(source.needs.iter().map(|need| need.value.as_str()));
    }
    read.extend(contract.term_places.wake_sources.iter().map(|source| source.value.as_str()));
    // One that is misspelled or could not be read may be the reader: its own problem is enough.
    let all_known = read.iter().all(|name| contract.source(name).is_some());
    let all_read = !contract.clauses.iter().any(|clause| matches!(clause.evidence, Bindings::Unread));
    let sources = contract.sources.iter().filter(|_| all_known && all_read);
    for source in sources.filter(|source| !read.contains(source.name.value.as_str())) {
        let message = format!("nothing reads the evidence of `{}`", source.name.value);
        problems.push(Problem::new(Rule::UnusedEvidence, source.name.span.clone(), message));
    }
    for checker in &contract.checkers {
        if !contract.clauses.iter().any(|clause| clause.checker.value == checker.name.value) {
            let message = format!("nothing uses the checker `{}`", checker.name.value);
            problems.push(Problem::new(Rule::UnusedChecker, checker.name.span.clone(), message));
        }
    }
}

fn slots(contract: &Contract, clause: &Clause, descriptor: &Descriptor) -> Vec<Problem> {
    let mut problems = Vec::new();
    let known = || descriptor.slots.iter().map(|slot| slot.name.as_str());
    match &clause.evidence {
        Bindings::Unread => return problems,
        Bindings::Lone(selector) => match descriptor.lone_slot() {
            Some(slot) => trusted(contract, slot, selector, &mut problems),
            None => {
                let message = format!("`{}` has no single slot that a lone text could mean", descriptor.id);
                let hint = format!(
                    "write `evidence = {{ SLOT = \"{}\" }}`; slots: {}",
                    selector.value,
                    listed(known())
                );
                problems.push(Problem::new(Rule::UnknownSlot, selector.span.clone(), message).hint(hint));
            }
        },
        Bindings::Slots(bound) => {
            for (name, selectors) in bound {
                let Some(slot) = descriptor.slot(&name.value) else {
                    let hint = did_you_mean(&name.value, known())
                        .unwrap_or_else(|| format!("slots of `{}`: {}", descriptor.id, listed(known())));
                    let message = format!("`{}` has no slot `{}`", descriptor.id, name.value);
                    problems.push(Problem::new(Rule::UnknownSlot, name.span.clone(), message).hint(hint));
                    continue;
                };
                for selector in selectors {
                    trusted(contract, slot, selector, &mut problems);
                }
            }
            for slot in descriptor.slots.iter().filter(|slot| slot.required) {
                if !bound.iter().any(|(name, _)| name.value == slot.name) {
                    let message = format!("slot `{}` of `{}` needs evidence", slot.name, descriptor.id);
                    let span = clause.name.span.clone();
                    problems.push(Problem::new(Rule::SlotUnbound, span, message).hint(slot.title.clone()));
                }
            }
        }
    }
    problems
}

fn trusted(contract: &Contract, slot: &Slot, selector: &Placed<Selector>, problems: &mut Vec<Problem>) {
    let source = contract.source(&selector.value.source);
    if slot.trusted && source.is_some_and(|source| !source.is_trusted()) {
        let message = format!("slot `{}` takes only evidence that the worker cannot have written", slot.name);
        let hint = "feed it from a source with `at = \"base\"`, or with `files` and a pinned `sha256`";
        problems.push(Problem::new(Rule::UntrustedEvidence, selector.span.clone(), message).hint(hint));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{self, CLAUSES_MAX, SOURCES_MAX};

    /// Sources, each of which needs the next one, and clauses that read the first.
    fn contract(sources: usize, clauses: usize) -> String {
        let source = |index: usize| {
            let needs = if index + 1 < sources { format!("\"s{}\"", index + 1) } else { String::new() };
            format!("[evidence.s{index}]\nrun = [\"true\"]\nneeds = [{needs}]\n")
        };
        let clause = |index: usize| {
            let kind = if index.is_multiple_of(2) { "criteria" } else { "constraints" };
            format!("[{kind}.c{index}]\nchecker = \"benchmark\"\nevidence = \"s0\"\n")
        };
        let parts = (0..sources).map(source).chain((0..clauses).map(clause));
        "version = 1\n[goal]\nname = \"n\"\nobjective = \"o\"\n".to_owned() + &parts.collect::<String>()
    }

    /// Catches a contract whose rules, each held against all others, take minutes.
    #[test]
    fn sources_and_clauses_are_bounded() {
        let judged = |text: &str| structure(&contract::read(text).contract);
        assert_eq!(judged(&contract(SOURCES_MAX, CLAUSES_MAX)), []);
        let text = contract(SOURCES_MAX + 1, 1);
        let problems = judged(&text);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!((problems[0].rule, &text[problems[0].span.clone()]), (Rule::BadValue, "s1000"));
        assert_eq!(problems[0].message, "the contract has more than 1000 sources");
        let problems = judged(&contract(1, CLAUSES_MAX + 2));
        let messages: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(messages, ["the contract has more than 1000 criteria and constraints"]);
        assert_eq!(judged(&contract(SOURCES_MAX + 1, CLAUSES_MAX + 1)).len(), 2);
        let read = contract::read(&contract(2 * SOURCES_MAX, 2 * CLAUSES_MAX)).contract;
        assert_eq!((read.sources.len(), read.clauses.len()), (SOURCES_MAX + 1, CLAUSES_MAX + 1));
    }

    /// Catches messages about slots, each of which looks for sources, after the contract was refused.
    #[test]
    fn clauses_of_a_refused_contract_are_left_alone() {
        let contract = contract::read(&contract(SOURCES_MAX + 1, 1)).contract;
        let known = ["tests".to_owned()];
        assert_eq!(clause(&contract, &contract.clauses[0], &CheckerState::Unknown(&known)), []);
    }
}
