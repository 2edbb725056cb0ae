//! The config of the checker: one call per key gives its schema, its checks and its value.
//!
//! ```toml
//! benchmark = "checkout"
//! metric = "p95"
//! max = "120 ms"
//! ratio_max = 1.05
//! ```
//!
//! It never looks at evidence: what only the evidence can show to be wrong is told by the check.

use evident_checker::{Config, Quantity};

use crate::statistics::Statistic;
use crate::unit::{self, Better};

/// What most fields of engineering use.
const CONFIDENCE_DEFAULT: f64 = 0.95;
/// The largest number that every JSON reader keeps exactly: 2^53 - 1.
const SEED_MAX: u64 = 9_007_199_254_740_991;
/// More would not be read, see `series::SAMPLES_MAX`.
const SAMPLES_MIN_MAX: u64 = 1_000_000;
/// The bounds of `ratio_max`. Beyond these somebody wrote a percentage or a duration.
const RATIO_MIN: f64 = 0.001;
const RATIO_MAX: f64 = 1000.0;

/// Which figure of the benchmark is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    /// The median where there are samples, otherwise the stated value. A ratio is always of the median.
    Auto,
    /// The stated value.
    Stated,
    /// Computed from the samples.
    Of(Statistic),
}

/// Whether goes of both slots are judged in pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pairing {
    /// Where the artifacts of both slots are named by their go: samples of one go are not independent, so
    /// that this is the side that promises less.
    Auto,
    Always,
    /// All samples of a slot are one sample.
    Never,
}

/// The config after reading.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// None: the only benchmark in the evidence.
    pub(crate) benchmark: Option<String>,
    pub(crate) measure: Measure,
    /// Inclusive.
    pub(crate) max: Option<Quantity>,
    /// Inclusive.
    pub(crate) min: Option<Quantity>,
    /// How many times worse than the baseline is still accepted.
    pub(crate) ratio_max: Option<f64>,
    pub(crate) pairing: Pairing,
    /// Of the intervals, 0.5 to 0.9999.
    pub(crate) confidence: f64,
    /// Samples that any judgement over samples needs; each figure may need more.
    pub(crate) samples_min: usize,
    pub(crate) seed: u64,
    /// None: by the unit.
    pub(crate) direction: Option<Better>,
}

/// Reads the config; every problem at once.
pub(crate) fn configure(config: &mut Config) -> Settings {
    const MEASURES: &[(&str, Measure)] = &[
        ("auto", Measure::Auto),
        ("value", Measure::Stated),
        ("mean", Measure::Of(Statistic::Mean)),
        ("median", Measure::Of(Statistic::Median)),
        ("min", Measure::Of(Statistic::Min)),
        ("max", Measure::Of(Statistic::Max)),
        ("p50", Measure::Of(Statistic::Percentile(50))),
        ("p90", Measure::Of(Statistic::Percentile(90))),
        ("p95", Measure::Of(Statistic::Percentile(95))),
        ("p99", Measure::Of(Statistic::Percentile(99))),
    ];
    const DIRECTIONS: &[(&str, Option<Better>)] =
        &[("auto", None), ("lower", Some(Better::Lower)), ("higher", Some(Better::Higher))];
    let benchmark =
        config.text("benchmark", "which benchmark; may be absent if the evidence has exactly one");
    let measure = config.choice(
        "metric",
        "which figure: `auto` is the median, without samples the stated value; percentiles are nearest-rank",
        MEASURES,
        "auto",
    );
    let max = config.quantity("max", "the figure must not exceed this, for example `120 ms`");
    let min = config.quantity("min", "the figure must not fall below this, for example `500 ops/s`");
    let ratio_max = config.number(
        "ratio_max",
        "how many times worse than slot `baseline` is accepted, for example 1.05; judged by the confidence interval",
        RATIO_MIN..=RATIO_MAX,
    );
    let pairing = config.choice(
        "paired",
        "whether `ratio_max` compares go by go: `auto` does where the artifacts of both slots are named `1/...`, `2/...`",
        &[("auto", Pairing::Auto), ("always", Pairing::Always), ("never", Pairing::Never)],
        "auto",
    );
    let confidence = config.number("confidence", "of the confidence interval", 0.5..=0.9999);
    let samples_min =
        config.integer("samples_min", "fewest samples of a side to judge by", 1..=SAMPLES_MIN_MAX);
    let seed = config.integer("seed", "of the bootstrap", 0..=SEED_MAX);
    let direction =
        config.choice("direction", "which way is better: `auto` asks the unit", DIRECTIONS, "auto");
    config.unit("samples_min", "samples");
    for (key, meaning) in [
        ("benchmark", "the only one"),
        ("max", "no bound"),
        ("min", "no bound"),
        ("ratio_max", "no comparison"),
        ("confidence", "0.95"),
        ("samples_min", "as many as the figure needs"),
        ("seed", "0"),
    ] {
        config.absent(key, meaning);
    }
    let settings = Settings {
        benchmark,
        measure,
        max,
        min,
        ratio_max,
        pairing,
        confidence: confidence.unwrap_or(CONFIDENCE_DEFAULT),
        samples_min: samples_min.and_then(|count| usize::try_from(count).ok()).unwrap_or(1),
        seed: seed.unwrap_or(0),
        direction,
    };
    tell_nonsense(config, &settings);
    settings
}

