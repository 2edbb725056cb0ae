//! Reads what `go test -json` prints: one event per line, packages side by side.
//!
//! A test counts once its own final event is there, and a package once its own is: a process that ends
//! itself leaves one of them out. A package that failed without a failed test is a case of its own, and
//! lines that are not JSON (what `go` or a linker printed in between) are counted, never read as events.
//!
//! The format has no end: a text that ends behind a whole package is the whole of a smaller run. What
//! catches that is the exit code, which the host judges, and a baseline.
//! Source of the format: golang/go `src/cmd/test2json/main.go` and `src/cmd/internal/test2json`.

use std::collections::BTreeMap;
use std::io::BufRead;

use evident_checker::{Error, Reason};

use crate::finding::{shown, tests};
use crate::lines::Lines;
use crate::report::{Case, Detail, Kind, Report, Status, append_bounded};
use crate::{libtest, nextest};

mod event;
mod package;

use event::Event;
pub(crate) use event::is_line;
use package::{Finished, Package};

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
    packages: BTreeMap<String, Package>,
    /// By import path, what the compiler said.
    builds: BTreeMap<String, Build>,
    events: u64,
    /// Lines that are not JSON.
    plain_lines: u64,
    /// A plain line that tells of a failure, and may be the only one that does.
    plain_failure: Option<String>,
    /// What was told once is not told for every line.
    told_malformed: bool,
    told_unknown: bool,
}

#[derive(Default)]
struct Build {
    text: String,
    failed: bool,
    /// A package said that this build made it fail.
    claimed: bool,
}

impl Parser {
    fn line(&mut self, line: &str) {
        let line = line.trim();
        if line.is_empty() {
            return;
        }
        if !line.starts_with('{') {
            return self.plain_line(line);
        }
        match event::parse(line) {
            Ok(event) => {
                self.events += 1;
                self.event(&event);
            }
            Err(why) => self.malformed(format!("a line is not an event of `go test -json`: {why}")),
        }
    }

    fn malformed(&mut self, message: String) {
        if !self.told_malformed {
            self.told_malformed = true;
            self.report.malformed(self.source, message);
        }
    }

    fn plain_line(&mut self, line: &str) {
        self.plain_lines += 1;
        // Go before 1.20 prints this outside of the events.
        if let Some(package) = line.strip_prefix("FAIL\t") {
            let id = package.split(['\t', ' ']).next().unwrap_or(package);
            let detail = Detail { text: line.into(), place: None };
            self.push_fault(id.into(), detail);
        } else if line.starts_with("FAIL") || line.starts_with("--- FAIL") || line.starts_with("panic: ") {
            self.plain_failure.get_or_insert_with(|| shown(line).into());
        } else if libtest::is_line(line) || nextest::is_line(line) {
            self.malformed(format!("`{}` is of another runner: the text mixes two formats", shown(line)));
        }
    }

    fn event(&mut self, event: &Event) {
        if let Some(path) = &event.import_path {
            return self.build_event(path, event);
        }
        let source = self.source;
        let name = event.package.as_deref().unwrap_or_default();
        if !self.packages.contains_key(name) {
            self.packages.insert(name.into(), Package::default());
        }
        let package = self.packages.get_mut(name).expect("it was put there");
        let test = event.test.as_deref();
        match (event.action.as_str(), test) {
            ("output", _) => package.output(test, event),
            ("start", None) => package.open(),
            ("run", Some(test)) => {
                if !package.run(test) {
                    let message =
                        format!("`{}` of `{}` began again before it ended", shown(test), shown(name));
                    self.report.malformed(source, message);
                }
            }
            ("pause" | "cont" | "attr" | "artifacts", _) => package.open(),
            // What a benchmark measured is not an outcome.
            ("bench", _) => package.end_benchmark(test.unwrap_or_default()),
            ("pass", Some(test)) => package.end(test, Status::Passed),
            ("fail", Some(test)) => package.end(test, Status::Failed),
            ("skip", Some(test)) => package.end(test, Status::Skipped),
            ("pass" | "skip", None) => {
                for (reason, message) in package.end_well() {
                    self.report.problem(reason, source, format!("`{}` {message}", shown(name)));
                }
            }
            ("fail", None) => {
                let build = event.failed_build.as_deref();
                self.end_badly(name, build);
            }
            (action, _) => self.unknown(action),
        }
    }

    fn unknown(&mut self, action: &str) {
        if !self.told_unknown {
            self.told_unknown = true;
            let message = format!("there is an event `{}`, which is not known there", shown(action));
            self.report.problem(Reason::Unsupported, self.source, message);
        }
    }

    fn build_event(&mut self, path: &str, event: &Event) {
        let build = self.builds.entry(path.into()).or_default();
        match event.action.as_str() {
            "build-output" => append_bounded(&mut build.text, event.output.as_deref().unwrap_or_default()),
            "build-fail" => build.failed = true,
            action => self.unknown(action),
        }
    }

    fn end_badly(&mut self, name: &str, build: Option<&str>) {
        let package = self.packages.get_mut(name).expect("its event came");
        let (explained, mut text) = package.end_badly();
        if let Some(build) = build.and_then(|path| self.builds.get_mut(path)) {
            build.claimed = true;
            text = build.text.clone();
        } else if build.is_none() && explained {
            return;
        }
        let text = text.trim().to_owned();
        let place = event::place(&text);
        self.push_fault(name.into(), Detail { text, place });
    }

    /// A package or a build that failed without a test that did.
    fn push_fault(&mut self, id: String, detail: Detail) {
        let id = if id.is_empty() { "(package)".into() } else { id };
        let (status, detail) = (Status::Errored, Some(Box::new(detail)));
        self.report.push(Case { id, status, kind: Kind::Fault, source: self.source, detail });
    }

    fn finish(mut self, nul: bool) -> Report {
        if nul {
            self.report.malformed(self.source, "the text has a NUL byte");
        }
        if self.events == 0 {
            self.malformed("there is no event of `go test -json`".into());
        }
        for (name, package) in std::mem::take(&mut self.packages) {
            if package.is_open() {
                let message = format!("`{}` has no final event: its run was cut off", shown(&name));
                self.report.malformed(self.source, message);
            }
            for Finished { test, status, detail } in package.finish() {
                let id = if name.is_empty() { test } else { format!("{name}::{test}") };
                let (kind, source) = (Kind::Test, self.source);
                self.report.push(Case { id, status, kind, source, detail });
            }
        }
        for (path, build) in std::mem::take(&mut self.builds) {
            if build.failed && !build.claimed {
                let text = build.text.trim().to_owned();
                let place = event::place(&text);
                self.push_fault(path, Detail { text, place });
            }
        }
        self.tell_plain_lines();
        self.report
    }

    fn tell_plain_lines(&mut self) {
        let any_bad = self.report.cases.iter().any(|case| case.status.is_bad());
        if let Some(line) = self.plain_failure.take().filter(|_| !any_bad) {
            let message = format!("`{line}` tells of a failure, but no failed test is listed");
            self.report.malformed(self.source, message);
        }
        if self.plain_lines > 0 {
            let lines = if self.plain_lines == 1 {
                "1 line is".into()
            } else {
                format!("{} lines are", self.plain_lines)
            };
            let beside = tests(self.report.cases.len() as u64);
            self.report.note("report-noise", "", format!("{lines} no JSON, beside the events of {beside}"));
        }
    }
}
