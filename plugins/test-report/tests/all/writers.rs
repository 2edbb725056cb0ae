//! Reports of one writer each that only look broken, and what would make them broken. Documents have the form that
//! the tool writes, cut to what matters: mocha 10 with mocha-junit-reporter 2.2 and libtest of Rust 1.95 were run
//! for it.

use evident_checker::testing::artifact_with_exit;
use evident_checker::{Evidence, Exit, Reason, Severity};

use super::{Checked, MALFORMED, NOT_EXAMINED, Verdict, judged, judged_evidence, one};

const DENY: &str = r#"{"skipped":"deny"}"#;

/// mocha-junit-reporter at its defaults: pending tests are counted in every header, as skipped in the root alone,
/// and no case lists them.
const MOCHA: &str = "<testsuites name='Mocha Tests' tests='9' failures='0' skipped='5'>
  <testsuite name='Root Suite' tests='1' failures='0'><testcase name='root level' classname='root level'/></testsuite>
  <testsuite name='outer' tests='5' failures='0'>
    <testcase name='outer a' classname='a'/><testcase name='outer b' classname='b'/>
  </testsuite>
  <testsuite name='later' tests='2' failures='0'/>
  <testsuite name='inner' tests='1' failures='0'><testcase name='outer inner x' classname='x'/></testsuite>
</testsuites>";

/// `cargo test -- -Z unstable-options --format junit` with an ignored test.
const LIBTEST: &str = "<testsuites><testsuite name='test' package='test' id='0' errors='0' failures='0' tests='3' \
                       skipped='1'><testcase classname='crate' name='a'/><testcase classname='crate' name='c'/>\
                       <system-out/><system-err/></testsuite></testsuites>";

const PENDING_NOW: &str = r#"{"version":2,"tests":[{"id":"s::pending now","status":"passed"}]}"#;

#[test]
fn skipped_tests_that_only_headers_count_are_skipped() {
    for (text, figures) in [(MOCHA, [9, 4, 0, 0, 5, 0]), (LIBTEST, [3, 2, 0, 0, 1, 0])] {
        let checked = one("{}", text);
        assert_eq!(
            (checked.verdict(), checked.figures()),
            (Verdict::Pass, figures),
            "{}",
            checked.outcome.summary
        );
        let denied = one(DENY, text);
        assert_eq!((denied.verdict(), denied.errors()), (Verdict::Fail, vec!["test-skipped"]));
        let unnamed = if figures[4] == 1 { "1 test".into() } else { format!("{} tests", figures[4]) };
        assert_eq!(denied.outcome.summary, format!("{unnamed} skipped without being named"));
        // Made pending since the baseline: it is in no report.
        let gone = judged("{}", &[text.as_bytes()], &[PENDING_NOW.as_bytes()]);
        assert_eq!(gone.errors(), ["test-removed:s::pending now"]);
    }
    let nothing =
        "<testsuites tests='2' failures='0' skipped='2'><testsuite name='s' tests='2'/></testsuites>";
    assert_eq!(
        (one("{}", nothing).verdict(), one("{}", nothing).figures()),
        (NOT_EXAMINED, [2, 0, 0, 0, 2, 0])
    );
}

/// Where more is missing than what was skipped, tests that ran are missing.
#[test]
fn tests_that_ran_and_are_not_listed_make_no_whole_report() {
    for (from, to) in [
        ("<testcase name='outer b' classname='b'/>", ""),
        ("skipped='5'", "skipped='4'"),
        ("skipped='5'", "skipped='6'"),
        (" skipped='5'", ""),
        ("tests='9'", "tests='10'"),
        ("tests='9'", "tests='8'"),
        (" tests='9' failures='0' skipped='5'", ""),
        ("name='outer' tests='5'", "name='outer' tests='9'"),
        ("name='outer' tests='5'", "name='outer' tests='5' skipped='0'"),
        ("name='outer' tests='5' failures='0'", "name='outer' tests='5' failures='1'"),
    ] {
        assert!(MOCHA.contains(from), "{from}");
        let checked = one("{}", &MOCHA.replace(from, to));
        assert_eq!(checked.verdict(), MALFORMED, "{from} as {to}: {}", checked.outcome.summary);
    }
    for (from, to) in [
        ("<testcase classname='crate' name='c'/>", ""),
        ("tests='3'", "tests='4'"),
        ("tests='3'", "tests='2'"),
        ("tests='3' ", ""),
        ("skipped='1'", "skipped='2'"),
        ("skipped='1'", "skipped='18446744073709551615'"),
        ("tests='3' skipped='1'", "tests='18446744073709551615' skipped='18446744073709551613'"),
    ] {
        assert!(LIBTEST.contains(from), "{from}");
        let checked = one("{}", &LIBTEST.replace(from, to));
        assert_eq!(checked.verdict(), MALFORMED, "{from} as {to}: {}", checked.outcome.summary);
    }
}

