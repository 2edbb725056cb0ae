//! The checker `screenshot` over any two files, with every kind of rule.
//!
//! An input: a byte that chooses, two bytes with the length of the expected file (little endian), the expected
//! file, the actual one. Half of the choices mend both files first: a fuzzer finds no checksum, and changes nothing
//! in a compressed stream that means anything. Then every chunk gets its checksum, and what the chunks `IDAT` hold
//! is taken as rows that are still to be packed.

use evident_checker::Status;
use evident_screenshot::Screenshot;

use super::verdict::{Slot, accepted, cuts, judged};

/// Members of the config; every one has a bound of work, so that a small file of many pixels takes no second.
const CONFIGS: [&str; 12] = [
    "",
    r#","blank":"allow""#,
    r#","blank":"allow","metric":"oklab","antialias":"count""#,
    r#","blank":"allow","metric":"ssim""#,
    r#","blank":"allow","threshold":0,"blend":"white","pictures":"none""#,
    r#","blank":"allow","max_ratio":0.5,"max_density":40,"window":8"#,
    r#","blank":"allow","layout":"compare","max_pixels":60"#,
    r#","blank":"allow","faint":"judge","max_faint":3,"threshold":0.3"#,
    r#","blank":"allow","caret":"ignore""#,
    r#","blank":"allow","ignore":["0, 0, 50%, 2","screen: 1, 1, 3, 3"]"#,
    r#","landmarks":["0, 0, 4, 4"]"#,
    r#","blank":"allow","scale":2"#,
];

/// Configs that see both sides alike.
const SYMMETRIC: usize = 9;

fn config(choice: usize) -> String {
    format!(r#"{{"max_work":300000000{}}}"#, CONFIGS[choice % CONFIGS.len()])
}

/// See [`accepted`].
pub(crate) fn configs_are_accepted() {
    (0..CONFIGS.len()).for_each(|choice| accepted::<Screenshot>(&config(choice)));
}

/// Judges; see the module for the shape of `bytes`.
///
/// # Panics
/// When the outcome cannot be right.
pub fn screenshot(bytes: &[u8]) {
    let Some((choice, files)) = files(bytes) else { return };
    let config = config(choice);
    let [expected, actual] = if choice < 128 { files.map(mended) } else { files.map(<[u8]>::to_vec) };
    let outcome = judged::<Screenshot>(&config, &slots(&expected, &actual)).0;
    if choice % CONFIGS.len() < SYMMETRIC {
        let swapped = judged::<Screenshot>(&config, &slots(&actual, &expected)).0;
        let are_alike = [outcome.status, swapped.status].map(|status| status == Status::Pass);
        assert_eq!(are_alike[0], are_alike[1], "{config}: {}; {}", outcome.summary, swapped.summary);
    }
    match outcome.status {
        Status::Pass => passes(&config, &expected, &actual),
        Status::Fail => {
            for cut in cuts(&actual) {
                let outcome = judged::<Screenshot>(&config, &slots(&expected, cut)).0;
                assert_ne!(outcome.status, Status::Pass, "{config}, cut at {}", cut.len());
            }
        }
        Status::Inconclusive(_) => {}
    }
}

/// A pass hides no screen beside it that is missing or cannot be read, and stands on whole files.
fn passes(config: &str, expected: &[u8], actual: &[u8]) {
    let mut beside = slots(expected, actual);
    beside[0].artifacts.push(("other.png".into(), expected));
    assert_eq!(judged::<Screenshot>(config, &beside).0.status, Status::Fail, "{config}");
    beside[1].artifacts.push(("other.png".into(), b"\x89PNG"));
    assert_ne!(judged::<Screenshot>(config, &beside).0.status, Status::Pass, "{config}");
    if actual.starts_with(b"\x89PNG") {
        for cut in cuts(actual) {
            let outcome = judged::<Screenshot>(config, &slots(expected, cut)).0;
            assert_ne!(outcome.status, Status::Pass, "{config}, cut at {}", cut.len());
        }
    }
}

fn slots<'a>(expected: &'a [u8], actual: &'a [u8]) -> [Slot<'a>; 2] {
    [("expected", expected), ("actual", actual)]
        .map(|(name, bytes)| Slot { name, artifacts: vec![("screen.png".into(), bytes)] })
}

/// The choice and the two files of an input; none if it is too short.
fn files(bytes: &[u8]) -> Option<(usize, [&[u8]; 2])> {
    let (&[choice, low, high], rest) = bytes.split_first_chunk::<3>()?;
    let length = usize::from(u16::from_le_bytes([low, high])).min(rest.len());
    let (expected, actual) = rest.split_at(length);
    Some((choice.into(), [expected, actual]))
}

/// A PNG with right checksums, its rows packed; any other file as it is.
fn mended(file: &[u8]) -> Vec<u8> {
    const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
    let Some(mut rest) = file.strip_prefix(SIGNATURE) else { return file.to_vec() };
    let mut mended = SIGNATURE.to_vec();
    while let Some((head, behind)) = rest.split_first_chunk::<8>() {
        let [a, b, c, d, name @ ..] = head;
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        let Some((payload, behind)) = behind.split_at_checked(length) else { break };
        let packed = if name == b"IDAT" { stored(payload) } else { payload.to_vec() };
        let start = mended.len() + 4;
        mended.extend(u32::try_from(packed.len()).expect("inputs are small").to_be_bytes());
        mended.extend(name);
        mended.extend(packed);
        mended.extend(crc(&mended[start..]).to_be_bytes());
        rest = behind.get(4..).unwrap_or_default();
    }
    mended.extend(rest);
    mended
}

/// A zlib stream of one block that is not compressed (RFC 1950, RFC 1951); the bytes themselves if they are too
/// many for one.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let Ok(length) = u16::try_from(bytes.len()) else { return bytes.to_vec() };
    let sums = bytes.iter().fold([1_u32, 0], |[low, high], byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        [low, (high + low) % 65_521]
    });
    let adler = (sums[1] << 16 | sums[0]).to_be_bytes();
    [&[0x78, 1, 1][..], &length.to_le_bytes(), &(!length).to_le_bytes(), bytes, &adler].concat()
}

/// The checksum of a chunk (PNG specification, annex D).
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| sum >> 1 ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches a target that mends nothing, and so never comes behind a checksum.
    #[test]
    fn a_mended_file_is_read() {
        let header = b"\0\0\0\x0dIHDR\0\0\0\x04\0\0\0\x02\x08\0\0\0\0....";
        let rows = b"\0\0\0\x0aIDAT\0\x01\x50\xa0\xf0\0\x09\x80\x10\xff....";
        let file = [&b"\x89PNG\r\n\x1a\n"[..], header, rows, b"\0\0\0\0IEND...."].concat();
        let judge = |bytes: &[u8]| judged::<Screenshot>(&config(1), &slots(bytes, bytes)).0.status;
        assert!(matches!(judge(&file), Status::Inconclusive(_)));
        assert_eq!(judge(&mended(&file)), Status::Pass);
    }

    #[test]
    fn an_input_is_a_choice_and_two_files() {
        assert_eq!(files(b"\x07\x01"), None);
        assert_eq!(files(b"\x07\x01\0ab"), Some((7, [&b"a"[..], b"b"])));
        assert_eq!(files(b"\x07\xff\xffab"), Some((7, [&b"ab"[..], b""])));
    }
}
