//! Small documents for one rule of a format each: what is read, and what is not believed.

use evident_checker::testing::{artifact_with_exit, check};
use evident_checker::{Evidence, Exit, Reason, Status};
use evident_test_report::TestReport;

use super::{MALFORMED, NOT_EXAMINED, UNSUPPORTED, Verdict, judged, one};

fn suite(inside: &str) -> String {
    format!("<testsuite name='s'>{inside}</testsuite>")
}

#[test]
fn junit_outcomes() {
    for (inside, verdict, figures) in [
        ("<testcase name='a'/>", Verdict::Pass, [1, 1, 0, 0, 0, 0]),
        ("<testcase name='a'><system-out>text</system-out></testcase>", Verdict::Pass, [1, 1, 0, 0, 0, 0]),
        // Several outcomes: the worst wins, wherever it stands.
        ("<testcase name='a'><error/><failure/><skipped/></testcase>", Verdict::Fail, [1, 0, 0, 1, 0, 0]),
        ("<testcase name='a'><skipped/><failure/></testcase>", Verdict::Fail, [1, 0, 1, 0, 0, 0]),
        ("<testcase name='a' status='passed'><failure/></testcase>", Verdict::Fail, [1, 0, 1, 0, 0, 0]),
        ("<testcase name='a' status='failed'/>", Verdict::Fail, [1, 0, 1, 0, 0, 0]),
        ("<testcase name='a' status='run' result='skipped'/>", NOT_EXAMINED, [1, 0, 0, 0, 1, 0]),
        ("<testcase name='a'/><testcase name='b' status='notrun'/>", Verdict::Pass, [2, 1, 0, 0, 1, 0]),
        ("<testcase name='a'/><testcase name='b' status='weird'/>", UNSUPPORTED, [2, 2, 0, 0, 0, 0]),
        ("<testcase name='a'/><testcase name='b' status='untested'/>", Verdict::Pass, [2, 1, 0, 0, 1, 0]),
        ("<testcase name='a'/><testcase name='b' status='Warning'/>", Verdict::Pass, [2, 1, 0, 0, 1, 0]),
        ("<testcase name='a'/><testcase name='b' status='hook_error'/>", Verdict::Fail, [2, 1, 0, 1, 0, 0]),
        ("<testcase name='a'/><testcase name='b' status='panicked'/>", Verdict::Fail, [2, 1, 0, 1, 0, 0]),
        ("<testcase name='a'><failure type='test timeout'/></testcase>", Verdict::Fail, [1, 0, 1, 0, 0, 0]),
        // Surefire: flaky attempts of a test that passed, failed attempts of one that did not.
        ("<testcase name='a'><flakyError/></testcase>", Verdict::Fail, [1, 1, 0, 0, 0, 1]),
        ("<testcase name='a'><rerunFailure/></testcase>", Verdict::Fail, [1, 0, 1, 0, 0, 0]),
        ("<testcase name='a'><failure/><flakyFailure/></testcase>", Verdict::Fail, [1, 0, 1, 0, 0, 0]),
        (
            "<testcase name='a'><failure/></testcase><testcase name='a'><error/></testcase>",
            Verdict::Fail,
            [2, 0, 1, 1, 0, 0],
        ),
        // The suite itself failed: no case says so.
        ("<testcase name='a'/><error>setup</error>", Verdict::Fail, [2, 1, 0, 1, 0, 0]),
        ("", NOT_EXAMINED, [0; 6]),
        // NUnit's words, and keys in any spelling.
        ("<testcase name='a' success='True' executed='True'/>", Verdict::Pass, [1, 1, 0, 0, 0, 0]),
        ("<testcase name='a' success='False'/>", Verdict::Fail, [1, 0, 1, 0, 0, 0]),
        ("<testcase name='a'/><testcase name='b' executed='False'/>", Verdict::Pass, [2, 1, 0, 0, 1, 0]),
        ("<testcase name='a' success='maybe'/>", UNSUPPORTED, [1, 1, 0, 0, 0, 0]),
        ("<testcase Name='a' Status='failed'/>", Verdict::Fail, [1, 0, 1, 0, 0, 0]),
        // A statement that is not known, or is not where one belongs, is never overlooked.
        ("<testcase name='a'><Failure/></testcase>", UNSUPPORTED, [1, 1, 0, 0, 0, 0]),
        ("<testcase name='a'><failed/></testcase>", UNSUPPORTED, [1, 1, 0, 0, 0, 0]),
        // A failure behind it counts.
        (
            "<testcase name='a'><steps><step/></steps></testcase><testcase name='b'><failure/></testcase>",
            Verdict::Fail,
            [2, 1, 1, 0, 0, 0],
        ),
        ("<steps><failure/></steps><testcase name='a'><failure/></testcase>", UNSUPPORTED, [0; 6]),
        ("<testcase name='a'/><failed/>", UNSUPPORTED, [1, 1, 0, 0, 0, 0]),
        ("<testcase name='a'/><Error/>", UNSUPPORTED, [1, 1, 0, 0, 0, 0]),
        ("<testcase name='a'><properties><failure/></properties></testcase>", MALFORMED, [0; 6]),
        ("<testcase name='a'><properties><Failure/></properties></testcase>", MALFORMED, [0; 6]),
        ("<testcase name='a'><skipped><failure/></skipped></testcase>", MALFORMED, [0; 6]),
        ("<testcase name='a'><properties><failed/></properties></testcase>", UNSUPPORTED, [1, 1, 0, 0, 0, 0]),
        ("<properties><error/></properties><testcase name='a'/>", MALFORMED, [0; 6]),
        (
            "<properties><property name='p'/></properties><testcase name='a'><attachments><attachment/></attachments>\
             </testcase><system-err/>",
            Verdict::Pass,
            [1, 1, 0, 0, 0, 0],
        ),
        (
            "<testcase name='a'><rerunError><stackTrace>x</stackTrace><system-out/></rerunError></testcase>",
            Verdict::Fail,
            [1, 0, 1, 0, 0, 0],
        ),
    ] {
        let checked = one("{}", &suite(inside));
        assert_eq!(checked.verdict(), verdict, "{inside}: {}", checked.outcome.summary);
        assert_eq!(checked.figures(), figures, "{inside}");
    }
}

