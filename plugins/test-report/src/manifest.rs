//! Our own list of test ids, a baseline that a project can keep in its repository.
//!
//! Never a report: it says what must be there, not what a run has shown.
//! This file reads it and writes it, so that both mean the same.
//! Shape: `{"version":2,"tests":[{"id":"a::b","status":"passed"}]}`, with an entry for each test: an id that
//! several tests share stands there as often. Version 1 had it once, whatever stood behind it.

use evident_checker::Reason;
use serde::{Deserialize, Serialize};

use crate::report::{Case, Kind, Report, Status};

/// Bytes of a manifest, which is read whole.
pub(crate) const MANIFEST_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The version that is written.
const VERSION: u64 = 2;

/// The version that lists each id once.
const VERSION_BEFORE: u64 = 1;

/// The rule of what is told about a manifest of the version before.
pub(crate) const OLD: &str = "baseline-old";

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
        Ok(Versioned { version: VERSION_BEFORE }) => report.warn(
            OLD,
            "",
            "the baseline is a manifest of version 1, which lists a name once however many tests share it: \
             those that vanish are not missed; `evident baseline write` makes one that counts them",
        ),
        Ok(Versioned { version }) => {
            let message = format!(
                "the manifest has version {version}; versions {VERSION_BEFORE} and {VERSION} are read"
            );
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
            debug_assert!(matches!(manifest.version, VERSION_BEFORE | VERSION));
            for test in manifest.tests {
                report.push(Case {
                    id: test.id,
                    status: status(&test.status),
                    kind: Kind::Test,
                    source,
                    detail: None,
                });
            }
        }
        Err(error) => report.malformed(source, format!("the manifest: {error}")),
    }
    report
}

/// Writes a merged report, one test on a line, so that a change of it shows what changed. A fault is not a test.
pub(crate) fn write(report: &Report) -> Vec<u8> {
    let mut bytes = format!("{{\"version\":{VERSION},\"tests\":[").into_bytes();
    let tests = report.cases.iter().filter(|case| case.kind == Kind::Test);
    for (at, case) in tests.enumerate() {
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
        for version in [1, 2] {
            let text = format!(r#"{{"version":{version},"tests":[{{"id":"a","status":"timed-out"}}]}}"#);
            let good = read(text.as_bytes(), 0);
            assert_eq!((good.cases[0].status, good.problems.len()), (Status::TimedOut, 0));
            assert_eq!(good.notes.len(), usize::from(version == 1));
        }
        for (text, reason) in [
            (r#"{"version":3,"tests":{}}"#, Reason::Unsupported),
            (r#"{"version":0,"tests":{}}"#, Reason::Unsupported),
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
