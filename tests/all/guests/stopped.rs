//! Guests that do not end by themselves, or take what is not theirs: stopped, with the class that says why.

use std::time::Duration;

use evident_core::contract::Wasi;
use evident_core::outcome::{FaultClass, Status};
use evident_tests::{Case, load};

use super::{MARGIN, MARGIN_BYTES, fault, lowered, run, run_as, run_within};

const WALL_MS: u64 = 100;
const MEMORY_BYTES: u64 = 64 << 20;

#[test]
pub(super) fn spin() {
    let (checked, cost) = run_within("spin", lowered(None, Some(WALL_MS), None));
    assert_eq!(fault(&checked, FaultClass::Deadline).message, "was not done after 100 ms");
    assert!(cost.elapsed < Duration::from_millis(WALL_MS) + MARGIN, "{:?}", cost.elapsed);
    assert!(checked.usage.fuel > 0);
    let (checked, _) = run_within("spin", lowered(Some(10_000_000), None, None));
    assert_eq!(fault(&checked, FaultClass::Fuel).message, "wasm trap: all fuel consumed by WebAssembly");
    assert_eq!(checked.usage.fuel, 10_000_000);
}

/// The deadline and the fuel hold before anything of the component can be called.
#[test]
pub(super) fn spin_start() {
    let described = load("spin_start").describe().unwrap_err();
    assert_eq!(described.class, FaultClass::Fuel, "{described:?}");
    let (checked, elapsed) = check_without_describe("spin_start", lowered(None, Some(WALL_MS), None));
    assert_eq!(fault(&checked, FaultClass::Deadline).message, "was not done after 100 ms");
    assert!(elapsed < Duration::from_millis(WALL_MS) + MARGIN, "{elapsed:?}");
}

#[test]
pub(super) fn memory_growth() {
    let (checked, cost) = run_within("memory_growth", lowered(None, None, Some(MEMORY_BYTES)));
    assert_eq!(fault(&checked, FaultClass::Memory).message, "asked for more than 67108864 bytes of memory");
    assert!(checked.usage.memory_bytes <= MEMORY_BYTES);
    assert!(cost.peak_bytes > MEMORY_BYTES / 2, "it wrote to what it took: {}", cost.peak_bytes);
    assert!(cost.peak_bytes < MEMORY_BYTES + MARGIN_BYTES, "{}", cost.peak_bytes);
}

/// 300 MiB in the declaration of a memory: refused before it is there.
#[test]
pub(super) fn memory_at_start() {
    let described = load("memory_at_start").describe().unwrap_err();
    let expected = "asked for more than 268435456 bytes of memory";
    assert_eq!((described.class, described.message.as_str()), (FaultClass::Memory, expected));
    let (checked, _) = check_without_describe("memory_at_start", lowered(None, None, None));
    assert_eq!(fault(&checked, FaultClass::Memory).message, expected);
    assert_eq!(checked.usage.memory_bytes, 0);
}

#[test]
pub(super) fn memory_in_start() {
    let (checked, _) = check_without_describe("memory_in_start", lowered(None, None, Some(MEMORY_BYTES)));
    assert_eq!(fault(&checked, FaultClass::Memory).message, "asked for more than 67108864 bytes of memory");
    assert!(checked.usage.memory_bytes <= MEMORY_BYTES);
}

#[test]
pub(super) fn recursion() {
    let (checked, cost) = run("recursion");
    let fault = fault(&checked, FaultClass::Stack);
    assert_eq!(fault.message, "wasm trap: call stack exhausted");
    assert!(
        fault.guest_frames.len() <= 5 && fault.guest_frames[0].contains("dive"),
        "{:?}",
        fault.guest_frames
    );
    assert!(cost.elapsed < MARGIN && cost.peak_bytes < MARGIN_BYTES, "{cost:?}");
}

/// Handles are the host's memory, not the guest's.
#[test]
pub(super) fn handle_flood() {
    let (checked, cost) = run("handle_flood");
    assert_eq!(fault(&checked, FaultClass::Memory).message, "holds more than 1024 handles");
    assert!(cost.elapsed < MARGIN && cost.peak_bytes < MARGIN_BYTES, "{cost:?}");
}

#[test]
pub(super) fn forged_handle() {
    let (checked, _) = run("forged_handle");
    assert_eq!(fault(&checked, FaultClass::Abi).message, "unknown handle index 999");
}

/// What was said before the end is kept, and what is shown of the end is the guest's alone.
#[test]
pub(super) fn panic() {
    let (checked, _) = run("panic");
    let fault = fault(&checked, FaultClass::Trap);
    assert_eq!(fault.message, "wasm trap: wasm `unreachable` instruction executed");
    let words: Vec<&str> = fault.last_words.lines().collect();
    assert_eq!(words[0], "info: about to stumble");
    assert!(words[1].starts_with("error: panicked at src/panic.rs:"), "{words:?}");
    assert_eq!(words[2], "stumbled over 3 stones");
    assert!(fault.guest_frames.iter().any(|frame| frame.contains("panic")), "{:?}", fault.guest_frames);
    assert!(!fault.guest_frames.is_empty() && fault.guest_frames.len() <= 5);
    let findings: Vec<&str> = checked.outcome.findings.iter().map(|finding| finding.rule.as_str()).collect();
    assert_eq!(findings, ["stone"]);
    let attachments: Vec<_> = checked
        .outcome
        .attachments
        .iter()
        .map(|attachment| (attachment.name.as_str(), attachment.size))
        .collect();
    assert_eq!(attachments, [("picture", 10)]);
}

#[test]
pub(super) fn checker_error() {
    let (checked, _) = run("checker_error");
    assert_eq!(fault(&checked, FaultClass::CheckerError).message, "the model is not loaded \\u{1b}[32mpass");
    assert_eq!(checked.outcome.findings.len(), 1);
}

/// Checks without asking for a description first, which such a guest never gives.
fn check_without_describe(
    name: &str,
    limits: evident_sandbox::Limits,
) -> (evident_sandbox::Checked, Duration) {
    let store = evident_tests::Store::default();
    let checker = load(name);
    let started = std::time::Instant::now();
    let checked = store.check_bound(&checker, "{}", Vec::new(), limits);
    (checked, started.elapsed())
}

/// One instruction copies 200 MiB without a look at the clock: the bound on memory bounds that too.
#[test]
pub(super) fn copy_flood() {
    let (checked, cost) = run_within("copy_flood", lowered(None, Some(WALL_MS), None));
    assert_eq!(fault(&checked, FaultClass::Deadline).message, "was not done after 100 ms");
    assert!(cost.elapsed < Duration::from_millis(WALL_MS) + 2 * MARGIN, "{:?}", cost.elapsed);
}

/// It traps while the host asks it for room: that check ends, the next one is as good as any.
#[test]
pub(super) fn trap_in_realloc() {
    let large = vec![b'x'; 200_000];
    for _ in 0..3 {
        let (checked, _) = run_as("trap_in_realloc", Wasi::None, Case::new(&[("large.bin", &large)]));
        fault(&checked, FaultClass::Trap);
        let (checked, _) = run("trap_in_realloc");
        assert_eq!(checked.outcome.status, Status::Pass, "{:?}", checked.fault);
    }
}
