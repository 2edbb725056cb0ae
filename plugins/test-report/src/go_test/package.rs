//! The tests of one package while its events come in.
//!
//! Two layers repeat a test, and neither may lose a failure: `-count` inside one process, where a test that
//! passed and failed is flaky; and a runner that starts the failed tests of a package again, where the last
//! process decides and a pass after a failure is flaky. A process that repeats tests that had passed is no
//! such attempt, but the same package in another way (tags, `-race`): of both, the worst counts.

use std::collections::BTreeMap;

use evident_checker::Reason;

use crate::finding::named;
use crate::report::{DETAILS_MAX, Detail, Status, append_bounded};

use super::event::{Event, place};

/// A package, over every time that it was run.
#[derive(Default)]
pub(super) struct Package {
    is_open: bool,
    tests: BTreeMap<String, Test>,
    /// What the package itself printed in the present run.
    text: String,
    /// Its main function came to the end of the tests.
    said_pass: bool,
    /// `go` took the end of the process for a success.
    said_ok: bool,
    /// Tests whose text is kept.
    details: usize,
}

#[derive(Default)]
struct Test {
    is_running: bool,
    /// Of the run that ended last; more than one end of a run leave the worst.
    attempt: Option<Status>,
    /// Of the earlier runs in the same process.
    process: Option<Status>,
    /// Of the earlier processes.
    before: Option<Status>,
    text: String,
    /// The line to quote.
    headline: Option<String>,
}

/// A test with its final status.
pub(super) struct Finished {
    pub(super) test: String,
    pub(super) status: Status,
    pub(super) detail: Option<Box<Detail>>,
}

impl Package {
    pub(super) fn open(&mut self) {
        self.is_open = true;
    }

    pub(super) fn is_open(&self) -> bool {
        self.is_open
    }

    pub(super) fn output(&mut self, test: Option<&str>, event: &Event) {
        self.is_open = true;
        let output = event.output.as_deref().unwrap_or_default();
        let line = output.trim();
        if let Some(test) = test {
            let test = self.test(test);
            if !is_frame(line) {
                test.take(output, line, event.output_type.as_deref() == Some("error"));
            }
            return;
        }
        // What a test printed without a line end may stand before it.
        self.said_pass |= line.ends_with("PASS");
        self.said_ok |= line.starts_with("ok  \t");
        if !is_frame(line) {
            append_bounded(&mut self.text, output);
        }
    }

    /// False if the test runs already.
    pub(super) fn run(&mut self, name: &str) -> bool {
        self.is_open = true;
        let test = self.test(name);
        let was_running = std::mem::replace(&mut test.is_running, true);
        test.settle_attempt();
        !was_running
    }

    pub(super) fn end(&mut self, name: &str, status: Status) {
        if is_benchmark(name) && status == Status::Passed {
            return self.end_benchmark(name);
        }
        self.is_open = true;
        let room = self.details < DETAILS_MAX;
        let test = self.test(name);
        test.is_running = false;
        test.attempt = Some(test.attempt.map_or(status, |known| known.max(status)));
        let keeps = status != Status::Passed && room;
        if !room || test.is_only_good() {
            test.text.clear();
            test.headline = None;
        }
        self.details += usize::from(keeps);
    }

    pub(super) fn end_benchmark(&mut self, name: &str) {
        self.is_open = true;
        if let Some(test) = self.tests.get_mut(name) {
            test.is_running = false;
        }
    }

    /// The package passed or has no tests. Says what contradicts that.
    pub(super) fn end_well(&mut self) -> Vec<(Reason, String)> {
        let mut problems = Vec::new();
        let running = self.running();
        if !running.is_empty() {
            let running: Vec<&str> = running.iter().map(String::as_str).collect();
            let mut message = format!("passed, but these tests began and never ended: {}", named(&running));
            if running.iter().any(|name| self.tests.get(*name).is_some_and(|test| test.hides_end(name))) {
                message.push_str(LOST_END);
            }
            problems.push((Reason::Malformed, message));
        }
        if self.said_ok && !self.said_pass {
            let message = "ended with success before its tests came to an end";
            problems.push((Reason::NotExamined, message.into()));
        }
        self.end_process();
        problems
    }

    /// The package failed. True if a test explains it; otherwise what the package printed does.
    pub(super) fn end_badly(&mut self) -> (bool, String) {
        for name in self.running() {
            let test = self.test(&name);
            let timed_out = test.text.contains("panic: test timed out after ");
            let status = if timed_out { Status::TimedOut } else { Status::Failed };
            self.end(&name, status);
        }
        let explained = self.tests.values().any(Test::failed_in_process);
        let text = std::mem::take(&mut self.text);
        self.end_process();
        (explained, text)
    }

