//! Bounds on what is written: on the document, and on a part of it before it is written.
//!
//! What is over a bound is not written: it never ends in a document that looks whole.

use std::io::{self, BufWriter, Write};

use serde::Serialize;

use crate::capture::BUFFER_BYTES;

/// A writer that takes so many bytes and refuses the rest. It is buffered, because JSON comes in pieces of a few
/// bytes and each would cost a call of the system.
pub(super) struct Bounded<'a> {
    out: BufWriter<&'a mut dyn Write>,
    left: u64,
    is_over: bool,
}

impl<'a> Bounded<'a> {
    pub(super) fn new(out: &'a mut dyn Write, bytes_max: u64) -> Self {
        Self { out: BufWriter::with_capacity(BUFFER_BYTES, out), left: bytes_max, is_over: false }
    }

    /// True once something was refused.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }
}

impl Write for Bounded<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(left) = self.left.checked_sub(bytes.len() as u64).filter(|_| !self.is_over) else {
            self.is_over = true;
            return Err(io::Error::other("the bound of the document is met"));
        };
        let count = self.out.write(bytes)?;
        // What a short write left behind comes again.
        self.left = left + (bytes.len() - count) as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The bytes of a value as JSON; nothing where they are more than `bytes_max`. Holds none of them.
pub(super) fn fits(value: &impl Serialize, bytes_max: u64) -> Option<u64> {
    let mut nowhere = Counted { left: bytes_max };
    serde_json::to_writer(&mut nowhere, value).ok()?;
    Some(bytes_max - nowhere.left)
}

struct Counted {
    left: u64,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.left.checked_sub(bytes.len() as u64);
        self.left = left.ok_or_else(|| io::Error::other("the bound is met"))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches a document that is cut at its bound, or that is over it by a byte.
    #[test]
    fn nothing_is_written_beyond_the_bound() {
        for (bytes_max, fits_in) in [(3, true), (2, false)] {
            let mut out = Vec::new();
            let mut bounded = Bounded::new(&mut out, bytes_max);
            let written = bounded.write_all(b"ab").and_then(|()| bounded.write_all(b"c"));
            assert_eq!((written.is_ok(), bounded.is_over()), (fits_in, !fits_in));
            assert!(bounded.write_all(b"d").is_err(), "what was refused once stays refused");
            drop(bounded);
            assert!(out.len() as u64 <= bytes_max);
        }
        assert_eq!((fits(&["a", "\n"], 10), fits(&["a", "\n"], 9)), (Some(10), None));
    }
}
