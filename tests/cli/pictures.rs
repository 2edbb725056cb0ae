//! Screens for tests of the binary: small PNG files of something like a page.

use png::{BitDepth, ColorType, Encoder};

/// Sides of a screen.
pub(crate) const WIDTH: u32 = 160;
pub(crate) const HEIGHT: u32 = 120;

/// Red, green, blue.
pub(crate) type Rgb = [u8; 3];

pub(crate) const INK: Rgb = [40, 44, 60];
pub(crate) const WHITE: Rgb = [255, 255, 255];

/// Where a rectangle lies: left, top, width, height.
pub(crate) type Place = [u32; 4];

/// A picture of this size.
pub(crate) fn picture(width: u32, height: u32, pixel: impl Fn(u32, u32) -> Rgb) -> Vec<u8> {
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let bytes: Vec<u8> = pixels.flat_map(|(x, y)| pixel(x, y)).collect();
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, width, height);
    encoder.set_color(ColorType::Rgb);
    encoder.set_depth(BitDepth::Eight);
    let mut writer = encoder.write_header().expect("has a size");
    writer.write_image_data(&bytes).expect("has its pixels");
    writer.finish().expect("a buffer takes everything");
    file
}

/// A screen with a header, lines like text, and one rectangle.
pub(crate) fn screen(place: Place, colour: Rgb) -> Vec<u8> {
    picture(WIDTH, HEIGHT, |x, y| pixel(place, colour, x, y))
}

/// A pixel of such a screen.
pub(crate) fn pixel([left, top, width, height]: Place, colour: Rgb, x: u32, y: u32) -> Rgb {
    let is_inside = (left..left + width).contains(&x) && (top..top + height).contains(&y);
    let is_text = y % 12 < 5 && (20..80).contains(&y) && x % 24 < 16 && !(x / 24 + y / 12).is_multiple_of(3);
    match (is_inside, y < 16, is_text) {
        (true, _, _) => colour,
        (_, true, _) => [220, 230, 245],
        (_, _, true) => INK,
        _ => WHITE,
    }
}

/// The screen that most tests begin with, and the same with its button moved.
pub(crate) fn home() -> Vec<u8> {
    screen([16, 90, 40, 16], [30, 110, 60])
}

pub(crate) fn moved() -> Vec<u8> {
    screen([56, 90, 40, 16], [30, 110, 60])
}

/// Another screen.
pub(crate) fn about() -> Vec<u8> {
    screen([100, 30, 40, 60], [200, 120, 40])
}

/// One that shows nothing.
pub(crate) fn blank() -> Vec<u8> {
    picture(WIDTH, HEIGHT, |_, _| WHITE)
}
