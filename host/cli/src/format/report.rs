//! The report of a goal: for a person, a program, or a page.

use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;

use evident_core::contract::values::show_duration;
use evident_core::goal::budget::Line;
use evident_core::goal::event::{ClauseResult, ClauseStatus};
use evident_core::goal::report::Report;
use evident_core::goal::state::State;
use evident_core::text;
use serde_json::json;

use super::goal::state_style;
use super::inline::inline;
use super::markdown::linked;
use super::page::{self, number};
use crate::ui::{style, styled};

/// Width of the column of names.
const NAMES: usize = 12;

/// For a person: the state last, where whoever ran the goal looks first. `saved` are the files of the
/// attachments, in their order, where they were saved.
pub(crate) fn human(report: &Report, saved: &[PathBuf]) -> String {
    let mut page = String::new();
    let name = styled(style::STRONG, &text::line(&report.name));
    writeln!(page, "{name}  {}", styled(style::FAINT, &named(report))).expect("a string");
    page::text(&mut page, &text::message(&report.objective));
    page.push('\n');
    for (title, clauses, colour) in groups(report) {
        page::heading(&mut page, colour, title);
        for clause in clauses {
            page::row(&mut page, NAMES, &clause.name, &clause_text(report, clause));
        }
    }
    attachments(&mut page, report, saved);
    for (title, lines) in lists(report) {
        page::heading(&mut page, style::STRONG, title);
        lines.iter().for_each(|line| page::entry(&mut page, line));
    }
    let used: Vec<(&str, String)> = report.budget.iter().filter_map(used).collect();
    if !used.is_empty() {
        page::heading(&mut page, style::STRONG, "used");
        used.iter().for_each(|(name, figures)| page::row(&mut page, NAMES, name, figures));
    }
    let state = styled(state_style(report.state), &report.state.to_string());
    writeln!(page, "\n{state}{}", detail(report)).expect("a string");
    page
}

/// What goes with the outcomes: where it was saved, or how it can be.
fn attachments(page: &mut String, report: &Report, saved: &[PathBuf]) {
    if report.attachments().next().is_none() {
        return;
    }
    page::heading(page, style::STRONG, "what goes with it");
    for (at, (clause, attachment)) in report.attachments().enumerate() {
        let place = saved.get(at).map(|path| path.display().to_string());
        page::row(page, NAMES, clause, place.as_deref().unwrap_or(&attachment.name));
    }
    if saved.is_empty() {
        let id = &report.goal[..8];
        page::entry(page, &format!("`evident goal report {id} --save FOLDER` writes them"));
    }
}

/// For a program: one document.
pub(crate) fn document(report: &Report) -> String {
    super::pretty(&value(report))
}

/// For a program that reads lines: the report under a key that no event has.
pub(crate) fn line(report: &Report) -> String {
    super::line(&json!({ "version": report.version, "report": value(report) }))
}

/// For a page or a pull request. `saved` as for a person.
pub(crate) fn markdown(report: &Report, saved: &[PathBuf]) -> String {
    let mut page = format!("## {}: {}\n\n", inline(&text::line(&report.name)), report.state);
    writeln!(page, "{}\n", inline(&text::message(&report.objective))).expect("a string");
    page += "| | clause | outcome | summary |\n|---|---|---|---|\n";
    for (title, clauses, _) in groups(report) {
        for clause in clauses {
            let symbol = match clause.status {
                ClauseStatus::Pass => "✅",
                ClauseStatus::Fail => "❌",
                ClauseStatus::Inconclusive => "❔",
            };
            let (name, summary) = (inline(&clause.name), inline(&clause_text(report, clause)));
            writeln!(page, "| {symbol} | {name} | {title} | {summary} |").expect("a string");
        }
    }
    if report.attachments().next().is_some() {
        page += "\n| clause | attachment | bytes |\n|---|---|---|\n";
    }
    for (at, (clause, attachment)) in report.attachments().enumerate() {
        let (clause, name) = (inline(clause), linked(&attachment.name, saved.get(at)));
        writeln!(page, "| {clause} | {name} | {} |", attachment.size).expect("a string");
    }
    for (title, lines) in lists(report) {
        writeln!(page, "\n### {title}\n").expect("a string");
        lines.iter().for_each(|line| writeln!(page, "- {}", inline(line)).expect("a string"));
    }
    page += "\n| budget | used |\n|---|---|\n";
    for (name, figures) in report.budget.iter().filter_map(used) {
        writeln!(page, "| {name} | {} |", inline(&figures)).expect("a string");
    }
    let detail =
        if report.detail.is_empty() { String::new() } else { format!(": {}", inline(&report.detail)) };
    writeln!(page, "\n**{}{detail}** ({})", report.state, inline(&format!("goal {}", named(report))))
        .expect("a string");
    page
}

fn value(report: &Report) -> serde_json::Value {
    serde_json::to_value(report).expect("a report has a JSON form")
}

fn groups(report: &Report) -> impl Iterator<Item = (&'static str, &[ClauseResult], anstyle::Style)> {
    let groups = [
        ("proven", report.proven.as_slice(), style::PASS),
        ("asserted", report.asserted.as_slice(), style::INCONCLUSIVE),
        ("not proven", report.not_proven.as_slice(), style::FAIL),
    ];
    groups.into_iter().filter(|(_, clauses, _)| !clauses.is_empty())
}

fn clause_text(report: &Report, clause: &ClauseResult) -> String {
    let held = clause.status == ClauseStatus::Pass && report.held_before.contains(&clause.name);
    let before = if held { " (held before any work)" } else { "" };
    let reason = clause.reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
    let doubts = match clause.status == ClauseStatus::Pass && !clause.doubts.is_empty() {
        true => format!(" ({})", clause.doubts.join("; ")),
        false => String::new(),
    };
    format!("{}{reason}{before}{doubts}", clause.summary)
}

/// What is told in words, with its titles; empty lists are left out.
fn lists(report: &Report) -> impl Iterator<Item = (&'static str, Vec<String>)> {
    let tried = report.tried.iter().map(|note| format!("turn {}: {}", note.turn, note.text)).collect();
    // Whoever reads that a goal is complete needs not be told how to go on.
    let needed = if report.state == State::Complete { Vec::new() } else { report.needed.clone() };
    let lists = [
        ("tried, as the agent says", tried),
        ("hypotheses, as the agent says", report.hypotheses.clone()),
        ("about the contract", report.about_contract.clone()),
        ("needed from a person", needed),
    ];
    lists.into_iter().filter(|(_, lines)| !lines.is_empty())
}

/// The goal, and how far host and agent are apart, once there was an agent.
fn named(report: &Report) -> String {
    let id = &report.goal[..8];
    if report.assurance.is_empty() { id.to_owned() } else { format!("{id}, {}", report.assurance) }
}

fn detail(report: &Report) -> String {
    if report.detail.is_empty() { String::new() } else { format!(": {}", report.detail) }
}

/// The name of a budget and what is used of it; nothing where there is nothing to tell.
pub(super) fn used(line: &Line) -> Option<(&'static str, String)> {
    if line.used == 0 && line.limit.is_none() {
        return None;
    }
    let used = if line.known { figure(line.name, line.used) } else { "unknown".into() };
    let limit = line.limit.map(|limit| format!(" of {}", figure(line.name, limit))).unwrap_or_default();
    Some((line.name, format!("{used}{limit}")))
}

fn figure(name: &str, value: u64) -> String {
    match name {
        "wall" => show_duration(Duration::from_millis(value)),
        "cost" => format!("${}.{:04}", value / 1_000_000, value % 1_000_000 / 100),
        _ => number(value),
    }
}
