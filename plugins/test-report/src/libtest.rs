//! Reads what `cargo test` prints: blocks of `running N tests`, one line per test, `test result: ...`.
//!
//! A test can print anything, also lines that look like results. So a block is only believed when its
//! cases, its announcement and its result line agree; this file never takes a count for a case.
//!
//! The format has no end: a text that ends behind a whole block is the whole of a smaller run. What
//! catches that is the exit code, which the host judges, and a baseline. Where cargo's own lines are
//! there too, a binary that it started and that printed no block is noticed.
//! Source of the format: rust-lang/rust `library/test/src/formatters/pretty.rs`.

use std::collections::BTreeMap;
use std::io::BufRead;

use evident_checker::Error;

use crate::failure_text::place_of_panic;
use crate::finding::{shown, tests};
use crate::lines::Lines;
use crate::report::{Case, Detail, Kind, Report, Status, append_bounded};

mod result_line;

use result_line::{ResultLine, result};

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
    parser.end_of_text(lines.has_nul());
    Ok(parser.report)
}

/// `running N tests`: how many.
pub(crate) fn announced(line: &str) -> Option<u64> {
    let rest = line.strip_prefix("running ")?;
    let number = rest.strip_suffix(" tests").or_else(|| rest.strip_suffix(" test"))?;
    number.parse().ok()
}

/// True for a line that only `cargo test` and its runner print, where it is not output of a test.
pub(crate) fn is_line(line: &str) -> bool {
    announced(line).is_some()
        || is_result(line)
        || is_cargo_failure(line)
        || case_line(line).is_some_and(|(_, rest)| exact(rest).is_some())
}

fn is_cargo_failure(line: &str) -> bool {
    line.starts_with("error: test failed") || line.starts_with("error: doctest failed")
}

/// True for the last line of a block.
pub(crate) fn is_result(line: &str) -> bool {
    result(line).is_some()
}

/// What cargo prints, on its standard error, before it starts a test binary.
const HEADERS: [&str; 2] = ["     Running ", "   Doc-tests "];

#[derive(Default)]
struct Parser {
    source: usize,
    report: Report,
    block: Option<Block>,
    blocks: usize,
    /// Test binaries that cargo says it runs.
    headers: usize,
    /// In how many blocks a name was seen: test binaries share names.
    seen: BTreeMap<String, Seen>,
    /// Cargo's own line about a test binary that failed.
    cargo_failure: bool,
    /// The last line outside any block may be the beginning of one that was cut off.
    cut_announcement: bool,
}

struct Seen {
    block: usize,
    times: usize,
}

#[derive(Default)]
struct Block {
    announced: u64,
    cases: Vec<Entry>,
    /// The test named last may still be running: what it prints comes before its result.
    pending: Option<Pending>,
    /// After `failures:` or `successes:` only captured output follows.
    in_output: bool,
    /// Index of the case whose captured output is being read.
    output_of: Option<usize>,
    /// A result line that does not agree, in case none does.
    disagreement: Option<String>,
    /// A line of `cargo test -q`, which has a character for each test.
    is_terse: bool,
}

struct Entry {
    name: String,
    outcome: Outcome,
    text: String,
}

struct Pending {
    name: String,
    /// The outcome at the end of the last line that could be one.
    candidate: Option<Outcome>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    TimedOut,
    Ignored,
    Measured,
}

impl Parser {
    fn line(&mut self, line: &str) {
        let in_output = self.block.as_ref().is_some_and(|block| block.in_output);
        if let Some(announced) = announced(line).filter(|_| !in_output) {
            self.give_up_block();
            self.cut_announcement = false;
            self.blocks += 1;
            self.block = Some(Block { announced, ..Block::default() });
            return;
        }
        let Some(block) = &mut self.block else {
            self.line_outside(line);
            return;
        };
        if let Some(result) = result(line) {
            block.settle();
            match block.compare(&result) {
                // Captured output may hold the result of another run: only the block's own one agrees.
                Err(message) if block.in_output => block.disagreement = Some(message),
                outcome => self.close_block(outcome.err()),
            }
        } else if block.in_output {
            block.captured(line);
        } else {
            block.line(line);
        }
    }

