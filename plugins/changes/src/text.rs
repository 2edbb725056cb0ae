//! The lines that a change added, in one piece of memory.
//!
//! A file of line feeds alone has as many lines as bytes, so no line may cost more than a few of them.

use std::fmt;

use memchr::memmem::Finder;
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};

/// Added lines in order, each followed by a line feed. They need not be UTF-8.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Text {
    bytes: Vec<u8>,
    count: u64,
    /// Where a run of lines begins: the byte, and its number in the new file. Empty where the evidence has
    /// no numbers.
    runs: Vec<(usize, u64)>,
}

/// Where a text was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found<'a> {
    /// The first line that contains it.
    pub(crate) line: &'a [u8],
    /// Its number in the new file.
    pub(crate) number: Option<u32>,
    /// How many lines contain it.
    pub(crate) lines: u64,
}

impl Text {
    /// How many lines there are.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Bytes of all lines with their ends.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Says that the next line has this number, and those that follow it the next ones.
    pub(crate) fn start_run(&mut self, number: u64) {
        self.runs.push((self.bytes.len(), number));
    }

    /// Adds a line.
    pub(crate) fn push(&mut self, line: &[u8]) {
        self.bytes.extend_from_slice(line);
        self.bytes.push(b'\n');
        self.count += 1;
    }

    /// Looks for a text without line feeds.
    pub(crate) fn find(&self, text: &Finder<'_>) -> Option<Found<'_>> {
        let mut first = None;
        let (mut lines, mut from) = (0, 0);
        while let Some(at) = text.find(&self.bytes[from..]).map(|at| from + at) {
            lines += 1;
            first.get_or_insert(at);
            // One hit per line is enough.
            from = memchr::memchr(b'\n', &self.bytes[at..]).map_or(self.bytes.len(), |end| at + end + 1);
        }
        let at = first?;
        let start = memchr::memrchr(b'\n', &self.bytes[..at]).map_or(0, |end| end + 1);
        let end = memchr::memchr(b'\n', &self.bytes[at..]).map_or(self.bytes.len(), |end| at + end);
        Some(Found { line: &self.bytes[start..end], number: self.number(start), lines })
    }

    /// The number of the line that begins at a byte.
    fn number(&self, start: usize) -> Option<u32> {
        let run = self.runs.partition_point(|(from, _)| *from <= start).checked_sub(1)?;
        let (from, number) = self.runs[run];
        let before = memchr::memchr_iter(b'\n', &self.bytes[from..start]).count() as u64;
        u32::try_from(number.saturating_add(before)).ok()
    }
}

/// Reads a JSON list of strings.
impl<'de> serde::Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(List)
    }
}

struct List;

impl<'de> Visitor<'de> for List {
    type Value = Text;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of lines")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Text, A::Error> {
        let mut text = Text::default();
        while items.next_element_seed(Line(&mut text))?.is_some() {}
        Ok(text)
    }
}

struct Line<'a>(&'a mut Text);

impl<'de> DeserializeSeed<'de> for Line<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Line<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a line")
    }

    fn visit_str<E>(self, line: &str) -> Result<(), E> {
        self.0.push(line.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_first_line_and_counts_all() {
        let mut text = Text::default();
        text.start_run(7);
        text.push(b"a");
        text.push(b"b x x");
        text.start_run(40);
        text.push(b"");
        text.push(b"x\xff");
        let find = |word: &str| text.find(&Finder::new(word));
        assert_eq!(find("x"), Some(Found { line: b"b x x", number: Some(8), lines: 2 }));
        assert_eq!(find("a"), Some(Found { line: b"a", number: Some(7), lines: 1 }));
        assert_eq!(text.find(&Finder::new(b"\xff")).and_then(|found| found.number), Some(41));
        assert_eq!((find("ab"), find("xx"), text.count()), (None, None, 4));
    }

    #[test]
    fn reads_a_list_of_strings_and_nothing_else() {
        let text: Text = serde_json::from_str(r#"["a\tb", "", "x"]"#).expect("reads");
        assert_eq!((text.count(), text.bytes.as_slice()), (3, &b"a\tb\n\nx\n"[..]));
        assert_eq!(text.find(&Finder::new("x")).expect("is there").number, None);
        for wrong in ["{}", "[1]", "\"a\"", "[null]", "[[\"a\"]]"] {
            assert!(serde_json::from_str::<Text>(wrong).is_err(), "{wrong}");
        }
    }
}
