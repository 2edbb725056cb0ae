//! Typed values of a contract: durations `1h30m`, sizes `128 MiB`, counts `5G`, money, moments.
//!
//! Whole numbers only, so that nothing is rounded; a unit is always written, so that nobody guesses.

use std::time::Duration;

use toml::value::{Date, Datetime, Offset};

use crate::evidence::Timestamp;

/// The longest duration that a contract can name: a year.
pub const DURATION_MAX: Duration = Duration::from_secs(365 * 24 * 3600);

/// The largest amount that a contract can name, in US dollars: more than any agent costs.
pub const DOLLARS_MAX: u64 = 1_000_000_000;

const MICRODOLLARS: u64 = 1_000_000;

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

/// Reads a whole number from 0 to `most`.
///
/// # Errors
/// A lower-case fragment that says what is wrong.
pub fn whole(text: &str, most: u32) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| *number <= most);
    number.ok_or_else(|| format!("expected a whole number from 0 to {most}, found `{text}`"))
}

/// Reads an amount of US dollars such as `10.0`, above zero and at most [`DOLLARS_MAX`], as millionths.
///
/// # Errors
/// A lower-case fragment that says what is wrong.
pub fn money(text: &str) -> Result<u64, String> {
    const PLACES: usize = 6;
    let expected = || format!("expected an amount of US dollars such as `10.0`, found `{text}`");
    let unsigned = text.strip_prefix('+').unwrap_or(text);
    let (dollars, places) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(dollars) || !is_number(places) {
        return Err(expected());
    }
    let places = places.trim_end_matches('0');
    if places.len() > PLACES {
        return Err(format!("`{text}` is finer than a millionth of a dollar"));
    }
    let fraction: u64 = format!("{places:0<PLACES$}").parse().map_err(|_| expected())?;
    let dollars = dollars.parse::<u64>().ok();
    let amount = dollars.and_then(|dollars| dollars.checked_mul(MICRODOLLARS)?.checked_add(fraction));
    match amount {
        Some(0) => Err(format!("`{text}` must be above zero")),
        Some(amount) if amount <= DOLLARS_MAX * MICRODOLLARS => Ok(amount),
        _ => Err(format!("`{text}` is more than {DOLLARS_MAX} US dollars")),
    }
}

/// Reads a moment as RFC 3339 has it, such as `2030-12-24T18:00:00+01:00`, from 1970 on; what is finer
/// than a millisecond is dropped. A leap second is the second after it.
///
/// # Errors
/// A lower-case fragment that says what is wrong.
pub fn moment(text: &str) -> Result<Timestamp, String> {
    let expected = || format!("expected a moment such as `2030-12-24T18:00:00Z`, found `{text}`");
    let read: Datetime = text.parse().map_err(|_| expected())?;
    let (Some(date), Some(time)) = (read.date, read.time) else { return Err(expected()) };
    let second = time.second.ok_or_else(expected)?;
    let ahead = match read.offset {
        Some(Offset::Z) => 0,
        Some(Offset::Custom { minutes }) => i64::from(minutes),
        None => return Err(format!("`{text}` has no offset: end it with `Z`, or with one such as `+01:00`")),
    };
    let minutes = (days(date) * 24 + i64::from(time.hour)) * 60 + i64::from(time.minute) - ahead;
    let fraction = i64::from(time.nanosecond.unwrap_or(0) / 1_000_000);
    let milliseconds = (minutes * 60 + i64::from(second)) * 1000 + fraction;
    u64::try_from(milliseconds).map(Timestamp).map_err(|_| format!("`{text}` lies before 1970"))
}

