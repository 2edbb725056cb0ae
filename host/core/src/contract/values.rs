//! Typed values of a contract: durations `1h30m`, sizes `128 MiB`, counts `5G`.
//!
//! Whole numbers only, so that nothing is rounded; a unit is always written, so that nobody guesses.

use std::time::Duration;

/// The longest duration that a contract can name: a year.
pub const DURATION_MAX: Duration = Duration::from_secs(365 * 24 * 3600);

const DURATION_UNITS: &[(&str, u64)] =
    &[("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

const SIZE_UNITS: &[(&str, u64)] = &[
    ("B", 1),
    ("kB", 1000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

const COUNT_UNITS: &[(&str, u64)] =
    &[("", 1), ("k", 1000), ("M", 1_000_000), ("G", 1_000_000_000), ("T", 1_000_000_000_000)];

/// Reads `90s`, `15m`, `1h30m`: whole numbers with the units d, h, m, s, ms, largest first.
///
/// # Errors
/// A lower-case fragment that says what is wrong.
pub fn duration(text: &str) -> Result<Duration, String> {
    let mut rest = text.trim();
    let mut milliseconds: u64 = 0;
    let mut smallest = u64::MAX;
    if rest.is_empty() {
        return Err("expected a duration such as `90s`, `15m` or `1h30m`, found an empty text".into());
    }
    while !rest.is_empty() {
        let (count, unit, tail) = count_and_unit(rest)
            .ok_or_else(|| format!("expected a duration such as `90s`, `15m` or `1h30m`, found `{text}`"))?;
        let factor = factor(DURATION_UNITS, unit)
            .ok_or_else(|| format!("unknown unit `{unit}` in `{text}`; durations use d, h, m, s and ms"))?;
        if factor >= smallest {
            return Err(format!("units of `{text}` must go from large to small, each once"));
        }
        smallest = factor;
        let part = count.checked_mul(factor).and_then(|part| milliseconds.checked_add(part));
        milliseconds = part.ok_or_else(|| format!("`{text}` is too long"))?;
        rest = tail.trim_start();
    }
    let duration = Duration::from_millis(milliseconds);
    match duration {
        Duration::ZERO => Err("a duration must be above zero".into()),
        long if long > DURATION_MAX => Err(format!("`{text}` is longer than a year")),
        _ => Ok(duration),
    }
}

/// Reads `128 MiB`, `500 kB`: a whole number and a unit of bytes.
///
/// # Errors
/// A lower-case fragment that says what is wrong.
pub fn size(text: &str) -> Result<u64, String> {
    scaled(text, SIZE_UNITS, "a size such as `128 MiB`", "sizes use B, kB, MB, GB, TB, KiB, MiB, GiB and TiB")
}

/// Reads `5G`, `200k`, `1000`: a whole number and a power of 1000.
///
/// # Errors
/// A lower-case fragment that says what is wrong.
pub fn count(text: &str) -> Result<u64, String> {
    scaled(text, COUNT_UNITS, "a count such as `5G`", "counts use k, M, G and T")
}

/// A duration as a person would write it, to three places.
#[must_use]
pub fn show_duration(duration: Duration) -> String {
    let milliseconds = duration.as_millis();
    match milliseconds {
        0..1000 => format!("{milliseconds} ms"),
        1000..60_000 => format!("{:.1} s", duration.as_secs_f64()),
        60_000..3_600_000 => format!("{}m{:02}s", milliseconds / 60_000, milliseconds / 1000 % 60),
        _ => format!("{}h{:02}m", milliseconds / 3_600_000, milliseconds / 60_000 % 60),
    }
}

/// A number of bytes as a person would write it.
#[must_use]
pub fn show_size(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "one decimal place is shown")]
    let scaled = |shift: u32| bytes as f64 / (1u64 << shift) as f64;
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KiB", scaled(10)),
        1_048_576..1_073_741_824 => format!("{:.1} MiB", scaled(20)),
        _ => format!("{:.1} GiB", scaled(30)),
    }
}

fn scaled(text: &str, units: &[(&str, u64)], expected: &str, known: &str) -> Result<u64, String> {
    let trimmed = text.trim();
    let (number, unit, rest) =
        count_and_unit(trimmed).ok_or_else(|| format!("expected {expected}, found `{text}`"))?;
    if !rest.is_empty() {
        return Err(format!("expected {expected}, found `{text}`"));
    }
    let factor = factor(units, unit).ok_or_else(|| format!("unknown unit `{unit}` in `{text}`; {known}"))?;
    let value = number.checked_mul(factor).ok_or_else(|| format!("`{text}` is too large"))?;
    if value == 0 { Err(format!("`{text}` must be above zero")) } else { Ok(value) }
}

fn factor(units: &[(&str, u64)], unit: &str) -> Option<u64> {
    units.iter().find(|(symbol, _)| *symbol == unit).map(|(_, factor)| *factor)
}

/// The number at the start, the letters behind it, and what follows.
fn count_and_unit(text: &str) -> Option<(u64, &str, &str)> {
    let digits = text.len() - text.trim_start_matches(|character: char| character.is_ascii_digit()).len();
    let number = text[..digits].parse().ok()?;
    let tail = text[digits..].trim_start();
    let letters = tail.len() - tail.trim_start_matches(char::is_alphabetic).len();
    Some((number, &tail[..letters], &tail[letters..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, seconds) in [("90s", 90), ("15m", 900), ("1h30m", 5400), ("1h 30m", 5400), ("2d", 172_800)]
        {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        for text in [
            "",
            "15",
            "fifteen",
            "1.5h",
            "30m1h",
            "1m1m",
            "0s",
            "400d",
            "9999999999999999999d",
            "5 parsecs",
            "-1s",
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_and_counts() {
        assert_eq!(size("128 MiB"), Ok(128 << 20));
        assert_eq!(size("1GB"), Ok(1_000_000_000));
        assert_eq!(count("5G"), Ok(5_000_000_000));
        assert_eq!(count("1000"), Ok(1000));
        for text in ["128", "1.5 GiB", "1 GiB extra", "0 B", "99999999999 TiB", "MiB"] {
            assert!(size(text).is_err(), "{text}");
        }
        for text in ["5 Gi", "G", "", "0"] {
            assert!(count(text).is_err(), "{text}");
        }
    }

    #[test]
    fn shown_as_people_write_it() {
        assert_eq!(show_duration(Duration::from_millis(250)), "250 ms");
        assert_eq!(show_duration(Duration::from_millis(1500)), "1.5 s");
        assert_eq!(show_duration(Duration::from_secs(90)), "1m30s");
        assert_eq!(show_duration(Duration::from_secs(7500)), "2h05m");
        assert_eq!(show_size(900), "900 B");
        assert_eq!(show_size(1536), "1.5 KiB");
        assert_eq!(show_size(3 << 30), "3.0 GiB");
    }
}
