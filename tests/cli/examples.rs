//! The examples as a stranger has them, and as one would break them: each lie has its answer.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::workspace::{Run, Workspace, clause, repository, run, verdict};

/// One copy, broken and mended step by step: cargo builds only what changed.
#[test]
fn checkout_is_met_until_somebody_cheats() {
    let workspace = copy_of("checkout", Workspace::empty());
    is_met(&workspace);

    // A test that fails is named.
    let tests = fs::read_to_string(workspace.path("tests/carts.rs")).expect("is there");
    let work = fs::read_to_string(workspace.path("src/lib.rs")).expect("is there");
    let broken = repository().join("examples/checkout-broken/src/lib.rs");
    workspace.write("src/lib.rs", fs::read_to_string(broken).expect("is there"));
    let name = {
        let (run, assessment) = check(&workspace);
        assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (1, "fail"));
        let found = rules_and_messages(&assessment);
        let failed = found.iter().find(|(rule, _)| rule == "test-failed").expect("is named");
        let names = all_tests(&tests);
        names.into_iter().find(|name| failed.1.contains(name)).expect("is a test of the file")
    };

    // A report written by hand, where reports often lie, changes nothing.
    workspace.write("target/report.xml", crate::reports::GREEN);
    workspace.write("target/nextest/default/junit.xml", crate::reports::GREEN);
    let (run, assessment) = check(&workspace);
    assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (1, "fail"));

    // A test that is deleted runs all the same, as it was at the start.
    let deleted =
        tests.replacen(&format!("#[test]\nfn {name}"), &format!("#[allow(dead_code)]\nfn {name}"), 1);
    assert_ne!(deleted, tests);
    workspace.write("tests/carts.rs", deleted);
    let (run, assessment) = check(&workspace);
    assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (1, "fail"));
    let found = rules_and_messages(&assessment);
    assert!(found.iter().any(|(_, message)| message.contains(&name)), "{found:?}");
    assert_eq!(verdict(&assessment, "boundary"), "fail", "the tests are protected");

    // Striking it from the list of known tests as well does not help: the list is pinned.
    let baseline = fs::read_to_string(workspace.path("tests/baseline.json")).expect("is there");
    let edited: Vec<&str> = baseline.lines().filter(|line| !line.contains(&name)).collect();
    assert!(edited.len() < baseline.lines().count());
    workspace.write("tests/baseline.json", edited.join("\n"));
    let (run, assessment) = check(&workspace);
    assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (1, "stale"));
    assert_eq!(verdict(&assessment, "boundary"), "fail", "and the tests are protected");

    // And what is mended is met again.
    workspace.write("tests/baseline.json", baseline);
    workspace.write("tests/carts.rs", tests);
    workspace.write("src/lib.rs", work);
    is_met(&workspace);
}

#[test]
fn checkout_broken_is_unmet_and_names_the_test() {
    let workspace = copy_of("checkout-broken", Workspace::empty());
    let shown = run(workspace.command(["check"]).env("HOME", home()));
    assert_eq!(shown.exit, 1, "{shown:#?}");
    let (run, assessment) = check(&workspace);
    assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (1, "fail"));
    let failed = rules_and_messages(&assessment);
    let failed: Vec<_> = failed.iter().filter(|(rule, _)| rule == "test-failed").collect();
    assert!(!failed.is_empty(), "{assessment:#}");
    for (_, message) in failed {
        let first = message.lines().next().expect("a line");
        assert!(shown.stdout.contains(first), "{first} is not in\n{}", shown.stdout);
    }
}

/// Catches screens of the example that do not show its pages any more, a broken copy that passes, and pictures that
/// nobody gets.
#[test]
fn screens_are_as_before_and_the_broken_ones_are_told() {
    let workspace = copy_of("screens", Workspace::empty());
    let (run, assessment) = workspace.check();
    assert_eq!((run.exit, verdict(&assessment, "looks").as_str()), (0, "pass"), "{assessment:#}");
    assert_eq!(clause(&assessment, "looks")["outcome"]["examined"]["count"], 2);
    let workspace = copy_of("screens-broken", Workspace::empty());
    let (run, assessment) = workspace.check();
    assert_eq!((run.exit, verdict(&assessment, "looks").as_str()), (1, "fail"), "{assessment:#}");
    workspace.golden("example-screens-broken", &["check"]);
    let saved = workspace.run(["explain", "looks", "--save", "out"]);
    assert_eq!(saved.exit, 0, "{saved:#?}");
    for name in ["cart-diff.png", "cart-side-by-side.png", "settings-diff.png", "settings-side-by-side.png"] {
        assert!(workspace.path("out").join(name).is_file(), "{name}");
    }
}

