//! Non-inferiority: how many times worse than the baseline the benchmark may be, and is.
//!
//! The ratio is new/old where lower is better and old/new where higher is, so that above 1 is always
//! worse. With the interval of the ratio at the config's confidence and the bound B: wholly at or below
//! B passes, wholly above B fails, anything else says how many samples would decide. A difference that
//! was merely not seen never passes.
//!
//! A unit that changed is converted and told. Where the numbers stayed and the unit alone makes the figures
//! better, nothing passes: a line that says `us` over the numbers of yesterday's `ms` would else be a thousand
//! times faster. A violation stands either way, because a worker gains nothing by it.
//!
//! In pairs, the interval is that of the signed-rank test over one ratio for each go (`wilcoxon`);
//! otherwise it is a bootstrap over the samples of both sides (`bootstrap`).

use evident_checker::{Quantity, Reason};

use crate::bootstrap::{self, Interval};
use crate::config::{Measure, Settings};
use crate::figure;
use crate::judge::Doubt;
use crate::limits::{enough, word};
use crate::pairs;
use crate::series::Series;
use crate::statistics::{Statistic, sorted};
use crate::unit::Better;
use crate::wilcoxon;

/// More samples than this are not advice.
const SAMPLES_ADVISED_MAX: f64 = 1_000_000.0;

/// What the interval says about the bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Holds,
    Violated,
    /// How many samples on each side would decide; 0 if no number would.
    Undecided(u64),
}

/// The compared figures.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Comparison {
    pub(crate) word: String,
    pub(crate) ratio: f64,
    pub(crate) interval: Interval,
    /// No side varies, so the ratio has no chance in it.
    exact: bool,
    /// Samples, or goes where it is judged in pairs.
    pub(crate) new: usize,
    old: usize,
    pub(crate) in_pairs: bool,
    /// The ratio of the bare numbers, where the unit of the two sides differs in size.
    bare_ratio: Option<f64>,
}

impl Comparison {
    /// Compares two series of the same benchmark.
    pub(crate) fn of(
        current: &Series,
        baseline: &Series,
        better: Better,
        settings: &Settings,
    ) -> Result<Self, Doubt> {
        let statistic = match settings.measure {
            Measure::Of(statistic) => statistic,
            Measure::Auto | Measure::Stated => Statistic::Median,
        };
        if let Some((new, old)) = pairs::goes(current, baseline, settings.pairing)? {
            enough("the ratio", current.samples.len().max(1), settings.samples_min)?;
            enough("the ratio in the baseline", baseline.samples.len().max(1), settings.samples_min)?;
            refuse_copies(current, baseline)?;
            let new = pairs::figures(&new, statistic, "")?;
            let old = pairs::figures(&old, statistic, " in the baseline")?;
            let converted = convert(&old, &baseline.unit, &current.unit)?;
            let comparison = Self::in_pairs(&new, &converted, statistic, better, settings)?;
            return Ok(comparison.with_units(&old, &converted, better));
        }
        let needed = needed(statistic, settings);
        enough(&format!("the ratio of the {}", word(statistic)), current.samples.len(), needed)?;
        enough(
            &format!("the ratio of the {} in the baseline", word(statistic)),
            baseline.samples.len(),
            needed,
        )?;
        refuse_copies(current, baseline)?;
        let converted = convert(&baseline.samples, &baseline.unit, &current.unit)?;
        let old = positive(&converted, "the baseline")?;
        let new = positive(&current.samples, "the evidence")?;
        let (above, below) = match better {
            Better::Lower => (&new, &old),
            Better::Higher => (&old, &new),
        };
        let interval = bootstrap::of_ratio(above, below, statistic, settings.confidence, settings.seed);
        let interval = interval.ok_or_else(|| {
            let why = format!(
                "{} samples are too many to resample at {}",
                new.len() + old.len(),
                figure::percent(settings.confidence)
            );
            Doubt::new(Reason::Limit, why)
        })?;
        let ratio = statistic.of(above) / statistic.of(below);
        // No interval is needed, and summing equal samples must not make one.
        let exact = is_constant(&new) && is_constant(&old);
        let interval = if exact { Interval { lower: ratio, upper: ratio } } else { interval };
        let comparison = Self {
            word: word(statistic),
            ratio,
            interval,
            exact,
            new: new.len(),
            old: old.len(),
            in_pairs: false,
            bare_ratio: None,
        };
        Ok(comparison.with_units(&baseline.samples, &converted, better))
    }

