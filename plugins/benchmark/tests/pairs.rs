//! Whole checks of `ratio_max` over goes in pairs: what is paired, what is not, and what drift does.
//!
//! Drift is a machine that grows slower from go to go, for both sides of a pair alike.

use evident_benchmark::Benchmark;
use evident_checker::testing::{artifact, check};
use evident_checker::{Evidence, Outcome, Reason, Status};

fn inconclusive(reason: Reason) -> Status {
    Status::Inconclusive(reason)
}

/// One file of a slot.
type File = (String, String);

/// Samples of one go around `centre`, spread over 2 %. `salt` keeps any two goes apart.
fn document(unit: &str, centre: f64, count: usize, salt: usize) -> String {
    let figure = |index: usize| centre * (0.99 + 0.02 * ((index * 7919 + salt * 31) % 101) as f64 / 101.0);
    let figures: Vec<String> = (0..count).map(|index| figure(index).to_string()).collect();
    format!(r#"{{"name":"a","unit":"{unit}","samples":[{}]}}"#, figures.join(","))
}

/// Goes 1 to `count`, each `drift` slower than the one before.
fn goes(centre: f64, count: usize, drift: f64, salt: usize) -> Vec<File> {
    let file = |go: usize| {
        let slower = 1.0 + drift * go as f64;
        (format!("{go}/bench.json"), document("ms", centre * slower, 5, salt + go))
    };
    (1..=count).map(file).collect()
}

fn judge(config: &str, current: &[File], baseline: &[File]) -> Outcome {
    let mut evidence = Evidence::new();
    for (slot, files) in [("current", current), ("baseline", baseline)] {
        let mut files = files.to_vec();
        // The host binds in byte order: 1/, 10/, 2/.
        files.sort();
        evidence.bind(slot, files.iter().map(|(name, text)| artifact(name, text.as_bytes())));
    }
    check::<Benchmark>(config, &evidence).0.expect("no fault")
}

const BOUND: &str = r#"{"ratio_max":1.05}"#;
const NEVER: &str = r#"{"ratio_max":1.05,"paired":"never"}"#;
const ALWAYS: &str = r#"{"ratio_max":1.05,"paired":"always"}"#;

#[test]
fn drift_hides_from_samples_and_not_from_pairs() {
    for (centre, paired, says) in [
        (100.5, Status::Pass, "<= 1.05 at 95 % (pairs=10)"),
        (112.0, Status::Fail, "> 1.05 at 95 % (pairs=10)"),
    ] {
        let (current, baseline) = (goes(centre, 10, 0.05, 0), goes(100.0, 10, 0.05, 50));
        let apart = judge(NEVER, &current, &baseline);
        assert!(
            matches!(apart.status, Status::Inconclusive(Reason::InsufficientData(_))),
            "{}",
            apart.summary
        );
        let together = judge(BOUND, &current, &baseline);
        assert_eq!(together.status, paired, "{}", together.summary);
        assert!(together.summary.contains(says), "{}", together.summary);
        assert_eq!((together.examined, together.examined_unit.as_str()), (10, "pairs"));
    }
}

/// Catches goes that are paired in the order of their names: 1, 10, 2.
#[test]
fn goes_are_paired_by_their_number() {
    let order = |files: Vec<File>, names: &[usize]| -> Vec<File> {
        files.into_iter().zip(names).map(|((_, text), go)| (format!("{go}/bench.json"), text)).collect()
    };
    let baseline = goes(100.0, 12, 0.1, 50);
    assert_eq!(judge(BOUND, &goes(100.5, 12, 0.1, 0), &baseline).status, Status::Pass);
    let turned: Vec<usize> = (1..=12).rev().collect();
    let turned = order(goes(100.5, 12, 0.1, 0), &turned);
    assert_ne!(judge(BOUND, &turned, &baseline).status, Status::Pass);
}

fn renamed(files: Vec<File>, name: impl Fn(usize) -> String) -> Vec<File> {
    (1..).zip(files).map(|(go, (_, text))| (name(go), text)).collect()
}

#[test]
fn what_is_paired() {
    let at = |count: usize| goes(100.5, count, 0.0, 0);
    let before = |count: usize| goes(100.0, count, 0.0, 50);
    let plain = |files: Vec<File>| renamed(files, |go| format!("bench-{go}.json"));
    let shifted = |files: Vec<File>| renamed(files, |go| format!("{}/bench.json", go + 1));
    let values = |centre: f64, salt: usize| -> Vec<File> {
        let value = |go: usize| centre * (1.0 + 0.001 * ((go * 7 + salt) % 5) as f64);
        let text = |go: usize| format!(r#"{{"name":"a","unit":"ms","value":{}}}"#, value(go));
        (1..=8).map(|go| (format!("{go}/bench.json"), text(go))).collect()
    };
    let rates = |centre: f64, salt: usize| -> Vec<File> {
        (1..=8).map(|go| (format!("{go}/b.json"), document("ops/s", centre, 5, salt + go))).collect()
    };
    let seconds: Vec<File> =
        (1..=8).map(|go| (format!("{go}/b.json"), document("s", 0.1, 5, 50 + go))).collect();
    for (config, current, baseline, status, says) in [
        (BOUND, at(8), before(8), Status::Pass, "(pairs=8)"),
        (ALWAYS, at(8), before(8), Status::Pass, "(pairs=8)"),
        (NEVER, at(8), before(8), Status::Pass, "(n=40, baseline n=40)"),
        (BOUND, at(5), before(5), inconclusive(Reason::InsufficientData(6)), "needs 6 pairs, 5 are there"),
        (
            r#"{"ratio_max":1.05,"confidence":0.99}"#,
            at(7),
            before(7),
            inconclusive(Reason::InsufficientData(8)),
            "needs 8 pairs",
        ),
        (
            BOUND,
            at(8),
            before(7),
            inconclusive(Reason::Contradiction),
            "cannot be paired: 1, 2, 3, 4, 5 and 3 more",
        ),
        (BOUND, at(7), shifted(before(7)), inconclusive(Reason::Contradiction), "cannot be paired"),
        // Both sides lack go 1: what happened in it?
        (BOUND, shifted(at(7)), shifted(before(7)), inconclusive(Reason::Contradiction), "cannot be paired"),
        // A pinned baseline of one file, or of files without numbers: no pairs.
        (BOUND, at(8), plain(before(8)), Status::Pass, "(n=40, baseline n=40)"),
        (BOUND, plain(at(8)), plain(before(8)), Status::Pass, "(n=40, baseline n=40)"),
        (ALWAYS, at(8), plain(before(8)), inconclusive(Reason::Config), "the baseline has other names"),
        (ALWAYS, plain(at(8)), before(8), inconclusive(Reason::Config), "the evidence has other names"),
        // One go each.
        (BOUND, at(1), before(1), inconclusive(Reason::InsufficientData(6)), "needs 6 samples, 5 are there"),
        (ALWAYS, at(1), before(1), inconclusive(Reason::InsufficientData(6)), "needs 6 pairs, 1 is there"),
        (BOUND, values(100.0, 0), values(100.0, 2), Status::Pass, "(pairs=8)"),
        (BOUND, values(120.0, 0), values(100.0, 2), Status::Fail, "> 1.05 at 95 % (pairs=8)"),
        (BOUND, rates(100.0, 0), rates(120.0, 50), Status::Fail, "> 1.05 at 95 % (pairs=8)"),
        (BOUND, rates(120.0, 0), rates(100.0, 50), Status::Pass, "ratio 0.8"),
        (BOUND, at(8), seconds, Status::Pass, "ratio 1.0"),
        (
            r#"{"ratio_max":1.05,"metric":"p95"}"#,
            at(8),
            before(8),
            inconclusive(Reason::InsufficientData(20)),
            "the p95 of go 1 needs 20 samples, 5 are there",
        ),
        (
            r#"{"ratio_max":1.05,"samples_min":41}"#,
            at(8),
            before(8),
            inconclusive(Reason::InsufficientData(41)),
            "needs 41 samples",
        ),
        (BOUND, at(8), at(8), inconclusive(Reason::Contradiction), "a clock does not repeat itself"),
    ] {
        let outcome = judge(config, &current, &baseline);
        assert_eq!(outcome.status, status, "{config} {}: {}", current[0].0, outcome.summary);
        assert!(outcome.summary.contains(says), "{config}: {}", outcome.summary);
    }
}

/// Figures without chance need no interval, but as many goes.
#[test]
fn equal_pairs_are_exact() {
    let sizes = |bytes: &str, count: usize| -> Vec<File> {
        let text = format!(r#"{{"name":"a","unit":"B","value":{bytes}}}"#);
        (1..=count).map(|go| (format!("{go}/size.json"), text.clone())).collect()
    };
    for (bytes, status, says) in [
        ("105", Status::Pass, "ratio 1.05 <= 1.05, exactly: no pair differs (pairs=6)"),
        ("105.1", Status::Fail, "ratio 1.051 > 1.05, exactly"),
    ] {
        let outcome = judge(BOUND, &sizes(bytes, 6), &sizes("100", 6));
        assert_eq!(outcome.status, status, "{}", outcome.summary);
        assert!(outcome.summary.contains(says), "{}", outcome.summary);
    }
}

/// A benchmark that broke in one go fails, however the others went.
#[test]
fn a_go_that_failed_is_told() {
    let mut current = goes(100.0, 8, 0.0, 0);
    current[3].1 = r#"{"name":"a","unit":"ms","failed":true}"#.into();
    let outcome = judge(BOUND, &current, &goes(100.0, 8, 0.0, 50));
    assert_eq!(outcome.status, Status::Fail, "{}", outcome.summary);
    assert!(outcome.summary.contains("4/bench.json"), "{}", outcome.summary);
    let outcome = judge(BOUND, &goes(100.0, 8, 0.0, 50), &current);
    assert_ne!(outcome.status, Status::Pass, "{}", outcome.summary);
}
