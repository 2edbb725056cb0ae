//! The catalogue of malicious evidence, rows B01 to B03: no expansion, bounded memory, details before
//! headers. The numbers are those of the catalogue, so that a row is found by its test.

use std::cell::Cell;
use std::fs;
use std::path::Path;
use std::rc::Rc;

use evident_checker::testing::artifact;
use evident_checker::{Artifact, Evidence, Info, ReadAt, ReadError, Reason};

use super::{Checked, MALFORMED, UNSUPPORTED, Verdict, judged, judged_evidence, one};

const LIMIT: Verdict = Verdict::Inconclusive(Reason::Limit);
const JUNIT: &str = r#"{"format":"junit"}"#;

/// `start`, then `filler` over and over up to `size`: never in memory as a whole.
struct Endless {
    start: &'static [u8],
    filler: &'static [u8],
    size: u64,
    read: Rc<Cell<u64>>,
}

impl ReadAt for Endless {
    fn read_at(&self, offset: u64, length: u32) -> Result<Vec<u8>, ReadError> {
        let end = self.size.min(offset + u64::from(length));
        self.read.set(self.read.get() + end.saturating_sub(offset));
        let start = self.start.len() as u64;
        let byte = |at: u64| match at.checked_sub(start) {
            Some(at) => self.filler[usize::try_from(at % self.filler.len() as u64).expect("short")],
            None => self.start[usize::try_from(at).expect("short")],
        };
        Ok((offset..end).map(byte).collect())
    }
}

/// Checks an artifact of `size` bytes; gives how many of them were read as well.
fn endless(config: &str, start: &'static [u8], filler: &'static [u8], size: u64) -> (Checked, u64) {
    let read = Rc::new(Cell::new(0));
    let info =
        Info { name: "report".into(), media_type: "application/xml".into(), size, digest: String::new() };
    let origin = artifact("report", b"").origin().clone();
    let bytes = Endless { start, filler, size, read: Rc::clone(&read) };
    let mut evidence = Evidence::new();
    evidence.bind("report", [Artifact::new(info, origin, Box::new(bytes))]);
    (judged_evidence(config, &evidence), read.get())
}

#[test]
fn b01_entities_are_never_expanded_nor_fetched() {
    let mut laughs = String::from("<!DOCTYPE x [<!ENTITY e0 'ha'>");
    for depth in 1..=10 {
        laughs += &format!("<!ENTITY e{depth} '{}'>", format!("&e{};", depth - 1).repeat(10));
    }
    laughs += "]><testsuite><testcase name='&e10;'/></testsuite>";
    let quadratic = format!(
        "<!DOCTYPE x [<!ENTITY a '{}'>]><testsuite><testcase name='{}'/></testsuite>",
        "x".repeat(50_000),
        "&a;".repeat(50_000)
    );
    let outside = |target: &str| {
        format!(
            "<!DOCTYPE x [<!ENTITY x SYSTEM '{target}'>]><testsuite><testcase name='a'>&x;</testcase></testsuite>"
        )
    };
    for text in [
        laughs,
        quadratic,
        outside("file:///etc/passwd"),
        outside("http://127.0.0.1:9/x"),
        "<!DOCTYPE x SYSTEM 'file:///etc/passwd'><testsuite><testcase name='a'/></testsuite>".into(),
        "<!DOCTYPE x [<!ENTITY % x SYSTEM 'file:///etc/passwd'>%x;]><testsuite><testcase name='a'/></testsuite>".into(),
    ] {
        let checked = one(JUNIT, &text);
        let start: String = text.chars().take(60).collect();
        assert_eq!(checked.verdict(), MALFORMED, "{start}: {}", checked.outcome.summary);
        assert!(checked.outcome.summary.contains("document type"), "{start}: {}", checked.outcome.summary);
        assert_eq!(checked.figures(), [0; 6], "{start}");
    }
    // A failure before the bomb stays a failure.
    let after = "<testsuite><testcase name='a'><failure/></testcase><testcase name='&e10;'/></testsuite>";
    assert_eq!(one(JUNIT, after).verdict(), Verdict::Fail);
}

/// Elements of the row; what is kept of each is one word.
const NESTED: usize = 1_000_000;
/// Bytes of the attribute of the row.
const ATTRIBUTE_BYTES: u64 = 1024 * 1024 * 1024;
/// What is read of it at most: the bound of one tag, 32 MiB, and a chunk or two.
const ATTRIBUTE_BYTES_READ_MAX: u64 = 34 * 1024 * 1024;

#[test]
fn b02_depth_and_length_have_bounds() {
    for text in [
        "<testsuite>".repeat(NESTED),
        format!("<testsuite>{}", "<properties>".repeat(NESTED)),
        format!("<testsuite><testcase name='a'>{}", "<system-out>".repeat(NESTED)),
    ] {
        let checked = one(JUNIT, &text);
        assert_eq!(checked.verdict(), LIMIT, "{}", checked.outcome.summary);
    }
    for start in
        [&b"<testsuite><testcase name='"[..], b"<testsuite><testcase name='a'><failure message='", b"<!-- "]
    {
        let (checked, read) = endless(JUNIT, start, b"x", ATTRIBUTE_BYTES);
        assert_eq!(checked.verdict(), LIMIT, "{}", checked.outcome.summary);
        assert!(read < ATTRIBUTE_BYTES_READ_MAX, "{read} bytes were read");
    }
}

/// Bytes of one endless line in a text format: 1,000 times what is kept of a line.
const LINE_BYTES: u64 = 64 * 1024 * 1024;

