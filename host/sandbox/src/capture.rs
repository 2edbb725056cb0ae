//! Keeps the beginning and the end of a text that may be endless: what a guest logs.

use std::collections::VecDeque;

use evident_core::defence::Defence;

use crate::limits::{LOG_BYTES_MAX, LOG_TAKEN_BYTES_MAX};

const HALF: usize = LOG_BYTES_MAX / 2;

/// A log that is cut in the middle.
#[derive(Debug, Default)]
pub(crate) struct Capture {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    dropped: u64,
    taken: u64,
    /// Bytes behind the tail that were never looked at.
    refused: u64,
}

impl Capture {
    /// Appends; above the bound, bytes in the middle go. What comes when too much was said is only counted.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let length = bytes.len() as u64;
        let is_full = self.refused > 0 || self.taken + length > LOG_TAKEN_BYTES_MAX;
        if Defence::OutputCaps.stands() && is_full {
            self.refused += length;
            return;
        }
        self.taken += length;
        let room =
            if Defence::OutputCaps.stands() { HALF.saturating_sub(self.head.len()) } else { usize::MAX };
        let to_head = bytes.len().min(room);
        self.head.extend_from_slice(&bytes[..to_head]);
        let rest = &bytes[to_head..];
        let rest = if rest.len() > HALF {
            self.dropped += (rest.len() - HALF) as u64;
            &rest[rest.len() - HALF..]
        } else {
            rest
        };
        let excess = (self.tail.len() + rest.len()).saturating_sub(HALF);
        self.tail.drain(..excess);
        self.dropped += excess as u64;
        self.tail.extend(rest);
    }

    /// The text with a mark where bytes are missing. Control characters are made visible.
    pub(crate) fn text(&self) -> String {
        let (front, back) = self.tail.as_slices();
        let bytes = if self.dropped == 0 {
            [&self.head, front, back].concat()
        } else {
            let mark = format!("\n[... {} bytes ...]\n", self.dropped);
            [self.head.as_slice(), mark.as_bytes(), front, back].concat()
        };
        let mut text = String::from_utf8_lossy(&bytes).into_owned();
        if self.refused > 0 {
            text += &format!("\n[... {} bytes ...]\n", self.refused);
        }
        evident_core::text::clean(&text, 2 * LOG_BYTES_MAX, evident_core::text::Lines::Keep)
    }

    /// The last lines, for the report of a fault.
    pub(crate) fn last_words(&self) -> String {
        const LINES: usize = 12;
        let text = self.text();
        let lines: Vec<&str> = text.trim_end().lines().collect();
        let last = lines[lines.len().saturating_sub(LINES)..].join("\n");
        evident_core::text::message(&last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_text_stays_whole() {
        let mut capture = Capture::default();
        capture.push(b"one\n");
        capture.push(b"two\n");
        assert_eq!(capture.text(), "one\ntwo\n");
        assert_eq!(capture.last_words(), "one\ntwo");
    }

    #[test]
    fn a_flood_keeps_both_ends_and_counts_the_rest() {
        let mut capture = Capture::default();
        capture.push(b"first ");
        for _ in 0..64 {
            capture.push(&vec![b'x'; LOG_BYTES_MAX]);
        }
        capture.push(b" last");
        let text = capture.text();
        assert!(text.starts_with("first ") && text.ends_with(" last"));
        assert!(text.len() < LOG_BYTES_MAX + 100);
        let kept = (HALF * 2) as u64;
        assert!(text.contains(&format!("[... {} bytes ...]", 64 * LOG_BYTES_MAX as u64 + 11 - kept)));
    }

    #[test]
    fn what_comes_after_too_much_is_counted() {
        let mut capture = Capture::default();
        let piece = vec![b'x'; 8 << 20];
        (0..16).for_each(|_| capture.push(&piece));
        capture.push(&piece);
        capture.push(b"unheard");
        let text = capture.text();
        assert!(!text.contains("unheard") && text.ends_with("x\n[... 8388615 bytes ...]\n"));
        assert!(text.len() < LOG_BYTES_MAX + 100);
    }
}
