//! PNG, row by row: every kind of the specification (third edition), read whole and without mercy.
//!
//! All checksums are compared, the stream must end where the last row does, and the file must have its end
//! chunk. Colour profiles and gamma are noted, not applied: the peers compare samples.

mod chunks;
mod filter;
mod header;
mod inflate;
mod interlace;
mod layout;

use chunks::Chunks;
pub(crate) use chunks::SIGNATURE;
use evident_checker::Reader;
use header::Header;
use inflate::Inflate;
pub(crate) use layout::Layout;

use super::{Problem, Size};

/// A PNG whose header was read.
pub(crate) struct Png<'a> {
    chunks: Chunks<'a>,
    header: Header,
    inflate: Inflate,
    row_bytes: usize,
    /// The last row, for the filters of the next.
    above: Vec<u8>,
}

/// A row before its filter is undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Filtered<'a> {
    kind: u8,
    bytes: &'a [u8],
}

impl<'a> Png<'a> {
    /// Reads everything before the first row.
    pub(crate) fn open(reader: Reader<'a>) -> Result<Self, Problem> {
        let mut chunks = Chunks::open(reader)?;
        let header = header::read(&mut chunks)?;
        let row_bytes = header.layout.row_bytes(header.size.width());
        let inflate = Inflate::new(row_bytes + 1);
        Ok(Self { chunks, inflate, row_bytes, above: Vec::new(), header })
    }

    pub(crate) fn size(&self) -> Size {
        self.header.size
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.header.layout
    }

    pub(crate) fn is_interlaced(&self) -> bool {
        self.header.interlaced
    }

    /// What is not as it would be shown, for a person.
    pub(crate) fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> =
            self.header.unapplied.iter().map(|chunk| format!("`{chunk}` is not applied")).collect();
        if self.header.layout.depth == 16 {
            notes.push("16 bit were reduced to 8".into());
        }
        notes
    }

    /// The next row before its filter is undone. Pair it with [`Png::undo`].
    pub(crate) fn filtered(&mut self) -> Result<Filtered<'_>, Problem> {
        match self.inflate.take(self.row_bytes + 1, &mut self.chunks)? {
            [kind, bytes @ ..] => Ok(Filtered { kind: *kind, bytes }),
            [] => Err(Problem::ends_early()),
        }
    }

    /// Reads the next row. [`Png::filtered`] was never called.
    pub(crate) fn next(&mut self, row: &mut [u8]) -> Result<(), Problem> {
        self.above.resize(self.row_bytes, 0);
        let filtered = self.inflate.take(self.row_bytes + 1, &mut self.chunks)?;
        filter::undo(filtered[0], self.header.layout.pixel_bytes(), &filtered[1..], &self.above, row)?;
        self.above.copy_from_slice(row);
        Ok(())
    }

    /// All pixels of an interlaced picture.
    pub(crate) fn interlaced(&mut self) -> Result<Vec<u32>, Problem> {
        interlace::read(&self.header, &mut self.inflate, &mut self.chunks)
    }

    /// After the last row: nothing may come but the end.
    pub(crate) fn finish(mut self) -> Result<(), Problem> {
        self.inflate.finish(&mut self.chunks)?;
        while self.chunks.current().name != *b"IEND" {
            let chunk = self.chunks.current();
            if chunk.is_critical() {
                return Err(Problem::malformed(format!("its chunk `{chunk}` comes after the picture")));
            }
            self.chunks.skip()?;
        }
        self.chunks.end()
    }
}

impl Filtered<'_> {
    /// Undoes the filter. `above` is the row before; zeros for the first.
    pub(crate) fn undo(self, layout: &Layout, above: &[u8], row: &mut [u8]) -> Result<(), Problem> {
        filter::undo(self.kind, layout.pixel_bytes(), self.bytes, above, row)
    }
}
