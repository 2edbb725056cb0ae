//! Whether a pixel is most likely anti-aliasing, as pixelmatch 7.2.0 decides it (after Vyšniauskas,
//! "Anti-aliased Pixel and Intensity Slope Detector", 2009).
//!
//! A pixel is if it has a darker and a brighter neighbour, at most two neighbours as bright as itself, and its
//! darkest or its brightest neighbour lies in an even area of both pictures. Which of two equal extremes is
//! taken depends on the order in which neighbours are visited: column by column.

use super::even::{BOTH, Even, Side};
use super::pixelmatch7::{Blend, brightness, brightness_exactly};
use crate::rows::Window;

/// Tells anti-aliasing, row by row.
pub(crate) struct Antialias {
    blend: Blend,
    even: Even,
    /// Pixels whose extremes were looked for since they were asked for.
    looked: u64,
}

impl Antialias {
    /// For pictures of this width.
    pub(crate) fn new(width: usize, blend: Blend) -> Self {
        Self { blend, even: Even::new(width), looked: 0 }
    }

    /// How many pixels needed more than a glance, since this was asked last.
    pub(crate) fn take_looked(&mut self) -> u64 {
        std::mem::take(&mut self.looked)
    }

    /// For the current row.
    pub(crate) fn row<'r>(&'r mut self, window: &'r Window<'r>) -> Line<'r> {
        let y = window.y;
        let inside = (1..window.height.saturating_sub(1)).contains(&y);
        let rows = |side: Side| [side.row(window, y - 1), side.row(window, y), side.row(window, y + 1)];
        let rows = inside.then(|| [rows(Side::Expected), rows(Side::Actual)]);
        Line { antialias: self, window, rows }
    }
}

/// Tells anti-aliasing of one row.
pub(crate) struct Line<'r> {
    antialias: &'r mut Antialias,
    window: &'r Window<'r>,
    /// Of the expected and the actual picture: the row above, the row, and the one below, if all are there.
    rows: Option<[[&'r [u32]; 3]; 2]>,
}

impl Line<'_> {
    /// True if the pixel at column `x` is anti-aliasing in one of the pictures.
    pub(crate) fn is_at(&mut self, x: usize) -> bool {
        // Where nothing around the pixel is even in both pictures, neither are its extremes: most pixels of a
        // photograph need no second question.
        if !self.antialias.even.is_beside(self.window, x) {
            return false;
        }
        self.antialias.looked += 1;
        let near = self.antialias.even.near(self.window, x);
        self.is_edge(&near, Side::Expected, x) || self.is_edge(&near, Side::Actual, x)
    }

    /// True if in that picture one of the two extremes around the pixel lies in an area that is even in both.
    fn is_edge(&self, near: &[[u8; 3]; 3], side: Side, x: usize) -> bool {
        // More than two equal neighbours: it is not an edge.
        if near[1][1] & side.flag() > 0 {
            return false;
        }
        let number = self.window.y * self.window.width + x;
        let extremes = self.around(side, x).extremes(number, self.antialias.blend);
        // Places count from the pixel left of and above this one.
        let is_even = |at: usize| near[at % 3][at / 3] == BOTH;
        extremes.is_some_and(|[darkest, brightest]| is_even(darkest) || is_even(brightest))
    }

    fn around(&self, side: Side, x: usize) -> Around {
        let inside = (1..self.window.width.saturating_sub(1)).contains(&x);
        let Some(rows) = self.rows.filter(|_| inside) else { return Around::at_border(self.window, side, x) };
        let rows = &rows[usize::from(side == Side::Actual)];
        let (above, row, below) = (&rows[0][x - 1..x + 2], &rows[1][x - 1..x + 2], &rows[2][x - 1..x + 2]);
        let words = [above[0], row[0], below[0], above[1], row[1], below[1], above[2], row[2], below[2]];
        Around { words, present: Around::ALL }
    }
}

/// A pixel of the current row, in the middle, and its neighbours, column by column.
struct Around {
    words: [u32; 9],
    /// Bit by bit, which of them lie in the picture.
    present: u16,
}

impl Around {
    /// Where the pixel itself is.
    const CENTRE: usize = 4;
    const ALL: u16 = 0x1ff;

    fn at_border(window: &Window<'_>, side: Side, x: usize) -> Self {
        let mut around = Self { words: [0; 9], present: 0 };
        for at in 0..9 {
            let (column, line) = ((x + at / 3).wrapping_sub(1), (window.y + at % 3).wrapping_sub(1));
            if column < window.width && line < window.height {
                around.words[at] = side.row(window, line)[column];
                around.present |= 1 << at;
            }
        }
        around
    }

    /// Those in the picture, with their places; the pixel itself too.
    #[inline]
    fn all(&self) -> impl Iterator<Item = (usize, u32)> {
        self.words.iter().copied().enumerate().filter(|(at, _)| self.present >> at & 1 == 1)
    }

    fn border(&self) -> usize {
        usize::from(self.present != Self::ALL)
    }

    /// Places of the darkest and of the brightest neighbour; none if the pixel is not anti-aliasing whatever they
    /// are.
    fn extremes(&self, number: usize, blend: Blend) -> Option<[usize; 2]> {
        let centre = self.words[Self::CENTRE];
        let others = || self.all().filter(|(at, _)| *at != Self::CENTRE);
        // What is not in the picture is 0, so that only a pixel with all its neighbours is opaque here.
        let is_opaque = |words: u32| words >= 0xff00_0000;
        if is_opaque(self.words.iter().fold(u32::MAX, |all, word| all & word)) {
            // The pixel itself counts as one equal neighbour here.
            find(0, self.words.iter().map(|word| brightness(centre, *word)).enumerate(), 0, 3)
        } else if is_opaque(self.all().fold(u32::MAX, |all, (_, word)| all & word)) {
            find(self.border(), others().map(|(at, word)| (at, brightness(centre, word))), 0, 2)
        } else {
            let bright = |(at, word)| (at, brightness_exactly(centre, word, number, blend));
            find(self.border(), others().map(bright), 0.0, 2)
        }
    }
}

/// Places of the least and of the greatest value; none with more than so many zeros, and none if one of the
/// two would be zero.
#[inline]
fn find<T: Copy + PartialOrd>(
    mut zeros: usize,
    values: impl Iterator<Item = (usize, T)>,
    zero: T,
    zeros_max: usize,
) -> Option<[usize; 2]> {
    let (mut least, mut greatest) = ((0, zero), (0, zero));
    for (at, value) in values {
        zeros += usize::from(value == zero);
        if value < least.1 {
            least = (at, value);
        } else if value > greatest.1 {
            greatest = (at, value);
        }
    }
    (zeros <= zeros_max && least.1 != zero && greatest.1 != zero).then_some([least.0, greatest.0])
}

#[cfg(test)]
mod tests {
    use super::super::pixelmatch7::Y;

    /// Brightness orders neighbours in integers as doubles do only if no two different differences of colours
    /// are equally bright: then the difference of the two, of up to 510 a channel, would have none.
    #[test]
    fn no_two_differences_of_colours_are_equally_bright() {
        let mut found = Vec::new();
        for g in -510..=510_i64 {
            for b in -510..=510_i64 {
                let rest = Y[1] * g + Y[2] * b;
                if rest % Y[0] == 0 && (rest / Y[0]).abs() <= 510 && (g, b) != (0, 0) {
                    found.push((-rest / Y[0], g, b));
                }
            }
        }
        assert_eq!(found, []);
    }
}
