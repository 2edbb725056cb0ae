//! For a person at a terminal: what holds, what does not and why, and what to look at next.

use std::fmt::Write;
use std::path::PathBuf;

use anstyle::Style;
use evident_core::assessment::{Assessment, Judged};
use evident_core::contract::values::{show_duration, show_size};
use evident_core::outcome::{Direction, Fault, Finding, Metric, Severity, Status};
use evident_core::roll_up::RollUp;
use evident_core::text::{self, BAR};
use evident_engine::{Blobs, Opened};

use super::{decisive, ground, provenance, sources, status, time, unit, verdict_line};
use crate::ui::{style, styled};

/// Findings of a clause that the overview shows.
const FINDINGS_SHOWN: usize = 5;

/// Lines of a finding's message that the overview shows.
const MESSAGE_LINES_SHOWN: usize = 8;

/// Columns before the text of a clause.
const INDENT: &str = "      ";

pub(super) fn assessment(assessment: &Assessment, opened: &Opened) -> String {
    let mut text = format!(
        "{}\n{}\n\n",
        styled(style::STRONG, &text::line(&assessment.goal)),
        text::message(&opened.contract.objective)
    );
    let width = assessment.clauses.iter().map(|judged| judged.name.len()).max().unwrap_or(0);
    for judged in &assessment.clauses {
        clause(&mut text, judged, width);
    }
    text += "\nevidence\n";
    let width = assessment.evidence.iter().map(|evidence| evidence.origin.source.len()).max().unwrap_or(0);
    for evidence in &assessment.evidence {
        let line = format!("  {:<width$}  {}", evidence.origin.source, provenance(evidence));
        writeln!(text, "{}", styled(style::FAINT, &line)).expect("a string");
    }
    writeln!(text, "  {}", styled(style::FAINT, &ground(assessment))).expect("a string");
    let roll_up = match assessment.roll_up {
        RollUp::Met => style::PASS,
        RollUp::Unmet => style::FAIL,
        RollUp::Undecided => style::INCONCLUSIVE,
    };
    writeln!(text, "\n{}", styled(roll_up, &verdict_line(assessment))).expect("a string");
    if let Some(open) = assessment.clauses.iter().find(|judged| !judged.passes()) {
        let contract = opened.file.path.display().to_string();
        let named = if contract == "goal.toml" { String::new() } else { format!(" {contract}") };
        let hint =
            format!("`evident explain {}{named}` shows what was collected and what decided", open.name);
        writeln!(text, "{}", styled(style::FAINT, &hint)).expect("a string");
    }
    text
}

fn clause(text: &mut String, judged: &Judged, width: usize) {
    let (symbol, style) = symbol(judged);
    let proof = match (judged.passes(), judged.asserted) {
        (true, false) => "proven, ",
        (true, true) => "asserted, ",
        _ => "",
    };
    let name = format!("{:<width$}", judged.name);
    let reused = if judged.reused { ", reused" } else { "" };
    let faint =
        styled(style::FAINT, &format!("{proof}{} by {}{reused}", examined(judged), judged.checker.name));
    writeln!(
        text,
        "  {} {}  {}",
        styled(style, symbol),
        styled(style::STRONG, &name),
        judged.outcome.summary
    )
    .expect("a string");
    writeln!(text, "{INDENT}{}  {faint}", styled(style, &status(judged))).expect("a string");
    if judged.passes() {
        for doubt in &judged.doubts {
            writeln!(text, "{INDENT}{} {doubt}", styled(style::INCONCLUSIVE, "asserted:")).expect("a string");
        }
    }
    if let Some(fault) = &judged.fault {
        fault_lines(text, fault);
    }
    let weighty: Vec<&Finding> =
        judged.outcome.findings.iter().filter(|finding| finding.severity != Severity::Note).collect();
    for finding in weighty.iter().take(FINDINGS_SHOWN) {
        finding_lines(text, finding, MESSAGE_LINES_SHOWN);
    }
    let more = (weighty.len().saturating_sub(FINDINGS_SHOWN)) as u64 + judged.outcome.findings_dropped;
    if more > 0 {
        writeln!(text, "{INDENT}and {more} more").expect("a string");
    }
}

