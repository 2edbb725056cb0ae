//! How the bytes of a row tell pixels, and the pixels that they tell.
//!
//! Pixels are words: red, green, blue and alpha of 8 bits each, red in the lowest byte. Samples of fewer bits
//! are spread over the whole range; samples of 16 bits are rounded to 8, as the peers do. An index behind the
//! end of a palette is opaque black, as in libpng.

/// Which samples a pixel has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colour {
    Gray,
    Rgb,
    Palette,
    GrayAlpha,
    Rgba,
}

impl Colour {
    pub(crate) fn samples(self) -> usize {
        match self {
            Self::Gray | Self::Palette => 1,
            Self::GrayAlpha => 2,
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }
}

/// Rows of equal layouts are equal pictures exactly if they are equal bytes, as far as it matters here: two
/// colours of a palette may be the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) colour: Colour,
    /// Bits of a sample: 1, 2, 4, 8 or 16.
    pub(crate) depth: u8,
    /// Words, for [`Colour::Palette`].
    pub(crate) palette: Vec<u32>,
    /// The samples of the one colour that is transparent; empty if there is none.
    pub(crate) transparent: Vec<u16>,
}

impl Layout {
    /// By the numbers in the header of a PNG; none where no PNG has them.
    pub(crate) fn new(colour: u8, depth: u8) -> Option<Self> {
        let (colour, depths): (_, &[u8]) = match colour {
            0 => (Colour::Gray, &[1, 2, 4, 8, 16]),
            2 => (Colour::Rgb, &[8, 16]),
            3 => (Colour::Palette, &[1, 2, 4, 8]),
            4 => (Colour::GrayAlpha, &[8, 16]),
            6 => (Colour::Rgba, &[8, 16]),
            _ => return None,
        };
        let layout = Self { colour, depth, palette: Vec::new(), transparent: Vec::new() };
        depths.contains(&depth).then_some(layout)
    }

    /// Of bytes that are words already.
    pub(crate) fn words() -> Self {
        Self { colour: Colour::Rgba, depth: 8, palette: Vec::new(), transparent: Vec::new() }
    }

    /// Bytes of a row of `width` pixels.
    pub(crate) fn row_bytes(&self, width: usize) -> usize {
        (width * self.colour.samples() * usize::from(self.depth)).div_ceil(8)
    }

    /// Bytes of a pixel as the filters count them: at least 1.
    pub(crate) fn pixel_bytes(&self) -> usize {
        (self.colour.samples() * usize::from(self.depth) / 8).max(1)
    }

    /// Tells the pixels of a row.
    pub(crate) fn expand(&self, row: &[u8], words: &mut [u32]) {
        match (self.colour, self.depth) {
            (Colour::Rgba, 8) => {
                each(row, words, |&pixel| u32::from_le_bytes(pixel));
            }
            (Colour::Rgb, 8) if self.transparent.is_empty() => {
                each(row, words, |&[r, g, b]| u32::from_le_bytes([r, g, b, u8::MAX]));
            }
            (Colour::Rgb, 8) => {
                each(row, words, |&[r, g, b]| word([r, g, b], self.alpha(&[r, g, b].map(u16::from))));
            }
            (Colour::Rgb, _) => each(row, words, |&[r0, r1, g0, g1, b0, b1]| {
                let samples = [[r0, r1], [g0, g1], [b0, b1]].map(u16::from_be_bytes);
                word(samples.map(rounded), self.alpha(&samples))
            }),
            (Colour::Rgba, _) => each(row, words, |&[r0, r1, g0, g1, b0, b1, a0, a1]| {
                let [colour @ .., alpha] =
                    [[r0, r1], [g0, g1], [b0, b1], [a0, a1]].map(|pair| rounded(u16::from_be_bytes(pair)));
                word(colour, alpha)
            }),
            (Colour::GrayAlpha, 8) => each(row, words, |&[gray, alpha]| word([gray; 3], alpha)),
            (Colour::GrayAlpha, _) => each(row, words, |&[g0, g1, a0, a1]| {
                let [gray, alpha] = [[g0, g1], [a0, a1]].map(|pair| rounded(u16::from_be_bytes(pair)));
                word([gray; 3], alpha)
            }),
            (Colour::Gray, 16) => each(row, words, |&pair| {
                let gray = u16::from_be_bytes(pair);
                word([rounded(gray); 3], self.alpha(&[gray]))
            }),
            (Colour::Gray, depth) => {
                let most = u8::MAX >> (8 - depth);
                let spread = u8::MAX / most;
                let shown = |gray: u8| word([gray * spread; 3], self.alpha(&[u16::from(gray)]));
                self.packed(row, words, shown);
            }
            (Colour::Palette, _) => {
                const OPAQUE_BLACK: u32 = 0xff00_0000;
                let shown = |at: u8| self.palette.get(usize::from(at)).copied().unwrap_or(OPAQUE_BLACK);
                self.packed(row, words, shown);
            }
        }
    }

    /// Samples of at most 8 bits, the first of a byte in its highest bits.
    fn packed(&self, row: &[u8], words: &mut [u32], shown: impl Fn(u8) -> u32) {
        // 256 answers cost less than a question per pixel.
        let most = u8::MAX >> (8 - self.depth);
        let table: Vec<u32> = (0..=u8::MAX).map(|sample| shown(sample & most)).collect();
        let in_byte = usize::from(8 / self.depth);
        for (words, &byte) in words.chunks_mut(in_byte).zip(row) {
            let mut byte = u32::from(byte);
            for word in words {
                byte <<= self.depth;
                *word = table[(byte >> 8 & u32::from(most)) as usize];
            }
        }
    }

    fn alpha(&self, samples: &[u16]) -> u8 {
        if self.transparent == samples { 0 } else { u8::MAX }
    }
}

fn each<const N: usize>(row: &[u8], words: &mut [u32], shown: impl Fn(&[u8; N]) -> u32) {
    for (word, pixel) in words.iter_mut().zip(row.as_chunks::<N>().0) {
        *word = shown(pixel);
    }
}

fn word([r, g, b]: [u8; 3], alpha: u8) -> u32 {
    u32::from_le_bytes([r, g, b, alpha])
}

/// The nearest of 256 values: 65535 is 255 times 257.
fn rounded(sample: u16) -> u8 {
    u8::try_from((u32::from(sample) + 128) / 257).expect("65663 / 257 is 255")
}
