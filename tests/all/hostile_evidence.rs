//! Evidence made to hurt or to deceive, through the components: right or inconclusive, never a fault of
//! the host, never a pass over a failure.

use std::collections::BTreeSet;
use std::fs;

use evident_core::outcome::{Reason, Status};
use evident_tests::{Case, Store, repository};

use crate::conformance::{BENCHMARK, TEST_REPORT, judge};

const MALFORMED: Status = Status::Inconclusive(Reason::Malformed);
const LIMIT: Status = Status::Inconclusive(Reason::Limit);
const UNSUPPORTED: Status = Status::Inconclusive(Reason::Unsupported);
const JUNIT: &str = r#"{"format":"junit"}"#;

fn report(text: &[u8]) -> (Status, String) {
    let outcome = judge(&TEST_REPORT, JUNIT, "report.xml", text).outcome;
    (outcome.status, outcome.summary)
}

fn figures(text: &[u8]) -> (Status, String) {
    let outcome = judge(&BENCHMARK, r#"{"max":"1e30 s"}"#, "figures.json", text).outcome;
    (outcome.status, outcome.summary)
}

/// A report of passing tests of nearly 4 KiB.
fn passing() -> String {
    let cases: String =
        (0..80).map(|number| format!("<testcase classname='c' name='test {number}'/>\n")).collect();
    format!(
        "<?xml version='1.0' encoding='UTF-8'?>\n<testsuites><testsuite name='s' tests='80'>{cases}</testsuite></testsuites>"
    )
}

#[test]
fn xml_truncated_at_every_byte() {
    let whole = passing();
    assert!(whole.len() > 3000 && whole.len() <= 4096, "{}", whole.len());
    assert_eq!(report(whole.as_bytes()).0, Status::Pass);
    for length in 0..whole.len() {
        let (status, summary) = report(&whole.as_bytes()[..length]);
        assert!(matches!(status, Status::Inconclusive(_)), "{length}: {summary}");
    }
}

#[test]
fn json_truncated_at_every_byte() {
    let whole = br#"{"benchmarks":[{"name":"a","unit":"s","value":2,"samples":[1,2,3.5,4,5,6,7]}]}"#;
    assert_eq!(figures(whole).0, Status::Pass);
    for length in 0..whole.len() {
        assert_eq!(figures(&whole[..length]).0, MALFORMED, "{length}");
    }
}

/// Ten entities of ten each, ten deep: 10^10 letters for a reader that expands them.
fn laughs() -> String {
    let mut text = String::from("<!DOCTYPE x [<!ENTITY e0 'ha'>");
    for depth in 1..=10 {
        text += &format!("<!ENTITY e{depth} '{}'>", format!("&e{};", depth - 1).repeat(10));
    }
    text + "]><testsuite><testcase name='&e10;'/></testsuite>"
}

#[test]
fn documents_made_to_hurt() {
    let quadratic = format!(
        "<!DOCTYPE x [<!ENTITY a '{}'>]><testsuite><testcase name='{}'/></testsuite>",
        "x".repeat(50_000),
        "&a;".repeat(50_000)
    );
    let deep = "<testsuite>".repeat(1_000_000);
    let deep_other = format!("<testsuite>{}", "<properties>".repeat(1_000_000));
    let xxe = |target: &str| {
        format!(
            "<!DOCTYPE x [<!ENTITY x SYSTEM '{target}'>]><testsuite><testcase name='a'>&x;</testcase></testsuite>"
        )
    };
    for (text, status) in [
        (laughs(), MALFORMED),
        (quadratic, MALFORMED),
        (xxe("file:///etc/passwd"), MALFORMED),
        (xxe("http://127.0.0.1:9/x"), MALFORMED),
        ("<!DOCTYPE x SYSTEM 'file:///etc/passwd'><testsuite><testcase name='a'>&x;</testcase></testsuite>".into(), MALFORMED),
        (deep, LIMIT),
        (deep_other, LIMIT),
        ("<testsuite><testcase name='a\0'/></testsuite>".into(), MALFORMED),
        ("<testsuite><testcase name='a'/>\0</testsuite>".into(), MALFORMED),
        ("<testsuite><testcase name='&#0;'/></testsuite>".into(), MALFORMED),
        ("<testsuite><testcase name='a'/></testsuite><testsuite><testcase name='b'/></testsuite>".into(), MALFORMED),
    ] {
        let start: String = text.chars().take(60).collect();
        let started = std::time::Instant::now();
        let (seen, summary) = report(text.as_bytes());
        assert_eq!(seen, status, "{start}: {summary}");
        assert!(!summary.contains("root:"), "{summary}");
        assert!(started.elapsed().as_secs() < 10, "{start}: {:?}", started.elapsed());
    }
}

/// Bytes that are not UTF-8: read as what the document declares, or refused.
#[test]
fn encodings() {
    let document = |declaration: &[u8], name: &[u8], end: &[u8]| {
        [declaration, b"<testsuite><testcase name='", name, b"'>", end, b"</testcase></testsuite>"].concat()
    };
    let latin: &[u8] = b"<?xml version='1.0' encoding='ISO-8859-1'?>";
    let failure: &[u8] = b"<failure message='gr\xf6\xdfer'/>";
    let (status, summary) = report(&document(latin, b"gr\xf6\xdfe", b""));
    assert_ne!(status, Status::Fail, "{summary}");
    let (status, summary) = report(&document(latin, b"gr\xf6\xdfe", failure));
    assert_ne!(status, Status::Pass, "{summary}");
    for (declaration, name) in
        [(b"".as_slice(), b"gr\xf6\xdfe".as_slice()), (b"", b"\xed\xa0\x80"), (b"", b"\xff")]
    {
        let (status, summary) = report(&document(declaration, name, b""));
        assert_eq!(status, MALFORMED, "{name:?}: {summary}");
    }
    let wide: Vec<u8> = "\u{feff}<testsuite><testcase name='a'/></testsuite>"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert!(matches!(report(&wide).0, Status::Inconclusive(_)));
    let outcome = judge(&TEST_REPORT, "{}", "report.xml", &wide).outcome;
    assert_eq!(outcome.status, UNSUPPORTED, "{}", outcome.summary);
}

/// What a header says never outweighs a case.
#[test]
fn headers_that_lie() {
    let failing = "<testcase name='a'/><testcase name='b'><failure message='no'/></testcase>";
    for header in [
        "tests='2' failures='0' errors='0'",
        "tests='2' failures='0'",
        "tests='1' failures='0' skipped='0'",
        "failures='0'",
        "",
    ] {
        let (status, summary) = report(
            format!("<testsuites {header}><testsuite {header}>{failing}</testsuite></testsuites>").as_bytes(),
        );
        assert_eq!(status, Status::Fail, "{header}: {summary}");
    }
    let (status, summary) =
        report(format!("<testsuite tests='-1' failures='x'>{failing}</testsuite>").as_bytes());
    assert_eq!(status, MALFORMED, "{summary}");
    let passing = "<testcase name='a'/>";
    for header in ["tests='2'", "failures='1'", "errors='1'", "tests='9' failures='3'"] {
        let (status, summary) = report(format!("<testsuite {header}>{passing}</testsuite>").as_bytes());
        assert!(matches!(status, Status::Inconclusive(_)), "{header}: {summary}");
    }
}

/// Numbers that JSON does not have, or that no figure can be.
#[test]
fn figures_made_to_deceive() {
    let one = |value: &str| format!(r#"{{"name":"a","unit":"s","value":{value}}}"#);
    for value in ["NaN", "Infinity", "-Infinity", "1e400", "\"1\"", "null", "[]", "01", "0x1", "1,"] {
        let (status, summary) = figures(one(value).as_bytes());
        assert!(matches!(status, Status::Inconclusive(_)), "{value}: {summary}");
    }
    let twice = r#"{"name":"a","unit":"s","value":9e99,"value":1}"#;
    let (status, summary) = figures(twice.as_bytes());
    assert!(matches!(status, Status::Inconclusive(_)), "the second figure hides the first: {summary}");
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(matches!(figures(deep.as_bytes()).0, Status::Inconclusive(_)));
    assert!(matches!(figures(b"").0, Status::Inconclusive(_)));
}

/// One artifact that passes must not hide another that fails, or that cannot be read.
#[test]
fn a_good_report_hides_no_bad_one() {
    let store = Store::default();
    let good: (&str, &[u8]) = ("a.xml", b"<testsuite><testcase name='a'/></testsuite>");
    for (second, status) in [
        (b"<testsuite><testcase name='b'><error/></testcase></testsuite>".as_slice(), Status::Fail),
        (b"<testsuite><testcase name='a'><failure/></testcase></testsuite>", Status::Fail),
        (b"<testsuite><testcase name='b'/>", MALFORMED),
        (b"TAP version 13\n1..1\nnot ok 1\n", UNSUPPORTED),
        (b"", Status::Inconclusive(Reason::NotExamined)),
    ] {
        for files in [[good, ("b.xml", second)], [("0.xml", second), good]] {
            let outcome = store.judge(&TEST_REPORT, Case::new(&files)).outcome;
            assert_eq!(outcome.status, status, "{}", outcome.summary);
        }
    }
}

/// Every file of `tests/evidence` has its row in `outcomes.txt`, and gives what stands there.
#[test]
fn b01_b02_b03_b07_files_give_their_outcomes() {
    let folder = repository().join("tests/evidence");
    let table = fs::read_to_string(folder.join("outcomes.txt")).expect("is there");
    let mut seen = BTreeSet::from(["outcomes.txt".to_owned()]);
    for row in table.lines().filter(|row| !row.is_empty() && !row.starts_with('#')) {
        let words: Vec<&str> = row.split_whitespace().collect();
        let &[file, kind, expected] = &words[..] else { panic!("`{row}` has not three words") };
        let (checker, config) = match kind {
            "report" => (&TEST_REPORT, "{}"),
            "junit" => (&TEST_REPORT, JUNIT),
            "go-test" => (&TEST_REPORT, r#"{"format":"go-test"}"#),
            "benchmark" => (&BENCHMARK, r#"{"max":"1e30 s"}"#),
            other => panic!("`{other}` is not a kind of evidence"),
        };
        let status = match expected {
            "fail" => Status::Fail,
            "malformed" => MALFORMED,
            "unsupported" => UNSUPPORTED,
            "limit" => LIMIT,
            other => panic!("`{other}` is not an outcome of hostile evidence"),
        };
        let bytes = fs::read(folder.join(file)).expect("is there");
        let outcome = judge(checker, config, file, &bytes).outcome;
        assert_eq!(outcome.status, status, "{file}: {}", outcome.summary);
        assert!(!outcome.summary.contains("root:"), "{file}: {}", outcome.summary);
        assert!(seen.insert(file.to_owned()), "`{file}` has two rows");
    }
    let entries = fs::read_dir(&folder).expect("is a folder");
    let there: BTreeSet<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().expect("is text")).collect();
    assert_eq!(seen, there, "a file without a row");
}

/// Bytes of an attribute: over the bound of one tag, which is 32 MiB. The catalogue has 1 GiB, which the
/// native tests of the checker stream.
const ATTRIBUTE_BYTES: usize = 33 * 1024 * 1024;

#[test]
fn b02_an_attribute_has_a_bound() {
    for start in ["<testsuite><testcase name='", "<testsuite><testcase name='a'><failure message='", "<!-- "]
    {
        let mut text = Vec::with_capacity(ATTRIBUTE_BYTES);
        text.extend_from_slice(start.as_bytes());
        text.resize(ATTRIBUTE_BYTES, b'x');
        let (status, summary) = report(&text);
        assert_eq!(status, LIMIT, "{start}: {summary}");
    }
}

/// Lists or objects inside each other.
const NESTED: usize = 100_000;

#[test]
fn b07_depth_is_harmless() {
    let lists = format!("{}{}", "[".repeat(NESTED), "]".repeat(NESTED));
    let objects = format!("{}1{}", r#"{"a":"#.repeat(NESTED), "}".repeat(NESTED));
    for text in [
        lists.clone(),
        objects.clone(),
        format!(r#"{{"name":"a","unit":"s","samples":[{lists}]}}"#),
        format!(r#"{{"results":[{{"command":"a","times":[1],"extra":{objects}}}]}}"#),
    ] {
        let (status, summary) = figures(text.as_bytes());
        assert_eq!(status, MALFORMED, "{summary}");
    }
}

/// A failing run never becomes a passing one by losing its end. The two texts hold one whole run each:
/// behind a whole one, more runs could have been cut off, which the native tests look at.
#[test]
fn no_cut_of_a_failing_report_passes() {
    let libtest: &[u8] = b"running 2 tests\ntest a ... ok\ntest b ... FAILED\n\nfailures:\n    b\n\n\
                           test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out\n";
    let go = include_bytes!("../../plugins/test-report/testdata/go-count.json");
    for text in [libtest, go] {
        assert_eq!(judge(&TEST_REPORT, "{}", "report", text).outcome.status, Status::Fail);
        for length in 0..text.len() {
            let outcome = judge(&TEST_REPORT, "{}", "report", &text[..length]).outcome;
            assert_ne!(outcome.status, Status::Pass, "{length}: {}", outcome.summary);
        }
    }
}

/// A process that ends itself with exit code 0, in a test and before the first one.
#[test]
fn c05_an_early_exit_is_no_pass() {
    for (name, text, status) in [
        ("in a test", &include_bytes!("../../plugins/test-report/testdata/go-exit.json")[..], Status::Fail),
        (
            "in a test, unseen",
            &include_bytes!("../../plugins/test-report/testdata/go-quit.json")[..],
            MALFORMED,
        ),
        (
            "before the first",
            &include_bytes!("../../plugins/test-report/testdata/go-early.json")[..],
            Status::Inconclusive(Reason::NotExamined),
        ),
        ("between two lines", b"running 2 tests\ntest a ... ok\n", MALFORMED),
    ] {
        let outcome = judge(&TEST_REPORT, "{}", "report", text).outcome;
        assert_eq!(outcome.status, status, "{name}: {}", outcome.summary);
    }
}

/// Reports of a repeated source: the one go that failed decides, and so does a go that lacks a test.
#[test]
fn a_good_go_hides_no_bad_one() {
    let store = Store::default();
    let good: &[u8] = b"<testsuite><testcase name='a'/><testcase name='b'/></testsuite>";
    for (third, status) in [
        (good, Status::Pass),
        (
            b"<testsuite><testcase name='a'/><testcase name='b'><failure/></testcase></testsuite>",
            Status::Fail,
        ),
        (b"<testsuite><testcase name='a'/></testsuite>", Status::Inconclusive(Reason::Contradiction)),
        (b"<testsuite/>", Status::Inconclusive(Reason::NotExamined)),
    ] {
        let files = [("1/r.xml", good), ("2/r.xml", good), ("3/r.xml", third)];
        let outcome = store.judge(&TEST_REPORT, Case::new(&files)).outcome;
        assert_eq!(outcome.status, status, "{}", outcome.summary);
    }
}
