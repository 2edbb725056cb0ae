//! The checker `test-report`: judges reports of test runs against policies, required ids and a baseline.
//!
//! It reads JUnit XML, what `cargo test` and `cargo nextest` print, and the events of `go test -json`. Counts come from cases,
//! never from headers; what it cannot read whole never passes. It never looks at the name of a file, at
//! the workspace, or at how long a test took.

mod about;
mod baseline;
mod detect;
mod failure_text;
mod finding;
mod go_test;
mod goes;
mod ids;
mod judge;
mod junit;
mod libtest;
mod lines;
mod manifest;
mod merge;
mod nextest;
mod report;
mod settings;

use std::collections::BTreeMap;

use detect::{Detected, Format, KNOWN};
use evident_checker::{
    Artifact, AttachmentError, Checker, Config, Description, Error, Evidence, Exit, Finding, Outcome, Reason,
    Sink, Slot,
};
use goes::Goes;
use judge::Judged;
use report::{Kind, Problem, Report};
pub use settings::Settings;

/// Name of the attachment that can become a baseline.
const MANIFEST: &str = "baseline.json";

/// The checker.
pub struct TestReport;

impl Checker for TestReport {
    type Settings = Settings;

    fn describe() -> Description {
        let report = Slot::new(
            "report",
            "reports of one test run, merged by test id; goes of a repeated source are compared",
        )
        .many()
        .media_type("application/xml")
        .media_type("text/plain");
        let baseline = Slot::new("baseline", "an earlier report or a manifest of test ids, to compare with")
            .optional()
            .many()
            .trusted()
            .media_type("application/xml")
            .media_type("text/plain")
            .media_type("application/json");
        Description::new(
            "test-report",
            env!("CARGO_PKG_VERSION"),
            "A test run in which everything required passed",
        )
        .slot(report)
        .slot(baseline)
        .example(about::EXAMPLE)
        .inconclusive(&about::INCONCLUSIVE)
    }

    fn configure(config: &mut Config) -> Settings {
        settings::configure(config)
    }

    fn check(settings: Settings, evidence: &Evidence, sink: &mut dyn Sink) -> Result<Outcome, Error> {
        let (reports, baselines) = (evidence.all("report"), evidence.all("baseline"));
        if reports.is_empty() {
            return Err(Error::Broken("nothing is bound to slot `report`".into()));
        }
        let report = read_all(&settings, reports, 0, Role::Report)?;
        let baseline = match baselines {
            [] => None,
            _ => Some(read_all(&settings, baselines, reports.len(), Role::Baseline)?),
        };
        if settings.manifest {
            attach_manifest(&report, sink)?;
        }
        let judged =
            Judged { settings: &settings, report: &report, baseline: baseline.as_ref(), reports, baselines };
        Ok(judge::judge(&judged, sink))
    }
}

evident_checker::export!(TestReport);

