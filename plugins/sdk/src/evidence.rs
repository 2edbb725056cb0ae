//! The evidence bound to a check: mirrors the WIT interface `evidence`.

use std::cell::LazyCell;
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufRead, Read, Seek, SeekFrom};

use crate::Error;

/// Bytes of one read by a [`Reader`]: large enough that crossing into the host costs less than the
/// copy itself, small enough to stay in the cache.
pub const READ_BYTES: u32 = 256 * 1024;

/// How an artifact came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OriginKind {
    /// Made by a command that the host ran for this assessment.
    Produced,
    /// Was already in the workspace.
    Found,
}

/// How the command of a source ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Ended by itself.
    Code(i32),
    /// Was killed.
    Signal(i32),
}

/// Where evidence comes from, recorded by the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Name of the source in the contract.
    pub source: String,
    /// Produced or found.
    pub kind: OriginKind,
    /// The command and its arguments; empty where nothing was run.
    pub argv: Vec<String>,
    /// How the command ended.
    pub exit: Option<Exit>,
    /// Unix time in milliseconds.
    pub started_ms: u64,
    /// Unix time in milliseconds.
    pub ended_ms: u64,
}

/// Facts about an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// Name inside its source. Not a path to open.
    pub name: String,
    /// A guess from the name; never decide by it.
    pub media_type: String,
    /// Bytes.
    pub size: u64,
    /// `sha256:` and 64 hexadecimal digits.
    pub digest: String,
}

/// Why a read gave nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadError {
    /// More than 4 times the artifact's size, at least 1 MiB, was read already.
    OverBudget,
    /// The host could not read its copy.
    Unreadable,
}

impl fmt::Display for ReadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::OverBudget => "read more often than the host allows (4 times the artifact)",
            Self::Unreadable => "the host could not read the artifact",
        })
    }
}

impl std::error::Error for ReadError {}

/// Random access to the bytes of an artifact: the host's resource in a component, a buffer in a test.
pub trait ReadAt {
    /// Reads up to `length` bytes from `offset`. An empty answer means the end.
    ///
    /// # Errors
    /// See [`ReadError`].
    fn read_at(&self, offset: u64, length: u32) -> Result<Vec<u8>, ReadError>;
}

/// A fact that is asked of the host when a checker first asks for it.
type Lazy<T> = LazyCell<T, Box<dyn FnOnce() -> T>>;

/// One blob of evidence.
pub struct Artifact {
    info: Lazy<Info>,
    origin: Lazy<Origin>,
    bytes: Box<dyn ReadAt>,
}

impl Artifact {
    /// Joins facts and bytes. Checkers get theirs from [`Evidence`].
    #[must_use]
    pub fn new(info: Info, origin: Origin, bytes: Box<dyn ReadAt>) -> Self {
        Self::lazy(|| info, || origin, bytes)
    }

    /// As [`Artifact::new`], with facts that are asked for only when a checker asks for them. An answer
    /// that never asked for an origin depends on the bytes alone, and the host may use it again.
    #[must_use]
    pub fn lazy(
        info: impl FnOnce() -> Info + 'static,
        origin: impl FnOnce() -> Origin + 'static,
        bytes: Box<dyn ReadAt>,
    ) -> Self {
        Self { info: LazyCell::new(Box::new(info)), origin: LazyCell::new(Box::new(origin)), bytes }
    }

    /// Name, size, digest.
    #[must_use]
    pub fn info(&self) -> &Info {
        &self.info
    }

    /// How it came to be.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// A new reader at the beginning. Several may be open at once.
    #[must_use]
    pub fn reader(&self) -> Reader<'_> {
        Reader { artifact: self, chunk: Vec::new(), chunk_offset: 0, position: 0 }
    }

    /// The whole artifact in memory.
    ///
    /// # Errors
    /// Inconclusive with reason `limit` above `bytes_max`, so that a checker with whole-document
    /// parsing states its bound.
    pub fn read_whole(&self, bytes_max: u64) -> Result<Vec<u8>, Error> {
        let Info { name, size, .. } = self.info();
        if *size > bytes_max {
            return Err(Error::limit(format!(
                "`{name}` has {size} bytes; this checker reads at most {bytes_max}"
            )));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(*size).unwrap_or(0));
        self.reader().read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// `Read + BufRead + Seek` over an artifact, in reads of [`READ_BYTES`].
pub struct Reader<'a> {
    artifact: &'a Artifact,
    chunk: Vec<u8>,
    chunk_offset: u64,
    position: u64,
}

