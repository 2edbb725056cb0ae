//! Judges the terms of a contract: what only the life of a goal needs.

use super::{known_source, same_but_for_case};
use crate::contract::Contract;
use crate::contract::terms::{Budget, Iteration};
use crate::problem::{Problem, Rule};

/// Rules that hold for everybody, so that a contract which is checked can also be run.
pub(super) fn structure(contract: &Contract, problems: &mut Vec<Problem>) {
    let places = &contract.term_places;
    same_but_for_case(places.wakes.iter(), problems);
    for source in &places.wake_sources {
        known_source(contract, &source.value, &source.span, problems);
    }
    problems.extend(stall_before_blocked(contract));
}

/// Nobody would learn of a blocker where the goal is called stalled first.
fn stall_before_blocked(contract: &Contract) -> Option<Problem> {
    let Iteration { stall_turns, blocked_turns, .. } = contract.terms.policy;
    let places = &contract.term_places;
    // One that is not written has its default, which stands nowhere; both of them fit each other.
    let place = places.stall_turns.as_ref().or(places.blocked_turns.as_ref())?;
    if stall_turns == 0 || blocked_turns == 0 || stall_turns >= blocked_turns {
        return None;
    }
    let message = format!("`stall_turns` ({stall_turns}) is below `blocked_turns` ({blocked_turns})");
    let hint = "a blocked goal would be called stalled first; raise or lower one, 0 switches a rule off";
    Some(Problem::new(Rule::KeyConflict, place.clone(), message).hint(hint))
}

/// Warnings for `evident run` alone: nobody else uses anything up, or has to stop.
#[must_use]
pub fn for_run(contract: &Contract) -> Vec<Problem> {
    [no_budget(contract), no_stop_rule(contract)].into_iter().flatten().collect()
}

fn no_budget(contract: &Contract) -> Option<Problem> {
    // A limit of one turn bounds no number of turns.
    let Budget { turns, tool_calls, tokens, wall_ms, cost_microusd, .. } = contract.terms.budget;
    if [turns, tool_calls, tokens, wall_ms, cost_microusd].iter().any(Option::is_some) {
        return None;
    }
    let hint = "add a table `[budget]`, for example with `turns = 40` and `wall = \"3h\"`";
    Some(Problem::new(Rule::NoBudget, 0..0, "nothing bounds what `evident run` may use up").hint(hint))
}

