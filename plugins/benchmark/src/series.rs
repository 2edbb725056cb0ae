//! The benchmarks of a slot, merged over its artifacts, and the choice of the one to judge.
//!
//! Samples of repeated runs are appended in the order of the artifacts. It never adds what was measured
//! once and bound twice, never mixes units, and never picks a benchmark by a likely name.

use std::collections::BTreeMap;

use evident_checker::{Artifact, Error, Reason};

use crate::figure;
use crate::input::{self, Record};
use crate::unit;

/// Samples of a slot: 8 MB each time that they are held.
const SAMPLES_MAX: usize = 1_000_000;
/// Benchmarks that a message lists.
const CANDIDATES_SHOWN: usize = 5;

/// One benchmark over all artifacts of a slot.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Series {
    pub(crate) name: String,
    /// Unit symbol of all figures.
    pub(crate) unit: String,
    /// Only where a single artifact states the benchmark.
    pub(crate) value: Option<f64>,
    /// In the order of measurement; empty if there is just a value.
    pub(crate) samples: Vec<f64>,
    /// Why it failed, with the artifact.
    pub(crate) failure: Option<String>,
    /// The first artifact that states it.
    pub(crate) artifact: String,
    /// Where the samples of each artifact begin.
    runs: Vec<usize>,
    /// The artifact of each run.
    run_artifacts: Vec<String>,
    /// The samples are the values of artifacts that state nothing else.
    of_values: bool,
}

/// What a slot holds.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    /// By name.
    pub(crate) series: BTreeMap<String, Series>,
}

impl Slot {
    /// Reads every artifact.
    ///
    /// # Errors
    /// Those of [`input::read`], `limit` above a million samples, and `contradiction` when artifacts
    /// cannot be merged.
    pub(crate) fn read(artifacts: &[Artifact]) -> Result<Self, Error> {
        let mut slot = Self::default();
        let mut samples = 0;
        for artifact in artifacts {
            let name = &artifact.info().name;
            for record in input::read(artifact)? {
                samples += record.samples.len().max(1);
                if samples > SAMPLES_MAX {
                    return Err(Error::limit(format!("more than {SAMPLES_MAX} samples")));
                }
                slot.add(record, name)?;
            }
        }
        Ok(slot)
    }

    fn add(&mut self, record: Record, artifact: &str) -> Result<(), Error> {
        match self.series.get_mut(&record.name) {
            Some(series) => series.merge(record, artifact),
            None => {
                let series = Series::new(record, artifact);
                self.series.insert(series.name.clone(), series);
                Ok(())
            }
        }
    }

    /// The benchmark of this name, or the only one.
    ///
    /// # Errors
    /// `not-examined` if there is none at all; `config`, with the candidates, if the name does not
    /// tell which.
    pub(crate) fn select(&self, name: Option<&str>) -> Result<&Series, Error> {
        if self.series.is_empty() {
            return Err(Error::Inconclusive(
                Reason::NotExamined,
                "the evidence has no benchmark at all".into(),
            ));
        }
        let summary = match name {
            Some(name) => match self.series.get(name) {
                Some(series) => return Ok(series),
                None => format!("no benchmark `{}`; there is {}", figure::name(name), self.candidates(name)),
            },
            None if self.series.len() == 1 => return Ok(self.series.values().next().expect("there is one")),
            None => format!("set `benchmark` to one of {}", self.candidates("")),
        };
        Err(Error::Inconclusive(Reason::Config, summary))
    }

    /// The names nearest to `name`, nearest first; `none` if there is none.
    pub(crate) fn candidates(&self, name: &str) -> String {
        if self.series.is_empty() {
            return "none".into();
        }
        let mut names: Vec<&str> = self.series.keys().map(String::as_str).collect();
        names.sort_by_cached_key(|candidate| distance(name, candidate));
        let shown: Vec<String> =
            names.iter().take(CANDIDATES_SHOWN).map(|name| format!("`{}`", figure::name(name))).collect();
        let rest = names.len() - shown.len();
        let shown = shown.join(", ");
        if rest == 0 { shown } else { format!("{shown} and {rest} more") }
    }
}

impl Series {
    fn new(record: Record, artifact: &str) -> Self {
        let Record { name, unit, value, samples, failure } = record;
        let failure = failure.map(|failure| told_in(&failure, artifact));
        let of_values = samples.is_empty();
        Self {
            name,
            unit,
            value,
            samples,
            failure,
            artifact: artifact.into(),
            runs: vec![0],
            run_artifacts: vec![artifact.into()],
            of_values,
        }
    }

    /// Whether a run of one is a run of the other: a clock does not repeat itself, so it was copied.
    pub(crate) fn shares_a_run_with(&self, other: &Self) -> bool {
        other.runs().any(|samples| self.has_run(samples))
    }

    fn has_run(&self, samples: &[f64]) -> bool {
        let varies = samples.iter().any(|sample| *sample != samples[0]);
        varies && unit::is_clocked(&self.unit) && self.runs().any(|run| run == samples)
    }

    /// The samples of each artifact, with its name. A single artifact with a value alone has no samples.
    pub(crate) fn by_artifact(&self) -> impl Iterator<Item = (&str, &[f64])> {
        self.run_artifacts.iter().map(String::as_str).zip(self.runs())
    }

    fn runs(&self) -> impl Iterator<Item = &[f64]> {
        let ends = self.runs.iter().skip(1).copied().chain([self.samples.len()]);
        self.runs.iter().zip(ends).map(|(start, end)| &self.samples[*start..end])
    }

    /// Values of several artifacts become samples: each stands for one run.
    fn merge(&mut self, record: Record, artifact: &str) -> Result<(), Error> {
        let contradiction = |what: String| {
            let summary = format!(
                "`{}` in `{}` and `{}`: {what}",
                figure::name(&self.name),
                figure::name(&self.artifact),
                figure::name(artifact)
            );
            Err(Error::Inconclusive(Reason::Contradiction, summary))
        };
        if record.unit != self.unit {
            return contradiction(format!("the unit changes from `{}` to `{}`", self.unit, record.unit));
        }
        if self.has_run(&record.samples) {
            return contradiction("the same samples; a clock does not repeat itself".into());
        }
        if let Some(failure) = record.failure {
            self.failure.get_or_insert_with(|| told_in(&failure, artifact));
        } else if self.failure.is_none() {
            if self.of_values != record.samples.is_empty() {
                return contradiction("one states samples, the other just a value".into());
            }
            self.samples.extend(self.value.filter(|_| self.of_values));
            self.runs.push(self.samples.len());
            self.run_artifacts.push(artifact.into());
            self.samples.extend(record.value.filter(|_| self.of_values));
            self.samples.extend(record.samples);
        }
        self.value = None;
        Ok(())
    }
}

fn told_in(failure: &str, artifact: &str) -> String {
    format!("{failure} (in `{}`)", figure::name(artifact))
}

/// Letters to change from one name to the other (Levenshtein); long names by their beginning.
fn distance(one: &str, other: &str) -> usize {
    const CHARACTERS_MAX: usize = 64;
    let other: Vec<char> = other.chars().take(CHARACTERS_MAX).collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, left) in one.chars().take(CHARACTERS_MAX).enumerate() {
        let mut diagonal = row[0];
        row[0] = above + 1;
        for (index, right) in other.iter().enumerate() {
            let change = diagonal + usize::from(left != *right);
            diagonal = row[index + 1];
            row[index + 1] = change.min(diagonal + 1).min(row[index] + 1);
        }
    }
    row[other.len()]
}
