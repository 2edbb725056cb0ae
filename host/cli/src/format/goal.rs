//! Goals for a person: lists, one as it is now, budgets, waits, answers.

use std::fmt::Write;
use std::time::Duration;

use evident_core::agent::Answer;
use evident_core::contract::terms::{Budget, Wake, WakeOn};
use evident_core::contract::values::show_duration;
use evident_core::evidence::Timestamp;
use evident_core::goal::budget::{self, Line};
use evident_core::goal::continuation::Rule;
use evident_core::goal::event::TurnKind;
use evident_core::goal::prompt;
use evident_core::goal::state::State;
use evident_core::goal::{Goal, InFlight};
use evident_core::text;
use evident_engine::goals::Listed;
use evident_engine::store::Owner;

use super::page::{self, counted};
use super::report::used;
use crate::ui::{style, styled};

/// Cells of a budget bar.
const BAR_CELLS: u64 = 10;

/// Width of the column of labels.
const LABELS: usize = 10;

/// Bytes of a message of the owner in a list.
const MESSAGE_BYTES: usize = 200;

/// A line for each goal. `now` is the wall clock.
pub(crate) fn list(goals: &[Listed], now: Timestamp) -> String {
    let name = |goal: &Listed| text::line(&goal.name);
    let names = goals.iter().map(|goal| name(goal).chars().count()).max().unwrap_or(0);
    let words = goals.iter().map(|goal| word(goal).chars().count()).max().unwrap_or(0);
    let mut page = String::new();
    for goal in goals {
        let passing = goal.passing.map_or_else(|| "-".into(), |(passing, all)| format!("{passing}/{all}"));
        let word = format!("{} {:<words$}", glyph(goal.state, goal.waiting), word(goal));
        writeln!(
            page,
            "{}  {:<names$}  {}  {passing:>5}  {:>9}  {:>7}  {}",
            &goal.id[..8],
            name(goal),
            styled(state_style(goal.state), &word),
            counted(goal.turns.into(), "turn"),
            age(goal.updated, now),
            text::name(&goal.workspace),
        )
        .expect("a string");
    }
    page
}

/// The state in a word, and what of it needs somebody.
fn word(goal: &Listed) -> String {
    match (goal.approvals, goal.waiting) {
        (0, true) => "waiting".into(),
        (0, false) => goal.state.to_string(),
        _ => "needs a person".into(),
    }
}

/// A state as one sign.
fn glyph(state: State, waiting: bool) -> &'static str {
    match state {
        State::Active if waiting => "○",
        State::Active => "●",
        State::Paused => "‖",
        State::Blocked(_) => "✗",
        State::BudgetLimited | State::UsageLimited => "!",
        State::Complete => "✓",
        State::Cleared => "-",
    }
}

