//! Reads artifacts: finds out by content what one is, and gives the benchmarks that it states.
//!
//! It never looks at an artifact's name, and never takes part of a document: one wrong figure makes the
//! whole artifact malformed. Formats that it does not read are named, not guessed at.

mod evident;
mod foreign;
mod hyperfine;
mod shape;

use evident_checker::{Artifact, Error};

use crate::figure;
use crate::unit;
use shape::Shape;

/// Bytes of one artifact: about a million samples, and small enough for a component's memory.
const BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Lists and objects inside each other. Figures are four deep; nobody exports more than a few levels beside.
const DEPTH_MAX: usize = 64;
/// Bytes of a name; a finding carries it and has at most 8 KiB.
const NAME_BYTES_MAX: usize = 4096;
/// Bytes of a unit symbol.
const UNIT_BYTES_MAX: usize = 64;
/// Figures beyond these, except zero, could overflow on the way; nothing that is measured is there.
const MAGNITUDE_MAX: f64 = 1e100;
const MAGNITUDE_MIN: f64 = 1e-100;
/// A stated figure may differ by this share from what its samples allow: tools sum in another order.
const ROUNDING: f64 = 1e-9;

/// One benchmark as one artifact states it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Record {
    /// Not empty.
    pub(crate) name: String,
    /// Unit symbol of all figures; empty for plain numbers.
    pub(crate) unit: String,
    /// One figure that stands for all; present if there are no samples and the benchmark did not fail.
    pub(crate) value: Option<f64>,
    /// In the order of measurement.
    pub(crate) samples: Vec<f64>,
    /// Why the benchmark failed.
    pub(crate) failure: Option<String>,
}

/// The benchmarks of one artifact.
///
/// # Errors
/// Inconclusive: `malformed` when it is not what its format demands, `unsupported` for another format,
/// `limit` for more than 16 MiB, `contradiction` when its parts disagree.
pub(crate) fn read(artifact: &Artifact) -> Result<Vec<Record>, Error> {
    let bytes = artifact.read_whole(BYTES_MAX)?;
    let shown = figure::name(&artifact.info().name);
    let records = parse(&bytes).map_err(|error| match error {
        Error::Inconclusive(reason, summary) => Error::Inconclusive(reason, format!("`{shown}`: {summary}")),
        broken @ Error::Broken(_) => broken,
    })?;
    Ok(records)
}

/// The benchmarks of a document.
fn parse(bytes: &[u8]) -> Result<Vec<Record>, Error> {
    // Windows tools write a byte order mark.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let records = match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => return Err(Error::malformed("it is empty")),
        Some(b'{' | b'[') => parse_json(bytes)?,
        Some(_) => return Err(unsupported(foreign::text(bytes))),
    };
    records.iter().try_for_each(validate)?;
    refuse_duplicates(&records)?;
    Ok(records)
}

fn parse_json(bytes: &[u8]) -> Result<Vec<Record>, Error> {
    if is_too_deep(bytes) {
        return Err(Error::malformed(format!("lists and objects are nested deeper than {DEPTH_MAX}")));
    }
    let shape: Shape = serde_json::from_slice(bytes).map_err(|error| malformed(&error))?;
    if let Some(format) = foreign::json(&shape) {
        return Err(unsupported(format));
    }
    if hyperfine::is(&shape) {
        return hyperfine::read(bytes);
    }
    if evident::is(&shape) {
        return evident::read(bytes, &shape);
    }
    Err(unsupported(&shape.describe()))
}

/// Looks at brackets alone: keys that a reader skips are nested as well.
fn is_too_deep(bytes: &[u8]) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => depth += 1,
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            return true;
        }
    }
    false
}

fn malformed(error: &serde_json::Error) -> Error {
    Error::malformed(figure::name(&error.to_string()))
}

fn unsupported(format: &str) -> Error {
    Error::unsupported(format!(
        "it looks like {format}; known are our JSON (`name`, `unit`, `value`, `samples`) and hyperfine's"
    ))
}

