//! Tests of the whole checker, native: documents in, outcome and findings out.
//!
//! Nothing here runs WebAssembly; the workspace's own tests do.

use evident_checker::testing::{Recorder, artifact, check};
use evident_checker::{Evidence, Outcome, Reason, Severity, Status};
use evident_test_report::TestReport;

mod catalogue;
mod documents;
mod fixtures;
mod go_test;
mod goes;
mod headers;
mod hostile;
mod manifest;
mod policies;
mod pytest;
mod samples;
mod truncation;
mod writers;

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

    /// Tests, passed, failed, errored, skipped, flaky.
    fn figures(&self) -> [u64; 6] {
        let names = ["tests", "passed", "failed", "errored", "skipped", "flaky"];
        std::array::from_fn(|at| {
            let metric = &self.outcome.metrics[at];
            assert_eq!((metric.name.as_str(), metric.unit.as_str()), (names[at], "tests"));
            format!("{}", metric.value).parse().expect("a count is a whole number")
        })
    }

    /// Fingerprints of the findings that decide.
    fn errors(&self) -> Vec<&str> {
        self.of(Severity::Error)
    }

    /// Fingerprints of the findings that a person sees beside a pass.
    fn warnings(&self) -> Vec<&str> {
        self.of(Severity::Warning)
    }

    fn of(&self, severity: Severity) -> Vec<&str> {
        let findings = self.said.findings.iter().filter(|finding| finding.severity == severity);
        findings.map(|finding| finding.fingerprint.as_deref().unwrap_or(&finding.rule)).collect()
    }
}

/// Checks artifacts by name beside baselines.
fn judged_as(config: &str, reports: &[(&str, &[u8])], baselines: &[(&str, &[u8])]) -> Checked {
    let mut evidence = Evidence::new();
    for (slot, files) in [("report", reports), ("baseline", baselines)] {
        evidence.bind(slot, files.iter().map(|(name, bytes)| artifact(name, bytes)));
    }
    judged_evidence(config, &evidence)
}

/// Checks reports beside baselines. Whatever the case, a pass beside an error would be a lie.
fn judged(config: &str, reports: &[&[u8]], baselines: &[&[u8]]) -> Checked {
    let mut evidence = Evidence::new();
    evidence.bind("report", (1..).zip(reports).map(|(at, bytes)| artifact(&format!("report-{at}"), bytes)));
    evidence
        .bind("baseline", (1..).zip(baselines).map(|(at, bytes)| artifact(&format!("baseline-{at}"), bytes)));
    judged_evidence(config, &evidence)
}

fn judged_evidence(config: &str, evidence: &Evidence) -> Checked {
    let (outcome, said) = check::<TestReport>(config, evidence);
    let checked = Checked { outcome: outcome.expect("no fault"), said };
    if checked.verdict() == Verdict::Pass {
        assert_eq!(checked.errors(), [""; 0], "a pass beside an error");
        assert!(checked.outcome.examined > 0, "a pass over nothing");
    }
    for finding in &checked.said.findings {
        assert!(finding.message.len() < 7 * 1024, "the host takes 8 KiB: {}", finding.message.len());
    }
    checked
}

fn one(config: &str, report: &str) -> Checked {
    judged(config, &[report.as_bytes()], &[])
}
