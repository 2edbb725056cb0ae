//! Guests that hand over more than the host takes: cut, counted or refused, never kept in the host's
//! memory, and never hiding what decides.

use std::time::Duration;

use evident_core::outcome::{FaultClass, Reason, Severity, Status};
use evident_core::text::MESSAGE_BYTES_MAX;

use super::{MARGIN, MARGIN_BYTES, fault, lowered, run, run_over_nothing, run_within};

#[test]
pub(super) fn return_huge() {
    let (checked, cost) = run("return_huge");
    assert_eq!(fault(&checked, FaultClass::OutputCap).message, "handed over more than 8 MiB in one call");
    assert!(cost.peak_bytes < MARGIN_BYTES, "{cost:?}");
}

#[test]
pub(super) fn return_beyond() {
    let (checked, cost) = run("return_beyond");
    assert_eq!(fault(&checked, FaultClass::Abi).message, "string pointer/length out of bounds of memory");
    assert!(cost.peak_bytes < MARGIN_BYTES, "{cost:?}");
}

#[test]
pub(super) fn write_beyond() {
    let (checked, cost) = run("write_beyond");
    assert_eq!(fault(&checked, FaultClass::Abi).message, "list pointer/length out of bounds of memory");
    assert!(cost.peak_bytes < MARGIN_BYTES, "{cost:?}");
}

#[test]
pub(super) fn return_no_text() {
    let (checked, _) = run("return_no_text");
    assert_eq!(fault(&checked, FaultClass::Abi).message, "invalid utf-8 sequence of 1 bytes from index 0");
}

#[test]
pub(super) fn finding_flood() {
    let (checked, cost) = run_over_nothing("finding_flood");
    assert_eq!(checked.outcome.status, Status::Pass, "notes decide nothing, dropped or not");
    assert_eq!((checked.outcome.findings.len(), checked.outcome.findings_total()), (10_000, 20_113));
    assert_eq!(checked.outcome.findings[9_999].message, "drop 9999");
    assert!(cost.peak_bytes < MARGIN_BYTES, "{cost:?}");
}

/// 3000 messages of 1 MiB: each is cut at 8 KiB, all together at 16 MiB.
#[test]
pub(super) fn finding_large() {
    let (checked, cost) = run_over_nothing("finding_large");
    let findings = &checked.outcome.findings;
    assert!(findings.iter().all(|finding| finding.message.len() <= MESSAGE_BYTES_MAX));
    let bytes: usize = findings.iter().map(|finding| finding.message.len()).sum();
    assert!((15 << 20..=16 << 20).contains(&bytes), "{bytes}");
    assert_eq!(checked.outcome.findings_total(), 3000);
    assert!(checked.usage.fuel > 3000 << 20, "what was cut was handed over: {}", checked.usage.fuel);
    assert!(cost.peak_bytes < 2 * MARGIN_BYTES, "{cost:?}");
}

/// The pass stands beside an error that nobody kept: it must not count.
#[test]
pub(super) fn dropped_error() {
    let (checked, _) = run_over_nothing("dropped_error");
    assert_eq!((checked.outcome.findings.len(), checked.outcome.findings_dropped), (10_000, 1));
    assert!(checked.outcome.findings.iter().all(|finding| finding.severity == Severity::Note));
    assert_eq!(checked.outcome.status, Status::Inconclusive(Reason::Contradiction));
    let summary = "the checker passed beside an error among dropped findings (the checker said pass: fine)";
    assert_eq!(checked.outcome.summary, summary);
}

#[test]
pub(super) fn log_flood() {
    let (checked, cost) = run_over_nothing("log_flood");
    assert!(checked.log.starts_with("info: the first line\ninfo: xxx"));
    assert!(checked.log.ends_with("xxx\ninfo: the last line\n"));
    assert!(checked.log.len() < (256 << 10) + 100, "{}", checked.log.len());
    let lines = ["the first line", "the last line"].iter().map(|line| line.len() + 7).sum::<usize>();
    let written = 64 * ((1 << 20) + 7) + lines;
    assert!(checked.log.contains(&format!("\n[... {} bytes ...]\n", written - (256 << 10))));
    assert!(cost.peak_bytes < MARGIN_BYTES, "{cost:?}");
}

/// The guest works for nothing: the host copies. It ends at its deadline, or when its fuel has paid for that.
#[test]
pub(super) fn log_huge() {
    let (checked, cost) = run_within("log_huge", lowered(None, Some(100), None));
    assert_eq!(fault(&checked, FaultClass::Deadline).message, "was not done after 100 ms");
    assert!(cost.elapsed < Duration::from_millis(100) + MARGIN, "{cost:?}");
    assert!(cost.peak_bytes < MARGIN_BYTES, "{cost:?}");
    let (checked, _) = run_within("log_huge", lowered(Some(500_000_000), None, None));
    fault(&checked, FaultClass::Fuel);
    assert_eq!(checked.usage.fuel, 500_000_000);
}

/// Nine imports that do little, 10,000 times each: a call has its price, the same in every run.
#[test]
pub(super) fn calls_flood() {
    let (checked, cost) = run("calls_flood");
    assert_eq!(checked.outcome.status, Status::Pass, "{:?}", checked.fault);
    assert!(checked.usage.fuel > 9 * 10_000 * 500, "{}", checked.usage.fuel);
    assert!(cost.peak_bytes < MARGIN_BYTES, "{cost:?}");
    assert_eq!(run("calls_flood").0.usage.fuel, checked.usage.fuel);
    let (checked, _) = run_within("calls_flood", lowered(Some(20_000_000), None, None));
    assert_eq!(checked.fault.expect("its fuel is used up").class, FaultClass::Fuel);
}

#[test]
pub(super) fn attachments_many() {
    let (checked, _) = run_over_nothing("attachments_many");
    assert_eq!(checked.outcome.attachments.len(), 32);
    assert_eq!(checked.outcome.summary, "968 refused");
}

#[test]
pub(super) fn attachments_large() {
    let (checked, cost) = run("attachments_large");
    assert_eq!(checked.outcome.attachments[0].size, 64 << 20);
    assert_eq!(checked.outcome.summary, "16 refused");
    assert!(cost.peak_bytes < MARGIN_BYTES, "{cost:?}");
}

/// The cap on metrics must not cut off the one that is not a number.
#[test]
pub(super) fn metric_flood() {
    let (checked, _) = run_over_nothing("metric_flood");
    assert_eq!(checked.outcome.metrics.len(), 256);
    assert_eq!(checked.outcome.status, Status::Inconclusive(Reason::Contradiction));
}
