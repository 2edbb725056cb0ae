//! Where something differs, what happened there, and what does not count.

use evident_checker::testing::validate;
use evident_checker::{Reason, Severity};
use evident_screenshot::Screenshot;

use crate::make::{self, INK, Rgba, WHITE, page};
use crate::{Verdict, judged, one};

const WIDTH: u32 = 400;
const HEIGHT: u32 = 300;

/// A page with a blank band for what a test draws: rows 200 to 299.
fn canvas(x: u32, y: u32) -> Rgba {
    if y < 200 { page(x, y) } else { WHITE }
}

fn screen(draw: impl Fn(u32, u32) -> Option<Rgba>) -> Vec<u8> {
    make::png(WIDTH, HEIGHT, |x, y| draw(x, y).unwrap_or_else(|| canvas(x, y)))
}

fn within(x: u32, y: u32, [left, top, width, height]: [u32; 4]) -> bool {
    (left..left + width).contains(&x) && (top..top + height).contains(&y)
}

/// Catches a box that is off by one, a kind that is turned round, and two changes told as one.
#[test]
fn regions_are_told_with_box_and_kind() {
    let plain = screen(|_, _| None);
    let drawn = screen(|x, y| within(x, y, [20, 220, 40, 30]).then_some(INK));
    let two = screen(|x, y| {
        let inside = within(x, y, [20, 220, 40, 30]) || within(x, y, [300, 220, 7, 9]);
        inside.then_some(INK)
    });
    let recoloured = screen(|x, y| within(x, y, [20, 220, 40, 30]).then_some([200, 30, 30, 255]));
    for (expected, actual, told) in [
        (&plain, &drawn, vec!["`home`: added 40x30 at x=20, y=220: 1200 of 1200 pixels differ"]),
        (&drawn, &plain, vec!["`home`: removed 40x30 at x=20, y=220: 1200 of 1200 pixels differ"]),
        (&drawn, &recoloured, vec!["`home`: changed 40x30 at x=20, y=220: 1200 of 1200 pixels differ"]),
        (
            &plain,
            &two,
            vec![
                "`home`: added 40x30 at x=20, y=220: 1200 of 1200 pixels differ",
                "`home`: added 7x9 at x=300, y=220: 63 of 63 pixels differ",
            ],
        ),
    ] {
        let checked = one("{}", expected, actual);
        let messages = checked.messages("screen-changed");
        let metric = " (pixelmatch-7, threshold 0.1)";
        let told: Vec<String> = told.iter().map(|text| format!("{text}{metric}")).collect();
        assert_eq!(messages, told);
        assert_eq!(checked.figure("regions"), told.len() as f64);
    }
}

/// Catches a region that has another name in the next run, so that progress would see it go and come.
#[test]
fn a_region_keeps_its_name_while_it_shrinks() {
    let plain = screen(|_, _| None);
    let print = |side: u32| {
        let drawn = screen(|x, y| within(x, y, [70, 230, side, side]).then_some(INK));
        one("{}", &plain, &drawn).said.findings[0].fingerprint.clone()
    };
    assert_eq!(print(40), print(31));
    assert!(print(40).is_some_and(|print| print.contains("home")));
}