fn symbol(judged: &Judged) -> (&'static str, Style) {
    match judged.outcome.status {
        Status::Pass => ("✓", style::PASS),
        Status::Fail => ("✗", style::FAIL),
        Status::Inconclusive(_) => ("?", style::INCONCLUSIVE),
    }
}

fn examined(judged: &Judged) -> String {
    if judged.usage.is_none() {
        return "nothing examined".into();
    }
    let examined = &judged.outcome.examined;
    format!("{} {} examined", examined.count, unit(examined.count == 1, &examined.unit))
}

fn finding_lines(text: &mut String, finding: &Finding, lines_max: usize) {
    let style = match finding.severity {
        Severity::Error => style::FAIL,
        Severity::Warning => style::INCONCLUSIVE,
        Severity::Note => style::FAINT,
    };
    let place = finding.location.as_ref().map(ToString::to_string).filter(|place| !place.is_empty());
    let place = place.map(|place| styled(style::FAINT, &format!("  {place}"))).unwrap_or_default();
    let mut lines = finding.message.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next().unwrap_or_default();
    writeln!(text, "{INDENT}{} {first}{place}", styled(style, &finding.rule)).expect("a string");
    let rest: Vec<&str> = lines.collect();
    for line in rest.iter().take(lines_max) {
        writeln!(text, "{INDENT}  {}", styled(style::FAINT, &format!("{BAR}{line}"))).expect("a string");
    }
    if rest.len() > lines_max {
        writeln!(text, "{INDENT}  {}", styled(style::FAINT, "…")).expect("a string");
    }
}

fn fault_lines(text: &mut String, fault: &Fault) {
    for line in fault.last_words.lines() {
        writeln!(text, "{INDENT}{} {line}", styled(style::FAINT, "last words:")).expect("a string");
    }
    for (number, frame) in fault.guest_frames.iter().enumerate() {
        let head = if number == 0 { "in" } else { "by" };
        writeln!(text, "{INDENT}{}", styled(style::FAINT, &format!("{head} {frame}"))).expect("a string");
    }
}

pub(super) fn explanation(
    assessment: &Assessment,
    judged: &Judged,
    blobs: &Blobs,
    saved: &[PathBuf],
) -> String {
    let (symbol, colour) = symbol(judged);
    let mut text = format!(
        "{} {} {}: {}\n",
        styled(colour, symbol),
        judged.kind,
        styled(style::STRONG, &judged.name),
        styled(colour, &status(judged)),
    );
    writeln!(text, "{INDENT}{}", judged.outcome.summary).expect("a string");
    heading(&mut text, "what decided");
    writeln!(text, "  {}", decision(judged)).expect("a string");
    heading(&mut text, "what was collected");
    for evidence in sources(assessment, judged) {
        writeln!(text, "  {}  {}", evidence.origin.source, provenance(evidence)).expect("a string");
        writeln!(text, "{INDENT}at {}", time(evidence.origin.started)).expect("a string");
        for artifact in &evidence.artifacts {
            let size = show_size(artifact.size);
            let line = format!("{:<20} {size:>10}  {}", artifact.name, blobs.path(artifact.digest).display());
            writeln!(text, "{INDENT}{}", styled(style::FAINT, &line)).expect("a string");
        }
    }
    heading(&mut text, "what was examined");
    writeln!(text, "  {}", examined(judged)).expect("a string");
    for bound in &judged.bound {
        writeln!(
            text,
            "  slot `{}` = {}/{}: {} of {} bytes read",
            bound.slot, bound.source, bound.artifact, bound.read, bound.size
        )
        .expect("a string");
    }
    metrics(&mut text, judged);
    findings(&mut text, judged);
    attachments(&mut text, judged, saved);
    checker(&mut text, judged);
    text
}

