//! Pictures that were made to hurt, that were cut, and many or large ones that are honest: through the component,
//! within the default limits. Never a fault, never a pass that is none, and within time and memory.

use std::sync::LazyLock;
use std::time::Duration;

use evident_core::outcome::{Reason, Status};
use evident_sandbox::{Bound, Checked, Checker};
use evident_tests::{Cost, Store, alone, beside_others, limits, load_builtin};

use crate::pictures::{Rgba, chunk, header, idat, joined, jpeg, noise, page, png, rows, webp, zeros};

static SCREENSHOT: LazyLock<Checker> = LazyLock::new(|| load_builtin("screenshot"));

const MALFORMED: Status = Status::Inconclusive(Reason::Malformed);
const LIMIT: Status = Status::Inconclusive(Reason::Limit);
const NOT_EXAMINED: Status = Status::Inconclusive(Reason::NotExamined);

/// Everything of a screen counts, and nothing of it: what a comparison that is easily pleased would pass.
const LAX: &str = r#"{"blank":"allow","layout":"compare","max_ratio":1}"#;

/// Bytes of memory that the host may take for a hostile picture: those of the largest that is read whole.
const HOSTILE_BYTES_MAX: u64 = 112 << 20;

/// Time for a hostile picture, on a machine with other things to do.
const HOSTILE_TIME_MAX: Duration = Duration::from_secs(20);

/// Name and bytes of each screen.
type Screens<'a> = &'a [(String, Vec<u8>)];

/// Judges screens with the default limits. There is never a fault.
fn check(config: &str, expected: Screens<'_>, actual: Screens<'_>) -> Checked {
    let store = Store::default();
    let mut bytes = 0;
    let bound = [("expected", expected), ("actual", actual)].map(|(slot, screens)| Bound {
        slot: slot.into(),
        inputs: screens
            .iter()
            .map(|(name, file)| {
                bytes += file.len() as u64;
                store.input(name, file)
            })
            .collect(),
    });
    let checked = store.check_bound(&SCREENSHOT, config, bound.into(), limits(bytes));
    assert!(checked.fault.is_none(), "{config}: {:?}", checked.fault);
    checked
}

fn one(config: &str, expected: &[u8], actual: &[u8]) -> Checked {
    let screen = |bytes: &[u8]| [("home.png".to_owned(), bytes.to_vec())];
    check(config, &screen(expected), &screen(actual))
}

/// Held by what must not disturb a measurement; the checker is loaded first, which holds the same lock.
fn quiet() -> impl Drop {
    LazyLock::force(&SCREENSHOT);
    beside_others()
}

fn costs(config: &str, expected: &[u8], actual: &[u8]) -> (Checked, Cost) {
    LazyLock::force(&SCREENSHOT);
    alone(|| one(config, expected, actual))
}

