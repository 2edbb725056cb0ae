//! The checker `benchmark` over any bytes, with every kind of rule.
//!
//! An input: a byte that chooses, then artifacts with a record separator (0x1e) between two: the first is
//! judged, the second is its baseline and may be empty, the third is judged, and so on.

use evident_benchmark::Benchmark;
use evident_checker::Status;

use super::verdict::{Slot, accepted, cuts, judged, parts};

const CONFIGS: [&str; 12] = [
    r#"{"max":"1 s"}"#,
    r#"{"min":"10 ops/s"}"#,
    r#"{"max":1,"metric":"p95"}"#,
    r#"{"max":"120 ms","min":"1 us","metric":"mean","samples_min":3}"#,
    r#"{"max":"1 MiB","metric":"value","benchmark":"a"}"#,
    r#"{"ratio_max":1.05}"#,
    r#"{"ratio_max":1.05,"paired":"always","seed":7}"#,
    r#"{"ratio_max":1.5,"paired":"never","metric":"mean","confidence":0.5}"#,
    r#"{"ratio_max":0.001,"metric":"p90","direction":"higher"}"#,
    r#"{"ratio_max":1000,"max":"1e30 s","benchmark":"a"}"#,
    r#"{"max":"1 s","metric":"max","direction":"lower"}"#,
    r#"{"max":-1,"min":-1e30,"metric":"min"}"#,
];

/// See [`accepted`].
pub(crate) fn configs_are_accepted() {
    CONFIGS.iter().for_each(|config| accepted::<Benchmark>(config));
}

/// Judges; see the module for the shape of `bytes`.
///
/// # Panics
/// When the outcome cannot be right.
pub fn benchmark(bytes: &[u8]) {
    let Some((choice, parts)) = parts(bytes) else { return };
    let config = CONFIGS[choice % CONFIGS.len()];
    // Goes of two repeated sources, or parts of one run each.
    let names = if choice < CONFIGS.len() { "part-" } else { "" };
    match judged::<Benchmark>(config, &slots(names, parts[0], &parts)).0.status {
        Status::Pass => return passes(config, names, &parts),
        Status::Fail => {}
        Status::Inconclusive(_) => return,
    }
    for cut in cuts(parts[0]) {
        let outcome = judged::<Benchmark>(config, &slots(names, cut, &parts)).0;
        assert_ne!(
            outcome.status,
            Status::Pass,
            "it fails as a whole, cut at {}: {}",
            cut.len(),
            outcome.summary
        );
    }
}

/// A pass hides no artifact beside it that failed or cannot be read.
fn passes(config: &str, names: &str, parts: &[&[u8]]) {
    const FAILED: &[u8] = br#"{"name":"fails","unit":"s","failed":true}"#;
    for bytes in [FAILED, b"{"] {
        let mut slots = slots(names, parts[0], parts);
        slots[0].artifacts.push((format!("{names}999/further"), bytes));
        let beside = judged::<Benchmark>(config, &slots).0;
        assert_ne!(beside.status, Status::Pass, "{config}: {}", beside.summary);
    }
}

/// The parts, the first of them as `first`.
fn slots<'a>(names: &str, first: &'a [u8], parts: &[&'a [u8]]) -> [Slot<'a>; 2] {
    let parts = [first].into_iter().chain(parts.iter().skip(1).copied());
    let (mut current, mut baseline) = (Vec::new(), Vec::new());
    for (at, bytes) in parts.enumerate() {
        let name = format!("{names}{}/figures.json", at / 2 + 1);
        if at % 2 == 0 {
            current.push((name, bytes));
        } else if !bytes.is_empty() {
            baseline.push((name, bytes));
        }
    }
    [Slot { name: "current", artifacts: current }, Slot { name: "baseline", artifacts: baseline }]
}
