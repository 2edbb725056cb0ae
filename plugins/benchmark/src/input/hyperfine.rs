//! What `hyperfine --export-json` writes: seconds per run of a command.
//!
//! ```json
//! {"results": [{"command": "sleep 0.1", "mean": 0.107, "times": [0.105, 0.109], "exit_codes": [0, 0]}]}
//! ```
//!
//! The name is the command, with its parameters in parentheses if it has any: `sort (threads=4)`. An
//! exit code that is not 0, or `null` for a signal, is a failed benchmark. Keys that a newer hyperfine
//! may add are ignored. Stated figures are never used where times are there, but must agree with them.
//! Source: hyperfine, `src/benchmark/benchmark_result.rs`.

use std::collections::BTreeMap;

use evident_checker::Error;
use serde::Deserialize;

use super::shape::Shape;
use super::{Record, contradiction, malformed};
use crate::figure;
use crate::statistics::{Statistic, sorted};

/// Figures that hyperfine writes beside its times may differ from ours by this share: it sums in another order.
const ROUNDING: f64 = 1e-6;

/// True for a document that means to be in this format.
pub(super) fn is(shape: &Shape) -> bool {
    match shape.get("results") {
        Some(Shape::List(None)) => true,
        Some(results) => results.first().is_some_and(|first| first.has("command")),
        None => false,
    }
}

/// The benchmarks of a document.
///
/// # Errors
/// `malformed`, or `contradiction` when figures and times disagree.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Record>, Error> {
    let export: Export = serde_json::from_slice(bytes).map_err(|error| malformed(&error))?;
    export.results.into_iter().map(Run::into_record).collect()
}

#[derive(Deserialize)]
struct Export {
    results: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    command: String,
    mean: Option<f64>,
    median: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
    #[serde(default)]
    times: Vec<f64>,
    #[serde(default)]
    exit_codes: Vec<Option<i64>>,
    #[serde(default)]
    parameters: BTreeMap<String, String>,
}

impl Run {
    fn into_record(self) -> Result<Record, Error> {
        let name = self.name();
        self.compare(&figure::name(&name))?;
        let failure = self.failure();
        // Without times the mean is all there is; with times it is computed anew.
        let value = if self.times.is_empty() { self.mean } else { None };
        Ok(Record { name, unit: "s".into(), value, samples: self.times, failure })
    }

    fn name(&self) -> String {
        if self.parameters.is_empty() {
            return self.command.clone();
        }
        let parameters: Vec<String> =
            self.parameters.iter().map(|(key, value)| format!("{key}={value}")).collect();
        format!("{} ({})", self.command, parameters.join(", "))
    }

    fn failure(&self) -> Option<String> {
        let failed: Vec<Option<i64>> =
            self.exit_codes.iter().copied().filter(|code| *code != Some(0)).collect();
        let how = match failed.first()? {
            Some(code) => format!("exit code {code}"),
            None => "no exit code, so it was killed".into(),
        };
        Some(format!("{} of {} runs failed, the first with {how}", failed.len(), self.exit_codes.len()))
    }

    /// Figures that do not follow from the times were not measured with them.
    fn compare(&self, shown: &str) -> Result<(), Error> {
        if !self.exit_codes.is_empty() && !self.times.is_empty() && self.exit_codes.len() != self.times.len()
        {
            let (codes, times) = (self.exit_codes.len(), self.times.len());
            return Err(contradiction(format!("`{shown}` has {times} times and {codes} exit codes")));
        }
        if self.times.is_empty() {
            return Ok(());
        }
        let times = sorted(&self.times);
        for (word, stated, statistic) in [
            ("mean", self.mean, Statistic::Mean),
            ("median", self.median, Statistic::Median),
            ("min", self.min, Statistic::Min),
            ("max", self.max, Statistic::Max),
        ] {
            let computed = statistic.of(&times);
            if let Some(stated) =
                stated.filter(|stated| (stated - computed).abs() > ROUNDING * computed.abs())
            {
                let (stated, computed) = (figure::beside(stated, computed), figure::number(computed));
                return Err(contradiction(format!(
                    "`{shown}` states a {word} of {stated} s, but its times give {computed} s"
                )));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn one(fields: &str) -> Result<Record, Error> {
        let text = format!(r#"{{"results":[{{"command":"sleep 1",{fields},"user":0.1}}]}}"#);
        parse(text.as_bytes()).map(|mut records| records.remove(0))
    }

    #[test]
    fn reads_times_names_and_failures() {
        let record = one(r#""mean":2.0,"times":[1,3],"exit_codes":[0,0]"#).expect("reads");
        assert_eq!((record.value, record.samples, record.failure), (None, vec![1.0, 3.0], None));
        let record = one(r#""mean":2.0,"parameters":{"threads":"4","size":"1"}"#).expect("reads");
        assert_eq!((record.name.as_str(), record.value), ("sleep 1 (size=1, threads=4)", Some(2.0)));
    }

    /// Catches a fast crash that passes as a fast run.
    #[test]
    fn exit_codes_are_failures() {
        for (codes, says) in [("[0,3]", "exit code 3"), ("[null,0]", "killed")] {
            let record = one(&format!(r#""times":[1,3],"exit_codes":{codes}"#)).expect("reads");
            assert!(record.failure.is_some_and(|failure| failure.contains(says)), "{codes}");
        }
    }

    /// Catches times that were edited by hand and a list of exit codes that was shortened.
    #[test]
    fn disagreeing_parts_are_contradictions() {
        for fields in [
            r#""mean":2.1,"times":[1,3]"#,
            r#""median":1.9,"times":[1,3]"#,
            r#""min":0.9,"times":[1,3]"#,
            r#""max":3.1,"times":[1,3]"#,
            r#""times":[1,3],"exit_codes":[0]"#,
        ] {
            let error = one(fields).expect_err(fields);
            assert!(
                matches!(error, Error::Inconclusive(evident_checker::Reason::Contradiction, _)),
                "{fields}"
            );
        }
    }
}
