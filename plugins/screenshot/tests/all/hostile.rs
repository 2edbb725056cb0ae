//! Files that were made to harm, or that were cut: never a pass, and never more memory than a picture needs.

use evident_checker::Reason;

use crate::make::{self, chunk, file, header, page};
use crate::{Verdict, one};

const MALFORMED: Verdict = Verdict::Inconclusive(Reason::Malformed);
const LIMIT: Verdict = Verdict::Inconclusive(Reason::Limit);
const UNSUPPORTED: Verdict = Verdict::Inconclusive(Reason::Unsupported);

/// A zlib stream of `count` zeros.
fn zeros(count: usize) -> Vec<u8> {
    fdeflate::compress_to_vec(&vec![0; count])
}

fn rows(width: usize, height: usize) -> Vec<u8> {
    let row: Vec<u8> = std::iter::once(0).chain((0..width).map(|x| (x * 7 % 251) as u8)).collect();
    fdeflate::compress_to_vec(&row.repeat(height))
}

fn end() -> Vec<u8> {
    chunk(b"IEND", &[])
}

/// Each is held against itself, where the laziest comparison would pass, and against a sound screen, both ways.
#[test]
fn a_file_that_is_not_sound_never_passes() {
    let sound = make::png(32, 20, |x, y| page(x, y + 48));
    let good = chunk(b"IDAT", &rows(10, 10));
    let mut wrong_sum = good.clone();
    *wrong_sum.last_mut().unwrap() ^= 1;
    let mut adler = rows(10, 10);
    *adler.last_mut().unwrap() ^= 1;
    let frames = |count: u32| chunk(b"acTL", &[count.to_be_bytes(), [0; 4]].concat());
    let typed = |colour: u8, depth: u8| {
        let side = 10_u32.to_be_bytes();
        chunk(b"IHDR", &[&side[..], &side[..], &[depth, colour, 0, 0, 0]].concat())
    };
    for (what, bytes, verdict) in [
        ("a header of 10^5 by 10^5", file(&[header(100_000, 100_000), good.clone(), end()]), LIMIT),
        ("a side that is too long", file(&[header(200_000, 1), good.clone(), end()]), LIMIT),
        ("no width", file(&[header(0, 10), good.clone(), end()]), MALFORMED),
        ("no height", file(&[header(10, 0), good.clone(), end()]), MALFORMED),
        ("data without end", file(&[header(10, 10), chunk(b"IDAT", &zeros(300 << 20)), end()]), MALFORMED),
        ("one byte too much", file(&[header(10, 10), chunk(b"IDAT", &zeros(111)), end()]), MALFORMED),
        ("one byte too little", file(&[header(10, 10), chunk(b"IDAT", &zeros(109)), end()]), MALFORMED),
        ("a wrong checksum of a chunk", file(&[header(10, 10), wrong_sum, end()]), MALFORMED),
        ("a wrong checksum of the data", file(&[header(10, 10), chunk(b"IDAT", &adler), end()]), MALFORMED),
        ("no end", file(&[header(10, 10), good.clone()]), MALFORMED),
        ("bytes behind the end", [file(&[header(10, 10), good.clone(), end()]), vec![0]].concat(), MALFORMED),
        ("no data", file(&[header(10, 10), end()]), MALFORMED),
        ("no header", file(&[good.clone(), end()]), MALFORMED),
        ("two headers", file(&[header(10, 10), header(10, 10), good.clone(), end()]), MALFORMED),
        ("many frames", file(&[header(10, 10), frames(1_000_000), good.clone(), end()]), LIMIT),
        ("a colour type that is none", file(&[typed(1, 8), good.clone(), end()]), MALFORMED),
        ("a depth that is none", file(&[typed(2, 4), good.clone(), end()]), MALFORMED),
        ("no palette", file(&[typed(3, 8), good.clone(), end()]), MALFORMED),
        (
            "a filter that is none",
            file(&[header(10, 1), chunk(b"IDAT", &fdeflate::compress_to_vec(&[9; 11])), end()]),
            MALFORMED,
        ),
        (
            "a critical chunk that nobody knows",
            file(&[header(10, 10), chunk(b"EVIL", &[]), good.clone(), end()]),
            UNSUPPORTED,
        ),
        (
            "a chunk without end",
            [file(&[header(10, 10)]), b"\x7f\xff\xff\xffIDAT".to_vec()].concat(),
            MALFORMED,
        ),
        ("nothing", Vec::new(), MALFORMED),
        ("a text", b"hello".to_vec(), UNSUPPORTED),
        ("a JPEG that ends", b"\xff\xd8\xff\xd9".to_vec(), MALFORMED),
        ("a WebP that ends", b"RIFF\x04\0\0\0WEBP".to_vec(), MALFORMED),
    ] {
        for (expected, actual) in [(&bytes, &bytes), (&sound, &bytes), (&bytes, &sound)] {
            let checked = one(r#"{"blank":"allow","layout":"compare","max_ratio":1}"#, expected, actual);
            assert_eq!(checked.verdict(), verdict, "{what}: {}", checked.outcome.summary);
        }
    }
}

/// Cut anywhere, a picture never passes, though what is there is the same.
#[test]
fn a_file_cut_at_any_byte_never_passes() {
    let small = make::png(30, 20, |x, y| make::noise(x, y, 4).to_le_bytes());
    assert!((1_000..4_096).contains(&small.len()), "{}", small.len());
    let large = make::png(300, 300, page);
    let mut webp = Vec::new();
    let pixels: Vec<u8> = (0..30).flat_map(|y| (0..40).flat_map(move |x| page(x, y + 40))).collect();
    image_webp::WebPEncoder::new(&mut webp).encode(&pixels, 40, 30, image_webp::ColorType::Rgba8).unwrap();
    let every = |file: &[u8]| (0..file.len()).collect::<Vec<_>>();
    let some = |file: &[u8]| (0..500).map(|seed| make::noise(seed, 1, 5) as usize % file.len()).collect();
    for (file, cuts) in [(&small, every(&small)), (&large, some(&large)), (&webp, every(&webp))] {
        for length in cuts {
            let cut = &file[..length];
            for (expected, actual) in [(cut, cut), (file.as_slice(), cut), (cut, file.as_slice())] {
                let verdict = one(r#"{"pictures":"none"}"#, expected, actual).verdict();
                let is_refused = matches!(verdict, MALFORMED | UNSUPPORTED);
                assert!(is_refused, "cut after {length} of {} bytes: {verdict:?}", file.len());
            }
        }
    }
}

/// Any byte changed gives another answer than a pass, or the same picture.
#[test]
fn a_damaged_file_never_passes_as_another_picture() {
    let sound = make::png(40, 30, |x, y| page(x, y + 40));
    for at in 0..sound.len() {
        let mut damaged = sound.clone();
        damaged[at] ^= 0x10;
        let verdict = one(r#"{"pictures":"none"}"#, &sound, &damaged).verdict();
        assert_ne!(verdict, Verdict::Pass, "byte {at}");
    }
}
