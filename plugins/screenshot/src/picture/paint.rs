//! Colours and marks: what a difference looks like in a picture.

use super::Frame;
use crate::classes::Class;

/// Shades of the faded picture, then the marks.
const SHADES: u8 = 64;
/// A pixel that differs.
pub(super) const DIFFERENT: u8 = SHADES;
/// A pixel that is left out: anti-aliasing.
pub(super) const ANTIALIAS: u8 = SHADES + 1;
/// A pixel that is left out: masked.
pub(super) const IGNORED: u8 = SHADES + 2;
/// The frame around a region.
pub(super) const FRAME: u8 = SHADES + 3;
/// Around the pictures.
pub(super) const PAPER: u8 = SHADES + 4;
/// Titles.
pub(super) const INK: u8 = SHADES + 5;

/// How many colours there are.
pub(super) const COLORS: usize = SHADES as usize + 6;

/// Colours by index.
pub(super) fn palette() -> [[u8; 3]; COLORS] {
    std::array::from_fn(|at| match u8::try_from(at).expect("few colours") {
        DIFFERENT => [230, 0, 40],
        ANTIALIAS => [255, 200, 0],
        IGNORED => [120, 170, 230],
        FRAME => [0, 90, 220],
        PAPER => [226, 229, 234],
        INK => [40, 44, 52],
        shade => [u8::MAX - (SHADES - 1 - shade); 3],
    })
}

/// The mark of a pixel that is not the same; none where nothing is to be seen.
pub(super) fn mark(class: Class) -> Option<u8> {
    match class {
        Class::Different | Class::CountedAntialias => Some(DIFFERENT),
        Class::Antialias => Some(ANTIALIAS),
        Class::Ignored => Some(IGNORED),
        Class::Faint => None,
    }
}

/// The shade of a pixel: a quarter of its contrast over white, so that marks stand out.
pub(super) fn shade(word: u32) -> u8 {
    const WHITE: u32 = 255 * 256;
    let luma = 77 * (word & 255) + 150 * (word >> 8 & 255) + 29 * (word >> 16 & 255);
    let dark = ((WHITE - luma) * (word >> 24)) >> 18;
    SHADES - 1 - (dark & 63) as u8
}

/// Keeps, of what falls on one pixel, what a person must see: marks are in the order of their weight.
pub(super) fn keep(marks: &mut [u8], x: usize, mark: u8) {
    if marks[x] == 0 || mark < marks[x] {
        marks[x] = mark;
    }
}

/// Draws what of the frames lies in row `y` of a picture, `width` pixels from `offset` in `row` on. Frames are
/// in pixels of that picture.
pub(super) fn frames<T: Copy>(row: &mut [T], frames: &[Frame], y: usize, color: T) {
    for frame in frames.iter().filter(|frame| (frame.top..frame.bottom).contains(&y)) {
        let right = frame.right.min(row.len());
        let near = |edge: usize| edge.abs_diff(y) < Frame::LINE;
        let is_edge = near(frame.top) || y + Frame::LINE >= frame.bottom;
        for (x, pixel) in row.iter_mut().enumerate().take(right).skip(frame.left) {
            if is_edge || x < frame.left + Frame::LINE || x + Frame::LINE >= frame.right {
                *pixel = color;
            }
        }
    }
}
