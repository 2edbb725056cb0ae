//! What is told of a row: the pixels that are not the same in both pictures.

use crate::classes::Class;

/// A pixel of the current row that is not the same in both pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Column.
    pub(crate) x: u32,
    pub(crate) class: Class,
}

/// The marks of a row. Faint pixels may be as many as there are pixels, and are only counted.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    list: Vec<Mark>,
    faint: u64,
    /// First and last column that is not masked.
    span: Option<(usize, usize)>,
}

impl Marks {
    /// Begins a row.
    pub(crate) fn clear(&mut self) {
        self.list.clear();
        (self.faint, self.span) = (0, None);
    }

    /// Takes the next pixel from left to right.
    pub(crate) fn push(&mut self, x: usize, class: Class) {
        match class {
            Class::Faint => return self.faint(x, 1),
            Class::Ignored => {}
            Class::Antialias | Class::CountedAntialias | Class::Different => self.reach(x, x),
        }
        self.list.push(Mark { x: u32::try_from(x).expect("a side is below 2^18"), class });
    }

    /// Takes faint pixels from column `x` on, bit by bit.
    pub(crate) fn faint(&mut self, x: usize, bits: u32) {
        if let Some(last) = bits.checked_ilog2() {
            self.faint += u64::from(bits.count_ones());
            self.reach(x + bits.trailing_zeros() as usize, x + last as usize);
        }
    }

    /// Takes marks of an earlier walk.
    pub(crate) fn extend(&mut self, marks: &[Mark]) {
        self.list.extend_from_slice(marks);
    }

    fn reach(&mut self, first: usize, last: usize) {
        self.span = Some(self.span.map_or((first, last), |(left, right)| (left.min(first), right.max(last))));
    }

    /// All but the faint ones, from left to right.
    pub(crate) fn list(&self) -> &[Mark] {
        &self.list
    }

    /// How many are faint.
    pub(crate) fn count_faint(&self) -> u64 {
        self.faint
    }

    /// First and last column that is not masked, if there is one.
    pub(crate) fn span(&self) -> Option<(usize, usize)> {
        self.span
    }

    /// True if the row is the same in both.
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty() && self.faint == 0
    }
}
