//! `evident baseline write`: a green suite becomes a file that a deleted test cannot get past.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::reports::HEAD;
use crate::workspace::{Run, Workspace, verdict};

/// Every file `tests/NAME.t` is a test, which fails where it says `fails`.
const SUITE: &str = r#"echo "<testsuite>"
for file in tests/*.t; do
  name=$(basename "$file" .t)
  if grep -q fails "$file"; then echo "<testcase name='$name'><failure message='no'/></testcase>"
  else echo "<testcase name='$name'/>"; fi
done
echo "</testsuite>"
"#;

const SOURCES: &str = "\n[evidence.suite]\nrun = [\"sh\", \"suite.sh\"]\n";

const CORRECT: &str = "\n[criteria.correct]\nchecker  = \"test-report\"\nevidence = \"suite\"\n";

fn shop(contract: &str) -> Workspace {
    let workspace = Workspace::new(contract);
    workspace.write("suite.sh", SUITE);
    workspace.write("tests/adds.t", "adds\n");
    workspace.write("tests/taxes.t", "taxes\n");
    workspace
}

/// Ids and outcomes of a baseline.
fn tests(workspace: &Workspace, name: &str) -> Vec<(String, String)> {
    let json: Value =
        serde_json::from_slice(&fs::read(workspace.path(name)).expect("was written")).expect("is JSON");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let tests = json["tests"].as_array().expect("is a list");
    tests.iter().map(|test| (text(&test["id"]), text(&test["status"]))).collect()
}

fn passed(names: &[&str]) -> Vec<(String, String)> {
    names.iter().map(|name| ((*name).to_owned(), "passed".to_owned())).collect()
}

/// The contract with what the command printed, as a person copies it.
fn with_printed(run: &Run) -> String {
    let source = run.stdout.split("\n\n").nth(1).expect("a table to copy");
    let bound = CORRECT.replace("\"suite\"", "{ report = \"suite\", baseline = \"known\" }");
    format!("{HEAD}{SOURCES}\n{source}\n{bound}")
}

#[test]
fn a_deleted_test_does_not_get_past_it() {
    let workspace = shop(&format!("{HEAD}{SOURCES}{CORRECT}"));
    workspace.golden("baseline-write", &["baseline", "write", "correct"]);
    let run = workspace.run(["baseline", "write", "correct"]);
    assert_eq!(tests(&workspace, "tests/baseline.json"), passed(&["adds", "taxes"]));
    workspace.write("goal.toml", with_printed(&run));
    let (run, assessment) = workspace.check();
    assert_eq!(run.exit, 0, "{assessment:#}");
    assert!(assessment["clauses"][0]["asserted"] == false, "{assessment:#}");
    workspace.remove("tests/taxes.t");
    let (run, assessment) = workspace.check();
    assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (1, "fail"), "{assessment:#}");
    // The digest holds the list against whoever shortens it.
    workspace.write(
        "tests/baseline.json",
        "{\"version\":1,\"tests\":[{\"id\":\"adds\",\"status\":\"passed\"}]}\n",
    );
    let (run, assessment) = workspace.check();
    assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (3, "stale"), "{assessment:#}");
}

/// A name that several tests share is told, and none of them gets past it.
#[test]
fn tests_that_share_a_name_are_told_and_missed() {
    let workspace = shop(&format!("{HEAD}{SOURCES}{CORRECT}"));
    workspace.write("suite.sh", SUITE.replace("<testcase name='$name'/>", "<testcase name='same'/>"));
    let run = workspace.run(["baseline", "write", "correct"]);
    assert_eq!(run.exit, 0, "{run:#?}");
    assert!(run.stdout.contains(": 2 tests passed; 1 name is shared by 2 tests\n"), "{run:#?}");
    assert!(run.stderr.contains("warning: 2 tests have the name `same`"), "{run:#?}");
    assert_eq!(tests(&workspace, "tests/baseline.json"), passed(&["same", "same"]));
    workspace.write("goal.toml", with_printed(&run));
    let (run, assessment) = workspace.check();
    assert_eq!(run.exit, 0, "{assessment:#}");
    let shown = workspace.run(["check"]);
    assert!(shown.stdout.contains("test-duplicate 2 tests have the name `same`"), "{shown:#?}");
    workspace.remove("tests/taxes.t");
    let (run, assessment) = workspace.check();
    assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (1, "fail"), "{assessment:#}");
}

/// One of the version before is read, and told to count a shared name once.
#[test]
fn an_old_one_is_read_and_told() {
    let workspace = shop(&format!("{HEAD}{SOURCES}{CORRECT}"));
    workspace.run(["baseline", "write", "correct"]);
    let old = "{\"version\":1,\"tests\":[{\"id\":\"adds\",\"status\":\"passed\"}]}\n";
    workspace.write("tests/baseline.json", old);
    let digest = evident_engine::Blobs::digest(old.as_bytes()).hex();
    let known = format!("[evidence.known]\nfiles = [\"tests/baseline.json\"]\nsha256 = \"{digest}\"\n");
    let bound = CORRECT.replace("\"suite\"", "{ report = \"suite\", baseline = \"known\" }");
    workspace.write("goal.toml", format!("{HEAD}{SOURCES}\n{known}\n{bound}"));
    let run = workspace.run(["check"]);
    assert_eq!(run.exit, 0, "{run:#?}");
    assert!(run.stdout.contains("baseline-old the baseline is a manifest of version 1"), "{run:#?}");
}

/// What the worker deleted already is in the baseline all the same.
#[test]
fn it_is_collected_on_the_base() {
    let workspace = shop(&format!("{HEAD}base = \"HEAD\"\n{SOURCES}{CORRECT}"));
    for arguments in [
        &["init", "--quiet", "--initial-branch=main"][..],
        &["add", "--all"],
        &["-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "--message=start"],
    ] {
        let mut git = Command::new("git");
        git.args(arguments).current_dir(workspace.folder()).env("HOME", workspace.outside("home"));
        assert!(git.status().expect("git is installed").success(), "{arguments:?}");
    }
    workspace.remove("tests/taxes.t");
    let run = workspace.run(["baseline", "write", "correct", "--output", "known.json"]);
    assert_eq!(run.exit, 0, "{run:#?}");
    assert!(run.stdout.starts_with("wrote known.json, collected on the base: 2 tests passed\n"), "{run:#?}");
    assert_eq!(tests(&workspace, "known.json"), passed(&["adds", "taxes"]));
}

/// A suite may be red on the day that it is looked at: what failed must not vanish either.
#[test]
fn a_red_suite_has_one_too() {
    for exit in [0, 1] {
        let workspace = shop(&format!("{HEAD}{SOURCES}{CORRECT}"));
        workspace.write("suite.sh", format!("{SUITE}exit {exit}\n"));
        workspace.write("tests/taxes.t", "fails\n");
        let run = workspace.run(["baseline", "write", "correct"]);
        assert_eq!(run.exit, 0, "{run:#?}");
        assert!(run.stdout.contains("collected on the workspace: 1 of 2 tests failed: taxes\n"), "{run:#?}");
        assert!(run.stderr.starts_with("note: not everything passes there"), "{run:#?}");
        let failed = ("taxes".to_owned(), "failed".to_owned());
        assert_eq!(tests(&workspace, "tests/baseline.json"), [passed(&["adds"])[0].clone(), failed]);
    }
}

/// Half a report as a baseline would let the other half vanish.
#[test]
fn what_cannot_be_read_gives_none() {
    for (suite, words) in [
        ("echo '<testsuite><testcase name=\"adds\"/>'", "truncated"),
        ("echo '<testsuite></testsuite>'", "no test"),
        ("sleep 600", "not done after 1 s"),
        ("true", "empty"),
    ] {
        let contract = format!("{HEAD}{SOURCES}timeout = \"1s\"\n{CORRECT}");
        let workspace = shop(&contract);
        workspace.write("suite.sh", suite);
        let run = workspace.run(["baseline", "write", "correct"]);
        assert_eq!((run.exit, run.stdout.as_str()), (3, ""), "{suite}: {run:#?}");
        assert!(run.stderr.starts_with("no baseline was written: "), "{suite}: {run:#?}");
        assert!(run.stderr.contains(words), "{suite}: {run:#?}");
        assert!(!workspace.path("tests/baseline.json").exists(), "{suite}");
    }
}

#[test]
fn a_clause_that_has_none() {
    let fast =
        "\n[criteria.fast]\nchecker  = \"benchmark\"\nevidence = \"suite\"\nconfig   = { max = \"1 ms\" }\n";
    let workspace = shop(&format!("{HEAD}{SOURCES}{CORRECT}{fast}"));
    workspace.golden("baseline-none", &["baseline", "write", "fast"]);
    workspace.golden("baseline-near-miss", &["baseline", "write", "corect"]);
    let workspace = shop(&format!("{HEAD}{SOURCES}{fast}"));
    workspace.golden("baseline-nobody", &["baseline", "write", "fast"]);
}

#[test]
fn outside_of_the_workspace() {
    let workspace = shop("");
    workspace.remove("goal.toml");
    workspace.write("inner/goal.toml", format!("{HEAD}{SOURCES}{CORRECT}"));
    workspace.write("inner/suite.sh", "echo '<testsuite><testcase name=\"adds\"/></testsuite>'\n");
    let run = workspace.run(["baseline", "write", "correct", "inner/goal.toml"]);
    assert_eq!(run.exit, 0, "{run:#?}");
    assert!(run.stdout.contains("files  = [\"tests/baseline.json\"]"), "{run:#?}");
    assert_eq!(tests(&workspace, "inner/tests/baseline.json"), passed(&["adds"]));
    let elsewhere = ["baseline", "write", "correct", "inner/goal.toml", "--output", "out.json"];
    let run = workspace.run(elsewhere);
    assert_eq!(
        (run.exit, run.stdout.as_str()),
        (0, "wrote out.json, collected on the workspace: 1 test passed\n")
    );
    assert!(run.stderr.contains("outside of the workspace"), "{run:#?}");
}