/// A failure stays one beside tests that no case lists.
#[test]
fn a_failure_counts_beside_skipped_tests_without_a_name() {
    let failing = MOCHA.replace(
        "<testcase name='outer b' classname='b'/>",
        "<testcase name='outer b' classname='b'><failure/></testcase>",
    );
    assert_eq!(one("{}", &failing).errors(), ["test-failed:outer::b::outer b"]);
}

/// What doctest 2.4 writes; `inside` stands in the last case.
fn doctest(failures: u32, inside: &str) -> String {
    format!(
        "<testsuites><testsuite name='./d' errors='0' failures='{failures}' tests='4' doctest_version='2.4.9'>\
         <testcase classname='d.cc' name='plain' status='run'/>\
         <testcase classname='d.cc' name='other' status='run'>{inside}</testcase></testsuite></testsuites>"
    )
}

fn ended(text: &str, exit: Exit) -> Checked {
    let mut evidence = Evidence::new();
    evidence.bind("report", [artifact_with_exit("d.xml", text.as_bytes(), exit)]);
    judged_evidence("{}", &evidence)
}

/// `WARN` never fails a test, and is a failure in header and case all the same.
#[test]
fn a_warning_of_doctest_is_no_failure() {
    let failure = |kind: &str| format!("<failure message='1 == 2' type='{kind}'>d.cc:11</failure>");
    for kind in ["WARN", "WARN_EQ", "WARN_THROWS_AS"] {
        let checked = one("{}", &doctest(1, &failure(kind)));
        assert_eq!((checked.verdict(), checked.figures()), (Verdict::Pass, [2, 2, 0, 0, 0, 0]), "{kind}");
        // Header and cases are compared all the same.
        assert_eq!(one("{}", &doctest(2, &failure(kind))).verdict(), MALFORMED, "{kind}");
    }
    for inside in [
        failure("CHECK"),
        failure("WARNING"),
        failure("CHECK").replace(" type='CHECK'", ""),
        failure("WARN").replace("failure", "error"),
        failure("WARN") + &failure("REQUIRE"),
    ] {
        let checked = ended(&doctest(2, &inside), Exit::Code(1));
        assert_eq!((checked.verdict(), checked.figures()[1]), (Verdict::Fail, 1), "{inside}");
    }
    // The text is that of the failure, not of the warning before it.
    let both = failure("WARN").replace("d.cc:11", "warned") + &failure("CHECK").replace("d.cc:11", "checked");
    let message = ended(&doctest(2, &both), Exit::Code(1)).said.findings[0].message.clone();
    assert!(message.contains("checked") && !message.contains("warned"), "{message}");
    // Only this test writes it.
    let other = doctest(1, &failure("WARN")).replace(" doctest_version='2.4.9'", "").replace("tests='4'", "");
    assert_eq!(one("{}", &other).verdict(), Verdict::Fail);
}

/// `may_fail`, `should_fail` and `expected_failures` leave no mark but the exit code of the program.
#[test]
fn failures_that_doctest_may_excuse_are_undecided() {
    let failing = doctest(1, "<failure message='1 == 2' type='CHECK'/>");
    let checked = ended(&failing, Exit::Code(0));
    assert_eq!(
        (checked.verdict(), checked.figures()),
        (Verdict::Inconclusive(Reason::Contradiction), [2, 1, 1, 0, 0, 0])
    );
    assert_eq!(checked.warnings(), ["test-failed:./d::d.cc::other"]);
    assert!(
        checked.outcome.summary.contains("`may_fail`, `should_fail` or `expected_failures`"),
        "{}",
        checked.outcome.summary
    );
    for exit in [Exit::Code(1), Exit::Code(255), Exit::Signal(6)] {
        assert_eq!(ended(&failing, exit).errors(), ["test-failed:./d::d.cc::other"], "{exit:?}");
    }
    // Another writer, and another report beside it, fail for certain.
    let other =
        failing.replace("tests='4' doctest_version='2.4.9'", "").replace("name='other'", "name='third'");
    assert_eq!(ended(&other, Exit::Code(0)).verdict(), Verdict::Fail);
    let beside = judged("{}", &[failing.as_bytes(), other.as_bytes()], &[]);
    assert_eq!(beside.errors(), ["test-failed:./d::d.cc::third"]);
    // A test that failed in the baseline is no doubt about this run.
    let sound = doctest(0, "");
    let compared = judged("{}", &[sound.as_bytes()], &[failing.as_bytes()]);
    assert_eq!(compared.verdict(), Verdict::Pass, "{}", compared.outcome.summary);
}

