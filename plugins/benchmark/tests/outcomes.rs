//! Whole checks, table-driven: config and evidence in, status and summary out.
//!
//! Statistics have their own tests beside the code; here is what a user sees. It never touches a file.

mod support;

use evident_checker::{Direction, Metric, Reason, Severity, Status};
use support::{inconclusive, judge, samples, value};

#[test]
fn static_limits() {
    let hundred: Vec<String> =
        (1..=199).map(|tenths| format!("{}", 100.0 + f64::from(tenths) / 10.0)).collect();
    let checkout = format!(r#"{{"name":"checkout","unit":"ms","samples":[{}]}}"#, hundred.join(","));
    let few = samples("checkout", "ms", 100.0, 19);
    let size = value("bundle", "MiB", 2.0);
    for (config, current, status, summary) in [
        (
            r#"{"metric":"p95","max":"120 ms"}"#,
            &checkout,
            Status::Pass,
            "checkout p95 119 ms <= 120 ms (n=199)",
        ),
        (
            r#"{"metric":"p95","max":"0.119 s"}"#,
            &checkout,
            Status::Pass,
            "checkout p95 0.119 s <= 0.119 s (n=199)",
        ),
        (
            r#"{"metric":"p95","max":"118.9 ms"}"#,
            &checkout,
            Status::Fail,
            "checkout p95 119 ms > 118.9 ms (n=199)",
        ),
        (r#"{"max":"120 ms"}"#, &checkout, Status::Pass, "checkout median 110 ms <= 120 ms (n=199)"),
        (
            r#"{"metric":"max","max":"120 ms"}"#,
            &checkout,
            Status::Pass,
            "checkout max 119.9 ms <= 120 ms (n=199)",
        ),
        (r#"{"metric":"min","min":"1 s"}"#, &checkout, Status::Fail, "checkout min 0.1001 s < 1 s (n=199)"),
        (
            r#"{"metric":"mean","max":"1 s","min":"105 ms"}"#,
            &checkout,
            Status::Pass,
            "checkout mean 0.11 s <= 1 s (n=199); mean 110 ms >= 105 ms (n=199)",
        ),
        (
            r#"{"metric":"mean","max":"1 s","min":"1 s"}"#,
            &checkout,
            Status::Fail,
            "checkout mean 0.11 s < 1 s (n=199)",
        ),
        (
            r#"{"metric":"p95","max":"120 ms"}"#,
            &few,
            inconclusive(Reason::InsufficientData(20)),
            "checkout p95 needs 20 samples, 19 are there",
        ),
        (
            r#"{"metric":"p99","max":"120 ms"}"#,
            &few,
            inconclusive(Reason::InsufficientData(100)),
            "checkout p99 needs 100 samples, 19 are there",
        ),
        (
            r#"{"max":"120 ms","samples_min":30}"#,
            &few,
            inconclusive(Reason::InsufficientData(30)),
            "checkout median needs 30 samples, 19 are there",
        ),
        (r#"{"max":"2 MiB"}"#, &size, Status::Pass, "bundle value 2 MiB <= 2 MiB"),
        (r#"{"max":"2 MB"}"#, &size, Status::Fail, "bundle value 2.097 MB > 2 MB"),
        (
            r#"{"max":"2 MiB","samples_min":2}"#,
            &size,
            inconclusive(Reason::InsufficientData(2)),
            "bundle value needs 2 samples, 0 are there",
        ),
        (
            r#"{"metric":"median","max":"2 MiB"}"#,
            &size,
            inconclusive(Reason::InsufficientData(1)),
            "bundle median needs 1 sample, 0 are there",
        ),
        (
            r#"{"metric":"value","max":"120 ms"}"#,
            &checkout,
            inconclusive(Reason::Config),
            "checkout no single value is stated; set `metric` to a figure of the samples, for example `median`",
        ),
        (
            r#"{"max":"2 s"}"#,
            &size,
            inconclusive(Reason::Config),
            "bundle the figures against `max`: `MiB` cannot be compared with `s`",
        ),
        (
            r#"{"max":2}"#,
            &size,
            inconclusive(Reason::Config),
            "bundle the figures against `max`: `MiB` cannot be compared with a plain number",
        ),
    ] {
        let (outcome, _) = judge(config, &[current], &[]);
        assert_eq!((outcome.status, outcome.summary.as_str()), (status, summary), "{config}");
    }
}

/// Catches one stated figure that outvotes the samples beside it: anyone can write it.
#[test]
fn samples_beat_a_stated_value() {
    let text = r#"{"name":"a","unit":"ms","value":1,"samples":[1,1000,1000,1000]}"#;
    for (config, status, summary) in [
        (r#"{"max":"120 ms"}"#, Status::Fail, "a median 1000 ms > 120 ms (n=4)"),
        (r#"{"metric":"auto","min":"120 ms"}"#, Status::Pass, "a median 1000 ms >= 120 ms (n=4)"),
        (r#"{"metric":"value","max":"120 ms"}"#, Status::Pass, "a value 1 ms <= 120 ms"),
    ] {
        let (outcome, _) = judge(config, &[text], &[]);
        assert_eq!((outcome.status, outcome.summary.as_str()), (status, summary), "{config}");
    }
}

/// Catches `max = 3`, meant as 3 %, that a figure of 300 % keeps.
#[test]
fn percent_is_no_plain_number() {
    for (config, current, status, summary) in [
        (
            r#"{"max":3}"#,
            value("errors", "%", 1.0),
            inconclusive(Reason::Config),
            "errors the figures against `max`: `%` cannot be compared with a plain number",
        ),
        (
            r#"{"max":"3 %"}"#,
            value("errors", "", 0.01),
            inconclusive(Reason::Config),
            "errors the figures against `max`: a plain number cannot be compared with `%`",
        ),
        (r#"{"max":"3 %"}"#, value("errors", "%", 1.0), Status::Pass, "errors value 1 % <= 3 %"),
        (r#"{"max":3}"#, value("errors", "", 4.0), Status::Fail, "errors value 4 > 3"),
    ] {
        let (outcome, _) = judge(config, &[&current], &[]);
        assert_eq!((outcome.status, outcome.summary.as_str()), (status, summary), "{config}");
    }
}

/// Catches `examined 1 values`.
#[test]
fn one_is_not_many() {
    let lone = r#"{"name":"a","unit":"ms","samples":[1]}"#;
    let pair = r#"{"name":"a","unit":"ms","samples":[1,2]}"#;
    for (current, count, unit) in
        [(value("a", "ms", 1.0).as_str(), 1, "value"), (lone, 1, "sample"), (pair, 2, "samples")]
    {
        let (outcome, _) = judge(r#"{"max":"5 ms"}"#, &[current], &[]);
        assert_eq!((outcome.examined, outcome.examined_unit.as_str()), (count, unit));
    }
    let (outcome, _) = judge(r#"{"max":"5 ms","samples_min":2}"#, &[lone], &[]);
    assert_eq!(outcome.summary, "a median needs 2 samples, 1 is there");
}

/// Catches an empty or ambiguous choice that is judged all the same.
#[test]
fn the_choice_of_the_benchmark() {
    let both = format!("[{},{}]", value("checkout", "ms", 1.0), value("search", "ms", 9.0));
    for (config, current, status, says) in [
        (r#"{"benchmark":"checkout","max":"5 ms"}"#, both.as_str(), Status::Pass, "checkout value 1 ms"),
        (r#"{"benchmark":"search","max":"5 ms"}"#, &both, Status::Fail, "search value 9 ms > 5 ms"),
        (
            r#"{"max":"5 ms"}"#,
            &both,
            inconclusive(Reason::Config),
            "set `benchmark` to one of `search`, `checkout`",
        ),
        (
            r#"{"benchmark":"chekout","max":"5 ms"}"#,
            &both,
            inconclusive(Reason::Config),
            "there is `checkout`, `search`",
        ),
        (
            r#"{"benchmark":"serch","max":"5 ms"}"#,
            &both,
            inconclusive(Reason::Config),
            "there is `search`, `checkout`",
        ),
        (r#"{"max":"5 ms"}"#, "[]", inconclusive(Reason::NotExamined), "no benchmark at all"),
    ] {
        let (outcome, _) = judge(config, &[current], &[]);
        assert_eq!(outcome.status, status, "{config}: {}", outcome.summary);
        assert!(outcome.summary.contains(says), "{config}: {}", outcome.summary);
    }
}

/// Catches artifacts that are judged one by one, and noise that shrinks because a file was bound twice.
#[test]
fn repeated_runs_are_merged() {
    let run = |figures: &str| format!(r#"{{"name":"a","unit":"ms","samples":[{figures}]}}"#);
    let max = r#"{"max":"120 ms"}"#;
    for (current, status, says) in [
        ([run("1,2"), run("300")], Status::Pass, "a median 2 ms <= 120 ms (n=3)"),
        ([value("a", "ms", 100.0), value("a", "ms", 200.0)], Status::Fail, "a median 150 ms > 120 ms (n=2)"),
        (
            [run("1,2"), value("a", "ms", 100.0)],
            inconclusive(Reason::Contradiction),
            "one states samples, the other just a value",
        ),
        ([run("1,2"), run("1,2")], inconclusive(Reason::Contradiction), "a clock does not repeat itself"),
        ([run("1,1"), run("1,1")], Status::Pass, "(n=4)"),
        (
            [run("1,2"), samples("a", "s", 1.0, 3)],
            inconclusive(Reason::Contradiction),
            "the unit changes from `ms` to `s`",
        ),
        (
            [run("1,2"), r#"{"name":"a","unit":"ms","failed":true}"#.into()],
            Status::Fail,
            "a failed: it says so itself (in `current-1`)",
        ),
        ([run("1,2"), "{".into()], inconclusive(Reason::Malformed), "`current-1`: EOF"),
    ] {
        let (outcome, _) = judge(max, &[&current[0], &current[1]], &[]);
        assert_eq!(outcome.status, status, "{}", outcome.summary);
        assert!(outcome.summary.contains(says), "{}", outcome.summary);
    }
}

/// Catches a third artifact that slips in behind two that agree.
#[test]
fn a_third_run_is_held_to_the_same() {
    let run = |figures: &str| format!(r#"{{"name":"a","unit":"ms","samples":[{figures}]}}"#);
    let says_value = |figure: f64| value("a", "ms", figure);
    for (current, status, count) in [
        ([run("1,2"), run("3,4"), run("5,6")], Status::Pass, 6),
        ([run("1,2"), run("3,4"), run("1,2")], inconclusive(Reason::Contradiction), 0),
        ([run("1,2"), run("3,4"), says_value(1.0)], inconclusive(Reason::Contradiction), 0),
        ([says_value(1.0), says_value(2.0), run("3,4")], inconclusive(Reason::Contradiction), 0),
        ([says_value(1.0), says_value(2.0), says_value(3.0)], Status::Pass, 3),
    ] {
        let (outcome, _) = judge(r#"{"max":"120 ms"}"#, &[&current[0], &current[1], &current[2]], &[]);
        assert_eq!((outcome.status, outcome.examined), (status, count), "{}", outcome.summary);
    }
    let old = [samples("a", "ms", 100.0, 30), samples("a", "ms", 101.0, 30)];
    let (outcome, _) =
        judge(r#"{"ratio_max":1.05}"#, &[&samples("a", "ms", 100.5, 30), &old[1]], &[&old[0], &old[1]]);
    assert_eq!(outcome.status, inconclusive(Reason::Contradiction), "{}", outcome.summary);
}

/// Catches a benchmark that failed beside the one that is judged. How the command ended is the host's
/// to hold against the contract.
#[test]
fn a_failed_benchmark_never_passes() {
    let good = value("a", "ms", 1.0);
    let neighbour = format!(r#"[{good},{{"name":"b","unit":"ms","value":1,"failed":true}}]"#);
    let (outcome, recorder) = judge(r#"{"benchmark":"a","max":"5 ms"}"#, &[&neighbour], &[]);
    assert_eq!(
        (outcome.status, outcome.summary.as_str()),
        (Status::Fail, "b failed: it says so itself (in `current-0`)")
    );
    assert_eq!(recorder.findings[0].fingerprint.as_deref(), Some("benchmark-failed:b"));
}

#[test]
fn metrics_and_findings() {
    let mut figures: Vec<String> =
        (1..=199).map(|tenths| format!("{}", 100.0 + f64::from(tenths) / 10.0)).collect();
    figures[7] = "900".into();
    let text = format!(r#"{{"name":"checkout","unit":"ms","samples":[{}]}}"#, figures.join(","));
    let (outcome, recorder) = judge(r#"{"metric":"median","max":"0.1 s","min":"1 ms"}"#, &[&text], &[]);
    assert_eq!((outcome.examined, outcome.examined_unit.as_str()), (199, "samples"));
    let rules: Vec<_> =
        recorder.findings.iter().map(|finding| (finding.rule.as_str(), finding.severity)).collect();
    assert_eq!(rules, [("benchmark-outliers", Severity::Note), ("benchmark-over-limit", Severity::Error)]);
    assert_eq!(recorder.findings[1].fingerprint.as_deref(), Some("benchmark-over-limit:checkout"));
    assert_eq!(recorder.findings[1].message, "checkout median 0.1101 s > 0.1 s (n=199)");
    assert!(recorder.findings[0].message.contains("0 mild and 1 severe outliers of 199"));
    let [outliers, max, min] = &outcome.metrics[..] else { panic!("{:?}", outcome.metrics) };
    assert_eq!(outliers, &Metric::new("checkout outliers", 1.0, "samples"));
    assert_eq!(
        (max.name.as_str(), max.unit.as_str(), max.limit, max.direction),
        ("checkout median", "s", Some(0.1), Direction::Lower)
    );
    assert_eq!(
        (min.name.as_str(), min.limit, min.direction),
        ("checkout median (min)", Some(1.0), Direction::Higher)
    );
    // Ranks 86 and 115 of 199, so the interval is about 2.9 ms wide.
    let noise = min.noise.expect("by order statistics");
    assert!((1.3..1.6).contains(&noise), "{noise}");
    assert!((max.noise.expect("converted") * 1000.0 - noise).abs() < 1e-9);
}
