//! The last look at a text before it is printed: nothing of it hides, and no line of it is a command to
//! whatever collects the output.
//!
//! A build server reads what a program prints. GitHub Actions acts on a line that begins with `::` once its
//! blanks are gone, and on `##[` anywhere; Azure Pipelines on `##vso[` and `##[`; TeamCity on `##teamcity[`;
//! GitLab and Travis fold at words of their own, Buildkite at rulers. Text of checkers and producers was made
//! safe when it came in; this holds whatever else is printed to the same, names of files and mistakes too.
//! It knows nothing of what a text means.

use std::fmt::Write;

use super::hidden::is_hidden;
use crate::defence::Defence;

/// Stands before what would be a command at the beginning of a line. No trim removes it.
pub const BAR: &str = "| ";

/// Words that act at the beginning of a line, after blanks.
const ACT_AT_THE_START: &[&str] =
    &["::", "section_start:", "section_end:", "travis_fold:", "travis_time:", "--- ", "+++ ", "~~~ ", "^^^ "];

/// Words that act behind `##`, wherever they stand, in any case.
const ACT_BEHIND_SIGNS: &[&str] = &["[", "vso[", "teamcity["];

/// Text for a person, in lines. Styles of a terminal are kept.
#[must_use]
pub fn harmless(text: &str) -> String {
    if !Defence::ServerCommands.stands() {
        return text.to_owned();
    }
    let mut harmless = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let start = start_of_words(line);
        harmless.push_str(&line[..start]);
        let words = &line[start..];
        if ACT_AT_THE_START.iter().any(|word| words.starts_with(word)) {
            harmless.push_str(BAR);
        }
        push_words(&mut harmless, words);
    }
    harmless
}

/// A document or a line of JSON: escaped inside its texts, so that its values still say what they are.
#[must_use]
pub fn harmless_json(text: &str) -> String {
    if !Defence::ServerCommands.stands() {
        return text.to_owned();
    }
    let mut harmless = String::with_capacity(text.len());
    for (at, character) in text.char_indices() {
        match character {
            '\n' => harmless.push('\n'),
            '#' if is_command(text, at) => harmless.push_str("\\u0023"),
            hidden if is_hidden(hidden) => {
                write!(harmless, "\\\\u{{{:x}}}", u32::from(hidden)).expect("writing to a string");
            }
            visible => harmless.push(visible),
        }
    }
    harmless
}

/// Where blanks and styles at the beginning end.
fn start_of_words(line: &str) -> usize {
    let mut start = 0;
    while let Some(character) = line[start..].chars().next() {
        match style_length(&line[start..]) {
            Some(length) => start += length,
            // Other blanks are made visible, and begin nothing then.
            None if matches!(character, ' ' | '\t') => start += 1,
            None => break,
        }
    }
    start
}

fn push_words(harmless: &mut String, words: &str) {
    let mut behind_style = 0;
    for (at, character) in words.char_indices() {
        match character {
            '\u{1b}' if at >= behind_style => {
                if let Some(length) = style_length(&words[at..]) {
                    harmless.push_str(&words[at..at + length]);
                    behind_style = at + length;
                } else {
                    push_visible(harmless, character);
                }
            }
            _ if at < behind_style => {}
            '\n' | '\t' => harmless.push(character),
            hidden if is_hidden(hidden) || (hidden == '#' && is_command(words, at)) => {
                push_visible(harmless, hidden);
            }
            visible => harmless.push(visible),
        }
    }
}

fn push_visible(harmless: &mut String, character: char) {
    write!(harmless, "\\u{{{:x}}}", u32::from(character)).expect("writing to a string");
}

/// True for the second of two signs that begin a command.
fn is_command(text: &str, at: usize) -> bool {
    if !text[..at].ends_with('#') {
        return false;
    }
    let behind = &text[at + 1..];
    let begins = |word: &str| behind.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    // A style between the two is gone where no terminal is.
    behind.starts_with('\u{1b}') || ACT_BEHIND_SIGNS.iter().any(|word| begins(word))
}

/// Bytes of a style at the beginning, `ESC [ ... m`: all that this program itself writes to a terminal.
fn style_length(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\u{1b}[")?;
    let end = parameters.find(|character: char| !character.is_ascii_digit() && character != ';')?;
    parameters[end..].starts_with('m').then_some("\u{1b}[".len() + end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_begins_a_command() {
        for (text, expected) in [
            ("::error::x", "| ::error::x"),
            ("  ::error::x\n\t::set-output name=a::b\n", "  | ::error::x\n\t| ::set-output name=a::b\n"),
            ("\u{1b}[1m::stop-commands::x\u{1b}[0m", "\u{1b}[1m| ::stop-commands::x\u{1b}[0m"),
            ("a ::error::x", "a ::error::x"),
            ("\u{a0}::error::x", "\\u{a0}::error::x"),
            ("a ##[error]b ##vso[task.setvariable]", "a #\\u{23}[error]b #\\u{23}vso[task.setvariable]"),
            ("###TeamCity[x", "##\\u{23}TeamCity[x"),
            ("##\u{1b}[1m[error]", "#\\u{23}\u{1b}[1m[error]"),
            ("## a heading\n# [a]\n", "## a heading\n# [a]\n"),
            ("--- a\n+++ b\n---\n", "| --- a\n| +++ b\n---\n"),
            (" section_start:0:a", " | section_start:0:a"),
        ] {
            assert_eq!(harmless(text), expected);
        }
    }

    #[test]
    fn nothing_that_is_printed_hides() {
        assert_eq!(
            harmless("a\u{ad}b\u{1b}]8;;x\u{7}\r\u{1b}[2J"),
            "a\\u{ad}b\\u{1b}]8;;x\\u{7}\\u{d}\\u{1b}[2J"
        );
        assert_eq!(harmless("\u{1b}[1;31mred\u{1b}[0m äß\n"), "\u{1b}[1;31mred\u{1b}[0m äß\n");
    }

    #[test]
    fn a_document_keeps_its_values() {
        let value = serde_json::json!({ "a": "##[error] ##vso[x]", "b": "plain ## text", "c": "x\u{3164}y" });
        let shown = harmless_json(&serde_json::to_string_pretty(&value).unwrap());
        assert!(!shown.contains("##[") && !shown.contains("##vso["), "{shown}");
        let read: serde_json::Value = serde_json::from_str(&shown).unwrap();
        assert_eq!((&read["a"], &read["b"]), (&value["a"], &value["b"]));
        assert_eq!(read["c"], "x\\u{3164}y");
    }
}