#[test]
fn junit_ids_come_from_suites_class_and_name() {
    for (text, id) in [
        (
            "<testsuites name='all'><testsuite name='s'><testcase name='n'><failure/></testcase></testsuite></testsuites>",
            "s::n",
        ),
        (
            "<testsuite name='s'><testsuite name='t'><testcase name='n' classname='c'><failure/></testcase></testsuite></testsuite>",
            "s::t::c::n",
        ),
        (
            "<testsuite name='s'><testsuite><testcase name='n'><failure/></testcase></testsuite></testsuite>",
            "s::n",
        ),
        ("<testsuite name='s'><testcase name='n' classname='s'><failure/></testcase></testsuite>", "s::n"),
        (
            "<testsuite name='a::b'><testcase name='n' classname='a::b'><failure/></testcase></testsuite>",
            "a::b::n",
        ),
        (
            "<testsuite name='s'><testsuite name='t'><testcase name='n' classname='t'><failure/></testcase></testsuite></testsuite>",
            "s::t::n",
        ),
        (
            "<testsuite name='s'><testsuite name='t'/><testcase name='n'><failure/></testcase></testsuite>",
            "s::n",
        ),
        (
            "<testsuite name='s'><testcase name='a &lt;b&gt; &#233;'><failure/></testcase></testsuite>",
            "s::a <b> é",
        ),
        ("<ns:testsuite name='s'><ns:testcase name='n'><ns:failure/></ns:testcase></ns:testsuite>", "s::n"),
    ] {
        assert_eq!(one("{}", text).errors(), [format!("test-failed:{id}")], "{text}");
    }
}

