//! Shows the problems of a contract: each with its place in the text, its code and a hint.

use evident_core::problem::{Problem, Severity};
use evident_core::text;
use evident_engine::Opened;
use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, Severity as MietteSeverity,
    SourceCode,
};
use serde::Serialize;
use serde_json::json;

use crate::format::{self, GoalFormat};
use crate::ui;

/// Columns of a diagnostic where no terminal says how wide it is.
const WIDTH: usize = 100;

/// Prints every problem to stderr, and how many there are.
pub(crate) fn print(opened: &Opened) {
    if opened.problems.is_empty() {
        return;
    }
    let theme = if ui::coloured() { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(WIDTH);
    let source = NamedSource::new(opened.file.path.display().to_string(), text::masked(&opened.file.text));
    let mut text = String::new();
    for problem in &opened.problems {
        let shown = Shown { problem, source: &source };
        handler.render_report(&mut text, &shown).expect("writing to a string");
        text.push('\n');
    }
    text += &format!("{}: {}\n", opened.file.path.display(), counted(&opened.problems));
    ui::chatter(&text);
}

/// Tells a program that a contract is refused: the document of lint, where the result would stand.
pub(crate) fn refused(opened: &Opened, format: GoalFormat) -> anyhow::Result<()> {
    let report = report(opened);
    match format {
        GoalFormat::Human => Ok(()),
        GoalFormat::Json => ui::result(&format::pretty(&report)),
        GoalFormat::Jsonl => ui::result(&format::line(&json!({ "version": report.version, "lint": report }))),
    }
}

/// `2 errors, 1 warning`.
pub(crate) fn counted(problems: &[Problem]) -> String {
    let count = |severity| problems.iter().filter(|problem| problem.rule.severity() == severity).count();
    let words = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    match (count(Severity::Error), count(Severity::Warning)) {
        (0, 0) => "no problems".into(),
        (errors, 0) => words(errors, "error"),
        (0, warnings) => words(warnings, "warning"),
        (errors, warnings) => format!("{}, {}", words(errors, "error"), words(warnings, "warning")),
    }
}

#[derive(Debug)]
struct Shown<'a> {
    problem: &'a Problem,
    source: &'a NamedSource<String>,
}

impl std::fmt::Display for Shown<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&text::line(&self.problem.message))
    }
}

impl std::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        Some(Box::new(self.problem.rule.code()))
    }

    fn severity(&self) -> Option<MietteSeverity> {
        Some(match self.problem.rule.severity() {
            Severity::Error => MietteSeverity::Error,
            Severity::Warning => MietteSeverity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        let hint = self.problem.hint.as_ref()?;
        Some(Box::new(text::line(hint)))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.problem.span.clone();
        Some(Box::new(std::iter::once(LabeledSpan::underline(span))))
    }
}

/// The JSON form of lint: version 1.
#[derive(Serialize, schemars::JsonSchema)]
#[schemars(title = "evident lint, version 1")]
pub(crate) struct LintReport {
    /// Version of this form: 1.
    version: u32,
    /// True if nothing refuses the contract.
    sound: bool,
    /// In the order of the text.
    pub(crate) problems: Vec<PlacedProblem>,
}

#[derive(Serialize, schemars::JsonSchema)]
pub(crate) struct PlacedProblem {
    /// Code of the rule.
    code: &'static str,
    /// `error` or `warning`.
    severity: &'static str,
    /// The first line is 1.
    line: usize,
    /// In characters; the first is 1.
    column: usize,
    message: String,
    hint: Option<String>,
}

/// Problems as data.
pub(crate) fn report(opened: &Opened) -> LintReport {
    let problems = opened.problems.iter().map(|problem| {
        let (line, column) = place(&opened.file.text, problem.span.start);
        PlacedProblem {
            code: problem.rule.code(),
            severity: match problem.rule.severity() {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            line,
            column,
            message: text::line(&problem.message),
            hint: problem.hint.as_deref().map(text::line),
        }
    });
    LintReport { version: 1, sound: opened.is_sound(), problems: problems.collect() }
}

fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}
