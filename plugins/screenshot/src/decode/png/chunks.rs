//! The container of a PNG: chunks with a checksum each, read in order.
//!
//! The payload of the `IDAT` chunks is one stream; it is handed on without a copy. Every checksum is
//! compared, also that of a chunk that is skipped.

use std::fmt;
use std::io::{BufRead, ErrorKind, Read};

use crc32fast::Hasher;
use evident_checker::Reader;

use crate::decode::Problem;

/// What every PNG begins with.
pub(crate) const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// Name of the chunks that hold the picture.
const DATA: [u8; 4] = *b"IDAT";

/// Bytes of the largest chunk that is read whole: a palette. Everything else has less or is skipped.
const WHOLE_CHUNK_BYTES_MAX: u32 = 768;

/// Name and length of a chunk whose payload comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub(crate) name: [u8; 4],
    pub(crate) length: u32,
}

impl Chunk {
    /// The bit of the first letter: a reader that does not know this chunk cannot show the picture.
    pub(crate) fn is_critical(self) -> bool {
        self.name[0].is_ascii_uppercase()
    }
}

impl fmt::Display for Chunk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(std::str::from_utf8(&self.name).unwrap_or("?"))
    }
}

/// A PNG, chunk by chunk.
pub(crate) struct Chunks<'a> {
    reader: Reader<'a>,
    checksum: Hasher,
    current: Chunk,
    /// Bytes of the current payload that were not read yet.
    remaining: u32,
}

impl<'a> Chunks<'a> {
    /// Reads the signature and begins the first chunk.
    pub(crate) fn open(mut reader: Reader<'a>) -> Result<Self, Problem> {
        let mut signature = [0; 8];
        read_exact(&mut reader, &mut signature)?;
        if signature != SIGNATURE {
            return Err(Problem::malformed("it does not begin as a PNG does"));
        }
        let current = Chunk { name: [0; 4], length: 0 };
        let mut chunks = Self { reader, checksum: Hasher::new(), current, remaining: 0 };
        chunks.begin()?;
        Ok(chunks)
    }

    /// The chunk whose payload comes next.
    pub(crate) fn current(&self) -> Chunk {
        self.current
    }

    /// Reads name and length of the next chunk.
    fn begin(&mut self) -> Result<(), Problem> {
        let mut head = [0; 8];
        read_exact(&mut self.reader, &mut head)?;
        let [a, b, c, d, name @ ..] = head;
        let length = u32::from_be_bytes([a, b, c, d]);
        if length > i32::MAX.unsigned_abs() || !name.iter().all(u8::is_ascii_alphabetic) {
            return Err(Problem::malformed("a chunk has no valid name and length"));
        }
        self.checksum = Hasher::new();
        self.checksum.update(&name);
        self.remaining = length;
        self.current = Chunk { name, length };
        Ok(())
    }

    /// The whole payload of a small chunk; then the next chunk begins.
    pub(crate) fn payload(&mut self) -> Result<Vec<u8>, Problem> {
        if self.current.length > WHOLE_CHUNK_BYTES_MAX {
            return Err(Problem::malformed(format!("its chunk `{}` is too long", self.current)));
        }
        let mut bytes = vec![0; self.current.length as usize];
        read_exact(&mut self.reader, &mut bytes)?;
        self.checksum.update(&bytes);
        self.check()?;
        self.begin()?;
        Ok(bytes)
    }

    /// Reads over the payload of a chunk; then the next chunk begins.
    pub(crate) fn skip(&mut self) -> Result<(), Problem> {
        while self.remaining > 0 {
            let length = self.available()?.len();
            self.took(length)?;
        }
        self.check()?;
        self.begin()
    }

    /// The next bytes of the stream in the `IDAT` chunks; empty at its end, where the chunk behind it has
    /// begun. Say with [`Chunks::took`] how many were used.
    pub(crate) fn data(&mut self) -> Result<&[u8], Problem> {
        while self.current.name == DATA && self.remaining == 0 {
            self.check()?;
            self.begin()?;
        }
        if self.current.name == DATA { self.available() } else { Ok(&[]) }
    }

    fn available(&mut self) -> Result<&[u8], Problem> {
        let remaining = self.remaining as usize;
        let bytes = self.reader.fill_buf().map_err(Problem::Read)?;
        if bytes.is_empty() {
            return Err(Problem::ends_early());
        }
        Ok(&bytes[..bytes.len().min(remaining)])
    }

    /// Counts bytes that [`Chunks::data`] gave as used.
    pub(crate) fn took(&mut self, length: usize) -> Result<(), Problem> {
        let bytes = self.reader.fill_buf().map_err(Problem::Read)?;
        self.checksum.update(&bytes[..length]);
        self.reader.consume(length);
        self.remaining -= u32::try_from(length).expect("at most what remained");
        Ok(())
    }

    /// Reads the end of the file. Viewers ignore what stands behind it, and nothing says what it is.
    pub(crate) fn end(mut self) -> Result<(), Problem> {
        if self.current.length != 0 {
            return Err(Problem::malformed("its last chunk is not empty"));
        }
        self.check()?;
        if self.reader.fill_buf().map_err(Problem::Read)?.is_empty() {
            Ok(())
        } else {
            Err(Problem::malformed("it goes on after its end"))
        }
    }

    /// Compares the checksum behind a payload.
    fn check(&mut self) -> Result<(), Problem> {
        let mut stated = [0; 4];
        read_exact(&mut self.reader, &mut stated)?;
        let counted = std::mem::replace(&mut self.checksum, Hasher::new()).finalize();
        if u32::from_be_bytes(stated) == counted {
            Ok(())
        } else {
            Err(Problem::malformed(format!("the checksum of its chunk `{}` is wrong", self.current)))
        }
    }
}

fn read_exact(reader: &mut Reader<'_>, bytes: &mut [u8]) -> Result<(), Problem> {
    reader.read_exact(bytes).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => Problem::ends_early(),
        _ => Problem::Read(error),
    })
}
