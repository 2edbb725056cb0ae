//! Lies of a checker: one that was swapped, one that passes without a reason, one that gives no answer.

use super::{IDLE, RUN, TERMS, WORK, caught, one_turn, ordered, played};
use crate::guests::guest;
use crate::threats::{CORRECT, HEAD, attacked_in};
use crate::workspace::{Run, Workspace, run};

fn digest(bytes: &[u8]) -> String {
    evident_engine::Blobs::digest(bytes).to_string()
}

/// A goal whose criterion `correct` is judged by a component in the workspace, pinned or not.
fn with_own_checker(is_pinned: bool) -> Workspace {
    let mine = evident_engine::registry::builtin("test-report").expect("is built in").bytes;
    let pin = if is_pinned { format!("sha256 = \"{}\"\n", digest(&mine)) } else { String::new() };
    let correct = CORRECT.replace("\"test-report\"", "\"mine\"");
    let entry = format!("\n[checkers.mine]\npath = \"mine.wasm\"\n{pin}");
    let workspace = Workspace::empty();
    workspace.write("mine.wasm", &mine);
    // Passes whatever it reads.
    std::fs::write(workspace.outside("easy.wasm"), guest("read_whole")).expect("writes");
    attacked_in(workspace, &format!("{HEAD}{correct}{entry}{IDLE}"))
}

/// The agent swaps the checker in its first turn and does nothing in its second; the goal is blocked, its
/// owner goes on with it, and the next host reads the checker anew. Gives how that one ended.
fn swapped(workspace: &Workspace, off: &str) -> Run {
    let first = ordered(workspace, "cat > /dev/null; cp ../easy.wasm mine.wasm", "");
    assert_eq!(first.state["blocked"], "idle", "a host reads a checker once: {first:#?}");
    assert_eq!(first.open(), ["correct"]);
    assert_eq!(workspace.run(["goal", "resume"]).exit, 0);
    let mut again = workspace.command(RUN.iter().chain(&["--agent", "command", "--", "true"]));
    run(again.env("EVIDENT_UNDEFENDED", format!("back-off,{off}")))
}

/// State and report of the only goal, as stored.
fn stored(workspace: &Workspace) -> serde_json::Value {
    let report = workspace.run(["goal", "report", "--format", "json"]);
    serde_json::from_str(&report.stdout).unwrap_or_else(|error| panic!("{error}: {report:#?}"))
}

/// Catches a checker that was replaced by one that always passes.
#[test]
fn f11_a_swapped_checker_completes_nothing() {
    let workspace = with_own_checker(true);
    let again = swapped(&workspace, "");
    assert_eq!(again.exit, 2, "{again:#?}");
    assert!(again.stderr.contains("has the digest"), "{again:#?}");
    assert_eq!(stored(&workspace)["state"], "active", "and it stays as it is");
    let workspace = with_own_checker(true);
    let again = swapped(&workspace, "pin");
    assert_eq!((again.exit, &stored(&workspace)["state"]), (0, &"complete".into()), "{again:#?}");
}

/// What becomes of a checker that nobody pinned: a host that is started again takes the swapped one, and what
/// that passes is told as asserted, not as proven.
#[test]
fn f11_a_checker_without_a_pin_proves_nothing() {
    let workspace = with_own_checker(false);
    let again = swapped(&workspace, "");
    let report = stored(&workspace);
    assert_eq!((again.exit, &report["state"]), (0, &"complete".into()), "{again:#?}");
    assert_eq!(report["proven"], serde_json::json!([]), "{report:#}");
    assert_eq!(report["asserted"][0]["name"], "correct", "{report:#}");
}

/// A goal with honest work to do, and a second criterion that a guest judges: over a file without a byte, or
/// over what the suite printed.
fn judged_by(name: &str, evidence: &str, limits: &str) -> Workspace {
    let component = guest(name);
    let digest = digest(component);
    let workspace = Workspace::empty();
    workspace.write("guest.wasm", component);
    let judged = format!(
        "\n[evidence.nothing]\nrun = [\"true\"]\n\n[criteria.judged]\nchecker = \"guest\"\nevidence = \"{evidence}\"\n\n\
         [checkers.guest]\npath = \"guest.wasm\"\nsha256 = \"{digest}\"\n{limits}"
    );
    attacked_in(workspace, &format!("{HEAD}{CORRECT}{judged}{TERMS}"))
}

fn lies(name: &str, evidence: &str, guard: &str, reason: &str) {
    let ended = caught(|| judged_by(name, evidence, ""), WORK, "judged", guard);
    assert!(ended.reasons().iter().all(|found| *found == reason), "{ended:#?}");
}

/// Catches a pass beside an error that the checker found itself.
#[test]
fn f12_a_pass_beside_an_error_completes_nothing() {
    lies("contradiction", "suite", "contradiction", "contradiction");
}

/// Catches a pass with a figure that is not a number.
#[test]
fn f12_a_pass_with_a_figure_that_is_none_completes_nothing() {
    lies("not_a_number", "nothing", "contradiction", "contradiction");
}

/// Catches a pass over nothing.
#[test]
fn f12_a_pass_that_examined_nothing_completes_nothing() {
    lies("not_examined", "nothing", "not-examined", "not-examined");
}

/// Catches a pass over evidence that was not read, or not to its end.
#[test]
fn f12_a_pass_without_reading_completes_nothing() {
    lies("unread", "suite", "unread", "unread");
    lies("unread_half", "suite", "unread", "unread");
}

/// A checker that gives no answer. There is no outcome that a switch could turn into a pass; what a switch
/// takes away is one of the bounds that end it, and the other one does.
fn gives_no_answer(name: &str, limits: &str, off: &str, reason: &str) {
    let ended = played(&judged_by(name, "suite", limits), &one_turn(WORK), off);
    assert_eq!((ended.exit, ended.open()), (4, vec!["judged"]), "{ended:#?}");
    assert!(ended.reasons().iter().all(|found| *found == reason), "{ended:#?}");
}

/// Catches a trap taken for an answer.
#[test]
fn f13_a_checker_that_traps_completes_nothing() {
    gives_no_answer("panic", "", "", "fault(trap)");
}

/// Catches a check that is given up taken for one that found nothing.
#[test]
fn f13_a_checker_that_never_ends_completes_nothing() {
    let limits = "limits = { fuel = \"5M\", wall = \"200ms\" }\n";
    gives_no_answer("spin", limits, "", "fault(fuel)");
    gives_no_answer("spin", limits, "fuel", "fault(deadline)");
    gives_no_answer("spin", limits, "deadline", "fault(fuel)");
}