/// What every format must keep to.
fn validate(record: &Record) -> Result<(), Error> {
    let Record { name, unit, value, samples, failure } = record;
    if name.is_empty() {
        return Err(Error::malformed("a benchmark has an empty name"));
    }
    if name.len() > NAME_BYTES_MAX {
        return Err(Error::limit(format!(
            "a benchmark's name has {} bytes; at most {NAME_BYTES_MAX} are read",
            name.len()
        )));
    }
    let shown = figure::name(name);
    if unit.len() > UNIT_BYTES_MAX
        || unit.contains(|character: char| character.is_whitespace() || character.is_control())
    {
        return Err(Error::malformed(format!(
            "`{shown}`: the unit {:?} is not one word",
            figure::name(unit)
        )));
    }
    if value.is_none() && samples.is_empty() && failure.is_none() {
        return Err(Error::malformed(format!("`{shown}` has neither `value` nor `samples`")));
    }
    for &number in samples.iter().chain(value) {
        check_number(&shown, unit, number)?;
    }
    check_value(&shown, unit, *value, samples)
}

fn check_number(shown: &str, unit: &str, number: f64) -> Result<(), Error> {
    if !number.is_finite() {
        return Err(Error::malformed(format!("`{shown}` has a figure that is not finite")));
    }
    // Sorted, it would lie below zero; written, it would look like it.
    if number == 0.0 && number.is_sign_negative() {
        return Err(Error::malformed(format!("`{shown}` has -0 {unit}, which nothing measures")));
    }
    if number < 0.0 && unit::is_never_negative(unit) {
        return Err(Error::malformed(format!("`{shown}` has {} {unit}, below zero", figure::number(number))));
    }
    if number != 0.0 && !(MAGNITUDE_MIN..=MAGNITUDE_MAX).contains(&number.abs()) {
        return Err(Error::limit(format!("`{shown}` has {} {unit}, beyond 1e±100", figure::number(number))));
    }
    Ok(())
}

/// A value that no sample supports was not measured with them.
fn check_value(shown: &str, unit: &str, value: Option<f64>, samples: &[f64]) -> Result<(), Error> {
    let (Some(value), Some(least)) = (value, samples.iter().copied().reduce(f64::min)) else { return Ok(()) };
    let greatest = samples.iter().copied().fold(least, f64::max);
    let slack = ROUNDING * value.abs();
    if value < least - slack || value > greatest + slack {
        let figures = [value, least, greatest].map(|number| figure::with_unit(&figure::number(number), unit));
        return Err(contradiction(format!(
            "`{shown}` states {}, but its samples lie between {} and {}",
            figures[0], figures[1], figures[2]
        )));
    }
    Ok(())
}

/// Two benchmarks of one name cannot be told apart, so neither can be judged.
fn refuse_duplicates(records: &[Record]) -> Result<(), Error> {
    let mut names: Vec<&str> = records.iter().map(|record| record.name.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(contradiction(format!("it states `{}` twice", figure::name(pair[0])))),
        None => Ok(()),
    }
}

fn contradiction(summary: String) -> Error {
    Error::Inconclusive(evident_checker::Reason::Contradiction, summary)
}

#[cfg(test)]
mod tests {
    use evident_checker::Reason;

    use super::*;

    fn refused(text: &str) -> (Reason, String) {
        match parse(text.as_bytes()) {
            Err(Error::Inconclusive(reason, summary)) => (reason, summary),
            other => panic!("{text}: {other:?}"),
        }
    }

