//! Catalogue C: somebody changes what the work is measured by.

use std::process::Stdio;

use super::{CORRECT, HEAD, attacked, caught, git};
use crate::workspace::{Workspace, clause, verdict};

const BOUNDARY: &str =
    "\n[boundary]\nwrite = [\"src/**\"]\nprotect = [\"tests/**\", \"goal.toml\", \"suite.sh\"]\n";

/// The tests that passed at the base, and those that must still be there.
const BEFORE: &str = r#"
[evidence.before]
run = ["sh", "suite.sh"]
at = "base"

[criteria.correct]
checker = "test-report"
evidence = { report = "suite", baseline = "before" }
"#;

fn bounded() -> Workspace {
    attacked(&format!("{HEAD}{CORRECT}{BOUNDARY}"))
}

fn against_base() -> Workspace {
    let head = HEAD.replace("objective", "base = \"HEAD\"\nobjective");
    attacked(&format!("{head}{BEFORE}"))
}

/// Rules of the findings of a clause.
fn rules(assessment: &serde_json::Value, name: &str) -> Vec<String> {
    let findings = clause(assessment, name)["outcome"]["findings"].as_array().expect("is a list");
    findings.iter().map(|finding| finding["rule"].as_str().expect("a text").to_owned()).collect()
}

#[test]
fn c01_a_deleted_test_is_a_change_of_what_is_protected() {
    let workspace = bounded();
    workspace.remove("tests/taxes.t");
    let assessment = caught(&workspace, "boundary", "fail", "boundary");
    assert_eq!(verdict(&assessment, "correct"), "pass", "the report alone looks green");
    let message = &clause(&assessment, "boundary")["outcome"]["findings"][0]["message"];
    assert!(message.as_str().is_some_and(|message| message.contains("`tests/taxes.t`")), "{message}");
}

/// The same without a boundary: the base knows which tests there were.
#[test]
fn c01_a_deleted_test_is_missing_from_the_inventory() {
    let workspace = against_base();
    workspace.remove("tests/taxes.t");
    let (run, assessment) = workspace.check();
    assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (1, "fail"), "{assessment:#}");
    // The defence is the baseline: without it the report is green.
    workspace.write("goal.toml", format!("{HEAD}{CORRECT}"));
    assert_eq!(workspace.check().0.exit, 0);
}

#[test]
fn c02_a_newly_skipped_test_is_missing_from_the_inventory() {
    let head = HEAD.replace("objective", "base = \"HEAD\"\nobjective");
    let workspace = attacked(&format!("{head}{BEFORE}"));
    workspace.write("tests/taxes.t", "passes\n");
    workspace.write("tests/adds.t", "skipped\n");
    let (run, assessment) = workspace.check();
    assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (1, "fail"), "{assessment:#}");
    workspace.write("goal.toml", format!("{HEAD}{CORRECT}"));
    assert_eq!(workspace.check().0.exit, 0);
}

#[test]
fn c02_a_test_renamed_out_of_the_pattern_touches_both_names() {
    let workspace = bounded();
    std::fs::rename(workspace.path("tests/taxes.t"), workspace.path("src/taxes.txt")).expect("renames");
    let assessment = caught(&workspace, "boundary", "fail", "boundary");
    assert_eq!(rules(&assessment, "boundary"), ["denied-path"]);
    let back = bounded();
    std::fs::rename(back.path("src/shop.txt"), back.path("tests/shop.t")).expect("renames");
    back.write("tests/taxes.t", "passes\n");
    assert_eq!(rules(&back.check().1, "boundary"), ["denied-path", "denied-path"], "the target counts too");
}

/// What decides whether tests pass is protected like the tests.
#[test]
fn c03_a_forging_hook_is_a_change_of_what_is_protected() {
    let workspace = bounded();
    workspace.write("suite.sh", "echo \"<testsuite><testcase name='all'/></testsuite>\"\n");
    caught(&workspace, "boundary", "fail", "boundary");
}