#[test]
fn headers_never_add_and_never_hide() {
    for (header, inside, verdict) in [
        ("tests='1'", "<testcase name='a'/>", Verdict::Pass),
        // Fewer claimed than listed: pytest does that for a teardown error.
        ("tests='1'", "<testcase name='a'/><testcase name='b'/>", Verdict::Pass),
        ("tests='2'", "<testcase name='a'/>", MALFORMED),
        ("tests='173'", "<testcase name='a'/><testcase name='b'/>", MALFORMED),
        ("tests='1' failures='1'", "<testcase name='a'/>", MALFORMED),
        ("tests='1' errors='1'", "<testcase name='a'/>", MALFORMED),
        ("tests='1' skipped='1'", "<testcase name='a'/>", MALFORMED),
        // Of two claims, neither is believed.
        ("tests='2' tests='1'", "<testcase name='a'/>", MALFORMED),
        ("tests='' Tests='1'", "<testcase name='a'/>", MALFORMED),
        ("failures='1' failures='0'", "<testcase name='a'/>", MALFORMED),
        ("name='t'", "<testcase name='a'/>", MALFORMED),
        ("", "<testcase name='a' status='failed' status='passed'/>", MALFORMED),
        ("", "<testcase name='a' status='weird' status=''/>", MALFORMED),
        ("", "<testcase name='a' result='skipped' Result='passed'/>", MALFORMED),
        ("", "<testcase name='a' status='run' result='completed'/>", Verdict::Pass),
        ("tests='many'", "<testcase name='a'/>", MALFORMED),
        ("tests=''", "<testcase name='a'/>", Verdict::Pass),
        ("tests='1' failures='0' errors='0'", "<testcase name='a'><failure/></testcase>", Verdict::Fail),
        ("tests='9'", "<testcase name='a'><failure/></testcase>", Verdict::Fail),
        (
            "tests='18446744073709551615' failures='18446744073709551615' errors='9'",
            "<testcase name='a'/>",
            MALFORMED,
        ),
    ] {
        let checked = one("{}", &format!("<testsuite name='s' {header}>{inside}</testsuite>"));
        assert_eq!(checked.verdict(), verdict, "{header}: {}", checked.outcome.summary);
    }
    let nested = "<testsuites tests='2'><testsuite tests='2'><testsuite tests='1'><testcase name='a'/></testsuite>\
                  <testcase name='b'/></testsuite></testsuites>";
    assert_eq!(one("{}", nested).verdict(), Verdict::Pass);
    let inner_lies = nested.replace("tests='1'", "tests='2'");
    assert_eq!(one("{}", &inner_lies).verdict(), MALFORMED);
}

const RESULT: &str =
    "test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s";

#[test]
fn libtest_blocks_must_agree_with_themselves() {
    for (text, verdict) in [
        (format!("running 2 tests\ntest a ... ok\ntest b ... ignored\n\n{RESULT}\n"), MALFORMED),
        (format!("running 2 tests\ntest a ... ok\nfailures:\ntest b ... FAILED\n\n{RESULT}\n"), Verdict::Fail),
        (format!("running 2 tests\ntest a ... ok\ntest b ... ok\n\n{RESULT}\n"), Verdict::Pass),
        (format!("running 3 tests\ntest a ... ok\ntest b ... ok\n\n{RESULT}\n"), MALFORMED),
        (format!("running 2 tests\ntest a ... ok\n\n{RESULT}\n"), MALFORMED),
        (format!("running 2 tests\ntest a ... ok\ntest b ... FAILED\n\n{RESULT}\n"), Verdict::Fail),
        ("running 2 tests\ntest a ... ok\ntest b ... ok\n".into(), MALFORMED),
        (format!("running 2 tests\ntest a ... ok\ntest b ... ok\n\n{RESULT}\n\nrunning 1 test\ntest c ... ok\n"), MALFORMED),
        (format!("running 2 tests\ntest a ... ok\ntest b ... ok\n\n{RESULT}\ntest c ... FAILED\n"), Verdict::Fail),
        (format!("running 2 tests\ntest a ... ok\ntest b ... ok\n\n{RESULT}\nerror: test failed, to rerun pass `--test x`\n"), MALFORMED),
        // The test printed `ok` and failed; its neighbour printed nothing.
        ("running 1 test\ntest a ... ok\nFAILED\n\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out".into(), Verdict::Fail),
        // Output before the result, with and without a line end.
        (format!("running 2 tests\ntest a ... hello\nworld\nok\ntest b ... bookok\n\n{RESULT}\n"), Verdict::Pass),
        (format!("running 2 tests\ntest src/lib.rs - x (line 12) ... ok\ntest b - should panic ... ok\n\n{RESULT}\n"), Verdict::Pass),
        (format!("running 2 tests\ntest a ... ok <0.003s>\ntest b ... ok\n\n{RESULT}\n"), Verdict::Pass),
        ("running 0 tests\n\ntest result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 4 filtered out; finished in 0.00s".into(), NOT_EXAMINED),
        ("running 1 test\ntest a ... bench:       1 ns/iter (+/- 0)\n\ntest result: ok. 0 passed; 0 failed; 0 ignored; 1 measured; 0 filtered out".into(), NOT_EXAMINED),
        (RESULT.into(), MALFORMED),
    ] {
        let checked = one("{}", &text);
        assert_eq!(checked.verdict(), verdict, "{text}\n{}", checked.outcome.summary);
    }
}

#[test]
fn libtest_names_in_two_binaries_are_two_tests() {
    let block = |outcome: &str, result: &str| {
        format!("running 1 test\ntest works ... {outcome}\n\ntest result: {result}\n\n")
    };
    let ok = block("ok", "ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out");
    let failed = block("FAILED", "FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out");
    let checked = one("{}", &format!("{ok}{failed}{ok}"));
    assert_eq!(checked.errors(), ["test-failed:works#2"]);
    assert_eq!(checked.figures(), [3, 2, 1, 0, 0, 0]);
}