/// How long ago, in the largest unit: for a list.
fn age(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.0.saturating_sub(then.0) / 1000;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// A goal as it is now.
pub(crate) fn show(goal: &Goal, owner: Option<&Owner>) -> String {
    let mut page = String::new();
    let glyph = glyph(goal.state, goal.is_waiting());
    let state = styled(state_style(goal.state), &format!("{glyph} {}", goal.state));
    let name = styled(style::STRONG, &text::line(&goal.name));
    writeln!(page, "{name}  {}  {state}", styled(style::FAINT, &goal.id[..8])).expect("a string");
    page::text(&mut page, &text::message(&goal.objective));
    page.push('\n');
    page::row(&mut page, LABELS, "why", if goal.detail.is_empty() { "-" } else { &goal.detail });
    if let Some(turn) = &goal.turn {
        page::row(&mut page, LABELS, "turn", &turn_line(turn));
    }
    if let Some(waiting) = &goal.waiting {
        page::row(&mut page, LABELS, "waits", &wake(&waiting.wake));
    }
    let owned = owner.map_or_else(|| "nobody drives it".into(), owned);
    page::row(&mut page, LABELS, "host", &owned);
    clauses(&mut page, goal);
    budgets(&mut page, goal);
    approvals(&mut page, goal);
    if !goal.messages.is_empty() {
        page::heading(&mut page, style::STRONG, "messages that the agent has not seen");
        for message in &goal.messages {
            page::entry(&mut page, &text::clean(&message.text, MESSAGE_BYTES, text::Lines::Join));
        }
    }
    whereabouts(&mut page, goal);
    page
}

/// Who owns a goal, in a few words.
pub(crate) fn owned(owner: &Owner) -> String {
    format!("{}, process {}", owner.label, owner.process.id)
}

fn turn_line(turn: &InFlight) -> String {
    let took = show_duration(Duration::from_millis(turn.spent.wall_ms));
    let asked = if turn.taken { "" } else { ", not taken by the agent yet" };
    let ended = if turn.interrupted.is_some() { ", being ended" } else { "" };
    format!("{} {}, {took} so far{asked}{ended}", turn.turn, turn_kind(turn.kind))
}

/// Why a turn runs, as a verb.
pub(crate) fn turn_kind(kind: TurnKind) -> &'static str {
    match kind {
        TurnKind::First => "begins",
        TurnKind::Continuation => "goes on",
        TurnKind::Revised => "is told of the revised contract",
        TurnKind::Message => "has a message of the owner",
        TurnKind::WrapUp => "wraps up: the budget is used up",
    }
}

fn clauses(page: &mut String, goal: &Goal) {
    let Some(assessed) = goal.newest() else { return };
    let old = if goal.is_assessed() { "" } else { ", of an older tree or contract" };
    page::heading(page, style::STRONG, &format!("last outcome{old}"));
    for clause in &assessed.clauses {
        page::entry(page, &prompt::clause_line(clause));
        if !clause.attachments.is_empty() {
            let names: Vec<&str> =
                clause.attachments.iter().map(|attachment| attachment.name.as_str()).collect();
            page::entry(page, &format!("  with {}", names.join(", ")));
        }
    }
    if assessed.clauses.iter().any(|clause| !clause.attachments.is_empty()) {
        page::entry(page, &format!("`evident goal report {} --save FOLDER` writes them", &goal.id[..8]));
    }
}

fn budgets(page: &mut String, goal: &Goal) {
    let lines = budget::lines(&goal.terms.budget, &goal.spent, goal.capabilities);
    let rows: Vec<_> = lines.iter().filter_map(|line| Some((used(line)?, bar(line)))).collect();
    if rows.is_empty() {
        return;
    }
    page::heading(page, style::STRONG, "used");
    for ((name, figures), bar) in rows {
        let bar = bar.map(|bar| format!("{bar}  ")).unwrap_or_default();
        page::row(page, LABELS, name, &format!("{bar}{figures}"));
    }
}

fn approvals(page: &mut String, goal: &Goal) {
    if goal.approvals.is_empty() {
        return;
    }
    page::heading(page, style::INCONCLUSIVE, "needs a person");
    for approval in &goal.approvals {
        page::entry(page, &format!("{} ({})", text::line(&approval.ask.act.to_string()), approval.why));
        for command in approval_commands(goal, &approval.ask.id) {
            writeln!(page, "    {command}").expect("a string");
        }
    }
}

/// How a question is answered. Its id is the agent's: where a shell would read it, it is left out.
pub(crate) fn approval_commands(goal: &Goal, ask: &str) -> [String; 2] {
    let goal = &goal.id[..8];
    let argument = super::command(&[ask.to_owned()]);
    [format!("evident approve {goal} {argument}"), format!("evident deny {goal} {argument}")]
}

fn whereabouts(page: &mut String, goal: &Goal) {
    page::heading(page, style::STRONG, "where");
    let mut row = |label: &str, value: &str| page::row(page, LABELS, label, value);
    row("goal", &goal.id);
    row("thread", &goal.thread);
    row("contract", &format!("{}, revision {}", text::name(&goal.contract_path), goal.revision));
    row("workspace", &text::name(&goal.workspace));
    if let Some(driver) = &goal.driver {
        row("agent", &format!("{driver}, {}", goal.assurance));
    }
    if let Some(session) = &goal.session {
        row("session", &text::name(session));
    }
    row("created", &super::time(goal.created));
    row("updated", &super::time(goal.updated));
}

