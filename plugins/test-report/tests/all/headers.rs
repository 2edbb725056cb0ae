//! Headers of JUnit XML that count something else than cases: what is accepted and from whom, and what never is.
//! The documents of known writers have the form that the tool writes, cut to what matters: pytest 9.2 and 8.4
//! with their plugins, Catch2 2.13 and doctest 2.4 were run for it, Behat was not.

use evident_checker::testing::{artifact, check};
use evident_checker::{Evidence, Severity};
use evident_test_report::TestReport;

use super::{MALFORMED, NOT_EXAMINED, Verdict, judged, one};

const CASES: &str = r#"{"counts":"cases"}"#;

fn suite(header: &str, inside: &str) -> String {
    format!("<testsuites><testsuite name='s' {header}>{inside}</testsuite></testsuites>")
}

const TWO: &str = "<testcase name='a'/><testcase name='b'/>";

#[test]
fn writers_are_known_by_what_only_they_write() {
    for (header, verdict) in [
        ("tests='7'", MALFORMED),
        ("tests='7' hostname='tbd'", Verdict::Pass),
        ("tests='7' hostname='box'", MALFORMED),
        ("tests='7' doctest_version='2.4.9'", Verdict::Pass),
        ("tests='43' classname='behat.features' file='a.feature'", Verdict::Pass),
        ("tests='43' classname='features'", MALFORMED),
    ] {
        let checked = one("{}", &suite(header, TWO));
        assert_eq!(checked.verdict(), verdict, "{header}: {}", checked.outcome.summary);
    }
    let pytest = |root: &str, name: &str| {
        format!(
            "<testsuites{root}><testsuite name='{name}' tests='5' failures='0' errors='0'>{TWO}</testsuite></testsuites>"
        )
    };
    for (root, name, verdict) in [
        (" name='pytest tests'", "pytest", Verdict::Pass),
        ("", "pytest", Verdict::Pass),
        (" name='pytest tests'", "unit", Verdict::Pass),
        ("", "unit", MALFORMED),
        // What a tool that merges reports adds up.
        (" tests='5' failures='0'", "pytest", Verdict::Pass),
        (" tests='6' failures='0'", "pytest", MALFORMED),
    ] {
        let checked = one("{}", &pytest(root, name));
        assert_eq!(checked.verdict(), verdict, "{root} {name}: {}", checked.outcome.summary);
    }
    let told = one("{}", &pytest("", "pytest"));
    let note = told.said.findings.iter().find(|finding| finding.rule == "report-counts").expect("told");
    assert_eq!(note.severity, Severity::Note);
    assert_eq!(
        note.message,
        "the header of `pytest` claims 5 tests over 2 cases: pytest counts subtests there"
    );
}

/// Neither a known writer nor the config makes these pass.
#[test]
fn what_no_case_shows_never_passes() {
    for header in ["", "hostname='tbd'", "doctest_version='2.4.9'", "classname='behat.features'"] {
        for config in ["{}", CASES] {
            for (counts, inside) in [
                ("tests='2'", ""),
                ("tests='2' failures='1'", TWO),
                ("tests='3' errors='1'", TWO),
                ("tests='7' failures='1'", TWO),
                ("failures='1'", TWO),
                ("tests='7'", "<testcase>7</testcase>"),
            ] {
                let text = suite(&format!("{header} {counts}"), inside);
                let verdict = one(config, &text).verdict();
                assert!(
                    matches!(verdict, Verdict::Inconclusive(_)),
                    "{config} {header} {counts}: {verdict:?}"
                );
            }
            let whole = suite(&format!("{header} tests='9'"), TWO);
            for end in 1..whole.len() {
                assert_ne!(one(config, &whole[..end]).verdict(), Verdict::Pass, "{config} {}", &whole[..end]);
            }
        }
    }
}