    fn line_outside(&mut self, line: &str) {
        self.headers += usize::from(HEADERS.iter().any(|header| line.starts_with(header)));
        if !line.trim().is_empty() {
            self.cut_announcement = self.may_announce(line);
        }
        if is_cargo_failure(line) {
            self.cargo_failure = true;
        } else if crate::nextest::is_line(line) {
            // No test runs here that could have printed it.
            let message =
                format!("`{}` is of `cargo nextest`: the text mixes two formats", shown(line.trim()));
            self.report.malformed(self.source, message);
        } else if result(line).is_some() {
            self.report.malformed(self.source, format!("`{line}` ends no block"));
        } else if let Some((name, rest)) = case_line(line)
            && let Some(outcome) = exact(rest)
        {
            // Part of a block whose beginning is missing, or that ended too early.
            self.report.malformed(self.source, format!("the result of `{name}` is outside any block"));
            if matches!(outcome, Outcome::Failed | Outcome::TimedOut) {
                let entry = Entry { name: name.into(), outcome, text: String::new() };
                self.push(&entry);
            }
        }
    }

    /// Whether a text that ends with this line was cut off before a block. What went to two outputs and
    /// was joined afterwards has all of cargo's lines at its end, and no more of them than blocks.
    fn may_announce(&self, line: &str) -> bool {
        let begins = |start: &&str| start.starts_with(line) || line.starts_with(*start);
        let is_cut_header =
            HEADERS.iter().any(|header| header.starts_with(line) && header.len() > line.len());
        begins(&"running ") || is_cut_header || (HEADERS.iter().any(begins) && self.headers > self.blocks)
    }

    fn close_block(&mut self, problem: Option<String>) {
        let Some(block) = self.block.take() else { return };
        if let Some(message) = problem {
            self.report.disagreement(self.source, message);
        }
        for entry in &block.cases {
            self.push(entry);
        }
    }

    /// Ends a block that has no result line of its own.
    fn give_up_block(&mut self) {
        if let Some(block) = &mut self.block {
            block.settle();
            let disagreement = block.disagreement.take();
            let unfinished = || {
                format!(
                    "a block of {} has no `test result:` line: the run was cut off{}",
                    tests(block.announced),
                    block.hint()
                )
            };
            let message = disagreement.unwrap_or_else(unfinished);
            self.close_block(Some(message));
        }
    }

    fn end_of_text(&mut self, nul: bool) {
        self.give_up_block();
        if nul {
            self.report.malformed(self.source, "the text has a NUL byte");
        }
        if self.block.is_none() && self.cut_announcement {
            self.report.malformed(self.source, "the text ends inside the first line of a block");
        }
        if self.blocks == 0 && self.report.problems.is_empty() {
            self.report.malformed(self.source, "there is no `running N tests` line");
        }
        if self.cargo_failure && !self.report.cases.iter().any(|case| case.status.is_bad()) {
            let message = "cargo says that a test failed, but no failed test is listed";
            self.report.malformed(self.source, message);
        }
    }

    fn push(&mut self, entry: &Entry) {
        let status = match entry.outcome {
            Outcome::Passed => Status::Passed,
            Outcome::Failed => Status::Failed,
            Outcome::TimedOut => Status::TimedOut,
            Outcome::Ignored => Status::Skipped,
            Outcome::Measured => return,
        };
        let id = self.id(&entry.name);
        let detail = (status.is_bad() || !entry.text.is_empty()).then(|| {
            let text = entry.text.trim().to_owned();
            let place = place_of_panic(&text);
            Box::new(Detail { text, place })
        });
        self.report.push(Case { id, status, kind: Kind::Test, source: self.source, detail });
    }

    /// The name, or `name#2` for the test of that name in a second binary.
    fn id(&mut self, name: &str) -> String {
        let block = self.blocks;
        let seen = self.seen.entry(name.into()).or_insert(Seen { block, times: 1 });
        if seen.block != block {
            *seen = Seen { block, times: seen.times + 1 };
        }
        if seen.times == 1 { name.into() } else { format!("{name}#{}", seen.times) }
    }
}

impl Block {
    fn line(&mut self, line: &str) {
        if let Some((name, rest)) = case_line(line) {
            self.settle();
            match exact(rest) {
                Some(outcome) => self.add(name, outcome, reason(rest)),
                None => self.pending = Some(Pending { name: name.into(), candidate: at_end(rest) }),
            }
        } else if line == "failures:" || line == "successes:" {
            self.settle();
            // Without a failed test the runner has no failures to list: a test printed the line.
            let bad = |entry: &Entry| matches!(entry.outcome, Outcome::Failed | Outcome::TimedOut);
            self.in_output = line == "successes:" || self.cases.iter().any(bad);
        } else if let Some(pending) = &mut self.pending {
            pending.candidate = exact(line).or_else(|| at_end(line)).or(pending.candidate);
        } else if let (Some(Outcome::Failed), Some(last)) = (exact(line), self.cases.last_mut()) {
            // The test itself printed `ok` where its result belongs; the runner says otherwise.
            last.outcome = Outcome::Failed;
        } else {
            self.is_terse |= is_terse(line);
        }
    }

