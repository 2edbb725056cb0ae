//! Tests of the whole checker, native: pictures in, outcome and findings out.
//!
//! Nothing here runs WebAssembly; the workspace's own tests do.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "pictures are made of numbers that fit, and one that cannot be made ends the test"
)]

use evident_checker::testing::{Recorder, artifact, check};
use evident_checker::{Evidence, Outcome, Reason, Severity, Status};
use evident_screenshot::Screenshot;

mod decode;
mod fixtures;
mod hostile;
mod lies;
mod list;
mod make;
mod peers;
mod pictures;
mod places;

/// What a check said.
struct Checked {
    outcome: Outcome,
    said: Recorder,
}

/// What a table expects of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Pass,
    Fail,
    Inconclusive(Reason),
}

impl Checked {
    fn verdict(&self) -> Verdict {
        match self.outcome.status {
            Status::Pass => Verdict::Pass,
            Status::Fail => Verdict::Fail,
            Status::Inconclusive(reason) => Verdict::Inconclusive(reason),
        }
    }

    /// True if there is a finding of this rule.
    fn has(&self, rule: &str) -> bool {
        self.said.findings.iter().any(|finding| finding.rule == rule)
    }

    /// Messages of the findings of a rule.
    fn messages(&self, rule: &str) -> Vec<&str> {
        let findings = self.said.findings.iter().filter(|finding| finding.rule == rule);
        findings.map(|finding| finding.message.as_str()).collect()
    }

    /// A figure of the outcome.
    fn figure(&self, name: &str) -> f64 {
        let metric = self.outcome.metrics.iter().find(|metric| metric.name == name);
        metric.unwrap_or_else(|| panic!("no metric {name}: {}", self.outcome.summary)).value
    }
}

/// Name and bytes of the artifacts of a slot.
type Files<'a> = &'a [(&'a str, &'a [u8])];

/// Judges artifacts. A pass beside an error or over nothing breaks any test.
fn judged(config: &str, expected: Files<'_>, actual: Files<'_>, masks: Files<'_>) -> Checked {
    let mut evidence = Evidence::new();
    for (slot, files) in [("expected", expected), ("actual", actual), ("mask", masks)] {
        evidence.bind(slot, files.iter().map(|(name, bytes)| artifact(name, bytes)));
    }
    let (outcome, said) = check::<Screenshot>(config, &evidence);
    let checked = Checked { outcome: outcome.expect("no fault"), said };
    let has_error = checked.said.findings.iter().any(|finding| finding.severity == Severity::Error);
    let summary = &checked.outcome.summary;
    assert_eq!(has_error, checked.verdict() == Verdict::Fail, "{config}: {summary}");
    assert!(checked.verdict() != Verdict::Pass || checked.outcome.examined > 0, "{config}: {summary}");
    assert!(!summary.contains('\n'), "{summary}");
    let mut prints: Vec<_> = checked.said.findings.iter().map(|it| it.fingerprint.clone()).collect();
    prints.sort();
    let count = prints.len();
    prints.dedup();
    assert_eq!(prints.len(), count, "two findings have one fingerprint: {prints:?}");
    checked
}

/// Judges one screen.
fn one(config: &str, expected: &[u8], actual: &[u8]) -> Checked {
    judged(config, &[("home.png", expected)], &[("home.png", actual)], &[])
}
