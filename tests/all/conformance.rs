//! The shared fixtures through the built-in components: the figures of `SOURCES.md`, and everything that
//! a checker does not claim is refused.
//!
//! The same code is tested natively beside the checkers; here it must say the same as a component.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use evident_benchmark::Benchmark;
use evident_checker::testing;
use evident_core::outcome::{Outcome, Reason, Status};
use evident_core::text;
use evident_sandbox::{Checked, Checker};
use evident_test_report::TestReport;
use evident_tests::{Case, Store, beside_others, fixtures, load_builtin};

pub(crate) static TEST_REPORT: LazyLock<Checker> = LazyLock::new(|| load_builtin("test-report"));
pub(crate) static BENCHMARK: LazyLock<Checker> = LazyLock::new(|| load_builtin("benchmark"));

const MALFORMED: Status = Status::Inconclusive(Reason::Malformed);
const NOT_EXAMINED: Status = Status::Inconclusive(Reason::NotExamined);
const UNSUPPORTED: Status = Status::Inconclusive(Reason::Unsupported);

/// File, status, and tests, passed, failed, errored, skipped, flaky. A disabled test counts as skipped,
/// a flaky one as passed.
const REPORTS: &[(&str, Status, [f64; 6])] = &[
    ("pytest-junit.fail.xml", Status::Fail, [5., 3., 1., 0., 1., 0.]),
    ("minimal-attributes.xml", Status::Fail, [4., 1., 1., 1., 1., 0.]),
    ("no-cases-but-tests.xml", MALFORMED, [0.; 6]),
    ("testsuite-in-testsuite.xml", Status::Pass, [5., 5., 0., 0., 0., 0.]),
    ("tst-disabled.xml", Status::Fail, [31., 6., 19., 1., 5., 0.]),
    ("nextest-fixture-project.xml", Status::Fail, [3., 2., 1., 0., 0., 1.]),
    ("python-xunit-pytest.xml", Status::Fail, [10., 6., 2., 0., 2., 0.]),
    ("jest-junit.xml", Status::Fail, [6., 1., 4., 0., 1., 0.]),
    ("empty-java-junit.xml", NOT_EXAMINED, [0.; 6]),
    ("go-test-json-flaky-rerun.out", Status::Fail, [6., 6., 0., 0., 0., 3.]),
    ("go-test-build-failed.out", Status::Fail, [1., 0., 0., 1., 0., 0.]),
    ("go-test-json-missing-test-fail.out", Status::Fail, [1., 0., 1., 0., 0., 0.]),
    ("go-test-json-with-parallel-fails.out", Status::Fail, [12., 4., 8., 0., 0., 0.]),
    ("cargo-test-panic-abort.txt", Status::Fail, [5., 3., 2., 0., 0., 0.]),
];

/// Files of other formats: `tests` and `tests/tap`, then `bench`.
const REPORTS_REFUSED: usize = 17;
const FIGURES_REFUSED: usize = 15;

pub(crate) fn judge(checker: &Checker, config: &str, name: &str, bytes: &[u8]) -> Checked {
    thread_local! {
        // Opening a store costs more than a check of a small file.
        static STORE: Store = Store::default();
    }
    let checked = STORE.with(|store| store.judge(checker, Case::new(&[(name, bytes)]).config(config)));
    assert!(checked.fault.is_none(), "{name}: {:?}", checked.fault);
    if checked.outcome.status == Status::Pass {
        assert!(checked.outcome.examined.count > 0, "{name} passes over nothing");
        assert_eq!(checked.bytes_read[0], [bytes.len() as u64], "{name} passes without being read");
    }
    checked
}

fn metrics(outcome: &Outcome) -> BTreeMap<&str, f64> {
    outcome.metrics.iter().map(|metric| (metric.name.as_str(), metric.value)).collect()
}

#[test]
fn reports_give_the_figures_of_their_sources() {
    let Some(folder) = fixtures("tests") else { return };
    for (file, status, figures) in REPORTS {
        let checked = judge(&TEST_REPORT, "{}", file, &fs::read(folder.join(file)).unwrap());
        let outcome = &checked.outcome;
        assert_eq!(outcome.status, *status, "{file}: {}", outcome.summary);
        let names = ["tests", "passed", "failed", "errored", "skipped", "flaky"];
        let expected: BTreeMap<&str, f64> = names.into_iter().zip(*figures).collect();
        assert_eq!(metrics(outcome), expected, "{file}");
        let executed = figures[1] + figures[2] + figures[3];
        assert_eq!(
            (outcome.examined.count.to_string(), outcome.examined.unit.as_str()),
            (executed.to_string(), "tests")
        );
    }
}

