//! One `<testcase>` while it is open: its attributes, and the worst outcome of its children.
//!
//! Text is kept for outcomes that a person will read, within the bound of a finding, and for no others.

use quick_xml::events::BytesStart;

use crate::failure_text::place_of_panic;
use crate::report::{Detail, Status, append_bounded};

use super::attributes::{Attributes, KEY_BYTES_MAX, folded, value};
use super::producer::Producer;
use super::{Stop, malformed};

/// A case whose end tag has not come yet. Reused for the next one, so that a passing case allocates nothing
/// but its id.
#[derive(Default)]
pub(super) struct OpenCase {
    name: String,
    class: String,
    file: String,
    has_file: bool,
    line: Option<u32>,
    /// The worst of everything but its failures and errors.
    status: Option<Status>,
    /// The worst of its failures, and of its errors.
    failure: Option<Status>,
    error: Option<Status>,
    excuse: Option<Excuse>,
    warned: bool,
    unknown_status: Option<String>,
    pub(super) figures: Figures,
    text: String,
    /// Whose text it is.
    text_of: Option<Outcome>,
    /// Whether the text of the open outcome element is taken.
    takes_text: bool,
}

/// Words of a status for what did not get to an end: behave, Ginkgo and others.
const ERRORED: &[&str] = &[
    "error",
    "errored",
    "aborted",
    "broken",
    "undefined",
    "ambiguous",
    "hook_error",
    "cleanup_error",
    "panicked",
    "interrupted",
];

/// Words of a status for what shows nothing. NUnit: `Inconclusive`, and `Warning` of a test that may have been left
/// early. behave: `untested`, behind a scenario that ended the run.
const SKIPPED: &[&str] = &[
    "skipped",
    "skip",
    "ignored",
    "pending",
    "todo",
    "xfail",
    "xfailed",
    "inconclusive",
    "warning",
    "untested",
];

/// The name of a failure that has none.
const NAMELESS: &str = "(nameless)";

/// The class that `node:test` gives every case.
const NODE: &str = "test";

/// What its elements and attributes count.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Figures {
    /// Failures and errors, whether they are excused or not.
    pub(super) bad: u64,
    pub(super) skipped: u64,
    /// Failed attempts beside the outcome.
    pub(super) attempts: u64,
    pub(super) assertions: u64,
}

/// Why failures of a case are announced work and no regression: the runner did not count them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Excuse {
    /// A `todo` of `node:test`, as in TAP.
    Todo,
    /// A test of Catch2 that may or should fail.
    MayFail,
}

/// What a child element says about its case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Failed,
    Errored,
    Skipped,
    /// Surefire and nextest: an attempt that failed, where the test passed in the end.
    FlakyAttempt,
    /// The same where it failed in the end.
    FailedAttempt,
    /// PHPUnit 9: a test that passed beside a warning, or one that was ended by it. The exit code is 0 for both.
    Warned,
}

impl Outcome {
    /// Sources: the Jenkins and Surefire schemas, nextest's `junit.md`, and `Util/Log/JUnit.php` of PHPUnit 9.
    pub(super) fn of_element(name: &str) -> Option<Self> {
        Some(match name {
            "failure" => Self::Failed,
            "error" => Self::Errored,
            "skipped" | "skip" | "ignored" | "disabled" => Self::Skipped,
            "flakyFailure" | "flakyError" => Self::FlakyAttempt,
            "rerunFailure" | "rerunError" => Self::FailedAttempt,
            "warning" => Self::Warned,
            _ => return None,
        })
    }

    /// An outcome in any spelling, to be refused where none belongs.
    pub(super) fn is_meant_by(name: &str) -> bool {
        const NAMES: [&str; 10] = [
            "failure",
            "error",
            "skipped",
            "skip",
            "ignored",
            "disabled",
            "flakyFailure",
            "flakyError",
            "rerunFailure",
            "rerunError",
        ];
        NAMES.iter().any(|known| known.eq_ignore_ascii_case(name))
    }
}

impl OpenCase {
    /// Reads the attributes of the next case into `self`.
    pub(super) fn read(&mut self, start: &BytesStart<'_>) -> Result<(), Stop> {
        self.clear();
        let (mut buffer, mut seen) = ([0; KEY_BYTES_MAX], 0_u8);
        for attribute in Attributes::of(start) {
            let (key, raw) = attribute?;
            let key = folded(key, &mut buffer);
            let bit = match key {
                "name" => 1,
                "classname" => 2,
                "status" => 4,
                "result" => 8,
                "success" => 16,
                "executed" => 32,
                "file" => 64,
                "line" | "lineno" => {
                    self.line = raw.trim().parse().ok();
                    continue;
                }
                "assertions" => {
                    self.figures.assertions = raw.trim().parse().unwrap_or(0);
                    continue;
                }
                _ => continue,
            };
            if seen & bit != 0 {
                return Err(malformed(format!("a case has `{key}` twice")));
            }
            seen |= bit;
            match key {
                "name" => self.name.push_str(&value(raw)?),
                "classname" => self.class.push_str(&value(raw)?),
                "success" => self.truth_attribute(raw, Status::Passed, Status::Failed)?,
                "executed" => self.truth_attribute(raw, Status::Passed, Status::Disabled)?,
                "file" => {
                    self.file.push_str(&value(raw)?);
                    self.has_file = true;
                }
                _ => self.status_attribute(raw)?,
            }
        }
        Ok(())
    }

