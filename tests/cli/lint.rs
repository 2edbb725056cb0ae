//! `evident lint`: says what is wrong, runs nothing, and exits 2 only for what refuses the contract.

use std::process::Command;

use crate::reports::{GREEN, HEAD, contract, suite};
use crate::workspace::Workspace;

#[test]
fn sound() {
    suite(GREEN).golden("lint-sound", &["lint"]);
}

#[test]
fn sound_as_json() {
    suite(GREEN).golden("lint-sound-json", &["lint", "--format", "json"]);
}

#[test]
fn only_warnings() {
    let workspace = Workspace::new(&contract(r#"files = ["report.xml"]"#));
    workspace.golden("lint-warning", &["lint"]);
}

#[test]
fn broken_toml() {
    Workspace::new("version = 1\n[goal\nname = \"cart\"\n").golden("lint-syntax", &["lint"]);
}

#[test]
fn an_empty_contract() {
    Workspace::new("").golden("lint-empty", &["lint"]);
}

/// What only a goal lives by: the whole of it is read, and nothing of it warns or changes what is judged.
const TERMS: &str = r#"
[constraints.still]
checker  = "test-report"
evidence = "suite"
on_fail  = "stop"

[boundary]
protect = ["tests/**"]

[[approve]]
when = { path = "/migrations/" }
why  = "Data needs a person."

[budget]
turns    = 40
cost_usd = 0.000001
wall     = "1ms"
unknown  = "stop"

[policy]
stall_turns = 3

[stop]
ask = ["Any change to the public API needs a person."]

[evidence.ci]
run = ["true"]

[wake.ci]
source = "ci"
every  = "60s"
until  = "2h"
"#;

/// Catches a check that runs out of a budget which is that of a goal, and evidence that is called unused.
#[test]
fn the_terms_of_a_goal_do_not_change_a_check() {
    let workspace = suite(GREEN);
    let text = contract(r#"run = ["cat", "report.xml"]"#);
    workspace.write("goal.toml", text.clone() + TERMS);
    let run = workspace.run(["lint"]);
    assert_eq!(
        (run.exit, run.stdout.as_str(), run.stderr.as_str()),
        (0, "goal.toml: no problems; 3 sources, 3 clauses\n", "")
    );
    let (run, assessment) = workspace.check();
    assert_eq!((run.exit, &assessment["roll_up"]), (0, &"met".into()), "{run:#?}");
}

/// The loop would learn only at the first write that nothing asks a person.
#[test]
fn an_approval_for_what_is_no_pattern_is_refused() {
    let text = contract(r#"run = ["true"]"#) + &TERMS.replace("/migrations/", "!migrations");
    let run = Workspace::new(&text).run(["lint"]);
    assert_eq!(run.exit, 2, "{run:#?}");
    assert!(run.stderr.contains("`!migrations` is not a pattern"), "{}", run.stderr);
}

/// A key that this version does not enforce is refused, never ignored.
#[test]
fn keys_that_are_not_enforced() {
    let workspace = suite(GREEN);
    let text = contract(r#"run = ["cat", "report.xml"]"#);
    let checker = "[checkers.mine]\npath = \"mine.wasm\"\nsource = \"mine@1\"\n";
    workspace.write("goal.toml", format!("{text}\n{checker}"));
    workspace.golden("lint-not-supported-yet", &["lint"]);
}

#[test]
fn a_config_that_the_checker_refuses() {
    let text = contract(r#"run = ["cat", "report.xml"]"#);
    let config = "config   = { skiped = \"deny\", flaky = \"sometimes\", min_tests = 0 }\n";
    Workspace::new(&format!("{text}{config}")).golden("lint-config", &["lint"]);
}

/// The list of tests that must be there is only worth something if the worker cannot shorten it.
#[test]
fn a_trusted_slot_takes_no_evidence_of_the_worker() {
    let workspace = Workspace::new(&format!(
        r#"{HEAD}
[evidence.suite]
run = ["cat", "report.xml"]

[evidence.known]
files = ["known.json"]

[criteria.correct]
checker  = "test-report"
evidence = {{ report = "suite", baseline = "known" }}
"#
    ));
    workspace.golden("lint-untrusted", &["lint"]);
}

#[test]
fn sources_that_need_each_other() {
    let workspace = Workspace::new(&format!(
        r#"{HEAD}
[evidence.hen]
run = ["true"]
needs = ["egg"]

[evidence.egg]
run = ["true"]
needs = ["hen"]

[criteria.correct]
checker  = "test-report"
evidence = "hen"
"#
    ));
    workspace.golden("lint-cycle", &["lint"]);
}

#[test]
fn a_checker_that_is_not_there_and_one_that_is_no_component() {
    let workspace = Workspace::new(&format!(
        r#"{HEAD}
[evidence.suite]
run = ["true"]

[criteria.absent]
checker  = "absent"
evidence = "suite"

[criteria.broken]
checker  = "broken"
evidence = "suite"

[criteria.unknown]
checker  = "test-reprot"
evidence = "suite"

[checkers.absent]
path = "absent.wasm"

[checkers.broken]
path = "broken.wasm"
"#
    ));
    workspace.write("broken.wasm", "this is not a component");
    workspace.golden("lint-checkers", &["lint"]);
}

/// `collect` removes files before the run: it may never name one that git tracks.
#[test]
fn collecting_a_tracked_file() {
    let source = "run = [\"make\"]\ncollect = [\"src/cart.rs\", \"out/report.xml\"]";
    let workspace = Workspace::new(&contract(source));
    workspace.write("src/cart.rs", "fn main() {}");
    workspace.write(".gitignore", "out/\n");
    for arguments in [&["init", "--quiet"][..], &["add", "--all"]] {
        let git = Command::new("git").args(arguments).current_dir(workspace.folder()).status();
        assert!(git.expect("git is installed").success());
    }
    workspace.golden("lint-collect-tracked", &["lint"]);
    assert!(workspace.path("src/cart.rs").exists());
}

#[test]
fn lint_runs_nothing() {
    let workspace = Workspace::new(&contract(r#"run = ["touch", "ran"]"#));
    assert_eq!(workspace.run(["lint"]).exit, 0);
    assert!(!workspace.path("ran").exists());
}

/// No checker sees the inputs of a boundary, so the host itself refuses what is not a pattern.
#[test]
fn an_input_that_is_no_pattern_is_refused() {
    let text = contract(r#"run = ["true"]"#) + "\n[boundary]\ninputs = [\"!secret\"]\n";
    let run = Workspace::new(&text).run(["lint"]);
    assert_eq!(run.exit, 2, "{run:#?}");
    assert!(run.stderr.contains("`!secret` is not a pattern"), "{}", run.stderr);
}
