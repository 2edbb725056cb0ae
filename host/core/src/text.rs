//! Makes text that comes from outside safe to show: to a terminal, a page or an agent.
//!
//! Every text of a checker, a producer or a report goes through here once, when it enters an outcome.

mod hidden;
mod shown;

use crate::defence::Defence;

pub use hidden::is_hidden;
pub use shown::{BAR, harmless, harmless_json};

/// Bytes of one message of a finding, a summary or a fault.
pub const MESSAGE_BYTES_MAX: usize = 8 * 1024;

/// Bytes of a name: a rule, a unit, a metric, a path.
pub const NAME_BYTES_MAX: usize = 512;

/// How many times the bytes that are kept are looked at: returns of the carriage are left out.
const READ_FACTOR: usize = 4;

/// Makes control characters and all that hides visible, and cuts at `bytes_max`. Line feeds stay where `lines` is
/// [`Lines::Keep`]; a tabulator becomes a blank.
#[must_use]
pub fn clean(text: &str, bytes_max: usize, lines: Lines) -> String {
    let mut clean = String::with_capacity(text.len().min(bytes_max));
    for (at, character) in text.char_indices() {
        // What is left out takes no room, but time.
        if at >= bytes_max.saturating_mul(READ_FACTOR) || clean.len() + character.len_utf8() > bytes_max {
            cut(&mut clean, bytes_max);
            return clean;
        }
        match character {
            '\n' if lines == Lines::Keep => clean.push('\n'),
            '\n' | '\t' => clean.push(' '),
            '\r' => {}
            hidden if is_hidden(hidden) && Defence::SafeText.stands() => {
                use std::fmt::Write;
                write!(clean, "\\u{{{:x}}}", u32::from(hidden)).expect("writing to a string");
            }
            visible => clean.push(visible),
        }
    }
    if clean.len() > bytes_max {
        cut(&mut clean, bytes_max);
    }
    clean
}

/// One line that fits a name.
#[must_use]
pub fn name(text: &str) -> String {
    clean(text, NAME_BYTES_MAX, Lines::Join)
}

/// One line that fits a summary.
#[must_use]
pub fn line(text: &str) -> String {
    clean(text, MESSAGE_BYTES_MAX, Lines::Join)
}

/// Several lines that fit a message.
#[must_use]
pub fn message(text: &str) -> String {
    clean(text, MESSAGE_BYTES_MAX, Lines::Keep)
}

/// The text with every character that acts or hides replaced by question marks, byte for byte: places
/// in the text stay what they are. For showing a piece of a file.
#[must_use]
pub fn masked(text: &str) -> String {
    let mask = |character: char| match character {
        '\n' | '\t' => character.to_string(),
        hidden if is_hidden(hidden) => "?".repeat(hidden.len_utf8()),
        visible => visible.to_string(),
    };
    text.chars().map(mask).collect()
}

/// What happens to line feeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    /// They stay.
    Keep,
    /// They become blanks.
    Join,
}

fn cut(text: &mut String, bytes_max: usize) {
    const MARK: &str = "…";
    let keep = bytes_max.saturating_sub(MARK.len());
    let border = (0..=keep.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    text.truncate(border);
    text.push_str(MARK);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_become_visible() {
        assert_eq!(message("\u{1b}[31mred\u{7}\r\nnext\tone"), "\\u{1b}[31mred\\u{7}\nnext one");
        assert_eq!(line("a\nb"), "a b");
        assert_eq!(line("safe\u{202e}txt.exe\u{200b}"), "safe\\u{202e}txt.exe\\u{200b}");
        assert_eq!(line("\u{e0041}"), "\\u{e0041}");
        let hide =
            "\u{ad}\u{34f}\u{115f}\u{1160}\u{180e}\u{2800}\u{3164}\u{fe0f}\u{ffa0}\u{a0}\u{3000}\u{e0100}";
        let shown: String = hide.chars().map(|it| format!("\\u{{{:x}}}", u32::from(it))).collect();
        assert_eq!(name(hide), shown);
    }

    #[test]
    fn a_mask_keeps_every_place() {
        let text = "a\u{1b}[2J\tb\u{202e}\u{85}\nä";
        assert_eq!(masked(text), "a?[2J\tb?????\nä");
        assert_eq!(masked(text).len(), text.len());
    }

    #[test]
    fn long_text_is_cut_on_a_character() {
        for length in 4..12 {
            let cut = clean(&"ä".repeat(40), length, Lines::Join);
            assert!(cut.len() <= length && cut.ends_with('…'), "{cut}");
        }
        assert!(clean(&"\u{1b}".repeat(40), 10, Lines::Join).len() <= 10);
        assert_eq!(clean("short", 5, Lines::Join), "short");
        assert_eq!(clean(&"\r".repeat(40), 5, Lines::Join), "…");
    }
}