/// What node 20 writes for a file that ends with 0 before it reports, and what later versions add.
#[test]
fn a_file_of_node_that_reported_no_test_is_told() {
    let case = |attributes: &str| format!("<testcase {attributes} classname='test'/>");
    let report = |inside: &str| format!("<testsuites>{}{inside}</testsuites>", case("name='adds'"));
    for (attributes, is_told) in [
        ("name='/w/test/a.test.js'", true),
        ("name='C:\\w\\a.test.mts'", true),
        ("name='test/a.test.mjs' file='/w/test/a.test.mjs'", true),
        ("name='/w/a.js' file='/w/a.js'", true),
        // Tests that are named after what they test.
        ("name='src/a.js' file='/w/test/a.test.mjs'", false),
        ("name='t.mjs' file='/w/test.mjs'", false),
        ("name='src/a.js'", false),
        ("name='/users answers'", false),
        ("name='/users.html'", false),
    ] {
        let checked = one("{}", &report(&case(attributes)));
        assert_eq!(
            (checked.verdict(), checked.figures()),
            (Verdict::Pass, [2, 2, 0, 0, 0, 0]),
            "{attributes}"
        );
        let told: &[&str] = if is_told { &["test-file-alone:"] } else { &[] };
        assert_eq!(checked.warnings(), told, "{attributes}");
    }
    let a = case("name='/w/a.js'");
    let message = one("{}", &report(&a)).said.findings[0].message.clone();
    assert_eq!(message, "`/w/a.js` is a file that reported no test: its exit code alone speaks");
    let message = one("{}", &report(&(a.clone() + &case("name='/w/b.js'")))).said.findings[0].message.clone();
    assert_eq!(message, "2 files reported no test, their exit codes alone speak: /w/a.js, /w/b.js");
    // A file that failed is a failed test and tells enough; another writer's class says nothing of files.
    let failed = a.replace("/>", "><failure/></testcase>");
    assert_eq!(one("{}", &report(&failed)).warnings(), [""; 0]);
    assert_eq!(one("{}", &report(&a.replace("'test'", "'suite'"))).warnings(), [""; 0]);
}

/// What PHPUnit 9 writes: `addWarning`, a class without tests, and a test without an assertion.
#[test]
fn a_warning_of_phpunit_is_read_and_told() {
    let report = |inside: &str| {
        format!(
            "<testsuites><testsuite name='WTest' tests='2' assertions='1' errors='0' warnings='1' failures='0' \
             skipped='0'><testcase name='testA' class='WTest' classname='WTest' assertions='1'/>{inside}</testsuite></testsuites>"
        )
    };
    let case = |name: &str, assertions: u32, inside: &str| {
        format!("<testcase name='{name}' classname='WTest' assertions='{assertions}'>{inside}</testcase>")
    };
    let warning = "<warning type='PHPUnit\\Framework\\Warning'>careful</warning>";
    // What is tested can throw one to leave a test early, so that a test with one has not passed.
    for inside in [case("testW", 1, warning), case("testW", 0, warning)] {
        let warned = one("{}", &report(&inside));
        assert_eq!((warned.verdict(), warned.figures()), (Verdict::Pass, [2, 1, 0, 0, 1, 0]));
        let note = &warned.said.findings[0];
        assert_eq!(note.message, "1 test has a warning and counts as skipped: WTest::testW");
        assert_eq!((note.rule.as_str(), note.severity), ("test-warning", Severity::Note));
        assert_eq!(one(DENY, &report(&inside)).verdict(), Verdict::Fail);
        let before = report(&case("testW", 1, ""));
        let compared = judged("{}", &[report(&inside).as_bytes()], &[before.as_bytes()]);
        assert_eq!(compared.errors(), ["test-newly-skipped:WTest::testW"]);
    }
    // It takes no failure away, on either side of it or behind it.
    for inside in [
        case("testW", 1, &format!("{warning}<failure>no</failure>")),
        case("testW", 1, &format!("<failure>no</failure>{warning}")),
        case("testW", 0, &format!("{warning}<error>no</error>")),
        case("testW", 1, warning) + &case("testX", 1, "<failure>no</failure>"),
    ] {
        assert_eq!(one("{}", &report(&inside)).verdict(), Verdict::Fail, "{inside}");
    }
    // A risky test fails as it is listed, and the finding says what PHPUnit makes of it.
    let risky = case("testR", 0, "<error type='PHPUnit\\Framework\\RiskyTestError'>WTest::testR</error>");
    let checked = one("{}", &report(&risky));
    assert_eq!(checked.errors(), ["test-errored:WTest::testR"]);
    let message = &checked.said.findings[0].message;
    assert!(message.contains("PHPUnit accepts risky tests unless `failOnRisky` is set"), "{message}");
}

