//! What is told once for a whole document, however many elements it is about.
//!
//! It never decides what an element means.

use evident_checker::Reason;

use crate::finding::{named, shown, tests};
use crate::report::Report;

use super::Stop;

/// Elements without a known meaning that are told one by one: a document with more is of another kind.
const UNKNOWN_MAX: usize = 8;

/// What was told, and what is told at the end of the document.
#[derive(Default)]
pub(super) struct Told {
    /// One that is not a record of a test: the others are like it.
    nameless: bool,
    /// Elements that are not known.
    unknown: Vec<String>,
    /// Files of `node:test` that ran no test.
    pub(super) files_alone: Vec<String>,
    /// Tests with a warning and without a failure.
    pub(super) warned: Vec<String>,
}

impl Told {
    /// A case that names no test and failed in nothing: what it stands for cannot be told.
    pub(super) fn nameless(&mut self, source: usize, report: &mut Report) {
        if !std::mem::replace(&mut self.nameless, true) {
            report.malformed(source, "a case has neither name nor class");
        }
    }

    /// # Errors
    /// When too many were told.
    pub(super) fn unknown(&mut self, name: &str, source: usize, report: &mut Report) -> Result<(), Stop> {
        if self.unknown.iter().any(|known| known == name) {
            return Ok(());
        }
        let message = format!("there is a `<{name}>`, an element that is not known");
        if self.unknown.len() == UNKNOWN_MAX {
            return Err(Stop(Reason::Unsupported, message));
        }
        self.unknown.push(name.to_owned());
        report.problem(Reason::Unsupported, source, message);
        Ok(())
    }

    /// Tells what is known at the end alone.
    pub(super) fn finish(&self, report: &mut Report) {
        self.tell_files_alone(report);
        self.tell_warned(report);
    }

    /// `node:test` runs each file in a process, and a file that reports nothing passes with its exit code: one that
    /// ends before its tests looks like one that needs none. Both count as a test, and a person has to know.
    fn tell_files_alone(&self, report: &mut Report) {
        let files: Vec<&str> = self.files_alone.iter().map(String::as_str).collect();
        let message = match files[..] {
            [] => return,
            [file] => {
                format!("`{}` is a file that reported no test: its exit code alone speaks", shown(file))
            }
            _ => {
                let (count, files) = (files.len(), named(&files));
                format!("{count} files reported no test, their exit codes alone speak: {files}")
            }
        };
        report.warn("test-file-alone", "", message);
    }

    /// A warning ends a test of PHPUnit as well as it stands beside a pass: which it was cannot be told.
    fn tell_warned(&self, report: &mut Report) {
        if self.warned.is_empty() {
            return;
        }
        let ids: Vec<&str> = self.warned.iter().map(String::as_str).collect();
        let have = if ids.len() == 1 { "has a warning and counts" } else { "have a warning and count" };
        let message = format!("{} {have} as skipped: {}", tests(ids.len() as u64), named(&ids));
        report.note("test-warning", "", message);
    }
}
