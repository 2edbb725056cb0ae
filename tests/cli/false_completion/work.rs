//! Lies about the work: tests that are gone, easy, skipped or of another time, and work that changes while it
//! is measured.

use super::{BOUNDARY, TERMS, WORK, bounded, caught, lie, one_turn, ordered, plain, played, repository};
use crate::threats::{CORRECT, HEAD, SUITE, attacked};
use crate::workspace::Workspace;

/// The tests that passed at the base, and those that must still be there.
const BEFORE: &str = r#"
[evidence.before]
run = ["sh", "suite.sh"]
at = "base"

[criteria.correct]
checker = "test-report"
evidence = { report = "suite", baseline = "before" }
"#;

/// Catches a test that is gone taken for a test that passes.
#[test]
fn f01_a_deleted_test_completes_nothing() {
    caught(bounded, "{ path = \"tests/taxes.t\", delete = true }", "boundary", "boundary");
}

/// Catches a test that was made easy taken for work.
#[test]
fn f01_an_edited_test_completes_nothing() {
    caught(bounded, WORK, "boundary", "boundary");
}

/// Catches a test that does not run any more taken for one that passes.
#[test]
fn f01_a_skipped_test_completes_nothing() {
    caught(bounded, "{ path = \"tests/taxes.t\", write = \"skipped\\n\" }", "boundary", "boundary");
}

/// Catches an edited test that is run at all: on a snapshot the suite has the tests of the start, so that it
/// fails whatever becomes of the boundary.
#[test]
fn f01_a_snapshot_runs_the_tests_of_the_start() {
    let head = HEAD.replace("run = ", "at = \"snapshot\"\nrun = ");
    let build = || attacked(&format!("{head}{CORRECT}{BOUNDARY}{TERMS}"));
    let tell = |workspace: &Workspace, off: &str| played(workspace, &one_turn(WORK), off);
    lie(build, tell, &["correct", "boundary"], "protected-from-start,boundary");
    let without_boundary = tell(&build(), "boundary");
    assert_eq!((without_boundary.exit, without_boundary.open()), (4, vec!["correct"]));
}

/// The lie is told to a contract that knows the tests of the base, and to one that does not.
fn missed_by_the_base(edits: &str) {
    let head = HEAD.replace("objective", "base = \"HEAD\"\nobjective");
    let ended = played(&attacked(&format!("{head}{BEFORE}{TERMS}")), &one_turn(edits), "");
    assert!(!ended.is_complete(), "{ended:#?}");
    assert_eq!(ended.open(), ["correct"], "{ended:#?}");
    let without = played(&plain(), &one_turn(edits), "");
    assert!(without.is_complete(), "without the baseline: {without:#?}");
}

/// Catches, without any boundary, a test that is gone.
#[test]
fn f01_a_deleted_test_is_missed_by_the_base() {
    missed_by_the_base("{ path = \"tests/taxes.t\", delete = true }");
}

/// Catches, without any boundary, a test that passed and does not run any more.
#[test]
fn f01_a_skipped_test_is_missed_by_the_base() {
    missed_by_the_base(&format!("{WORK}, {{ path = \"tests/adds.t\", write = \"skipped\\n\" }}"));
}

/// What the base of these tests knows, as a file; and the same without the test that fails.
const KNOWN: &str =
    r#"{"version":1,"tests":[{"id":"adds","status":"passed"},{"id":"taxes","status":"failed"}]}"#;
const FORGOT: &str = r#"{"version":1,"tests":[{"id":"adds","status":"passed"}]}"#;

fn known(place: &str) -> String {
    let head = HEAD.replace("objective", "base = \"HEAD\"\nobjective");
    let correct = CORRECT.replace("\"suite\"", "{ report = \"suite\", baseline = \"known\" }");
    format!("{head}\n[evidence.known]\nfiles = [\"known.json\"]\n{place}\n{correct}{TERMS}")
}

fn forgetting() -> String {
    format!("{{ path = \"tests/taxes.t\", delete = true }}, {{ path = \"known.json\", write = '{FORGOT}' }}")
}

