//! Pictures that are kept whole: interlaced PNG, JPEG and WebP.

use std::io::{Cursor, Read};

use evident_checker::Reader;
use image_webp::{DecodingError, WebPDecoder};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;

use super::png::Layout;
use super::{Problem, SIDE_MAX, Size};
use crate::work::Work;

/// Bytes of a file that is read whole: more than the largest picture that fits takes, were it not compressed.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// A picture in memory.
pub(crate) struct Whole {
    size: Size,
    layout: Layout,
    bytes: Vec<u8>,
    row: usize,
    notes: Vec<String>,
}

impl Whole {
    /// From bytes in the order red, green, blue, alpha.
    pub(crate) fn of_bytes(size: Size, bytes: Vec<u8>, notes: Vec<String>) -> Self {
        Self { size, layout: Layout::words(), bytes, row: 0, notes }
    }

    /// From words.
    pub(crate) fn of_words(size: Size, words: &[u32], notes: Vec<String>) -> Self {
        Self::of_bytes(size, words.iter().flat_map(|word| word.to_le_bytes()).collect(), notes)
    }

    pub(crate) fn size(&self) -> Size {
        self.size
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    pub(crate) fn notes(&self) -> &[String] {
        &self.notes
    }

    pub(crate) fn next(&mut self, row: &mut [u8]) {
        let bytes = self.size.width() * 4;
        row.copy_from_slice(&self.bytes[self.row * bytes..][..bytes]);
        self.row += 1;
    }
}

/// Reads a picture that is not a PNG. `reader` is at its beginning.
pub(crate) fn read(mut reader: Reader<'_>, size: u64, work: &mut Work) -> Result<Whole, Problem> {
    if size > FILE_BYTES_MAX {
        return Err(Problem::Limit(format!(
            "it has {size} bytes; what is not a PNG has at most {FILE_BYTES_MAX}"
        )));
    }
    let mut file = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    reader.read_to_end(&mut file).map_err(Problem::Read)?;
    match file.as_slice() {
        [] => Err(Problem::malformed("it is empty")),
        [0xff, 0xd8, ..] => jpeg(&file, work),
        [b'R', b'I', b'F', b'F', rest @ ..] if rest.get(4..8) == Some(b"WEBP") => webp(&file, work),
        _ => Err(Problem::Unsupported("it is not a PNG, WebP or JPEG".into())),
    }
}

fn jpeg(file: &[u8], work: &mut Work) -> Result<Whole, Problem> {
    // What the decoder would make good: without its end mark a file was cut.
    if !file.ends_with(&[0xff, 0xd9]) {
        return Err(Problem::ends_early());
    }
    let damaged = |error: DecodeErrors| match error {
        DecodeErrors::Unsupported(_) => Problem::Unsupported("it is a JPEG of a rare kind".into()),
        DecodeErrors::LargeDimensions(_) => Problem::Limit("it is a JPEG of too many pixels".into()),
        error => Problem::malformed(format!("it is not a whole JPEG: {error:?}")),
    };
    let options = DecoderOptions::new_safe().set_strict_mode(true).jpeg_set_out_colorspace(ColorSpace::RGBA);
    let side = SIDE_MAX as usize;
    let options = options.set_max_width(side).set_max_height(side);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(file), options);
    decoder.decode_headers().map_err(damaged)?;
    let (width, height) = decoder.dimensions().ok_or_else(|| Problem::malformed("it has no size"))?;
    let size = whole_size(width, height)?;
    work.read_whole(size.pixels())?;
    let mut bytes = vec![0; size.width() * size.height() * 4];
    decoder.decode_into(&mut bytes).map_err(damaged)?;
    Ok(Whole::of_bytes(size, bytes, vec!["JPEG keeps pixels nearly, not exactly".into()]))
}

fn webp(file: &[u8], work: &mut Work) -> Result<Whole, Problem> {
    let stated = file.get(4..8).map(|bytes| u32::from_le_bytes(bytes.try_into().expect("4 bytes")));
    if stated.is_none_or(|stated| stated as usize + 8 != file.len()) {
        return Err(Problem::malformed("its length is not the one that it states"));
    }
    let damaged = |error: DecodingError| Problem::malformed(format!("it is not a whole WebP: {error}"));
    let mut decoder = WebPDecoder::new(Cursor::new(file)).map_err(damaged)?;
    if decoder.is_animated() {
        return Err(Problem::Limit("it is an animation; a screen is one picture".into()));
    }
    let (width, height) = decoder.dimensions();
    let size = whole_size(width as usize, height as usize)?;
    work.read_whole(size.pixels())?;
    let notes =
        if decoder.is_lossy() { vec!["lossy WebP keeps pixels nearly, not exactly".into()] } else { vec![] };
    let channels = if decoder.has_alpha() { 4 } else { 3 };
    let mut bytes = vec![0; size.width() * size.height() * channels];
    decoder.read_image(&mut bytes).map_err(damaged)?;
    if channels == 3 {
        bytes = bytes.as_chunks::<3>().0.iter().flat_map(|&[r, g, b]| [r, g, b, u8::MAX]).collect();
    }
    Ok(Whole::of_bytes(size, bytes, notes))
}

fn whole_size(width: usize, height: usize) -> Result<Size, Problem> {
    let side = |pixels: usize| u32::try_from(pixels).unwrap_or(u32::MAX);
    let size = Size::new(side(width), side(height))?;
    size.fits_whole()?;
    Ok(size)
}
