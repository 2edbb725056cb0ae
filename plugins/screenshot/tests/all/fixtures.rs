//! Pictures of the peers, with the figures that they state or that were computed for them.
//!
//! The files are shared between projects and may be absent; then the tests say so and hold.
#![allow(clippy::print_stderr, reason = "a skipped test must say so")]

use std::path::PathBuf;

use crate::{Verdict, one};

fn read(name: &str) -> Option<Vec<u8>> {
    let fixtures = std::env::var_os("EVIDENT_FIXTURES").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/fixtures")),
        PathBuf::from,
    );
    let path = fixtures.join("image").join(name);
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        eprintln!("skipped: {} is not there", path.display());
    }
    bytes
}

/// The figures of SOURCES.md. A bound of that figure holds, and one smaller does not.
#[test]
fn counts_are_those_of_the_peers() {
    for (pair, config, count) in [
        ("pm-1", r#""threshold":0.05"#, 143),
        ("pm-1", r#""threshold":0.1"#, 106),
        ("pm-1", r#""antialias":"count""#, 167),
        ("pm-1", r#""metric":"oklab","threshold":0.05"#, 154),
        ("pm-1", r#""metric":"oklab""#, 120),
        ("pm-3", r#""threshold":0.05"#, 212),
        ("pm-3", r#""threshold":0.1"#, 178),
        ("pm-3", r#""antialias":"count""#, 344),
        ("pm-3", r#""metric":"oklab","threshold":0.05"#, 220),
        ("pm-4", r#""threshold":0.05"#, 36_049),
        ("pm-4", r#""threshold":0.1"#, 6_889),
        ("pm-4", r#""antialias":"count""#, 10_002),
        ("pm-4", r#""metric":"oklab","threshold":0.05"#, 36_563),
        ("pm-6", r#""threshold":0.05"#, 51),
        ("pm-6", r#""metric":"oklab","threshold":0.05"#, 51),
        ("pm-6", r#""antialias":"count""#, 4_900),
        ("od-orange", r#""threshold":0.1"#, 1_111),
        ("od-orange", r#""antialias":"count""#, 1_386),
    ] {
        let names = match pair {
            "od-orange" => ["od-orange.png".into(), "od-orange_changed.png".into()],
            pair => [format!("{pair}a.png"), format!("{pair}b.png")],
        };
        let [Some(expected), Some(actual)] = names.map(|name| read(&name)) else { return };
        for (most, verdict) in [(count, Verdict::Pass), (count - 1, Verdict::Fail)] {
            let config = format!(r#"{{{config},"max_pixels":{most}}}"#);
            let checked = one(&config, &expected, &actual);
            assert_eq!(checked.figure("differing_pixels"), f64::from(count), "{pair} {config}");
            assert_eq!(checked.verdict(), verdict, "{pair} {config}: {}", checked.outcome.summary);
        }
    }
}

/// Pairs that Playwright's own comparators are held against, judged by the default config.
#[test]
fn pairs_of_playwright_are_as_labelled() {
    for (pair, verdict) in [
        ("should-fail__trivial__single-red-pixel", Verdict::Fail),
        ("should-fail__looks-same-tests__blue", Verdict::Fail),
        ("should-fail__looks-same-tests__no-caret", Verdict::Fail),
        ("should-fail__original-ssim-trap__sample", Verdict::Fail),
        ("should-match__crbug-919955__example-1", Verdict::Pass),
        ("should-match__webkit-rendering-artifacts__webkit-corner-2x", Verdict::Pass),
        ("should-match__looks-same-tests__antialiasing", Verdict::Pass),
        ("should-match__tiny-antialiasing-sample__tiny", Verdict::Pass),
    ] {
        let names = ["expected", "actual"].map(|side| format!("pw-{pair}-{side}.png"));
        let [Some(expected), Some(actual)] = names.map(|name| read(&name)) else { return };
        for config in ["{}", r#"{"metric":"ssim"}"#] {
            let checked = one(config, &expected, &actual);
            eprintln!("{pair} {config} {:?}", checked_figures(&checked));
            assert_eq!(checked.verdict(), verdict, "{pair} {config}: {}", checked.outcome.summary);
        }
    }
}
fn checked_figures(c: &crate::Checked) -> Vec<(String, f64)> {
    c.outcome.metrics.iter().map(|m| (m.name.clone(), m.value)).collect()
}

#[test]
fn probe() {
    use png::{BitDepth, ColorType, Encoder};
    let make = |w: u32, h: u32, f: &dyn Fn(u32, u32) -> [u8; 3]| -> Vec<u8> {
        let mut out = Vec::new();
        let mut e = Encoder::new(&mut out, w, h);
        e.set_color(ColorType::Rgb);
        e.set_depth(BitDepth::Eight);
        let data: Vec<u8> = (0..h).flat_map(|y| (0..w).flat_map(move |x| f(x, y))).collect();
        e.write_header().unwrap().write_image_data(&data).unwrap();
        out
    };
    fn rnd(x: u32, y: u32, s: u32) -> u32 {
        let mut v = x.wrapping_mul(0x9E37_79B1) ^ y.wrapping_mul(0x85EB_CA77) ^ s.wrapping_mul(0xC2B2_AE3D);
        v ^= v >> 15;
        v = v.wrapping_mul(0x2C1B_3C6D);
        v ^= v >> 12;
        v = v.wrapping_mul(0x297A_2D39);
        v ^ (v >> 15)
    }
    let page = |x: u32, y: u32| -> [u8; 3] {
        if y % 20 < 10 && (x / 3 + y / 2 + x * y / 7) % 5 < 2 && x > 40 && x < 700 {
            [40, 40, 60]
        } else if y < 60 {
            [230, 240, 250]
        } else {
            [255, 255, 255]
        }
    };
    let base = make(1000, 800, &page);
    for (name, f) in [
        (
            "tint 2 on 100x50",
            Box::new(move |x: u32, y: u32| {
                let mut c = page(x, y);
                if x >= 750 && x < 850 && y > 300 && y < 350 {
                    c = c.map(|v| v.saturating_sub(2));
                }
                c
            }) as Box<dyn Fn(u32, u32) -> [u8; 3]>,
        ),
        (
            "tint 3 on 100x50",
            Box::new(move |x, y| {
                let mut c = page(x, y);
                if x >= 750 && x < 850 && y > 300 && y < 350 {
                    c = c.map(|v| v.saturating_sub(3));
                }
                c
            }),
        ),
        (
            "tint 5 on 100x50",
            Box::new(move |x, y| {
                let mut c = page(x, y);
                if x >= 750 && x < 850 && y > 300 && y < 350 {
                    c = c.map(|v| v.saturating_sub(5));
                }
                c
            }),
        ),
        (
            "tint 10 on 6x6",
            Box::new(move |x, y| {
                let mut c = page(x, y);
                if x >= 750 && x < 756 && y > 300 && y <= 306 {
                    c = c.map(|v| v.saturating_sub(10));
                }
                c
            }),
        ),
        (
            "tint 10 on 8x8",
            Box::new(move |x, y| {
                let mut c = page(x, y);
                if x >= 750 && x < 758 && y > 300 && y <= 308 {
                    c = c.map(|v| v.saturating_sub(10));
                }
                c
            }),
        ),
        (
            "noise 0.5% of 10",
            Box::new(move |x, y| {
                let mut c = page(x, y);
                if rnd(x, y, 1) % 200 == 0 {
                    c = c.map(|v| v.saturating_sub(10));
                }
                c
            }),
        ),
        (
            "noise 1% of 10",
            Box::new(move |x, y| {
                let mut c = page(x, y);
                if rnd(x, y, 1) % 100 == 0 {
                    c = c.map(|v| v.saturating_sub(10));
                }
                c
            }),
        ),
        (
            "noise 2% of 10",
            Box::new(move |x, y| {
                let mut c = page(x, y);
                if rnd(x, y, 1) % 50 == 0 {
                    c = c.map(|v| v.saturating_sub(10));
                }
                c
            }),
        ),
        (
            "noise 100% of 1",
            Box::new(move |x, y| {
                let c = page(x, y);
                let r = rnd(x, y, 1);
                [
                    c[0].saturating_sub((r & 1) as u8),
                    c[1].saturating_sub((r >> 1 & 1) as u8),
                    c[2].saturating_sub((r >> 2 & 1) as u8),
                ]
            }),
        ),
        (
            "noise 100% of 3",
            Box::new(move |x, y| {
                let c = page(x, y);
                let r = rnd(x, y, 1);
                [
                    c[0].saturating_sub((r & 3) as u8),
                    c[1].saturating_sub((r >> 2 & 3) as u8),
                    c[2].saturating_sub((r >> 4 & 3) as u8),
                ]
            }),
        ),
        (
            "text weight: dark px +20",
            Box::new(move |x, y| {
                let mut c = page(x, y);
                if c[0] == 40 {
                    c = c.map(|v| v + 20);
                }
                c
            }),
        ),
        (
            "text weight: dark px +8",
            Box::new(move |x, y| {
                let mut c = page(x, y);
                if c[0] == 40 {
                    c = c.map(|v| v + 8);
                }
                c
            }),
        ),
        (
            "header tint blue +6",
            Box::new(move |x, y| {
                let mut c = page(x, y);
                if y < 60 {
                    c[0] -= 6;
                }
                c
            }),
        ),
    ] {
        let other = make(1000, 800, &f);
        let checked = one("{}", &base, &other);
        eprintln!("{name}: {:?} {}", checked.verdict(), checked.outcome.summary);
        eprintln!(
            "   {:?}",
            checked_figures(&checked)
                .iter()
                .filter(|f| f.0 == "differing_pixels" || f.0 == "faint_density")
                .collect::<Vec<_>>()
        );
    }
}
