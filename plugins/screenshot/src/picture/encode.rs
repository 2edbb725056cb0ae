//! Writes a PNG row by row: the same bytes for the same rows, whatever the platform.

use crc32fast::Hasher;
use fdeflate::Compressor;

use crate::decode::SIGNATURE;

/// Bytes of a pixel: an index of a palette, or red, green and blue.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind<'a> {
    Palette(&'a [[u8; 3]]),
    Rgb,
}

/// A PNG that is being written.
pub(super) struct Encoder {
    head: Vec<u8>,
    compressor: Compressor<Vec<u8>>,
    above: Vec<u8>,
    line: Vec<u8>,
}

/// Why writing to memory does not fail.
const IN_MEMORY: &str = "a vector takes all bytes";

impl Encoder {
    /// Begins a picture of this size.
    pub(super) fn new(width: usize, height: usize, kind: Kind<'_>) -> Self {
        const FILTER_UP: u8 = 2;
        let side = |pixels: usize| u32::try_from(pixels).expect("pictures are small").to_be_bytes();
        let (color, bytes) = match kind {
            Kind::Palette(_) => (3, width),
            Kind::Rgb => (2, 3 * width),
        };
        let mut head = SIGNATURE.to_vec();
        let [w, h] = [side(width), side(height)];
        chunk(&mut head, b"IHDR", &[&w[..], &h[..], &[8, color, 0, 0, 0]].concat());
        if let Kind::Palette(colors) = kind {
            chunk(&mut head, b"PLTE", colors.as_flattened());
        }
        let compressor = Compressor::new(Vec::new()).expect(IN_MEMORY);
        let mut line = vec![0; bytes + 1];
        line[0] = FILTER_UP;
        Self { head, compressor, above: vec![0; bytes], line }
    }

    /// Writes the next row.
    pub(super) fn row(&mut self, row: &[u8]) {
        for ((to, from), above) in self.line[1..].iter_mut().zip(row).zip(&self.above) {
            *to = from.wrapping_sub(*above);
        }
        self.above.copy_from_slice(row);
        self.compressor.write_data(&self.line).expect(IN_MEMORY);
    }

    /// The whole file.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let data = self.compressor.finish().expect(IN_MEMORY);
        chunk(&mut self.head, b"IDAT", &data);
        chunk(&mut self.head, b"IEND", &[]);
        self.head
    }
}

fn chunk(file: &mut Vec<u8>, name: &[u8; 4], payload: &[u8]) {
    let length = u32::try_from(payload.len()).expect("pictures are small");
    let mut checksum = Hasher::new();
    checksum.update(name);
    checksum.update(payload);
    file.extend_from_slice(&length.to_be_bytes());
    file.extend_from_slice(name);
    file.extend_from_slice(payload);
    file.extend_from_slice(&checksum.finalize().to_be_bytes());
}
