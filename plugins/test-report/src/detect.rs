//! Finds out what a document is by looking at its content.
//!
//! Names and media types never decide. What is not known is named as well as possible, so that a person
//! sees which report to write instead; it is never read as something else.

use std::io::{self, BufRead};

use crate::lines::Lines;

/// A format that this checker reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Junit,
    Libtest,
    Nextest,
    /// Events of `go test -json`.
    GoTest,
    /// Our own list of ids: a baseline, never a report.
    Manifest,
}

/// What a document seems to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Detected {
    Known(Format),
    /// What it looks like instead, for example `a TAP stream`.
    Other(&'static str),
    /// No byte but blanks.
    Empty,
}

/// The formats of a report, for messages.
pub(crate) const KNOWN: &str =
    "JUnit XML, `cargo test` output, `cargo nextest` output and `go test -json` output";

/// Reads as far as needed to tell: the first chunk of XML and JSON, a text up to its first known line.
///
/// # Errors
/// When the artifact cannot be read.
pub(crate) fn detect<R: BufRead>(mut reader: R) -> io::Result<Detected> {
    let chunk = reader.fill_buf()?;
    let chunk = chunk.strip_prefix(b"\xef\xbb\xbf").unwrap_or(chunk);
    if let Some(other) = binary(chunk) {
        return Ok(Detected::Other(other));
    }
    let start = chunk.trim_ascii_start();
    match start.first() {
        Some(b'<') => return Ok(Detected::Known(Format::Junit)),
        Some(b'{' | b'[') => {
            if let Some(detected) = json(start) {
                return Ok(detected);
            }
        }
        _ => {}
    }
    text(reader)
}

fn binary(chunk: &[u8]) -> Option<&'static str> {
    match chunk {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [b'<', 0, ..] | [0, b'<', ..] => Some("text in UTF-16"),
        [0x1f, 0x8b, ..] => Some("a gzip file"),
        [b'P', b'K', 3, 4, ..] => Some("a zip file"),
        _ if chunk[..chunk.len().min(4096)].contains(&0) => Some("a binary file"),
        _ => None,
    }
}

/// Keys that only one tool writes, most telling first.
const JSON_MARKS: &[(&[u8], &str)] = &[
    (b"\"reportFormat\"", "a CTRF report"),
    (b"\"numTotalTests\"", "a Jest JSON report"),
    (b"\"examples\"", "an RSpec JSON report"),
    (b"\"suites\"", "a Playwright JSON report"),
    (b"\"stats\"", "a Mocha JSON report"),
    (b"\"results\"", "a CTRF report"),
    (b"\"test_count\"", "libtest JSON output"),
    (b"\"type\"", "libtest JSON output"),
];

fn json(start: &[u8]) -> Option<Detected> {
    let contains = |mark: &[u8]| start.windows(mark.len()).any(|window| window == mark);
    // Text may begin with a bracket too, for example a log line: JSON goes on like JSON.
    let second = start[1..].trim_ascii_start().first()?;
    if !matches!(second, b'"' | b'{' | b'[' | b'}' | b']') {
        return None;
    }
    if is_go_event(start) {
        return Some(Detected::Known(Format::GoTest));
    }
    if let Some((_, name)) = JSON_MARKS.iter().find(|(mark, _)| contains(mark)) {
        return Some(Detected::Other(name));
    }
    if contains(b"\"version\"") && contains(b"\"tests\"") {
        return Some(Detected::Known(Format::Manifest));
    }
    Some(Detected::Other("a JSON document of no known kind"))
}

/// Looks at the first line alone: a report of another tool may name a test "Action".
fn is_go_event(start: &[u8]) -> bool {
    let end = memchr::memchr(b'\n', start).unwrap_or(start.len());
    let line = &start[..end];
    // A line that is cut off is of the same kind, and will be found out to be cut off.
    [&b"{\"Time\":"[..], b"{\"Action\":", b"{\"ImportPath\":"].iter().any(|mark| line.starts_with(mark))
}

fn text<R: BufRead>(reader: R) -> io::Result<Detected> {
    let mut lines = Lines::new(reader);
    let (mut empty, mut other) = (true, None);
    while let Some(line) = lines.next()? {
        if let Some(format) = text_format(&line) {
            return Ok(Detected::Known(format));
        }
        empty &= line.trim().is_empty();
        other = other.or_else(|| text_mark(&line));
    }
    Ok(match other {
        _ if empty => Detected::Empty,
        Some(name) => Detected::Other(name),
        None => Detected::Other("text of no known kind"),
    })
}

/// The line with which a runner begins (or, where only the tail was kept, ends).
fn text_format(line: &str) -> Option<Format> {
    if crate::libtest::announced(line).is_some() || crate::libtest::is_result(line) {
        return Some(Format::Libtest);
    }
    if crate::go_test::is_line(line) {
        return Some(Format::GoTest);
    }
    (crate::nextest::is_start(line) || crate::nextest::is_summary(line)).then_some(Format::Nextest)
}

fn text_mark(line: &str) -> Option<&'static str> {
    let line = line.trim_start();
    let digits_after = |prefix: &str| {
        line.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(|next: char| next.is_ascii_digit()))
    };
    if line.starts_with("TAP version ")
        || digits_after("1..")
        || digits_after("ok ")
        || digits_after("not ok ")
    {
        return Some("a TAP stream");
    }
    if line.starts_with("--- FAIL") || line.starts_with("--- PASS") || line.starts_with("=== RUN") {
        return Some("`go test` text output");
    }
    if line.contains(" test session starts ") {
        return Some("pytest terminal output");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides() {
        use Format::{GoTest, Junit, Libtest, Manifest, Nextest};
        for (content, expected) in [
            ("", Detected::Empty),
            (" \n\n", Detected::Empty),
            ("\u{feff}<testsuite/>", Detected::Known(Junit)),
            ("   Compiling x\n\nrunning 1 test\n", Detected::Known(Libtest)),
            ("running 12 tests", Detected::Known(Libtest)),
            ("I am running 12 tests", Detected::Other("text of no known kind")),
            (
                "test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out",
                Detected::Known(Libtest),
            ),
            ("    Starting 11 tests across 3 binaries\nrunning 1 test\n", Detected::Known(Nextest)),
            ("Starting servers across 3 hosts\nrunning 1 test\n", Detected::Known(Libtest)),
            ("     Summary [   0.088s] 1 test run: 1 passed, 0 skipped", Detected::Known(Nextest)),
            (r#"{"Time":"x","Action":"start","Package":"a"}"#, Detected::Known(GoTest)),
            ("go: downloading x\n{\"Action\":\"start\",\"Package\":\"a\"}\n", Detected::Known(GoTest)),
            ("{\"stats\":{},\n\"Action\":1}", Detected::Other("a Mocha JSON report")),
            ("[INFO] Scanning\nrunning 1 test\n", Detected::Known(Libtest)),
            (r#"{"version":1,"tests":[]}"#, Detected::Known(Manifest)),
            (r#"{"numTotalTests":1,"version":1,"tests":[]}"#, Detected::Other("a Jest JSON report")),
            ("{}", Detected::Other("a JSON document of no known kind")),
            ("TAP version 13\n1..0", Detected::Other("a TAP stream")),
            ("PK\u{3}\u{4}", Detected::Other("a zip file")),
            ("a\0b", Detected::Other("a binary file")),
        ] {
            assert_eq!(detect(content.as_bytes()).expect("readable"), expected, "{content:?}");
        }
        assert_eq!(detect(&b"\xff\xfe<\0"[..]).expect("readable"), Detected::Other("text in UTF-16"));
    }
}
