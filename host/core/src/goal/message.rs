//! The owner's messages: how a long one is cut into parts, and how many one prompt hands over.
//!
//! Nothing that an owner said is lost: what does not fit one prompt goes into the next, in order.

use super::{Goal, MESSAGE_PART_BYTES_MAX};

/// Bytes of the owner's messages in one prompt, as they are quoted there.
pub const MESSAGES_BYTES_MAX: usize = 4000;

/// Bytes that quoting adds to a line: the mark, and a line feed that it may not have.
const QUOTE_BYTES: usize = 3;

/// Cuts a text into parts that fit one prompt each, at line feeds where it has them.
#[must_use]
pub fn parts(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut bytes = 0;
    for line in text.split_inclusive('\n').flat_map(pieces) {
        let more = line.len() + QUOTE_BYTES;
        if bytes + more > MESSAGE_PART_BYTES_MAX && !part.is_empty() {
            parts.push(std::mem::take(&mut part));
            bytes = 0;
        }
        part += line;
        bytes += more;
    }
    parts.push(part);
    // Blank lines at a seam are not a message.
    parts.retain(|part| !part.trim().is_empty());
    parts
}

/// A line in pieces that fit one part each.
fn pieces(line: &str) -> Vec<&str> {
    let mut rest = line;
    let mut pieces = Vec::new();
    while rest.len() > MESSAGE_PART_BYTES_MAX - QUOTE_BYTES {
        let (piece, tail) = rest.split_at(rest.floor_char_boundary(MESSAGE_PART_BYTES_MAX - QUOTE_BYTES));
        pieces.push(piece);
        rest = tail;
    }
    pieces.push(rest);
    pieces
}

/// How many of the waiting messages the next prompt hands over: as many as fit it, at least one.
#[must_use]
pub fn fitting(goal: &Goal) -> usize {
    let mut bytes = 0;
    let fits = |text: &str| {
        bytes += text.len() + (text.lines().count() + 2) * QUOTE_BYTES;
        bytes <= MESSAGES_BYTES_MAX
    };
    let mut fits = fits;
    let fitting = goal.messages.iter().take_while(|message| fits(&message.text)).count();
    fitting.max(1).min(goal.messages.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches a long message of which the agent never sees the end, and a part that no prompt can hold.
    #[test]
    fn parts_lose_nothing_but_blank_seams() {
        let lines: String = (0..3000).map(|number| format!("{number}\n")).collect();
        for text in ["a".repeat(16_000), "ä".repeat(8000), lines, "short".into()] {
            let parts = parts(&text);
            assert_eq!(parts.concat(), text);
            for part in parts {
                assert!(part.len() + part.lines().count() * QUOTE_BYTES <= MESSAGE_PART_BYTES_MAX);
            }
        }
        assert_eq!(parts(" \n\n"), Vec::<String>::new());
    }
}
