//! The pictures of a difference, whatever the file of a screen is like.

use png::{BitDepth, ColorType, Encoder, Filter};

use crate::make::{INK, Rgba, page};
use crate::one;

const SIDE: u32 = 96;

/// A PNG as browsers write it: without alpha, each row filtered.
fn filtered(filter: Filter, pixel: impl Fn(u32, u32) -> Rgba) -> Vec<u8> {
    let pixels = (0..SIDE).flat_map(|y| (0..SIDE).map(move |x| (x, y)));
    let bytes: Vec<u8> = pixels.flat_map(|(x, y)| pixel(x, y).into_iter().take(3)).collect();
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, SIDE, SIDE);
    encoder.set_color(ColorType::Rgb);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_filter(filter);
    encoder.write_header().unwrap().write_image_data(&bytes).unwrap();
    file
}

/// Catches pictures that show other rows than the screens have, because the row above was not kept.
#[test]
fn pictures_are_the_same_whatever_the_filters() {
    let pictures = |filter| {
        let changed = |x, y| if (20..40).contains(&x) && (60..70).contains(&y) { INK } else { page(x, y) };
        let checked = one("{}", &filtered(filter, page), &filtered(filter, changed));
        checked.said.attachments
    };
    let plain = pictures(Filter::NoFilter);
    assert_eq!(plain.len(), 2);
    for filter in [Filter::Sub, Filter::Up, Filter::Avg, Filter::Paeth] {
        assert!(pictures(filter) == plain, "{filter:?}");
    }
}
