//! Figures of a sorted sample: mean, median, nearest-rank percentiles, their intervals, and outliers.
//!
//! It never drops a sample and never interpolates a percentile that the sample cannot show. Only
//! `+ - * /` and comparisons are used, so every platform gives the same bits.

/// A figure that is computed from samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Statistic {
    Mean,
    /// The mean of the two middle samples where their number is even.
    Median,
    Min,
    Max,
    /// Nearest rank: the smallest sample that at least this share of all samples, in percent, does not
    /// exceed. 1 to 99. Source: Hyndman and Fan 1996, definition 1.
    Percentile(u32),
}

impl Statistic {
    /// The figure of samples in ascending order; there must be at least one.
    pub(crate) fn of(self, sorted: &[f64]) -> f64 {
        let count = sorted.len();
        match self {
            Self::Mean => mean(sorted),
            Self::Median => f64::midpoint(sorted[(count - 1) / 2], sorted[count / 2]),
            Self::Min => sorted[0],
            Self::Max => sorted[count - 1],
            Self::Percentile(percent) => sorted[rank(count, percent)],
        }
    }

    /// Samples below which the figure says less than its name: a percentile would just be the maximum.
    pub(crate) fn samples_min(self) -> usize {
        match self {
            Self::Percentile(percent) => 100_usize.div_ceil(100 - percent as usize),
            _ => 1,
        }
    }

    /// The share of the population below the figure; the median's for the mean, which has none.
    fn share(self) -> f64 {
        match self {
            Self::Percentile(percent) => f64::from(percent) / 100.0,
            _ => 0.5,
        }
    }

    /// Samples below which no interval at `confidence` exists: the chance that all samples lie on one
    /// side of the true figure must not exceed half of what is left. 6 for a median at 0.95, 72 for a
    /// p95. Source: David and Nagaraja, Order Statistics, 7.1.
    pub(crate) fn samples_for_interval(self, confidence: f64) -> usize {
        let tail = (1.0 - confidence) / 2.0;
        let share = self.share().max(1.0 - self.share());
        let mut all_on_one_side = 1.0;
        let mut count = 0;
        while all_on_one_side > tail {
            all_on_one_side *= share;
            count += 1;
        }
        count.max(2)
    }

    /// The interval of a median or percentile by order statistics, at least at `confidence`; none for
    /// other figures and for too few samples.
    pub(crate) fn order_interval(self, sorted: &[f64], confidence: f64) -> Option<(f64, f64)> {
        if !matches!(self, Self::Median | Self::Percentile(_)) {
            return None;
        }
        let (low, high) = interval_ranks(sorted.len(), self.share(), (1.0 - confidence) / 2.0)?;
        Some((sorted[low], sorted[high]))
    }
}

/// Samples beyond Tukey's fences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Outliers {
    /// More than 1.5 interquartile ranges beyond a quartile, but not severe.
    pub(crate) mild: usize,
    /// More than 3 interquartile ranges beyond a quartile.
    pub(crate) severe: usize,
}

impl Outliers {
    /// Counts those of samples in ascending order. Quartiles interpolate linearly at p(n-1), as criterion does.
    /// Source: Tukey, Exploratory Data Analysis, 2C.
    pub(crate) fn of(sorted: &[f64]) -> Self {
        const QUARTILES_SAMPLES_MIN: usize = 4;
        if sorted.len() < QUARTILES_SAMPLES_MIN {
            return Self::default();
        }
        let (first, third) = (quartile(sorted, 1), quartile(sorted, 3));
        let range = third - first;
        let beyond = |fences: f64| {
            sorted.iter().filter(|&&x| x < first - fences * range || x > third + fences * range).count()
        };
        let severe = beyond(3.0);
        Self { mild: beyond(1.5) - severe, severe }
    }
}

/// Samples in ascending order.
pub(crate) fn sorted(samples: &[f64]) -> Vec<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

/// The zero-based nearest rank of a percentile in whole numbers: a rounded product would be one off.
pub(crate) fn rank(count: usize, percent: u32) -> usize {
    let share = count as u128 * u128::from(percent);
    usize::try_from(share.div_ceil(100)).unwrap_or(count).clamp(1, count) - 1
}

/// Held within the samples: rounding would put the mean of equal samples beside them.
fn mean(sorted: &[f64]) -> f64 {
    let sum: f64 = sorted.iter().sum();
    (sum / sorted.len() as f64).clamp(sorted[0], sorted[sorted.len() - 1])
}

fn quartile(sorted: &[f64], quarters: usize) -> f64 {
    let position = quarters * (sorted.len() - 1);
    let (index, rest) = (position / 4, position % 4);
    let next = sorted[(index + 1).min(sorted.len() - 1)];
    sorted[index] + (next - sorted[index]) * (rest as f64 / 4.0)
}

/// The zero-based ranks of the narrowest interval of order statistics that leaves at most `tail` of
/// the binomial distribution on either side; none if the whole sample is too narrow.
fn interval_ranks(count: usize, share: f64, tail: f64) -> Option<(usize, usize)> {
    let (first, weights) = binomial(count, share);
    // Rank r (from 1) misses the true figure from above when fewer than r samples lie below it.
    let mut low = first;
    let mut below = 0.0;
    for weight in &weights {
        below += weight;
        if below > tail {
            break;
        }
        low += 1;
    }
    let mut high = first + weights.len();
    let mut above = 0.0;
    for weight in weights.iter().rev() {
        above += weight;
        if above > tail {
            break;
        }
        high -= 1;
    }
    (low >= 1 && high <= count).then(|| (low - 1, high - 1))
}