    /// Every test that has an outcome.
    pub(super) fn finish(mut self) -> impl Iterator<Item = Finished> {
        self.end_process();
        self.tests.into_iter().filter_map(|(test, state)| {
            let status = state.before?;
            Some(Finished { test, status, detail: state.detail(status) })
        })
    }

    fn end_process(&mut self) {
        self.tests.values_mut().for_each(Test::settle_attempt);
        // A subtest goes with its test.
        let mut whole = self.tests.iter().filter(|(name, _)| !name.contains('/')).map(|(_, test)| test);
        let is_attempt = !whole.any(|test| test.process.is_some() && test.passed_before());
        for test in self.tests.values_mut() {
            test.settle_process(is_attempt);
        }
        self.text.clear();
        (self.is_open, self.said_pass, self.said_ok) = (false, false, false);
    }

    /// Started and without an end. A benchmark has no final event of its own.
    fn running(&self) -> Vec<String> {
        let running = self.tests.iter().filter(|(name, test)| test.is_running && !is_benchmark(name));
        running.map(|(name, _)| name.clone()).collect()
    }

    fn test(&mut self, name: &str) -> &mut Test {
        if !self.tests.contains_key(name) {
            self.tests.insert(name.into(), Test::default());
        }
        self.tests.get_mut(name).expect("it was put there")
    }
}

/// Why a test that ended has no event that says so.
const LOST_END: &str = "; Go before 1.20 loses the end of a test that prints without a line end: \
                        use a later one, or end what is printed with a line end";

impl Test {
    /// The line that ends it stands behind what it printed.
    fn hides_end(&self, name: &str) -> bool {
        ["PASS", "SKIP"].iter().any(|word| self.text.contains(&format!("--- {word}: {name} (")))
    }

    fn take(&mut self, output: &str, line: &str, is_error: bool) {
        if is_error || line.starts_with("panic: ") || line.starts_with("fatal error: ") {
            self.headline.get_or_insert_with(|| line.into());
        }
        append_bounded(&mut self.text, output);
    }

    fn settle_attempt(&mut self) {
        if let Some(status) = self.attempt.take() {
            self.process = Some(self.process.map_or(status, |known| of_one_process(known, status)));
        }
    }

    fn passed_before(&self) -> bool {
        self.before.is_some_and(|status| status < Status::Flaky)
    }

    fn settle_process(&mut self, is_attempt: bool) {
        self.is_running = false;
        if let Some(status) = self.process.take() {
            let joined =
                |known: Status| if is_attempt { of_next_process(known, status) } else { known.max(status) };
            self.before = Some(self.before.map_or(status, joined));
        }
    }

    fn failed_in_process(&self) -> bool {
        let fails = |status: Option<Status>| status.is_some_and(|status| status >= Status::Flaky);
        fails(self.attempt) || fails(self.process)
    }

    fn is_only_good(&self) -> bool {
        let good = |status: Option<Status>| status.is_none_or(|status| status == Status::Passed);
        good(self.attempt) && good(self.process) && good(self.before)
    }

    fn detail(&self, status: Status) -> Option<Box<Detail>> {
        if status == Status::Passed {
            return None;
        }
        let place = self.headline.as_deref().and_then(place).or_else(|| place(&self.text));
        let mut text = String::new();
        let said = self.text.trim();
        if let Some(headline) = self.headline.as_deref().filter(|headline| !said.starts_with(headline)) {
            append_bounded(&mut text, headline);
            append_bounded(&mut text, "\n");
        }
        append_bounded(&mut text, said);
        Some(Box::new(Detail { text, place }))
    }
}

/// Two runs of one test in one process, in any order.
fn of_one_process(one: Status, other: Status) -> Status {
    let flaky = |bad: Status, good: Status| bad.is_bad() && good.is_good();
    if flaky(one, other) || flaky(other, one) { Status::Flaky } else { one.max(other) }
}

/// The outcome of a process after an earlier one of the same package.
fn of_next_process(before: Status, now: Status) -> Status {
    if now.is_bad() {
        now
    } else if before >= Status::Flaky && now.is_good() {
        Status::Flaky
    } else {
        before.max(now)
    }
}

fn is_benchmark(name: &str) -> bool {
    name.starts_with("Benchmark")
}

/// A line of the runner itself, which says what the events say.
fn is_frame(line: &str) -> bool {
    ["=== ", "--- "].iter().any(|start| line.starts_with(start)) || matches!(line, "PASS" | "FAIL")
}
