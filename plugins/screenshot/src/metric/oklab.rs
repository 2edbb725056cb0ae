//! The difference of two colours as pixelmatch's main branch has it: OKLab with toe-corrected lightness
//! (Ottosson, 2020 and 2021), the differences of lightness and of chroma added (HyAB), seen over white.

use super::colour::{cube_root, linear_table, over_white};

/// Judges two colours against a threshold.
#[derive(Debug, Clone)]
pub(crate) struct Oklab {
    threshold: f64,
    linear: [f64; 256],
}

impl Oklab {
    /// `threshold` is from 0 to 1.
    pub(crate) fn new(threshold: f64) -> Self {
        Self { threshold, linear: linear_table() }
    }

    /// True if the colours differ.
    pub(crate) fn differ(&self, expected: u32, actual: u32) -> bool {
        let ([l1, a1, b1], [l2, a2, b2]) = (self.lab(expected), self.lab(actual));
        let (a, b) = (a1 - a2, b1 - b2);
        (l1 - l2).abs() + (a * a + b * b).sqrt() > self.threshold
    }

    fn lab(&self, word: u32) -> [f64; 3] {
        let [r, g, b] = over_white(word).map(|channel| self.linear[usize::from(channel)]);
        let l = cube_root(0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b);
        let m = cube_root(0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b);
        let s = cube_root(0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b);
        [
            toe(0.210_454_255_3 * l + 0.793_617_785_0 * m - 0.004_072_046_8 * s),
            1.977_998_495_1 * l - 2.428_592_205_0 * m + 0.450_593_709_9 * s,
            0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766_0 * s,
        ]
    }
}

/// Lightness as CIE has it, from that of OKLab.
fn toe(lightness: f64) -> f64 {
    const K1: f64 = 0.206;
    const K2: f64 = 0.03;
    const K3: f64 = (1.0 + K1) / (1.0 + K2);
    let shifted = K3 * lightness - K1;
    0.5 * (shifted + (shifted * shifted + 4.0 * K2 * K3 * lightness).sqrt())
}
