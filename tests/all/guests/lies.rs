//! Guests that pass where they must not: the host takes the pass back and says why.

use std::sync::Arc;

use evident_core::contract::Wasi;
use evident_core::defence::{Defence, without};
use evident_core::evidence::Exit;
use evident_core::outcome::{NoEvidence, Reason, Severity, Status};
use evident_sandbox::Bound;
use evident_tests::{Case, Store, limits, load};

use super::{EMPTY, FILE, run, run_as};

#[track_caller]
fn taken_back(checked: &evident_sandbox::Checked, reason: Reason, summary: &str) {
    assert_eq!(checked.outcome.status, Status::Inconclusive(reason), "{}", checked.outcome.summary);
    assert_eq!(checked.outcome.summary, summary);
    assert!(checked.fault.is_none(), "it answered");
}

#[test]
pub(super) fn unread() {
    let (checked, _) = run("unread");
    let summary = "the checker read 0 of 8 bytes of `file.txt` (the checker said pass: looks fine)";
    taken_back(&checked, Reason::Unread, summary);
    assert_eq!((checked.outcome.examined.count, checked.bytes_read), (12, vec![vec![0]]), "the answer stays");
    // Nothing to read is nothing unread: an empty file is examined by its size.
    let (checked, _) = run_as("unread", Wasi::None, Case::new(EMPTY));
    assert_eq!(checked.outcome.status, Status::Pass);
}

/// As many bytes as there are, but the same half twice; and one of two artifacts.
#[test]
pub(super) fn unread_half() {
    let (checked, _) = run("unread_half");
    let summary = "the checker read 4 of 8 bytes of `file.txt` (the checker said pass: looks fine)";
    taken_back(&checked, Reason::Unread, summary);
}

#[test]
pub(super) fn read_error() {
    let store = Store::default();
    let mut input = store.input("file.txt", b"evidence");
    let shorter = store.input("shorter.txt", b"evi");
    input.file = Arc::clone(&shorter.file);
    let bound = vec![Bound { slot: "file".into(), inputs: vec![input] }];
    let checked = store.check_bound(&load("read_error"), "{}", bound, limits(8));
    let reason = Reason::NoEvidence(NoEvidence::Unreadable);
    assert_eq!(checked.outcome.status, Status::Inconclusive(reason));
    assert_eq!(
        checked.outcome.summary,
        "the host could not read its copy of `file.txt`: failed to fill whole buffer"
    );
    // The same guest over a good copy passes: the reason above is the host's, not the guest's.
    let (checked, _) = run("read_error");
    assert_eq!(checked.outcome.status, Status::Pass, "{}", checked.outcome.summary);
}

#[test]
pub(super) fn contradiction() {
    let (checked, _) = run("contradiction");
    let summary = "the checker passed beside the error `broken`: `evidence` is broken (the checker said pass: looks fine)";
    taken_back(&checked, Reason::Contradiction, summary);
    assert_eq!(checked.outcome.findings[0].severity, Severity::Error);
}

#[test]
pub(super) fn not_examined() {
    let (checked, _) = run("not_examined");
    let summary =
        "the checker passed without examining anything (the checker said pass: 0 of 0 tests failed)";
    taken_back(&checked, Reason::NotExamined, summary);
}

#[test]
pub(super) fn not_a_number() {
    let (checked, _) = run_as("not_a_number", Wasi::None, Case::new(EMPTY));
    let summary = "the checker passed with a number that is not finite (the checker said pass: nothing is above the limit)";
    taken_back(&checked, Reason::Contradiction, summary);
    let metrics: Vec<&str> = checked.outcome.metrics.iter().map(|metric| metric.name.as_str()).collect();
    assert_eq!(metrics, ["median"], "figures that are none are dropped");
}

/// 4 times the size, at least 1 MiB; afterwards nothing more comes.
#[test]
pub(super) fn over_budget() {
    let (checked, _) = run("over_budget");
    assert_eq!(checked.outcome.summary, format!("{} bytes", 1 << 20));
    let large = vec![b'x'; 1 << 20];
    let (checked, _) = run_as("over_budget", Wasi::None, Case::new(&[("large.bin", &large)]));
    assert_eq!(checked.outcome.summary, format!("{} bytes", 4 << 20));
    assert_eq!(checked.bytes_read, [[1 << 20]], "each byte counts once");
}

