//! Pictures that are kept whole: interlaced PNG, JPEG and WebP.

use evident_checker::Artifact;

use super::png::Layout;
use super::{Problem, Size};

/// A picture in memory.
pub(crate) struct Whole {
    size: Size,
    layout: Layout,
    bytes: Vec<u8>,
    row: usize,
    notes: Vec<String>,
}

impl Whole {
    /// From bytes in the order red, green, blue, alpha.
    pub(crate) fn of_bytes(size: Size, bytes: Vec<u8>, notes: Vec<String>) -> Self {
        Self { size, layout: Layout::words(), bytes, row: 0, notes }
    }

    /// From words.
    pub(crate) fn of_words(size: Size, words: &[u32], notes: Vec<String>) -> Self {
        Self::of_bytes(size, words.iter().flat_map(|word| word.to_le_bytes()).collect(), notes)
    }

    pub(crate) fn size(&self) -> Size {
        self.size
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    pub(crate) fn notes(&self) -> &[String] {
        &self.notes
    }

    pub(crate) fn next(&mut self, row: &mut [u8]) {
        let bytes = self.size.width() * 4;
        row.copy_from_slice(&self.bytes[self.row * bytes..][..bytes]);
        self.row += 1;
    }
}

/// Reads a picture that is no PNG. `first` are its first bytes.
pub(crate) fn read(artifact: &Artifact, first: &[u8]) -> Result<Whole, Problem> {
    let _ = artifact;
    if first.is_empty() {
        return Err(Problem::malformed("it is empty"));
    }
    Err(Problem::Unsupported("it is no PNG, WebP or JPEG".into()))
}