#[test]
fn a_nested_run_in_captured_output_is_not_this_run() {
    let text = "running 1 test\ntest a ... FAILED\n\nfailures:\n\n---- a stdout ----\nrunning 1 test\ntest b ... ok\n\n\
                test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n\nfailures:\n    a\n\n\
                test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out\n";
    let checked = one("{}", text);
    assert_eq!((checked.verdict(), checked.figures()), (Verdict::Fail, [1, 0, 1, 0, 0, 0]));
    assert_eq!(checked.errors(), ["test-failed:a"], "and the report itself is whole");
}

#[test]
fn a_binary_that_cargo_started_must_print_a_block() {
    let header = "     Running tests/b.rs (target/debug/deps/b-0)\n";
    for (text, verdict) in [
        (format!("{header}\n{LIBTEST_OK}"), Verdict::Pass),
        (format!("{header}\n{LIBTEST_OK}\n{header}"), MALFORMED),
        (format!("{header}\n{LIBTEST_OK}\n   Doc-tests demo\n"), MALFORMED),
        (format!("{header}\n{LIBTEST_OK}\n     Runn"), MALFORMED),
        // Both outputs one behind the other.
        (format!("{LIBTEST_OK}\n{LIBTEST_OK}{header}   Doc-tests demo\n"), Verdict::Pass),
    ] {
        let checked = one("{}", &text);
        assert_eq!(checked.verdict(), verdict, "{text}\n{}", checked.outcome.summary);
    }
}

const LIBTEST_OK: &str = "running 1 test\ntest a ... ok\n\n\
                          test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n";
const LIBTEST_FAILED: &str = "running 1 test\ntest a ... FAILED\n\n\
                              test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out\n";
const NEXTEST_START: &str = "    Starting 1 test across 1 binary\n";
const NEXTEST_PASS: &str = "        PASS [   0.001s] (1/1) demo b\n";
const NEXTEST_SUMMARY: &str = "     Summary [   0.001s] 1 test run: 1 passed, 0 skipped\n";
const NEXTEST_FAILED: &str = "        FAIL [   0.001s] (1/1) demo b\n     \
                              Summary [   0.001s] 1 test run: 0 passed, 1 failed, 0 skipped\n";

#[test]
fn a_text_in_two_formats_is_not_read_as_one() {
    let nextest = format!("{NEXTEST_START}{NEXTEST_PASS}{NEXTEST_SUMMARY}");
    let nested = |between: &str| format!("{NEXTEST_START}{between}{NEXTEST_PASS}{NEXTEST_SUMMARY}");
    let indented = LIBTEST_FAILED.replace('\n', "\n    ");
    for (text, verdict) in [
        (nextest.clone(), Verdict::Pass),
        (LIBTEST_OK.into(), Verdict::Pass),
        (format!("{nextest}{LIBTEST_FAILED}"), MALFORMED),
        (format!("{nextest}test a ... FAILED\n"), MALFORMED),
        (format!("{nextest}error: test failed, to rerun pass `--lib`\n"), MALFORMED),
        (nested(LIBTEST_FAILED), MALFORMED),
        (format!("{LIBTEST_OK}{NEXTEST_FAILED}"), MALFORMED),
        (format!("{LIBTEST_OK}{nextest}"), MALFORMED),
        (format!("{LIBTEST_OK}        FAIL [   0.001s] (1/1) demo b\n"), MALFORMED),
        (format!("        FAIL [   0.001s] (1/1) demo b\n{LIBTEST_OK}"), MALFORMED),
        // Output of the test itself: uncaptured, or shown with and without indentation.
        (nested(&format!("       START [         ] (1/1) demo b\n{LIBTEST_FAILED}")), Verdict::Pass),
        (format!("{nextest}{NEXTEST_PASS}  stdout ───\n\n    {indented}\n"), Verdict::Pass),
        (
            format!("{nextest}{NEXTEST_PASS}--- STDOUT:              demo b ---\n\n{LIBTEST_OK}\n"),
            Verdict::Pass,
        ),
        (format!("{nextest}{NEXTEST_PASS}  stdout ───\n\n    {indented}\n{LIBTEST_FAILED}"), MALFORMED),
        (format!("running 1 test\ntest a ... \n{NEXTEST_PASS}ok\n{}", &LIBTEST_OK[29..]), Verdict::Pass),
    ] {
        let checked = one("{}", &text);
        assert_eq!(checked.verdict(), verdict, "{text}\n{}", checked.outcome.summary);
    }
}

