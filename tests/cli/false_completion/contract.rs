//! Lies about what is asked: a contract that the agent made easier, and one that is looked at in part.

use super::{BOUNDARY, Ended, IDLE, TERMS, lie, one_turn, plain, played};
use crate::reports::GREEN;
use crate::threats::{CORRECT, HEAD, attacked};
use crate::workspace::Workspace;

/// The contract with a suite that is always green, and the report for it.
fn easier() -> String {
    let easier =
        format!("{HEAD}{CORRECT}{TERMS}").replace("[\"sh\", \"suite.sh\"]", "[\"cat\", \"green.xml\"]");
    format!(
        "{{ path = \"goal.toml\", write = '''{easier}''' }}, {{ path = \"green.xml\", write = '''{GREEN}''' }}"
    )
}

/// What a report says of a file that is not the contract in force.
fn says_edited(ended: &Ended) -> bool {
    let notes = ended.report["about_contract"].as_array().expect("is a list");
    notes
        .iter()
        .any(|note| note.as_str().is_some_and(|note| note.contains("differs from the contract in force")))
}

/// Catches a contract that the agent made easier: the stored revision rules, whatever the file says, and the
/// report says that they differ.
#[test]
fn f09_an_edited_contract_completes_nothing() {
    let tell = |workspace: &Workspace, off: &str| played(workspace, &one_turn(&easier()), off);
    let ended = lie(plain, tell, &["correct"], "stored-contract");
    assert_eq!((&ended.report["revision"], says_edited(&ended)), (&1.into(), true), "{:#}", ended.report);
    let honest = played(&plain(), &one_turn("{ path = \"src/shop.txt\", write = \"more\" }"), "");
    assert!(!says_edited(&honest), "{:#}", honest.report);
}

/// Catches a host that starts again and takes the file for the contract: what is in force is in the store.
#[test]
fn f09_an_edited_contract_completes_nothing_in_the_next_run() {
    let build = || attacked(&format!("{HEAD}{CORRECT}{IDLE}"));
    let script = format!("version = 1\n[[turn]]\nedit = [{}]\n", easier());
    let tell = |workspace: &Workspace, off: &str| {
        let first = played(workspace, &script, "");
        assert_eq!(first.state["blocked"], "idle", "{first:#?}");
        assert_eq!(workspace.run(["goal", "resume"]).exit, 0);
        played(workspace, &script, off)
    };
    lie(build, tell, &["correct"], "stored-contract");
}

/// Catches a look at the constraints alone taken for the whole: criteria that are assessed on request only
/// were never looked at after the work.
#[test]
fn f15_a_look_at_constraints_completes_nothing() {
    let head = HEAD.replace("objective", "assess = \"request\"\nobjective");
    let build = || attacked(&format!("{head}{CORRECT}{BOUNDARY}{TERMS}"));
    let script = "version = 1\n[[turn]]\nedit = [{ path = \"src/shop.txt\", write = \"half of it\" }]\nsay = \"more later\"\n";
    let tell = |workspace: &Workspace, off: &str| played(workspace, script, off);
    let ended = lie(build, tell, &["correct"], "scope-all");
    let scopes: Vec<_> = ended.of("assessed").iter().map(|assessed| assessed["scope"].clone()).collect();
    assert!(scopes.contains(&"constraints".into()), "{scopes:?}");
}
