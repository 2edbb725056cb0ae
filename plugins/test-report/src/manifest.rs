//! Our own list of test ids, a baseline that a project can keep in its repository.
//!
//! Never a report: it says what must be there, not what a run has shown.
//! This file reads it and writes it, so that both mean the same.
//! Shape: `{"version":1,"tests":[{"id":"a::b","status":"passed"}]}`.

use evident_checker::Reason;
use serde::{Deserialize, Serialize};

use crate::report::{Case, Place, Report, Status};

/// Bytes of a manifest, which is read whole.
pub(crate) const MANIFEST_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The only version there is.
const VERSION: u64 = 1;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    version: u64,
    tests: Vec<Test<String>>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Test<Id> {
    id: Id,
    status: Word,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Word {
    Passed,
    Flaky,
    Failed,
    Errored,
    TimedOut,
    Skipped,
    Xfail,
    Disabled,
}

/// What tells the version of a document that may be newer than this checker.
#[derive(Deserialize)]
struct Versioned {
    version: u64,
}

/// Reads a manifest.
pub(crate) fn read(bytes: &[u8], source: usize) -> Report {
    let mut report = Report::default();
    // A newer version may have other keys: the version decides before the keys do.
    match serde_json::from_slice::<Versioned>(bytes) {
        Ok(Versioned { version: VERSION }) => {}
        Ok(Versioned { version }) => {
            let message = format!("the manifest has version {version}; only version {VERSION} is read");
            report.problem(Reason::Unsupported, source, message);
            return report;
        }
        Err(error) => {
            report.malformed(source, format!("the manifest: {error}"));
            return report;
        }
    }
    match serde_json::from_slice::<Manifest>(bytes) {
        Ok(manifest) => {
            debug_assert_eq!(manifest.version, VERSION);
            for test in manifest.tests {
                report.push(Case {
                    id: test.id,
                    status: status(&test.status),
                    source,
                    place: Place::default(),
                    detail: None,
                });
            }
        }
        Err(error) => report.malformed(source, format!("the manifest: {error}")),
    }
    report
}

/// Writes a merged report, one test on a line, so that a change of it shows what changed.
pub(crate) fn write(report: &Report) -> Vec<u8> {
    let mut bytes = format!("{{\"version\":{VERSION},\"tests\":[").into_bytes();
    for (at, case) in report.cases.iter().enumerate() {
        bytes.extend_from_slice(if at == 0 { b"\n" } else { b",\n" });
        let test = Test { id: case.id.as_str(), status: word(case.status) };
        serde_json::to_writer(&mut bytes, &test).expect("texts become JSON, and a vector takes everything");
    }
    bytes.extend_from_slice(b"\n]}\n");
    bytes
}

fn word(status: Status) -> Word {
    match status {
        Status::Passed => Word::Passed,
        Status::Flaky => Word::Flaky,
        Status::Failed => Word::Failed,
        Status::Errored => Word::Errored,
        Status::TimedOut => Word::TimedOut,
        Status::Skipped => Word::Skipped,
        Status::Disabled => Word::Disabled,
    }
}

fn status(word: &Word) -> Status {
    match word {
        Word::Passed => Status::Passed,
        Word::Flaky => Status::Flaky,
        Word::Failed => Status::Failed,
        Word::Errored => Status::Errored,
        Word::TimedOut => Status::TimedOut,
        Word::Skipped | Word::Xfail => Status::Skipped,
        Word::Disabled => Status::Disabled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_it_does_not_know() {
        let good = read(br#"{"version":1,"tests":[{"id":"a","status":"timed-out"}]}"#, 0);
        assert_eq!((good.cases[0].status, good.problems.len()), (Status::TimedOut, 0));
        for (text, reason) in [
            (r#"{"version":2,"tests":{}}"#, Reason::Unsupported),
            (r#"{"version":1,"tests":[],"extra":1}"#, Reason::Malformed),
            (r#"{"version":1,"tests":[{"id":"a","status":"passed","x":1}]}"#, Reason::Malformed),
            (r#"{"version":1,"tests":[{"id":"a","status":"perfect"}]}"#, Reason::Malformed),
            (r#"{"version":1}"#, Reason::Malformed),
            (r#"{"version":1,"tests":["#, Reason::Malformed),
        ] {
            assert_eq!(read(text.as_bytes(), 0).problems[0].reason, reason, "{text}");
        }
    }
}
