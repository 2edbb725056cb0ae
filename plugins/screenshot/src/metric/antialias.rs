//! Whether a pixel is most likely anti-aliasing, as pixelmatch 7.2.0 decides it (after Vyšniauskas,
//! "Anti-aliased Pixel and Intensity Slope Detector", 2009).
//!
//! A pixel is if it has a darker and a brighter neighbour, at most two neighbours as bright as itself, and its
//! darkest or its brightest neighbour lies in an even area of both pictures. The brightness of a neighbour
//! never depends on the order of the two pictures, but which of two equal extremes is taken depends on the
//! order in which neighbours are visited: column by column.

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
    let even = |x, y| has_siblings(window, Side::Expected, x, y) && has_siblings(window, Side::Actual, x, y);
    [Side::Expected, Side::Actual].into_iter().any(|side| {
        extremes(window, side, x, blend)
            .is_some_and(|[(x, y), (right, down)]| even(x, y) || even(right, down))
    })
}

fn row<'a>(window: &'a Window<'_>, side: Side, y: usize) -> &'a [u32] {
    match side {
        Side::Expected => window.expected(y),
        Side::Actual => window.actual(y),
    }
}

/// The pixels around one, and whether it lies at a border.
fn around(window: &Window<'_>, x: usize, y: usize) -> (usize, usize, usize, usize, bool) {
    let (left, top) = (x.saturating_sub(1), y.saturating_sub(1));
    let (right, bottom) = ((x + 1).min(window.width - 1), (y + 1).min(window.height - 1));
    (left, top, right, bottom, x == left || x == right || y == top || y == bottom)
}

/// Places of the darkest and of the brightest neighbour; none if the pixel is no anti-aliasing whatever they
/// are.
fn extremes(window: &Window<'_>, side: Side, x: usize, blend: Blend) -> Option<[(usize, usize); 2]> {
    let y = window.y;
    let (left, top, right, bottom, at_border) = around(window, x, y);
    let centre = row(window, side, y)[x];
    let rows: [&[u32]; 3] = std::array::from_fn(|at| row(window, side, (top + at).min(bottom)));
    let opaque = rows.iter().flat_map(|row| &row[left..=right]).all(|word| *word >= 0xff00_0000);
    let neighbours = || {
        let columns = left..=right;
        columns.flat_map(move |column| (top..=bottom).map(move |line| (column, line)))
    };
    let places = neighbours().filter(|place| *place != (x, y));
    let colour = |(column, line): (usize, usize)| rows[line - top][column];
    if opaque {
        find(at_border, places.map(|place| (place, brightness(centre, colour(place)))), 0)
    } else {
        let number = y * window.width + x;
        let bright = |place| brightness_exactly(centre, colour(place), number, blend);
        find(at_border, places.map(|place| (place, bright(place))), 0.0)
    }
}

/// Places of the least and of the greatest value. None with more than two zeros, one of which may be the
/// border, and none if one of the two would be zero.
fn find<T: Copy + PartialOrd>(
    at_border: bool,
    values: impl Iterator<Item = ((usize, usize), T)>,
    zero: T,
) -> Option<[(usize, usize); 2]> {
    let mut zeros = u32::from(at_border);
    let (mut least, mut greatest) = (((0, 0), zero), ((0, 0), zero));
    for (place, value) in values {
        if value == zero {
            zeros += 1;
            if zeros > 2 {
                return None;
            }
        } else if value < least.1 {
            least = (place, value);
        } else if value > greatest.1 {
            greatest = (place, value);
        }
    }
    (least.1 != zero && greatest.1 != zero).then_some([least.0, greatest.0])
}

/// True if at least three neighbours have the same colour; a border counts as one.
fn has_siblings(window: &Window<'_>, side: Side, x: usize, y: usize) -> bool {
    let (left, top, right, bottom, at_border) = around(window, x, y);
    let centre = row(window, side, y)[x];
    // The pixel itself is counted too.
    let same =
        |line: usize| row(window, side, line)[left..=right].iter().filter(|word| **word == centre).count();
    (top..=bottom).map(same).sum::<usize>() + usize::from(at_border) > 3
}