/// Days from 1970-01-01 to a date that exists, below zero before it.
fn days(date: Date) -> i64 {
    /// From 0000-03-01 to 1970-01-01.
    const TO_1970: i64 = 719_468;
    let (year, month) = (i64::from(date.year), i64::from(date.month));
    // A year that begins in March has its leap day at the end.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // The months from March on have 31, 30, 31, 30, 31 days, again and again.
    year * 365 + leap_days + (153 * month + 2) / 5 + i64::from(date.day) - 1 - TO_1970
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
    fn whole_numbers() {
        assert_eq!(whole("0", 1000), Ok(0));
        assert_eq!(whole("1000", 1000), Ok(1000));
        for text in ["1001", "-1", "", "1.0", "99999999999"] {
            let expected = format!("expected a whole number from 0 to 1000, found `{text}`");
            assert_eq!(whole(text, 1000), Err(expected));
        }
    }

    /// Catches an amount that went through a binary fraction, or is cut.
    #[test]
    fn money_is_exact() {
        for (text, millionths) in [
            ("10", 10_000_000),
            ("10.0", 10_000_000),
            ("+0.1", 100_000),
            ("0.000001", 1),
            ("2.50000000", 2_500_000),
            ("1000000000.0", 1_000_000_000_000_000),
            ("999999999.999999", 999_999_999_999_999),
        ] {
            assert_eq!(money(text), Ok(millionths), "{text}");
        }
        for text in ["", ".", "1.", ".5", "-1.0", "1e3", "inf", "nan", "1.2.3", "١"] {
            let expected = format!("expected an amount of US dollars such as `10.0`, found `{text}`");
            assert_eq!(money(text), Err(expected));
        }
        for text in ["0", "0.0", "0.000000"] {
            assert_eq!(money(text), Err(format!("`{text}` must be above zero")));
        }
        for text in ["1000000000.000001", "1000000001", "99999999999999999999"] {
            assert_eq!(money(text), Err(format!("`{text}` is more than 1000000000 US dollars")));
        }
        let fine = Err("`0.0000001` is finer than a millionth of a dollar".to_owned());
        assert_eq!(money("0.0000001"), fine);
    }

    /// The seconds are those of `date --utc --date TEXT +%s`.
    #[test]
    fn moments() {
        for (text, milliseconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01T01:00:00+01:00", 0),
            ("2000-02-29T12:00:00Z", 951_825_600_000),
            ("2030-12-24T18:00:00Z", 1_924_365_600_000),
            ("2030-12-24t19:30:00.1239+01:30", 1_924_365_600_123),
            ("2030-12-24 10:00:00-08:00", 1_924_365_600_000),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000),
            ("2100-03-01T00:00:00Z", 4_107_542_400_000),
            ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
        ] {
            assert_eq!(moment(text), Ok(Timestamp(milliseconds)), "{text}");
        }
        for text in [
            "",
            "tomorrow",
            "2030-12-24",
            "18:00:00",
            "2030-12-24T18:00Z",
            "2030-02-29T00:00:00Z",
            "2030-13-01T00:00:00Z",
            "2030-12-24T24:00:00Z",
            "2030-12-24T18:00:00+1:00",
            "2030-12-24T18:00:00Z ",
        ] {
            let expected = format!("expected a moment such as `2030-12-24T18:00:00Z`, found `{text}`");
            assert_eq!(moment(text), Err(expected));
        }
        assert_eq!(
            moment("2030-12-24T18:00:00"),
            Err("`2030-12-24T18:00:00` has no offset: end it with `Z`, or with one such as `+01:00`".into())
        );
        for text in ["1969-12-31T23:59:59Z", "1970-01-01T00:00:00+00:01", "0000-01-01T00:00:00Z"] {
            assert_eq!(moment(text), Err(format!("`{text}` lies before 1970")));
        }
    }

    /// Catches a day that is left out or counted twice, over every day of four centuries.
    #[test]
    fn days_follow_each_other() {
        let mut expected = 0;
        for year in 1970..2370_u16 {
            for month in 1..=12_u8 {
                for day in 1..=31_u8 {
                    let text = format!("{year}-{month:02}-{day:02}");
                    // The reader of TOML knows which days there are.
                    let Ok(Datetime { date: Some(date), .. }) = text.parse() else { continue };
                    assert_eq!(days(date), expected, "{text}");
                    expected += 1;
                }
            }
        }
        assert_eq!(expected, 146_097);
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