impl BufRead for Reader<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let chunk_end = self.chunk_offset + self.chunk.len() as u64;
        if !(self.chunk_offset..chunk_end).contains(&self.position) {
            self.chunk = if self.position >= self.artifact.info().size {
                Vec::new()
            } else {
                self.artifact.bytes.read_at(self.position, READ_BYTES).map_err(io::Error::other)?
            };
            self.chunk_offset = self.position;
        }
        let start = usize::try_from(self.position - self.chunk_offset).map_err(io::Error::other)?;
        Ok(&self.chunk[start..])
    }

    fn consume(&mut self, amount: usize) {
        self.position += amount as u64;
    }
}

impl Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(buffer.len());
        buffer[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl Seek for Reader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::Current(delta) => self.position.checked_add_signed(delta),
            SeekFrom::End(delta) => self.artifact.info().size.checked_add_signed(delta),
        };
        self.position = target
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "seek before the first byte"))?;
        Ok(self.position)
    }
}

/// The artifacts of every slot.
#[derive(Default)]
pub struct Evidence {
    slots: BTreeMap<String, Vec<Artifact>>,
}

impl Evidence {
    /// No evidence at all.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Binds artifacts to a slot, after those that are there.
    pub fn bind(&mut self, slot: &str, artifacts: impl IntoIterator<Item = Artifact>) {
        self.slots.entry(slot.into()).or_default().extend(artifacts);
    }

    /// Every artifact of a slot, in the order of the contract; empty for an optional slot that is not
    /// bound.
    #[must_use]
    pub fn all(&self, slot: &str) -> &[Artifact] {
        self.slots.get(slot).map_or(&[], Vec::as_slice)
    }

    /// The one artifact of an optional slot.
    #[must_use]
    pub fn optional(&self, slot: &str) -> Option<&Artifact> {
        self.all(slot).first()
    }

    /// The one artifact of a required slot.
    ///
    /// # Errors
    /// The fault `checker-error` if there is none: the host binds required slots before it calls.
    pub fn one(&self, slot: &str) -> Result<&Artifact, Error> {
        self.optional(slot).ok_or_else(|| Error::Broken(format!("nothing is bound to slot `{slot}`")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::artifact;

    fn numbered(size: usize) -> Vec<u8> {
        (0..size).map(|index| u8::try_from(index % 251).expect("below 251")).collect()
    }

    #[test]
    fn reads_across_chunk_borders() {
        let bytes = numbered(READ_BYTES as usize * 2 + 17);
        let artifact = artifact("data.bin", &bytes);
        let mut read = Vec::new();
        artifact.reader().read_to_end(&mut read).expect("reads");
        assert_eq!(read, bytes);
    }

    #[test]
    fn seeks_both_ways_and_past_the_end() {
        let bytes = numbered(READ_BYTES as usize + 100);
        let artifact = artifact("data.bin", &bytes);
        let mut reader = artifact.reader();
        let mut byte = [0];
        for (to, at) in [
            (SeekFrom::End(-1), bytes.len() - 1),
            (SeekFrom::Start(3), 3),
            (SeekFrom::Current(5), 9),
            (SeekFrom::Current(-4), 6),
        ] {
            reader.seek(to).expect("inside");
            reader.read_exact(&mut byte).expect("one byte");
            assert_eq!(byte[0], bytes[at], "{to:?}");
        }
        assert_eq!(reader.seek(SeekFrom::End(10)).expect("past the end is allowed"), bytes.len() as u64 + 10);
        assert_eq!(reader.read(&mut byte).expect("reads nothing"), 0);
        assert!(reader.seek(SeekFrom::Start(0)).is_ok());
        assert!(reader.seek(SeekFrom::Current(-1)).is_err());
    }

    #[test]
    fn a_whole_read_states_its_bound() {
        let artifact = artifact("data.bin", b"12345");
        assert_eq!(artifact.read_whole(5).expect("fits"), b"12345");
        assert!(matches!(artifact.read_whole(4), Err(Error::Inconclusive(crate::Reason::Limit, _))));
    }
}
