//! The difference of two colours as pixelmatch's main branch has it (July 2026): OKLab with toe-corrected
//! lightness (Ottosson, 2020 and 2021), the differences of lightness and of chroma added (HyAB), seen over
//! white.
//!
//! Its cube roots are read from a table of 4096 steps with straight lines between them, and so are these: exact
//! roots gave 152 pixels where it gives 154 (its fixture 1, threshold 0.05).

use super::colour::{cube_root, linear_table};

/// Steps of the table of cube roots from 0 to 1.
const STEPS: u16 = 4096;

/// Judges two colours against a threshold.
#[derive(Debug, Clone)]
pub(crate) struct Oklab {
    threshold: f64,
    linear: [f64; 256],
    roots: Vec<f64>,
}

impl Oklab {
    /// `threshold` is from 0 to 1.
    pub(crate) fn new(threshold: f64) -> Self {
        let roots = (0..=STEPS + 1).map(|step| cube_root(f64::from(step) / f64::from(STEPS))).collect();
        Self { threshold, linear: linear_table(), roots }
    }

    /// True if the colours differ.
    pub(crate) fn differ(&self, expected: u32, actual: u32) -> bool {
        let (ours, theirs) = (self.roots_of(expected), self.roots_of(actual));
        let rest = self.threshold - (lightness(ours) - lightness(theirs)).abs();
        let [l, m, s]: [f64; 3] = std::array::from_fn(|at| ours[at] - theirs[at]);
        let a = 1.977_998_495_1 * l - 2.428_592_205_0 * m + 0.450_593_709_9 * s;
        let b = 0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766_0 * s;
        rest <= 0.0 || a * a + b * b > rest * rest
    }

    /// Roots of the three cone responses.
    fn roots_of(&self, word: u32) -> [f64; 3] {
        let [r, g, b, alpha] = word.to_le_bytes().map(f64::from);
        let [r, g, b] = [r, g, b].map(|channel| {
            let over_white = (channel * alpha + 255.0 * (255.0 - alpha)) / 255.0;
            between(&self.linear, over_white)
        });
        let l = 0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b;
        let m = 0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b;
        let s = 0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b;
        [l, m, s].map(|cone| between(&self.roots, cone * f64::from(STEPS)))
    }
}

/// The value of a table at `at`, on a straight line between two entries.
fn between(table: &[f64], at: f64) -> f64 {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative, within the table"
    )]
    let step = at as usize;
    let next = table.get(step + 1).copied().unwrap_or(0.0);
    #[allow(clippy::cast_precision_loss, reason = "at most 4097")]
    let part = at - step as f64;
    table[step] + (next - table[step]) * part
}

/// Lightness as CIE has it, from that of OKLab.
fn lightness([l, m, s]: [f64; 3]) -> f64 {
    const K1: f64 = 0.206;
    const K2: f64 = 0.03;
    const K3: f64 = (1.0 + K1) / (1.0 + K2);
    let lightness = 0.210_454_255_3 * l + 0.793_617_785_0 * m - 0.004_072_046_8 * s;
    let shifted = K3 * lightness - K1;
    0.5 * (shifted + (shifted * shifted + 4.0 * K2 * K3 * lightness).sqrt())
}
