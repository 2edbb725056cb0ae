//! Every kind of PNG shows the pixels that it says: each is held against the same pixels in 8 bit with alpha.

use png::{BitDepth, ColorType, Encoder, Filter};

use crate::make::{self, noise};
use crate::{Verdict, one};

const WIDTH: u32 = 67;
const HEIGHT: u32 = 41;

/// Something to encode: samples in chance order, packed as PNG packs them.
fn samples(color: ColorType, depth: BitDepth) -> Vec<u8> {
    let bits = WIDTH as usize * color.samples() * depth as usize;
    let row = bits.div_ceil(8);
    (0..HEIGHT).flat_map(|y| (0..row).map(move |x| noise(u32::try_from(x).unwrap(), y, 7) as u8)).collect()
}

/// The pixels that these samples are, computed by the book.
fn pixels(
    color: ColorType,
    depth: BitDepth,
    bytes: &[u8],
    palette: &[[u8; 4]],
    transparent: Option<[u16; 3]>,
) -> Vec<[u8; 4]> {
    let (depth, count) = (depth as usize, color.samples());
    let row = (WIDTH as usize * count * depth).div_ceil(8);
    let most = (1_u32 << depth) - 1;
    let mut pixels = Vec::new();
    for y in 0..HEIGHT as usize {
        for x in 0..WIDTH as usize {
            let sample = |at: usize| -> u32 {
                let bit = (x * count + at) * depth;
                (0..depth).fold(0, |value, next| {
                    let bit = bit + next;
                    value << 1 | u32::from(bytes[y * row + bit / 8] >> (7 - bit % 8) & 1)
                })
            };
            let eight = |value: u32| ((f64::from(value) * 255.0 / f64::from(most)) + 0.5).floor() as u8;
            let all: Vec<u32> = (0..count).map(sample).collect();
            let opaque = |colors: &[u32]| match transparent {
                Some(hidden)
                    if colors.iter().zip(hidden).all(|(color, hidden)| *color == u32::from(hidden)) =>
                {
                    0
                }
                _ => 255,
            };
            pixels.push(match color {
                ColorType::Grayscale => [eight(all[0]), eight(all[0]), eight(all[0]), opaque(&all)],
                ColorType::Rgb => [eight(all[0]), eight(all[1]), eight(all[2]), opaque(&all)],
                ColorType::Indexed => palette[all[0] as usize],
                ColorType::GrayscaleAlpha => [eight(all[0]), eight(all[0]), eight(all[0]), eight(all[1])],
                ColorType::Rgba => [eight(all[0]), eight(all[1]), eight(all[2]), eight(all[3])],
            });
        }
    }
    pixels
}

/// The same pixels in 8 bit with alpha, with one of them changed a bit if asked.
fn plain(pixels: &[[u8; 4]], changed: Option<usize>) -> Vec<u8> {
    make::png(WIDTH, HEIGHT, |x, y| {
        let at = (y * WIDTH + x) as usize;
        let mut pixel = pixels[at];
        if changed == Some(at) {
            pixel[1] ^= 1;
        }
        pixel
    })
}

/// Threshold 0 finds the least difference. Catches samples that are read in the wrong order, from the wrong
/// bits, or spread wrongly, and filters that are undone wrongly.
#[test]
fn every_kind_of_png_shows_its_pixels() {
    use BitDepth::{Eight, Four, One, Sixteen, Two};
    let kinds: &[(ColorType, &[BitDepth])] = &[
        (ColorType::Grayscale, &[One, Two, Four, Eight, Sixteen]),
        (ColorType::Rgb, &[Eight, Sixteen]),
        (ColorType::Indexed, &[One, Two, Four, Eight]),
        (ColorType::GrayscaleAlpha, &[Eight, Sixteen]),
        (ColorType::Rgba, &[Eight, Sixteen]),
    ];
    for (color, depths) in kinds {
        for depth in *depths {
            for filter in [Filter::NoFilter, Filter::Sub, Filter::Up, Filter::Avg, Filter::Paeth] {
                for is_transparent in [false, true] {
                    holds(*color, *depth, filter, is_transparent);
                }
            }
        }
    }
}