/// Catches a decoder that believes a header, that inflates what no row needs, that takes what is there for whole.
#[test]
fn pictures_made_to_hurt() {
    let sound = png(32, 20, |x, y| page(x, y + 48));
    let good = || idat(&rows(10, 10));
    let end = || chunk(b"IEND", &[]);
    let broken = |at: usize| {
        let mut chunk = good();
        let at = chunk.len() - at;
        chunk[at] ^= 1;
        chunk
    };
    let frames = chunk(b"acTL", &[100_000_u32.to_be_bytes(), [0; 4]].concat());
    let deep = {
        let mut header = header(131_072, 1_024)[8..21].to_vec();
        (header[8], header[9]) = (16, 6);
        chunk(b"IHDR", &header)
    };
    for (what, bytes, status) in [
        ("a header of 10^5 by 10^5", joined(&[header(100_000, 100_000), good(), end()]), LIMIT),
        ("data without end", joined(&[header(10, 10), idat(&zeros(64 << 20)), end()]), MALFORMED),
        ("data without end, cut", joined(&[header(10, 10), idat(&zeros(64 << 20)[..50_000])]), MALFORMED),
        (
            "as many pixels as may be",
            joined(&[header(131_072, 1_024), idat(&zeros(131_073 << 10)), end()]),
            NOT_EXAMINED,
        ),
        ("the same, eight bytes each", joined(&[deep, idat(&zeros(1_000)), end()]), LIMIT),
        ("no width", joined(&[header(0, 10), good(), end()]), MALFORMED),
        ("no height", joined(&[header(10, 0), good(), end()]), MALFORMED),
        ("truncated", joined(&[header(10, 10), good()]), MALFORMED),
        ("a wrong checksum of a chunk", joined(&[header(10, 10), broken(1), end()]), MALFORMED),
        ("a wrong byte in the data", joined(&[header(10, 10), broken(10), end()]), MALFORMED),
        ("an animation of many frames", joined(&[header(10, 10), frames, good(), end()]), LIMIT),
        (
            "a million chunks without data",
            joined(&[header(10, 10), idat(&[]).repeat(1_000_000), end()]),
            MALFORMED,
        ),
        ("a WebP of 16383 by 16383", webp(16_383, 16_383, &[0; 64]), LIMIT),
        ("a WebP without its pixels", webp(4_000, 3_000, &[0; 4]), MALFORMED),
        ("a WebP of noise", webp(4_000, 3_000, &noise_bytes(100_000)), MALFORMED),
        ("a WebP that is shorter than it says", webp(40, 30, &[0; 64])[..60].to_vec(), MALFORMED),
        ("a JPEG of 65500 by 65500", jpeg(65_500, 65_500, 0xc0, 1), LIMIT),
        ("a JPEG without its pixels", jpeg(4_000, 3_000, 0xc0, 0), MALFORMED),
        ("a JPEG of a hundred thousand scans", jpeg(4_000, 3_000, 0xc2, 100_000), MALFORMED),
        ("a JPEG that ends in its header", jpeg(40, 30, 0xc0, 1)[..20].to_vec(), MALFORMED),
    ] {
        for (config, expected, actual) in
            [("{}", &bytes, &bytes), (LAX, &sound, &bytes), (LAX, &bytes, &sound)]
        {
            let (checked, cost) = costs(config, expected, actual);
            let (outcome, says) = (&checked.outcome, format!("{what}, {config}"));
            // Against a picture of another kind there is something to say before the end of the other.
            let is_itself = expected == actual;
            let is_right = outcome.status == status || !is_itself && status == NOT_EXAMINED;
            assert!(is_right, "{says}: {:?} {}", outcome.status, outcome.summary);
            assert!(cost.elapsed < HOSTILE_TIME_MAX, "{says}: {:?}", cost.elapsed);
            assert!(cost.peak_bytes < HOSTILE_BYTES_MAX, "{says}: {} MiB", cost.peak_bytes >> 20);
        }
    }
}

fn noise_bytes(count: u32) -> Vec<u8> {
    (0..count).map(|at| noise(at, 0, 7).to_le_bytes()[0]).collect()
}