/// The binomial distribution from its mode outwards, as far as it weighs anything, and the number of
/// successes of its first weight. Starting at the mode avoids the underflow of `share^count` and needs
/// no logarithm.
fn binomial(count: usize, share: f64) -> (usize, Vec<f64>) {
    const WEIGHT_MIN: f64 = 1e-20;
    let odds = share / (1.0 - share);
    let step = |successes: usize| (count - successes) as f64 / (successes + 1) as f64 * odds;
    let mode = (0..count).position(|successes| step(successes) < 1.0).unwrap_or(count);
    let mut lower = Vec::new();
    let (mut weight, mut successes) = (1.0, mode);
    while successes > 0 && weight > WEIGHT_MIN {
        successes -= 1;
        weight /= step(successes);
        lower.push(weight);
    }
    let first = successes;
    lower.reverse();
    let mut weights = lower;
    weights.push(1.0);
    let (mut weight, mut successes) = (1.0, mode);
    while successes < count && weight > WEIGHT_MIN {
        weight *= step(successes);
        successes += 1;
        weights.push(weight);
    }
    let total: f64 = weights.iter().sum();
    for weight in &mut weights {
        *weight /= total;
    }
    (first, weights)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(count: u32) -> Vec<f64> {
        (1..=count).map(f64::from).collect()
    }

    /// Catches interpolation, a rank that is one off, and a lower median.
    #[test]
    fn figures_of_small_samples() {
        for (statistic, count, expected) in [
            (Statistic::Median, 1, 1.0),
            (Statistic::Median, 4, 2.5),
            (Statistic::Median, 5, 3.0),
            (Statistic::Mean, 4, 2.5),
            (Statistic::Min, 4, 1.0),
            (Statistic::Max, 4, 4.0),
            (Statistic::Percentile(50), 4, 2.0),
            (Statistic::Percentile(90), 10, 9.0),
            (Statistic::Percentile(95), 20, 19.0),
            (Statistic::Percentile(95), 21, 20.0),
            (Statistic::Percentile(95), 200, 190.0),
            (Statistic::Percentile(99), 100, 99.0),
            (Statistic::Percentile(99), 101, 100.0),
        ] {
            assert_eq!(statistic.of(&numbered(count)), expected, "{statistic:?} of {count}");
        }
    }

    /// Catches a percentile that is just the maximum: at the stated minimum it no longer is.
    #[test]
    fn a_percentile_needs_samples_above_it() {
        for (percent, least) in [(50, 2), (90, 10), (95, 20), (99, 100)] {
            assert_eq!(Statistic::Percentile(percent).samples_min(), least);
            assert!(rank(least, percent) < least - 1, "p{percent}");
            assert_eq!(rank(least - 1, percent), least - 2, "p{percent}");
        }
    }

    /// Catches a mean of equal samples that violates a limit by rounding alone.
    #[test]
    fn the_mean_of_equal_samples_is_the_sample() {
        assert_eq!(Statistic::Mean.of(&[0.1; 3]), 0.1);
    }

    /// The table of David and Nagaraja: 6, 8 and so on; ranks as every nonparametric table has them.
    #[test]
    fn order_statistics_of_the_median() {
        assert_eq!(Statistic::Median.samples_for_interval(0.95), 6);
        assert_eq!(Statistic::Median.samples_for_interval(0.99), 8);
        assert_eq!(Statistic::Percentile(95).samples_for_interval(0.95), 72);
        for (count, expected) in [
            (5, None),
            (6, Some((1.0, 6.0))),
            (10, Some((2.0, 9.0))),
            (20, Some((6.0, 15.0))),
            (30, Some((10.0, 21.0))),
            (100, Some((40.0, 61.0))),
        ] {
            assert_eq!(Statistic::Median.order_interval(&numbered(count), 0.95), expected, "{count}");
        }
        assert_eq!(Statistic::Percentile(95).order_interval(&numbered(71), 0.95), None);
        assert!(Statistic::Percentile(95).order_interval(&numbered(72), 0.95).is_some());
        assert_eq!(Statistic::Mean.order_interval(&numbered(50), 0.95), None);
    }

    /// Catches underflow: 0.5^5000 is zero in a double. Expected: 2500 -+ 1.96 * sqrt(1250) = 69.3.
    #[test]
    fn order_statistics_of_a_large_sample() {
        assert_eq!(Statistic::Median.order_interval(&numbered(5000), 0.95), Some((2431.0, 2570.0)));
    }

    #[test]
    fn counts_outliers_on_both_sides() {
        // Quartiles 2.75 and 7.25 of 1..=9 and its neighbours: fences at -4 and 14, -10.75 and 20.75.
        let samples = sorted(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 100.0, 16.0]);
        assert_eq!(Outliers::of(&samples), Outliers { mild: 1, severe: 1 });
        assert_eq!(Outliers::of(&numbered(9)), Outliers::default());
        assert_eq!(Outliers::of(&[1.0, 1.0, 900.0]), Outliers::default());
    }
}