#[test]
fn the_config_says_the_rest_and_the_message_names_it() {
    for (config, header, verdict) in [
        ("{}", "tests='7'", MALFORMED),
        (CASES, "tests='7'", Verdict::Pass),
        (r#"{"counts":"headers"}"#, "tests='7'", MALFORMED),
        (CASES, "tests='7' skipped='3'", Verdict::Pass),
        (r#"{"counts":"cases","skipped":"deny"}"#, "tests='7'", Verdict::Pass),
        (r#"{"counts":"cases","skipped":"deny"}"#, "tests='7' skipped='3'", MALFORMED),
        ("{}", "tests='2' skipped='1'", MALFORMED),
    ] {
        let checked = one(config, &suite(header, TWO));
        assert_eq!(checked.verdict(), verdict, "{config} {header}: {}", checked.outcome.summary);
    }
    let hint = "`counts = \"cases\"` in the config accepts it";
    for (header, inside, hinted) in [
        ("tests='7'", TWO, true),
        ("tests='7'", "", false),
        ("failures='1'", TWO, false),
        ("skipped='1'", TWO, true),
    ] {
        let summary = one("{}", &suite(header, inside)).outcome.summary;
        assert_eq!(summary.contains(hint), hinted, "{summary}");
    }
}

#[test]
fn messages_agree_in_number() {
    for (header, inside, says) in [
        ("failures='1'", TWO, "claims 1 failure or error, but none is listed: the report is not whole"),
        ("failures='2' errors='1'", TWO, "claims 3 failures or errors, but none is listed"),
        ("tests='2'", "<testcase name='a'/>", "claims 2 tests, but 1 is listed"),
        ("tests='3'", TWO, "claims 3 tests, but 2 are listed"),
        ("skipped='1'", TWO, "claims 1 skipped test, but none is listed"),
    ] {
        let summary = one("{}", &suite(header, inside)).outcome.summary;
        assert!(summary.contains(says), "{summary}");
    }
}

/// Surefire counts each attempt as a test, and each failed one as a failure.
#[test]
fn attempts_are_added_before_comparing() {
    let flaky = "<testcase name='a'/><testcase name='b'><flakyFailure/><flakyError/></testcase>";
    let failing = "<testcase name='a'/><testcase name='b'><failure/><rerunFailure/><rerunError/></testcase>";
    for (header, inside, verdict) in [
        ("tests='4' failures='1' errors='1'", flaky, Verdict::Pass),
        ("tests='4' failures='2'", flaky, Verdict::Pass),
        ("tests='2' failures='0' flakes='1'", flaky, Verdict::Pass),
        ("tests='5' failures='2'", flaky, MALFORMED),
        ("tests='5' failures='3'", flaky, MALFORMED),
        // Attempts are not tests here, so that the failure is of something else.
        ("tests='2' failures='1'", flaky, MALFORMED),
        ("tests='3' failures='2'", flaky, MALFORMED),
        ("tests='4' failures='3'", failing, Verdict::Fail),
    ] {
        let checked = one(r#"{"flaky":"allow"}"#, &suite(header, inside));
        assert_eq!(checked.verdict(), verdict, "{header}: {}", checked.outcome.summary);
        let disagrees = checked.said.findings.iter().any(|finding| finding.rule == "report-counts");
        assert_eq!(disagrees, verdict == MALFORMED, "{header}");
    }
}

/// A writer that counts assertions and says how many each case has needs no name.
#[test]
fn assertions_that_add_up_are_no_missing_tests() {
    let cases = "<testcase name='a' assertions='3'/><testcase name='b' assertions='4'/>";
    for (tests, verdict) in [(7, Verdict::Pass), (8, MALFORMED), (3, MALFORMED), (2, Verdict::Pass)] {
        let checked = one("{}", &suite(&format!("tests='{tests}'"), cases));
        assert_eq!(checked.verdict(), verdict, "{tests}: {}", checked.outcome.summary);
    }
}

#[test]
fn a_failure_without_a_name_is_one_and_reading_goes_on() {
    let nameless = "<testcase name='' classname=''><failure message='no data'/></testcase>";
    let checked = one("{}", &suite("tests='1' failures='0'", &format!("{nameless}{TWO}")));
    assert_eq!((checked.verdict(), checked.figures()), (Verdict::Fail, [3, 2, 1, 0, 0, 0]));
    assert_eq!(checked.errors(), ["test-failed:s::(nameless)"]);
    let later = format!("<testcase>7</testcase>{TWO}<testcase name='c'><failure/></testcase>");
    assert_eq!(one("{}", &suite("", &later)).errors(), ["test-failed:s::c"]);
    for nothing in ["<testcase>7</testcase>", "<testcase/>", "<testcase><skipped/></testcase>"] {
        let checked = one("{}", &suite("", &format!("{nothing}{TWO}")));
        assert_eq!((checked.verdict(), checked.figures()[0]), (MALFORMED, 2), "{nothing}");
    }
}

/// `node:test`: announced work. Catch2: a test that may fail. Neither runner counts it as failed.
#[test]
fn a_failure_that_the_runner_excuses_is_none() {
    let todo = |kind: &str, more: &str| {
        format!(
            "<testcase name='a'/><testcase name='b'><skipped type='{kind}' message='true'/>{more}</testcase>"
        )
    };
    let may_fail = "<testcase name='a'/><testcase name='b'><skipped message='TEST_CASE tagged with !mayfail'/>\
                    <failure type='CHECK'/><failure type='CHECK'/></testcase>";
    for (header, inside, verdict) in [
        ("", todo("todo", "<failure/>"), Verdict::Pass),
        ("tests='2' skipped='1' failures='1'", todo("todo", "<failure/>"), Verdict::Pass),
        ("tests='2' skipped='1' failures='2'", todo("todo", "<failure/>"), MALFORMED),
        ("", todo("todo", "<error/>"), Verdict::Fail),
        ("", todo("skipped", "<failure/>"), Verdict::Fail),
        (
            "",
            todo("todo", "<failure/>").replace("name='a'/>", "name='a'><failure/></testcase>"),
            Verdict::Fail,
        ),
        ("", "<testcase name='a'><failure/><skipped type='todo'/></testcase>".into(), NOT_EXAMINED),
        ("failures='0' tests='4' hostname='tbd'", may_fail.into(), Verdict::Pass),
    ] {
        let checked = one("{}", &suite(header, &inside));
        assert_eq!(checked.verdict(), verdict, "{header} {inside}: {}", checked.outcome.summary);
    }
    // It was skipped, so it is missed where it has to pass.
    let failing = suite("", &todo("todo", "<failure/>"));
    assert_eq!(one(r#"{"required":["b"]}"#, &failing).verdict(), Verdict::Fail);
    assert_eq!(judged("{}", &[failing.as_bytes()], &[suite("", TWO).as_bytes()]).verdict(), Verdict::Fail);
}

/// Shards are joined: a test that one lists twice and another once is there twice.
#[test]
fn shards_keep_how_often_a_name_stands() {
    let mut evidence = Evidence::new();
    let (one, two) = (suite("", &TWO.replace('b', "a")), suite("", "<testcase name='a'/>"));
    evidence.bind("report", [artifact("one.xml", one.as_bytes()), artifact("two.xml", two.as_bytes())]);
    let (outcome, _) = check::<TestReport>("{}", &evidence);
    let outcome = outcome.expect("no fault");
    assert_eq!((outcome.examined, outcome.metrics[0].value), (2, 2.0), "{}", outcome.summary);
}
