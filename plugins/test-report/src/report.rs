//! What every format is read into: cases with ids and statuses, and what was wrong with the document.
//!
//! Counts come from cases alone; what a header or a summary line claims only ever becomes a
//! [`Problem`]. This file never decides what an outcome means for the verdict.

use evident_checker::{Reason, Severity};

/// Bytes of failure text that one finding carries: the host takes 8 KiB as a whole.
pub(crate) const DETAIL_BYTES_MAX: usize = 4 * 1024;

/// Failing cases that keep their text, as many as the host takes findings: memory stays bounded.
pub(crate) const DETAILS_MAX: usize = 10_000;

/// Everything that was read from one document, or from several after [`Report::merge`].
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// In document order until they are merged, by id afterwards. Several tests may share an id.
    pub(crate) cases: Vec<Case>,
    /// What keeps the document from being believed, in the order it was noticed.
    pub(crate) problems: Vec<Problem>,
    /// Oddities that do not decide.
    pub(crate) notes: Vec<Note>,
    /// Skipped tests that a summary line counts without naming them.
    pub(crate) skipped_unnamed: u64,
    /// Failures that the writer may have excused without a mark in the document, and a sentence that says how.
    pub(crate) excusable: Option<(u64, &'static str)>,
    /// Artifacts whose failures are in doubt: their writer may excuse some, and ended as if it had excused all.
    pub(crate) doubted: Vec<usize>,
    details: usize,
}

/// One execution of a test and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Case {
    /// Suite path, class and name, joined with `::`.
    pub(crate) id: String,
    pub(crate) status: Status,
    pub(crate) kind: Kind,
    /// Index of the artifact that shows it.
    pub(crate) source: usize,
    /// Kept for cases that did not simply pass.
    pub(crate) detail: Option<Box<Detail>>,
}

/// What a case stands for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    #[default]
    Test,
    /// A failure outside of any test: of a build, a fixture, a package. There is none where all is well, so
    /// no baseline keeps it.
    Fault,
}

/// What helps a person with a case that did not pass.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Detail {
    /// At most [`DETAIL_BYTES_MAX`] bytes.
    pub(crate) text: String,
    /// File and line, where the report gives them.
    pub(crate) place: Option<(String, Option<u32>)>,
}

/// How a case ended. The order is how bad it is: of two outcomes of one case, the worst wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    Passed,
    /// Includes an expected failure that did fail.
    Skipped,
    Disabled,
    /// Passed after at least one failed attempt.
    Flaky,
    Failed,
    TimedOut,
    /// Something outside the test's own assertions went wrong.
    Errored,
}

/// Why a document cannot be believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) rule: &'static str,
    pub(crate) reason: Reason,
    pub(crate) message: String,
    pub(crate) source: usize,
}

/// An oddity: the rule it falls under, the id it is about, and a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) severity: Severity,
    pub(crate) rule: &'static str,
    pub(crate) id: String,
    pub(crate) message: String,
}

/// Cases by how they ended. A flaky test did pass in the end, so it counts in `passed` as well.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) errored: u64,
    pub(crate) skipped: u64,
    pub(crate) flaky: u64,
}

impl Status {
    /// Passed, maybe not at the first attempt.
    pub(crate) fn is_good(self) -> bool {
        matches!(self, Self::Passed | Self::Flaky)
    }

    /// Did not run to an end that says anything.
    pub(crate) fn is_skip(self) -> bool {
        matches!(self, Self::Skipped | Self::Disabled)
    }

    /// Failed in any way.
    pub(crate) fn is_bad(self) -> bool {
        self >= Self::Failed
    }

    /// The word for it in messages.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Skipped => "was skipped",
            Self::Disabled => "is disabled",
            Self::Flaky => "passed only after a failed attempt",
            Self::Failed => "failed",
            Self::TimedOut => "timed out",
            Self::Errored => "ended with an error",
        }
    }

    /// How bad it is when another artifact says something else of the same test: a test that ran on one
    /// shard is not spoiled by a shard that skips it.
    pub(crate) fn rank_between_artifacts(self) -> u8 {
        match self {
            Self::Disabled => 0,
            Self::Skipped => 1,
            Self::Passed => 2,
            Self::Flaky => 3,
            Self::Failed => 4,
            Self::TimedOut => 5,
            Self::Errored => 6,
        }
    }
}

