//! Our own JSON: what a script writes that has figures and no tool's format.
//!
//! ```json
//! {"name": "checkout", "unit": "ms", "value": 118.2, "samples": [117.9, 118.5]}
//! ```
//!
//! One such object, a list of them, or `{"benchmarks": [...]}`. `unit` is a unit symbol (empty for a
//! plain number). `value` may be absent if samples are there, `samples` if a value is; both may if
//! `failed` is true, which says that the benchmark broke. Unknown and repeated keys are malformed. It
//! never reads `null` as absent: that is how JavaScript writes a figure that is not a number.

use evident_checker::Error;
use serde::{Deserialize, Deserializer};

use super::shape::Shape;
use super::{Record, malformed};

/// True for a document that means to be in this format, rightly or not.
pub(super) fn is(shape: &Shape) -> bool {
    let speaks =
        |shape: &Shape| ["name", "unit", "value", "samples", "failed"].iter().any(|key| shape.has(key));
    match shape {
        Shape::Object(_) => shape.has("benchmarks") || speaks(shape),
        Shape::List(first) => first.as_deref().is_none_or(speaks),
        Shape::Plain => false,
    }
}

/// The benchmarks of a document of this `shape`.
///
/// # Errors
/// `malformed`, with the key in the text.
pub(super) fn read(bytes: &[u8], shape: &Shape) -> Result<Vec<Record>, Error> {
    let entries = if shape.has("benchmarks") {
        serde_json::from_slice(bytes).map(|file: File| file.benchmarks)
    } else if matches!(shape, Shape::List(_)) {
        serde_json::from_slice(bytes)
    } else {
        serde_json::from_slice(bytes).map(|entry| vec![entry])
    };
    Ok(entries.map_err(|error| malformed(&error))?.into_iter().map(Entry::into_record).collect())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    benchmarks: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    unit: String,
    #[serde(default, deserialize_with = "present")]
    value: Option<f64>,
    #[serde(default)]
    samples: Vec<f64>,
    #[serde(default)]
    failed: bool,
}

impl Entry {
    fn into_record(self) -> Record {
        let Self { name, unit, value, samples, failed } = self;
        Record { name, unit, value, samples, failure: failed.then(|| "it says so itself".into()) }
    }
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    f64::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    #[test]
    fn reads_one_a_list_and_a_file() {
        let one = r#"{"name":"a","unit":"ms","value":2,"samples":[1,2.5,3]}"#;
        let expected = Record {
            name: "a".into(),
            unit: "ms".into(),
            value: Some(2.0),
            samples: vec![1.0, 2.5, 3.0],
            failure: None,
        };
        for text in [
            one.into(),
            format!("[{one}]"),
            format!(r#"{{"benchmarks":[{one}]}}"#),
            format!("\u{feff}{one}\n"),
        ] {
            assert_eq!(parse(text.as_bytes()).expect("reads"), std::slice::from_ref(&expected), "{text}");
        }
    }

    #[test]
    fn reads_none_and_failed() {
        assert_eq!(parse(b"[]").expect("reads"), []);
        assert_eq!(parse(br#"{"benchmarks":[]}"#).expect("reads"), []);
        let failed = parse(br#"{"name":"a","unit":"ms","failed":true}"#).expect("reads");
        assert!(failed[0].failure.is_some());
    }
}
