//! The stream of a PNG, inflated as far as the next row needs.
//!
//! It keeps the last 32 KiB, which the format may refer back to, and what the next rows are made of. A stream
//! that goes on after the last row is malformed: most decoders ignore the rest, which would let a picture of a
//! few pixels carry a stream without end.

use fdeflate::Decompressor;

use super::chunks::Chunks;
use crate::decode::Problem;

/// How far back the format may refer, in bytes (RFC 1951).
const WINDOW_BYTES: usize = 32 * 1024;

/// Bytes that are inflated before the rest is moved to the front: many times the window, so that moving it
/// costs little, and small enough for the cache.
const ROOM_BYTES: usize = 256 * 1024;

/// Inflates one stream.
pub(crate) struct Inflate {
    state: Decompressor,
    buffer: Vec<u8>,
    /// Where the bytes begin that were not taken.
    start: usize,
    /// Where they end.
    end: usize,
}

impl Inflate {
    /// For a stream that is taken in pieces of at most `piece` bytes.
    pub(crate) fn new(piece: usize) -> Self {
        let buffer = vec![0; WINDOW_BYTES + ROOM_BYTES.max(2 * piece)];
        Self { state: Decompressor::new(), buffer, start: 0, end: 0 }
    }

    /// The next `length` bytes.
    pub(crate) fn take(&mut self, length: usize, chunks: &mut Chunks<'_>) -> Result<&[u8], Problem> {
        if self.buffer.len() - self.start < length {
            self.make_room();
        }
        while self.end - self.start < length {
            if self.more(chunks)? == 0 {
                return Err(Problem::malformed("its data ends before its last row"));
            }
        }
        let piece = self.start..self.start + length;
        self.start += length;
        Ok(&self.buffer[piece])
    }

    /// Nothing more may come: the stream has ended, and its checksum was right.
    pub(crate) fn finish(&mut self, chunks: &mut Chunks<'_>) -> Result<(), Problem> {
        if self.buffer.len() == self.end {
            self.make_room();
        }
        if self.end > self.start || self.more(chunks)? > 0 {
            return Err(Problem::malformed("its data goes on after its last row"));
        }
        loop {
            // What stands behind the stream in its chunks is not part of the picture.
            let length = chunks.data()?.len();
            if length == 0 {
                return Ok(());
            }
            chunks.took(length)?;
        }
    }

    /// Inflates some bytes; none at the end of the stream.
    fn more(&mut self, chunks: &mut Chunks<'_>) -> Result<usize, Problem> {
        while !self.state.is_done() {
            let data = chunks.data()?;
            let is_last = data.is_empty();
            let read = self.state.read(data, &mut self.buffer, self.end, is_last);
            let (used, made) =
                read.map_err(|error| Problem::malformed(format!("its data is damaged: {error:?}")))?;
            chunks.took(used)?;
            self.end += made;
            if made > 0 {
                return Ok(made);
            }
            if is_last && used == 0 && !self.state.is_done() {
                return Err(Problem::malformed("its data ends early"));
            }
        }
        Ok(0)
    }

    /// Moves what is still needed to the front.
    fn make_room(&mut self) {
        let kept = self.start.min(self.end.saturating_sub(WINDOW_BYTES));
        self.buffer.copy_within(kept..self.end, 0);
        self.start -= kept;
        self.end -= kept;
    }
}