    /// Notes what the bare numbers would say, where the figures of the baseline were converted.
    fn with_units(mut self, old: &[f64], converted: &[f64], better: Better) -> Self {
        let factor = converted[0] / old[0];
        if (factor - 1.0).abs() > f64::EPSILON {
            self.bare_ratio = Some(match better {
                Better::Lower => self.ratio * factor,
                Better::Higher => self.ratio / factor,
            });
        }
        self
    }

    /// True where the numbers stayed nearer to what they were than the figures did: then the unit changed, and
    /// nothing shows that the work did. A figure that came out in another unit because it is another figure
    /// has another number too.
    pub(crate) fn unit_alone_decides(&self) -> bool {
        self.bare_ratio.is_some_and(|bare| bare.ln().abs() < self.ratio.ln().abs())
    }

    /// One figure of each go on both sides, in the same order.
    fn in_pairs(
        new: &[f64],
        old: &[f64],
        statistic: Statistic,
        better: Better,
        settings: &Settings,
    ) -> Result<Self, Doubt> {
        positive(new, "the evidence")?;
        positive(old, "the baseline")?;
        let needed = pairs_needed(settings);
        if new.len() < needed {
            let verb = if new.len() == 1 { "is" } else { "are" };
            let why = format!(
                "the ratio of the {} needs {needed} pairs, {} {verb} there",
                word(statistic),
                new.len()
            );
            return Err(Doubt::new(Reason::InsufficientData(needed as u64), why));
        }
        let worse = |(new, old): (&f64, &f64)| match better {
            Better::Lower => new / old,
            Better::Higher => old / new,
        };
        let ratios: Vec<f64> = new.iter().zip(old).map(worse).collect();
        let (ratio, interval) = wilcoxon::of_ratios(&ratios, settings.confidence).ok_or_else(|| {
            let why = format!("{} pairs, at most {} are judged", ratios.len(), wilcoxon::PAIRS_MAX);
            Doubt::new(Reason::Limit, why)
        })?;
        let exact = is_constant(&sorted(&ratios));
        let count = ratios.len();
        Ok(Self {
            word: word(statistic),
            ratio,
            interval,
            exact,
            new: count,
            old: count,
            in_pairs: true,
            bare_ratio: None,
        })
    }

    /// Judges against the bound, inclusive.
    pub(crate) fn verdict(&self, bound: f64) -> Verdict {
        if self.interval.upper <= bound {
            Verdict::Holds
        } else if self.interval.lower > bound {
            Verdict::Violated
        } else {
            Verdict::Undecided(self.samples_to_decide(bound))
        }
    }

    /// For example `median ratio 1.012 [0.998, 1.03] <= 1.05 at 95 % (n=30, baseline n=30)`.
    pub(crate) fn text(&self, bound: f64, confidence: f64) -> String {
        let Self { word, ratio, interval, new, old, .. } = self;
        let at = figure::percent(confidence);
        let limit = figure::number(bound);
        let ratio = figure::beside(*ratio, bound);
        let (lower, upper) = (figure::beside(interval.lower, bound), figure::beside(interval.upper, bound));
        let (sign, end) = match self.verdict(bound) {
            Verdict::Holds => ("<=", String::new()),
            Verdict::Violated => (">", String::new()),
            Verdict::Undecided(0) => ("undecided against", ", and no number of samples would decide".into()),
            Verdict::Undecided(needed) if self.in_pairs => {
                ("undecided against", format!(", about {needed} would decide"))
            }
            Verdict::Undecided(needed) => {
                ("undecided against", format!(", about {needed} a side would decide"))
            }
        };
        if self.in_pairs && self.exact {
            return format!("{word} ratio {ratio} {sign} {limit}, exactly: no pair differs (pairs={new})");
        }
        if self.in_pairs {
            return format!(
                "{word} ratio {ratio} [{lower}, {upper}] {sign} {limit} at {at} (pairs={new}{end})"
            );
        }
        if self.exact {
            return format!(
                "{word} ratio {ratio} {sign} {limit}, exactly: no sample varies (n={new}, baseline n={old})"
            );
        }
        format!(
            "{word} ratio {ratio} [{lower}, {upper}] {sign} {limit} at {at} (n={new}, baseline n={old}{end})"
        )
    }

