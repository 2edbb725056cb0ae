//! What the config accepts: flaky, skipped, required, counts, and the baseline.

use evident_checker::Reason;
use evident_checker::testing::validate;
use evident_test_report::TestReport;

use super::{MALFORMED, NOT_EXAMINED, UNSUPPORTED, Verdict, judged, one};

const ALLOWED: &str = r#"{"flaky":"allow"}"#;
const AMBIGUOUS: Verdict = Verdict::Inconclusive(Reason::Config);

/// One case for each letter: passed, failed, skipped, flaky (`p`, `f`, `s`, `y`), named by its position.
fn run(outcomes: &str) -> String {
    let cases = outcomes.char_indices().map(|(at, outcome)| {
        let child = match outcome {
            'f' => "<failure/>",
            's' => "<skipped/>",
            'y' => "<flakyFailure/>",
            _ => "",
        };
        format!("<testsuite name='s{at}'><testcase name='works'>{child}</testcase></testsuite>")
    });
    format!("<testsuites>{}</testsuites>", cases.collect::<String>())
}

#[test]
fn policies_decide() {
    for (config, outcomes, verdict, errors) in [
        (r"{}", "pp", Verdict::Pass, &[][..]),
        (r"{}", "ps", Verdict::Pass, &[]),
        (r"{}", "ss", NOT_EXAMINED, &[]),
        (r"{}", "py", Verdict::Fail, &["test-flaky:s1::works"]),
        (r#"{"flaky":"allow"}"#, "py", Verdict::Pass, &[]),
        (r#"{"flaky":"allow","flaky_max":1}"#, "py", Verdict::Pass, &[]),
        (r#"{"flaky":"allow","flaky_max":0}"#, "py", Verdict::Fail, &["test-flaky:s1::works"]),
        (r#"{"skipped":"deny"}"#, "ps", Verdict::Fail, &["test-skipped:s1::works"]),
        (r#"{"skipped":"deny"}"#, "pp", Verdict::Pass, &[]),
        (r#"{"min_tests":2}"#, "pp", Verdict::Pass, &[]),
        (r#"{"min_tests":2}"#, "ps", Verdict::Fail, &["test-count"]),
        (r#"{"required":["s0::works"]}"#, "ps", Verdict::Pass, &[]),
        (r#"{"required":["s1::works"]}"#, "ps", Verdict::Fail, &["test-skipped:s1::works"]),
        (r#"{"required":["s1::works"]}"#, "ss", Verdict::Fail, &["test-skipped:s1::works"]),
        (r#"{"required":["s7::works"]}"#, "pp", Verdict::Fail, &["test-missing:s7::works"]),
        (r#"{"required":["works"]}"#, "p", Verdict::Pass, &[]),
        (r#"{"required":["works"]}"#, "pp", AMBIGUOUS, &["config-ambiguous:works"]),
        (r#"{"required":["orks"]}"#, "p", Verdict::Fail, &["test-missing:orks"]),
        (r#"{"required":["s0::works"]}"#, "fp", Verdict::Fail, &["test-failed:s0::works"]),
    ] {
        let checked = one(config, &run(outcomes));
        assert_eq!(checked.verdict(), verdict, "{config} {outcomes}: {}", checked.outcome.summary);
        assert_eq!(checked.errors(), errors, "{config} {outcomes}");
    }
}

#[test]
fn a_denied_flaky_test_says_how_to_allow_it() {
    let checked = one("{}", &run("y"));
    assert!(checked.said.findings[0].message.contains(r#"`flaky = "allow"`"#));
}

#[test]
fn tests_of_one_name_each_count() {
    let twice = |second: &str| {
        format!(
            "<testsuite><testcase name='a'><failure/></testcase><testcase name='a'>{second}</testcase></testsuite>"
        )
    };
    for config in ["{}", ALLOWED] {
        let checked = one(config, &twice(""));
        assert_eq!((checked.verdict(), checked.figures()), (Verdict::Fail, [2, 1, 1, 0, 0, 0]), "{config}");
    }
    let both = one("{}", &twice("<failure/>"));
    assert_eq!(both.errors(), ["test-failed:a", "test-failed:a#2"]);
    let equal = one("{}", "<testsuite><testcase name='a'/><testcase name='a'/></testsuite>");
    assert_eq!((equal.verdict(), equal.figures()), (Verdict::Pass, [2, 2, 0, 0, 0, 0]));
    assert_eq!(equal.outcome.examined, 2);
    assert_eq!(equal.warnings(), ["test-duplicate:a"]);
    assert_eq!(equal.outcome.summary, "2 tests passed; 1 name is shared by 2 tests");
    for (config, verdict) in [
        (r#"{"min_tests":2}"#, Verdict::Pass),
        (r#"{"min_tests":3}"#, Verdict::Fail),
        (r#"{"required":["a"]}"#, Verdict::Pass),
    ] {
        let text = "<testsuite><testcase name='a'/><testcase name='a'/></testsuite>";
        assert_eq!(one(config, text).verdict(), verdict, "{config}");
    }
    let skipped = "<testsuite><testcase name='a'/><testcase name='a'><skipped/></testcase></testsuite>";
    assert_eq!(one(r#"{"required":["a"]}"#, skipped).verdict(), Verdict::Fail);
    // Thousands of shared names are told in a few lines.
    let cases: String = (0..50).map(|at| format!("<testcase name='t{at}'/>").repeat(2)).collect();
    let many = one("{}", &format!("<testsuite>{cases}</testsuite>"));
    assert_eq!((many.figures(), many.warnings().len()), ([100, 100, 0, 0, 0, 0], 21));
    assert_eq!(many.outcome.summary, "100 tests passed; 50 names are shared by 100 tests");
}

/// Catches a pass of another test that excuses a failure.
#[test]
fn only_a_marked_attempt_is_one() {
    let case = |file: &str, inside: &str| format!("<testcase name='a' {file}>{inside}</testcase>");
    let suite = |inside: &str| format!("<testsuite name='p'>{inside}</testsuite>");
    let (bad, good) = (case("", "<failure/>"), case("", ""));
    let (bad_x, good_x) = (case("file='x.js'", "<failure/>"), case("file='x.js'", ""));
    for (inside, verdict) in [
        (suite(&format!("{bad}{good}")), Verdict::Fail),
        (suite(&format!("{good}{bad}")), Verdict::Fail),
        (suite(&format!("{bad_x}{good_x}")), Verdict::Fail),
        (suite(&format!("{bad}{}{good}", "<testsuite><testcase name='b'/></testsuite>")), Verdict::Fail),
        (format!("{}{}", suite(&bad), suite(&good)), Verdict::Fail),
        (suite(&case("", "<flakyFailure/>")), Verdict::Pass),
        (suite(&case("", "<flakyError/><flakyFailure/>")), Verdict::Pass),
        (suite(&case("", "<failure/><rerunFailure/>")), Verdict::Fail),
        (suite(&format!("{}{good}", case("", "<rerunError/>"))), Verdict::Fail),
    ] {
        let checked = one(ALLOWED, &format!("<testsuites>{inside}</testsuites>"));
        assert_eq!(checked.verdict(), verdict, "{inside}: {}", checked.outcome.summary);
    }
    let told = one(ALLOWED, &suite(&format!("{bad}{good}")));
    assert!(told.said.findings[0].message.contains("only a marked attempt such as `<flakyFailure>` is one"));
}

#[test]
fn the_baseline_counts_tests_that_share_a_name() {
    let report = |outcomes: &str| {
        let case = |outcome: char| match outcome {
            's' => "<testcase name='a'><skipped/></testcase>",
            'b' => "<testcase name='b'/>",
            _ => "<testcase name='a'/>",
        };
        format!("<testsuite>{}</testsuite>", outcomes.chars().map(case).collect::<String>())
    };
    for (config, before, now, verdict, errors) in [
        ("{}", "pp", "pp", Verdict::Pass, &[][..]),
        ("{}", "pp", "ppp", Verdict::Pass, &[]),
        ("{}", "pp", "p", Verdict::Fail, &["test-removed:a"]),
        ("{}", "ppb", "pbb", Verdict::Fail, &["test-removed:a"]),
        ("{}", "ppb", "b", Verdict::Fail, &["test-removed:a"]),
        ("{}", "pp", "ps", Verdict::Fail, &["test-newly-skipped:a"]),
        ("{}", "ps", "ps", Verdict::Pass, &[]),
        // An entry excuses one of them.
        (r#"{"allow_removed":["a"]}"#, "pp", "p", Verdict::Pass, &[]),
        (r#"{"allow_removed":["a"]}"#, "ppp", "p", Verdict::Fail, &["test-removed:a"]),
        (r#"{"allow_removed":["a","a"]}"#, "ppp", "p", Verdict::Pass, &[]),
        (r#"{"allow_skipped":["a"]}"#, "ppp", "pss", Verdict::Fail, &["test-newly-skipped:a"]),
    ] {
        let checked = judged(config, &[report(now).as_bytes()], &[report(before).as_bytes()]);
        assert_eq!(checked.verdict(), verdict, "{config} {before} {now}: {}", checked.outcome.summary);
        assert_eq!(checked.errors(), errors, "{config} {before} {now}");
    }
    let fifty = report(&"p".repeat(50));
    let checked = judged("{}", &[report("p").as_bytes()], &[fifty.as_bytes()]);
    assert_eq!(checked.outcome.summary, "49 tests removed: a");
    let told = &checked.said.findings[0].message;
    assert!(told.contains("in the baseline 50 times and in the reports 1 time"), "{told}");
    assert_eq!(checked.outcome.metrics[6].value, 49.0);
}

/// A red suite has a baseline too: what is mended afterwards is not a test that vanished.
#[test]
fn a_fault_that_is_gone_is_no_test_that_is() {
    let good = "<testsuite name='s'><testcase name='a'/></testsuite>";
    for fault in [
        "<testcase name=''><failure/></testcase>",
        "<testcase name='' classname='s.Setup'><failure/></testcase>",
        "<error>setup</error>",
    ] {
        let before = format!("<testsuite name='s'><testcase name='a'/>{fault}</testsuite>");
        let checked = judged("{}", &[good.as_bytes()], &[before.as_bytes()]);
        assert_eq!(checked.verdict(), Verdict::Pass, "{fault}: {}", checked.outcome.summary);
        let now = judged("{}", &[before.as_bytes()], &[good.as_bytes()]);
        assert_eq!(now.verdict(), Verdict::Fail, "{fault}: {}", now.outcome.summary);
    }
}

#[test]
fn the_baseline_sees_what_counts_do_not() {
    for (config, before, now, verdict, errors) in [
        (r"{}", "pp", "pp", Verdict::Pass, &[][..]),
        (r"{}", "pp", "ppp", Verdict::Pass, &[]),
        (r"{}", "pp", "p", Verdict::Fail, &["test-removed:s1::works"]),
        (r"{}", "ps", "p", Verdict::Fail, &["test-removed:s1::works"]),
        (r#"{"allow_removed":["s1::works"]}"#, "pp", "p", Verdict::Pass, &[]),
        // A name that fits two tests of the baseline fits none, however many of them are gone.
        (
            r#"{"allow_removed":["works"]}"#,
            "pp",
            "p",
            AMBIGUOUS,
            &["config-ambiguous:works", "test-removed:s1::works"],
        ),
        (
            r#"{"allow_skipped":["works"]}"#,
            "pp",
            "ps",
            AMBIGUOUS,
            &["config-ambiguous:works", "test-newly-skipped:s1::works"],
        ),
        (r#"{"allow_removed":["works"]}"#, "pp", "pp", Verdict::Pass, &[]),
        (
            r#"{"allow_removed":["works"]}"#,
            "ppp",
            "p",
            AMBIGUOUS,
            &["config-ambiguous:works", "test-removed:s1::works", "test-removed:s2::works"],
        ),
        (r#"{"allow_removed":["s0::works"]}"#, "pp", "p", Verdict::Fail, &["test-removed:s1::works"]),
        (r"{}", "pp", "ps", Verdict::Fail, &["test-newly-skipped:s1::works"]),
        (r"{}", "pf", "ps", Verdict::Fail, &["test-newly-skipped:s1::works"]),
        (r"{}", "ps", "ps", Verdict::Pass, &[]),
        (r#"{"allow_skipped":["s1::works"]}"#, "pp", "ps", Verdict::Pass, &[]),
        (r"{}", "pf", "pp", Verdict::Pass, &[]),
        (r"{}", "pp", "pf", Verdict::Fail, &["test-failed:s1::works"]),
        (r"{}", "", "p", NOT_EXAMINED, &["report-empty:the baseline lists no tests"]),
    ] {
        let checked = judged(config, &[run(now).as_bytes()], &[run(before).as_bytes()]);
        assert_eq!(checked.verdict(), verdict, "{config} {before} {now}: {}", checked.outcome.summary);
        assert_eq!(checked.errors(), errors, "{config} {before} {now}");
    }
    let checked = judged("{}", &[run("ppf").as_bytes()], &[run("pfp").as_bytes()]);
    assert!(checked.outcome.summary.ends_with("1 newly failing; 1 newly passing: s1::works"));
}

#[test]
fn a_manifest_is_a_baseline_and_never_a_report() {
    let manifest =
        br#"{"version":1,"tests":[{"id":"s0::works","status":"passed"},{"id":"x","status":"passed"}]}"#;
    let checked = judged("{}", &[run("p").as_bytes()], &[manifest]);
    assert_eq!((checked.verdict(), checked.errors()), (Verdict::Fail, vec!["test-removed:x"]));
    assert_eq!(judged("{}", &[manifest], &[]).verdict(), UNSUPPORTED);
    assert_eq!(checked.warnings(), ["baseline-old:"]);
    let newer = br#"{"version":3,"tests":[]}"#;
    assert_eq!(judged("{}", &[run("p").as_bytes()], &[newer]).verdict(), UNSUPPORTED);
    let unknown = br#"{"version":1,"tests":[],"more":1}"#;
    assert_eq!(judged("{}", &[run("p").as_bytes()], &[unknown]).verdict(), MALFORMED);
    let known = br#"{"version":2,"tests":[{"id":"s0::works","status":"passed"}]}"#;
    let checked = judged("{}", &[run("p").as_bytes()], &[known]);
    assert_eq!((checked.verdict(), checked.warnings()), (Verdict::Pass, vec![]));
}

#[test]
fn conflicting_keys_are_named() {
    for (config, pointers) in [
        (r"{}", &[][..]),
        (r#"{"flaky":"deny","flaky_max":2}"#, &["/flaky_max"]),
        (r#"{"flaky_max":2}"#, &["/flaky_max"]),
        (r#"{"flaky":"deny","flaky_max":0}"#, &[]),
        (r#"{"skipped":"deny","allow_skipped":["a"]}"#, &["/allow_skipped"]),
        (r#"{"required":[""]}"#, &["/required"]),
        (r#"{"required":["a"],"allow_removed":["a"]}"#, &["/allow_removed"]),
        (r#"{"format":"trx"}"#, &["/format"]),
        (r#"{"counts":"cases"}"#, &[]),
        (r#"{"counts":"tests"}"#, &["/counts"]),
        (r#"{"min_test":1}"#, &["/min_test"]),
    ] {
        let problems = validate::<TestReport>(config);
        let found: Vec<&str> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
        assert_eq!(found, pointers, "{config}");
    }
}
