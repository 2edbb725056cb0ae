//! One event of `go test -json`: a JSON object on a line of its own.
//!
//! It never joins events. Keys that carry no outcome (times, kinds of output) are not looked at.

use serde::Deserialize;
use serde::de::IgnoredAny;

/// An event as written. Either about a package, and maybe a test of it, or about a build.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Event {
    pub(super) action: String,
    pub(super) package: Option<String>,
    pub(super) test: Option<String>,
    pub(super) output: Option<String>,
    /// Since Go 1.27: `frame`, `error` or nothing.
    pub(super) output_type: Option<String>,
    /// Of a build.
    pub(super) import_path: Option<String>,
    /// The build that made a package fail.
    pub(super) failed_build: Option<String>,
    #[serde(rename = "Time")]
    _time: Option<IgnoredAny>,
}

/// Reads a line.
///
/// # Errors
/// What the JSON reader says about it.
pub(super) fn parse(line: &str) -> Result<Event, String> {
    serde_json::from_str(line).map_err(|error| error.to_string())
}

/// True for a line that only `go test -json` prints.
pub(crate) fn is_line(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with('{') && line.contains("\"Action\":") && parse(line).is_ok()
}

/// File and line from the first `name_test.go:12: message` or `./name.go:12:5: message` of a text.
pub(super) fn place(text: &str) -> Option<(String, Option<u32>)> {
    text.lines().find_map(|line| {
        let (file, rest) = line.trim().split_once(".go:")?;
        let digits = rest.len() - rest.trim_start_matches(|next: char| next.is_ascii_digit()).len();
        let number = rest[..digits].parse().ok()?;
        let is_place = rest[digits..].starts_with(':') && !file.contains(char::is_whitespace);
        is_place.then(|| (format!("{}.go", file.trim_start_matches("./")), Some(number)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_event_or_nothing() {
        for (line, is) in [
            (r#"{"Action":"start","Package":"a"}"#, true),
            (r#"{"Time":"x","Action":"run","Package":"a","Test":"T","Elapsed":0.1}"#, true),
            (r#"{"Action":"start","Package":"a""#, false),
            (r#"{"Action":"start","Action":"pass","Package":"a"}"#, false),
            (r#"{"Action":1}"#, false),
            (r#"{"Package":"a"}"#, false),
            ("[]", false),
        ] {
            assert_eq!(is_line(line), is, "{line}");
        }
    }

    #[test]
    fn finds_the_place() {
        for (text, expected) in [
            ("    bad_test.go:9: got 2", Some(("bad_test.go", 9))),
            ("# a\n./a/b.go:5:32: undefined: x", Some(("a/b.go", 5))),
            ("no place at x.go:", None),
            ("\t/usr/lib/go/src/testing.go:21 +0x2", None),
        ] {
            let expected = expected.map(|(file, line)| (file.to_owned(), Some(line)));
            assert_eq!(place(text), expected, "{text}");
        }
    }
}
