//! Colour spaces in doubles, with additions, multiplications, divisions and square roots alone, so that every
//! platform computes the same bits: the library's powers and cube roots differ between systems.

/// sRGB as light, for every channel value (IEC 61966-2-1).
pub(super) fn linear_table() -> [f64; 256] {
    std::array::from_fn(|value| {
        #[allow(clippy::cast_precision_loss, reason = "at most 255")]
        let value = value as f64 / 255.0;
        if value <= 0.04045 { value / 12.92 } else { power_2_4((value + 0.055) / 1.055) }
    })
}

/// The power 2.4 of a number from 0 to 1: its square times the fifth root of its square.
fn power_2_4(value: f64) -> f64 {
    let square = value * value;
    let mut root: f64 = 1.0;
    // Newton's iteration falls from 1 to the root; each step gains a fifth, the last ones double the digits.
    for _ in 0..40 {
        let fourth = root * root * root * root;
        root -= (fourth * root - square) / (5.0 * fourth);
    }
    square * root
}

/// The cube root of a number from 0 to about 1.
pub(super) fn cube_root(value: f64) -> f64 {
    /// A third of the exponent's bias, made good.
    const GUESS: u64 = 0x2a9f_7893_782d_a1ce;
    if value <= 0.0 {
        return 0.0;
    }
    let mut root = f64::from_bits(value.to_bits() / 3 + GUESS);
    // Halley's iteration triples the digits: 5 bits, 15, 45, all.
    for _ in 0..3 {
        let cube = root * root * root;
        root *= (cube + value + value) / (cube + cube + value);
    }
    root
}

/// Red, green and blue seen over white.
pub(crate) fn over_white(word: u32) -> [u8; 3] {
    let [r, g, b, alpha] = word.to_le_bytes();
    let [r, g, b] = [r, g, b].map(|channel| match alpha {
        u8::MAX => channel,
        _ => {
            let value = 255.0 + (f64::from(channel) - 255.0) * (f64::from(alpha) / 255.0);
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 255")]
            {
                value as u8
            }
        }
    });
    [r, g, b]
}

/// CIE L*a*b* under D65.
pub(super) fn lab(linear: &[f64; 256], rgb: [u8; 3]) -> [f64; 3] {
    let [r, g, b] = rgb.map(|channel| linear[usize::from(channel)]);
    let x = (r * 0.4124 + g * 0.3576 + b * 0.1805) / 0.950_489;
    let y = r * 0.2126 + g * 0.7152 + b * 0.0722;
    let z = (r * 0.0193 + g * 0.1192 + b * 0.9505) / 1.088_840;
    let [x, y, z] = [x, y, z].map(|value| {
        const SIGMA: f64 = 6.0 / 29.0;
        if value > SIGMA * SIGMA * SIGMA {
            cube_root(value)
        } else {
            value / 3.0 / (SIGMA * SIGMA) + 4.0 / 29.0
        }
    });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// The square of the colour difference CIE94 for graphic arts; 1 is just noticeable.
pub(super) fn cie94_squared([l1, a1, b1]: [f64; 3], [l2, a2, b2]: [f64; 3]) -> f64 {
    let (c1, c2) = ((a1 * a1 + b1 * b1).sqrt(), (a2 * a2 + b2 * b2).sqrt());
    let (l, a, b, c) = (l1 - l2, a1 - a2, b1 - b2, c1 - c2);
    let h_squared = (a * a + b * b - c * c).max(0.0);
    let (of_c, of_h) = (1.0 + 0.045 * c1, 1.0 + 0.015 * c1);
    l * l + (c / of_c) * (c / of_c) + h_squared / (of_h * of_h)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_and_powers_are_those_of_the_library() {
        for at in 1..=1000 {
            let value = f64::from(at) / 1000.0;
            assert!((cube_root(value) - value.cbrt()).abs() < 1e-15, "{value}");
            assert!((power_2_4(value) - value.powf(2.4)).abs() < 1e-15, "{value}");
        }
        assert!(cube_root(1e-9) - 1e-3 < 1e-18);
        assert!(cube_root(0.0) < f64::EPSILON);
    }

    /// Values of a calculator: catches channels in the wrong order and a wrong white.
    #[test]
    fn lab_is_that_of_the_standard() {
        let linear = linear_table();
        for (rgb, expected) in [
            ([255, 255, 255], [100.0, 0.0, 0.0]),
            ([255, 0, 0], [53.24, 80.09, 67.20]),
            ([0, 0, 255], [32.30, 79.19, -107.86]),
            ([0, 0, 0], [0.0, 0.0, 0.0]),
        ] {
            for (value, expected) in lab(&linear, rgb).iter().zip(expected) {
                assert!((value - expected).abs() < 0.05, "{rgb:?}: {value} instead of {expected}");
            }
        }
    }
}