/// Hands over the baseline that this report would be. A report that is not whole is none: what it lacks
/// would be lacking for ever.
fn attach_manifest(report: &Report, sink: &mut dyn Sink) -> Result<(), Error> {
    if !report.problems.is_empty() || report.cases.iter().all(|case| case.kind == Kind::Fault) {
        return Ok(());
    }
    let bytes = manifest::write(report);
    let fits = bytes.len() as u64 <= manifest::MANIFEST_BYTES_MAX;
    match if fits {
        sink.attach(MANIFEST, "application/json", &bytes)
    } else {
        Err(AttachmentError::TooLarge)
    } {
        Ok(()) => Ok(()),
        Err(AttachmentError::TooMany | AttachmentError::TooLarge) => {
            let message = format!("`{MANIFEST}` has {} bytes and was not taken", bytes.len());
            sink.emit(Finding::warning("manifest-too-large", message).fingerprint("manifest-too-large"));
            Ok(())
        }
        Err(AttachmentError::Unwritable) => {
            Err(Error::Broken(format!("the host could not write `{MANIFEST}`")))
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Report,
    Baseline,
}

/// Reads the artifacts of one slot into one report. `first` is the number of the first artifact.
fn read_all(settings: &Settings, artifacts: &[Artifact], first: usize, role: Role) -> Result<Report, Error> {
    let mut all = Report::default();
    let goes = Goes::of(artifacts, first);
    let mut unnamed = BTreeMap::<_, u64>::new();
    for (source, artifact) in (first..).zip(artifacts) {
        let mut report = read_one(settings, artifact, source, role)?;
        *unnamed.entry(goes.of_source(source)).or_default() += std::mem::take(&mut report.skipped_unnamed);
        all.absorb(report);
    }
    // Every go skips the same tests again.
    all.skipped_unnamed = unnamed.into_values().max().unwrap_or(0);
    all.merge(&goes);
    if role == Role::Baseline && all.cases.is_empty() && all.problems.is_empty() {
        all.problem(Reason::NotExamined, first, "the baseline lists no tests");
    }
    Ok(all)
}

fn read_one(settings: &Settings, artifact: &Artifact, source: usize, role: Role) -> Result<Report, Error> {
    let detected = match settings.format {
        // A forced format is about what a test tool wrote; a manifest in the baseline is ours.
        Some(_) if role == Role::Report && artifact.info().size == 0 => Detected::Empty,
        Some(format) if role == Role::Report => Detected::Known(format),
        _ => detect::detect(artifact.reader())?,
    };
    let mut refused = Report::default();
    match detected {
        Detected::Known(Format::Junit) => {
            let mut report = junit::read(artifact.reader(), source, settings.counting())?;
            if role == Role::Report {
                doubt(&mut report, artifact, source);
            }
            return Ok(report);
        }
        Detected::Known(Format::Libtest) => return libtest::read(artifact.reader(), source),
        Detected::Known(Format::Nextest) => return nextest::read(artifact.reader(), source),
        Detected::Known(Format::GoTest) => return go_test::read(artifact.reader(), source),
        Detected::Known(Format::Manifest) if role == Role::Baseline => {
            return Ok(manifest::read(&artifact.read_whole(manifest::MANIFEST_BYTES_MAX)?, source));
        }
        Detected::Known(Format::Manifest) => {
            let message = format!("it is a baseline manifest, not a report; known formats: {KNOWN}");
            refused.problem(Reason::Unsupported, source, message);
        }
        Detected::Other(name) => {
            let message = format!("it looks like {name}; known formats: {KNOWN}");
            refused.problem(Reason::Unsupported, source, message);
        }
        Detected::Empty => refused.problem(Reason::NotExamined, source, empty(artifact)),
    }
    Ok(refused)
}

/// doctest and node-tap list failures that they excuse like any other, and end with 0 over them: then nothing tells
/// them from failures whose exit code was lost on the way. Neither is a pass, and the first is not a failure.
///
/// Asks for the origin only where it matters: an answer that depends on bytes alone can be used again.
fn doubt(report: &mut Report, artifact: &Artifact, source: usize) {
    let Some((count, why)) = report.excusable else { return };
    if artifact.origin().exit != Some(Exit::Code(0)) {
        return;
    }
    let message = format!(
        "{} failed, but the command ended with exit code 0: {why}. If there are none, the exit code was lost",
        finding::tests(count)
    );
    report.doubted.push(source);
    report.problems.push(Problem { rule: "report-exit", reason: Reason::Contradiction, message, source });
}

/// An empty output is most often that of a command that could not do its work: how it ended is the clue.
fn empty(artifact: &Artifact) -> String {
    match artifact.origin().exit {
        Some(Exit::Code(code)) => format!("it is empty; the command ended with exit code {code}"),
        Some(Exit::Signal(signal)) => format!("it is empty; the command was ended by signal {signal}"),
        None => "it is empty".into(),
    }
}
