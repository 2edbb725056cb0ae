//! Output formats: the same assessment for a person, a program or a page.

pub(crate) mod event;
mod github;
pub(crate) mod goal;
mod human;
mod inline;
mod junit;
mod markdown;
mod page;
pub(crate) mod report;

pub(crate) use inline::{code, inline, longest_run, prose};
pub(crate) use page::{counted, unit};

use std::path::PathBuf;

use clap::ValueEnum;
use evident_core::assessment::{Assessment, Judged};
use evident_core::contract::At;
use evident_core::doubt::Doubt;
use evident_core::evidence::{Evidence, OriginKind, Prepared, Timestamp};
use evident_core::outcome::{Finding, Severity, Status};
use evident_core::text::{self, Lines, clean};
use evident_engine::{Blobs, Opened};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use crate::diagnostics::{self, PlacedProblem};

/// Bytes of what went wrong with a source, in the list of sources.
const DETAIL_BYTES: usize = 160;

/// How a result is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For a person at a terminal
    Human,
    /// For a program: one document with a version
    Json,
    /// For a page or a pull request
    Markdown,
    /// For a build server: JUnit XML, a test case for each clause
    Junit,
    /// For GitHub Actions: annotations
    Github,
}

/// How a single clause or a list is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For a person at a terminal
    Human,
    /// For a program: one document with a version
    Json,
    /// For a page or a pull request
    Markdown,
}

/// How a goal, or what became of a command, is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GoalFormat {
    /// For a person at a terminal
    Human,
    /// For a program: one document with a version
    Json,
    /// For a program: one object a line
    Jsonl,
}

/// An assessment in a format.
pub(crate) fn assessment(assessment: &Assessment, opened: &Opened, format: Format) -> String {
    match format {
        Format::Human => human::assessment(assessment, opened),
        Format::Json => pretty(&document(assessment, opened)),
        Format::Markdown => markdown::assessment(assessment, opened),
        Format::Junit => junit::assessment(assessment),
        Format::Github => github::assessment(assessment),
    }
}

/// One clause in a format, with the evidence behind it. `saved` are the files of its attachments, in their
/// order, where they were saved.
pub(crate) fn explanation(
    assessment: &Assessment,
    judged: &Judged,
    blobs: &Blobs,
    saved: &[PathBuf],
    format: ReportFormat,
) -> String {
    match format {
        ReportFormat::Human => human::explanation(assessment, judged, blobs, saved),
        ReportFormat::Json => {
            let evidence: Vec<&Evidence> = sources(assessment, judged).collect();
            pretty(&json!({ "version": assessment.version, "clause": judged, "evidence": evidence }))
        }
        ReportFormat::Markdown => markdown::explanation(assessment, judged, saved),
    }
}

/// What `check --format json` writes: an assessment, and what lint says of its contract.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "Assessment")]
pub(crate) struct Checked<'a> {
    #[serde(flatten)]
    assessment: &'a Assessment,
    /// Problems of the contract that do not refuse it; absent where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    problems: Vec<PlacedProblem>,
}

fn document(assessment: &Assessment, opened: &Opened) -> serde_json::Value {
    let problems = diagnostics::report(opened).problems;
    serde_json::to_value(Checked { assessment, problems }).expect("an assessment has a JSON form")
}

/// One document.
pub(crate) fn pretty(value: &impl Serialize) -> String {
    let json = serde_json::to_string_pretty(value).expect("a value has a text");
    format!("{}\n", text::harmless_json(&json))
}

/// One object, on a line of its own.
pub(crate) fn line(value: &impl Serialize) -> String {
    let json = serde_json::to_string(value).expect("a value has a text");
    format!("{}\n", text::harmless_json(&json))
}

/// A value for a program: a document, or a line where it reads lines.
pub(crate) fn value(value: &serde_json::Value, format: GoalFormat) -> String {
    if format == GoalFormat::Jsonl { line(value) } else { pretty(value) }
}

/// The evidence that a clause was bound to; all of it where nothing was bound.
fn sources<'a>(assessment: &'a Assessment, judged: &'a Judged) -> impl Iterator<Item = &'a Evidence> {
    let is_bound =
        |evidence: &Evidence| judged.bound.iter().any(|bound| bound.source == evidence.origin.source);
    assessment.evidence.iter().filter(move |evidence| judged.bound.is_empty() || is_bound(evidence))
}

/// What decided: the first finding that weighs, or what the host says.
fn decisive(judged: &Judged) -> Option<&Finding> {
    match judged.outcome.status {
        Status::Fail => judged.outcome.findings.iter().find(|finding| finding.severity == Severity::Error),
        _ => None,
    }
}

/// `pass`, `fail`, or `inconclusive (REASON)`.
fn status(judged: &Judged) -> String {
    match judged.outcome.status {
        Status::Inconclusive(reason) => format!("inconclusive, {reason}"),
        status => status.word().into(),
    }
}

