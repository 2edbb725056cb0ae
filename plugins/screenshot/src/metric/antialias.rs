//! Whether a pixel is most likely anti-aliasing, as pixelmatch 7.2.0 decides it (after Vyšniauskas,
//! "Anti-aliased Pixel and Intensity Slope Detector", 2009).
//!
//! A pixel is if it has a darker and a brighter neighbour, at most two neighbours as bright as itself, and its
//! darkest or its brightest neighbour lies in an even area of both pictures. Which of two equal extremes is
//! taken depends on the order in which neighbours are visited: column by column.

use super::pixelmatch7::{Blend, brightness, brightness_exactly};
use crate::rows::Window;

/// Which picture of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Expected,
    Actual,
}

/// True if the pixel at column `x` of the current row is anti-aliasing in one of the pictures.
pub(crate) fn is_antialiased(window: &Window<'_>, x: usize, blend: Blend) -> bool {
    let even = |at: usize| {
        // Places count from the pixel left of and above this one.
        let (x, y) = (x + at / 3 - 1, window.y + at % 3 - 1);
        [Side::Expected, Side::Actual].into_iter().all(|side| Around::new(window, side, x, y).has_siblings())
    };
    [Side::Expected, Side::Actual].into_iter().any(|side| {
        let extremes = Around::new(window, side, x, window.y).extremes(window.y * window.width + x, blend);
        extremes.is_some_and(|[darkest, brightest]| even(darkest) || even(brightest))
    })
}

/// A pixel, in the middle, and its neighbours, column by column.
struct Around {
    words: [u32; 9],
    /// Bit by bit, which of them lie in the picture.
    present: u16,
}

impl Around {
    /// Where the pixel itself is.
    const CENTRE: usize = 4;
    const ALL: u16 = 0x1ff;

    fn new(window: &Window<'_>, side: Side, x: usize, y: usize) -> Self {
        let row = |y: usize| match side {
            Side::Expected => window.expected(y),
            Side::Actual => window.actual(y),
        };
        let mut around = Self { words: [0; 9], present: 0 };
        let inside = (1..window.width.saturating_sub(1)).contains(&x);
        if inside && (1..window.height.saturating_sub(1)).contains(&y) {
            let rows = [&row(y - 1)[x - 1..x + 2], &row(y)[x - 1..x + 2], &row(y + 1)[x - 1..x + 2]];
            around.words = std::array::from_fn(|at| rows[at % 3][at / 3]);
            around.present = Self::ALL;
            return around;
        }
        for at in 0..9 {
            let (column, line) = ((x + at / 3).wrapping_sub(1), (y + at % 3).wrapping_sub(1));
            if column < window.width && line < window.height {
                around.words[at] = row(line)[column];
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

    /// How many neighbours have the colour of the pixel. A border counts as one.
    fn same(&self) -> usize {
        let centre = self.words[Self::CENTRE];
        if self.present == Self::ALL {
            // Without a question per pixel they are compared several at once.
            return self.words.iter().map(|word| usize::from(*word == centre)).sum::<usize>() - 1;
        }
        self.all().filter(|(_, word)| *word == centre).count() - 1 + self.border()
    }

    fn border(&self) -> usize {
        usize::from(self.present != Self::ALL)
    }

    /// True if the pixel lies in an even area.
    fn has_siblings(&self) -> bool {
        self.same() > 2
    }

    /// Places of the darkest and of the brightest neighbour; none if the pixel is not anti-aliasing whatever they
    /// are.
    fn extremes(&self, number: usize, blend: Blend) -> Option<[usize; 2]> {
        if self.same() > 2 {
            return None;
        }
        let centre = self.words[Self::CENTRE];
        let others = || self.all().filter(|(at, _)| *at != Self::CENTRE);
        let is_opaque = self.all().fold(u32::MAX, |all, (_, word)| all & word) >= 0xff00_0000;
        if is_opaque && self.present == Self::ALL {
            let bright = self.words.map(|word| brightness(centre, word));
            // The pixel itself counts as one equal neighbour here.
            find(0, bright.into_iter().enumerate(), 0, 3)
        } else if is_opaque {
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
