//! A deterministic percentile bootstrap: how far a figure, or the ratio of two, may lie off by chance.
//!
//! Chosen over Hodges-Lehmann because it judges the very figure that the config names (a p95 stays a
//! p95), and over a t-interval because timings are skewed. Price: it is random, so it is seeded; and it
//! is wrong for extremes, so `min` and `max` are refused where an interval decides.
//! Source: Efron and Tibshirani, An Introduction to the Bootstrap, 13.3. It never reads a clock or entropy.

use crate::statistics::{Statistic, rank, sorted};

/// Resamples where the samples are few enough: the interval's ends then move by under 1 % of its width
/// from seed to seed.
const RESAMPLES: usize = 10_000;
/// Fewest resamples; with so many samples the interval is narrow anyway.
const RESAMPLES_MIN: usize = 1_000;
/// Resamples beyond either end of the interval, so that an end is not just the most extreme one.
const TAIL_RESAMPLES_MIN: f64 = 10.0;
/// Draws in all: some seconds inside the sandbox.
const DRAWS_MAX: usize = 200_000_000;

/// An interval at the asked confidence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Interval {
    pub(crate) lower: f64,
    pub(crate) upper: f64,
}

impl Interval {
    /// Half of its width: what may be chance.
    pub(crate) fn half_width(self) -> f64 {
        (self.upper - self.lower) / 2.0
    }
}

/// SplitMix64. Source: Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators, 2014.
#[derive(Debug, Clone)]
pub(crate) struct Generator(u64);

impl Generator {
    /// A generator whose numbers depend on `seed` alone.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number below `bound`. The bias is below `bound / 2^32`: under 0.03 % for a million samples.
    fn below(&mut self, bound: u32) -> u32 {
        let product = (self.next() >> 32) * u64::from(bound);
        u32::try_from(product >> 32).expect("a product of two 32-bit numbers has 32 high bits")
    }
}

/// Samples in ascending order, with room for a resample.
struct Resampler<'a> {
    sorted: &'a [f64],
    statistic: Statistic,
    count: u32,
    /// The figure of the samples themselves.
    center: f64,
    drawn: Vec<u32>,
}

impl<'a> Resampler<'a> {
    fn new(sorted: &'a [f64], statistic: Statistic) -> Option<Self> {
        let count = u32::try_from(sorted.len()).ok().filter(|count| *count > 0)?;
        Some(Self { sorted, statistic, count, center: statistic.of(sorted), drawn: vec![0; sorted.len()] })
    }

    /// The figure of as many draws with replacement as there are samples.
    fn figure(&mut self, generator: &mut Generator) -> f64 {
        if self.statistic == Statistic::Mean {
            let sum: f64 = (0..self.count).map(|_| self.sorted[generator.below(self.count) as usize]).sum();
            return self.widened(sum / f64::from(self.count));
        }
        for drawn in &mut self.drawn {
            *drawn = generator.below(self.count);
        }
        // The samples are sorted, so that ranks of samples are ranks of their positions.
        match self.statistic {
            Statistic::Percentile(percent) => self.ranked(rank(self.sorted.len(), percent)),
            Statistic::Min => self.ranked(0),
            Statistic::Max => self.ranked(self.sorted.len() - 1),
            Statistic::Median | Statistic::Mean => {
                let (low, high) = ((self.sorted.len() - 1) / 2, self.sorted.len() / 2);
                let upper = self.ranked(high);
                let lower = if low == high { upper } else { self.largest_before(high) };
                f64::midpoint(lower, upper)
            }
        }
    }

    /// Resampled means spread too little by the root of `n / (n - 1)`: of 6 samples, 6 % instead of 2.5 %
    /// of the true means lay beyond an end. Stays within the samples, so that it stays above zero.
    /// Source: Hesterberg, What Teachers Should Know About the Bootstrap, 2015, 4.4.
    fn widened(&self, mean: f64) -> f64 {
        let count = f64::from(self.count);
        let (least, greatest) = (self.sorted[0], self.sorted[self.sorted.len() - 1]);
        let widening = if self.count > 1 { (count / (count - 1.0)).sqrt() } else { 1.0 };
        (self.center + (mean - self.center) * widening).clamp(least, greatest)
    }

    fn ranked(&mut self, rank: usize) -> f64 {
        let (_, position, _) = self.drawn.select_nth_unstable(rank);
        self.sorted[*position as usize]
    }

    /// After `ranked(rank)`, everything before that rank is no larger.
    fn largest_before(&self, rank: usize) -> f64 {
        self.drawn[..rank].iter().max().map_or(self.sorted[0], |position| self.sorted[*position as usize])
    }
}

/// The interval of the figure of one sample (ascending). None for an empty sample, or one so large
/// that the resampling would not end in time.
pub(crate) fn of_figure(
    sample: &[f64],
    statistic: Statistic,
    confidence: f64,
    seed: u64,
) -> Option<Interval> {
    let resamples = resamples(sample.len(), confidence)?;
    let mut generator = Generator::new(seed);
    let mut resampler = Resampler::new(sample, statistic)?;
    let figures: Vec<f64> = (0..resamples).map(|_| resampler.figure(&mut generator)).collect();
    Some(interval(&figures, confidence))
}

/// The interval of `figure(above) / figure(below)` of two samples (ascending, positive), resampled
/// independently. None as in [`of_figure`].
pub(crate) fn of_ratio(
    above: &[f64],
    below: &[f64],
    statistic: Statistic,
    confidence: f64,
    seed: u64,
) -> Option<Interval> {
    let resamples = resamples(above.len() + below.len(), confidence)?;
    let mut generator = Generator::new(seed);
    let mut above = Resampler::new(above, statistic)?;
    let mut below = Resampler::new(below, statistic)?;
    let ratios: Vec<f64> =
        (0..resamples).map(|_| above.figure(&mut generator) / below.figure(&mut generator)).collect();
    Some(interval(&ratios, confidence))
}

