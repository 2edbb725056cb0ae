//! `NAME-diff.png`: the whole screen, faded, with what differs marked and framed.

use super::encode::{Encoder, Kind};
use super::paint::{self, FRAME};
use super::{Frame, Scale};
use crate::marks::Mark;
use crate::regions::Area;
use crate::rows::Window;

/// Pixels of the picture: larger screens are shown smaller.
const PIXELS_MAX: usize = 4 << 20;

/// The picture while rows come.
pub(super) struct Difference {
    encoder: Encoder,
    /// Rows and columns of the screen that are one of the picture. The first of them is shown, with the marks of
    /// all: a mark is never lost, and a mean of all pixels would cost more than decoding them.
    down: usize,
    frames: Vec<Frame>,
    row: Vec<u8>,
    /// Marks of the output row, 0 where there is none.
    marks: Vec<u8>,
    rows: usize,
    written: usize,
}

impl Difference {
    pub(super) fn new(width: usize, height: usize, regions: &[Area]) -> Self {
        let mut down = 1;
        while width.div_ceil(down) * height.div_ceil(down) > PIXELS_MAX {
            down += 1;
        }
        let scale = Scale { up: 1, down };
        let (columns, rows) = (width.div_ceil(down), height.div_ceil(down));
        let whole = Area { left: 0, top: 0, right: width, bottom: height };
        Self {
            encoder: Encoder::new(columns, rows, Kind::Palette(&paint::palette())),
            down,
            frames: regions.iter().map(|region| Frame::around(*region, whole, scale)).collect(),
            row: vec![0; columns],
            marks: vec![0; columns],
            rows,
            written: 0,
        }
    }

    /// Pixels of the picture.
    pub(super) fn pixels(&self) -> usize {
        self.row.len() * self.rows
    }

    /// True if row `y` is shown.
    pub(super) fn wants(&self, y: usize) -> bool {
        y.is_multiple_of(self.down)
    }

    /// Takes a row that is wanted or has marks.
    pub(super) fn row(&mut self, window: &Window<'_>, marks: &[Mark]) {
        if self.wants(window.y) {
            if window.y > 0 {
                self.write();
            }
            let words = window.expected(window.y).iter().step_by(self.down);
            for (to, word) in self.row.iter_mut().zip(words) {
                *to = paint::shade(*word);
            }
        }
        for (x, mark) in marks.iter().filter_map(|mark| Some((mark.x, paint::mark(mark.class)?))) {
            paint::keep(&mut self.marks, x as usize / self.down, mark);
        }
    }

    fn write(&mut self) {
        for (to, mark) in self.row.iter_mut().zip(&mut self.marks).filter(|(_, mark)| **mark > 0) {
            *to = std::mem::take(mark);
        }
        paint::frames(&mut self.row, &self.frames, self.written, FRAME);
        self.encoder.row(&self.row);
        self.written += 1;
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.write();
        self.encoder.finish()
    }
}