fn holds(color: ColorType, depth: BitDepth, filter: Filter, is_transparent: bool) {
    let bytes = samples(color, depth);
    let colors: Vec<[u8; 4]> = (0..256).map(|at| noise(at, 3, 9).to_le_bytes()).collect();
    let colors: Vec<[u8; 4]> = colors
        .iter()
        .take(1 << (depth as usize % 16))
        .map(|&[r, g, b, a]| [r, g, b, if is_transparent { a } else { 255 }])
        .collect();
    // The samples of the first pixel, as they stand in the file.
    let hidden = match (color, depth) {
        (ColorType::Grayscale, BitDepth::Sixteen) => vec![u16::from_be_bytes([bytes[0], bytes[1]])],
        (ColorType::Grayscale, depth) => vec![u16::from(bytes[0] >> (8 - depth as u8))],
        (ColorType::Rgb, BitDepth::Sixteen) => {
            bytes[..6].as_chunks::<2>().0.iter().map(|pair| u16::from_be_bytes(*pair)).collect()
        }
        (ColorType::Rgb, _) => bytes[..3].iter().copied().map(u16::from).collect(),
        _ => Vec::new(),
    };
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, WIDTH, HEIGHT);
    encoder.set_color(color);
    encoder.set_depth(depth);
    encoder.set_filter(filter);
    if color == ColorType::Indexed {
        encoder.set_palette(colors.iter().flat_map(|color| color[..3].to_vec()).collect::<Vec<u8>>());
        encoder.set_trns(colors.iter().map(|color| color[3]).collect::<Vec<u8>>());
    } else if is_transparent && !hidden.is_empty() {
        encoder.set_trns(hidden.iter().flat_map(|sample| sample.to_be_bytes()).collect::<Vec<u8>>());
    }
    encoder.write_header().unwrap().write_image_data(&bytes).unwrap();
    let padded: Option<[u16; 3]> = (is_transparent && !hidden.is_empty())
        .then(|| std::array::from_fn(|at| hidden.get(at).copied().unwrap_or(0)));
    let shown = pixels(color, depth, &bytes, &colors, padded);
    let told = format!("{color:?} {depth:?} {filter:?} {is_transparent}");
    let config = r#"{"threshold":0,"antialias":"count","blank":"allow"}"#;
    let same = one(config, &file, &plain(&shown, None));
    assert_eq!(same.verdict(), Verdict::Pass, "{told}: {}", same.outcome.summary);
    // A pixel in the middle that is not transparent.
    let seen = (shown.len() / 2..).find(|at| shown[*at][3] > 0).unwrap();
    let other = one(config, &file, &plain(&shown, Some(seen)));
    assert_eq!(other.figure("differing_pixels"), 1.0, "{told}");
    // The same file twice, which takes the way of equal layouts.
    assert_eq!(one(config, &file, &file).verdict(), Verdict::Pass, "{told}");
}

/// Adam7 by the book: each pass is a small picture of its own.
fn interlaced(pixels: &[[u8; 4]]) -> Vec<u8> {
    const PASSES: [(u32, u32, u32, u32); 7] =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];
    let mut data = Vec::new();
    for (x0, y0, dx, dy) in PASSES {
        for y in (y0..HEIGHT).step_by(dy as usize) {
            let row: Vec<u8> =
                (x0..WIDTH).step_by(dx as usize).flat_map(|x| pixels[(y * WIDTH + x) as usize]).collect();
            if !row.is_empty() {
                data.push(0);
                data.extend(row);
            }
        }
    }
    let [w, h] = [WIDTH.to_be_bytes(), HEIGHT.to_be_bytes()];
    let header = make::chunk(b"IHDR", &[&w[..], &h[..], &[8, 6, 0, 0, 1]].concat());
    let data = make::chunk(b"IDAT", &fdeflate::compress_to_vec(&data));
    make::file(&[header, data, make::chunk(b"IEND", &[])])
}

#[test]
fn an_interlaced_picture_shows_its_pixels() {
    let bytes = samples(ColorType::Rgba, BitDepth::Eight);
    let shown: Vec<[u8; 4]> = bytes.as_chunks::<4>().0.to_vec();
    let config = r#"{"threshold":0,"antialias":"count"}"#;
    let file = interlaced(&shown);
    assert_eq!(one(config, &file, &plain(&shown, None)).verdict(), Verdict::Pass);
    let seen = (shown.len() / 2..).find(|at| shown[*at][3] > 0).unwrap();
    assert_eq!(one(config, &file, &plain(&shown, Some(seen))).figure("differing_pixels"), 1.0);
}

/// Catches a lossless file that is read with losses, and a file that is told from another by its name.
#[test]
fn webp_without_losses_is_the_same_as_png() {
    let page: Vec<u8> =
        (0..HEIGHT).flat_map(|y| (0..WIDTH).flat_map(move |x| make::page(x, y + 40))).collect();
    let mut file = Vec::new();
    let encoder = image_webp::WebPEncoder::new(&mut file);
    encoder.encode(&page, WIDTH, HEIGHT, image_webp::ColorType::Rgba8).unwrap();
    let png = make::png(WIDTH, HEIGHT, |x, y| make::page(x, y + 40));
    assert_eq!(one(r#"{"threshold":0}"#, &png, &file).verdict(), Verdict::Pass);
    let other =
        make::png(
            WIDTH,
            HEIGHT,
            |x, y| if (x, y) == (9, 9) { [1, 2, 3, 255] } else { make::page(x, y + 40) },
        );
    assert_eq!(one(r#"{"threshold":0}"#, &other, &file).figure("differing_pixels"), 1.0);
}
