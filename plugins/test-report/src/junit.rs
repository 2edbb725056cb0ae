//! Reads JUnit XML in the dialects of pytest, jest-junit, Surefire, Jenkins, gtest, tst and nextest.
//!
//! A pull parser with its own stack: no recursion, a bound on depth, and nothing of a document type is
//! ever resolved. Counts in headers are only compared with the cases below them, level by level, since
//! some writers include nested suites in a header and some do not.

use std::io::BufRead;

use evident_checker::{Error, Reason};
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::reader::Reader;

use crate::report::{Case, Kind, Report};
use crate::settings::Counting;

mod attempts;
mod attributes;
mod case;
mod encoding;
mod header;
mod producer;
mod told;

use attempts::Attempts;
use attributes::Attributes;
use case::{OpenCase, Outcome};
use encoding::{Decoded, Flaw, encoding_of};
use header::{Claim, Header, Tally};
use producer::Producer;
use told::Told;

/// Elements inside elements. Real reports stay below ten.
const DEPTH_MAX: usize = 256;

/// Reads a whole document. What is wrong with it is in the report, beside the cases before the flaw.
///
/// # Errors
/// When the artifact cannot be read.
pub(crate) fn read<R: BufRead>(mut reader: R, source: usize, counting: Counting) -> Result<Report, Error> {
    let mut parser = Parser { source, counting, ..Parser::default() };
    match encoding_of(reader.fill_buf()?) {
        Ok(encoding) => parser.read(Reader::from_reader(Decoded::new(reader, encoding)?))?,
        Err(name) => parser.report.problem(
            Reason::Unsupported,
            source,
            format!("the encoding is {name}; UTF-8, ISO 8859-1, ISO 8859-15 and Windows-1252 are read"),
        ),
    }
    Ok(parser.report)
}

/// Why reading stops.
struct Stop(Reason, String);

fn malformed(message: impl Into<String>) -> Stop {
    Stop(Reason::Malformed, message.into())
}

#[derive(Default)]
struct Parser {
    source: usize,
    counting: Counting,
    report: Report,
    frames: Vec<Frame>,
    /// Names of the open suites, joined with `::`.
    path: String,
    case: OpenCase,
    case_is_open: bool,
    /// The open case stands for a failure of a suite.
    case_is_suite: bool,
    root_seen: bool,
    told: Told,
}

enum Frame {
    Suite {
        header: Header,
        tally: Box<Tally>,
        path_length: usize,
        name_start: usize,
        /// Where pytest wrote it, whose attempts are cases of their own.
        attempts: Option<Attempts>,
    },
    Case,
    Outcome,
    /// What has no bearing on an outcome, for example `<properties>`.
    Other,
}