/// `tap --reporter=junit` of tap 21: suites count as tests, suites with a skipped test as skipped, and a test that was
/// skipped has a property.
const NODE_TAP: &str = "<testsuites id='1' name='TAP Tests' tests='6' failures='0' assertions='3' skipped='2'>
  <testsuite name='b.mjs' tests='5' failures='0' assertions='3' skipped='2'>
    <properties><property name='ok' value='true'/><property name='plan'><![CDATA[skipAll: false]]></property></properties>
    <testsuite name='a' tests='2' failures='0' assertions='1' skipped='0'>
      <testcase id='1' name='should be equal' classname='b.mjs &gt; a'/>
    </testsuite>
    <testcase id='1' name='a' classname='b.mjs'/>
    <testcase id='2' name='sk' classname='b.mjs'><properties><property name='skip' value='why'/></properties></testcase>
  </testsuite>
</testsuites>";

#[test]
fn node_tap_counts_suites_and_skips_by_a_property() {
    let checked = one("{}", NODE_TAP);
    assert_eq!(
        (checked.verdict(), checked.figures()),
        (Verdict::Pass, [3, 2, 0, 0, 1, 0]),
        "{}",
        checked.outcome.summary
    );
    assert_eq!(one(DENY, NODE_TAP).errors(), ["test-skipped:b.mjs::sk"]);
    let later = NODE_TAP.replace("name='skip' value", "name='todo' value");
    assert_eq!(one("{}", &later).figures(), [3, 2, 0, 0, 1, 0]);
    // Only node-tap means that, and only in a case.
    let other = "<testsuite name='s'><testcase name='a'><properties><property name='skip'/></properties></testcase></testsuite>";
    assert_eq!(one("{}", other).figures(), [1, 1, 0, 0, 0, 0]);
    let suite = NODE_TAP.replace("name='ok'", "name='skip'");
    assert_eq!(one("{}", &suite).figures(), [3, 2, 0, 0, 1, 0]);
    let cut = NODE_TAP.replace("<testcase id='1' name='a' classname='b.mjs'/>", "");
    assert_eq!(one("{}", &cut).verdict(), MALFORMED);
    assert_eq!(one("{}", NODE_TAP).said.findings.len(), 0, "the header is right, and nothing has to be told");
    // A failure that no case shows is one all the same: a file that timed out.
    let failed = NODE_TAP.replace("tests='6' failures='0'", "tests='6' failures='1'");
    assert_eq!(one("{}", &failed).verdict(), MALFORMED);
    // A failing `todo` has no mark but the exit code.
    let todo = NODE_TAP
        .replace("<properties><property name='skip' value='why'/></properties>", "<failure>td</failure>");
    let todo = todo.replace("failures='0' assertions='3'", "failures='1' assertions='3'");
    let undecided = ended(&todo, Exit::Code(0));
    assert_eq!(undecided.verdict(), Verdict::Inconclusive(Reason::Contradiction));
    assert!(undecided.outcome.summary.contains("node-tap excuses"), "{}", undecided.outcome.summary);
    assert_eq!(ended(&todo, Exit::Code(1)).errors(), ["test-failed:b.mjs::sk"]);
}