#[test]
fn b02_a_line_without_end_is_no_report() {
    for (format, start) in [
        ("libtest", &b"running 1 test\ntest a ... ok"[..]),
        ("nextest", b"    Starting 1 test across 1 binary\n        PASS [   0.001s] (1/1) demo "),
        ("go-test", b"{\"Action\":\"pass\",\"Package\":\""),
    ] {
        let (checked, read) = endless(&format!(r#"{{"format":"{format}"}}"#), start, b"x", LINE_BYTES);
        assert_eq!(checked.verdict(), MALFORMED, "{format}: {}", checked.outcome.summary);
        assert_eq!(read, LINE_BYTES, "{format}");
        assert!(checked.outcome.summary.len() < 4096, "{format}");
    }
}

#[test]
fn b02_what_is_no_text_is_no_report() {
    let utf_16 =
        |bytes: fn(u16) -> [u8; 2], text: &str| -> Vec<u8> { text.encode_utf16().flat_map(bytes).collect() };
    let passing = "<testsuite><testcase name='a'/></testsuite>";
    let marked = format!("\u{feff}{passing}");
    let event = "{\"Action\":\"run\",\"Package\":\"p\",\"Test\":\"T\"}\n";
    for (what, bytes) in [
        ("UTF-16, marked", utf_16(u16::to_le_bytes, &marked)),
        ("UTF-16, the other end first", utf_16(u16::to_be_bytes, &marked)),
        ("UTF-16, not marked", utf_16(u16::to_le_bytes, passing)),
        ("UTF-16 of another format", utf_16(u16::to_le_bytes, "\u{feff}running 1 test\ntest a ... ok\n")),
        ("a lone byte", b"<testsuite><testcase name='\xe9'/></testsuite>".to_vec()),
        ("a surrogate", b"<testsuite><testcase name='\xed\xa0\x80'/></testsuite>".to_vec()),
        ("too long a form", b"<testsuite><testcase name='\xc0\xaf'/></testsuite>".to_vec()),
        ("NUL in a name", b"<testsuite><testcase name='a\0'/></testsuite>".to_vec()),
        ("NUL behind the root", b"<testsuite><testcase name='a'/></testsuite>\0".to_vec()),
        ("NUL by reference", b"<testsuite><testcase name='&#0;'/></testsuite>".to_vec()),
        ("NUL in an event", format!("{event}\0{event}").into_bytes()),
        ("NUL in a line", b"running 1 test\ntest a\0 ... ok\n\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n".to_vec()),
    ] {
        for config in ["{}", JUNIT, r#"{"format":"libtest"}"#, r#"{"format":"nextest"}"#, r#"{"format":"go-test"}"#] {
            let checked = judged(config, &[&bytes], &[]);
            assert!(matches!(checked.verdict(), Verdict::Inconclusive(_)), "{what} {config}: {}", checked.outcome.summary);
        }
    }
}

#[test]
fn b03_a_case_beats_the_header() {
    let failing = "<testcase name='a'/><testcase name='b'><failure message='no'/></testcase>";
    for header in [
        "tests='2' failures='0' errors='0'",
        "tests='2' failures='0'",
        "tests='0' failures='0' errors='0' skipped='0'",
        "failures='0'",
        "",
    ] {
        let text =
            format!("<testsuites {header}><testsuite name='s' {header}>{failing}</testsuite></testsuites>");
        let checked = one("{}", &text);
        assert_eq!(
            (checked.verdict(), checked.errors()),
            (Verdict::Fail, vec!["test-failed:s::b"]),
            "{header}"
        );
    }
    // The same lie in the other formats: a result line, a summary, the final event of a package.
    for text in [
        "running 1 test\ntest a ... FAILED\n\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n",
        "    Starting 1 test across 1 binary\n        FAIL [   0.001s] (1/1) demo a\n     Summary [   0.001s] 1 test run: 1 passed, 0 skipped\n",
        "{\"Action\":\"run\",\"Package\":\"p\",\"Test\":\"T\"}\n{\"Action\":\"fail\",\"Package\":\"p\",\"Test\":\"T\"}\n\
         {\"Action\":\"output\",\"Package\":\"p\",\"Output\":\"PASS\\n\"}\n{\"Action\":\"pass\",\"Package\":\"p\"}\n",
    ] {
        assert_eq!(one("{}", text).verdict(), Verdict::Fail, "{text}");
    }
}

/// The files that the component is judged by too, beside the workspace's own tests.
#[test]
fn b01_b02_b03_files_give_their_outcomes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/evidence");
    let table = fs::read_to_string(folder.join("outcomes.txt")).expect("is there");
    let mut seen = 0;
    for row in table.lines().filter(|row| !row.is_empty() && !row.starts_with('#')) {
        let words: Vec<&str> = row.split_whitespace().collect();
        let config = match words[1] {
            "report" => "{}",
            "junit" => JUNIT,
            "go-test" => r#"{"format":"go-test"}"#,
            _ => continue,
        };
        let expected = match words[2] {
            "fail" => Verdict::Fail,
            "malformed" => MALFORMED,
            "unsupported" => UNSUPPORTED,
            other => panic!("`{other}` is not an outcome of hostile evidence"),
        };
        let checked = judged(config, &[&fs::read(folder.join(words[0])).expect("is there")], &[]);
        assert_eq!(checked.verdict(), expected, "{}: {}", words[0], checked.outcome.summary);
        seen += 1;
    }
    assert!(seen >= 22, "{seen}");
}
