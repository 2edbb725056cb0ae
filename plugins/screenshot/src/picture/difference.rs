//! `NAME-diff.png`: the whole screen, faded, with what differs marked and framed.

use super::encode::{Encoder, Kind};
use super::paint::{self, FRAME};
use super::{Frame, Scale};
use crate::classes::Class;
use crate::regions::Area;
use crate::rows::Window;

/// Pixels of the picture: larger screens are shown smaller.
const PIXELS_MAX: usize = 8 << 20;

/// The picture while rows come.
pub(super) struct Difference {
    encoder: Encoder,
    scale: Scale,
    frames: Vec<Frame>,
    height: usize,
    /// Of the output row: the sum of shades and the strongest mark.
    sums: Vec<(u32, u8)>,
    /// Rows that went into the sums.
    rows: u32,
    row: Vec<u8>,
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
            scale,
            frames: regions.iter().map(|region| Frame::around(*region, whole, scale)).collect(),
            height,
            sums: vec![(0, 0); columns],
            rows: 0,
            row: vec![0; columns],
            written: 0,
        }
    }

    /// Takes the next row.
    pub(super) fn row(&mut self, window: &Window<'_>, classes: &[Class]) {
        let down = self.scale.down;
        let expected = window.expected(window.y);
        let blocks = expected.chunks(down).zip(classes.chunks(down));
        for ((sum, mark), (words, classes)) in self.sums.iter_mut().zip(blocks) {
            for (word, class) in words.iter().zip(classes) {
                let index = paint::index(*word, *class);
                *mark = paint::stronger(*mark, index);
                *sum += u32::from(index.min(paint::DIFFERENT - 1));
            }
        }
        self.rows += 1;
        if (window.y + 1) % down == 0 || window.y + 1 == self.height {
            self.write(expected.len());
        }
    }

    fn write(&mut self, width: usize) {
        let down = self.scale.down;
        for (x, (to, (sum, mark))) in self.row.iter_mut().zip(&mut self.sums).enumerate() {
            let columns = down.min(width - x * down);
            let count = u32::try_from(columns).expect("a factor is small") * self.rows;
            *to = if *mark >= paint::DIFFERENT { *mark } else { u8::try_from(*sum / count).unwrap_or(0) };
            (*sum, *mark) = (0, 0);
        }
        paint::frames(&mut self.row, &self.frames, self.written, FRAME);
        self.encoder.row(&self.row);
        self.rows = 0;
        self.written += 1;
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.encoder.finish()
    }
}
