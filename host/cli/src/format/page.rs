//! Text in lines that a terminal of the usual width shows whole. It knows columns, not what is in them.

use std::borrow::Cow;
use std::fmt::Write;

use crate::ui::{style, styled};

/// Columns of a line: the terminal that everybody has.
const COLUMNS: usize = 80;

/// Columns that a text has at least, however far it stands to the right.
const COLUMNS_LEAST: usize = 30;

/// A heading.
pub(super) fn heading(page: &mut String, colour: anstyle::Style, text: &str) {
    writeln!(page, "{}", styled(colour, text)).expect("a string");
}

/// A text from the left.
pub(super) fn text(page: &mut String, text: &str) {
    hanging(page, 0, "", text);
}

/// An entry of a list.
pub(super) fn entry(page: &mut String, text: &str) {
    for (number, line) in wrapped(text, COLUMNS - 4).iter().enumerate() {
        let indent = if number == 0 { 2 } else { 4 };
        writeln!(page, "{:indent$}{line}", "").expect("a string");
    }
}

/// A label of a column that is `width` wide, and behind it a text whose further lines stand below its first.
pub(super) fn row(page: &mut String, width: usize, label: &str, text: &str) {
    hanging(page, width, label, text);
}

fn hanging(page: &mut String, width: usize, label: &str, text: &str) {
    let indent = if width == 0 { 0 } else { width + 4 };
    for (number, line) in wrapped(text, COLUMNS.saturating_sub(indent)).iter().enumerate() {
        if number == 0 && width > 0 {
            let padding = width.saturating_sub(label.chars().count());
            write!(page, "  {}{:padding$}  ", styled(style::FAINT, label), "").expect("a string");
        } else {
            write!(page, "{:indent$}", "").expect("a string");
        }
        writeln!(page, "{line}").expect("a string");
    }
}

/// Lines of at most so many columns, broken at blanks; a longer word has a line of its own. One line at least.
fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(COLUMNS_LEAST);
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        let mut used = 0;
        for word in paragraph.split(' ') {
            let wide = word.chars().count();
            if used > 0 && used + 1 + wide > columns {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            // Blanks are kept as they are: they may hold columns of their own.
            if !line.is_empty() || used > 0 {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += wide;
        }
        lines.push(line);
    }
    if lines.is_empty() {
        lines.push(String::new());
    }
    lines
}

/// A number as a person reads it: `8,210`.
pub(super) fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 event`, `2 events`.
pub(crate) fn counted(count: u64, word: &str) -> String {
    format!("{} {word}{}", number(count), if count == 1 { "" } else { "s" })
}

/// A unit as it stands after that number: `1 test`, `2 tests`, `1 ms`. Checkers name what they count in the plural.
pub(crate) fn unit(is_one: bool, unit: &str) -> Cow<'_, str> {
    let is_word = unit.len() > 3 && unit.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b' ');
    let is_plural =
        unit.ends_with('s') && !["ss", "us", "is", "series"].iter().any(|end| unit.ends_with(end));
    if !(is_one && is_word && is_plural) {
        return unit.into();
    }
    if let Some(stem) = unit.strip_suffix("ies") {
        return format!("{stem}y").into();
    }
    let has_es = ["ches", "shes", "sses", "xes"].iter().any(|end| unit.ends_with(end));
    unit[..unit.len() - if has_es { 2 } else { 1 }].into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_a_unit_is_in_the_singular() {
        let plurals = ["tests", "files", "entries", "branches", "boxes", "log lines", "processes"];
        let singulars = ["test", "file", "entry", "branch", "box", "log line", "process"];
        assert_eq!(plurals.map(|it| unit(true, it)), singulars);
        assert_eq!(plurals.map(|it| unit(false, it)), plurals);
        for same in ["ms", "s", "fps", "ops/s", "celsius", "%", "", "MiB", "series", "loss", "test"] {
            assert_eq!(unit(true, same), same);
        }
    }

    /// Catches a word that is lost at a seam, and a line that the terminal breaks itself.
    #[test]
    fn lines_lose_no_word() {
        let text = "one two  three four five six seven eight nine ten eleven twelve";
        let lines = wrapped(text, 30);
        assert_eq!(lines, ["one two  three four five six", "seven eight nine ten eleven", "twelve"]);
        assert_eq!(wrapped("", 30), [""]);
        assert_eq!(wrapped("a\n\nb", 30), ["a", "", "b"]);
        let long = "x".repeat(50);
        assert_eq!(wrapped(&format!("a {long} b"), 30), ["a".to_owned(), long, "b".to_owned()]);
    }

    #[test]
    fn numbers_are_grouped_and_counted() {
        let grouped = [0, 12, 123, 1234, 123_456, 1_234_567].map(number);
        assert_eq!(grouped, ["0", "12", "123", "1,234", "123,456", "1,234,567"]);
        assert_eq!((counted(1, "event"), counted(2000, "event")), ("1 event".into(), "2,000 events".into()));
    }
}
