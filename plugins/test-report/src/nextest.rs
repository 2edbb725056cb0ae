//! Reads what `cargo nextest run` prints for people: a status line per attempt, and a summary.
//!
//! Output of tests is printed among the status lines, so the run is only believed when the cases agree
//! with the summary. Ids are those of nextest's own JUnit report: `binary-id::test name`.
//! Source of the format: nextest-rs/nextest `nextest-runner/src/reporter/displayer/`.

use std::collections::BTreeMap;
use std::io::BufRead;

use evident_checker::Error;

use crate::failure_text::place_of_panic;
use crate::finding::shown;
use crate::libtest;
use crate::lines::Lines;
use crate::report::{Case, Detail, Kind, Report, Status, append_bounded};

mod status_line;
mod summary;

use status_line::{Attempt, StatusLine, Word};
use summary::Summary;
pub(crate) use summary::is_summary;

/// True for a line that only nextest prints, where it is not output of a test.
pub(crate) fn is_line(line: &str) -> bool {
    is_start(line) || is_summary(line) || status_line::parse(line).is_some()
}

/// True for a line with which a run begins.
pub(crate) fn is_start(line: &str) -> bool {
    let start = line.trim_start();
    let counted =
        |rest: &str| rest.starts_with(|next: char| next.is_ascii_digit()) && rest.contains(" across ");
    start.starts_with("Nextest run ID ") || start.strip_prefix("Starting ").is_some_and(counted)
}

/// Reads a whole text.
///
/// # Errors
/// When the artifact cannot be read.
pub(crate) fn read<R: BufRead>(reader: R, source: usize) -> Result<Report, Error> {
    let mut lines = Lines::new(reader);
    let mut parser = Parser { source, ..Parser::default() };
    while let Some(line) = lines.next()? {
        parser.line(&line);
    }
    Ok(parser.finish(lines.has_nul()))
}

#[derive(Default)]
struct Parser {
    source: usize,
    report: Report,
    tests: BTreeMap<String, Test>,
    summary: Option<Summary>,
    /// The test whose output follows.
    output_of: Option<String>,
    output: Output,
    setup_failures: u64,
}

/// Whether lines that are not nextest's own may be what a test printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Output {
    #[default]
    None,
    /// A test runs and may print: `--no-capture`.
    Uncaptured,
    /// Behind a header; its first line will tell whether nextest indents it.
    Captured,
    Indented,
}

/// What the attempts of one test came to.
#[derive(Default)]
struct Test {
    /// The worst of the final attempts: there is one, unless a test printed a line like a result.
    last: Option<Status>,
    failed_before: bool,
    /// nextest's `flaky-result = "fail"`.
    flaky_is_failure: bool,
    text: String,
}

impl Parser {
    fn line(&mut self, line: &str) {
        if is_summary(line) {
            self.summary_line(line);
        } else if let Some(status_line) = status_line::parse(line) {
            self.status_line(&status_line);
        } else {
            self.other_line(line);
        }
    }

    fn other_line(&mut self, line: &str) {
        self.follow_output(line);
        if matches!(self.output, Output::None | Output::Indented) && libtest::is_line(line) {
            let message = format!("`{}` is of `cargo test`: the text mixes two formats", shown(line));
            self.report.malformed(self.source, message);
        }
        if let Some(test) = self.output_of.as_ref().and_then(|id| self.tests.get_mut(id)) {
            let text = line.strip_prefix("    ").unwrap_or(line);
            if text.trim_start().starts_with("stderr ───") && !test.text.contains(" panicked at ") {
                // What a failing Rust test says about itself is on its standard error.
                test.text.clear();
            } else if !text.trim_start().starts_with("stdout ───") {
                append_bounded(&mut test.text, text);
                append_bounded(&mut test.text, "\n");
            }
        }
    }

