//! Reads a document line by line, one line ahead, with a bound on the length of a line.
//!
//! It never gives a line meaning, never holds more than one, and never takes a line without its end: a
//! text that does not end with a line feed was cut off.

use std::io::BufRead;

use evident_checker::Error;
use memchr::memchr;

/// Bytes of one line: the host scans no larger file, and a line of its document holds a whole one.
pub(crate) const LINE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The lines of a text. Only a line feed ends a line; a carriage return is part of it.
pub(crate) struct Lines<R> {
    reader: R,
    line: Vec<u8>,
    loaded: bool,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self { reader, line: Vec::new(), loaded: false, number: 0 }
    }

    /// The number of the line that was peeked at or read last, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The next line without its end, or nothing at the end of the text. It stays the next one.
    ///
    /// # Errors
    /// Inconclusive: `malformed` for a line without an end, `limit` for one that is too long.
    pub(crate) fn peek(&mut self) -> Result<Option<&[u8]>, Error> {
        if !self.loaded {
            self.loaded = self.load()?;
        }
        Ok(self.loaded.then_some(self.line.as_slice()))
    }

    /// Leaves the line that was peeked at behind.
    pub(crate) fn skip(&mut self) {
        self.loaded = false;
    }

    fn load(&mut self) -> Result<bool, Error> {
        self.line.clear();
        let next = self.number + 1;
        loop {
            let chunk = self.reader.fill_buf()?;
            if chunk.is_empty() {
                break;
            }
            let end = memchr(b'\n', chunk);
            let part = &chunk[..end.unwrap_or(chunk.len())];
            if part.len() > LINE_BYTES_MAX - self.line.len() {
                return Err(Error::limit(format!(
                    "line {next} has more than {} MiB",
                    LINE_BYTES_MAX / (1024 * 1024)
                )));
            }
            self.line.extend_from_slice(part);
            let used = part.len() + usize::from(end.is_some());
            self.reader.consume(used);
            if end.is_some() {
                self.number = next;
                return Ok(true);
            }
        }
        if self.line.is_empty() {
            return Ok(false);
        }
        Err(Error::malformed(format!("line {next} has no end: the text was cut off")))
    }
}

#[cfg(test)]
mod tests {
    use evident_checker::Reason;

    use super::*;

    fn read(text: &[u8], capacity: usize) -> Result<Vec<Vec<u8>>, Error> {
        let mut lines = Lines::new(std::io::BufReader::with_capacity(capacity, text));
        let mut all = Vec::new();
        while let Some(line) = lines.peek()? {
            all.push(line.to_vec());
            assert!(lines.peek()?.is_some(), "a peek takes nothing");
            lines.skip();
            assert_eq!(lines.number(), all.len() as u64);
        }
        Ok(all)
    }

    #[test]
    fn only_a_line_feed_ends_a_line_wherever_the_chunks_end() {
        for capacity in 1..8 {
            let expected: [&[u8]; 4] = [b"a\rb\r", b"", b"cd", b"e"];
            assert_eq!(
                read(b"a\rb\r\n\ncd\ne\n", capacity).expect("reads"),
                expected,
                "chunks of {capacity}"
            );
        }
        assert_eq!(read(b"", 4), Ok(vec![]));
    }

    #[test]
    fn a_line_without_an_end_was_cut_off() {
        assert!(matches!(read(b"a\nb", 4), Err(Error::Inconclusive(Reason::Malformed, _))));
    }

    #[test]
    fn a_line_is_bounded() {
        let text = [vec![b'x'; LINE_BYTES_MAX], b"\n".to_vec()].concat();
        assert_eq!(read(&text, 1 << 20).expect("fits")[0].len(), LINE_BYTES_MAX);
        let text = [vec![b'x'; LINE_BYTES_MAX + 1], b"\n".to_vec()].concat();
        assert!(matches!(read(&text, 1 << 20), Err(Error::Inconclusive(Reason::Limit, _))));
    }
}
