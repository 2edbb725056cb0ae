//! The difference of two colours as pixelmatch 7.2.0 (npm) has it: squared distance in YIQ (Kotsarenko and
//! Ramos, 2010), with semi-transparent pixels over a checkerboard or over white.
//!
//! Opaque pixels are judged in integers: YIQ is linear with coefficients of eight decimals, so the squared
//! distance is a quadratic form that is kept scaled by 2^24. What lies closer to the threshold than rounding
//! can move it is judged again as pixelmatch does, in the same order of the same operations on doubles, so that
//! every answer is that of pixelmatch to the pixel. Semi-transparent pixels are judged that way at once.

use super::BLOCK;

/// Of red, green and blue, times 10^8.
pub(super) const Y: [i64; 3] = [29_889_531, 58_662_247, 11_448_223];
const I: [i64; 3] = [59_597_799, -27_417_610, -32_180_189];
const Q: [i64; 3] = [21_147_017, -52_261_711, 31_114_694];

/// Of the squares of Y, I and Q, times 10^4.
const WEIGHTS: [i64; 3] = [5053, 2990, 1957];

/// The largest squared distance: between yellow and blue, as pixelmatch states it.
const DISTANCE_MAX: f64 = 35_215.0;

/// Bits behind the point of the quadratic form.
const FORM_BITS: u32 = 24;

/// Of the products of two channel differences: rr, gg, bb, rg, rb, gb, scaled by 2^[`FORM_BITS`].
const FORM: [i64; 6] = [form(0, 0), form(1, 1), form(2, 2), 2 * form(0, 1), 2 * form(0, 2), 2 * form(1, 2)];

/// How far rounding of [`FORM`] and of the threshold can move a distance, in its scale: half a unit for each
/// single product and one for each double, times 255 squared, and one unit for the threshold.
const ROUNDING: i64 = 5 * 255 * 255 + 1;

/// One coefficient of the quadratic form, rounded.
const fn form(left: usize, right: usize) -> i64 {
    let (mut sum, mut at) = (0_i128, 0);
    while at < 3 {
        let channel = [Y, I, Q][at];
        sum += WEIGHTS[at] as i128 * channel[left] as i128 * channel[right] as i128;
        at += 1;
    }
    let scale = 100_000_000_000_000_000_000;
    let scaled = (2 * (sum << FORM_BITS) + if sum < 0 { -scale } else { scale }) / (2 * scale);
    #[allow(
        clippy::cast_possible_truncation,
        reason = "less than 2^25: weights and coefficients are below 1"
    )]
    {
        scaled as i64
    }
}

/// What semi-transparent pixels are seen over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blend {
    /// As pixelmatch 7 does by default: colours that change with the place.
    Checkerboard,
    /// As pixelmatch 5 and odiff do.
    White,
}

/// Judges two colours against a threshold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pixelmatch {
    blend: Blend,
    /// The largest squared distance that is no difference.
    most: f64,
    /// The same in the scale of [`FORM`].
    most_scaled: i64,
}

impl Pixelmatch {
    /// `threshold` is from 0 to 1.
    pub(crate) fn new(threshold: f64, blend: Blend) -> Self {
        let most = DISTANCE_MAX * threshold * threshold;
        #[allow(clippy::cast_possible_truncation, reason = "at most 35215 * 2^24")]
        let most_scaled = (most * f64::from(1 << FORM_BITS)) as i64;
        Self { blend, most, most_scaled }
    }

    /// Which pixels of a block may differ, bit by bit, found out in fewer bits for all at once.
    pub(crate) fn may_differ(&self, expected: &[u32; BLOCK], actual: &[u32; BLOCK]) -> u32 {
        const BITS: u32 = 14;
        #[allow(clippy::cast_possible_truncation, reason = "a factor is below 2, so below 2^15 when scaled")]
        const COARSE: [i32; 6] = {
            let mut coarse = [0; 6];
            let mut at = 0;
            while at < 6 {
                coarse[at] = (FORM[at] >> (FORM_BITS - BITS)) as i32;
                at += 1;
            }
            coarse
        };
        let [rr, gg, bb, rg, rb, gb] = COARSE;
        // Each of six coefficients is cut off by less than one, and no product of two channels is above 255 squared;
        // one more is for what the form itself was rounded by.
        let most = (self.most_scaled >> (FORM_BITS - BITS)) - 7 * 255 * 255;
        let most = i32::try_from(most).expect("at most 35215 * 2^14");
        let mut opaque = u32::MAX;
        let mut distances = [0; BLOCK];
        for ((left, right), distance) in expected.iter().zip(actual).zip(&mut distances) {
            opaque &= left & right;
            let channel = |word: u32, shift: u32| (word >> shift & 0xff).cast_signed();
            let r = channel(*left, 0) - channel(*right, 0);
            let g = channel(*left, 8) - channel(*right, 8);
            let b = channel(*left, 16) - channel(*right, 16);
            *distance = r * (rr * r + rg * g + rb * b) + g * (gg * g + gb * b) + b * (bb * b);
        }
        if opaque < 0xff00_0000 {
            return u32::MAX;
        }
        distances.iter().enumerate().fold(0, |bits, (at, distance)| bits | u32::from(*distance > most) << at)
    }