    /// Has neither name nor class.
    pub(super) fn is_nameless(&self) -> bool {
        self.name.is_empty() && self.class.is_empty()
    }

    /// Makes a failure without a name one that can be told.
    pub(super) fn be_nameless(&mut self) {
        self.name.push_str(NAMELESS);
    }

    /// Failed without being a test: writers leave out the name where a class or a suite could not be set up.
    pub(super) fn is_fault(&self) -> bool {
        (self.name.is_empty() || self.name == NAMELESS) && self.status().is_bad()
    }

    /// Something beside its elements says that it was skipped.
    pub(super) fn be_skipped(&mut self) {
        self.worsen(Status::Skipped);
    }

    /// Makes it stand for an error that a suite reports outside any case.
    pub(super) fn be_suite(&mut self) {
        self.clear();
        self.name.push_str("(suite)");
    }

    fn clear(&mut self) {
        let [mut name, mut class, mut file] =
            [&mut self.name, &mut self.class, &mut self.file].map(std::mem::take);
        name.clear();
        class.clear();
        file.clear();
        *self = Self { name, class, file, ..Self::default() };
    }

    /// gtest says how far a test got in `status` and how it ended in `result`; tst, CTest and others say
    /// both in `status`. Words that no writer is known to use are never taken for a pass.
    fn status_attribute(&mut self, raw: &str) -> Result<(), Stop> {
        let raw = raw.trim();
        let is = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(raw));
        let status = if is(&["run", "completed", "executed", ""]) {
            return Ok(());
        } else if is(&["passed", "pass", "success", "successful", "ok", "xpass", "xpassed"]) {
            Status::Passed
        } else if is(&["failed", "fail", "failure"]) {
            Status::Failed
        } else if is(ERRORED) {
            Status::Errored
        } else if is(&["timeout", "timedout", "timed-out", "timed_out"]) {
            Status::TimedOut
        } else if is(SKIPPED) {
            Status::Skipped
        } else if is(&["disabled", "notrun", "not_run", "not-run", "suppressed", "filtered"]) {
            Status::Disabled
        } else {
            self.unknown_status = Some(value(raw)?.into_owned());
            return Ok(());
        };
        self.worsen(status);
        Ok(())
    }

    /// NUnit: `success="False"`, `executed="False"`.
    fn truth_attribute(&mut self, raw: &str, yes: Status, no: Status) -> Result<(), Stop> {
        match raw.trim() {
            "" => {}
            word if word.eq_ignore_ascii_case("true") => self.worsen(yes),
            word if word.eq_ignore_ascii_case("false") => self.worsen(no),
            _ => self.unknown_status = Some(value(raw)?.into_owned()),
        }
        Ok(())
    }

    fn worsen(&mut self, status: Status) {
        self.status = Some(self.status.map_or(status, |known| known.max(status)));
    }

    /// `producer` is the writer of the case.
    pub(super) fn open_outcome(
        &mut self,
        start: &BytesStart<'_>,
        outcome: Outcome,
        producer: Option<Producer>,
    ) -> Result<(), Stop> {
        let (mut message, mut kind) = (None, None);
        for attribute in Attributes::of(start) {
            let (key, raw) = attribute?;
            match key {
                "message" => message = Some(value(raw)?.into_owned()),
                "type" => kind = Some(value(raw)?.into_owned()),
                _ => {}
            }
        }
        if outcome == Outcome::Failed && producer.is_some_and(|producer| producer.only_warns(kind.as_deref()))
        {
            // Headers count it.
            self.figures.bad += 1;
            self.takes_text = false;
            return Ok(());
        }
        let timed_out = kind.as_deref().is_some_and(|kind| kind.to_ascii_lowercase().contains("timeout"));
        let worse = |known: &mut Option<Status>, status: Status| {
            let status = if timed_out { Status::TimedOut } else { status };
            *known = Some(known.map_or(status, |known| known.max(status)));
        };
        match outcome {
            Outcome::Failed => {
                self.figures.bad += 1;
                worse(&mut self.failure, Status::Failed);
            }
            Outcome::Errored => {
                self.figures.bad += 1;
                worse(&mut self.error, Status::Errored);
            }
            Outcome::Skipped => {
                self.figures.skipped += 1;
                self.excuse = self.excuse.or(Excuse::of_skip(kind.as_deref(), message.as_deref()));
                self.worsen(Status::Skipped);
            }
            Outcome::FailedAttempt => {
                self.figures.attempts += 1;
                self.worsen(Status::Failed);
            }
            Outcome::FlakyAttempt => self.figures.attempts += 1,
            Outcome::Warned => self.warned = true,
        }
        // The first text stays, but a final failure says more than an attempt or a skip before it.
        let is_final = |outcome: Outcome| matches!(outcome, Outcome::Failed | Outcome::Errored);
        self.takes_text = self.text_of.is_none_or(|known| is_final(outcome) && !is_final(known));
        if self.takes_text {
            self.text_of = Some(outcome);
            self.text.clear();
            if let Some(message) = message.or(kind.map(remarked)) {
                append_bounded(&mut self.text, message.trim());
                append_bounded(&mut self.text, "\n");
            }
        }
        Ok(())
    }

    /// Takes text of the outcome element that is open.
    pub(super) fn text(&mut self, text: &str) {
        if self.takes_text {
            append_bounded(&mut self.text, text);
        }
    }

    pub(super) fn status(&self) -> Status {
        let failure = self.failure.filter(|_| self.excuse.is_none());
        let error = self.error.filter(|_| self.excuse != Some(Excuse::MayFail));
        // What is not there is less than every status.
        match self.status.max(failure).max(error) {
            None | Some(Status::Passed) if self.has_flaky_attempts() => Status::Flaky,
            // What is tested can throw it to leave a test early: no more is certain than that nothing failed.
            None | Some(Status::Passed) if self.warned => Status::Skipped,
            status => status.unwrap_or(Status::Passed),
        }
    }

    /// Attempts of a test that failed in the end have made it a failure already.
    fn has_flaky_attempts(&self) -> bool {
        self.figures.attempts > 0
    }

    pub(super) fn unknown_status(&self) -> Option<&str> {
        self.unknown_status.as_deref()
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Empty if there is none.
    pub(super) fn class(&self) -> &str {
        &self.class
    }

    pub(super) fn file(&self) -> Option<&str> {
        self.has_file.then_some(self.file.as_str())
    }

    /// File and line as written.
    pub(super) fn place(&self) -> (Option<&str>, Option<u32>) {
        (self.file(), self.line)
    }

    /// Is `node:test`'s own case for a file that ran no test: its name is the path of the file, absolute or, where
    /// `file` has the whole of it, relative.
    pub(super) fn is_file_alone(&self) -> bool {
        let is_script = self.name.rsplit_once('.').is_some_and(|(_, end)| {
            matches!(end, "js" | "mjs" | "cjs" | "ts" | "mts" | "cts" | "jsx" | "tsx")
        });
        let is_absolute = self.name.starts_with('/') || self.name.get(1..3) == Some(":\\");
        let is_its_file = || {
            let before = self.file.strip_suffix(self.name.as_str());
            before.is_some_and(|before| before.is_empty() || before.ends_with(['/', '\\']))
        };
        self.class == NODE && is_script && (is_absolute || is_its_file()) && self.status().is_good()
    }

    /// Counts as skipped for a warning of its runner.
    pub(super) fn is_warned(&self) -> bool {
        self.warned && self.status() == Status::Skipped
    }

    /// What helps with a case that did not simply pass.
    pub(super) fn take_detail(&mut self) -> Option<Box<Detail>> {
        if self.status() == Status::Passed {
            return None;
        }
        let text = without_repetition(self.text.trim());
        let place = self.file().map(|file| (file.to_owned(), self.line)).or_else(|| place_of_panic(&text));
        Some(Box::new(Detail { text, place }))
    }
}

impl Excuse {
    fn of_skip(kind: Option<&str>, message: Option<&str>) -> Option<Self> {
        match (kind, message) {
            (Some("todo"), _) => Some(Self::Todo),
            (None, Some("TEST_CASE tagged with !mayfail")) => Some(Self::MayFail),
            _ => None,
        }
    }
}

/// A type that says less than a person needs: PHPUnit ends with 0 over a risky test, and lists it as an error.
fn remarked(kind: String) -> String {
    if kind != "PHPUnit\\Framework\\RiskyTestError" {
        return kind;
    }
    kind + " (PHPUnit accepts risky tests unless `failOnRisky` is set, a report with one is not a pass: \
            `@doesNotPerformAssertions` marks a test that needs no assertion)"
}

/// Writers put the first line of the text into the `message` as well.
fn without_repetition(text: &str) -> String {
    match text.split_once('\n') {
        Some((message, rest)) if rest.trim_start().starts_with(message.trim()) => rest.trim_start().into(),
        _ => text.into(),
    }
}
