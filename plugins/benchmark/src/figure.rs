//! How numbers and names are written for a person: few digits, one line, never a misleading equality.
//!
//! It never decides anything; every decision is made on the unrounded numbers.

/// Digits that a reader takes in; more are noise in nearly every benchmark.
const DIGITS: usize = 4;
/// Digits that tell any two doubles apart.
const DIGITS_MAX: usize = 17;
/// Characters of a name in a message; commands as names can be very long.
const NAME_CHARACTERS_MAX: usize = 100;

/// The number with 4 significant digits.
pub(crate) fn number(value: f64) -> String {
    significant(value, DIGITS)
}

/// The number with as many digits as it takes to show on which side of `limit` it lies: 120.0004
/// beside a limit of 120 is not written as 120.
pub(crate) fn beside(value: f64, limit: f64) -> String {
    let tells = |text: &String| {
        text.parse::<f64>().is_ok_and(|rounded| rounded.total_cmp(&limit) == value.total_cmp(&limit))
    };
    (DIGITS..=DIGITS_MAX)
        .map(|digits| significant(value, digits))
        .find(tells)
        .unwrap_or_else(|| value.to_string())
}

/// A number and its unit symbol.
pub(crate) fn with_unit(number: &str, unit: &str) -> String {
    if unit.is_empty() { number.into() } else { format!("{number} {unit}") }
}

/// A confidence such as 0.95 as `95 %`.
pub(crate) fn percent(share: f64) -> String {
    format!("{} %", significant(share * 100.0, 6))
}

/// A name from the evidence as part of one line: no control characters, at most 100 characters.
pub(crate) fn name(text: &str) -> String {
    let mut shown = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == NAME_CHARACTERS_MAX {
            shown.push('…');
            break;
        }
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Rounds by decimal digits; plain notation where that stays readable.
fn significant(value: f64, digits: usize) -> String {
    let scientific = format!("{value:.*e}", digits - 1);
    let exponent = scientific.rsplit_once('e').and_then(|(_, exponent)| exponent.parse::<i32>().ok());
    let Some(exponent @ -4..=14) = exponent else { return scientific };
    let decimals = i32::try_from(digits).unwrap_or(i32::MAX) - 1 - exponent;
    let plain = format!("{value:.*}", usize::try_from(decimals).unwrap_or(0));
    if plain.contains('.') { plain.trim_end_matches('0').trim_end_matches('.').into() } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_four_significant_digits() {
        for (value, text) in [
            (118.2, "118.2"),
            (118.249, "118.2"),
            (0.106_525_351_72, "0.1065"),
            (120.0, "120"),
            (152_520_132.344, "152520132"),
            (0.0, "0"),
            (-3.0, "-3"),
            (1.0, "1"),
            (9.999_96, "10"),
            (1e-7, "1.000e-7"),
            (1e30, "1.000e30"),
        ] {
            assert_eq!(number(value), text, "{value}");
        }
    }

    /// Catches a summary such as `120 ms > 120 ms`.
    #[test]
    fn shows_the_side_of_the_limit() {
        for (value, limit, text) in [
            (120.0004, 120.0, "120.0004"),
            (119.999_999, 120.0, "119.999999"),
            (120.0, 120.0, "120"),
            (118.2, 120.0, "118.2"),
        ] {
            assert_eq!(beside(value, limit), text);
        }
    }

    /// Catches a name that fakes a second line of the summary.
    #[test]
    fn names_stay_on_one_line() {
        assert_eq!(name("a\nall good\u{1b}[0m"), "a\\nall good\\u{1b}[0m");
        assert_eq!(name(&"x".repeat(200)).chars().count(), NAME_CHARACTERS_MAX + 1);
    }
}
