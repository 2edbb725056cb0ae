//! Reads text reports line by line: without terminal colours, with a bound on the length of a line.
//!
//! It never gives a line meaning, and never holds more than one line.

use std::borrow::Cow;
use std::io::{self, BufRead};

/// Bytes of a line that are kept: no line that any format gives a meaning is this long.
const LINE_BYTES_MAX: usize = 64 * 1024;

/// One line at a time.
pub(crate) struct Lines<R> {
    reader: R,
    line: Vec<u8>,
    nul: bool,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self { reader, line: Vec::new(), nul: false }
    }

    /// True once a NUL byte was met: this is not text.
    pub(crate) fn has_nul(&self) -> bool {
        self.nul
    }

    /// The next line without its end, or nothing at the end of the text.
    ///
    /// # Errors
    /// When the artifact cannot be read.
    pub(crate) fn next(&mut self) -> io::Result<Option<Cow<'_, str>>> {
        self.line.clear();
        let mut any = false;
        loop {
            let chunk = self.reader.fill_buf()?;
            if chunk.is_empty() {
                break;
            }
            any = true;
            let end = memchr::memchr(b'\n', chunk);
            let part = &chunk[..end.unwrap_or(chunk.len())];
            let room = LINE_BYTES_MAX - self.line.len();
            self.line.extend_from_slice(&part[..part.len().min(room)]);
            self.nul = self.nul || memchr::memchr(0, part).is_some();
            let used = end.map_or(chunk.len(), |at| at + 1);
            self.reader.consume(used);
            if end.is_some() {
                break;
            }
        }
        if !any {
            return Ok(None);
        }
        if self.line.last() == Some(&b'\r') {
            self.line.pop();
        }
        if memchr::memchr(0x1b, &self.line).is_some() {
            strip_escapes(&mut self.line);
        }
        Ok(Some(String::from_utf8_lossy(&self.line)))
    }
}

/// Removes terminal escape sequences in place: ECMA-48 control sequences and strings ended by BEL or ST.
fn strip_escapes(line: &mut Vec<u8>) {
    let (mut from, mut to) = (0, 0);
    while from < line.len() {
        if line[from] == 0x1b {
            from = after_escape(line, from);
        } else {
            line[to] = line[from];
            (from, to) = (from + 1, to + 1);
        }
    }
    line.truncate(to);
}

fn after_escape(line: &[u8], at: usize) -> usize {
    let find = |start: usize, ends: &dyn Fn(u8) -> bool| {
        line[start..].iter().position(|byte| ends(*byte)).map_or(line.len(), |found| start + found + 1)
    };
    match line.get(at + 1) {
        Some(b'[') => find(at + 2, &|byte| (0x40..=0x7e).contains(&byte)),
        Some(b']') => find(at + 2, &|byte| byte == 0x07 || byte == b'\\'),
        // Character set selections carry one byte more.
        Some(b'(' | b')') => line.len().min(at + 3),
        _ => line.len().min(at + 2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8], capacity: usize) -> Vec<String> {
        let mut lines = Lines::new(io::BufReader::with_capacity(capacity, text));
        let mut all = Vec::new();
        while let Some(line) = lines.next().expect("a buffer is readable") {
            all.push(line.into_owned());
        }
        all
    }

    #[test]
    fn splits_at_line_ends_wherever_the_chunks_end() {
        for capacity in 1..8 {
            assert_eq!(read(b"a\r\n\nbcd\ne", capacity), ["a", "", "bcd", "e"], "chunks of {capacity}");
        }
        assert!(read(b"", 4).is_empty());
    }

    #[test]
    fn strips_colours_and_titles() {
        for (text, expected) in [
            (&b"test a ... \x1b[32mok\x1b(B\x1b[m"[..], "test a ... ok"),
            (b"\x1b[38;5;9m\x1b[1mFAILED\x1b[0m", "FAILED"),
            (b"\x1b]0;title\x07ok", "ok"),
            (b"ok\x1b[3", "ok"),
            (b"ok\x1b", "ok"),
        ] {
            assert_eq!(read(text, 64), [expected], "{text:?}");
        }
    }

    #[test]
    fn a_line_is_bounded_and_the_next_one_intact() {
        let text = [vec![b'x'; LINE_BYTES_MAX * 3], b"\nnext".to_vec()].concat();
        let lines = read(&text, 1000);
        assert_eq!((lines[0].len(), lines[1].as_str()), (LINE_BYTES_MAX, "next"));
    }
}