    /// True if the colours differ. `place` is the number of the pixel: row by row, from 0.
    pub(crate) fn differ(&self, expected: u32, actual: u32, place: usize) -> bool {
        if expected & actual < 0xff00_0000 {
            return self.differ_exactly(expected, actual, place);
        }
        let [r, g, b] = differences(expected, actual);
        let [rr, gg, bb, rg, rb, gb] = FORM;
        let distance = rr * r * r + gg * g * g + bb * b * b + rg * r * g + rb * r * b + gb * g * b;
        let over = distance - self.most_scaled;
        if over.abs() > ROUNDING { over > 0 } else { self.differ_exactly(expected, actual, place) }
    }

    fn differ_exactly(&self, expected: u32, actual: u32, place: usize) -> bool {
        let [r, g, b] = blended(expected, actual, place, self.blend);
        let y = r * 0.298_895_31 + g * 0.586_622_47 + b * 0.114_482_23;
        let i = r * 0.595_977_99 - g * 0.274_176_10 - b * 0.321_801_89;
        let q = r * 0.211_470_17 - g * 0.522_617_11 + b * 0.311_146_94;
        0.5053 * y * y + 0.299 * i * i + 0.1957 * q * q > self.most
    }
}

/// Red, green and blue of `left` less those of `right`.
#[inline]
fn differences(left: u32, right: u32) -> [i64; 3] {
    // Written out: a closure over an array is a call for each channel in WebAssembly.
    let ([r1, g1, b1, _], [r2, g2, b2, _]) = (left.to_le_bytes(), right.to_le_bytes());
    [i64::from(r1) - i64::from(r2), i64::from(g1) - i64::from(g2), i64::from(b1) - i64::from(b2)]
}

/// The same over the background at `place`.
fn blended(left: u32, right: u32, place: usize, blend: Blend) -> [f64; 3] {
    let (ours, theirs) = (left.to_le_bytes(), right.to_le_bytes());
    if ours[3] == u8::MAX && theirs[3] == u8::MAX {
        #[allow(clippy::cast_precision_loss, reason = "at most 255")]
        return differences(left, right).map(|difference| difference as f64);
    }
    let [a1, a2] = [ours[3], theirs[3]].map(f64::from);
    let behind = background(place, blend);
    std::array::from_fn(|at| {
        let [c1, c2] = [ours[at], theirs[at]].map(f64::from);
        (c1 * a1 - c2 * a2 - behind[at] * (a1 - a2)) / 255.0
    })
}

/// What pixelmatch 7 sees a pixel over. Its place counts bytes, so that red never changes.
fn background(place: usize, blend: Blend) -> [f64; 3] {
    const GOLDEN: f64 = 1.618_033_988_749_895;
    const GOLDEN_SQUARED: f64 = 2.618_033_988_749_895;
    if blend == Blend::White {
        return [255.0; 3];
    }
    #[allow(clippy::cast_precision_loss, reason = "at most 2^29 bytes")]
    let at = (place * 4) as f64;
    // Odd or even in integers: a remainder of doubles is a loop.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, below 2^29")]
    let square = |by: f64| if ((at / by) as u32).is_multiple_of(2) { 48.0 } else { 207.0 };
    [48.0, square(GOLDEN), square(GOLDEN_SQUARED)]
}

/// How much brighter `left` is than `right`, over the background of `place`, as pixelmatch 7 has it: one of the
/// two forms for all that is compared with each other.
pub(super) fn brightness_exactly(left: u32, right: u32, place: usize, blend: Blend) -> f64 {
    if left == right {
        return 0.0;
    }
    let [r, g, b] = blended(left, right, place, blend);
    r * 0.298_895_31 + g * 0.586_622_47 + b * 0.114_482_23
}

/// How much brighter one opaque colour is than another, times 10^8. No two different differences of colours
/// are equally bright (a test has tried all), so that it orders them as doubles do.
pub(super) fn brightness(left: u32, right: u32) -> i64 {
    luma(left) - luma(right)
}

#[inline]
fn luma(word: u32) -> i64 {
    let [r, g, b, _] = word.to_le_bytes();
    Y[0] * i64::from(r) + Y[1] * i64::from(g) + Y[2] * i64::from(b)
}