impl Counts {
    /// How many could have failed.
    pub(crate) fn executed(self) -> u64 {
        self.passed + self.failed + self.errored
    }

    /// Executed and skipped.
    pub(crate) fn total(self) -> u64 {
        self.executed() + self.skipped
    }

    pub(crate) fn add(&mut self, status: Status) {
        match status {
            Status::Passed => self.passed += 1,
            Status::Flaky => {
                self.passed += 1;
                self.flaky += 1;
            }
            Status::Skipped | Status::Disabled => self.skipped += 1,
            Status::Failed | Status::TimedOut => self.failed += 1,
            Status::Errored => self.errored += 1,
        }
    }
}

impl Report {
    /// Adds a case; its detail is dropped once enough were kept.
    pub(crate) fn push(&mut self, mut case: Case) {
        if case.detail.is_some() {
            self.details += 1;
            if self.details > DETAILS_MAX {
                case.detail = None;
            }
        }
        self.cases.push(case);
    }

    /// The document is not what its format demands.
    pub(crate) fn malformed(&mut self, source: usize, message: impl Into<String>) {
        self.problem(Reason::Malformed, source, message);
    }

    /// Counts of the document disagree with its cases.
    pub(crate) fn disagreement(&mut self, source: usize, message: impl Into<String>) {
        let (rule, reason) = ("report-counts", Reason::Malformed);
        self.problems.push(Problem { rule, reason, message: message.into(), source });
    }

    pub(crate) fn problem(&mut self, reason: Reason, source: usize, message: impl Into<String>) {
        let rule = match reason {
            Reason::NotExamined => "report-empty",
            Reason::Unsupported => "report-unsupported",
            Reason::Limit => "report-limit",
            _ => "report-malformed",
        };
        self.problems.push(Problem { rule, reason, message: message.into(), source });
    }

    pub(crate) fn note(&mut self, rule: &'static str, id: &str, message: impl Into<String>) {
        let severity = Severity::Note;
        self.notes.push(Note { severity, rule, id: id.into(), message: message.into() });
    }

    pub(crate) fn warn(&mut self, rule: &'static str, id: &str, message: impl Into<String>) {
        let severity = Severity::Warning;
        self.notes.push(Note { severity, rule, id: id.into(), message: message.into() });
    }

    pub(crate) fn counts(&self) -> Counts {
        let mut counts = Counts { skipped: self.skipped_unnamed, ..Counts::default() };
        self.cases.iter().for_each(|case| counts.add(case.status));
        counts
    }

    /// The cases of a full id; the report must have been merged.
    pub(crate) fn of_id(&self, id: &str) -> &[Case] {
        let start = self.cases.partition_point(|case| case.id.as_str() < id);
        let count = self.cases[start..].partition_point(|case| case.id == id);
        &self.cases[start..start + count]
    }

    /// Every id once, in order; the report must have been merged.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> + Clone {
        self.cases.chunk_by(|one, next| one.id == next.id).map(|cases| cases[0].id.as_str())
    }

    /// How many ids stand for more than one test, and how many tests have such an id.
    pub(crate) fn shared(&self) -> (u64, u64) {
        let groups = self.cases.chunk_by(|one, next| one.id == next.id).filter(|cases| cases.len() > 1);
        groups.fold((0, 0), |(ids, tests), cases| (ids + 1, tests + cases.len() as u64))
    }

    /// Takes over another document of the same run.
    pub(crate) fn absorb(&mut self, other: Self) {
        other.cases.into_iter().for_each(|case| self.push(case));
        self.problems.extend(other.problems);
        self.notes.extend(other.notes);
        self.skipped_unnamed += other.skipped_unnamed;
        self.doubted.extend(other.doubted);
    }
}

/// Appends `text` to `detail` up to the bound, on a character border.
pub(crate) fn append_bounded(detail: &mut String, text: &str) {
    let room = DETAIL_BYTES_MAX.saturating_sub(detail.len());
    if text.len() <= room {
        detail.push_str(text);
    } else {
        detail.push_str(&text[..text.floor_char_boundary(room)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_on_a_character_border() {
        let mut detail = String::new();
        append_bounded(&mut detail, &"ä".repeat(DETAIL_BYTES_MAX));
        assert_eq!(detail.len(), DETAIL_BYTES_MAX);
        append_bounded(&mut detail, "more");
        assert_eq!(detail.len(), DETAIL_BYTES_MAX);
    }
}