impl Parser {
    fn read<R: BufRead>(&mut self, mut reader: Reader<Decoded<R>>) -> Result<(), Error> {
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            let event = match reader.read_event_into(&mut buffer) {
                Ok(event) => event,
                Err(quick_xml::Error::Io(error)) => {
                    let flaw = reader.get_ref().flaw();
                    self.stop(match flaw {
                        Some(Flaw::Nul) => malformed("there is a NUL byte"),
                        Some(Flaw::EventTooLong) => {
                            Stop(Reason::Limit, "one tag or text has over 32 MiB".into())
                        }
                        None => return Err(Error::Broken(error.to_string())),
                    });
                    return Ok(());
                }
                Err(error) => {
                    let at = reader.error_position();
                    self.stop(malformed(format!("byte {at}: {error}")));
                    return Ok(());
                }
            };
            let end = matches!(event, Event::Eof);
            if let Err(stop) = self.event(event) {
                self.stop(stop);
                return Ok(());
            }
            if end {
                return Ok(());
            }
            reader.get_mut().event_ended();
        }
    }

    /// Keeps what is certain of the open case: a failure that was read stays a failure.
    fn stop(&mut self, Stop(reason, message): Stop) {
        if self.case_is_open && self.case.status().is_bad() {
            if self.case.is_nameless() {
                self.case.be_nameless();
            }
            self.push();
        }
        self.report.problem(reason, self.source, message);
    }

    fn event(&mut self, event: Event<'_>) -> Result<(), Stop> {
        match event {
            Event::Start(start) => self.open(&start),
            Event::Empty(start) => {
                self.open(&start)?;
                self.close();
                Ok(())
            }
            Event::End(_) => {
                self.close();
                Ok(())
            }
            Event::Text(text) => self.text(&text),
            Event::CData(text) => self.text(&text),
            Event::GeneralRef(reference) => self.reference(&reference),
            Event::DocType(_) => {
                Err(malformed("there is a document type; entities and defaults of one are not read"))
            }
            Event::Eof => self.end_of_document(),
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) => Ok(()),
        }
    }

    fn open(&mut self, start: &BytesStart<'_>) -> Result<(), Stop> {
        if self.frames.len() >= DEPTH_MAX {
            return Err(Stop(Reason::Limit, format!("elements are nested deeper than {DEPTH_MAX}")));
        }
        let name = start.local_name();
        let name = name.as_ref();
        let frame = match (self.frames.last(), name) {
            (None, "testsuites" | "testsuite") if !self.root_seen => {
                self.root_seen = true;
                self.open_suite(start, name == "testsuite")?
            }
            (None, _) if self.root_seen => return Err(malformed("there is a second root element")),
            (None, _) => return Err(unknown_root(name)),
            (Some(Frame::Suite { .. }), "testsuite") => self.open_suite(start, true)?,
            (Some(Frame::Suite { .. }), "testcase") => {
                self.case.read(start)?;
                (self.case_is_open, self.case_is_suite) = (true, false);
                Frame::Case
            }
            // A suite that could not be set up: no case tells, so it becomes one.
            (Some(Frame::Suite { .. }), "error" | "failure") => {
                self.case.be_suite();
                (self.case_is_open, self.case_is_suite) = (true, true);
                self.open_outcome(start, Outcome::Errored)?
            }
            (Some(Frame::Case), name) => match Outcome::of_element(name) {
                Some(outcome) => self.open_outcome(start, outcome)?,
                None => self.other(name, false)?,
            },
            (Some(Frame::Suite { .. }), name) => self.other(name, false)?,
            (Some(Frame::Outcome | Frame::Other), name) => {
                if name == "property" && self.case_is_open {
                    self.read_property(start)?;
                }
                self.other(name, true)?
            }
        };
        self.frames.push(frame);
        Ok(())
    }

    fn open_suite(&mut self, start: &BytesStart<'_>, in_path: bool) -> Result<Frame, Stop> {
        let path_length = self.path.len();
        let outer = self.producer();
        let header = Header::read(start, outer, |name| {
            if in_path && !name.is_empty() {
                if path_length > 0 {
                    self.path.push_str("::");
                }
                self.path.push_str(name);
            }
        })?;
        // The start of this suite's own name, which is empty for a suite without one.
        let name_start = match self.path.len() {
            length if length == path_length => length,
            _ if path_length > 0 => path_length + 2,
            _ => 0,
        };
        let attempts = (header.producer == Some(Producer::Pytest)).then(Attempts::default);
        Ok(Frame::Suite { header, tally: Box::default(), path_length, name_start, attempts })
    }

    /// An element that says nothing about an outcome. One that is not known might: the report is refused, and read
    /// to its end for the sake of failures.
    fn other(&mut self, name: &str, inside: bool) -> Result<Frame, Stop> {
        match name {
            "properties" | "property" | "system-out" | "system-err" | "attachments" | "attachment" => {}
            // Surefire, in an attempt.
            "stackTrace" if inside => {}
            _ if is_structure(name) || (inside && Outcome::is_meant_by(name)) => return Err(misplaced(name)),
            _ => self.told.unknown(shortened(name), self.source, &mut self.report)?,
        }
        Ok(Frame::Other)
    }

    /// A property of the open case may say that it was skipped.
    fn read_property(&mut self, start: &BytesStart<'_>) -> Result<(), Stop> {
        let Some(producer) = self.producer() else { return Ok(()) };
        for attribute in Attributes::of(start) {
            let (key, raw) = attribute?;
            if key == "name" && producer.skips_by(raw) {
                self.case.be_skipped();
            }
        }
        Ok(())
    }

    fn open_outcome(&mut self, start: &BytesStart<'_>, outcome: Outcome) -> Result<Frame, Stop> {
        self.case.open_outcome(start, outcome, self.producer())?;
        Ok(Frame::Outcome)
    }

    fn close(&mut self) {
        match self.frames.pop() {
            Some(Frame::Suite { header, tally, path_length, attempts, .. }) => {
                self.close_suite(&header, tally);
                if let Some(attempts) = attempts {
                    attempts.join(&mut self.report);
                }
                self.path.truncate(path_length);
            }
            Some(Frame::Case) => self.close_case(),
            // A failure of the suite itself has no case around it.
            Some(Frame::Outcome) if matches!(self.frames.last(), Some(Frame::Suite { .. })) => {
                self.close_case();
            }
            Some(Frame::Outcome | Frame::Other) | None => {}
        }
    }

    fn close_suite(&mut self, header: &Header, mut tally: Box<Tally>) {
        let whose =
            if self.path.is_empty() { String::new() } else { format!(" of `{}`", shortened(&self.path)) };
        let unnamed = tally.unnamed;
        match header.compare(&mut tally, self.counting) {
            Claim::Agrees => {}
            Claim::Accepted(message) => {
                self.report.note("report-counts", &self.path, format!("the header{whose} {message}"));
            }
            Claim::Open(message) => tally.doubts.push(format!("the header{whose} {message}")),
            Claim::Refused(message) => {
                self.report.disagreement(self.source, format!("the header{whose} {message}"));
            }
        }
        self.report.skipped_unnamed += tally.unnamed - unnamed;
        if let Some(message) = header.understatement(&tally) {
            self.report.note("report-counts", &self.path, format!("the header{whose} {message}"));
        }
        let outer = match self.frames.last_mut() {
            Some(Frame::Suite { tally: outer, .. }) => Some(outer),
            _ => None,
        };
        // Who counts skipped tests has answered for the headers inside, and nothing is around the root.
        if header.skipped().is_some() || outer.is_none() {
            for doubt in std::mem::take(&mut tally.doubts) {
                self.report.disagreement(self.source, doubt);
            }
        }
        if let Some(outer) = outer {
            outer.absorb(*tally);
        }
    }

    fn close_case(&mut self) {
        let (status, figures) = (self.case.status(), self.case.figures);
        if let Some(Frame::Suite { tally, .. }) = self.frames.last_mut() {
            tally.absorb(Tally::of_case(status, figures));
        }
        if let Some(word) = self.case.unknown_status() {
            let message = format!("`{}` has the status `{word}`, which is not known", self.case.name());
            self.report.problem(Reason::Unsupported, self.source, message);
        }
        self.case_is_open = false;
        if self.case.is_nameless() {
            if !status.is_bad() {
                return self.told.nameless(self.source, &mut self.report);
            }
            self.case.be_nameless();
        }
        if self.case.is_file_alone() {
            self.told.files_alone.push(self.case.name().to_owned());
        }
        self.push();
    }

    fn push(&mut self) {
        let suite = self.frames.iter_mut().rev().find_map(|frame| match frame {
            Frame::Suite { name_start, attempts, .. } => Some((*name_start, attempts)),
            _ => None,
        });
        let (name_start, attempts) = suite.map_or((0, None), |(start, attempts)| (start, attempts.as_mut()));
        if let Some(attempts) = attempts {
            attempts.note(self.report.cases.len(), &self.case);
        }
        let last_suite = &self.path[name_start.min(self.path.len())..];
        let class = if self.case.class() == last_suite { "" } else { self.case.class() };
        let parts = [self.path.as_str(), class, self.case.name()];
        let mut id = String::with_capacity(parts.iter().map(|part| part.len() + 2).sum());
        for part in parts.into_iter().filter(|part| !part.is_empty()) {
            if !id.is_empty() {
                id.push_str("::");
            }
            id.push_str(part);
        }
        if self.case.is_warned() {
            self.told.warned.push(id.clone());
        }
        let status = self.case.status();
        if status.is_bad()
            && let Some(why) = self.producer().and_then(Producer::excuses)
        {
            let count = self.report.excusable.map_or(0, |(count, _)| count);
            self.report.excusable = Some((count + 1, why));
        }
        let kind = if self.case_is_suite || self.case.is_fault() { Kind::Fault } else { Kind::Test };
        let detail = self.case.take_detail();
        self.report.push(Case { id, status, kind, source: self.source, detail });
    }

    /// The writer of what is open.
    fn producer(&self) -> Option<Producer> {
        self.frames.iter().rev().find_map(Frame::producer)
    }

    fn text(&mut self, text: &str) -> Result<(), Stop> {
        match self.frames.last() {
            None if text.trim().is_empty() => Ok(()),
            None => Err(malformed("there is text outside the root element")),
            Some(Frame::Outcome) => {
                self.case.text(text);
                Ok(())
            }
            Some(_) => Ok(()),
        }
    }

    fn reference(&mut self, reference: &BytesRef<'_>) -> Result<(), Stop> {
        // What nobody reads need not be resolved; most text of a report is output of tests.
        if !matches!(self.frames.last(), None | Some(Frame::Outcome)) {
            return Ok(());
        }
        let name: &str = reference;
        let unknown = || malformed(format!("the entity `&{};` is not one of XML's own", shortened(name)));
        if let Some(text) = quick_xml::escape::resolve_predefined_entity(name) {
            return self.text(text);
        }
        match reference.resolve_char_ref() {
            Ok(Some(character)) => self.text(character.encode_utf8(&mut [0; 4])),
            _ => Err(unknown()),
        }
    }

    fn end_of_document(&mut self) -> Result<(), Stop> {
        if !self.frames.is_empty() {
            return Err(malformed("the document ends before its root element does: it is truncated"));
        }
        if !self.root_seen {
            return Err(malformed("there is no root element"));
        }
        self.told.finish(&mut self.report);
        Ok(())
    }
}

impl Frame {
    /// The writer of what is inside it.
    fn producer(&self) -> Option<Producer> {
        match self {
            Self::Suite { header, .. } => header.producer,
            _ => None,
        }
    }
}

/// Elements whose place decides what they mean: anywhere else, they cannot be ignored.
fn is_structure(name: &str) -> bool {
    matches!(name, "testsuites" | "testsuite" | "testcase")
}

fn misplaced(name: &str) -> Stop {
    malformed(format!("there is a `<{name}>` where none belongs"))
}

fn unknown_root(name: &str) -> Stop {
    let what = match name {
        "TestRun" => "a TRX report",
        "test-run" | "test-results" => "an NUnit report",
        "assemblies" | "assembly" => "an xUnit.net report",
        "html" => "an HTML page",
        "coverage" | "report" => "a coverage report",
        "testng-results" => "a TestNG report",
        "robot" => "a Robot Framework report",
        _ => "XML",
    };
    let message = format!(
        "it looks like {what} (root `<{}>`); known formats: {}",
        shortened(name),
        crate::detect::KNOWN
    );
    Stop(Reason::Unsupported, message)
}

/// A name that fits into one line of a message.
fn shortened(name: &str) -> &str {
    &name[..name.floor_char_boundary(64)]
}
