//! The summary line of nextest: `Summary [ 0.088s] 4/11 tests run: 3 passed, 1 failed, 1 skipped`.
//!
//! Its counts are compared with the cases, never taken for them.

use crate::finding::tests;
use crate::report::Counts;

/// The counts of a summary line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Summary {
    run: u64,
    /// How many were to be run, where not all were.
    planned: Option<u64>,
    passed: u64,
    flaky: u64,
    failed: u64,
    pub(super) skipped: u64,
}

/// True for a line that stands where the summary stands, whatever it says.
pub(crate) fn is_summary(line: &str) -> bool {
    line.starts_with("     Summary [")
}

/// Reads the line; nothing if it counts anything that is not known.
pub(super) fn parse(line: &str) -> Option<Summary> {
    let (_, rest) = line.split_once("] ")?;
    let (run, counts) = rest.trim_start().split_once(" run: ")?;
    let (run, unit) = run.split_once(' ')?;
    if !matches!(unit, "test" | "tests") {
        return None;
    }
    let (run, planned) = match run.split_once('/') {
        Some((run, planned)) => (run, Some(planned.parse().ok()?)),
        None => (run, None),
    };
    let mut summary = Summary { run: run.parse().ok()?, planned, ..Summary::default() };
    let mut rest = counts.trim();
    while !rest.is_empty() {
        rest = summary.count(rest)?;
    }
    Some(summary)
}

impl Summary {
    /// Reads one count with its remarks in brackets and gives what follows.
    fn count<'a>(&mut self, text: &'a str) -> Option<&'a str> {
        let (number, rest) = text.split_once(' ')?;
        let number: u64 = number.parse().ok()?;
        let end = rest.find([',', '(']).unwrap_or(rest.len());
        let (kind, mut rest) = (rest[..end].trim(), &rest[end..]);
        if let Some(inside) = rest.strip_prefix('(') {
            let (remarks, after) = inside.split_once(')')?;
            for remark in remarks.split(", ") {
                if let Some(flaky) = remark.strip_suffix(" flaky") {
                    self.flaky = flaky.parse().ok()?;
                }
            }
            rest = after;
        }
        match kind {
            "passed" => self.passed += number,
            "failed" | "exec failed" | "timed out" => self.failed += number,
            "skipped" => self.skipped += number,
            _ => return None,
        }
        Some(rest.trim_start_matches([',', ' ']))
    }

    /// Says what the cases and the summary disagree in.
    pub(super) fn compare(&self, listed: Counts, setup_failures: u64) -> Result<(), String> {
        let errored = listed.errored.saturating_sub(setup_failures);
        let failed = listed.failed + errored;
        if (listed.passed, failed) != (self.passed, self.failed) {
            return Err(format!(
                "the summary claims {} passed and {} failed, but {} passed and {failed} failed are listed{}",
                self.passed,
                self.failed,
                listed.passed,
                if listed.passed < self.passed { "; `--status-level pass` lists them all" } else { "" }
            ));
        }
        if self.run != self.passed + self.failed {
            return Err(format!(
                "the summary claims {} run, which its own counts do not add up to",
                tests(self.run)
            ));
        }
        if self.flaky != listed.flaky {
            return Err(format!("the summary claims {} flaky, {} are listed", self.flaky, listed.flaky));
        }
        if listed.skipped > self.skipped {
            return Err(format!(
                "the summary claims {} skipped, {} are listed",
                self.skipped, listed.skipped
            ));
        }
        match self.planned {
            Some(planned) if planned != self.run => {
                Err(format!("only {} of {} were run", self.run, tests(planned)))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_kind_of_count() {
        for (line, expected) in [
            (
                "     Summary [   0.010s] 5 tests run: 4 passed (1 flaky), 1 failed, 2 skipped",
                Some(Summary { run: 5, passed: 4, flaky: 1, failed: 1, skipped: 2, planned: None }),
            ),
            (
                "     Summary [  81.000s] 7/9 tests run: 4 passed (3 slow, 1 flaky, 1 leaky), 1 failed (1 due to \
                 being leaky), 1 exec failed, 1 timed out, 1 skipped",
                Some(Summary { run: 7, passed: 4, flaky: 1, failed: 3, skipped: 1, planned: Some(9) }),
            ),
            (
                "     Summary [   0.000s] 1 test run: 1 passed, 0 skipped",
                Some(Summary { run: 1, passed: 1, ..Summary::default() }),
            ),
            ("     Summary [ 120.000s] 25/50 stress run iterations: 25 passed", None),
            ("     Summary [   1.234s] 1 test run: 1 passed, 1 skipped, 1 mystery", None),
            ("     Summary [   1.234s] many", None),
        ] {
            assert_eq!(parse(line), expected, "{line}");
        }
    }

    #[test]
    fn compares_with_the_cases() {
        let summary = parse("     Summary [ 0.01s] 3 tests run: 2 passed (1 flaky), 1 failed, 1 skipped")
            .expect("known");
        let listed = Counts { passed: 2, failed: 1, errored: 0, skipped: 0, flaky: 1 };
        assert_eq!(summary.compare(listed, 0), Ok(()));
        for wrong in [
            Counts { passed: 1, ..listed },
            Counts { passed: 3, failed: 0, ..listed },
            Counts { failed: 2, ..listed },
            Counts { flaky: 0, ..listed },
            Counts { skipped: 2, ..listed },
        ] {
            assert!(summary.compare(wrong, 0).is_err(), "{wrong:?}");
        }
    }
}
