//! What a PNG says of itself before its first row.

use super::chunks::Chunks;
use super::layout::{Colour, Layout};
use crate::decode::{Problem, Size};

/// Everything before the first row.
pub(crate) struct Header {
    pub(crate) size: Size,
    pub(crate) interlaced: bool,
    pub(crate) layout: Layout,
    /// Chunks about colour that are not applied, in the order of the file.
    pub(crate) unapplied: Vec<&'static str>,
}

/// Reads the chunks before the first row.
pub(crate) fn read(chunks: &mut Chunks<'_>) -> Result<Header, Problem> {
    let mut header = first(chunks)?;
    loop {
        let chunk = chunks.current();
        match &chunk.name {
            b"IDAT" => break,
            b"IEND" => return Err(Problem::malformed("it has no picture")),
            b"IHDR" => return Err(Problem::malformed("it has two headers")),
            b"PLTE" => palette(&mut header.layout, &chunks.payload()?)?,
            b"tRNS" => transparency(&mut header.layout, &chunks.payload()?)?,
            b"acTL" => still(&chunks.payload()?)?,
            name => {
                if let Some(known) = [("gAMA", b"gAMA"), ("iCCP", b"iCCP"), ("cICP", b"cICP")]
                    .into_iter()
                    .find(|(_, known)| *known == name)
                {
                    header.unapplied.push(known.0);
                } else if chunk.is_critical() {
                    return Err(Problem::Unsupported(format!("its chunk `{chunk}` is not known")));
                }
                chunks.skip()?;
            }
        }
    }
    if header.layout.colour == Colour::Palette && header.layout.palette.is_empty() {
        return Err(Problem::malformed("it has no palette"));
    }
    Ok(header)
}

fn first(chunks: &mut Chunks<'_>) -> Result<Header, Problem> {
    if chunks.current().name != *b"IHDR" {
        return Err(Problem::malformed("its header is missing"));
    }
    let bytes = chunks.payload()?;
    let &[w0, w1, w2, w3, h0, h1, h2, h3, depth, colour, compression, filter, interlace] = bytes.as_slice()
    else {
        return Err(Problem::malformed("its header has not 13 bytes"));
    };
    let (width, height) = (u32::from_be_bytes([w0, w1, w2, w3]), u32::from_be_bytes([h0, h1, h2, h3]));
    if compression != 0 || filter != 0 || interlace > 1 {
        return Err(Problem::malformed("its header names a method that no PNG has"));
    }
    Ok(Header {
        size: Size::new(width, height)?,
        interlaced: interlace == 1,
        layout: Layout::new(colour, depth)
            .ok_or_else(|| Problem::malformed(format!("no PNG has colour type {colour} in {depth} bit")))?,
        unapplied: Vec::new(),
    })
}

fn palette(layout: &mut Layout, bytes: &[u8]) -> Result<(), Problem> {
    let (colours, rest) = bytes.as_chunks::<3>();
    if !rest.is_empty() || colours.is_empty() || !layout.palette.is_empty() {
        return Err(Problem::malformed("its palette is not a list of colours"));
    }
    // Other kinds of picture may name a palette as a hint.
    if layout.colour == Colour::Palette {
        layout.palette = colours.iter().map(|&[r, g, b]| u32::from_le_bytes([r, g, b, u8::MAX])).collect();
    }
    Ok(())
}

fn transparency(layout: &mut Layout, bytes: &[u8]) -> Result<(), Problem> {
    let fits = match layout.colour {
        Colour::Palette => {
            for (colour, &alpha) in layout.palette.iter_mut().zip(bytes) {
                *colour = *colour & 0x00ff_ffff | u32::from(alpha) << 24;
            }
            bytes.len() <= layout.palette.len()
        }
        Colour::Gray | Colour::Rgb => {
            let samples = bytes.as_chunks::<2>().0.iter().map(|&pair| u16::from_be_bytes(pair));
            layout.transparent = samples.collect();
            bytes.len() == layout.colour.samples() * 2
        }
        Colour::GrayAlpha | Colour::Rgba => false,
    };
    if fits { Ok(()) } else { Err(Problem::malformed("its chunk `tRNS` does not fit its kind of picture")) }
}

/// A picture that moves has no one look.
fn still(bytes: &[u8]) -> Result<(), Problem> {
    match bytes {
        &[a, b, c, d, _, _, _, _] => match u32::from_be_bytes([a, b, c, d]) {
            0 | 1 => Ok(()),
            frames => Err(Problem::Limit(format!("it is an animation of {frames} frames; a screen has one"))),
        },
        _ => Err(Problem::malformed("its chunk `acTL` has not 8 bytes")),
    }
}
