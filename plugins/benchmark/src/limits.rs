//! Static limits: one figure of the benchmark against `max` and `min`, both inclusive.
//!
//! It decides on the figure itself, whatever its noise; noise is reported beside it. A figure that the
//! evidence cannot show is never replaced by another one.

use evident_checker::{Direction, Metric, Quantity, Reason};

use crate::bootstrap;
use crate::config::{Measure, Settings};
use crate::figure;
use crate::judge::Doubt;
use crate::series::Series;
use crate::statistics::{Statistic, sorted};
use crate::unit::Better;

/// Two decimals are read, one is multiplied and divided: four roundings of half a unit in the last place.
const CONVERSION_ROUNDING: f64 = 4.0 * f64::EPSILON;

/// Which side of the figure a limit is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Max,
    Min,
}

/// The figure that the limits judge.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Figure {
    /// As the config calls it: `value`, `p95`.
    pub(crate) word: String,
    pub(crate) quantity: Quantity,
    /// Half-width of its interval, in the same unit.
    pub(crate) noise: Option<f64>,
    /// Samples behind it; 0 for a stated value.
    pub(crate) samples: usize,
}

/// A figure beside one limit.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Judged {
    pub(crate) holds: bool,
    /// For example `p95 118.2 ms <= 120 ms (n=200)`.
    pub(crate) text: String,
    /// In the limit's unit.
    pub(crate) metric: Metric,
}

impl Figure {
    /// The figure that the config asks for.
    pub(crate) fn of(series: &Series, settings: &Settings) -> Result<Self, Doubt> {
        let statistic = match (settings.measure, series.value) {
            (Measure::Of(statistic), _) => statistic,
            (Measure::Stated, Some(value)) => return Self::stated(series, settings, value),
            // Samples show where they lie; a figure stated beside them could be any of them.
            (Measure::Auto, Some(value)) if series.samples.is_empty() => {
                return Self::stated(series, settings, value);
            }
            (Measure::Auto, _) => Statistic::Median,
            (Measure::Stated, None) => {
                let why = "no single value is stated; set `metric` to a figure of the samples, for example `median`";
                return Err(Doubt::new(Reason::Config, why));
            }
        };
        let needed = settings.samples_min.max(statistic.samples_min());
        let word = word(statistic);
        enough(&word, series.samples.len(), needed)?;
        let sorted = sorted(&series.samples);
        let quantity = Quantity::new(statistic.of(&sorted), series.unit.clone());
        let noise = noise(&sorted, statistic, settings);
        Ok(Self { word, quantity, noise, samples: sorted.len() })
    }

    fn stated(series: &Series, settings: &Settings, value: f64) -> Result<Self, Doubt> {
        if settings.samples_min > 1 {
            enough("value", series.samples.len(), settings.samples_min)?;
        }
        let quantity = Quantity::new(value, series.unit.clone());
        Ok(Self { word: "value".into(), quantity, noise: None, samples: 0 })
    }

    /// Compares with a limit. Rounding of a conversion never decides: 0.0041 s is not above 4.1 ms,
    /// though `0.0041 * 1000` is. Figures in the limit's own unit are compared exactly.
    pub(crate) fn judge(&self, name: &str, side: Side, limit: &Quantity) -> Result<Judged, Doubt> {
        let there = self.quantity.to(&limit.unit).map_err(|mismatch| {
            let key = match side {
                Side::Max => "max",
                Side::Min => "min",
            };
            Doubt::new(Reason::Config, format!("the figures against `{key}`: {mismatch}"))
        })?;
        let converted = self.quantity.unit != limit.unit;
        let is_rounding = converted && (there - limit.value).abs() <= CONVERSION_ROUNDING * limit.value.abs();
        let value = if is_rounding { limit.value } else { there };
        let (holds, direction) = match side {
            Side::Max => (value <= limit.value, Direction::Lower),
            Side::Min => (value >= limit.value, Direction::Higher),
        };
        let sign = match (side, holds) {
            (Side::Max, true) => "<=",
            (Side::Max, false) => ">",
            (Side::Min, true) => ">=",
            (Side::Min, false) => "<",
        };
        let number = figure::with_unit(&figure::beside(value, limit.value), &limit.unit);
        let samples = if self.samples == 0 { String::new() } else { format!(" (n={})", self.samples) };
        let text = format!("{} {number} {sign} {limit}{samples}", self.word);
        let mut metric =
            Metric::new(self.metric_name(name), value, &*limit.unit).limit(limit.value, direction);
        metric.noise =
            self.noise.and_then(|noise| Quantity::new(noise, &*self.quantity.unit).to(&limit.unit).ok());
        Ok(Judged { holds, text, metric })
    }