/// A good checker, a command that failed: the exit code outweighs the report.
#[test]
fn an_exit_code_that_supports_no_pass() {
    for (exit, shown) in [(Exit::Code(101), "exit code 101"), (Exit::Signal(9), "signal 9")] {
        let case = Case { exit, exit_accepted: false, ..Case::new(FILE) };
        let (checked, _) = run_as("read_error", Wasi::None, case);
        let summary =
            format!("source `source` ended with {shown} (the checker said pass: 8 bytes and no failure)");
        taken_back(&checked, Reason::ExitMismatch, &summary);
    }
}

/// An honest reader is not taken for one that left something out, across the borders of its reads.
#[test]
pub(super) fn read_whole() {
    let store = Store::default();
    for size in [1, 256 * 1024, 256 * 1024 + 1, 5_000_000] {
        let bytes = vec![b'x'; size];
        let checked = store.judge(&load("read_whole"), Case::new(&[("file", &bytes)]));
        assert_eq!(checked.outcome.status, Status::Pass, "{}", checked.outcome.summary);
        assert_eq!(checked.outcome.examined.count, size as u64);
    }
}

/// A store lives for one call: nothing of the last check is left.
#[test]
pub(super) fn remembers() {
    let store = Store::default();
    let checker = load("remembers");
    for _ in 0..100 {
        let checked = store.judge(&checker, Case::new(EMPTY));
        assert_eq!((checked.outcome.status, checked.outcome.summary.as_str()), (Status::Pass, "run 1"));
    }
}

/// Nothing that a terminal, a page or an agent would act on survives, wherever a guest puts it.
#[test]
pub(super) fn escapes() {
    let (checked, _) = run("escapes");
    let mut texts = vec![serde_json::to_string(&checked.outcome).unwrap(), checked.log.replace('\n', "")];
    let finding = &checked.outcome.findings[0];
    let location = finding.location.clone().unwrap();
    texts.extend([finding.rule.clone(), finding.message.replace('\n', ""), finding.fingerprint.clone()]);
    texts.extend([location.path.unwrap(), location.artifact.unwrap(), checked.outcome.summary.clone()]);
    texts.extend([checked.outcome.examined.unit.clone(), checked.outcome.attachments[0].name.clone()]);
    for text in texts {
        let hidden = text.chars().find(|&character| {
            character.is_control() || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
        });
        assert_eq!(hidden, None, "{text:?}");
        assert!(text.contains("u{1b}]52"), "made visible, not dropped: {text}");
    }
}

/// A slot takes more artifacts than a check may hold handles, and each is still served. Whether an origin
/// was asked for is known: such an answer does not depend on the bytes alone.
#[test]
pub(super) fn asks_origin() {
    let store = Store::default();
    let input = store.input("file.txt", b"12345678");
    let bound = vec![Bound { slot: "file".into(), inputs: vec![input; 5000] }];
    let checked = store.check_bound(&load("asks_origin"), "{}", bound, limits(40_000));
    assert_eq!(checked.outcome.summary, "5000 artifacts of 40000 bytes", "{:?}", checked.fault);
    assert!(checked.origin_read);
    let checked = store.check(&load("read_whole"), "{}", "file", "file.txt", b"evidence");
    assert!(checked.outcome.status == Status::Pass && !checked.origin_read, "the bytes were read, no more");
}

/// It fills its memory with a secret, and looks for the one of its predecessor.
#[test]
pub(super) fn secret() {
    for _ in 0..10 {
        let (checked, _) = run_as("secret", Wasi::None, Case::new(EMPTY));
        assert_eq!(checked.outcome.summary, "saw 0 words that were not 0");
    }
}

#[test]
pub(super) fn progresses() {
    let (checked, _) = run_as("progresses", Wasi::None, Case::new(EMPTY));
    assert_eq!((checked.outcome.status, checked.outcome.findings.len()), (Status::Pass, 1));
}

/// Each rule of the host alone stands between these guests and a pass.
#[test]
fn a_pass_that_lies_is_taken_back() {
    let liars = [
        ("unread", Defence::Unread),
        ("unread_half", Defence::Unread),
        ("contradiction", Defence::Contradiction),
    ];
    for (guest, defence) in liars {
        assert_ne!(run(guest).0.outcome.status, Status::Pass, "{guest}");
        let (checked, _) = without(defence, || run(guest));
        assert_eq!(checked.outcome.status, Status::Pass, "{guest}");
    }
    // Over nothing, so that nothing is left unread either.
    let nothing = || run_as("not_examined", Wasi::None, Case::new(EMPTY)).0.outcome.status;
    assert_eq!(nothing(), Status::Inconclusive(Reason::NotExamined));
    assert_eq!(without(Defence::NotExamined, nothing), Status::Pass);
}