    /// The interval narrows with the root of the number of samples; it decides once the end towards
    /// the bound reaches it. Two sides of unlike size count as their harmonic mean, as their variances
    /// add up.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded two lines above")]
    fn samples_to_decide(&self, bound: f64) -> u64 {
        let towards = if self.ratio < bound {
            self.interval.upper - self.ratio
        } else {
            self.ratio - self.interval.lower
        };
        let narrower = towards / (bound - self.ratio).abs();
        let samples = 2.0 / (1.0 / self.new as f64 + 1.0 / self.old as f64);
        let needed = (samples * narrower * narrower).ceil();
        if !needed.is_finite() || needed > SAMPLES_ADVISED_MAX {
            return 0;
        }
        (needed as u64).max(self.new.min(self.old) as u64 + 1)
    }
}

/// Samples that each side needs.
fn needed(statistic: Statistic, settings: &Settings) -> usize {
    settings.samples_min.max(statistic.samples_min()).max(statistic.samples_for_interval(settings.confidence))
}

/// Pairs below which no interval exists: the chance that all lie on one side, as for a median.
fn pairs_needed(settings: &Settings) -> usize {
    Statistic::Median.samples_for_interval(settings.confidence)
}

fn refuse_copies(current: &Series, baseline: &Series) -> Result<(), Doubt> {
    if baseline.unit == current.unit && current.shares_a_run_with(baseline) {
        let why = "the samples are those of the baseline; a clock does not repeat itself";
        return Err(Doubt::new(Reason::Contradiction, why));
    }
    Ok(())
}

fn convert(figures: &[f64], from: &str, unit: &str) -> Result<Vec<f64>, Doubt> {
    let convert = |figure: &f64| Quantity::new(*figure, from).to(unit);
    figures.iter().map(convert).collect::<Result<_, _>>().map_err(|mismatch| {
        Doubt::new(Reason::Contradiction, format!("the unit changed since the baseline: {mismatch}"))
    })
}

/// Samples in ascending order, all above zero.
fn positive(samples: &[f64], whose: &str) -> Result<Vec<f64>, Doubt> {
    let sorted = sorted(samples);
    if sorted[0] > 0.0 {
        return Ok(sorted);
    }
    let least = figure::number(sorted[0]);
    Err(Doubt::new(
        Reason::Config,
        format!("a ratio needs samples above zero, {whose} has {least}; use `max` or `min`"),
    ))
}

fn is_constant(sorted: &[f64]) -> bool {
    sorted[0] == sorted[sorted.len() - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comparison(ratio: f64, lower: f64, upper: f64, new: usize, old: usize) -> Comparison {
        Comparison {
            word: "median".into(),
            ratio,
            interval: Interval { lower, upper },
            exact: false,
            new,
            old,
            in_pairs: false,
            bare_ratio: None,
        }
    }

    /// Catches a bound that is compared with the ratio instead of the interval, and an end that is off.
    #[test]
    fn the_whole_interval_decides() {
        for (ratio, lower, upper, expected) in [
            (1.0, 0.98, 1.05, Verdict::Holds),
            (1.2, 1.0501, 1.3, Verdict::Violated),
            (1.0, 0.9, 1.1, Verdict::Undecided(120)),
            (1.1, 1.0, 1.2, Verdict::Undecided(120)),
            (1.05, 1.0, 1.1, Verdict::Undecided(0)),
            (1.1, 1.05, 1.15, Verdict::Undecided(31)),
        ] {
            assert_eq!(
                comparison(ratio, lower, upper, 30, 30).verdict(1.05),
                expected,
                "{ratio} [{lower}, {upper}]"
            );
        }
    }

    /// Catches `us` written over the numbers of `ms`, and a figure that is told in `ns` because it is smaller.
    #[test]
    fn a_unit_that_changed_is_held_against_the_numbers() {
        for (ratio, bare, expected) in [
            (0.001, Some(1.0), true),
            (0.0011, Some(1.1), true),
            (0.8, Some(792.0), false),
            (0.5, Some(500.0), false),
            (0.9536, Some(1.0), true),
            (1.0, Some(1.0486), false),
            (0.001, None, false),
        ] {
            let comparison = Comparison { bare_ratio: bare, ..comparison(ratio, ratio, ratio, 30, 30) };
            assert_eq!(comparison.unit_alone_decides(), expected, "{ratio} {bare:?}");
        }
    }

    /// Catches advice that counts the larger side: 10 beside 1000 are worth 19.8 and 19.8.
    #[test]
    fn advice_counts_both_sides() {
        assert_eq!(comparison(1.0, 0.9, 1.1, 10, 1000).verdict(1.05), Verdict::Undecided(80));
        assert_eq!(comparison(1.049_999_9, 0.9, 1.1, 30, 30).verdict(1.05), Verdict::Undecided(0));
    }
}
