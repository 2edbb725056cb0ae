//! Ways to make a comparison pass that should not. Each test names the lie that it catches.

use evident_checker::Reason;

use crate::make::{self, INK, WHITE, page};
use crate::{Verdict, judged, one};

const NOT_EXAMINED: Verdict = Verdict::Inconclusive(Reason::NotExamined);

fn screen() -> Vec<u8> {
    make::png(320, 240, page)
}

/// The lie: a page that failed to load looks like every page that failed to load.
#[test]
fn a_blank_page_is_no_evidence() {
    for colour in [WHITE, INK, [0; 4]] {
        let blank = make::png(320, 240, |_, _| colour);
        assert_eq!(one("{}", &blank, &blank).verdict(), NOT_EXAMINED);
        assert_eq!(one(r#"{"blank":"allow"}"#, &blank, &blank).verdict(), Verdict::Pass);
        assert_eq!(one("{}", &screen(), &blank).verdict(), Verdict::Fail);
    }
}

/// The lie: screens of one pixel are soon the same.
#[test]
fn a_screen_of_one_pixel_is_no_evidence() {
    let pixel = make::png(1, 1, |_, _| INK);
    assert_eq!(one("{}", &pixel, &pixel).verdict(), NOT_EXAMINED);
    assert_eq!(one("{}", &screen(), &pixel).verdict(), Verdict::Fail);
}

/// The lie: a smaller picture has fewer pixels that differ.
#[test]
fn a_resized_screen_fails() {
    let smaller = make::png(319, 240, page);
    assert_eq!(one("{}", &screen(), &smaller).verdict(), Verdict::Fail);
    assert_eq!(one(r#"{"max_ratio":1}"#, &screen(), &smaller).verdict(), Verdict::Fail);
    assert_eq!(one(r#"{"layout":"compare"}"#, &screen(), &smaller).figure("differing_pixels"), 240.0);
}

/// The lie: another screen under the right name, or the right screen under another.
#[test]
fn a_swapped_or_missing_screen_fails() {
    let other = make::png(320, 240, |x, y| page(x + 999, y));
    assert_eq!(one("{}", &screen(), &other).verdict(), Verdict::Fail);
    let (a, b) = (screen(), other);
    let both = [("a.png", a.as_slice()), ("b.png", b.as_slice())];
    let swapped = [("a.png", b.as_slice()), ("b.png", a.as_slice())];
    assert_eq!(judged("{}", &both, &both, &[]).verdict(), Verdict::Pass);
    assert_eq!(judged("{}", &both, &swapped, &[]).verdict(), Verdict::Fail);
    let missing = judged("{}", &both, &both[..1], &[]);
    assert_eq!((missing.verdict(), missing.has("missing-screen")), (Verdict::Fail, true));
    let new = judged("{}", &both[..1], &both, &[]);
    assert_eq!((new.verdict(), new.has("new-screen")), (Verdict::Fail, true));
    assert_eq!(judged(r#"{"new":"allow"}"#, &both[..1], &both, &[]).verdict(), Verdict::Pass);
    let unnamed = judged(r#"{"ignore":["c: 0,0,1,1"]}"#, &both, &both, &[]);
    assert_eq!(unnamed.verdict(), Verdict::Inconclusive(Reason::Config), "an area of no screen");
    let none = judged(r#"{"new":"allow"}"#, &[], &both, &[]);
    assert_eq!(none.verdict(), NOT_EXAMINED);
}

/// The lie: a mask that leaves nothing to compare.
#[test]
fn a_mask_over_everything_is_no_evidence() {
    let other = make::png(320, 240, |x, y| page(x + 999, y));
    let cover = make::png(320, 240, |_, _| INK);
    let (expected, actual) = (screen(), other);
    let masked = judged("{}", &[("a.png", &expected)], &[("a.png", &actual)], &[("a.png", &cover)]);
    assert_eq!(masked.verdict(), NOT_EXAMINED, "{}", masked.outcome.summary);
    let ignored = one(r#"{"ignore":["0, 0, 100%, 100%"]}"#, &expected, &actual);
    assert_eq!(ignored.verdict(), NOT_EXAMINED, "{}", ignored.outcome.summary);
    let most = one(r#"{"ignore":["0, 0, 100%, 60%"]}"#, &expected, &expected);
    assert_eq!((most.verdict(), most.has("mostly-masked")), (Verdict::Pass, true));
    let less = one(r#"{"ignore":["0, 0, 100%, 40%"]}"#, &expected, &expected);
    assert!(!less.has("mostly-masked"));
}

/// The lie: a ratio of the whole picture, most of which is masked.
#[test]
fn a_ratio_is_of_what_is_compared() {
    let changed = make::png(320, 240, |x, y| if y >= 230 { INK } else { page(x, y) });
    let config = r#"{"ignore":["0, 0, 100%, 210"],"max_ratio":0.2}"#;
    let checked = one(config, &screen(), &changed);
    assert_eq!(checked.verdict(), Verdict::Fail);
    assert!(checked.figure("ratio") > 0.2, "{}", checked.figure("ratio"));
    assert_eq!(checked.figure("compared_pixels in all"), 320.0 * 30.0);
}

/// The lie: a change that is spread so thinly that no window holds many of its pixels, and one that is small
/// enough for the number of pixels but not for a window.
#[test]
fn the_strictest_limit_decides() {
    let spread = make::png(320, 240, |x, y| if x % 16 == 0 && y % 16 == 12 { INK } else { page(x, y) });
    let block = make::png(320, 240, |x, y| if x < 10 && y < 10 { INK } else { page(x, y) });
    let dense = r#"{"max_density":10,"max_pixels":10000}"#;
    assert_eq!(one(dense, &screen(), &spread).verdict(), Verdict::Pass);
    assert_eq!(one(dense, &screen(), &block).verdict(), Verdict::Fail);
    assert_eq!(one(r#"{"max_density":10}"#, &screen(), &spread).verdict(), Verdict::Fail);
    assert_eq!(one(r#"{"max_pixels":100}"#, &screen(), &block).verdict(), Verdict::Pass);
    assert_eq!(one(r#"{"max_pixels":100,"max_ratio":"0.1 %"}"#, &screen(), &block).verdict(), Verdict::Fail);
}

/// The lie: a change so faint that the metric of the peers sees nothing. Noise as faint is none.
#[test]
fn a_faint_change_of_an_area_fails_and_faint_noise_does_not() {
    let tint = |by: u8, side: u32| {
        make::png(320, 240, move |x, y| {
            let inside = (100..100 + side).contains(&x) && (10..10 + side.min(30)).contains(&y);
            let [r, g, b, a] = page(x, y);
            if inside { [r - by, g - by, b - by, a] } else { [r, g, b, a] }
        })
    };
    for (by, side, verdict) in
        [(3, 100, Verdict::Fail), (20, 6, Verdict::Fail), (20, 5, Verdict::Pass), (1, 100, Verdict::Pass)]
    {
        let checked = one("{}", &screen(), &tint(by, side));
        assert_eq!(checked.figure("differing_pixels"), 0.0);
        assert_eq!(checked.verdict(), verdict, "{by} {side}: {}", checked.outcome.summary);
    }
    let faint = one("{}", &screen(), &tint(20, 100));
    assert_eq!((faint.has("screen-faint"), faint.said.attachments.len()), (true, 2));
    assert_eq!(one(r#"{"faint":"allow"}"#, &screen(), &tint(20, 100)).verdict(), Verdict::Pass);
    // Who states a limit has said what is similar, and may still ask.
    assert_eq!(one(r#"{"threshold":0.1}"#, &screen(), &tint(20, 100)).verdict(), Verdict::Pass);
    assert_eq!(one(r#"{"threshold":0.1,"max_faint":5}"#, &screen(), &tint(20, 100)).verdict(), Verdict::Fail);
    let noisy = make::png(320, 240, |x, y| {
        let by = if make::noise(x, y, 3).is_multiple_of(100) { 10 } else { 0 };
        page(x, y).map(|channel| if channel == 255 { channel } else { channel + by.min(255 - channel) })
    });
    let second = one("{}", &screen(), &noisy);
    assert_eq!(second.verdict(), Verdict::Pass);
    // Few pixels are summed one by one, many by columns: both see the same.
    let whole = one(r#"{"metric":"ssim"}"#, &screen(), &noisy);
    assert!(whole.figure("density") > 0.0);
    assert_eq!(second.figure("faint_density"), whole.figure("density"));
}