    /// Collects the captured output of failed tests.
    fn captured(&mut self, line: &str) {
        let header = line
            .strip_prefix("---- ")
            .and_then(|rest| rest.strip_suffix(" stdout ----").or_else(|| rest.strip_suffix(" stderr ----")));
        if let Some(name) = header {
            self.output_of = self
                .cases
                .iter()
                .position(|entry| entry.name == bare_name(name) && entry.outcome == Outcome::Failed);
        } else if line == "failures:" {
            self.output_of = None;
        } else if let Some(at) = self.output_of {
            append_bounded(&mut self.cases[at].text, line);
            append_bounded(&mut self.cases[at].text, "\n");
        }
    }

    /// Decides the test that was still running. Without any result it stays out, and the counts tell.
    fn settle(&mut self) {
        if let Some(Pending { name, candidate: Some(outcome) }) = self.pending.take() {
            self.add(&name, outcome, "");
        }
    }

    fn add(&mut self, name: &str, outcome: Outcome, text: &str) {
        self.cases.push(Entry { name: name.into(), outcome, text: text.into() });
    }

    /// What to do about a block without names.
    fn hint(&self) -> &'static str {
        if self.is_terse && self.cases.is_empty() {
            "; `cargo test -q` (`--format terse`) prints no names: leave it out"
        } else {
            ""
        }
    }

    fn compare(&self, result: &ResultLine) -> Result<(), String> {
        let count = |wanted: &[Outcome]| {
            self.cases.iter().filter(|entry| wanted.contains(&entry.outcome)).count() as u64
        };
        let failed = count(&[Outcome::Failed, Outcome::TimedOut]);
        let listed =
            [count(&[Outcome::Passed]), failed, count(&[Outcome::Ignored]), count(&[Outcome::Measured])];
        let claimed = [result.passed, result.failed, result.ignored, result.measured];
        if listed != claimed {
            let in_words = |[passed, failed, ignored, measured]: [u64; 4]| {
                format!("{passed} passed, {failed} failed, {ignored} ignored, {measured} measured")
            };
            return Err(format!(
                "a result line claims {}, but its block lists {}{}",
                in_words(claimed),
                in_words(listed),
                self.hint()
            ));
        }
        let all: u64 = listed.iter().sum();
        if all != self.announced {
            return Err(format!("a block announces {} and lists {all}", tests(self.announced)));
        }
        if result.ok != (failed == 0) {
            return Err(format!("a result line says ok = {}, but {} failed", result.ok, tests(failed)));
        }
        Ok(())
    }
}

/// A line of the terse form, up to 88 characters and how far the run is: `.i..F. 88/200`.
fn is_terse(line: &str) -> bool {
    let (marks, progress) = line.split_once(' ').unwrap_or((line, "1/1"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    !marks.is_empty()
        && marks.bytes().all(|mark| matches!(mark, b'.' | b'F' | b'i' | b'b' | b'?'))
        && progress.trim_start().split_once('/').is_some_and(|(at, of)| is_number(at) && is_number(of))
}

/// `test NAME ... REST`.
fn case_line(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.strip_prefix("test ")?.split_once(" ... ").or_else(|| {
        // The test printed a line end at once.
        line.strip_prefix("test ")?.strip_suffix(" ...").map(|name| (name, ""))
    })?;
    Some((bare_name(name), rest))
}

/// The name without the mode that the runner appends for display.
fn bare_name(name: &str) -> &str {
    [" - should panic", " - compile fail", " - compile"]
        .iter()
        .find_map(|mode| name.strip_suffix(mode))
        .unwrap_or(name)
}

/// The outcome that a text is as a whole, apart from a duration in angle brackets.
fn exact(text: &str) -> Option<Outcome> {
    let text = text.trim_end();
    let text = match text.rsplit_once(" <") {
        Some((before, duration)) if duration.ends_with("s>") => before,
        _ => text,
    };
    match text {
        "ok" => Some(Outcome::Passed),
        "FAILED" => Some(Outcome::Failed),
        "FAILED (time limit exceeded)" => Some(Outcome::TimedOut),
        "ignored" => Some(Outcome::Ignored),
        _ if text.starts_with("ignored, ") => Some(Outcome::Ignored),
        _ if text.starts_with("bench: ") => Some(Outcome::Measured),
        _ => None,
    }
}

/// The outcome behind what a test printed without a line end.
fn at_end(text: &str) -> Option<Outcome> {
    let text = text.trim_end();
    if text.ends_with("FAILED") {
        Some(Outcome::Failed)
    } else if text.ends_with("ok") {
        Some(Outcome::Passed)
    } else {
        None
    }
}

fn reason(rest: &str) -> &str {
    rest.strip_prefix("ignored, ").unwrap_or("")
}
