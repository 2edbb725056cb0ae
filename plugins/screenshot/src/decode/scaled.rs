//! A picture at a smaller scale: each pixel is the mean of a square.

use evident_checker::Error;

use super::png::Layout;
use super::{Problem, Size, Source};

/// Averages squares of `factor` by `factor` pixels. Alpha is averaged as the colours are.
pub(crate) struct Scaled<'a> {
    source: Source<'a>,
    factor: usize,
    size: Size,
    layout: Layout,
    row: Vec<u8>,
    words: Vec<u32>,
    /// Of each pixel and channel.
    sums: Vec<[u32; 4]>,
}

impl<'a> Scaled<'a> {
    /// Refuses a picture whose sides are not multiples of `factor`.
    pub(crate) fn new(source: Source<'a>, factor: usize) -> Result<Self, Problem> {
        let whole = source.size();
        let sides = [whole.width(), whole.height()];
        if sides.iter().any(|side| side % factor != 0) {
            return Err(Problem::Unsupported(format!(
                "its sides, {whole}, are not multiples of `scale` ({factor})"
            )));
        }
        let [width, height] = sides.map(|side| u32::try_from(side / factor).expect("less than before"));
        let size = Size::new(width, height)?;
        let (row, words) = (vec![0; source.row_bytes()], vec![0; whole.width()]);
        let sums = vec![[0; 4]; size.width()];
        Ok(Self { source, factor, size, layout: Layout::words(), row, words, sums })
    }

    pub(crate) fn size(&self) -> Size {
        self.size
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    pub(crate) fn notes(&self) -> Vec<String> {
        self.source.notes()
    }

    pub(crate) fn next(&mut self, row: &mut [u8]) -> Result<(), Error> {
        self.sums.fill([0; 4]);
        for _ in 0..self.factor {
            self.source.next(&mut self.row)?;
            self.source.layout().expand(&self.row, &mut self.words);
            for (sums, words) in self.sums.iter_mut().zip(self.words.chunks_exact(self.factor)) {
                for word in words {
                    for (sum, channel) in sums.iter_mut().zip(word.to_le_bytes()) {
                        *sum += u32::from(channel);
                    }
                }
            }
        }
        let count = u32::try_from(self.factor * self.factor).expect("a factor is small");
        for (pixel, sums) in row.as_chunks_mut::<4>().0.iter_mut().zip(&self.sums) {
            *pixel = sums.map(|sum| u8::try_from((sum + count / 2) / count).expect("a mean of bytes"));
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Result<(), Error> {
        self.source.finish()
    }
}