/// Both compare with the same screens, each a copy of its own, and none is larger than it needs to be.
#[test]
fn the_expected_screens_of_both_are_the_same() {
    for name in ["cart.png", "settings.png"] {
        let read = |example: &str, folder: &str| {
            fs::read(repository().join("examples").join(example).join(folder).join(name)).expect("is there")
        };
        let expected = read("screens", "expected");
        assert_eq!(expected, read("screens-broken", "expected"), "{name}");
        let broken = read("screens-broken", "actual");
        assert_ne!(expected, broken, "{name}");
        for bytes in [expected, broken, read("screens", "actual")] {
            assert!(bytes.len() < 60 * 1024, "{name}: {} bytes", bytes.len());
        }
    }
}

/// Every contract that we show is one that lint has nothing against.
#[test]
fn every_example_lints_clean() {
    for entry in fs::read_dir(repository().join("examples")).expect("is there") {
        let folder = entry.expect("is there").path();
        let contract = folder.join("goal.toml");
        if contract.is_file() && !names_built_files(&contract) {
            let workspace = Workspace::empty();
            let run = workspace.run([Path::new("lint"), &contract]);
            let text = fs::read_to_string(&contract).expect("is text");
            // What an example says itself is told as well, and nothing else.
            let is_told = text.contains("asserted") && run.stderr.contains("self-written-evidence");
            let is_clean = if is_told { run.stderr.contains(": 1 warning") } else { run.stderr.is_empty() };
            assert!(run.exit == 0 && is_clean, "{}: {run:#?}", folder.display());
        }
    }
}

/// A contract with a checker of its own needs that built first; its own steps are tested elsewhere.
fn names_built_files(contract: &Path) -> bool {
    fs::read_to_string(contract).expect("is text").contains("[checkers.")
}

fn is_met(workspace: &Workspace) {
    let (run, assessment) = check(workspace);
    assert_eq!((run.exit, &assessment["roll_up"]), (0, &"met".into()), "{assessment:#}");
    // The first check records the start tree, and can prove nothing about what was before.
    let fresh = assessment["start"]["fresh"] == true;
    for clause in assessment["clauses"].as_array().expect("a list") {
        assert_eq!(clause["asserted"], fresh && clause["name"] == "boundary", "{clause:#}");
    }
}

/// cargo is a producer here: it needs the home of the person.
fn check(workspace: &Workspace) -> (Run, Value) {
    let run = run(workspace.command(["check", "--format", "json"]).env("HOME", home()));
    let assessment = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("no assessment: {run:#?}"));
    (run, assessment)
}

fn home() -> std::ffi::OsString {
    std::env::var_os("HOME").expect("tests have one")
}

/// Rule and message of the findings of `correct`.
fn rules_and_messages(assessment: &Value) -> Vec<(String, String)> {
    let findings = clause(assessment, "correct")["outcome"]["findings"].as_array().expect("a list");
    let text = |finding: &Value, key: &str| finding[key].as_str().expect("a text").to_owned();
    findings.iter().map(|finding| (text(finding, "rule"), text(finding, "message"))).collect()
}

fn all_tests(source: &str) -> Vec<String> {
    let tests = source.split("#[test]\nfn ").skip(1);
    tests.map(|rest| rest.split_once('(').expect("is a function").0.to_owned()).collect()
}

/// Two examples have the same tests, each a copy of its own: a private copy of one holds nothing of the other.
#[test]
fn the_tests_of_both_checkouts_are_the_same() {
    for file in ["tests/carts.rs", "tests/baseline.json", "src/bin/checkout-bench.rs"] {
        let text = |example: &str| fs::read_to_string(repository().join("examples").join(example).join(file));
        assert_eq!(text("checkout").expect("is there"), text("checkout-broken").expect("is there"), "{file}");
    }
}

/// The workspace with the files of an example, without what was built there.
pub(crate) fn copy_of(example: &str, workspace: Workspace) -> Workspace {
    copy(&repository().join("examples").join(example), &workspace.folder());
    // The examples lie in a repository: only there does `.gitignore` mean something.
    let made =
        std::process::Command::new("git").args(["init", "--quiet"]).current_dir(workspace.folder()).status();
    assert!(made.expect("git is installed").success());
    workspace
}

/// Copies a folder without what was built in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("makes");
    for entry in fs::read_dir(from).expect("is there") {
        let entry = entry.expect("is there");
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        match entry.file_type().expect("has one").is_dir() {
            true if entry.file_name() == "target" => {}
            true => copy(&from, &to),
            false => drop(fs::copy(&from, &to).expect("copies")),
        }
    }
}
