//! The rows of two pictures, kept as they were read, so that a further walk over them decodes nothing.
//!
//! A row that is the same in both is kept once.

use std::rc::Rc;

use super::Size;
use super::png::Layout;

/// Bytes of the rows of both pictures: two screens of 3840 x 2160 with alpha. What is larger is decoded again.
const BYTES_MAX: usize = 64 * 1024 * 1024;

/// Takes the rows of two pictures of one size and layout.
pub(crate) struct Keeper {
    size: Size,
    layout: Layout,
    bytes: Vec<u8>,
    /// Where each row begins in the bytes, of the expected and the actual picture.
    starts: [Vec<usize>; 2],
}

/// A picture that is kept.
#[derive(Clone)]
pub(crate) struct Kept {
    size: Size,
    layout: Layout,
    bytes: Rc<Vec<u8>>,
    starts: Rc<Vec<usize>>,
    row: usize,
}

impl Keeper {
    /// None if the rows are too many.
    pub(crate) fn new(size: Size, layout: &Layout) -> Option<Self> {
        let most = layout.row_bytes(size.width()).checked_mul(2 * size.height())?;
        (most <= BYTES_MAX).then(|| Self {
            size,
            layout: layout.clone(),
            bytes: Vec::with_capacity(most),
            starts: [Vec::with_capacity(size.height()), Vec::with_capacity(size.height())],
        })
    }

    /// Takes the next row of both; of the actual picture none if it is the same.
    pub(crate) fn row(&mut self, expected: &[u8], actual: Option<&[u8]>) {
        let [ours, theirs] = &mut self.starts;
        ours.push(self.bytes.len());
        theirs.push(self.bytes.len());
        self.bytes.extend_from_slice(expected);
        if let Some(actual) = actual {
            theirs.pop();
            theirs.push(self.bytes.len());
            self.bytes.extend_from_slice(actual);
        }
    }

    /// Both pictures; none if some rows are missing.
    pub(crate) fn finish(self) -> Option<[Kept; 2]> {
        if self.starts.iter().any(|starts| starts.len() < self.size.height()) {
            return None;
        }
        let bytes = Rc::new(self.bytes);
        Some(self.starts.map(|starts| Kept {
            size: self.size,
            layout: self.layout.clone(),
            bytes: Rc::clone(&bytes),
            starts: Rc::new(starts),
            row: 0,
        }))
    }
}

impl Kept {
    pub(crate) fn size(&self) -> Size {
        self.size
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    pub(crate) fn next(&mut self, row: &mut [u8]) {
        row.copy_from_slice(&self.bytes[self.starts[self.row]..][..row.len()]);
        self.row += 1;
    }

    /// Bytes of all rows.
    pub(crate) fn bytes(&self) -> u64 {
        (self.layout.row_bytes(self.size.width()) * self.size.height()) as u64
    }

    /// Passes over rows.
    pub(crate) fn skip(&mut self, rows: usize) {
        self.row += rows;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches a row that is kept for the wrong picture, and pictures that are kept in part.
    #[test]
    fn rows_come_back_as_they_were() {
        let size = Size::new(2, 3).unwrap();
        let layout = Layout::new(0, 8).unwrap();
        let mut keeper = Keeper::new(size, &layout).unwrap();
        keeper.row(&[1, 2], None);
        keeper.row(&[3, 4], Some(&[5, 6]));
        keeper.row(&[7, 8], None);
        let [mut ours, mut theirs] = keeper.finish().expect("is whole");
        let rows = |kept: &mut Kept| {
            let mut row = [0; 2];
            [(); 3].map(|()| {
                kept.next(&mut row);
                row
            })
        };
        assert_eq!(rows(&mut ours), [[1, 2], [3, 4], [7, 8]]);
        assert_eq!(rows(&mut theirs), [[1, 2], [5, 6], [7, 8]]);
        let mut part = Keeper::new(size, &layout).unwrap();
        part.row(&[1, 2], None);
        assert!(part.finish().is_none());
        assert!(Keeper::new(Size::new(4_000, 4_000).unwrap(), &Layout::words()).is_none());
    }
}