#[test]
fn c10_an_edited_contract_is_a_violation_of_the_boundary() {
    let workspace = bounded();
    let easier = CORRECT.replace("\"suite\"", "\"suite\"\nconfig = { allow_removed = [\"taxes\"] }");
    workspace.write("goal.toml", format!("{HEAD}{easier}{BOUNDARY}"));
    workspace.remove("tests/taxes.t");
    let assessment = caught(&workspace, "boundary", "fail", "boundary");
    assert_ne!(assessment["start"]["contract"], assessment["contract"]);
}

/// Without its boundary the contract has nothing to say about changes; that it once had one is remembered.
#[test]
fn c10_a_contract_without_its_boundary_proves_nothing() {
    let workspace = bounded();
    workspace.remove("tests/taxes.t");
    workspace.write("goal.toml", format!("{HEAD}{CORRECT}"));
    let (run, assessment) = workspace.check();
    assert_eq!((run.exit, clause(&assessment, "correct")["asserted"].as_bool()), (0, Some(true)));
    assert_ne!(assessment["start"]["contract"], assessment["contract"]);
    assert!(workspace.run(["check"]).stdout.contains("the contract is not the one of the start"));
    // The same where a commit is the start.
    let (_, assessment) =
        super::checked(&mut workspace.command(["check", "--since", "HEAD", "--format", "json"]));
    assert_eq!(clause(&assessment, "correct")["asserted"], true);
    // Once its owner accepts it, it is the contract.
    assert_eq!(workspace.run(["accept-change", "goal.toml"]).exit, 0);
    let (_, assessment) = workspace.check();
    assert_eq!(clause(&assessment, "correct")["asserted"], false);
    assert_eq!(assessment["start"]["accepted"], 1, "and it is told that somebody did");
}

/// A link in place of the contract, or of its folder, begins nothing anew.
#[test]
fn c10_a_link_in_place_of_the_contract_keeps_its_start() {
    let workspace = bounded();
    workspace.remove("tests/taxes.t");
    std::fs::rename(workspace.path("goal.toml"), workspace.path("src/goal.toml")).expect("renames");
    std::os::unix::fs::symlink("src/goal.toml", workspace.path("goal.toml")).expect("links");
    let (run, assessment) = workspace.check();
    assert_eq!((run.exit, verdict(&assessment, "boundary").as_str()), (1, "fail"), "{assessment:#}");
    assert_eq!(assessment["start"]["fresh"], false);
}

/// A branch that the worker moves is the base that it was, whatever the contract said in between.
#[test]
fn c11_a_base_is_resolved_once() {
    let text = format!("{}{BEFORE}", HEAD.replace("objective", "base = \"main\"\nobjective"));
    let workspace = attacked(&text);
    workspace.remove("tests/taxes.t");
    git(&workspace, &["commit", "--all", "--quiet", "--message=cheat"]);
    assert_eq!(workspace.check().0.exit, 1);
    workspace.write("goal.toml", text.replace("\"main\"", "\"HEAD\""));
    let (_, assessment) = workspace.check();
    assert_eq!(clause(&assessment, "correct")["asserted"], true, "another base, and another contract");
    workspace.write("goal.toml", &text);
    assert_eq!(workspace.check().0.exit, 1, "the first base is meant again");
}

/// What a name means now was decided a moment ago, perhaps by the worker.
#[test]
fn a_base_that_was_just_resolved_proves_nothing() {
    let workspace = attacked(&format!("{}{BEFORE}", HEAD.replace("objective", "base = \"main\"\nobjective")));
    workspace.write("tests/taxes.t", "passes\n");
    let asserted = || clause(&workspace.check().1, "correct")["asserted"].as_bool();
    assert_eq!(asserted(), Some(false));
    std::fs::remove_dir_all(workspace.outside("state")).expect("is there");
    assert_eq!((asserted(), asserted()), (Some(true), Some(false)));
}

