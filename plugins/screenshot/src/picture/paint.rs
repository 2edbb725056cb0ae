//! Colours and marks: what a difference looks like in a picture.

use super::Frame;
use crate::classes::Class;
use crate::metric::over_white;

/// Shades of the faded picture, then the marks.
const SHADES: u8 = 65;
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

/// The index of a pixel that is `word` in the expected picture.
pub(super) fn index(word: u32, class: Class) -> u8 {
    match class {
        Class::Different | Class::CountedAntialias => DIFFERENT,
        Class::Antialias => ANTIALIAS,
        Class::Ignored => IGNORED,
        Class::Same | Class::Faint => {
            let [r, g, b] = over_white(word).map(u32::from);
            // A quarter of the contrast, so that marks stand out.
            let luma = (77 * r + 150 * g + 29 * b) >> 8;
            u8::try_from(luma * u32::from(SHADES - 1) / 255).expect("at most 64")
        }
    }
}

/// Of what falls on one pixel, what a person must see.
pub(super) fn stronger(left: u8, right: u8) -> u8 {
    let rank = |index: u8| match index {
        DIFFERENT => 3,
        ANTIALIAS => 2,
        IGNORED => 1,
        _ => 0,
    };
    if rank(right) > rank(left) { right } else { left }
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