    /// Each row is a way in which a document could be taken for more than it says.
    #[test]
    fn refuses_with_reason_and_name() {
        for (text, reason, says) in [
            ("", Reason::Malformed, "empty"),
            (" \n", Reason::Malformed, "empty"),
            ("{", Reason::Malformed, "EOF"),
            (r#"{"name":"a","unit":"s","value":1"#, Reason::Malformed, "EOF"),
            (r#"{"name":"a","unit":"s","value":1} x"#, Reason::Malformed, "trailing"),
            (r#"{"name":"a","unit":"s","value":1e999}"#, Reason::Malformed, "out of range"),
            (r#"{"name":"a","unit":"s","value":NaN}"#, Reason::Malformed, "expected value"),
            (r#"{"name":"a","unit":"s","value":null}"#, Reason::Malformed, "null"),
            (r#"{"name":"a","unit":"s","samples":[1,null]}"#, Reason::Malformed, "null"),
            (r#"{"name":"a","unit":"s","value":"1"}"#, Reason::Malformed, "string"),
            (r#"{"name":"a","value":1}"#, Reason::Malformed, "unit"),
            (r#"{"unit":"s","value":1}"#, Reason::Malformed, "name"),
            (r#"{"name":"a","unit":"s"}"#, Reason::Malformed, "neither"),
            (r#"{"name":"a","unit":"s","samples":[]}"#, Reason::Malformed, "neither"),
            (r#"{"name":"a","unit":"s","value":1,"sample":[2]}"#, Reason::Malformed, "`sample`"),
            (r#"{"name":"a","unit":"s","value":1,"value":2}"#, Reason::Malformed, "duplicate field `value`"),
            (r#"{"benchmarks":[],"benchmarks":[]}"#, Reason::Malformed, "duplicate field `benchmarks`"),
            (r#"{"benchmarks":[],"unit":"s"}"#, Reason::Malformed, "`unit`"),
            (r#"{"name":"","unit":"s","value":1}"#, Reason::Malformed, "empty name"),
            (r#"{"name":"a","unit":"ops / s","value":1}"#, Reason::Malformed, "one word"),
            (r#"{"name":"a","unit":"s","value":-1}"#, Reason::Malformed, "below zero"),
            (r#"{"name":"a","unit":"","value":-0}"#, Reason::Malformed, "-0"),
            (r#"{"name":"a","unit":"s","samples":[1,-0.0]}"#, Reason::Malformed, "-0"),
            (r#"{"name":"a","unit":"s","value":1e200}"#, Reason::Limit, "beyond"),
            (
                r#"{"name":"a","unit":"s","value":3,"samples":[1,2]}"#,
                Reason::Contradiction,
                "between 1 s and 2 s",
            ),
            (
                r#"[{"name":"a","unit":"s","value":3},{"name":"a","unit":"s","value":1}]"#,
                Reason::Contradiction,
                "`a` twice",
            ),
            (r#"{"time":1}"#, Reason::Unsupported, "`time`"),
            ("[1,2]", Reason::Unsupported, "list"),
            ("name,value\na,1\n", Reason::Unsupported, "text"),
        ] {
            let (found, summary) = refused(text);
            assert_eq!(found, reason, "{text}: {summary}");
            assert!(summary.contains(says), "{text}: {summary}");
        }
    }

    #[test]
    fn a_name_beyond_the_bound_is_a_limit() {
        let text = format!(r#"{{"name":"{}","unit":"s","value":1}}"#, "x".repeat(NAME_BYTES_MAX + 1));
        assert_eq!(refused(&text).0, Reason::Limit);
    }

    /// Catches a stack that a document can exhaust.
    #[test]
    fn nesting_is_harmless() {
        for text in [
            "[".repeat(1_000_000),
            format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)),
            "{\"a\":".repeat(500_000),
        ] {
            refused(&text);
        }
        let inside =
            format!(r#"{{"name":"a","unit":"s","samples":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(refused(&inside).0, Reason::Malformed);
    }

    /// Catches a mean that a tool summed in another order and that is refused for its last bit.
    #[test]
    fn rounding_of_a_stated_value_is_no_contradiction() {
        let text = r#"{"name":"a","unit":"s","value":0.10000000000000002,"samples":[0.1,0.1,0.1]}"#;
        assert_eq!(parse(text.as_bytes()).expect("reads").len(), 1);
    }
}
