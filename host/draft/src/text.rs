//! Writes TOML: tables with comments, aligned keys, and texts that nothing can break out of.
//!
//! What a repository says is only ever written by [`quoted`]; it never stands in a comment.

use std::fmt::Write;

use evident_core::text::is_hidden;

/// Lists with more characters are written one entry a line.
const LINE_CHARACTERS_MAX: usize = 100;

/// The text of a contract in the making.
#[derive(Debug, Default)]
pub(crate) struct Text(pub(crate) String);

impl Text {
    /// Comment lines, each with its sign.
    pub(crate) fn comment(&mut self, lines: &str) {
        for line in lines.lines() {
            self.0.push_str(if line.is_empty() { "#" } else { "# " });
            self.0.push_str(line);
            self.0.push('\n');
        }
    }

    /// A table with its comment and keys; `value` is TOML already, behind it perhaps a comment.
    pub(crate) fn table(&mut self, comment: &str, header: &str, keys: &[(&str, String)]) {
        self.0.push('\n');
        self.comment(comment);
        let width = keys.iter().map(|(key, _)| key.len()).max().unwrap_or_default();
        writeln!(self.0, "[{header}]").expect("a text takes everything");
        for (key, value) in keys {
            writeln!(self.0, "{key:width$} = {value}").expect("a text takes everything");
        }
    }
}

/// A basic string of TOML. Whatever is not an ordinary character is escaped: controls end lines, and marks that
/// turn the direction of text around let a line look like another.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            // Two signs can begin a command to a build server that prints the contract.
            '#' if quoted.ends_with('#') => quoted.push_str("\\u0023"),
            _ if is_hidden(character) => {
                write!(quoted, "\\U{:08X}", u32::from(character)).expect("a text takes everything");
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

/// A list of texts, on one line if it fits.
pub(crate) fn list<T: AsRef<str>>(texts: &[T]) -> String {
    let entries: Vec<String> = texts.iter().map(|text| quoted(text.as_ref())).collect();
    let line = format!("[{}]", entries.join(", "));
    if line.chars().count() <= LINE_CHARACTERS_MAX {
        return line;
    }
    let lines: String = entries.iter().map(|entry| format!("    {entry},\n")).collect();
    format!("[\n{lines}]")
}

/// What a repository says, on one line that shows what it is.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|character| if is_hidden(character) { '\u{fffd}' } else { character }).collect()
}

/// True for a name that means itself in a pattern, a command and a comment.
pub(crate) fn is_plain(text: &str) -> bool {
    let ordinary = |character: char| character.is_ascii_alphanumeric() || "._-+@".contains(character);
    !text.is_empty() && text.split('/').all(|part| is_name(part) && part.chars().all(ordinary))
}

fn is_name(part: &str) -> bool {
    !matches!(part, "" | "." | "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches a name that ends its line and goes on as keys of its own.
    #[test]
    fn a_text_comes_back_as_it_was() {
        for text in [
            "plain",
            "",
            "two \"quotes\"",
            "back\\slash",
            "\"\n[criteria.none]\nchecker = \"x\"",
            "\r\n\t\0\u{7f}\u{85}\u{1b}[31m",
            "\u{202e}txt.exe\u{2066}\u{feff}",
            "##[error] ##vso[x] \u{ad}\u{a0}\u{3164}",
            "zürich 😀 '''\"\"\"",
        ] {
            let line = format!("a = {}\n", quoted(text));
            assert_eq!(line.lines().count(), 1, "{line}");
            assert!(!line.trim_end().contains(is_hidden) && !line.contains("##"), "{line:?}");
            let table: toml::Table = line.parse().expect("is TOML");
            assert_eq!((table["a"].as_str(), table.len()), (Some(text), 1));
        }
    }

    #[test]
    fn a_plain_name_leaves_nothing_to_read_into_it() {
        for (text, expected) in [
            ("crates/a-b_c.d", true),
            ("", false),
            ("../up", false),
            ("/top", false),
            ("a//b", false),
            ("a b", false),
            ("a*", false),
            ("!a", false),
            ("{out}", false),
            ("a\n", false),
        ] {
            assert_eq!(is_plain(text), expected, "{text:?}");
        }
    }
}