/// What each key alone does not show.
fn tell_nonsense(config: &mut Config, settings: &Settings) {
    if !["max", "min", "ratio_max"].iter().any(|key| config.has(key)) {
        let hint = "write a limit such as `max = \"120 ms\"`, or `ratio_max = 1.05` with slot `baseline`";
        config.problem("", "expected at least one of `max`, `min`, `ratio_max`", Some(hint.into()));
    }
    if settings.benchmark.as_ref().is_some_and(String::is_empty) {
        config.problem("benchmark", "expected a name", Some("leave the key out if there is only one".into()));
    }
    for (key, limit) in [("max", &settings.max), ("min", &settings.min)] {
        if let Some(limit) =
            limit.as_ref().filter(|limit| limit.value < 0.0 && unit::is_never_negative(&limit.unit))
        {
            let hint = format!("write `{}`, or leave the key out", figure_above_zero(limit));
            config.problem(
                key,
                format!("`{limit}` is below zero, where no figure in `{}` can be", limit.unit),
                Some(hint),
            );
        }
    }
    if let (Some(max), Some(min)) = (&settings.max, &settings.min) {
        match min.to(&max.unit) {
            Ok(least) if max.value < least => {
                let hint = "exchange the two, or leave one out".to_owned();
                config.problem("max", format!("`{max}` is below `min`, which is `{min}`"), Some(hint));
            }
            Ok(_) => {}
            Err(mismatch) => {
                config.problem("min", mismatch.to_string(), Some("use units of one kind for both".into()));
            }
        }
    }
    if settings.pairing == Pairing::Always && !config.has("ratio_max") {
        let hint = "add `ratio_max`, or leave the key out".to_owned();
        config.problem("paired", "without `ratio_max` nothing is compared in pairs", Some(hint));
    }
    if config.has("ratio_max") {
        tell_ratio_nonsense(config, settings.measure);
    }
}

fn tell_ratio_nonsense(config: &mut Config, measure: Measure) {
    let hint = Some("use `median`, `mean` or a percentile".to_owned());
    match measure {
        Measure::Stated => {
            config.problem("metric", "`ratio_max` needs samples, which a stated value has not", hint);
        }
        Measure::Of(Statistic::Min | Statistic::Max) => {
            let message =
                "`ratio_max` needs a confidence interval, which the least or greatest sample has not";
            config.problem("metric", message, hint);
        }
        Measure::Auto | Measure::Of(_) => {}
    }
}

fn figure_above_zero(limit: &Quantity) -> Quantity {
    Quantity::new(-limit.value, limit.unit.clone())
}

#[cfg(test)]
mod tests {
    use evident_checker::testing::validate;

    use crate::Benchmark;

    /// Catches a config that looks like a gate and gates nothing.
    #[test]
    fn problems_are_told_at_their_key() {
        for (config, expected) in [
            (r#"{"max": "120 ms"}"#, vec![]),
            (
                r#"{"min": "1 ms", "max": "1 s", "ratio_max": 1.05, "metric": "p95", "confidence": 0.99, "seed": 7}"#,
                vec![],
            ),
            (r#"{"max": "-3"}"#, vec![]),
            ("{}", vec![""]),
            (r#"{"benchmark": "x", "metric": "p95"}"#, vec![""]),
            (r#"{"max": "-3 ms"}"#, vec!["/max"]),
            (r#"{"min": "-3 ops/s"}"#, vec!["/min"]),
            (r#"{"max": "1 ms", "min": "1 s"}"#, vec!["/max"]),
            (r#"{"max": "1 ms", "min": "1 MB"}"#, vec!["/min"]),
            (r#"{"max": "1 m s"}"#, vec!["/max"]),
            (r#"{"ratio_max": 0}"#, vec!["/ratio_max"]),
            (r#"{"ratio_max": -1.05}"#, vec!["/ratio_max"]),
            (r#"{"ratio_max": "5 %"}"#, vec!["/ratio_max"]),
            (r#"{"ratio_max": 1.05, "metric": "value"}"#, vec!["/metric"]),
            (r#"{"ratio_max": 1.05, "metric": "min"}"#, vec!["/metric"]),
            (r#"{"max": 1, "confidence": 1}"#, vec!["/confidence"]),
            (r#"{"max": 1, "confidence": 95}"#, vec!["/confidence"]),
            (r#"{"max": 1, "metric": "p42", "direction": "up"}"#, vec!["/metric", "/direction"]),
            (
                r#"{"max": 1, "samples_min": 0, "seed": -1, "limit": 3}"#,
                vec!["/samples_min", "/seed", "/limit"],
            ),
            (r#"{"max": 1, "benchmark": ""}"#, vec!["/benchmark"]),
            (r#"{"max": 1, "paired": "always"}"#, vec!["/paired"]),
            (r#"{"max": 1, "paired": "never"}"#, vec![]),
            (r#"{"ratio_max": 1.05, "paired": true}"#, vec!["/paired"]),
            (r#"{"ratio_max": 1.05, "paired": "always"}"#, vec![]),
        ] {
            let problems = validate::<Benchmark>(config);
            let pointers: Vec<&str> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
            assert_eq!(pointers, expected, "{config}: {problems:?}");
        }
    }
}
