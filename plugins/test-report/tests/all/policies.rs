//! What the config accepts: flaky, skipped, required, counts, and the baseline.

use evident_checker::Reason;
use evident_checker::testing::validate;
use evident_test_report::TestReport;

use super::{MALFORMED, NOT_EXAMINED, UNSUPPORTED, Verdict, judged, one};

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
fn the_same_id_twice_is_a_note_or_a_conflict() {
    let twice = |second: &str| {
        format!(
            "<testsuite><testcase name='a'><failure/></testcase><testcase name='a'>{second}</testcase></testsuite>"
        )
    };
    let conflict = one("{}", &twice(""));
    assert_eq!((conflict.verdict(), conflict.figures()), (Verdict::Fail, [1, 0, 1, 0, 0, 0]));
    let retried = one(r#"{"flaky":"allow"}"#, &twice(""));
    assert_eq!((retried.verdict(), retried.figures()), (Verdict::Pass, [1, 1, 0, 0, 0, 1]));
    let equal = one("{}", "<testsuite><testcase name='a'/><testcase name='a'/></testsuite>");
    assert_eq!((equal.verdict(), equal.figures()), (Verdict::Pass, [1, 1, 0, 0, 0, 0]));
    assert_eq!(equal.said.findings[0].rule, "test-duplicate");
}

#[test]
fn a_pass_elsewhere_is_no_retry() {
    let case = |file: &str, inside: &str| format!("<testcase name='a' {file}>{inside}</testcase>");
    let suite = |inside: &str| format!("<testsuite name='p'>{inside}</testsuite>");
    let (bad, good) = (case("", "<failure/>"), case("", ""));
    let (bad_x, good_x) = (case("file='x.js'", "<failure/>"), case("file='x.js'", ""));
    let good_y = case("file='y.js'", "");
    for (inside, verdict) in [
        (suite(&format!("{bad}{good}")), Verdict::Pass),
        (suite(&format!("{bad_x}{good_x}")), Verdict::Pass),
        (suite(&format!("{bad_x}{good_y}{good_x}")), Verdict::Pass),
        (suite(&format!("{bad}{}{good}", "<testsuite><testcase name='b'/></testsuite>")), Verdict::Pass),
        (format!("{}{}", suite(&bad), suite(&good)), Verdict::Fail),
        (suite(&format!("{bad}<testsuite>{good}</testsuite>")), Verdict::Fail),
        (suite(&format!("{bad_x}{good_y}")), Verdict::Fail),
        (suite(&format!("{bad_x}{good}")), Verdict::Fail),
        (suite(&format!("{bad_x}{good_y}{good_y}")), Verdict::Fail),
    ] {
        let checked = one(r#"{"flaky":"allow"}"#, &format!("<testsuites>{inside}</testsuites>"));
        assert_eq!(checked.verdict(), verdict, "{inside}: {}", checked.outcome.summary);
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
    let newer = br#"{"version":2,"tests":[]}"#;
    assert_eq!(judged("{}", &[run("p").as_bytes()], &[newer]).verdict(), UNSUPPORTED);
    let unknown = br#"{"version":1,"tests":[],"more":1}"#;
    assert_eq!(judged("{}", &[run("p").as_bytes()], &[unknown]).verdict(), MALFORMED);
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
        (r#"{"min_test":1}"#, &["/min_test"]),
    ] {
        let problems = validate::<TestReport>(config);
        let found: Vec<&str> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
        assert_eq!(found, pointers, "{config}");
    }
}