/// What goes with the outcome, and where it was saved.
fn attachments(text: &mut String, judged: &Judged, saved: &[PathBuf]) {
    let attachments = &judged.outcome.attachments;
    if attachments.is_empty() {
        return;
    }
    heading(text, "what goes with it");
    for (at, attachment) in attachments.iter().enumerate() {
        let place = saved.get(at).map(|path| format!("  {}", path.display())).unwrap_or_default();
        let size = show_size(attachment.size);
        writeln!(text, "{INDENT}{:<32} {size:>10}{place}", attachment.name).expect("a string");
    }
    if saved.is_empty() {
        writeln!(text, "{INDENT}{}", styled(style::FAINT, "`--save FOLDER` writes them")).expect("a string");
    }
}

fn decision(judged: &Judged) -> String {
    match (judged.outcome.status, decisive(judged)) {
        (Status::Pass, _) if judged.asserted => {
            let doubts: Vec<String> = judged.doubts.iter().map(ToString::to_string).collect();
            format!("it passes, asserted and not proven: {}", doubts.join("; "))
        }
        (Status::Pass, _) => "it passes: nothing of what was examined speaks against it".into(),
        (Status::Fail, Some(finding)) => {
            format!("{}: {}", finding.rule, finding.message.lines().next().unwrap_or(""))
        }
        (Status::Fail, None) => "the checker's own judgement; it named no finding".into(),
        (Status::Inconclusive(reason), _) => format!("{reason}: {}", judged.outcome.summary),
    }
}

fn heading(text: &mut String, title: &str) {
    writeln!(text, "\n{}", styled(style::STRONG, title)).expect("a string");
}

fn metrics(text: &mut String, judged: &Judged) {
    if judged.outcome.metrics.is_empty() {
        return;
    }
    heading(text, "metrics");
    for metric in &judged.outcome.metrics {
        writeln!(text, "  {:<24} {}", metric.name, figure(metric)).expect("a string");
    }
}

fn figure(metric: &Metric) -> String {
    let is_one = metric.value.to_string() == "1";
    let mut text = format!("{} {}", metric.value, unit(is_one, &metric.unit)).trim_end().to_owned();
    if let Some(noise) = metric.noise {
        text += &format!(" ± {noise}");
    }
    if let Some(limit) = metric.limit {
        let relation = match metric.direction {
            Direction::Lower => "at most ",
            Direction::Higher => "at least ",
            Direction::None => "",
        };
        text += &format!(" (limit {relation}{limit})");
    }
    text
}

fn findings(text: &mut String, judged: &Judged) {
    let outcome = &judged.outcome;
    if outcome.findings.is_empty() {
        return;
    }
    heading(text, &format!("findings, {} of {}", outcome.findings.len(), outcome.findings_total()));
    for finding in &outcome.findings {
        finding_lines(text, finding, usize::MAX);
    }
}

fn checker(text: &mut String, judged: &Judged) {
    heading(text, "who judged");
    let checker = &judged.checker;
    writeln!(text, "  {} {}  {}", checker.name, checker.version, checker.digest).expect("a string");
    if let Some(usage) = judged.usage {
        let wall = show_duration(std::time::Duration::from_micros(usage.wall_us));
        let memory = show_size(usage.memory_bytes);
        writeln!(text, "  fuel {}, memory {memory}, {wall}", usage.fuel).expect("a string");
    }
    if let Some(fault) = &judged.fault {
        fault_lines(text, fault);
    }
    if !judged.log.is_empty() {
        heading(text, "log of the checker");
        for line in judged.log.lines() {
            writeln!(text, "  {}", format!("{BAR}{line}").trim_end()).expect("a string");
        }
    }
}
