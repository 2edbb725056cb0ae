//! The interval of a ratio from pairs: Hodges-Lehmann with the exact signed-rank distribution.
//!
//! Pairs are judged on the log of their ratio, where the averages of two pairs are geometric means: they
//! take a square root instead of a logarithm, so that every platform gives the same bits. Chosen over a
//! bootstrap of pairs, which promises too much from ten of them, and over the sign test, which needs half
//! as many pairs again. Price: it takes the noise of a pair to be symmetric on the log scale, which it is
//! where both sides of a pair vary alike. Nothing here is random.
//! Source: Hollander, Wolfe and Chicken, Nonparametric Statistical Methods, 3.1 to 3.3.

use crate::bootstrap::Interval;
use crate::statistics::sorted;

/// As many goes as a contract can ask for; the averages of all pairs of pairs are half a million then.
pub(crate) const PAIRS_MAX: usize = 1000;

/// Estimate and interval of the ratio at `confidence`. None for too few pairs to have an interval, and for
/// more than [`PAIRS_MAX`]. Ratios are above zero.
pub(crate) fn of_ratios(ratios: &[f64], confidence: f64) -> Option<(f64, Interval)> {
    if ratios.is_empty() || ratios.len() > PAIRS_MAX {
        return None;
    }
    let outside = ranks_outside(ratios.len(), (1.0 - confidence) / 2.0);
    let lowest = outside.checked_sub(1)?;
    let averages = averages(ratios);
    let count = averages.len();
    let (below, above) = (averages[(count - 1) / 2], averages[count / 2]);
    let interval = Interval { lower: averages[lowest], upper: averages[count - 1 - lowest] };
    Some((between(below, above), interval))
}

/// The geometric means of every two ratios, each with itself too (Walsh averages), in ascending order.
fn averages(ratios: &[f64]) -> Vec<f64> {
    let pairs = ratios.iter().enumerate();
    let averages: Vec<f64> =
        pairs.flat_map(|(at, one)| ratios[at..].iter().map(|other| between(*one, *other))).collect();
    sorted(&averages)
}

/// The geometric mean, which rounding must not put outside of the two: equal ratios have no other mean.
fn between(one: f64, other: f64) -> f64 {
    (one.sqrt() * other.sqrt()).clamp(one.min(other), one.max(other))
}

/// How many of the lowest averages lie outside of the interval or are its end: the number of rank sums
/// that together have at most `tail` of the signed-rank distribution of `count` pairs.
fn ranks_outside(count: usize, tail: f64) -> usize {
    let half = count * (count + 1) / 4 + 1;
    // How likely each sum of ranks is, built up rank by rank: a rank is in the sum or is not.
    let mut likely = vec![0.0; half];
    likely[0] = 1.0;
    for rank in 1..=count {
        for sum in (0..half).rev() {
            let with = if sum >= rank { likely[sum - rank] } else { 0.0 };
            likely[sum] = (likely[sum] + with) / 2.0;
        }
    }
    let mut outside = 0;
    let mut below = 0.0;
    for share in likely {
        below += share;
        if below > tail {
            break;
        }
        outside += 1;
    }
    outside
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lower critical values of the signed-rank statistic at 5 % two-sided, from the tables: 0 for 6
    /// pairs, 2 for 7, 3 for 8, 8 for 10, 52 for 20, 137 for 30. One more average lies at or below the end.
    #[test]
    fn critical_values_are_those_of_the_tables() {
        for (count, critical) in
            [(6, Some(0)), (7, Some(2)), (8, Some(3)), (10, Some(8)), (20, Some(52)), (30, Some(137))]
        {
            assert_eq!(ranks_outside(count, 0.025).checked_sub(1), critical, "{count}");
        }
        assert_eq!(ranks_outside(5, 0.025), 0, "no interval");
        assert_eq!(ranks_outside(7, 0.005), 0, "no interval at 99 %");
        assert_eq!(ranks_outside(8, 0.005), 1);
    }

    /// Catches an estimate that follows one wild pair, and an interval that is not that of all pairs.
    #[test]
    fn six_pairs_have_their_range_for_an_interval() {
        let (ratio, interval) = of_ratios(&[1.0, 1.0, 1.0, 1.0, 1.0, 64.0], 0.95).expect("six pairs");
        assert_eq!((ratio, interval), (1.0, Interval { lower: 1.0, upper: 64.0 }));
        let (ratio, interval) = of_ratios(&[2.0, 8.0, 2.0, 8.0, 2.0, 8.0], 0.95).expect("six pairs");
        assert!((ratio - 4.0).abs() < 1e-12, "{ratio}");
        assert_eq!(interval, Interval { lower: 2.0, upper: 8.0 });
        assert_eq!(of_ratios(&[1.0; 5], 0.95), None);
        assert_eq!(of_ratios(&[1.0; PAIRS_MAX + 1], 0.95), None);
        assert_eq!(of_ratios(&[], 0.95), None);
    }

    /// Catches a ratio that rounding moves over its bound, and one that overflows.
    #[test]
    fn equal_pairs_have_no_width_at_any_magnitude() {
        for ratio in [1.05, 0.1, 3.0, 1e-200, 1e200] {
            let (estimate, interval) = of_ratios(&[ratio; 7], 0.95).expect("seven pairs");
            assert_eq!((estimate, interval), (ratio, Interval { lower: ratio, upper: ratio }));
        }
    }

    /// Turning every ratio over turns the interval over.
    #[test]
    fn both_directions_are_alike() {
        let ratios = [1.02, 0.97, 1.1, 1.04, 0.99, 1.01, 1.2, 1.03];
        let turned = ratios.map(|ratio| 1.0 / ratio);
        let (estimate, interval) = of_ratios(&ratios, 0.95).expect("eight pairs");
        let (other, mirrored) = of_ratios(&turned, 0.95).expect("eight pairs");
        for (one, other) in
            [(estimate, other), (interval.lower, mirrored.upper), (interval.upper, mirrored.lower)]
        {
            assert!((one * other - 1.0).abs() < 1e-12, "{one} {other}");
        }
    }

    /// The most pairs there can be, where a weight of the distribution is near the smallest double.
    #[test]
    fn the_most_pairs_are_judged() {
        let ratios: Vec<f64> = (0..PAIRS_MAX).map(|at| 1.0 + (at * 7919 % PAIRS_MAX) as f64 / 1e5).collect();
        let (estimate, interval) = of_ratios(&ratios, 0.95).expect("in bounds");
        assert!(
            (1.0049..1.0051).contains(&estimate) && interval.lower < estimate && estimate < interval.upper
        );
        assert!(interval.upper - interval.lower < 0.001, "{interval:?}");
    }
}