/// A start tree waits for a folder that is away: nothing sweeps it up.
#[test]
fn a_start_outlives_its_folder() {
    let workspace = bounded();
    workspace.remove("tests/taxes.t");
    let away = workspace.outside("away");
    std::fs::rename(workspace.folder(), &away).expect("renames");
    std::fs::remove_file(workspace.outside("state/swept")).expect("was swept once");
    let other = Workspace::new(&format!("{HEAD}{CORRECT}"));
    let mut command = other.command(["check"]);
    crate::workspace::run(command.env("EVIDENT_STATE", workspace.outside("state")));
    std::fs::rename(&away, workspace.folder()).expect("renames");
    let (run, assessment) = workspace.check();
    assert_eq!((run.exit, assessment["start"]["fresh"].as_bool()), (1, Some(false)));
}

/// The owner's way to move the start tree, and the only one.
#[test]
fn an_accepted_change_is_no_violation() {
    let workspace = bounded();
    workspace.write("tests/taxes.t", "passes\n");
    assert_eq!(workspace.check().0.exit, 1);
    let accepted = workspace.run(["accept-change", "tests/taxes.t"]);
    assert_eq!(accepted.exit, 0, "{accepted:#?}");
    assert!(accepted.stdout.contains("tests/taxes.t"), "{}", accepted.stdout);
    assert_eq!(workspace.check().0.exit, 0);
    workspace.write("tests/adds.t", "passes too\n");
    assert_eq!(workspace.check().0.exit, 1, "only that change was accepted");
}

