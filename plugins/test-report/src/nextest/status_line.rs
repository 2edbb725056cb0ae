//! One status line of nextest: `        PASS [   0.004s] (1/6) demo::basic works`.
//!
//! Captured output is indented by nextest, so the status must stand exactly where nextest puts it: it is
//! padded to twelve columns. This file never joins attempts.

use std::fmt::Write;

/// Columns that the status is padded to on its left.
const STATUS_COLUMNS: usize = 12;

/// What one line says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StatusLine<'a> {
    pub(super) word: Word,
    pub(super) attempt: Attempt,
    /// `binary-id::test name`.
    pub(super) id: String,
    /// As written.
    pub(super) name: &'a str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    Passed,
    Failed,
    TimedOut,
    /// The test could not be executed.
    Errored,
    Skipped,
    /// From the recapitulation: passed at a later attempt.
    Flaky,
    /// The same where the profile makes that a failure.
    FlakyFailed,
    /// An attempt began; without capturing, its output follows.
    Started,
    /// Slow, to be retried: no outcome yet.
    Unfinished,
    SetupFailed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attempt {
    Final,
    /// Another attempt comes: nextest leaves the counter of such a line blank.
    Followed,
}

impl Word {
    pub(super) fn is_bad(self) -> bool {
        matches!(self, Self::Failed | Self::TimedOut | Self::Errored)
    }
}

/// Reads a status line; nothing for any other line.
pub(super) fn parse(line: &str) -> Option<StatusLine<'_>> {
    let (status, rest) = line.split_once(" [")?;
    let trimmed = status.trim_start_matches(' ');
    let columns = status.chars().count();
    if columns != STATUS_COLUMNS && (columns < STATUS_COLUMNS || trimmed.len() != status.len()) {
        return None;
    }
    let (retry, word) = word(trimmed)?;
    let (elapsed, rest) = rest.split_once("] ")?;
    if !elapsed.chars().all(|character| matches!(character, ' ' | '>' | '.' | 's' | '0'..='9')) {
        return None;
    }
    let (counter, rest) = counter(rest.trim_start());
    let (binary, name) = rest.split_once(' ')?;
    let name = name.trim();
    if binary.is_empty() || name.is_empty() {
        return None;
    }
    let mut id = String::with_capacity(binary.len() + name.len() + 2);
    write!(id, "{}::{name}", binary.trim_end_matches(':')).expect("a string takes everything");
    // Without counters (older nextest) a numbered attempt that failed is taken for the last one only if
    // no other follows; the summary tells when that guess is wrong.
    let followed = retry && word.is_bad() && counter != Counter::Numbered;
    Some(StatusLine { word, attempt: if followed { Attempt::Followed } else { Attempt::Final }, id, name })
}

#[derive(PartialEq, Eq)]
enum Counter {
    Numbered,
    Blank,
}

/// `(1/6)`, `(───)` or nothing, and what follows.
fn counter(rest: &str) -> (Counter, &str) {
    match rest.strip_prefix('(').and_then(|inside| inside.split_once(") ")) {
        Some((inside, after)) if inside.contains('/') => (Counter::Numbered, after),
        Some((_, after)) => (Counter::Blank, after),
        None => (Counter::Blank, rest),
    }
}

/// Whether it is a numbered attempt, and the outcome.
fn word(status: &str) -> Option<(bool, Word)> {
    if let Some(rest) = status.strip_prefix("TRY ") {
        let (number, outcome) = rest.split_once(' ')?;
        number.parse::<u32>().ok()?;
        return Some((true, outcome_word(outcome)?));
    }
    if let Some(rest) = status.strip_prefix("SETUP ") {
        let word = if rest == "START" {
            Word::Started
        } else if matches!(rest, "PASS" | "SLOW" | "LEAK") {
            Word::Unfinished
        } else {
            Word::SetupFailed
        };
        return Some((false, word));
    }
    let attempts = |prefix: &str| {
        let (tried, of) = status.strip_prefix(prefix)?.split_once('/')?;
        (tried.parse::<u32>().is_ok() && of.parse::<u32>().is_ok()).then_some(())
    };
    if attempts("FLAKY ").is_some() {
        return Some((false, Word::Flaky));
    }
    if attempts("FLKY-FL ").or_else(|| attempts("FLAKY-FAIL ")).is_some() {
        return Some((false, Word::FlakyFailed));
    }
    Some((false, outcome_word(status)?))
}

