//! Cases of pytest that are one test, and cases that share an id and are several. Documents have the form that
//! pytest 9.2 writes with `pytest-rerunfailures` and `pytest-xdist`, cut to what matters.

use super::{Verdict, judged, one};

fn pytest(header: &str, inside: &str) -> String {
    format!(
        "<testsuites name='pytest tests'><testsuite name='pytest' {header}>{inside}</testsuite></testsuites>"
    )
}

/// What pytest 9.2 writes for a failed call with a failed teardown, and with `pytest-rerunfailures`.
#[test]
fn cases_of_pytest_that_are_one_test() {
    let again = "<testcase classname='t' name='flaky'/>";
    let failed = "<testcase classname='t' name='flaky'><failure/></testcase>";
    let teardown = "<testcase classname='t' name='a'><failure/></testcase><testcase classname='t' name='a'>\
                    <error message='failed on teardown with &quot;x&quot;'/></testcase>";
    let other = "<testcase classname='t' name='b'/>";
    for (header, inside, verdict, figures) in [
        ("tests='3' errors='2' failures='1'", teardown.to_owned(), Verdict::Fail, [1, 0, 0, 1, 0, 0]),
        ("tests='1' errors='0' failures='0'", again.repeat(2), Verdict::Pass, [1, 1, 0, 0, 0, 0]),
        ("tests='1' errors='0' failures='0'", again.repeat(3), Verdict::Pass, [1, 1, 0, 0, 0, 0]),
        // Three subtests of another test, or two attempts whose teardown failed: the header claims as much.
        ("tests='5'", format!("{}{other}", again.repeat(2)), Verdict::Pass, [2, 2, 0, 0, 0, 0]),
        ("tests='3'", again.repeat(3), Verdict::Pass, [1, 1, 0, 0, 0, 0]),
        // Workers run other tests between the attempts.
        ("tests='2'", format!("{again}{other}{again}"), Verdict::Pass, [2, 2, 0, 0, 0, 0]),
        ("tests='2' failures='1'", format!("{again}{other}{failed}"), Verdict::Fail, [2, 1, 1, 0, 0, 0]),
        // No failure is taken away, whichever stands first.
        ("tests='1' failures='1'", format!("{again}{again}{failed}"), Verdict::Fail, [1, 0, 1, 0, 0, 0]),
        ("tests='1' failures='1'", format!("{failed}{again}"), Verdict::Fail, [1, 0, 1, 0, 0, 0]),
        (
            "tests='2' skipped='1'",
            format!("{again}{other}<testcase classname='t' name='flaky'><skipped/></testcase>"),
            Verdict::Pass,
            [2, 1, 0, 0, 1, 0],
        ),
        // A skipped subtest beside an expected failure: two in the header, one case.
        (
            "tests='5' skipped='2'",
            format!("{again}<testcase name='b'><skipped/><skipped/></testcase>"),
            Verdict::Pass,
            [2, 1, 0, 0, 1, 0],
        ),
    ] {
        let checked = one("{}", &pytest(header, &inside));
        assert_eq!(checked.verdict(), verdict, "{inside}: {}", checked.outcome.summary);
        assert_eq!(checked.figures(), figures, "{inside}");
    }
    let twice = one("{}", &pytest("tests='2'", &format!("{again}{other}{again}")));
    assert_eq!(twice.warnings(), ["test-attempts:"]);
    assert_eq!(one("{}", &pytest("tests='1'", teardown)).warnings(), [""; 0]);
    // A run without the failed attempt has one case less, and no test less; and the other way round.
    let (flaky, sound) = (
        pytest("tests='5'", &format!("{}{other}", again.repeat(2))),
        pytest("tests='5'", &format!("{again}{other}")),
    );
    for (before, now) in [(&flaky, &sound), (&sound, &flaky)] {
        assert_eq!(judged("{}", &[now.as_bytes()], &[before.as_bytes()]).verdict(), Verdict::Pass);
    }
    // An attempt makes up for no other test.
    let gone = judged("{}", &[pytest("tests='2'", &again.repeat(2)).as_bytes()], &[sound.as_bytes()]);
    assert_eq!(gone.errors(), ["test-removed:pytest::t::b"]);
}

/// Each of these is a test of its own, so that one that vanishes is missed.
#[test]
fn cases_that_share_an_id_and_are_several_tests() {
    let again = "<testcase classname='t' name='a'/>";
    let at =
        |file: &str, line: u32| format!("<testcase classname='t.T' name='a' file='{file}' line='{line}'/>");
    for (what, text, first) in [
        (
            "another writer",
            format!("<testsuite name='s' tests='2'>{again}{again}</testsuite>"),
            again.to_owned(),
        ),
        ("two files", pytest("tests='2'", &format!("{}{}", at("t.py", 3), at("t/T.py", 3))), at("t.py", 3)),
        ("two lines", pytest("tests='2'", &format!("{}{}", at("t.py", 3), at("t.py", 9))), at("t.py", 3)),
        (
            "two suites",
            format!(
                "<testsuites name='pytest tests'>{0}{0}</testsuites>",
                format_args!("<testsuite name='pytest'>{again}</testsuite>")
            ),
            format!("<testsuite name='pytest'>{again}</testsuite>"),
        ),
    ] {
        let checked = one("{}", &text);
        assert_eq!((checked.verdict(), checked.figures()), (Verdict::Pass, [2, 2, 0, 0, 0, 0]), "{what}");
        let now = text.replacen(&first, "", 1).replace("tests='2'", "tests='1'");
        let compared = judged("{}", &[now.as_bytes()], &[text.as_bytes()]);
        assert!(
            compared.outcome.summary.starts_with("1 test removed"),
            "{what}: {}",
            compared.outcome.summary
        );
    }
    // Two attempts at one of them are one test all the same.
    let attempts = pytest("tests='2'", &format!("{}{}{}", at("t.py", 3), at("t/T.py", 3), at("t.py", 3)));
    assert_eq!(one("{}", &attempts).figures(), [2, 2, 0, 0, 0, 0]);
}
