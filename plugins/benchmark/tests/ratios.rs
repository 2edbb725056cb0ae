//! Whole checks of `ratio_max`, table-driven: config and two sides in, status and summary out.
//!
//! How often a ratio is judged rightly is the work of `coverage.rs`; this never simulates.

mod support;

use evident_checker::{Reason, Severity, Status};
use support::{inconclusive, judge, samples, value};

#[test]
fn ratios() {
    let at = |centre: f64, count: usize| samples("a", "ms", centre, count);
    let rate = |centre: f64| samples("a", "ops/s", centre, 30);
    let constant =
        |figure: &str| format!(r#"{{"name":"a","unit":"B","samples":[{}]}}"#, [figure; 6].join(","));
    let points = |centre: f64| samples("a", "points", centre, 30);
    let seconds = samples("a", "s", 0.1, 30);
    let zero = r#"{"name":"a","unit":"ms","samples":[0,1,2,3,4,5]}"#.to_owned();
    let bound = r#"{"ratio_max":1.05}"#;
    for (config, current, baseline, status, says) in [
        (bound, at(100.5, 30), at(100.0, 30), Status::Pass, "a median ratio 1.005 ["),
        (bound, at(120.0, 30), at(100.0, 30), Status::Fail, "] > 1.05 at 95 % (n=30, baseline n=30)"),
        (
            bound,
            at(100.5, 5),
            at(100.0, 30),
            inconclusive(Reason::InsufficientData(6)),
            "ratio of the median needs 6 samples, 5 are there",
        ),
        (
            bound,
            at(100.5, 30),
            at(100.0, 5),
            inconclusive(Reason::InsufficientData(6)),
            "in the baseline needs 6",
        ),
        (
            bound,
            value("a", "ms", 1.0),
            at(100.0, 30),
            inconclusive(Reason::InsufficientData(6)),
            "0 are there",
        ),
        (
            bound,
            at(101.0, 30),
            samples("b", "ms", 100.0, 30),
            inconclusive(Reason::NotExamined),
            "the baseline has no benchmark `a`; it has `b`",
        ),
        (
            r#"{"ratio_max":1.05,"metric":"p95"}"#,
            at(101.0, 30),
            at(100.0, 30),
            inconclusive(Reason::InsufficientData(72)),
            "needs 72",
        ),
        (bound, rate(100.0), rate(120.0), Status::Fail, "ratio 1.2 "),
        (bound, rate(120.0), rate(100.0), Status::Pass, "ratio 0.8333 "),
        (
            r#"{"ratio_max":1.05,"direction":"higher"}"#,
            at(120.0, 30),
            at(100.0, 30),
            Status::Pass,
            "ratio 0.8333 ",
        ),
        (bound, at(100.5, 30), seconds, Status::Pass, "ratio 1.005 "),
        (
            bound,
            at(100.5, 30),
            samples("a", "MB", 100.0, 30),
            inconclusive(Reason::Contradiction),
            "`MB` cannot be compared with `ms`",
        ),
        (bound, points(100.5), points(100.0), inconclusive(Reason::Config), "set `direction`"),
        (
            r#"{"ratio_max":1.05,"direction":"lower"}"#,
            points(100.5),
            points(100.0),
            Status::Pass,
            "ratio 1.005",
        ),
        (r#"{"ratio_max":1.05,"min":"1 points"}"#, points(80.0), points(100.0), Status::Fail, "ratio 1.25"),
        (
            bound,
            constant("105"),
            constant("100"),
            Status::Pass,
            "ratio 1.05 <= 1.05, exactly: no sample varies",
        ),
        (bound, constant("105.1"), constant("100"), Status::Fail, "ratio 1.051 > 1.05, exactly"),
        (bound, constant("100"), constant("100"), Status::Pass, "ratio 1 <= 1.05, exactly"),
        (
            bound,
            zero.clone(),
            at(100.0, 30),
            inconclusive(Reason::Config),
            "samples above zero, the evidence has 0",
        ),
        (bound, at(100.0, 30), zero, inconclusive(Reason::Config), "the baseline has 0"),
        (
            bound,
            at(100.0, 30),
            at(100.0, 30),
            inconclusive(Reason::Contradiction),
            "a clock does not repeat itself",
        ),
        (
            r#"{"ratio_max":1.05,"benchmark":"b"}"#,
            at(1.0, 30),
            samples("b", "ms", 1.0, 30),
            Status::Fail,
            "b is in the baseline, but no longer",
        ),
        (
            r#"{"ratio_max":1.05,"max":"90 ms"}"#,
            at(100.5, 30),
            "{".into(),
            Status::Fail,
            "a median 100.5 ms > 90 ms",
        ),
        (bound, at(100.5, 30), "{".into(), inconclusive(Reason::Malformed), "baseline: `baseline-0`"),
        (
            bound,
            at(100.5, 30),
            r#"{"name":"a","unit":"ms","failed":true}"#.into(),
            inconclusive(Reason::NotExamined),
            "failed in the baseline",
        ),
        (
            r#"{"max":"1 s"}"#,
            at(100.5, 30),
            at(100.0, 30),
            inconclusive(Reason::Config),
            "without `ratio_max` nothing",
        ),
    ] {
        let (outcome, _) = judge(config, &[&current], &[&baseline]);
        assert_eq!(outcome.status, status, "{config} {current}: {}", outcome.summary);
        assert!(outcome.summary.contains(says), "{config}: {}", outcome.summary);
    }
    let (outcome, _) = judge(bound, &[&at(1.0, 30)], &[]);
    assert_eq!(outcome.status, inconclusive(Reason::Config), "{}", outcome.summary);
}

/// Catches a conversion that is not told, `us` written over the numbers of `ms`, and a name that merely looks
/// like that of the baseline.
#[test]
fn what_differs_from_the_baseline_is_told() {
    let bound = r#"{"ratio_max":1.05}"#;
    let list = |records: &[String]| format!("[{}]", records.join(","));
    let at = |name: &str, unit: &str, centre: f64| samples(name, unit, centre, 30);
    let unit = Some("benchmark-unit-changed");
    let name = Some("benchmark-renamed");
    for (config, current, baseline, status, rule) in [
        (bound, at("a", "ms", 100.5), at("a", "ms", 100.0), Status::Pass, None),
        // Honest: the figure stayed or got better, and so its number is another one.
        (bound, at("a", "ns", 950.0), at("a", "us", 1.2), Status::Pass, unit),
        (bound, at("a", "us", 100_500.0), at("a", "ms", 100.0), Status::Pass, unit),
        (bound, at("a", "µs", 100.5), at("a", "us", 100.0), Status::Pass, unit),
        (bound, at("a", "MB", 104.9), at("a", "MiB", 100.0), Status::Pass, unit),
        (bound, at("a", "KiB/s", 1025.0), at("a", "MiB/s", 1.0), Status::Pass, unit),
        // Slower in any unit.
        (bound, at("a", "us", 2.7), at("a", "ns", 900.0), Status::Fail, unit),
        (bound, at("a", "s", 100.5), at("a", "ms", 100.0), Status::Fail, unit),
        // The numbers are those of the baseline.
        (bound, at("a", "us", 100.5), at("a", "ms", 100.0), inconclusive(Reason::Contradiction), unit),
        (bound, at("a", "ns", 90.0), at("a", "s", 100.0), inconclusive(Reason::Contradiction), unit),
        (bound, at("a", "MB", 100.2), at("a", "MiB", 100.0), inconclusive(Reason::Contradiction), unit),
        (bound, at("a", "MB/s", 100.2), at("a", "kB/s", 100.0), inconclusive(Reason::Contradiction), unit),
        (bound, at("a", "MB", 100.5), at("a", "ms", 100.0), inconclusive(Reason::Contradiction), unit),
        (
            r#"{"ratio_max":1.05,"direction":"lower"}"#,
            at("a", "", 100.5),
            at("a", "ms", 100.0),
            inconclusive(Reason::Contradiction),
            unit,
        ),
        (bound, at("A", "ms", 100.5), at("a", "ms", 100.0), inconclusive(Reason::NotExamined), name),
        // What is left of two is not the one that is meant.
        (
            bound,
            at("a", "ms", 100.5),
            list(&[at("a", "ms", 100.0), at("slow", "ms", 900.0)]),
            inconclusive(Reason::Config),
            None,
        ),
        (
            r#"{"ratio_max":1.05,"benchmark":"a"}"#,
            at("a", "ms", 100.5),
            list(&[at("a", "ms", 100.0), at("slow", "ms", 900.0)]),
            Status::Pass,
            None,
        ),
    ] {
        let (outcome, said) = judge(config, &[&current], &[&baseline]);
        assert_eq!(outcome.status, status, "{current:.40} {baseline:.40}: {}", outcome.summary);
        let warnings = said.findings.iter().filter(|finding| finding.severity == Severity::Warning);
        let rules: Vec<&str> = warnings.map(|finding| finding.rule.as_str()).collect();
        assert_eq!(rules, rule.into_iter().collect::<Vec<_>>(), "{}", outcome.summary);
    }
    let (outcome, said) = judge(bound, &[&at("a", "us", 100.5)], &[&at("a", "ms", 100.0)]);
    assert!(outcome.summary.contains("changed its unit from `ms` to `us`"), "{}", outcome.summary);
    let told = &said.findings[0].message;
    assert!(told.contains("in `us`") && told.contains("in `ms`"), "{told}");
}

/// An undecided ratio says how many samples would do, and with so many it is decided.
#[test]
fn the_advised_number_decides() {
    let noisy = |centre: f64, count: usize, shift: usize| {
        let figures: Vec<String> = (0..count)
            .map(|index| {
                (centre * (0.9 + 0.2 * ((index * 7919 + shift) % count) as f64 / count as f64)).to_string()
            })
            .collect();
        format!(r#"{{"name":"a","unit":"ms","samples":[{}]}}"#, figures.join(","))
    };
    let config = r#"{"ratio_max":1.05}"#;
    let (outcome, _) = judge(config, &[&noisy(102.0, 20, 0)], &[&noisy(100.0, 20, 3)]);
    let Status::Inconclusive(Reason::InsufficientData(needed)) = outcome.status else {
        panic!("{}", outcome.summary)
    };
    assert!((21..2_000).contains(&needed), "{needed}");
    let needed = usize::try_from(needed).expect("small");
    let (outcome, _) =
        judge(config, &[&noisy(102.0, needed * 5 / 4, 0)], &[&noisy(100.0, needed * 5 / 4, 3)]);
    assert_eq!(outcome.status, Status::Pass, "{needed}: {}", outcome.summary);
}
