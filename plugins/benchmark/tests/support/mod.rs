//! What the tests of whole checks share: evidence in short, and what holds for every outcome.
//!
//! It never expects a certain outcome.
#![allow(unreachable_pub, reason = "a module of several test files")]

use evident_benchmark::Benchmark;
use evident_checker::testing::{Recorder, artifact, check};
use evident_checker::{Evidence, Outcome, Reason, Severity, Status};

fn evidence(current: &[&str], baseline: &[&str]) -> Evidence {
    let mut evidence = Evidence::new();
    for (slot, texts) in [("current", current), ("baseline", baseline)] {
        let named = |(index, text): (usize, &&str)| artifact(&format!("{slot}-{index}"), text.as_bytes());
        evidence.bind(slot, texts.iter().enumerate().map(named));
    }
    evidence
}

/// Judges texts in both slots. A pass beside an error or over nothing breaks any test.
pub fn judge(config: &str, current: &[&str], baseline: &[&str]) -> (Outcome, Recorder) {
    let (outcome, recorder) = check::<Benchmark>(config, &evidence(current, baseline));
    let outcome = outcome.expect("no fault");
    let has_error = recorder.findings.iter().any(|finding| finding.severity == Severity::Error);
    assert_eq!(has_error, outcome.status == Status::Fail, "{config}: {}", outcome.summary);
    assert!(outcome.status != Status::Pass || outcome.examined > 0, "{config}: {}", outcome.summary);
    assert!(!outcome.summary.contains('\n'), "{}", outcome.summary);
    (outcome, recorder)
}

/// `count` samples around `centre`, spread over 2 %, in a mixed order.
pub fn samples(name: &str, unit: &str, centre: f64, count: usize) -> String {
    let figures: Vec<String> = (0..count)
        .map(|index| (centre * (0.99 + 0.02 * ((index * 7919) % count) as f64 / count as f64)).to_string())
        .collect();
    format!(r#"{{"name":"{name}","unit":"{unit}","samples":[{}]}}"#, figures.join(","))
}

/// One benchmark with a value alone.
pub fn value(name: &str, unit: &str, value: f64) -> String {
    format!(r#"{{"name":"{name}","unit":"{unit}","value":{value}}}"#)
}

/// The status with this reason.
pub fn inconclusive(reason: Reason) -> Status {
    Status::Inconclusive(reason)
}