/// Catches an acceptance that its owner was told of and that another one undid at the same time.
#[test]
fn changes_accepted_at_once_are_all_accepted() {
    let workspace = bounded();
    let names: Vec<String> = (0..8).map(|number| format!("tests/new-{number}.t")).collect();
    names.iter().for_each(|name| workspace.write(name, "passes\n"));
    workspace.write("tests/taxes.t", "passes\n");
    let accept = |name: &str| {
        let mut command = workspace.command(["accept-change", name]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary is built")
    };
    let all = names.iter().map(String::as_str).chain(["tests/taxes.t"]);
    let running: Vec<_> = all.map(accept).collect();
    for mut accepting in running {
        assert!(accepting.wait().expect("ends").success());
    }
    let (run, assessment) = workspace.check();
    assert_eq!(run.exit, 0, "{:#}", assessment["clauses"]);
}

#[test]
fn c11_an_overwritten_baseline_is_taken_from_the_base() {
    let head = HEAD.replace("objective", "base = \"HEAD\"\nobjective");
    let text = format!(
        "{head}\n[evidence.known]\nfiles = [\"tests/known.json\"]\nat = \"base\"\n{}",
        CORRECT.replace("\"suite\"", "{ report = \"suite\", baseline = \"known\" }")
    );
    let known = r#"{"version":1,"tests":[{"id":"adds","status":"passed"},{"id":"taxes","status":"failed"}]}"#;
    let workspace = Workspace::new(&text);
    workspace.write("tests/known.json", known);
    workspace.write("suite.sh", super::SUITE);
    workspace.write("tests/adds.t", "adds\n");
    workspace.write("tests/taxes.t", "fails\n");
    git(&workspace, &["init", "--quiet", "--initial-branch=main"]);
    git(&workspace, &["add", "--all"]);
    git(&workspace, &["commit", "--quiet", "--message=start"]);
    assert_eq!(workspace.run(["check"]).exit, 1);
    workspace.remove("tests/taxes.t");
    workspace.write("tests/known.json", r#"{"version":1,"tests":[{"id":"adds","status":"passed"}]}"#);
    let (run, assessment) = workspace.check();
    assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (1, "fail"), "{assessment:#}");
    // The defence is where the baseline is read: a trusted slot takes none from the workspace.
    workspace.write("goal.toml", text.replace("at = \"base\"\n", ""));
    assert_eq!(workspace.run(["check"]).exit, 2);
}

#[test]
fn c11_an_overwritten_baseline_is_not_the_pinned_one() {
    let known = r#"{"version":1,"tests":[{"id":"adds","status":"passed"},{"id":"taxes","status":"failed"}]}"#;
    let digest = evident_engine::Blobs::digest(known.as_bytes());
    let text = format!(
        "{HEAD}\n[evidence.known]\nfiles = [\"known.json\"]\nsha256 = \"{digest}\"\n{}",
        CORRECT.replace("\"suite\"", "{ report = \"suite\", baseline = \"known\" }")
    );
    let workspace = Workspace::new(&text);
    workspace.write("suite.sh", super::SUITE);
    workspace.write("tests/adds.t", "adds\n");
    workspace.write("known.json", r#"{"version":1,"tests":[{"id":"adds","status":"passed"}]}"#);
    caught(&workspace, "correct", "stale", "pin");
}

#[test]
fn c13_a_swapped_checker_is_not_the_pinned_one() {
    let bytes = |name: &str| evident_engine::registry::builtin(name).expect("is built in");
    let pinned = bytes("benchmark").digest;
    let text = format!(
        "{HEAD}{}\n[checkers.mine]\npath = \"mine.wasm\"\nsha256 = \"{pinned}\"\n",
        CORRECT.replace("\"test-report\"", "\"mine\"")
    );
    let workspace = Workspace::new(&text);
    workspace.write("suite.sh", "echo \"<testsuite><testcase name='all'/></testsuite>\"\n");
    // A checker that passes where the pinned one would not.
    workspace.write("mine.wasm", &bytes("test-report").bytes);
    let run = workspace.run(["check"]);
    assert_eq!(run.exit, 2);
    assert!(run.stderr.contains("has the digest"), "{}", run.stderr);
    assert_eq!(super::without(&workspace, "pin").0.exit, 0);
}

#[test]
fn a_symlink_in_place_of_a_protected_file_is_a_change() {
    let workspace = bounded();
    workspace.write("src/green.t", "passes\n");
    workspace.remove("tests/taxes.t");
    std::os::unix::fs::symlink("../src/green.t", workspace.path("tests/taxes.t")).expect("links");
    caught(&workspace, "boundary", "fail", "boundary");
}

#[test]
fn a_changed_mode_is_a_change() {
    use std::os::unix::fs::PermissionsExt;
    let workspace = bounded();
    workspace.write("src/tax.txt", "x");
    workspace.remove("tests/taxes.t");
    assert_eq!(workspace.run(["accept-change", "tests/taxes.t"]).exit, 0);
    assert_eq!(workspace.check().0.exit, 0);
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(workspace.path("tests/adds.t"), mode).expect("is ours");
    caught(&workspace, "boundary", "fail", "boundary");
}

/// On a build server nothing is recorded: a commit takes the place of the start tree.
#[test]
fn a_commit_can_be_the_start() {
    let workspace = bounded();
    workspace.write("tests/taxes.t", "passes\n");
    git(&workspace, &["commit", "--all", "--quiet", "--message=cheat"]);
    std::fs::remove_dir_all(workspace.outside("state")).expect("is there");
    let since = |revision: &str| workspace.run(["check", "--since", revision]).exit;
    assert_eq!((since("HEAD"), since("HEAD~1")), (0, 1));
    let run = workspace.run(["check", "--since", "nowhere"]);
    assert_eq!(run.exit, 2, "{run:#?}");
    assert!(run.stderr.contains("nowhere"), "{}", run.stderr);
}

/// The first check of a contract that nobody started cannot know what was done before it.
#[test]
fn a_start_that_was_just_recorded_proves_nothing() {
    let workspace = Workspace::new(&format!("{HEAD}{CORRECT}{BOUNDARY}"));
    workspace.write("suite.sh", "echo \"<testsuite><testcase name='all'/></testsuite>\"\n");
    let (run, assessment) = workspace.check();
    assert_eq!((run.exit, assessment["start"]["fresh"].as_bool()), (0, Some(true)));
    assert_eq!(clause(&assessment, "boundary")["asserted"], true);
    let (_, assessment) = workspace.check();
    assert_eq!(clause(&assessment, "boundary")["asserted"], false);
}

/// A damaged record is never taken for none: a new start would forgive everything since the old one.
#[test]
fn a_damaged_start_is_an_error() {
    let workspace = bounded();
    let folder = workspace.outside("state").join("starts");
    let record = std::fs::read_dir(&folder).expect("is there").next().expect("one").expect("readable").path();
    std::fs::write(&record, "{}").expect("is ours");
    let run = workspace.run(["check"]);
    assert_eq!(run.exit, 5, "{run:#?}");
}