fn no_stop_rule(contract: &Contract) -> Option<Problem> {
    let Iteration { idle_turns, stall_turns, blocked_turns, .. } = contract.terms.policy;
    let places = &contract.term_places;
    let rules = [&places.idle_turns, &places.stall_turns, &places.blocked_turns];
    let first = rules.into_iter().flatten().min_by_key(|place| place.start);
    let hint = "set one of its rules above 0, or say in `[stop] ask` when a person is asked";
    let (message, hint) = match [idle_turns, stall_turns, blocked_turns] {
        _ if !contract.terms.ask.is_empty() => return None,
        [0, 0, 0] => ("every rule of `[policy]` is switched off", hint.to_owned()),
        _ if first.is_some() => return None,
        [idle, stall, blocked] => {
            let hint = format!(
                "the defaults hold: `idle_turns = {idle}`, `stall_turns = {stall}`, `blocked_turns = {blocked}`; \
                 write them in `[policy]`, or say in `[stop] ask` when a person is asked"
            );
            ("the contract does not say when `evident run` gives up or asks", hint)
        }
    };
    let place = first.cloned().unwrap_or(0..0);
    Some(Problem::new(Rule::NoStopRule, place, message).hint(hint))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{self, lint};

    const HEAD: &str = "version = 1\n[goal]\nname = \"n\"\nobjective = \"o\"\n\
        [evidence.a]\nrun = [\"true\"]\n[criteria.c]\nchecker = \"changes\"\nevidence = \"a\"\n";

    /// Code, place and message of what the rule says to the text, which is read without a problem.
    fn judged(rule: fn(&Contract) -> Vec<Problem>, text: &str) -> Vec<(&'static str, String, String)> {
        let text = format!("{HEAD}{text}");
        let reading = contract::read(&text);
        assert_eq!(reading.problems, [], "{text}");
        let problems = rule(&reading.contract).into_iter();
        let place = |problem: &Problem| text[problem.span.clone()].to_owned();
        problems.map(|problem| (problem.rule.code(), place(&problem), problem.message)).collect()
    }

    #[test]
    fn a_goal_stalls_no_sooner_than_it_is_blocked() {
        let fine = [
            "",
            "stall_turns = 3",
            "blocked_turns = 5",
            "stall_turns = 0\nblocked_turns = 9",
            "stall_turns = 1\nblocked_turns = 0",
            "stall_turns = 7\nblocked_turns = 7",
        ];
        for policy in fine {
            assert_eq!(judged(lint::structure, &format!("[policy]\n{policy}\n")), [], "{policy}");
        }
        for (policy, place, stall, blocked) in [
            ("stall_turns = 2", "2", 2, 3),
            ("blocked_turns = 6", "6", 5, 6),
            ("blocked_turns = 9\nstall_turns = 8", "8", 8, 9),
        ] {
            let message = format!("`stall_turns` ({stall}) is below `blocked_turns` ({blocked})");
            let expected = [("key-conflict", place.to_owned(), message)];
            assert_eq!(judged(lint::structure, &format!("[policy]\n{policy}\n")), expected);
        }
    }

    /// Catches a source that is called unused although a goal waits for it, and a wake that waits for none.
    #[test]
    fn a_wake_reads_its_source() {
        let of = |source: &str| {
            format!("[evidence.ci]\nrun = [\"true\"]\n[wake.w]\nsource = \"{source}\"\nevery = \"5m\"\n")
        };
        assert_eq!(judged(lint::structure, &of("ci")), []);
        let unused = ("unused-evidence", "ci".to_owned(), "nothing reads the evidence of `ci`".to_owned());
        assert_eq!(judged(lint::structure, &of("a")), [unused]);
        let unknown = ("unknown-source", "\"cj\"".to_owned(), "unknown source `cj`".to_owned());
        assert_eq!(judged(lint::structure, &of("cj")), [unknown]);
    }

    #[test]
    fn wakes_differ_in_more_than_case() {
        let text = "[wake.ci]\nevery = \"1h\"\n[wake.CI]\nevery = \"2h\"\n";
        let message = "`CI` and `ci` differ in case only".to_owned();
        assert_eq!(judged(lint::structure, text), [("name-case", "CI".to_owned(), message)]);
    }

    /// Catches a warning that only `run` needs, given to everybody, and one that a limit of a turn silences.
    #[test]
    fn an_agent_that_nothing_bounds_is_warned_about() {
        let no_budget =
            ("no-budget", String::new(), "nothing bounds what `evident run` may use up".to_owned());
        let message = "the contract does not say when `evident run` gives up or asks".to_owned();
        let no_rule = ("no-stop-rule", String::new(), message);
        assert_eq!(judged(lint::structure, ""), []);
        assert_eq!(judged(for_run, ""), [no_budget.clone(), no_rule.clone()]);
        let turn = "[budget]\nturn_wall = \"1m\"\nunknown = \"stop\"\n[policy]\nnote = \"n\"\n";
        assert_eq!(judged(for_run, turn), [no_budget.clone(), no_rule.clone()]);
        for limit in ["turns = 1", "tool_calls = 1", "tokens = \"2M\"", "wall = \"3h\"", "cost_usd = 0.5"] {
            assert_eq!(
                judged(for_run, &format!("[budget]\n{limit}\n")),
                std::slice::from_ref(&no_rule),
                "{limit}"
            );
        }
        let ask = "[stop]\nask = [\"The API changes.\"]\n";
        let rules = ["idle_turns = 0", "stall_turns = 0", "blocked_turns = 1"];
        let rules = rules.map(|rule| format!("[policy]\n{rule}\n"));
        for stop in rules.into_iter().chain([ask.to_owned()]) {
            assert_eq!(judged(for_run, &stop), std::slice::from_ref(&no_budget), "{stop}");
        }
        let off = "[policy]\nblocked_turns = 0\nstall_turns = 0x0\nidle_turns = 0\n";
        let message = "every rule of `[policy]` is switched off".to_owned();
        let off_rule = ("no-stop-rule", "0".to_owned(), message);
        assert_eq!(judged(for_run, off), [no_budget.clone(), off_rule]);
        assert_eq!(judged(for_run, &format!("{off}{ask}")), [no_budget]);
    }
}