/// How many resamples `samples` and `confidence` call for; none above the bound on draws.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "20 / (1 - 0.9999) is the most")]
fn resamples(samples: usize, confidence: f64) -> Option<usize> {
    let for_tails = (2.0 * TAIL_RESAMPLES_MIN / (1.0 - confidence)).ceil() as usize;
    let affordable = DRAWS_MAX / samples.max(1);
    let fewest = for_tails.max(RESAMPLES_MIN);
    (affordable >= fewest).then(|| affordable.min(RESAMPLES.max(for_tails)))
}

/// The ends that leave an equal share of figures outside; rounded outwards.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of the length")]
fn interval(figures: &[f64], confidence: f64) -> Interval {
    let figures = sorted(figures);
    let outside = ((1.0 - confidence) / 2.0 * figures.len() as f64) as usize;
    Interval { lower: figures[outside], upper: figures[figures.len() - 1 - outside] }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first numbers of the reference implementation for the seed 1234567.
    #[test]
    fn the_generator_is_splitmix64() {
        let mut generator = Generator::new(1_234_567);
        let numbers: Vec<u64> = (0..3).map(|_| generator.next()).collect();
        assert_eq!(
            numbers,
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    #[test]
    fn every_position_is_drawn_equally_often() {
        let mut generator = Generator::new(0);
        let mut counts = [0_u32; 7];
        for _ in 0..70_000 {
            counts[generator.below(7) as usize] += 1;
        }
        assert!(counts.iter().all(|count| (9_700..=10_300).contains(count)), "{counts:?}");
    }

    /// Catches a resampler whose figure is not the figure of what it drew.
    #[test]
    fn a_resampled_figure_is_the_figure_of_the_draws() {
        let sample: Vec<f64> = (0..31).map(|index| f64::from(index * index)).collect();
        for count in [1, 2, 7, 30, 31] {
            let sample = &sample[..count];
            for statistic in [
                Statistic::Mean,
                Statistic::Median,
                Statistic::Min,
                Statistic::Max,
                Statistic::Percentile(90),
            ] {
                let (mut one, mut other) = (Generator::new(9), Generator::new(9));
                let figure = Resampler::new(sample, statistic).expect("not empty").figure(&mut one);
                let bound = u32::try_from(count).expect("small");
                let draws: Vec<f64> = (0..count).map(|_| sample[other.below(bound) as usize]).collect();
                let mut expected = statistic.of(&sorted(&draws));
                if statistic == Statistic::Mean {
                    expected = Resampler::new(sample, statistic).expect("not empty").widened(expected);
                }
                assert!(
                    (figure - expected).abs() < 1e-9,
                    "{statistic:?} of {count}: {figure} not {expected}"
                );
            }
        }
    }

    #[test]
    fn resamples_follow_samples_and_confidence() {
        for (samples, confidence, expected) in [
            (60, 0.95, Some(10_000)),
            (100_000, 0.95, Some(2_000)),
            (200_001, 0.95, None),
            // 1 - 0.9999 is a little less than 0.0001 in a double, and rounding is upwards.
            (30, 0.9999, Some(200_001)),
            (2_000, 0.9999, None),
        ] {
            assert_eq!(resamples(samples, confidence), expected, "{samples} at {confidence}");
        }
    }

    /// 1, 2, 3 have the mean 2; a resampled mean of 2.2 stands for 2 + 0.2 * sqrt(3 / 2).
    #[test]
    fn means_are_widened_within_the_samples() {
        let resampler = Resampler::new(&[1.0, 2.0, 3.0], Statistic::Mean).expect("not empty");
        for (mean, expected) in [(2.0, 2.0), (2.2, 2.244_948_974_278_318), (3.0, 3.0), (1.0, 1.0)] {
            assert!((resampler.widened(mean) - expected).abs() < 1e-12, "{mean}");
        }
    }

    /// The outcome of a contract must not change with a release: a change here is a new version.
    #[test]
    fn golden_intervals() {
        let old = [98.0, 99.0, 99.5, 100.0, 100.5, 101.0, 102.0, 104.0];
        let new = [99.0, 100.0, 101.5, 102.0, 103.0, 103.5, 104.0, 110.0];
        for (statistic, seed, lower, upper) in [
            (Statistic::Median, 0, 0.995_098_039_215_686_3, 1.042_821_158_690_176_3),
            (Statistic::Median, 1, 0.997_493_734_335_839_5, 1.042_929_292_929_293),
            (Statistic::Mean, 0, 0.999_037_647_873_660_2, 1.051_645_203_142_498_8),
            (Statistic::Percentile(90), 0, 0.995_192_307_692_307_7, 1.089_108_910_891_089_2),
        ] {
            let interval = of_ratio(&new, &old, statistic, 0.95, seed).expect("small");
            assert_eq!(interval, Interval { lower, upper }, "{statistic:?} {seed}");
        }
        let interval = of_figure(&new, Statistic::Mean, 0.9, 0).expect("small");
        assert_eq!(interval, Interval { lower: 101.070_986_617_091_14, upper: 104.879_459_314_343_18 });
    }

    /// No spread, no chance.
    #[test]
    fn equal_samples_have_no_width() {
        let interval = of_ratio(&[2.0; 8], &[4.0; 9], Statistic::Median, 0.95, 0).expect("small");
        assert_eq!(interval, Interval { lower: 0.5, upper: 0.5 });
        assert_eq!(of_figure(&[], Statistic::Median, 0.95, 0), None);
    }
}
