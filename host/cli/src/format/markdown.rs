//! For a page or a pull request. Text of checkers and producers is untrusted: it cannot open a tag, a link
//! or a table cell of its own, and becomes no link by itself.

use std::fmt::Write;
use std::path::PathBuf;

use evident_core::assessment::{Assessment, Judged};
use evident_core::outcome::{Severity, Status};

use evident_core::text::{self, BAR};
use evident_engine::Opened;

use super::inline::{code, inline};
use super::{ground, provenance, sources, status, unit, verdict_line};

/// Findings of a clause that are listed.
const FINDINGS_SHOWN: usize = 20;

pub(super) fn assessment(assessment: &Assessment, opened: &Opened) -> String {
    let mut text = format!("## {}: {}\n\n", inline(&text::line(&assessment.goal)), assessment.roll_up.word());
    writeln!(text, "{}\n", inline(&text::line(&opened.contract.objective))).expect("a string");
    text += "| | clause | outcome | summary | examined |\n|---|---|---|---|---|\n";
    for judged in &assessment.clauses {
        let examined = &judged.outcome.examined;
        writeln!(
            text,
            "| {} | {} | {} | {} | {} {} |",
            symbol(judged),
            inline(&judged.name),
            outcome(judged),
            inline(&judged.outcome.summary),
            examined.count,
            inline(&unit(examined.count == 1, &examined.unit)),
        )
        .expect("a string");
    }
    for judged in assessment.clauses.iter().filter(|judged| !judged.passes()) {
        findings(&mut text, judged);
    }
    text += "\n| source | evidence |\n|---|---|\n";
    for evidence in &assessment.evidence {
        writeln!(text, "| {} | {} |", inline(&evidence.origin.source), inline(&provenance(evidence)))
            .expect("a string");
    }
    writeln!(text, "\n{}", inline(&ground(assessment))).expect("a string");
    writeln!(text, "\n**{}**", inline(&verdict_line(assessment))).expect("a string");
    text
}

pub(super) fn explanation(assessment: &Assessment, judged: &Judged, saved: &[PathBuf]) -> String {
    let mut text = format!("## {}: {}\n\n", inline(&judged.name), outcome(judged));
    writeln!(text, "{}\n", inline(&judged.outcome.summary)).expect("a string");
    text += "| slot | artifact | bytes | read |\n|---|---|---|---|\n";
    for bound in &judged.bound {
        let artifact = format!("{}/{}", bound.source, bound.artifact);
        writeln!(
            text,
            "| {} | {} | {} | {} |",
            inline(&bound.slot),
            inline(&artifact),
            bound.size,
            bound.read
        )
        .expect("a string");
    }
    text += "\n| source | evidence |\n|---|---|\n";
    for evidence in sources(assessment, judged) {
        writeln!(text, "| {} | {} |", inline(&evidence.origin.source), inline(&provenance(evidence)))
            .expect("a string");
    }
    findings(&mut text, judged);
    attachments(&mut text, judged, saved);
    text
}

/// The only links of a page: files that the person had saved, in a folder of the person's choice.
fn attachments(text: &mut String, judged: &Judged, saved: &[PathBuf]) {
    if judged.outcome.attachments.is_empty() {
        return;
    }
    *text += "\n| attachment | bytes |\n|---|---|\n";
    for (at, attachment) in judged.outcome.attachments.iter().enumerate() {
        let name = linked(&attachment.name, saved.get(at));
        writeln!(text, "| {name} | {} |", attachment.size).expect("a string");
    }
}

/// The name of an attachment; a link to its file where that was saved.
pub(super) fn linked(name: &str, saved: Option<&PathBuf>) -> String {
    match saved.and_then(|path| path.to_str()).filter(|path| is_destination(path)) {
        Some(path) => format!("[{}](<{path}>)", code(name)),
        None => inline(name),
    }
}

/// True for what can stand between angle brackets, in a cell of a table.
fn is_destination(path: &str) -> bool {
    !path.contains(['<', '>', '\\', '|', '`']) && !path.contains(char::is_control)
}

fn symbol(judged: &Judged) -> &'static str {
    match judged.outcome.status {
        Status::Pass => "✅",
        Status::Fail => "❌",
        Status::Inconclusive(_) => "❔",
    }
}

fn outcome(judged: &Judged) -> String {
    let doubts: Vec<String> = judged.doubts.iter().map(|doubt| inline(&doubt.to_string())).collect();
    let proof = match (judged.passes(), judged.asserted) {
        (true, true) => format!(", asserted: {}", doubts.join("; ")),
        (true, false) => ", proven".into(),
        _ => String::new(),
    };
    format!("{}{proof}", inline(&status(judged)))
}

fn findings(text: &mut String, judged: &Judged) {
    let weighty = judged.outcome.findings.iter().filter(|finding| finding.severity != Severity::Note);
    let weighty: Vec<_> = weighty.collect();
    if weighty.is_empty() {
        return;
    }
    writeln!(text, "\n### {}\n", inline(&judged.name)).expect("a string");
    for finding in weighty.iter().take(FINDINGS_SHOWN) {
        let mut lines = finding.message.lines();
        let first = lines.next().unwrap_or_default();
        writeln!(text, "- {} {}", code(&finding.rule), inline(first)).expect("a string");
        let rest: Vec<&str> = lines.skip_while(|line| line.trim().is_empty()).collect();
        if !rest.is_empty() {
            writeln!(text, "\n{}", block(&rest)).expect("a string");
        }
    }
    let total = weighty.len() as u64 + judged.outcome.findings_dropped;
    if total > FINDINGS_SHOWN as u64 {
        writeln!(text, "- and {} more", total - FINDINGS_SHOWN as u64).expect("a string");
    }
}

/// Lines as an indented block: no fence that the text itself could close. Each stands behind a bar, so that a
/// build server that prints the page takes none for a command.
fn block(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("      {}\n", format!("{BAR}{line}").trim_end())).collect()
}