/// Catches a cut that is taken for a whole picture: every one of a file of nearly 4 KiB, and 500 of a larger one.
#[test]
fn a_cut_picture_never_passes() {
    let _quiet = quiet();
    let small = png(31, 31, |x, y| noise(x, y, 4).to_le_bytes());
    assert!((3_500..=4_096).contains(&small.len()), "{}", small.len());
    let large = png(300, 300, page);
    let cuts = |file: &[u8]| (0..500).map(|seed| noise(seed, 1, 5) as usize % file.len()).collect::<Vec<_>>();
    for (file, cuts) in [(&small, (0..small.len()).collect()), (&large, cuts(&large))] {
        assert_eq!(one("{}", file, file).outcome.status, Status::Pass);
        for length in cuts {
            let cut = &file[..length];
            for (expected, actual) in [(file.as_slice(), cut), (cut, cut)] {
                let outcome = one(r#"{"pictures":"none"}"#, expected, actual).outcome;
                let is_refused = matches!(outcome.status, Status::Inconclusive(_));
                assert!(is_refused, "{length} of {} bytes: {}", file.len(), outcome.summary);
            }
        }
    }
}

/// Fifty screens whose pixels are told by number, x, y and a colour.
fn fifty(color: u8, pixel: impl Fn(u32, u32, u32, u8) -> Rgba) -> Vec<(String, Vec<u8>)> {
    let screen = |number| png(1280, 720, |x, y| pixel(number, x, y, color));
    (0..50).map(|number| (format!("screen-{number}.png"), screen(number))).collect()
}

/// Catches a check of honest screens that ends without a verdict, because its work has no bound of its own. Every
/// word of fifty screens has another colour: those that were compared decide, the others are told.
#[test]
fn fifty_screens_with_other_words_are_judged() {
    let _quiet = quiet();
    let words = |number: u32, x: u32, y: u32, color: u8| match page(x, y + number) {
        [40, g, b, a] => [color, g, b, a],
        pixel => pixel,
    };
    let checked = check("{}", &fifty(40, words), &fifty(200, words));
    assert_eq!(checked.outcome.status, Status::Fail, "{}", checked.outcome.summary);
    let told = checked.outcome.findings.iter().filter(|finding| finding.rule == "not-compared").count();
    assert!(checked.outcome.examined.count > 10, "{}", checked.outcome.examined.count);
    assert!((50..=51).contains(&(checked.outcome.examined.count + told as u64)), "{told}");
}

/// Every pixel of fifty screens differs: those that were compared decide, the others are told.
#[test]
fn fifty_screens_without_a_pixel_in_common_are_judged() {
    let _quiet = quiet();
    let chance =
        |number: u32, x: u32, y: u32, color: u8| [color, noise(x, y, number).to_le_bytes()[0] / 4, 9, 255];
    let checked = check("{}", &fifty(20, chance), &fifty(200, chance));
    assert_eq!(checked.outcome.status, Status::Fail, "{}", checked.outcome.summary);
    let told = checked.outcome.findings.iter().filter(|finding| finding.rule == "not-compared").count();
    assert!(checked.outcome.examined.count > 5, "{}", checked.outcome.examined.count);
    // One screen may be compared in part, and is both.
    assert!((50..=51).contains(&(checked.outcome.examined.count + told as u64)), "{told}");
}

/// The same of a page of 37 million pixels whose content has moved.
#[test]
fn a_long_page_that_moved_is_judged() {
    let _quiet = quiet();
    let expected = png(3446, 10_728, page);
    let actual = png(3446, 10_728, |x, y| page(x, y + 7));
    let checked = one("{}", &expected, &actual);
    assert_eq!(checked.outcome.status, Status::Fail, "{}", checked.outcome.summary);
    assert_eq!(checked.outcome.examined.count, 1);
    assert!(checked.usage.memory_bytes < 96 << 20, "{} bytes of guest memory", checked.usage.memory_bytes);
}

/// Where the work of a check really ends, it says so, and what was found until then decides.
#[test]
fn work_that_ends_is_told() {
    let _quiet = quiet();
    let screen = |ink: u32| {
        png(400, 300, |x, y| if x / 20 % 2 == 0 { page(x, y) } else { noise(x, y, ink).to_le_bytes() })
    };
    let (expected, actual) = (screen(1), screen(2));
    let judged = |work: u64| {
        let checked = one(&format!(r#"{{"max_work":{work},"pictures":"none"}}"#), &expected, &actual);
        (checked.outcome.status, checked.outcome.summary)
    };
    assert_eq!(judged(1_000_000_000).0, Status::Fail);
    let (status, summary) = judged(1_000);
    assert_eq!(status, LIMIT, "{summary}");
    assert!(summary.contains("max_work"), "{summary}");
}