/// Catches ten thousand findings where a person reads a dozen.
#[test]
fn scattered_changes_are_told_as_a_handful() {
    let plain = screen(|_, _| None);
    let scattered = screen(|x, y| (x % 24 == 3 && y % 24 == 5).then_some([255, 0, 255, 255]));
    let checked = one(r#"{"antialias":"count"}"#, &plain, &scattered);
    let told = checked.messages("screen-changed").len();
    assert!((1..=12).contains(&told), "{told}");
    assert_eq!(checked.figure("differing_pixels"), f64::from(17 * 13));
}

/// Catches content that moved and is told as everything below it.
#[test]
fn content_that_moved_is_one_finding() {
    let page_only = make::png(WIDTH, HEIGHT, page);
    let pushed = make::png(WIDTH, HEIGHT, |x, y| match y {
        0..100 => page(x, y),
        100..124 => [255, 250, 200, 255],
        _ => page(x, y - 24),
    });
    let down = one("{}", &page_only, &pushed);
    assert_eq!(down.messages("screen-shifted"), ["`home`: shifted down by 24 px below y = 100"]);
    assert!(!down.has("screen-changed"), "{:?}", down.said.findings);
    assert_eq!(down.verdict(), Verdict::Fail);
    let up = one("{}", &pushed, &page_only);
    assert_eq!(up.messages("screen-shifted"), ["`home`: shifted up by 24 px below y = 100"]);
    // What differs beside the shift is still told.
    let also = make::png(WIDTH, HEIGHT, |x, y| match y {
        0..100 => page(x, y),
        100..124 => [255, 250, 200, 255],
        _ if within(x, y, [60, 200, 30, 10]) => [255, 0, 0, 255],
        _ => page(x, y - 24),
    });
    let both = one("{}", &page_only, &also);
    assert_eq!(both.messages("screen-shifted").len(), 1);
    assert_eq!(both.messages("screen-changed").len(), 1, "{:?}", both.said.findings);
}

/// Catches a cursor that fails a screen, and a line that is left out as a cursor.
#[test]
fn a_caret_may_blink_and_a_line_may_not() {
    let plain = screen(|_, _| None);
    let config = r#"{"caret":"ignore"}"#;
    for (bars, verdict) in [
        (vec![[100, 220, 1, 18]], Verdict::Pass),
        (vec![[100, 220, 2, 36]], Verdict::Pass),
        (vec![[100, 220, 3, 18]], Verdict::Fail),
        (vec![[100, 220, 18, 1]], Verdict::Fail),
        (vec![[100, 220, 1, 4]], Verdict::Fail),
        (vec![[100, 220, 1, 18], [200, 220, 1, 18]], Verdict::Fail),
    ] {
        let drawn = screen(|x, y| bars.iter().any(|bar| within(x, y, *bar)).then_some(INK));
        for (expected, actual) in [(&plain, &drawn), (&drawn, &plain)] {
            assert_eq!(one(config, expected, actual).verdict(), verdict, "{bars:?}");
            assert_eq!(one("{}", expected, actual).verdict(), Verdict::Fail, "{bars:?}");
        }
    }
}

/// Catches a mask that hides more or less than it shows.
#[test]
fn a_mask_hides_what_it_shows() {
    let plain = screen(|_, _| None);
    let drawn = screen(|x, y| within(x, y, [20, 220, 40, 30]).then_some(INK));
    let mask = |area: [u32; 4], shown: Rgba, else_: Rgba| {
        make::png(WIDTH, HEIGHT, move |x, y| if within(x, y, area) { shown } else { else_ })
    };
    let pink = [255, 0, 255, 255];
    for (mask, config, verdict) in [
        (mask([20, 220, 40, 30], INK, [0; 4]), "{}", Verdict::Pass),
        (mask([20, 220, 39, 30], INK, [0; 4]), "{}", Verdict::Fail),
        (mask([20, 220, 40, 30], pink, WHITE), r##"{"mask_color":"#ff00ff"}"##, Verdict::Pass),
        (mask([20, 221, 40, 30], pink, WHITE), r##"{"mask_color":"#ff00ff"}"##, Verdict::Fail),
    ] {
        let checked =
            judged(config, &[("a/home.png", &plain)], &[("b/home.png", &drawn)], &[("home.png", &mask)]);
        assert_eq!(checked.verdict(), verdict, "{}", checked.outcome.summary);
    }
    let small = make::png(10, 10, |_, _| [0; 4]);
    let checked = judged("{}", &[("a.png", &plain)], &[("a.png", &plain)], &[("a.png", &small)]);
    assert_eq!(checked.verdict(), Verdict::Inconclusive(Reason::Config));
    let checked = judged("{}", &[("a.png", &plain)], &[("a.png", &plain)], &[("b.png", &small)]);
    assert_eq!(checked.verdict(), Verdict::Inconclusive(Reason::Config), "a mask that nobody uses");
}

/// Catches a page whose one important part is not there, in both screens or in one.
#[test]
fn a_landmark_must_show_something() {
    let drawn = screen(|x, y| (within(x, y, [20, 220, 40, 30]) && (x + y) % 3 == 0).then_some(INK));
    let plain = screen(|_, _| None);
    let landmark = |area: &str| format!(r#"{{"landmarks":["home: {area}"],"max_ratio":1}}"#);
    assert_eq!(one(&landmark("20, 220, 40, 30"), &drawn, &drawn).verdict(), Verdict::Pass);
    let gone = one(&landmark("20, 220, 40, 30"), &drawn, &plain);
    assert_eq!((gone.verdict(), gone.has("blank-landmark")), (Verdict::Fail, true));
    let never = one(&landmark("20, 220, 40, 30"), &plain, &plain);
    assert_eq!(never.verdict(), Verdict::Inconclusive(Reason::NotExamined));
    let outside = one(&landmark("500, 220, 40, 30"), &drawn, &drawn);
    assert_eq!(outside.verdict(), Verdict::Inconclusive(Reason::Config));
}

/// Catches screens that are paired by place in a list, and names that only tools know.
#[test]
fn screens_are_paired_by_name() {
    let (a, b) = (screen(|_, _| None), make::png(WIDTH, HEIGHT, page));
    let expected: &[(&str, &[u8])] = &[("x/a-expected.png", &a), ("x/b-expected.png", &b)];
    let actual: &[(&str, &[u8])] = &[("y/b-actual.png", &b), ("y/a-actual.png", &a)];
    assert_eq!(judged("{}", expected, actual, &[]).verdict(), Verdict::Pass);
    let other: &[(&str, &[u8])] = &[("new-b.webp", &b), ("a.png", &a)];
    let config = r#"{"pairs":["b-expected = new-b"]}"#;
    assert_eq!(judged(config, expected, other, &[]).verdict(), Verdict::Pass);
    let unknown = judged(r#"{"pairs":["c = new-b"]}"#, expected, other, &[]);
    assert_eq!(unknown.verdict(), Verdict::Inconclusive(Reason::Config));
    // One name in two folders is told apart by the folders.
    let both: &[(&str, &[u8])] = &[("en/home.png", &a), ("de/home.png", &b)];
    let turned: &[(&str, &[u8])] = &[("de/home.png", &b), ("en/home.png", &a)];
    assert_eq!(judged("{}", both, turned, &[]).verdict(), Verdict::Pass);
    let crossed: &[(&str, &[u8])] = &[("de/home.png", &a), ("en/home.png", &b)];
    assert_eq!(judged("{}", both, crossed, &[]).verdict(), Verdict::Fail);
}

/// Catches a scale that is applied to the wrong side or not at all.
#[test]
fn a_device_factor_is_averaged_away() {
    let once = screen(|_, _| None);
    let twice = make::png(2 * WIDTH, 2 * HEIGHT, |x, y| canvas(x / 2, y / 2));
    assert_eq!(one(r#"{"scale":2}"#, &once, &twice).verdict(), Verdict::Pass);
    assert_eq!(one("{}", &once, &twice).verdict(), Verdict::Fail);
    assert_eq!(one(r#"{"scale":2}"#, &twice, &once).verdict(), Verdict::Fail);
    let odd = one(r#"{"scale":3}"#, &once, &twice);
    assert_eq!(odd.verdict(), Verdict::Inconclusive(Reason::Unsupported), "{}", odd.outcome.summary);
}

/// Catches pictures that differ between runs, that no viewer opens, or that do not show what differs.
#[test]
fn pictures_show_what_differs() {
    let plain = screen(|_, _| None);
    let drawn = screen(|x, y| within(x, y, [20, 220, 40, 30]).then_some(INK));
    let first = one("{}", &plain, &drawn);
    let second = one("{}", &plain, &drawn);
    assert_eq!(first.said.attachments, second.said.attachments);
    let names: Vec<&str> = first.said.attachments.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, ["home-diff.png", "home-side-by-side.png"]);
    let mut decoder = png::Decoder::new(std::io::Cursor::new(&first.said.attachments[0].2));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    assert_eq!((info.width, info.height), (WIDTH, HEIGHT));
    let red = bytes.as_chunks::<3>().0.iter().filter(|pixel| **pixel == [230, 0, 40]).count();
    assert_eq!(red, 40 * 30);
    assert!(one("{}", &plain, &plain).said.attachments.is_empty());
    assert!(one(r#"{"pictures":"none"}"#, &plain, &drawn).said.attachments.is_empty());
}

/// Catches a difference within the limits that is told as an error, and one that is not told at all.
#[test]
fn what_is_within_the_limits_is_a_note() {
    let plain = screen(|_, _| None);
    let drawn = screen(|x, y| within(x, y, [20, 220, 4, 3]).then_some(INK));
    let checked = one(r#"{"max_pixels":12}"#, &plain, &drawn);
    assert_eq!(checked.verdict(), Verdict::Pass);
    let severities: Vec<Severity> = checked.said.findings.iter().map(|finding| finding.severity).collect();
    assert_eq!(severities, [Severity::Note]);
}

/// Catches a config that looks like a gate and gates nothing.
#[test]
fn problems_of_the_config_are_told_at_their_key() {
    for (config, pointers) in [
        ("{}", &[][..]),
        (r#"{"metric":"oklab","threshold":0.05,"max_pixels":3,"max_ratio":"1 %","max_density":4}"#, &[]),
        (r#"{"metric":"pixelmatch"}"#, &["/metric"]),
        (r#"{"threshold":1.5}"#, &["/threshold"]),
        (r#"{"max_pixels":-1}"#, &["/max_pixels"]),
        (r#"{"max_ratio":"5 px"}"#, &["/max_ratio"]),
        (r#"{"max_ratio":5}"#, &["/max_ratio"]),
        (r#"{"window":1,"max_density":0}"#, &["/window"]),
        (r#"{"window":8,"max_pixels":1}"#, &["/window"]),
        (r#"{"pairs":["a"]}"#, &["/pairs"]),
        (r#"{"pairs":["a = b","a = c"]}"#, &["/pairs"]),
        (r#"{"ignore":["1,2,3"],"landmarks":["x: 1,2,3,0"]}"#, &["/ignore", "/landmarks"]),
        (r#"{"mask_color":"pink"}"#, &["/mask_color"]),
        (r#"{"scale":0}"#, &["/scale"]),
        (r#"{"metric":"ssim","antialias":"ignore"}"#, &["/antialias"]),
        (r#"{"metric":"ssim","blend":"checkerboard"}"#, &["/blend"]),
        (r#"{"metric":"ssim","max_faint":3}"#, &["/max_faint"]),
        (r#"{"faint":"allow","max_faint":3}"#, &["/max_faint"]),
        (r#"{"max_pixel":3}"#, &["/max_pixel"]),
    ] {
        let problems = validate::<Screenshot>(config);
        let found: Vec<&str> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
        assert_eq!(found, pointers, "{config}: {problems:?}");
    }
}