/// What is used of each budget of which a tenth is used, as bars; empty without one.
pub(crate) fn budget_line(budget: &Budget, goal: &Goal) -> String {
    let lines = budget::lines(budget, &goal.spent, goal.capabilities);
    let bars = lines.iter().filter_map(|line| {
        line.limit?;
        if !line.known {
            return Some(format!("  {} ?", line.name));
        }
        bar(line).filter(|_| filled(line) > 0).map(|bar| format!("  {} {bar}", line.name))
    });
    bars.collect()
}

/// What is used, in cells; nothing where there is no limit or no figure.
fn bar(line: &Line) -> Option<String> {
    line.limit.filter(|_| line.known)?;
    let cells = |count: u64, cell: &str| cell.repeat(usize::try_from(count).unwrap_or(0));
    Some(format!("{}{}", cells(filled(line), "█"), cells(BAR_CELLS - filled(line), "░")))
}

fn filled(line: &Line) -> u64 {
    let cells = line.limit.and_then(|limit| line.used.saturating_mul(BAR_CELLS).checked_div(limit));
    cells.unwrap_or(BAR_CELLS).min(BAR_CELLS)
}

/// The colour of a state.
pub(crate) fn state_style(state: State) -> anstyle::Style {
    match state {
        State::Complete => style::PASS,
        State::Active | State::Paused | State::Cleared => style::STRONG,
        State::Blocked(_) | State::BudgetLimited | State::UsageLimited => style::FAIL,
    }
}

/// An answer to the agent, in a few words.
pub(crate) fn answer(answer: &Answer) -> String {
    match answer {
        Answer::Allow => "allowed".into(),
        Answer::Deny(why) => format!("refused: {why}"),
    }
}

/// What is waited for, in a few words.
pub(crate) fn wake(wake: &Wake) -> String {
    let every = show_duration(Duration::from_millis(wake.every_ms));
    match &wake.on {
        WakeOn::At(time) => format!("until {}", super::time(*time)),
        WakeOn::Every => format!("for {every}"),
        WakeOn::Files(globs) => format!("for a change of {}, looked at every {every}", globs.join(", ")),
        WakeOn::PidFile(path) => format!("for the end of the process in {path}"),
        WakeOn::Source(name) => format!("for other evidence of {name}, every {every}"),
    }
}

/// Why nothing happens just now.
pub(crate) fn waits_for(rule: Rule, goal: &Goal) -> String {
    match rule {
        Rule::BackOff => "pauses: turns without progress are further and further apart".into(),
        Rule::Driver => "pauses before it tries the agent again".into(),
        Rule::NotActive => format!("the goal is {}: {}", goal.state, goal.detail),
        other => other.word().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_never_longer_than_its_limit() {
        let line = |used, limit| Line { name: "turns", used, limit, known: true };
        let bars = [line(0, Some(3)), line(2, Some(3)), line(9, Some(3)), line(1, Some(0)), line(1, None)];
        let cells = [0, 6, 10, 10];
        let expected = cells.map(|full| Some(format!("{}{}", "█".repeat(full), "░".repeat(10 - full))));
        assert_eq!(bars.map(|line| bar(&line))[..4], expected);
        assert_eq!(bar(&bars[4]), None);
        assert_eq!(bar(&Line { known: false, ..bars[1] }), None, "a figure that nobody knows has no bar");
    }

    #[test]
    fn an_age_is_told_in_its_largest_unit() {
        let ages = [0, 59_999, 60_000, 3_600_000, 86_400_000];
        let told = ages.map(|milliseconds| age(Timestamp(0), Timestamp(milliseconds)));
        assert_eq!(told, ["0 s", "59 s", "1 min", "1 h", "1 d"]);
        assert_eq!(age(Timestamp(5), Timestamp(0)), "0 s", "a clock that was set back");
    }
}