    /// The figure without a limit, in its own unit.
    pub(crate) fn metric(&self, name: &str, better: Option<Better>) -> Metric {
        let mut metric = Metric::new(self.metric_name(name), self.quantity.value, &*self.quantity.unit);
        metric.noise = self.noise;
        metric.direction = match better {
            Some(Better::Lower) => Direction::Lower,
            Some(Better::Higher) => Direction::Higher,
            None => Direction::None,
        };
        metric
    }

    fn metric_name(&self, name: &str) -> String {
        format!("{} {}", figure::name(name), self.word)
    }
}

/// Samples are there in the number that is needed.
pub(crate) fn enough(word: &str, found: usize, needed: usize) -> Result<(), Doubt> {
    if found >= needed {
        return Ok(());
    }
    let verb = if found == 1 { "is" } else { "are" };
    let why = format!("{word} needs {needed} {}, {found} {verb} there", samples_unit(needed));
    Err(Doubt::new(Reason::InsufficientData(needed as u64), why))
}

/// What so many samples are called.
pub(crate) fn samples_unit(count: usize) -> &'static str {
    if count == 1 { "sample" } else { "samples" }
}

/// The word that the config has for a statistic.
pub(crate) fn word(statistic: Statistic) -> String {
    match statistic {
        Statistic::Mean => "mean".into(),
        Statistic::Median => "median".into(),
        Statistic::Min => "min".into(),
        Statistic::Max => "max".into(),
        Statistic::Percentile(percent) => format!("p{percent}"),
    }
}

/// By order statistics where they exist, by bootstrap for the mean; extremes have no interval.
fn noise(sorted: &[f64], statistic: Statistic, settings: &Settings) -> Option<f64> {
    if statistic != Statistic::Mean {
        return statistic.order_interval(sorted, settings.confidence).map(|(low, high)| (high - low) / 2.0);
    }
    let enough = sorted.len() >= statistic.samples_for_interval(settings.confidence);
    let interval =
        enough.then(|| bootstrap::of_figure(sorted, statistic, settings.confidence, settings.seed))?;
    interval.map(bootstrap::Interval::half_width)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(value: f64, unit: &str) -> Figure {
        Figure {
            word: "p95".into(),
            quantity: Quantity::new(value, unit),
            noise: Some(value / 10.0),
            samples: 200,
        }
    }

    /// Catches a swapped comparison, an exclusive limit, a lost conversion and a lost rounding.
    #[test]
    fn limits_are_inclusive_in_any_unit() {
        for (value, unit, side, limit, text) in [
            (118.2, "ms", Side::Max, "120 ms", "p95 118.2 ms <= 120 ms (n=200)"),
            (0.1182, "s", Side::Max, "120 ms", "p95 118.2 ms <= 120 ms (n=200)"),
            (120.0, "ms", Side::Max, "120 ms", "p95 120 ms <= 120 ms (n=200)"),
            (120.0001, "ms", Side::Max, "0.12 s", "p95 0.1200001 s > 0.12 s (n=200)"),
            (0.0041, "s", Side::Max, "4.1 ms", "p95 4.1 ms <= 4.1 ms (n=200)"),
            (0.0041, "s", Side::Min, "4.1 ms", "p95 4.1 ms >= 4.1 ms (n=200)"),
            (1.0, "MiB", Side::Max, "1 MB", "p95 1.049 MB > 1 MB (n=200)"),
            (499.0, "ops/s", Side::Min, "500 ops/s", "p95 499 ops/s < 500 ops/s (n=200)"),
            (5.0, "", Side::Max, "5", "p95 5 <= 5 (n=200)"),
        ] {
            let limit = Quantity::parse(limit).expect("a quantity");
            let judged = figure(value, unit).judge("x", side, &limit).expect("comparable");
            assert_eq!(judged.text, text);
            assert_eq!(judged.holds, text.contains("<=") || text.contains(">="), "{text}");
        }
    }

    /// Every decimal up to a thousand milliseconds equals itself in seconds.
    #[test]
    fn conversion_never_moves_a_figure_over_its_limit() {
        for tenths in 1..10_000 {
            let seconds: f64 = format!("{tenths}e-4").parse().expect("a number");
            let limit = Quantity::new(f64::from(tenths) / 10.0, "ms");
            for side in [Side::Max, Side::Min] {
                assert!(figure(seconds, "s").judge("x", side, &limit).expect("comparable").holds, "{tenths}");
            }
        }
    }

    #[test]
    fn a_unit_of_another_kind_is_named() {
        let limit = Quantity::new(1.0, "ms");
        let doubt = figure(1.0, "MB").judge("x", Side::Max, &limit).expect_err("not comparable");
        assert_eq!(doubt.reason, Reason::Config);
        assert!(doubt.why.contains("`MB`") && doubt.why.contains("`ms`"), "{}", doubt.why);
    }
}
