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

/// The most differing pixels in a window, which pixelmatch's main branch states.
#[test]
fn density_is_that_of_the_peer() {
    let [Some(expected), Some(actual)] = ["pm-6a.png", "pm-6b.png"].map(read) else { return };
    for (window, most) in [(32, 29), (8, 6)] {
        for (bound, verdict) in [(most, Verdict::Pass), (most - 1, Verdict::Fail)] {
            let config = format!(
                r#"{{"metric":"oklab","threshold":0.05,"max_pixels":51,"window":{window},"max_density":{bound}}}"#
            );
            let checked = one(&config, &expected, &actual);
            assert_eq!(checked.figure("density"), f64::from(most), "{window}");
            assert_eq!(checked.verdict(), verdict, "{config}: {}", checked.outcome.summary);
        }
    }
}

/// Catches a size that is not compared, and an area that only one picture has and that is lost.
#[test]
fn another_size_fails_or_counts_what_only_one_has() {
    let [Some(expected), Some(actual)] = ["od-white4x4.png", "od-purple8x8.png"].map(read) else { return };
    let checked = one(r#"{"blank":"allow"}"#, &expected, &actual);
    assert_eq!(checked.verdict(), Verdict::Fail);
    assert!(checked.has("screen-size"), "{:?}", checked.said.findings);
    for (most, verdict) in [(64, Verdict::Pass), (63, Verdict::Fail)] {
        let config = format!(r#"{{"layout":"compare","blank":"allow","max_pixels":{most}}}"#);
        let checked = one(&config, &expected, &actual);
        assert_eq!(checked.figure("differing_pixels"), 64.0);
        assert_eq!(checked.figure("ratio"), 1.0);
        assert_eq!(checked.verdict(), verdict, "{}", checked.outcome.summary);
    }
}

/// Catches areas that are ignored elsewhere than they say: these are around what was drawn.
#[test]
fn ignoring_what_was_drawn_leaves_nothing() {
    let [Some(expected), Some(actual)] = ["od-orange.png", "od-orange_changed.png"].map(read) else { return };
    let config = r#"{"ignore":["home: 150, 30, 160, 60","20, 175, 85, 25"]}"#;
    let checked = one(config, &expected, &actual);
    assert_eq!(checked.figure("differing_pixels"), 0.0);
    assert_eq!(checked.verdict(), Verdict::Pass, "{}", checked.outcome.summary);
    let elsewhere = one(r#"{"ignore":["other: 150, 30, 160, 60","20, 175, 85, 25"]}"#, &expected, &actual);
    assert_eq!(elsewhere.verdict(), Verdict::Fail, "an area of another screen was ignored");
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
            assert_eq!(checked.verdict(), verdict, "{pair} {config}: {}", checked.outcome.summary);
        }
    }
}
