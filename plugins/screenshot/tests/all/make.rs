//! Pictures for the tests.

use png::{BitDepth, ColorType, Encoder};

pub(crate) type Rgba = [u8; 4];

pub(crate) const WHITE: Rgba = [255, 255, 255, 255];
pub(crate) const INK: Rgba = [40, 44, 60, 255];

/// A PNG of 8 bit with alpha.
pub(crate) fn png(width: u32, height: u32, pixel: impl Fn(u32, u32) -> Rgba) -> Vec<u8> {
    let rows = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let bytes: Vec<u8> = rows.flat_map(|(x, y)| pixel(x, y)).collect();
    encode(width, height, ColorType::Rgba, BitDepth::Eight, &bytes)
}

/// A PNG of these samples.
pub(crate) fn encode(width: u32, height: u32, color: ColorType, depth: BitDepth, bytes: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, width, height);
    encoder.set_color(color);
    encoder.set_depth(depth);
    encoder.write_header().unwrap().write_image_data(bytes).unwrap();
    file
}

/// A number that looks like chance and is the same in every run.
pub(crate) fn noise(x: u32, y: u32, seed: u32) -> u32 {
    let mut value =
        x.wrapping_mul(0x9e37_79b1) ^ y.wrapping_mul(0x85eb_ca77) ^ seed.wrapping_mul(0xc2b2_ae3d);
    value = (value ^ value >> 15).wrapping_mul(0x2c1b_3c6d);
    value = (value ^ value >> 12).wrapping_mul(0x297a_2d39);
    value ^ value >> 15
}

/// Something like a page: a header, and lines of something like words.
pub(crate) fn page(x: u32, y: u32) -> Rgba {
    let (line, word) = (y / 16, x / 40);
    let is_text = y % 16 < 9 && x % 40 < 32 && !noise(word, line, 1).is_multiple_of(4);
    match (y < 48, is_text) {
        (true, _) => [230, 240, 250, 255],
        (false, true) if noise(x / 2, y / 2, 2).is_multiple_of(2) => INK,
        (false, _) => WHITE,
    }
}

/// A chunk with its checksum.
pub(crate) fn chunk(name: &[u8; 4], payload: &[u8]) -> Vec<u8> {
    let mut file = u32::try_from(payload.len()).unwrap().to_be_bytes().to_vec();
    file.extend_from_slice(name);
    file.extend_from_slice(payload);
    let mut checksum = !0_u32;
    for byte in &file[4..] {
        checksum ^= u32::from(*byte);
        for _ in 0..8 {
            checksum = if checksum & 1 == 1 { checksum >> 1 ^ 0xedb8_8320 } else { checksum >> 1 };
        }
    }
    file.extend_from_slice(&(!checksum).to_be_bytes());
    file
}

/// A header of 8 bit gray.
pub(crate) fn header(width: u32, height: u32) -> Vec<u8> {
    let [w, h] = [width.to_be_bytes(), height.to_be_bytes()];
    chunk(b"IHDR", &[&w[..], &h[..], &[8, 0, 0, 0, 0]].concat())
}

/// A file of these chunks.
pub(crate) fn file(chunks: &[Vec<u8>]) -> Vec<u8> {
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunks.concat()].concat()
}
