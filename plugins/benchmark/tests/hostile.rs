//! Evidence that is broken or made up by chance: it never panics and never passes.

use evident_benchmark::Benchmark;
use evident_checker::testing::{artifact, check};
use evident_checker::{Evidence, Outcome, Reason, Severity, Status};
use proptest::prelude::*;

const RULES: &str = r#"{"max":"1e30 s","ratio_max":1000}"#;

fn judge(config: &str, current: &[u8], baseline: &[u8]) -> Outcome {
    let mut evidence = Evidence::new();
    evidence.bind("current", [artifact("current", current)]);
    if !baseline.is_empty() {
        evidence.bind("baseline", [artifact("baseline", baseline)]);
    }
    let (outcome, recorder) = check::<Benchmark>(config, &evidence);
    let outcome = outcome.expect("no fault");
    let has_error = recorder.findings.iter().any(|finding| finding.severity == Severity::Error);
    assert!(outcome.status != Status::Pass || !has_error);
    assert!(outcome.metrics.iter().all(|metric| metric.value.is_finite()));
    outcome
}

#[test]
fn a_document_that_ends_early_never_passes() {
    let text = br#"{"benchmarks":[{"name":"a","unit":"s","value":2,"samples":[1,2,3.5,4,5,6,7]}]}"#;
    let config = r#"{"max":"1e30 s"}"#;
    assert_eq!(judge(config, text, b"").status, Status::Pass);
    for length in 0..text.len() {
        let outcome = judge(config, &text[..length], b"");
        assert_eq!(outcome.status, Status::Inconclusive(Reason::Malformed), "{length}: {}", outcome.summary);
    }
    let old = br#"{"name":"a","unit":"s","samples":[1,2,3,4,5,6,7]}"#;
    for length in 1..old.len() {
        let outcome = judge(RULES, text, &old[..length]);
        assert_eq!(outcome.status, Status::Inconclusive(Reason::Malformed), "{length}: {}", outcome.summary);
    }
}

#[test]
fn an_artifact_above_the_bound_is_a_limit() {
    let outcome = judge(r#"{"max":"1 s"}"#, &vec![b' '; 16 * 1024 * 1024 + 1], b"");
    assert_eq!(outcome.status, Status::Inconclusive(Reason::Limit));
    let many = format!(r#"{{"name":"a","unit":"s","samples":[{}1]}}"#, "1,".repeat(1_000_000));
    let outcome = judge(r#"{"max":"1 s"}"#, many.as_bytes(), b"");
    assert_eq!(outcome.status, Status::Inconclusive(Reason::Limit), "{}", outcome.summary);
}

/// Figures of every magnitude, signs and rubbish between them.
fn figure() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<f64>().prop_map(|number| number.to_string()),
        (1.0..2.0).prop_map(|number: f64| number.to_string()),
        prop_oneof![
            Just("0"),
            Just("-0"),
            Just("1e100"),
            Just("1e-100"),
            Just("1e308"),
            Just("null"),
            Just("1e999")
        ]
        .prop_map(String::from),
    ]
}

fn document() -> impl Strategy<Value = String> {
    let unit = prop_oneof![Just("s"), Just("ops/s"), Just(""), Just("h")];
    (unit, prop::collection::vec(figure(), 0..12)).prop_map(|(unit, figures)| {
        format!(r#"{{"name":"a","unit":"{unit}","samples":[{}]}}"#, figures.join(","))
    })
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_pass(current in prop::collection::vec(any::<u8>(), 0..200), baseline in prop::collection::vec(any::<u8>(), 0..200)) {
        for (rules, baseline) in [(RULES, &baseline[..]), (r#"{"max":"1e30 s"}"#, b"")] {
            let outcome = judge(rules, &current, baseline);
            prop_assert!(outcome.status != Status::Pass);
        }
    }

    #[test]
    fn arbitrary_text_like_json_never_panics(text in r#"[\[\]{},:"a-z0-9.e+ -]{0,80}"#) {
        judge(RULES, text.as_bytes(), text.as_bytes());
    }

    /// Extreme figures give finite metrics, and a pass is never beside an error (asserted in `judge`).
    #[test]
    fn extreme_figures_never_panic(current in document(), baseline in document(), rule in prop_oneof![Just(RULES), Just(r#"{"metric":"mean","max":"1e30 s","ratio_max":1.05,"confidence":0.5}"#), Just(r#"{"min":"0 s"}"#)]) {
        judge(rule, current.as_bytes(), baseline.as_bytes());
    }
}