fn outcome_word(word: &str) -> Option<Word> {
    Some(match word {
        "PASS" | "LEAK" | "TIMEOUT-PASS" | "TMPASS" | "SLOW+TMPASS" => Word::Passed,
        "FAIL" | "ABORT" | "ABRT" | "LEAK-FAIL" | "LKFAIL" | "FAIL + LEAK" | "FL+LK" => Word::Failed,
        "TIMEOUT" | "TMT" => Word::TimedOut,
        "XFAIL" => Word::Errored,
        "SKIP" => Word::Skipped,
        "START" | "STARTING" => Word::Started,
        "SLOW" | "RETRY" | "DELAY" | "TERMINATING" | "KILLED" | "TRMNTG" => Word::Unfinished,
        _ if is_signal(word) => Word::Failed,
        _ => return None,
    })
}

/// `SIGSEGV`, or a short form such as `SEGV` in a numbered attempt.
fn is_signal(word: &str) -> bool {
    const SHORT: &[&str] =
        &["SEGV", "BUS", "ILL", "FPE", "TRAP", "SYS", "TERM", "KILL", "INT", "QUIT", "HUP", "PIPE"];
    word.strip_prefix("SIG").unwrap_or(word).chars().all(|character| character.is_ascii_alphanumeric())
        && (word.starts_with("SIG") || SHORT.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_nextest_prints() {
        use Attempt::{Final, Followed};
        for (line, word, attempt, id) in [
            (
                "        PASS [   0.007s] ( 1/11) demo tests::prints",
                Word::Passed,
                Final,
                "demo::tests::prints",
            ),
            ("        PASS [   0.007s] demo::basic works", Word::Passed, Final, "demo::basic::works"),
            ("     SIGABRT [   0.007s] ( 3/11) demo::bad aborts", Word::Failed, Final, "demo::bad::aborts"),
            (
                "  TRY 1 ABRT [   0.012s] (─────) demo::bad aborts",
                Word::Failed,
                Followed,
                "demo::bad::aborts",
            ),
            ("  TRY 3 ABRT [   0.004s] ( 3/11) demo::bad aborts", Word::Failed, Final, "demo::bad::aborts"),
            ("  TRY 2 PASS [   0.004s] ( 3/11) demo::bad x", Word::Passed, Final, "demo::bad::x"),
            ("   FLAKY 3/3 [   0.005s] (6/6) demo::basic flaky", Word::Flaky, Final, "demo::basic::flaky"),
            (
                " FLKY-FL 3/3 [   0.007s] (6/6) demo::basic flaky",
                Word::FlakyFailed,
                Final,
                "demo::basic::flaky",
            ),
            ("        SLOW [>  1.000s] (───) demo x", Word::Unfinished, Final, "demo::x"),
            (" TRY 2 START [         ] (───) demo::basic flaky", Word::Started, Final, "demo::basic::flaky"),
            ("     TIMEOUT [   2.003s] (5/5) demo::bad hangs", Word::TimedOut, Final, "demo::bad::hangs"),
            ("        SKIP [         ] (1/5) demo device", Word::Skipped, Final, "demo::device"),
        ] {
            let parsed = parse(line).unwrap_or_else(|| panic!("{line}"));
            assert_eq!((parsed.word, parsed.attempt, parsed.id.as_str()), (word, attempt, id), "{line}");
        }
    }

    #[test]
    fn other_lines_are_nothing() {
        for line in [
            // Indented by nextest: the output of a test.
            "            PASS [   0.001s] demo::fake fake",
            "PASS [   0.001s] demo::fake fake",
            "    Finished `test` profile [unoptimized + debuginfo] target(s) in 0.00s",
            "     Summary [   0.088s] 4/11 tests run: 3 passed, 1 failed, 1 skipped",
            "        PASS [ whatever] demo x",
            "        PASS [   0.001s] demo",
            "        PAST [   0.001s] demo x",
            "",
        ] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
