//! Pictures for tests, whole ones and the pieces of hostile ones.

use png::{BitDepth, ColorType, Compression, Encoder};

pub(crate) type Rgba = [u8; 4];

/// A PNG of 8 bit with alpha.
pub(crate) fn png(width: u32, height: u32, pixel: impl Fn(u32, u32) -> Rgba) -> Vec<u8> {
    let rows = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let bytes: Vec<u8> = rows.flat_map(|(x, y)| pixel(x, y)).collect();
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, width, height);
    encoder.set_color(ColorType::Rgba);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Fast);
    encoder.write_header().unwrap().write_image_data(&bytes).unwrap();
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
        (false, true) if noise(x / 2, y / 2, 2).is_multiple_of(2) => [40, 44, 60, 255],
        (false, _) => [255, 255, 255, 255],
    }
}

/// A chunk of a PNG with its checksum.
pub(crate) fn chunk(name: &[u8; 4], payload: &[u8]) -> Vec<u8> {
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(name);
    checksum.update(payload);
    let length = u32::try_from(payload.len()).unwrap();
    [&length.to_be_bytes(), &name[..], payload, &checksum.finalize().to_be_bytes()].concat()
}

/// A header of 8 bit gray.
pub(crate) fn header(width: u32, height: u32) -> Vec<u8> {
    let [w, h] = [width.to_be_bytes(), height.to_be_bytes()];
    chunk(b"IHDR", &[&w[..], &h[..], &[8, 0, 0, 0, 0]].concat())
}

/// The chunk of a stream.
pub(crate) fn idat(stream: &[u8]) -> Vec<u8> {
    chunk(b"IDAT", stream)
}

/// A stream of `count` zeros.
pub(crate) fn zeros(count: usize) -> Vec<u8> {
    fdeflate::compress_to_vec(&vec![0; count])
}

/// The stream of a gray picture.
pub(crate) fn rows(width: u32, height: usize) -> Vec<u8> {
    let shades = (0..width).map(|x| (x * 7 % 251).to_le_bytes()[0]);
    let row: Vec<u8> = std::iter::once(0).chain(shades).collect();
    fdeflate::compress_to_vec(&row.repeat(height))
}

/// A PNG of these chunks.
pub(crate) fn joined(chunks: &[Vec<u8>]) -> Vec<u8> {
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunks.concat()].concat()
}

/// A lossless WebP with this header, and any bytes for its picture.
pub(crate) fn webp(width: u32, height: u32, data: &[u8]) -> Vec<u8> {
    let size = ((width - 1) | (height - 1) << 14).to_le_bytes();
    let picture = [&[0x2f][..], &size, data].concat();
    let padding = vec![0; picture.len() % 2];
    let length = |bytes: usize| u32::try_from(bytes).unwrap().to_le_bytes();
    let (all, own) = (length(picture.len() + padding.len() + 12), length(picture.len()));
    [b"RIFF", &all[..], b"WEBPVP8L", &own, &picture, &padding].concat()
}

/// A gray JPEG of this size and kind with tables of one code each, and so many scans of nothing but zeros.
pub(crate) fn jpeg(width: u16, height: u16, kind: u8, scans: usize) -> Vec<u8> {
    let segment = |marker: u8, payload: &[u8]| {
        let length = u16::try_from(payload.len() + 2).unwrap().to_be_bytes();
        [&[0xff, marker][..], &length, payload].concat()
    };
    let [w, h] = [width.to_be_bytes(), height.to_be_bytes()];
    let frame = segment(kind, &[&[8][..], &h, &w, &[1, 1, 0x11, 0]].concat());
    let quantisers = segment(0xdb, &[&[0][..], &[1; 64]].concat());
    let codes = |class: u8| segment(0xc4, &[&[class][..], &[1], &[0; 15], &[0]].concat());
    let last = if kind == 0xc2 { 0 } else { 63 };
    let scan = [segment(0xda, &[1, 1, 0, 0, last, 0]), vec![0; 8]].concat();
    [&[0xff, 0xd8][..], &quantisers, &frame, &codes(0), &codes(0x10), &scan.repeat(scans), &[0xff, 0xd9]]
        .concat()
}