#[test]
fn a_crate_may_be_named_like_a_setup_script() {
    for (text, verdict) in [
        (NEXTEST_FAILED.replace("demo", "setup-script"), Verdict::Fail),
        (format!("  SETUP FAIL [   0.001s] demo build\n{NEXTEST_PASS}{NEXTEST_SUMMARY}"), Verdict::Fail),
    ] {
        let checked = one("{}", &format!("{NEXTEST_START}{text}"));
        assert_eq!(checked.verdict(), verdict, "{text}\n{}", checked.outcome.summary);
        let disagrees = checked.said.findings.iter().any(|finding| finding.rule == "report-counts");
        assert!(!disagrees, "{text}");
    }
}

#[test]
fn messages_count_in_words() {
    for (text, summary) in [
        ("running 1 test\n", "report-1: a block of 1 test has no `test result:` line: the run was cut off"),
        (
            "running 1 test\n\ntest result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n",
            "report-1: a block announces 1 test and lists 0",
        ),
        (
            "running 0 tests\n\ntest result: ok. 0 passed; 0 failed; 0 ignored; 2 measured; 0 filtered out\n",
            "report-1: a result line claims 0 passed, 0 failed, 0 ignored, 2 measured, but its block lists \
             0 passed, 0 failed, 0 ignored, 0 measured",
        ),
        (
            "<testsuite name='s' tests='1'/>",
            "report-1: the header of `s` claims 1 test, but none is listed: the report is not whole",
        ),
        (
            "     Summary [   0.001s] 0/1 test run: 0 passed, 0 skipped\n",
            "report-1: only 0 of 1 test were run",
        ),
        (
            "running 3 tests\n.i.\ntest result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out\n",
            "report-1: a result line claims 2 passed, 0 failed, 1 ignored, 0 measured, but its block lists \
             0 passed, 0 failed, 0 ignored, 0 measured; `cargo test -q` (`--format terse`) prints no names: leave \
             it out",
        ),
        (
            "running 90 tests\n..F....................................................................................... \
             88/90\n",
            "report-1: a block of 90 tests has no `test result:` line: the run was cut off; `cargo test -q` \
             (`--format terse`) prints no names: leave it out",
        ),
    ] {
        assert_eq!(one("{}", text).outcome.summary, summary, "{text}");
    }
}

#[test]
fn an_empty_report_says_how_its_command_ended() {
    for (exit, config, summary) in [
        (Exit::Code(1), "{}", "stdout: it is empty; the command ended with exit code 1"),
        (
            Exit::Code(101),
            r#"{"format":"libtest"}"#,
            "stdout: it is empty; the command ended with exit code 101",
        ),
        (Exit::Signal(9), "{}", "stdout: it is empty; the command was ended by signal 9"),
    ] {
        let mut evidence = Evidence::new();
        evidence.bind("report", [artifact_with_exit("stdout", b"", exit)]);
        let (outcome, _) = check::<TestReport>(config, &evidence);
        let outcome = outcome.expect("no fault");
        assert_eq!(
            (outcome.status, outcome.summary.as_str()),
            (Status::Inconclusive(Reason::NotExamined), summary)
        );
    }
}

#[test]
fn several_reports_are_merged_by_id() {
    let good = suite("<testcase name='a'/><testcase name='b'/>");
    let bad = suite("<testcase name='a'><failure/></testcase>");
    let skips = suite("<testcase name='b'><skipped/></testcase>");
    for (reports, verdict, figures) in [
        (vec![&good, &good], Verdict::Pass, [2, 2, 0, 0, 0, 0]),
        (vec![&good, &skips], Verdict::Pass, [2, 2, 0, 0, 0, 0]),
        (vec![&good, &bad], Verdict::Fail, [2, 1, 1, 0, 0, 0]),
        (vec![&bad, &good], Verdict::Fail, [2, 1, 1, 0, 0, 0]),
    ] {
        let bytes: Vec<&[u8]> = reports.iter().map(|text| text.as_bytes()).collect();
        let checked = judged(r#"{"flaky":"allow"}"#, &bytes, &[]);
        assert_eq!((checked.verdict(), checked.figures()), (verdict, figures));
    }
    // One that cannot be believed spoils the others, but not a failure.
    let whole: [&[u8]; 2] = [good.as_bytes(), b"<testsuite><testcase name='a'>"];
    assert_eq!(judged("{}", &whole, &[]).verdict(), MALFORMED);
    let failing: [&[u8]; 2] = [bad.as_bytes(), b""];
    assert_eq!(judged("{}", &failing, &[]).verdict(), Verdict::Fail);
}
