//! Tests of the whole checker, native: documents in, outcome and findings out.
//!
//! Nothing here runs WebAssembly; the workspace's own tests do.

use evident_changes::Changes;
use evident_checker::testing::{Recorder, artifact, check};
use evident_checker::{
    Artifact, Evidence, Exit, Info, Origin, OriginKind, Outcome, ReadAt, ReadError, Reason, Severity, Status,
};

mod documents;
mod fixtures;
mod hostile;
mod nested;
mod origins;
mod patches;
mod rules;

/// What a table expects of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Pass,
    Fail,
    Inconclusive(Reason),
}

const MALFORMED: Verdict = Verdict::Inconclusive(Reason::Malformed);
const UNSUPPORTED: Verdict = Verdict::Inconclusive(Reason::Unsupported);
const NOT_EXAMINED: Verdict = Verdict::Inconclusive(Reason::NotExamined);
const LIMIT: Verdict = Verdict::Inconclusive(Reason::Limit);
const CONTRADICTION: Verdict = Verdict::Inconclusive(Reason::Contradiction);
const CONFIG: Verdict = Verdict::Inconclusive(Reason::Config);

/// Lets everything pass that can be read whole.
const ANYTHING: &str = r#"{"allow":["**"]}"#;

struct Checked {
    outcome: Outcome,
    said: Recorder,
}

impl Checked {
    fn verdict(&self) -> Verdict {
        match self.outcome.status {
            Status::Pass => Verdict::Pass,
            Status::Fail => Verdict::Fail,
            Status::Inconclusive(reason) => Verdict::Inconclusive(reason),
        }
    }

    /// Fingerprints of the findings that decide.
    fn errors(&self) -> Vec<&str> {
        let errors = self.said.findings.iter().filter(|finding| finding.severity == Severity::Error);
        errors.map(|finding| finding.fingerprint.as_deref().expect("every finding has one")).collect()
    }

    /// Values of the metrics: changed files, changed lines.
    fn figures(&self) -> [u64; 2] {
        let names = [("changed files", "files"), ("changed lines", "lines")];
        std::array::from_fn(|at| {
            let metric = &self.outcome.metrics[at];
            assert_eq!((metric.name.as_str(), metric.unit.as_str()), names[at]);
            format!("{}", metric.value).parse().expect("a count is a whole number")
        })
    }

    fn messages(&self) -> Vec<&str> {
        self.said.findings.iter().map(|finding| finding.message.as_str()).collect()
    }
}

struct Buffer(Vec<u8>);

impl ReadAt for Buffer {
    fn read_at(&self, offset: u64, length: u32) -> Result<Vec<u8>, ReadError> {
        let start = usize::try_from(offset).expect("small").min(self.0.len());
        let end = start.saturating_add(length as usize).min(self.0.len());
        Ok(self.0[start..end].to_vec())
    }
}

/// The origin of what the host made itself: it ran nothing.
fn of_host() -> Origin {
    Origin {
        source: "changes".into(),
        kind: OriginKind::Produced,
        argv: Vec::new(),
        exit: None,
        started_ms: 0,
        ended_ms: 0,
    }
}

/// The origin of what a command printed that exited 0.
fn of_command() -> Origin {
    Origin { argv: vec!["git".into(), "diff".into()], exit: Some(Exit::Code(0)), ..of_host() }
}

fn info(bytes: &[u8]) -> Info {
    let (media_type, size) = ("application/octet-stream".into(), bytes.len() as u64);
    Info { name: "changes".into(), media_type, size, digest: String::new() }
}

fn made(bytes: &[u8], origin: Origin) -> Artifact {
    Artifact::new(info(bytes), origin, Box::new(Buffer(bytes.to_vec())))
}

/// Checks changes beside listings of an API. Whatever the case, a pass beside an error would be a lie.
fn judged(config: &str, changes: &[u8], api: &[&str], before: &[&str]) -> Checked {
    let mut evidence = Evidence::new();
    evidence.bind("changes", [made(changes, of_host())]);
    let listings =
        |texts: &[&str]| -> Vec<_> { texts.iter().map(|it| artifact("api", it.as_bytes())).collect() };
    evidence.bind("api", listings(api));
    evidence.bind("api-before", listings(before));
    let (outcome, said) = check::<Changes>(config, &evidence);
    let checked = Checked { outcome: outcome.expect("no fault"), said };
    match checked.verdict() {
        Verdict::Pass => {
            assert_eq!(checked.errors(), [""; 0], "a pass beside an error");
            assert!(checked.outcome.examined > 0, "a pass over nothing");
        }
        Verdict::Fail => assert!(!checked.errors().is_empty(), "a fail without a finding"),
        Verdict::Inconclusive(_) => {}
    }
    for finding in &checked.said.findings {
        assert!(finding.message.len() < 4 * 1024, "the host takes 8 KiB: {}", finding.message.len());
    }
    checked
}

fn one(config: &str, changes: &str) -> Checked {
    judged(config, changes.as_bytes(), &[], &[])
}

/// One row of the host's document.
fn row(path: &str, change: &str, more: &str) -> String {
    let side = |digest: &str| format!(r#"{{"kind":"file","size":3,"digest":"{digest}"}}"#);
    let (before, after) = match change {
        "added" => ("null".into(), side("b")),
        "removed" => (side("a"), "null".into()),
        _ => (side("a"), side("b")),
    };
    let rest = if more.is_empty() {
        r#""binary":false,"lines_added":0,"lines_removed":0,"added":[],"unscanned":null,"moved_from":null"#
    } else {
        more
    };
    format!(r#"{{"path":"{path}","change":"{change}","before":{before},"after":{after},{rest}}}"#)
}

/// What a row says about its lines.
fn text(added: &[&str], removed: usize) -> String {
    let lines: Vec<String> = added.iter().map(|line| format!("{line:?}")).collect();
    let (count, lines) = (added.len(), lines.join(","));
    format!(
        r#""binary":false,"lines_added":{count},"lines_removed":{removed},"added":[{lines}],"unscanned":null,"moved_from":null"#
    )
}

/// A document of these rows, out of 10 files.
fn document(rows: &[String]) -> String {
    let to = if rows.is_empty() { "s" } else { "w" };
    let mut all = format!(
        r#"{{"format":"evident-changes","version":1,"from":{{"name":"start","digest":"s","files":9}},"to":{{"name":"work","digest":"{to}","files":9}},"compared":10}}"#
    );
    for row in rows {
        all.push('\n');
        all.push_str(row);
    }
    format!("{all}\n{{\"end\":true,\"changes\":{}}}\n", rows.len())
}
