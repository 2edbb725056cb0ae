//! Which pixels lie in an even area: more than two of their neighbours have their colour.
//!
//! Each pixel is asked about for every neighbour of it that differs, so the answers of three rows are kept. They
//! are found by blocks of columns, where an answer is first needed: neighbours of a block are compared several
//! at once, and rows without a difference cost nothing.

use crate::rows::Window;

/// Columns of a block.
const BLOCK: usize = 16;

/// Columns that a block looks at: one more either side.
const REACH: usize = BLOCK + 2;

/// A pixel that lies in an even area of the expected picture.
const EXPECTED: u8 = 1;
/// A pixel that lies in an even area of the actual picture.
const ACTUAL: u8 = 2;
/// A pixel that lies in an even area of both.
pub(super) const BOTH: u8 = EXPECTED | ACTUAL;

/// Which picture of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Expected,
    Actual,
}

impl Side {
    /// What [`Even::near`] tells of an even area of this picture.
    pub(super) fn flag(self) -> u8 {
        match self {
            Self::Expected => EXPECTED,
            Self::Actual => ACTUAL,
        }
    }

    /// Row `y` of this picture.
    pub(super) fn row<'w>(self, window: &'w Window<'_>, y: usize) -> &'w [u32] {
        match self {
            Self::Expected => window.expected(y),
            Self::Actual => window.actual(y),
        }
    }
}

/// The answers of one row.
#[derive(Debug)]
struct Row {
    /// Which row of the picture.
    y: usize,
    /// Blocks that were looked at.
    known: Vec<bool>,
    /// One of the constants above for each column, with one more column either side.
    flags: Vec<u8>,
}

/// The answers of the rows around the current one.
#[derive(Debug)]
pub(super) struct Even {
    /// Row `y` is at `y % 3`.
    rows: [Row; 3],
    /// Row and number of the block that was asked for last, and of each of its pixels whether one beside it lies in
    /// an area that is even in both pictures.
    ready: (usize, usize),
    beside: [bool; BLOCK],
}

impl Even {
    /// For pictures of this width.
    pub(super) fn new(width: usize) -> Self {
        let row =
            || Row { y: usize::MAX, known: vec![false; width.div_ceil(BLOCK)], flags: vec![0; width + 2] };
        Self { rows: [row(), row(), row()], ready: (usize::MAX, 0), beside: [false; BLOCK] }
    }

    /// True if the pixel at column `x` of the current row, or one beside it, lies in an area that is even in both
    /// pictures.
    #[inline]
    pub(super) fn is_beside(&mut self, window: &Window<'_>, x: usize) -> bool {
        let block = x / BLOCK;
        if self.ready != (window.y, block) {
            self.look(window, block);
        }
        self.beside[x % BLOCK]
    }

    /// Of the pixel that [`Even::is_beside`] was asked for and those around it, row by row: in which pictures each
    /// lies in an even area. What is outside of the pictures lies in none.
    pub(super) fn near(&self, window: &Window<'_>, x: usize) -> [[u8; 3]; 3] {
        let mut near = [[0; 3]; 3];
        for y in lines(window) {
            let flags = &self.rows[y % 3].flags[x..x + 3];
            near[y + 1 - window.y].copy_from_slice(flags);
        }
        near
    }

    /// Looks at a block of the current row and at those around it.
    #[cold]
    fn look(&mut self, window: &Window<'_>, block: usize) {
        let last = (window.width - 1) / BLOCK;
        let mut columns = [false; REACH];
        for y in lines(window) {
            let row = &mut self.rows[y % 3];
            row.begin(y);
            (block.saturating_sub(1)..=(block + 1).min(last)).for_each(|block| row.look(window, block));
            let flags = &row.flags[block * BLOCK..];
            for (column, flags) in columns.iter_mut().zip(flags) {
                *column |= *flags == BOTH;
            }
        }
        for (x, beside) in self.beside.iter_mut().enumerate() {
            *beside = columns[x] | columns[x + 1] | columns[x + 2];
        }
        self.ready = (window.y, block);
    }
}

/// The current row, and those above and below it that there are.
fn lines(window: &Window<'_>) -> std::ops::Range<usize> {
    window.y.saturating_sub(1)..(window.y + 2).min(window.height)
}

impl Row {
    fn begin(&mut self, y: usize) {
        if self.y != y {
            self.y = y;
            self.known.fill(false);
        }
    }

    fn look(&mut self, window: &Window<'_>, block: usize) {
        if std::mem::replace(&mut self.known[block], true) {
            return;
        }
        let (width, first) = (window.width, block * BLOCK);
        let last = (first + BLOCK).min(width);
        let has_rows = self.y > 0 && self.y + 1 < window.height;
        if !has_rows || width < REACH {
            return (first..last).for_each(|x| self.flags[x + 1] = at(window, x, self.y));
        }
        // A block at a side looks at columns further inside: what is told twice is the same.
        let start = first.clamp(1, width - REACH + 1);
        self.flags[start + 1..=start + BLOCK].copy_from_slice(&inside(window, start, self.y));
        for x in [0, width - 1].into_iter().filter(|x| (first..last).contains(x)) {
            self.flags[x + 1] = at(window, x, self.y);
        }
    }
}

/// The flags of a block that begins at column `x` and has neighbours on all sides.
fn inside(window: &Window<'_>, x: usize, y: usize) -> [u8; BLOCK] {
    let mut flags = [0; BLOCK];
    for side in [Side::Expected, Side::Actual] {
        let columns = |y: usize| -> &[u32; REACH] {
            let columns = &side.row(window, y)[x - 1..x - 1 + REACH];
            columns.try_into().expect("a block and its neighbours")
        };
        let rows = [columns(y - 1), columns(y), columns(y + 1)];
        for (flags, same) in flags.iter_mut().zip(same(rows)) {
            *flags |= if same > 2 { side.flag() } else { 0 };
        }
    }
    flags
}

/// How many neighbours of each pixel of a block have its colour.
fn same(rows: [&[u32; REACH]; 3]) -> [u32; BLOCK] {
    let mut same = [0; BLOCK];
    for (at, row) in rows.into_iter().enumerate() {
        for column in (0..3).filter(|column| (at, *column) != (1, 1)) {
            for (x, same) in same.iter_mut().enumerate() {
                *same += u32::from(row[x + column] == rows[1][x + 1]);
            }
        }
    }
    same
}

/// The flags of a pixel that may lie at a border, which counts as one equal neighbour.
fn at(window: &Window<'_>, x: usize, y: usize) -> u8 {
    let (right, bottom) = (window.width - 1, window.height - 1);
    let is_border = x == 0 || x == right || y == 0 || y == bottom;
    let flag = |side: Side| {
        let centre = side.row(window, y)[x];
        let rows = y.saturating_sub(1)..=(y + 1).min(bottom);
        let columns = x.saturating_sub(1)..=(x + 1).min(right);
        let around = rows.flat_map(|y| columns.clone().map(move |x| (x, y)));
        let equal = around.filter(|(x, y)| side.row(window, *y)[*x] == centre).count();
        // The pixel itself was counted.
        let is_even = equal - 1 + usize::from(is_border) > 2;
        if is_even { side.flag() } else { 0 }
    };
    flag(Side::Expected) | flag(Side::Actual)
}