    fn follow_output(&mut self, line: &str) {
        let start = line.trim_start();
        let headers = ["stdout ───", "stderr ───", "output ───", "--- STDOUT:", "--- STDERR:", "--- OUTPUT:"];
        if headers.iter().any(|header| start.starts_with(header)) {
            self.output = Output::Captured;
        } else if self.output == Output::Captured && !start.is_empty() && line.starts_with("    ") {
            self.output = Output::Indented;
        }
    }

    fn summary_line(&mut self, line: &str) {
        self.output_of = None;
        self.output = Output::None;
        if self.summary.is_some() {
            self.report.malformed(self.source, "there is more than one summary line");
        }
        match summary::parse(line) {
            Some(summary) => self.summary = Some(summary),
            None => {
                self.report
                    .malformed(self.source, format!("`{}` is not a summary that is known", line.trim()));
            }
        }
    }

    fn status_line(&mut self, line: &StatusLine<'_>) {
        self.output = match line.word {
            Word::Started => Output::Uncaptured,
            // A slow test goes on printing.
            Word::Unfinished if self.output == Output::Uncaptured => Output::Uncaptured,
            _ => Output::None,
        };
        if line.word == Word::SetupFailed {
            let case = Case {
                id: format!("setup-script::{}", line.id),
                status: Status::Errored,
                kind: Kind::Fault,
                source: self.source,
                detail: None,
            };
            self.report.push(case);
            self.setup_failures += 1;
            return;
        }
        let recap = self.summary.is_some();
        if recap && !self.tests.contains_key(&line.id) {
            self.report.malformed(self.source, format!("`{}` is listed only after the summary", line.id));
        }
        let test = self.tests.entry(line.id.clone()).or_default();
        // The recapitulation names last attempts only.
        test.attempt(line.word, if recap { Attempt::Final } else { line.attempt });
        let keeps_text = !recap && line.word.is_bad() && test.text.is_empty();
        self.output_of = keeps_text.then(|| line.id.clone());
    }

    fn finish(mut self, nul: bool) -> Report {
        if nul {
            self.report.malformed(self.source, "the text has a NUL byte");
        }
        for (id, test) in std::mem::take(&mut self.tests) {
            self.close_test(id, &test);
        }
        match self.summary.take() {
            Some(summary) => {
                let listed = self.report.counts();
                if let Err(message) = summary.compare(listed, self.setup_failures) {
                    self.report.disagreement(self.source, message);
                }
                self.report.skipped_unnamed = summary.skipped.saturating_sub(listed.skipped);
            }
            None => self.report.malformed(self.source, "there is no `Summary` line: the run was cut off"),
        }
        self.report
    }

    fn close_test(&mut self, id: String, test: &Test) {
        let Some(last) = test.last else {
            // Only attempts that were to be followed by another one: the run ended in between.
            if test.failed_before {
                self.report.malformed(self.source, format!("`{id}` has no final attempt"));
            }
            return;
        };
        let status = match last {
            Status::Passed | Status::Flaky if test.flaky_is_failure => Status::Failed,
            Status::Passed if test.failed_before => Status::Flaky,
            status => status,
        };
        let detail = (!matches!(status, Status::Passed | Status::Skipped)).then(|| {
            let text = test.text.trim().to_owned();
            let place = place_of_panic(&text);
            Box::new(Detail { text, place })
        });
        self.report.push(Case { id, status, kind: Kind::Test, source: self.source, detail });
    }
}

impl Test {
    fn attempt(&mut self, word: Word, attempt: Attempt) {
        let status = match word {
            Word::Passed => Status::Passed,
            Word::Failed => Status::Failed,
            Word::TimedOut => Status::TimedOut,
            Word::Errored => Status::Errored,
            Word::Skipped => Status::Skipped,
            Word::Flaky => Status::Flaky,
            Word::FlakyFailed => {
                self.flaky_is_failure = true;
                return;
            }
            Word::SetupFailed | Word::Started | Word::Unfinished => return,
        };
        if attempt == Attempt::Followed {
            self.failed_before |= status.is_bad();
        } else {
            self.last = Some(self.last.map_or(status, |last| last.max(status)));
        }
    }
}