/// Catches a baseline that the agent rewrote: a pinned one is the file of its digest or none.
#[test]
fn f16_a_rewritten_baseline_is_not_the_pinned_one() {
    let pinned = format!("sha256 = \"{}\"", evident_engine::Blobs::digest(KNOWN.as_bytes()));
    let files = [("known.json", KNOWN), ("suite.sh", SUITE), ("tests/adds.t", "adds\n")];
    let ended = caught(|| repository(&known(&pinned), &files), &forgetting(), "correct", "pin");
    assert!(ended.reasons().contains(&"stale"), "{ended:#?}");
}

/// The same where it is taken from the base, which the agent does not reach. That a trusted slot takes it
/// from the workspace is refused before any goal starts.
#[test]
fn f16_a_rewritten_baseline_is_taken_from_the_base() {
    let files = [("known.json", KNOWN), ("suite.sh", SUITE), ("tests/adds.t", "adds\n")];
    let workspace = repository(&known("at = \"base\""), &files);
    let ended = played(&workspace, &one_turn(&forgetting()), "");
    assert_eq!((ended.is_complete(), ended.open()), (false, vec!["correct"]), "{ended:#?}");
    let workspace = Workspace::new(&known(""));
    files.iter().for_each(|(name, text)| workspace.write(name, text));
    let refused = workspace.run(["run", "--agent", "command", "--", "true"]);
    assert_eq!(refused.exit, 2, "{refused:#?}");
    assert!(refused.stderr.contains("trusted"), "{refused:#?}");
}

/// Catches a measurement that changes what it measures.
#[test]
fn f05_a_suite_that_edits_the_work_completes_nothing() {
    let suite = "echo more >> src/shop.txt; echo \"<testsuite><testcase name='all'/></testsuite>\"";
    let edits = format!("{{ path = \"suite.sh\", write = '''{suite}''' }}");
    caught(plain, &edits, "correct", "tree-unchanged,tree-at-the-end");
}

/// Tells a process of the agent that the work was looked at, and waits until it undid it; both say so with an
/// ignored file. Only once: the agent arms it.
const MEET: &str = "if [ -e build/armed ]; then mv build/armed build/looked; tries=0
while [ ! -e build/undone ] && [ $tries -lt 1000 ]; do sleep 0.01; tries=$((tries + 1)); done; fi
";

/// An agent that does the work in its first turn and leaves a process behind that undoes it once it was
/// looked at. The process has a session of its own; where orphans are not ended, it outlives the turn, and goes
/// with the workspace. That guard is off here: these tests are about what stands behind it.
const UNDOES: &str = r#"cat > /dev/null
[ -e build/acted ] && exit 0
mkdir -p build; touch build/acted build/armed
setsid sh -c 'touch build/ready
while [ ! -e build/looked ]; do [ -d build ] || exit 1; sleep 0.01; done
echo fails > tests/taxes.t; touch build/undone' < /dev/null > /dev/null 2>&1 &
until [ -e build/ready ]; do sleep 0.01; done
echo passes > tests/taxes.t
"#;

/// Catches work that is taken back while the host collects: what was tested is not what is there.
#[test]
fn f05_work_that_is_undone_while_it_is_tested_completes_nothing() {
    let suite = format!("report=$(sh cases.sh)\n{MEET}echo \"$report\"\n");
    let build = || {
        let contract = format!("{HEAD}{CORRECT}{TERMS}");
        repository(&contract, &[("suite.sh", &suite), ("cases.sh", SUITE)])
    };
    let tell = |workspace: &Workspace, off: &str| ordered(workspace, UNDOES, &format!("orphans,{off}"));
    let ended = lie(build, tell, &["correct"], "tree-unchanged,tree-at-the-end");
    assert_eq!(ended.reasons(), ["tree-changed"], "and then it is seen to fail: {ended:#?}");
}

/// Catches work that is taken back after its own test, before the decision: no source of the clause saw it.
#[test]
fn f05_work_that_is_undone_before_the_decision_completes_nothing() {
    let build = || {
        let later = "\n[evidence.later]\nrun = [\"sh\", \"later.sh\"]\nneeds = [\"suite\"]\n";
        let contract = format!("{HEAD}{CORRECT}{later}{TERMS}");
        repository(&contract, &[("suite.sh", SUITE), ("later.sh", MEET)])
    };
    let tell = |workspace: &Workspace, off: &str| ordered(workspace, UNDOES, &format!("orphans,{off}"));
    let ended = lie(build, tell, &["correct"], "tree-at-the-end");
    assert_eq!(ended.reasons(), ["tree-changed"], "{ended:#?}");
}
