//! Files of real tools: hyperfine gives the figures that its peers read, everything else never passes.
//!
//! The files are shared between projects and may be absent; then the tests say so and hold.
#![allow(clippy::print_stderr, reason = "a skipped test must say so")]

use std::path::PathBuf;

use evident_benchmark::Benchmark;
use evident_checker::testing::{artifact, check};
use evident_checker::{Evidence, Outcome, Reason, Status};

fn folder() -> Option<PathBuf> {
    let fixtures = std::env::var_os("EVIDENT_FIXTURES").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/fixtures")),
        PathBuf::from,
    );
    let folder = fixtures.join("bench");
    if !folder.is_dir() {
        eprintln!("skipped: {} is not there", folder.display());
        return None;
    }
    Some(folder)
}

fn judge(config: &str, bytes: &[u8]) -> Outcome {
    let mut evidence = Evidence::new();
    evidence.bind("current", [artifact("figures", bytes)]);
    check::<Benchmark>(config, &evidence).0.expect("no fault")
}

/// The figures of SOURCES.md, which come from the adapter tests of bencher.
#[test]
fn hyperfine_has_the_figures_of_its_peers() {
    let Some(folder) = folder() else { return };
    let bytes = std::fs::read(folder.join("hyperfine-two.json")).expect("is there");
    for (name, metric, expected) in [
        ("sleep 0.1", "mean", 107_534_464.423_7),
        ("sleep 0.1", "median", 106_525_351.72),
        ("sleep 0.1", "auto", 106_525_351.72),
        ("sleep 0.2", "mean", 208_513_999.104_6),
        ("sleep 0.2", "median", 208_661_518.72),
    ] {
        let config = format!(r#"{{"benchmark":"{name}","metric":"{metric}","max":"1e12 ns"}}"#);
        let outcome = judge(&config, &bytes);
        assert_eq!(outcome.status, Status::Pass, "{}", outcome.summary);
        let metric = outcome.metrics.iter().find(|metric| metric.limit.is_some()).expect("judged");
        assert!((metric.value - expected).abs() < 0.001, "{name}: {} instead of {expected}", metric.value);
        assert!(metric.noise.is_some_and(|noise| noise > 0.0));
    }
    let over = judge(r#"{"benchmark":"sleep 0.1","max":"106.5 ms"}"#, &bytes);
    assert_eq!(
        (over.status, over.summary.as_str()),
        (Status::Fail, "sleep 0.1 median 106.53 ms > 106.5 ms (n=27)")
    );
    let which = judge(r#"{"max":"1 s"}"#, &bytes);
    assert_eq!(which.status, Status::Inconclusive(Reason::Config), "{}", which.summary);
}

/// Catches a foreign format that is half understood, and a file that was added but not looked at.
#[test]
fn every_other_file_is_unsupported_and_named() {
    let Some(folder) = folder() else { return };
    let mut seen = 0;
    for entry in std::fs::read_dir(&folder).expect("is a folder") {
        let path = entry.expect("readable").path();
        let name = path.file_name().expect("has a name").to_string_lossy().into_owned();
        let says = match name.as_str() {
            "hyperfine-two.json" | "SOURCES.md" => continue,
            "benchstat-old.txt" | "benchstat-new.txt" | "issue19634.txt" => "go bench text",
            "benchstat-csvOldNew.golden.csv" => "benchstat output",
            "cargo-bench-many.txt" | "gab-cargo-units.txt" => "libtest bench text",
            "criterion-stdout-many.txt" => "criterion text",
            "criterion-iterative-base-sample.json" => "criterion samples",
            "gbench-test1-run1.json" | "gbench-test1-run2.json" | "google-benchmark-two.json" => {
                "google-benchmark"
            }
            "jmh-six.json" => "JMH",
            "pytest-benchmark-two.json" => "pytest-benchmark",
            "criterion-iterative-base-estimates.json" | "criterion-iterative-change-estimates.json" => {
                "criterion estimates"
            }
            other => panic!("{other} has no expected answer"),
        };
        let outcome = judge(r#"{"max":"1e30 s"}"#, &std::fs::read(&path).expect("readable"));
        assert_eq!(outcome.status, Status::Inconclusive(Reason::Unsupported), "{name}: {}", outcome.summary);
        assert!(outcome.summary.contains(says), "{name}: {}", outcome.summary);
        seen += 1;
    }
    assert_eq!(seen, 15);
}

#[test]
fn a_truncated_hyperfine_file_never_passes() {
    let Some(folder) = folder() else { return };
    let bytes = std::fs::read(folder.join("hyperfine-two.json")).expect("is there");
    let end = bytes.iter().rposition(|byte| !byte.is_ascii_whitespace()).expect("not empty");
    for length in 0..=end {
        let outcome = judge(r#"{"benchmark":"sleep 0.1","max":"1 s"}"#, &bytes[..length]);
        assert_eq!(outcome.status, Status::Inconclusive(Reason::Malformed), "{length}: {}", outcome.summary);
    }
}
