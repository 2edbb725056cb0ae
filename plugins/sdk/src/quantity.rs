//! A number with a unit, as people write it in a config: `"120 ms"`, `"5 %"`, `"128 MiB"`, `"1.05"`.
//!
//! Units of one dimension convert into each other; a unit that is in no table only equals itself, so
//! `"3000 cycles/iter"` still compares with `cycles/iter`. A plain number compares with a plain number
//! only, never with `%`: whether `3` means 3 or 3 % is known to its author alone.

use std::fmt;
use std::ops::Range;

/// Unit symbol and how many of the base unit it is, by dimension. Symbols are those of the SI and of
/// IEC 80000-13; `us`, `μs` (Greek mu) and `KB` are what tools print.
const DIMENSIONS: &[&[(&str, f64)]] = &[
    &[
        ("ns", 1.0),
        ("us", 1e3),
        ("µs", 1e3),
        ("μs", 1e3),
        ("ms", 1e6),
        ("s", 1e9),
        ("min", 60e9),
        ("h", 3600e9),
    ],
    &[
        ("B", 1.0),
        ("kB", 1e3),
        ("KB", 1e3),
        ("MB", 1e6),
        ("GB", 1e9),
        ("TB", 1e12),
        ("KiB", 1024.0),
        ("MiB", 1_048_576.0),
        ("GiB", 1_073_741_824.0),
        ("TiB", 1_099_511_627_776.0),
    ],
    &[
        ("B/s", 1.0),
        ("kB/s", 1e3),
        ("KB/s", 1e3),
        ("MB/s", 1e6),
        ("GB/s", 1e9),
        ("KiB/s", 1024.0),
        ("MiB/s", 1_048_576.0),
        ("GiB/s", 1_073_741_824.0),
    ],
    &[("Hz", 1.0), ("kHz", 1e3), ("MHz", 1e6), ("GHz", 1e9)],
];

/// A finite number and its unit symbol.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantity {
    /// Finite.
    pub value: f64,
    /// As written; empty for a plain number.
    pub unit: String,
}

/// Why a text is not a quantity, and which bytes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuantityError {
    /// Lower-case fragment.
    pub message: String,
    /// Bytes of the text.
    pub range: Range<usize>,
}

/// Two units that do not measure the same thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitMismatch {
    /// The unit that was there.
    pub from: String,
    /// The unit that was asked for.
    pub to: String,
}

impl fmt::Display for UnitMismatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown =
            |unit: &str| if unit.is_empty() { "a plain number".to_owned() } else { format!("`{unit}`") };
        write!(formatter, "{} cannot be compared with {}", shown(&self.from), shown(&self.to))
    }
}

impl std::error::Error for UnitMismatch {}

impl Quantity {
    /// Joins a number and a unit symbol.
    #[must_use]
    pub fn new(value: f64, unit: impl Into<String>) -> Self {
        Self { value, unit: unit.into() }
    }

    /// Reads a number, optional blanks, and a unit symbol that may be absent.
    ///
    /// # Errors
    /// When there is no number, it is not finite, or the unit holds a blank or a control character.
    pub fn parse(text: &str) -> Result<Self, QuantityError> {
        let trimmed = text.trim();
        let start = text.len() - text.trim_start().len();
        let digits = trimmed.len() - trimmed.trim_start_matches(is_number_character).len();
        let digits = longest_number(trimmed, digits);
        let fail = |message: String, range: Range<usize>| QuantityError {
            message,
            range: start + range.start..start + range.end,
        };
        let number = &trimmed[..digits];
        let value: f64 = number
            .parse()
            .map_err(|_| fail("expected a number with a unit such as `120 ms`".into(), 0..trimmed.len()))?;
        if !value.is_finite() {
            return Err(fail("the number is too large".into(), 0..digits));
        }
        let unit = trimmed[digits..].trim_start();
        if let Some(at) = unit.find(|character: char| character.is_whitespace() || character.is_control()) {
            let unit_start = trimmed.len() - unit.len();
            return Err(fail("a unit is one word, for example `ms`".into(), unit_start + at..trimmed.len()));
        }
        Ok(Self { value, unit: unit.into() })
    }

    /// The number in another unit of the same dimension.
    ///
    /// # Errors
    /// When the two units do not measure the same thing.
    pub fn to(&self, unit: &str) -> Result<f64, UnitMismatch> {
        if self.unit == unit {
            return Ok(self.value);
        }
        for dimension in DIMENSIONS {
            let factor = |symbol: &str| dimension.iter().find(|(name, _)| *name == symbol).map(|(_, by)| *by);
            if let (Some(from), Some(to)) = (factor(&self.unit), factor(unit)) {
                return Ok(self.value * from / to);
            }
        }
        Err(UnitMismatch { from: self.unit.clone(), to: unit.into() })
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.unit.is_empty() {
            write!(formatter, "{}", self.value)
        } else {
            write!(formatter, "{} {}", self.value, self.unit)
        }
    }
}

fn is_number_character(character: char) -> bool {
    character.is_ascii_digit() || matches!(character, '+' | '-' | '.' | 'e' | 'E')
}

/// The longest prefix within `limit` bytes that is a number: `1e` is the number 1 and a unit `e`.
fn longest_number(text: &str, limit: usize) -> usize {
    (1..=limit).rev().find(|&end| text[..end].parse::<f64>().is_ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_and_units() {
        for (text, value, unit) in [
            ("120 ms", 120.0, "ms"),
            ("120ms", 120.0, "ms"),
            (" -1.5e3 s ", -1500.0, "s"),
            ("1.05", 1.05, ""),
            ("5 %", 5.0, "%"),
            ("3000 cycles/iter", 3000.0, "cycles/iter"),
            ("2 eggs", 2.0, "eggs"),
            ("2eggs", 2.0, "eggs"),
        ] {
            assert_eq!(Quantity::parse(text), Ok(Quantity::new(value, unit)), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_quantity() {
        for (text, range) in
            [("", 0..0), ("fast", 0..4), ("1e999 s", 0..5), ("12 m s", 4..6), ("NaN", 0..3), ("inf", 0..3)]
        {
            let error = Quantity::parse(text).expect_err(text);
            assert_eq!(error.range, range, "{text}: {}", error.message);
        }
    }

    #[test]
    fn converts_inside_a_dimension_only() {
        assert_eq!(Quantity::new(1.5, "s").to("ms"), Ok(1500.0));
        assert_eq!(Quantity::new(1.0, "MiB").to("KiB"), Ok(1024.0));
        assert_eq!(Quantity::new(5.0, "%").to("%"), Ok(5.0));
        assert_eq!(Quantity::new(5.0, "").to(""), Ok(5.0));
        assert_eq!(Quantity::new(2.0, "cycles/iter").to("cycles/iter"), Ok(2.0));
        assert!(Quantity::new(1.0, "MB").to("ms").is_err());
        assert!(Quantity::new(1.0, "MB").to("MB/s").is_err());
        assert!(Quantity::new(1.0, "").to("ms").is_err());
    }

    /// Catches `max = 3`, meant as 3 %, that 300 % keeps.
    #[test]
    fn a_plain_number_compares_with_a_plain_number_only() {
        let mismatch = Quantity::new(1.0, "%").to("").expect_err("not comparable");
        assert_eq!(mismatch.to_string(), "`%` cannot be compared with a plain number");
        let mismatch = Quantity::new(0.01, "").to("%").expect_err("not comparable");
        assert_eq!(mismatch.to_string(), "a plain number cannot be compared with `%`");
    }
}
