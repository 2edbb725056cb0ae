//! Workflow commands of GitHub Actions: an annotation for each finding, at its place in the change.
//!
//! Source: "Workflow commands for GitHub Actions". Text of checkers and producers is untrusted: it cannot
//! begin a command of its own, because line feeds, percent signs and separators are escaped, and it is as
//! harmless as what is printed elsewhere.

use std::fmt::Write;

use evident_core::assessment::{Assessment, Judged};
use evident_core::outcome::{Finding, Severity, Status};
use evident_core::text;

use super::{status, verdict_line};

/// Annotations of a clause: GitHub shows ten of each kind for a step.
const FINDINGS_SHOWN: usize = 10;

pub(super) fn assessment(assessment: &Assessment) -> String {
    let mut output = String::new();
    for judged in assessment.clauses.iter().filter(|judged| !judged.passes()) {
        clause(&mut output, judged);
    }
    let level = if assessment.clauses.iter().all(Judged::passes) { "notice" } else { "error" };
    let line = format!("{}: {}", text::line(&assessment.goal), verdict_line(assessment));
    writeln!(output, "::{level} title=evident::{}", data(&line)).expect("a string");
    output
}

fn clause(output: &mut String, judged: &Judged) {
    let weighty = judged.outcome.findings.iter().filter(|finding| finding.severity != Severity::Note);
    let weighty: Vec<&Finding> = weighty.take(FINDINGS_SHOWN).collect();
    let title = property(&format!("{} ({})", judged.name, status(judged)));
    // An undecided clause has no finding that says why; a failing one may have none either.
    if weighty.is_empty() || judged.outcome.status != Status::Fail {
        let summary = data(&text::line(&judged.outcome.summary));
        writeln!(output, "::error title={title}::{summary}").expect("a string");
    }
    for finding in weighty {
        let level = if finding.severity == Severity::Error { "error" } else { "warning" };
        let message = data(&format!("{}: {}", finding.rule, finding.message));
        writeln!(output, "::{level} {}title={title}::{message}", place(finding)).expect("a string");
    }
}

fn place(finding: &Finding) -> String {
    let Some(location) = &finding.location else { return String::new() };
    let Some(path) = &location.path else { return String::new() };
    let line = location.line.map(|line| format!("line={line},")).unwrap_or_default();
    format!("file={},{line}", property(path))
}

/// The text after `::`.
fn data(text: &str) -> String {
    text::harmless(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
