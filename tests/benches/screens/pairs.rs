//! The pairs: tiles of a picture of the shared fixtures on a screen of 3840 x 2160, and a long page that is drawn.
//!
//! They are made once, as files with the best filters and strong compression, as browsers write screenshots.

use std::fs;
use std::path::{Path, PathBuf};

use png::{BitDepth, ColorType, Compression, Encoder, Filter, Transformations};

type Rgba = [u8; 4];

/// A file that is drawn: its name, its width and height, and the pixel at a place.
type Drawing<'a> = (&'a str, [u32; 2], &'a dyn Fn(u32, u32) -> Rgba);

/// Two screens.
pub(crate) struct Pair {
    pub(crate) name: &'static str,
    pub(crate) expected: PathBuf,
    pub(crate) actual: PathBuf,
}

const SCREEN: [u32; 2] = [3840, 2160];
const PAGE: [u32; 2] = [3446, 10_728];
/// Rows that the page is pushed down by where everything moved.
const MOVED: u32 = 60;

/// Every pair, on the disk. Those of the fixtures are missing where the fixtures are.
pub(crate) fn all() -> Vec<Pair> {
    let folder = evident_tests::repository().join("target/screens");
    fs::create_dir_all(&folder).expect("can be made");
    let mut pairs = Vec::new();
    let mut pair = |name, files: [Drawing<'_>; 2]| {
        let [expected, actual] = files.map(|(name, size, pixel)| make(&folder.join(name), size, pixel));
        pairs.push(Pair { name, expected, actual });
    };
    if let Some(fixtures) = evident_tests::fixtures("image") {
        let tiles = ["pm-4a.png", "pm-4b.png"].map(|name| Tile::read(&fixtures.join(name)));
        let [ours, theirs] = &tiles;
        let a = |x, y| ours.at(x, y);
        let b = |x, y| theirs.at(x, y);
        let boxed = |x: u32, y: u32| {
            let is_inside = (1700..1740).contains(&x) && (1000..1040).contains(&y);
            if is_inside { [255, 0, 255, 255] } else { ours.at(x, y) }
        };
        pair("3840x2160, 3.8 % differing", [("4k-a.png", SCREEN, &a), ("4k-b.png", SCREEN, &b)]);
        pair("3840x2160, one 40x40 box", [("4k-a.png", SCREEN, &a), ("4k-box.png", SCREEN, &boxed)]);
        pair("3840x2160, identical files", [("4k-a.png", SCREEN, &a), ("4k-a.png", SCREEN, &a)]);
        pair(
            "3840x2160, identical pixels in another file",
            [("4k-a.png", SCREEN, &a), ("4k-a-fast.png", SCREEN, &a)],
        );
        let page = |x, y| page(ours, x, y);
        let changed = |x, y| changed(page(x, y), x, y);
        let moved = |x, y: u32| match y.checked_sub(MOVED) {
            Some(y) => page(x, y),
            None => [230, 230, 230, 255],
        };
        pair("3446x10728 page, words differ", [("page.png", PAGE, &page), ("page-b.png", PAGE, &changed)]);
        pair(
            "3446x10728 page, everything moved",
            [("page.png", PAGE, &page), ("page-moved.png", PAGE, &moved)],
        );
    }
    pairs
}

/// A picture that is laid side by side.
struct Tile {
    width: u32,
    height: u32,
    bytes: Vec<u8>,
}

impl Tile {
    fn read(path: &Path) -> Self {
        let mut decoder = png::Decoder::new(std::io::BufReader::new(fs::File::open(path).expect("is there")));
        decoder.set_transformations(Transformations::ALPHA | Transformations::EXPAND);
        let mut reader = decoder.read_info().expect("is a PNG");
        let mut bytes = vec![0; reader.output_buffer_size().expect("is small")];
        let info = reader.next_frame(&mut bytes).expect("is a PNG");
        assert_eq!(info.color_type, ColorType::Rgba);
        Self { width: info.width, height: info.height, bytes }
    }

    fn at(&self, x: u32, y: u32) -> Rgba {
        let at = ((y % self.height * self.width + x % self.width) * 4) as usize;
        self.bytes[at..at + 4].try_into().expect("4 bytes")
    }
}

/// Something like a page: words in two shades of ink, and every third stretch a picture.
fn page(picture: &Tile, x: u32, y: u32) -> Rgba {
    let is_margin = !(200..PAGE[0] - 200).contains(&x);
    let is_word = y % 36 < 20 && x % 90 < 75 && !noise(x / 90, y / 36, 1).is_multiple_of(4);
    if is_margin {
        [255, 255, 255, 255]
    } else if y / 900 % 3 == 2 {
        picture.at(x, y)
    } else if is_word && noise(x / 4, y / 4, 2).is_multiple_of(2) {
        if noise(x, y, 3).is_multiple_of(3) { [120, 124, 130, 255] } else { [40, 44, 60, 255] }
    } else {
        [255, 255, 255, 255]
    }
}

/// One word in nine, from the third screen on, in another colour.
fn changed(pixel: Rgba, x: u32, y: u32) -> Rgba {
    let [r, g, b, a] = pixel;
    let is_changed = y > 3_000 && noise(x / 90, y / 36, 9).is_multiple_of(9) && r < 200;
    if is_changed { [r + 55, g.saturating_add(20), b, a] } else { pixel }
}

/// A number that looks like chance and is the same in every run.
fn noise(x: u32, y: u32, seed: u32) -> u32 {
    let mut value =
        x.wrapping_mul(0x9e37_79b1) ^ y.wrapping_mul(0x85eb_ca77) ^ seed.wrapping_mul(0xc2b2_ae3d);
    value = (value ^ value >> 15).wrapping_mul(0x2c1b_3c6d);
    value = (value ^ value >> 12).wrapping_mul(0x297a_2d39);
    value ^ value >> 15
}

/// Makes a file unless an earlier run has.
pub(crate) fn make(path: &Path, [width, height]: [u32; 2], pixel: &dyn Fn(u32, u32) -> Rgba) -> PathBuf {
    if path.exists() {
        return path.to_owned();
    }
    let rows = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let bytes: Vec<u8> = rows.flat_map(|(x, y)| pixel(x, y)).collect();
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, width, height);
    encoder.set_color(ColorType::Rgba);
    encoder.set_depth(BitDepth::Eight);
    let is_fast = path.file_stem().is_some_and(|name| name.to_string_lossy().ends_with("fast"));
    encoder.set_compression(if is_fast { Compression::Fast } else { Compression::High });
    encoder.set_filter(Filter::Adaptive);
    encoder.write_header().expect("writes").write_image_data(&bytes).expect("writes");
    // A file that was cut off by an interrupt would be taken for a whole one.
    let part = path.with_extension("part");
    fs::write(&part, file).expect("writes");
    fs::rename(&part, path).expect("same folder");
    path.to_owned()
}
