//! How often a ratio is judged rightly: simulated runs with a known truth, from fixed seeds.
//!
//! Samples are skewed as timings are: a floor, plus noise that is sometimes large. Nothing here is left
//! to chance, so that a failure repeats.

use evident_benchmark::Benchmark;
use evident_checker::testing::{artifact, check};
use evident_checker::{Evidence, Reason, Status};

/// SplitMix64 again: a test must not draw its data from the code that it tests.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Around 100 times `factor`, standard deviation about 5 %; one in twenty is 10 % slower.
    fn timing(&mut self, factor: f64) -> f64 {
        let noise: f64 = (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0;
        let hiccup = if self.uniform() < 0.05 { 10.0 } else { 0.0 };
        factor * (100.0 + 5.0 * noise + hiccup)
    }

    fn document(&mut self, factor: f64, count: usize) -> String {
        let figures: Vec<String> = (0..count).map(|_| self.timing(factor).to_string()).collect();
        format!(r#"{{"name":"a","unit":"ms","samples":[{}]}}"#, figures.join(","))
    }
}

/// Of `trials`: how many passed, failed, were undecided for want of samples.
fn trials(trials: u64, truth: f64, count: usize, metric: &str) -> (u64, u64, u64) {
    let config = format!(r#"{{"ratio_max":1.05,"metric":"{metric}"}}"#);
    let mut seen = (0, 0, 0);
    for seed in 0..trials {
        let mut random = Random(seed * 7_919 + 1);
        let mut evidence = Evidence::new();
        evidence.bind("current", [artifact("new", random.document(truth, count).as_bytes())]);
        evidence.bind("baseline", [artifact("old", random.document(1.0, count).as_bytes())]);
        match check::<Benchmark>(&config, &evidence).0.expect("no fault").status {
            Status::Pass => seen.0 += 1,
            Status::Fail => seen.1 += 1,
            Status::Inconclusive(Reason::InsufficientData(_)) => seen.2 += 1,
            other => panic!("{other:?}"),
        }
    }
    seen
}

#[test]
fn no_change_passes_with_enough_samples() {
    for metric in ["median", "mean"] {
        let (pass, fail, _) = trials(40, 1.0, 100, metric);
        assert!(pass >= 38 && fail == 0, "{metric}: {pass} passed, {fail} failed");
    }
}

#[test]
fn a_clear_regression_fails() {
    for metric in ["median", "mean"] {
        let (pass, fail, _) = trials(50, 1.2, 40, metric);
        assert!(pass == 0 && fail >= 48, "{metric}: {pass} passed, {fail} failed");
    }
}

/// Catches a gate that decides from nothing.
#[test]
fn few_samples_do_not_decide() {
    let (pass, fail, undecided) = trials(100, 1.0, 5, "median");
    assert_eq!((pass, fail, undecided), (0, 0, 100));
    let (_, fail, undecided) = trials(100, 1.03, 8, "median");
    assert!(undecided >= 60 && fail <= 5, "{undecided} undecided, {fail} failed");
}

/// The promise of the gate: what is worse than the bound hardly ever passes, however few the samples.
#[test]
fn a_regression_hardly_ever_passes() {
    for (runs, count, metric) in
        [(300, 6, "median"), (300, 6, "mean"), (300, 10, "median"), (200, 30, "median"), (40, 72, "p95")]
    {
        let (pass, ..) = trials(runs, 1.10, count, metric);
        assert!(pass * 100 < runs * 5, "{metric} of {count}: {pass} of {runs} passed");
    }
}

/// The hardest truth, exactly on the bound: wrong in either direction no more often than promised
/// (2.5 % a side). Over 6 samples a bootstrap errs more often, so 5 % may pass and 6 % fail.
#[test]
fn on_the_bound_the_error_keeps_to_the_confidence() {
    for (runs, count, metric) in
        [(400, 6, "median"), (400, 6, "mean"), (400, 10, "mean"), (200, 30, "median")]
    {
        let (pass, fail, _) = trials(runs, 1.05, count, metric);
        assert!(
            pass * 100 <= runs * 5 && fail * 100 <= runs * 6,
            "{metric} of {count}: {pass} passed, {fail} failed of {runs}"
        );
    }
}

/// Pairs of goes on a machine that drifts at random: each go is up to 30 % slower or faster than the one
/// before, for both sides alike.
fn paired_trials(trials: u64, truth: f64, goes: usize, samples: usize) -> (u64, u64, u64) {
    let mut seen = (0, 0, 0);
    for seed in 0..trials {
        let mut random = Random(seed * 104_729 + 3);
        let mut machine = 1.0;
        let (mut current, mut baseline) = (Vec::new(), Vec::new());
        for go in 1..=goes {
            machine *= 0.7 + 0.6 * random.uniform();
            let name = format!("{go}/bench.json");
            current.push(artifact(&name, random.document(machine * truth, samples).as_bytes()));
            baseline.push(artifact(&name, random.document(machine, samples).as_bytes()));
        }
        let mut evidence = Evidence::new();
        evidence.bind("current", current);
        evidence.bind("baseline", baseline);
        match check::<Benchmark>(r#"{"ratio_max":1.05}"#, &evidence).0.expect("no fault").status {
            Status::Pass => seen.0 += 1,
            Status::Fail => seen.1 += 1,
            Status::Inconclusive(Reason::InsufficientData(_)) => seen.2 += 1,
            other => panic!("{other:?}"),
        }
    }
    seen
}

#[test]
fn the_same_program_passes_in_pairs_whatever_the_machine_does() {
    let (pass, fail, _) = paired_trials(300, 1.0, 12, 9);
    assert!(pass >= 270 && fail == 0, "{pass} passed, {fail} failed");
}

/// As on the bound above: 2.5 % a side, from six pairs on. 1,000 trials scatter by half a percent.
#[test]
fn pairs_on_the_bound_keep_to_the_confidence() {
    for (goes, samples) in [(6, 1), (6, 5), (10, 5), (20, 3)] {
        let (pass, fail, _) = paired_trials(1000, 1.05, goes, samples);
        assert!(pass <= 40 && fail <= 40, "{goes} goes of {samples}: {pass} passed, {fail} failed of 1000");
        assert!(pass + fail > 0, "{goes} goes of {samples}: an interval that never misses is no 95 %");
    }
}

#[test]
fn a_regression_fails_in_pairs() {
    let (pass, fail, _) = paired_trials(300, 1.2, 10, 5);
    assert!(pass == 0 && fail >= 290, "{pass} passed, {fail} failed");
}