/// A time as RFC 3339 in UTC, to the second.
pub(crate) fn time(timestamp: Timestamp) -> String {
    let milliseconds = i64::try_from(timestamp.0).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(milliseconds)
        .map_or_else(|_| "unknown".into(), |time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// `met: all 2 clauses pass` and what it rests on.
fn verdict_line(assessment: &Assessment) -> String {
    let clauses = &assessment.clauses;
    let count = |wanted: &str| clauses.iter().filter(|judged| judged.outcome.status.word() == wanted).count();
    let (passed, failed, open) = (count("pass"), count("fail"), count("inconclusive"));
    let asserted = clauses.iter().filter(|judged| judged.passes() && judged.asserted).count();
    let mut parts = vec![format!("{passed} of {} clauses pass", clauses.len())];
    if failed > 0 {
        parts.push(format!("{failed} fail{}", if failed == 1 { "s" } else { "" }));
    }
    if open > 0 {
        parts.push(format!("{open} inconclusive"));
    }
    if asserted > 0 {
        parts.push(format!("{asserted} only asserted"));
    }
    format!("{}: {}", assessment.roll_up.word(), parts.join(", "))
}

/// What the assessment is about, and what the work is compared with.
fn ground(assessment: &Assessment) -> String {
    let mut text = format!("tree {}", assessment.tree.short());
    if let Some(start) = &assessment.start {
        if start.fresh {
            text += ", which this check recorded as the start tree: nothing can have changed since";
        } else {
            text += &format!(", start tree {} of {}", start.tree.short(), time(start.recorded));
        }
        if let Some(base) = &start.base {
            text += &format!(", base {}", text::name(base.get(..12).unwrap_or(base)));
        }
        if let Some(last) = start.accepted_last {
            text += &format!(", {}, the last of {}", counted(start.accepted, "accepted change"), time(last));
        }
        if start.contract != assessment.contract {
            text += "; the contract is not the one of the start, so nothing is proven: \
                     `evident accept-change` it if the edit is yours";
        }
        if lacks_contract(assessment) {
            text += "; that commit has no such contract, so nothing is proven: commit the contract, and name a \
                     commit that has it";
        }
    }
    text
}

/// True if the start is a commit that the contract is not in, whatever became of the clauses.
fn lacks_contract(assessment: &Assessment) -> bool {
    let mut doubts = assessment.clauses.iter().flat_map(|judged| &judged.doubts);
    doubts.any(|doubt| matches!(doubt, Doubt::UnrecordedContract { .. }))
}

/// A command as it could be typed.
pub(crate) fn command(argv: &[String]) -> String {
    let plain = |argument: &str| {
        !argument.is_empty()
            && argument.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./=:,{}@+%".contains(&byte))
    };
    let quoted = argv.iter().map(|argument| {
        if plain(argument) { argument.clone() } else { format!("'{}'", argument.replace('\'', "'\\''")) }
    });
    text::line(&quoted.collect::<Vec<_>>().join(" "))
}

/// How the evidence of a source came to be, in one line.
pub(crate) fn provenance(evidence: &Evidence) -> String {
    use evident_core::contract::values::show_duration;
    let origin = &evidence.origin;
    let took = std::time::Duration::from_millis(origin.ended.0.saturating_sub(origin.started.0));
    let mut parts = Vec::new();
    if origin.argv.is_empty() && origin.kind == OriginKind::Produced {
        parts.push("the host's comparison of trees".into());
        parts.push(show_duration(took));
    } else if origin.argv.is_empty() {
        let age = origin.age_ms.map(|age| show_duration(std::time::Duration::from_millis(age)));
        let age = age.unwrap_or_else(|| "unknown".into());
        parts.push("found in the workspace".into());
        parts.push(match (!origin.doubts.is_empty(), origin.at) {
            (true, _) => format!("age {age}"),
            (false, At::Base) => "from the base".into(),
            (false, _) => "pinned by digest".into(),
        });
    } else {
        parts.push(format!("`{}`", command(&origin.argv)));
        // A command that did not start took no time.
        if let Some(exit) = origin.exit {
            parts.extend([exit.to_string(), show_duration(took)]);
        }
        match origin.at {
            At::Work => {}
            At::Base => parts.push("on the base".into()),
            At::Snapshot => parts.push("on a snapshot".into()),
        }
        match origin.prepared {
            None => {}
            Some(Prepared::Made) => parts.push("prepared".into()),
            Some(Prepared::Kept) => parts.push("prepared before".into()),
        }
        if origin.repeat > 1 {
            parts.push(format!("{} goes", origin.repeat));
        }
    }
    match &evidence.shortfall {
        // What happened stands with the clauses; a list of paths would hide the other sources.
        Some(shortfall) => {
            parts.push(format!(
                "{}: {}",
                shortfall.reason,
                clean(&shortfall.detail, DETAIL_BYTES, Lines::Join)
            ));
        }
        None if evidence.artifacts.len() == 1 => parts.push("1 artifact".into()),
        None => parts.push(format!("{} artifacts", evidence.artifacts.len())),
    }
    parts.join(", ")
}