/// Medians and means in nanoseconds.
#[test]
fn figures_are_those_of_their_sources() {
    let Some(folder) = fixtures("bench") else { return };
    let bytes = fs::read(folder.join("hyperfine-two.json")).unwrap();
    for (name, metric, expected) in [
        ("sleep 0.1", "mean", 107_534_464.423_7),
        ("sleep 0.1", "median", 106_525_351.72),
        ("sleep 0.2", "mean", 208_513_999.104_6),
        ("sleep 0.2", "median", 208_661_518.72),
    ] {
        for (max, status) in [(expected + 1.0, Status::Pass), (expected - 1.0, Status::Fail)] {
            let config = format!(r#"{{"benchmark":"{name}","metric":"{metric}","max":"{max} ns"}}"#);
            let checked = judge(&BENCHMARK, &config, "hyperfine-two.json", &bytes);
            assert_eq!(checked.outcome.status, status, "{config}: {}", checked.outcome.summary);
            let judged = checked.outcome.metrics.iter().find(|metric| metric.limit.is_some()).unwrap();
            assert!((judged.value - expected).abs() < 0.001, "{config}: {}", judged.value);
        }
    }
}

/// This project's own form.
#[test]
fn our_own_form_is_judged() {
    let samples: Vec<String> = (1..=100).map(|number| number.to_string()).collect();
    let document =
        format!(r#"{{"name":"checkout","unit":"ms","value":50.5,"samples":[{}]}}"#, samples.join(","));
    for (config, status) in [
        (r#"{"metric":"p95","max":"95 ms"}"#, Status::Pass),
        (r#"{"metric":"p95","max":"94.9 ms"}"#, Status::Fail),
        (r#"{"metric":"value","max":"51 ms"}"#, Status::Pass),
        (r#"{"benchmark":"checkout","metric":"max","max":"0.1 s"}"#, Status::Pass),
        (r#"{"benchmark":"other","max":"1 s"}"#, Status::Inconclusive(Reason::Config)),
    ] {
        let checked = judge(&BENCHMARK, config, "own.json", document.as_bytes());
        assert_eq!(checked.outcome.status, status, "{config}: {}", checked.outcome.summary);
    }
}

/// Catches a foreign format that is half understood, and a fixture that was added and not looked at.
#[test]
fn every_other_file_is_refused() {
    let (Some(tests), Some(bench)) = (fixtures("tests"), fixtures("bench")) else { return };
    let claimed: Vec<&str> = REPORTS.iter().map(|(file, ..)| *file).collect();
    let refused = [tests.clone(), tests.join("tap")].into_iter().map(|folder| {
        each_file(&folder, &claimed, |name, bytes| {
            let outcome = judge(&TEST_REPORT, "{}", name, bytes).outcome;
            assert_eq!(outcome.status, UNSUPPORTED, "{name}: {}", outcome.summary);
        })
    });
    assert_eq!(refused.sum::<usize>(), REPORTS_REFUSED);
    let refused = each_file(&bench, &["hyperfine-two.json"], |name, bytes| {
        let outcome = judge(&BENCHMARK, r#"{"max":"1e30 s"}"#, name, bytes).outcome;
        assert_eq!(outcome.status, UNSUPPORTED, "{name}: {}", outcome.summary);
    });
    assert_eq!(refused, FIGURES_REFUSED);
}

/// Each checker on the files of the other, which a wrong binding would do.
#[test]
fn files_of_the_other_checker_never_pass() {
    let (Some(tests), Some(bench)) = (fixtures("tests"), fixtures("bench")) else { return };
    each_file(&bench, &[], |name, bytes| {
        let outcome = judge(&TEST_REPORT, "{}", name, bytes).outcome;
        // What `cargo bench` prints is a report of tests too, of which none was executed.
        let right = [UNSUPPORTED, MALFORMED, NOT_EXAMINED].contains(&outcome.status);
        assert!(right, "{name}: {}", outcome.summary);
    });
    each_file(&tests, &[], |name, bytes| {
        let outcome = judge(&BENCHMARK, r#"{"max":"1e30 s"}"#, name, bytes).outcome;
        assert!(outcome.status == UNSUPPORTED || outcome.status == MALFORMED, "{name}: {}", outcome.summary);
    });
}

/// Catches glue that loses or changes something between a checker and its component.
#[test]
fn native_and_component_say_the_same() {
    let (Some(tests), Some(bench)) = (fixtures("tests"), fixtures("bench")) else { return };
    for folder in [tests.clone(), tests.join("tap"), bench] {
        each_file(&folder, &[], |name, bytes| {
            let component = judge(&TEST_REPORT, r#"{"flaky":"allow"}"#, name, bytes).outcome;
            assert_eq!(said(&component), native::<TestReport>(r#"{"flaky":"allow"}"#, "report", name, bytes));
            for config in [r#"{"max":"1e30 s"}"#, r#"{"benchmark":"sleep 0.1","metric":"p90","max":"1 ms"}"#]
            {
                let component = judge(&BENCHMARK, config, name, bytes).outcome;
                assert_eq!(said(&component), native::<Benchmark>(config, "current", name, bytes));
            }
        });
    }
}

/// Calls with every file but those named and the description; gives how many there were.
fn each_file(folder: &Path, but: &[&str], mut call: impl FnMut(&str, &[u8])) -> usize {
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() || name == "SOURCES.md" || but.contains(&name) {
            continue;
        }
        seen += 1;
        call(name, &fs::read(&path).unwrap());
    }
    seen
}

/// What an outcome says, in words that native and component share.
fn said(outcome: &Outcome) -> Vec<String> {
    let reason = match outcome.status {
        Status::Inconclusive(reason) => format!("{reason}"),
        status => status.word().to_owned(),
    };
    let mut said = vec![reason, outcome.summary.clone()];
    said.push(format!("{} {}", outcome.examined.count, outcome.examined.unit));
    said.extend(outcome.metrics.iter().map(|metric| {
        let (limit, noise) = (metric.limit, metric.noise);
        format!("{} {:?} {} {limit:?} {noise:?}", metric.name, metric.value, metric.unit)
    }));
    said.extend(outcome.findings.iter().map(|finding| {
        let location =
            finding.location.clone().map(|location| (location.artifact, location.path, location.line));
        format!("{} {:?} {} {location:?}", finding.rule, finding.severity, finding.message)
    }));
    said
}

fn native<C: evident_checker::Checker>(config: &str, slot: &str, name: &str, bytes: &[u8]) -> Vec<String> {
    let mut evidence = evident_checker::Evidence::new();
    evidence.bind(slot, [testing::artifact(name, bytes)]);
    let _beside_others = beside_others();
    let (outcome, recorder) = testing::check::<C>(config, &evidence);
    let outcome = outcome.unwrap();
    let word = match outcome.status {
        evident_checker::Status::Pass => "pass".to_owned(),
        evident_checker::Status::Fail => "fail".to_owned(),
        evident_checker::Status::Inconclusive(reason) => reason_word(reason),
    };
    let mut said = vec![word, text::line(&outcome.summary)];
    said.push(format!("{} {}", outcome.examined, outcome.examined_unit));
    said.extend(outcome.metrics.iter().map(|metric| {
        let (limit, noise) = (metric.limit, metric.noise);
        format!("{} {:?} {} {limit:?} {noise:?}", text::name(&metric.name), metric.value, metric.unit)
    }));
    said.extend(recorder.findings.iter().map(|finding| {
        let clean = |text: &Option<String>| text.as_deref().map(text::name);
        let location = finding.location.as_ref();
        let location =
            location.map(|location| (clean(&location.artifact), clean(&location.path), location.line));
        format!("{} {:?} {} {location:?}", finding.rule, finding.severity, text::message(&finding.message))
    }));
    said
}

/// The words of the design, written out once more: a glue that mixes two up is caught here.
fn reason_word(reason: evident_checker::Reason) -> String {
    use evident_checker::Reason;
    match reason {
        Reason::Malformed => "malformed".into(),
        Reason::NotExamined => "not-examined".into(),
        Reason::Contradiction => "contradiction".into(),
        Reason::Limit => "limit".into(),
        Reason::InsufficientData(needed) => format!("insufficient-data(needs {needed})"),
        Reason::Unsupported => "unsupported".into(),
        Reason::Stale => "stale".into(),
        Reason::Config => "config".into(),
    }
}
