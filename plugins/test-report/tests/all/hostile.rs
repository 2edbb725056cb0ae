//! Documents made to hurt or to deceive: none may panic, hang or pass.

use evident_checker::Reason;
use proptest::prelude::*;

use super::{MALFORMED, UNSUPPORTED, Verdict, judged, one};

#[test]
fn hostile_documents_never_pass() {
    let passing = "<testsuite><testcase name='a'/></testsuite>";
    let bomb = "<!DOCTYPE x [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]><testsuite><testcase name='&b;'/></testsuite>";
    let outside = "<!DOCTYPE x [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><testsuite><testcase name='a'>&x;</testcase></testsuite>";
    for (text, verdict) in [
        (passing.to_owned(), Verdict::Pass),
        (bomb.into(), MALFORMED),
        (outside.into(), MALFORMED),
        ("<testsuite><testcase name='&b;'/></testsuite>".into(), MALFORMED),
        ("<testsuite><testcase name='a'><failure>&b;</failure></testcase></testsuite>".into(), Verdict::Fail),
        (format!("<testsuite>{}", "<properties>".repeat(1_000_000)), Verdict::Inconclusive(Reason::Limit)),
        (format!("{}<testcase name='a'/>", "<testsuite>".repeat(1_000_000)), Verdict::Inconclusive(Reason::Limit)),
        (format!("{passing}{passing}"), MALFORMED),
        (format!("{passing}text"), MALFORMED),
        ("<testsuite><testcase name='a'/></testsuites>".into(), MALFORMED),
        ("<testsuite><testcase name='a'/>".into(), MALFORMED),
        ("<testsuite><testcase name='a\0'/></testsuite>".into(), MALFORMED),
        ("<testsuite><testcase name='a' name='b'/></testsuite>".into(), MALFORMED),
        ("<testsuite><testcase/></testsuite>".into(), MALFORMED),
        ("<testsuite><testcase name=a/></testsuite>".into(), MALFORMED),
        // A failing case where none belongs must not be overlooked.
        ("<testsuite><testcase name='b'/><properties><testcase name='a'><failure/></testcase></properties></testsuite>".into(), MALFORMED),
        ("<testsuite><testcase name='b'><testcase name='a'><failure/></testcase></testcase></testsuite>".into(), MALFORMED),
        ("<TestRun><testsuite><testcase name='a'/></testsuite></TestRun>".into(), UNSUPPORTED),
        ("<?xml version='1.0' encoding='EBCDIC'?><testsuite><testcase name='a'/></testsuite>".into(), UNSUPPORTED),
    ] {
        // NUL within the first 4 KiB also looks binary; either way it is refused.
        let config = r#"{"format":"junit"}"#;
        let checked = one(config, &text);
        let start: String = text.chars().take(80).collect();
        assert_eq!(checked.verdict(), verdict, "{start}: {}", checked.outcome.summary);
    }
}

#[test]
fn encodings_are_read_right_or_refused() {
    let document = |declaration: &[u8], name: &[u8]| {
        [declaration, b"<testsuite><testcase name='", name, b"'><failure/></testcase></testsuite>"].concat()
    };
    for (bytes, errors) in [
        (document(b"\xef\xbb\xbf", "é".as_bytes()), vec!["test-failed:é"]),
        (document(b"<?xml version='1.0' encoding='ISO-8859-1'?>", b"\xe9"), vec!["test-failed:é"]),
        (document(b"<?xml version='1.0' encoding='windows-1252'?>", b"\x80"), vec!["test-failed:€"]),
    ] {
        let checked = judged("{}", &[&bytes], &[]);
        assert_eq!((checked.verdict(), checked.errors()), (Verdict::Fail, errors));
    }
    assert_eq!(judged("{}", &[&document(b"", b"\xe9")], &[]).verdict(), MALFORMED);
    let utf_16: Vec<u8> = "\u{feff}<testsuite><testcase name='a'/></testsuite>"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for config in ["{}", r#"{"format":"junit"}"#] {
        assert_eq!(judged(config, &[&utf_16], &[]).verdict(), UNSUPPORTED);
    }
}

#[test]
fn texts_of_failures_are_bounded() {
    let long = "ä".repeat(100_000);
    let text = format!(
        "<testsuite><testcase name='{long}'><failure message='{long}'>{long}</failure></testcase></testsuite>"
    );
    // `one` asserts the size of every message.
    assert_eq!(one("{}", &text).verdict(), Verdict::Fail);
}

#[test]
fn a_line_that_a_test_printed_is_no_result() {
    let lie = "    Starting 1 tests across 1 binaries\n        FAIL [   0.001s] (1/1) demo real\n        \
               PASS [   0.001s] (1/1) demo real\n     Summary [   0.001s] 1 test run: 1 passed, 0 skipped\n";
    assert_eq!(one("{}", lie).verdict(), Verdict::Fail);
    let extra = "    Starting 1 tests across 1 binaries\n        PASS [   0.001s] (1/1) demo fake\n     \
                 Summary [   0.001s] 1 test run: 1 passed, 0 skipped\n        PASS [   0.001s] (1/1) demo real\n";
    assert_eq!(one("{}", extra).verdict(), MALFORMED);
}

const GO: &str = r#"{"format":"go-test"}"#;

proptest! {
    #[test]
    fn arbitrary_bytes_never_pass(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        for config in ["{}", r#"{"format":"junit"}"#, r#"{"format":"libtest"}"#, r#"{"format":"nextest"}"#, GO] {
            prop_assert_ne!(judged(config, &[&bytes], &[&bytes]).verdict(), Verdict::Pass);
        }
    }

    /// Pieces of real documents in any order reach deeper than bytes do. A failure among them never passes.
    #[test]
    fn a_failure_among_pieces_never_passes(mut pieces in proptest::collection::vec(0..PIECES.len(), 0..30), at in 0..30_usize) {
        pieces.insert(at.min(pieces.len()), 0);
        let text: String = pieces.iter().map(|piece| PIECES[*piece]).collect();
        for config in [r#"{"format":"junit"}"#, r#"{"format":"libtest"}"#, r#"{"format":"nextest"}"#, GO] {
            prop_assert_ne!(one(config, &format!("<testsuites>{text}</testsuites>")).verdict(), Verdict::Pass);
            prop_assert_ne!(one(config, &text).verdict(), Verdict::Pass);
        }
    }
}

const PIECES: &[&str] = &[
    "<testsuite><testcase name='z'><failure/></testcase></testsuite>\ntest z ... FAILED\n        FAIL [   0.1s] (1/1) demo z\n{\"Action\":\"fail\",\"Package\":\"p\",\"Test\":\"z\"}\n",
    "<testsuite name='a' tests='1'>",
    "</testsuite>",
    "<testcase name='b' classname='c'>",
    "</testcase>",
    "<skipped/>",
    "<testcase name='d'/>",
    "\nrunning 1 test\n",
    "test a ... ok\n",
    "test a ... text\n",
    "test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n",
    "failures:\n",
    "        PASS [   0.1s] (1/1) demo a\n",
    "     Summary [   0.1s] 1 test run: 1 passed, 0 skipped\n",
    "{\"Action\":\"run\",\"Package\":\"p\",\"Test\":\"a\"}\n",
    "{\"Action\":\"pass\",\"Package\":\"p\",\"Test\":\"a\"}\n",
    "{\"Action\":\"output\",\"Package\":\"p\",\"Output\":\"PASS\\n\"}\n",
    "{\"Action\":\"pass\",\"Package\":\"p\"}\n",
];
