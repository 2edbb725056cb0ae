//! Real output of `go test -json` (Go 1.27, packages made for this), kept in `testdata`, and small
//! texts for one rule each.

use super::{Checked, MALFORMED, NOT_EXAMINED, UNSUPPORTED, Verdict, judged, one};

macro_rules! sample {
    ($name:literal) => {
        include_str!(concat!("../../testdata/go-", $name, ".json"))
    };
}

#[test]
fn samples_give_their_figures() {
    for (name, text, verdict, figures) in [
        ("pass", sample!("pass"), Verdict::Pass, [10, 9, 0, 0, 1, 0]),
        ("fail", sample!("fail"), Verdict::Fail, [15, 11, 3, 0, 1, 0]),
        ("panic", sample!("panic"), Verdict::Fail, [2, 1, 1, 0, 0, 0]),
        // `os.Exit(0)` in a test: the runner itself makes a panic of it.
        ("exit", sample!("exit"), Verdict::Fail, [2, 1, 1, 0, 0, 0]),
        // The same behind the runner's back: exit code 0, and the package has no final event.
        ("quit", sample!("quit"), MALFORMED, [2, 2, 0, 0, 0, 0]),
        // `os.Exit(0)` before the first test: `go` says ok.
        ("early", sample!("early"), NOT_EXAMINED, [0; 6]),
        // `os.Exit(3)` behind the last test.
        ("setup", sample!("setup"), Verdict::Fail, [2, 1, 0, 1, 0, 0]),
        ("build", sample!("build"), Verdict::Fail, [1, 0, 0, 1, 0, 0]),
        ("hang", sample!("hang"), Verdict::Fail, [2, 1, 1, 0, 0, 0]),
        // A benchmark is measured, not tested.
        ("bench", sample!("bench"), Verdict::Pass, [1, 1, 0, 0, 0, 0]),
        ("count", sample!("count"), Verdict::Fail, [1, 1, 0, 0, 0, 1]),
        ("cover", sample!("cover"), Verdict::Pass, [10, 9, 0, 0, 1, 0]),
        ("norun", sample!("norun"), NOT_EXAMINED, [0; 6]),
    ] {
        let checked = one("{}", text);
        assert_eq!(checked.verdict(), verdict, "{name}: {}", checked.outcome.summary);
        assert_eq!(checked.figures(), figures, "{name}: {}", checked.outcome.summary);
    }
}

fn errors(text: &str) -> Vec<String> {
    one("{}", text).errors().into_iter().map(str::to_owned).collect()
}

#[test]
fn a_package_that_failed_without_a_test_is_a_case() {
    assert_eq!(errors(sample!("setup")), ["test-errored:example.com/demo/setup"]);
    assert_eq!(errors(sample!("build")), ["test-errored:example.com/demo/broken"]);
    assert_eq!(errors(sample!("hang")), ["test-timed-out:example.com/demo/hangs::TestHangs"]);
    let all = errors(sample!("all"));
    for id in [
        "test-failed:example.com/demo/bad::TestSubtests/bad",
        "test-failed:example.com/demo/panics::TestPanics",
        "test-errored:example.com/demo/broken",
        "test-errored:example.com/demo/setup",
    ] {
        assert!(all.iter().any(|error| error == id), "{id} is not in {all:?}");
    }
}

#[test]
fn findings_say_where_and_why() {
    for (text, path, line, start) in [
        (
            sample!("fail"),
            "bad_test.go",
            9,
            "`example.com/demo/bad::TestFails` failed: bad_test.go:9: got 2, want 3",
        ),
        (
            sample!("build"),
            "broken/broken_test.go",
            5,
            "`example.com/demo/broken` ended with an error: # example.com/demo/broken",
        ),
    ] {
        let checked = one("{}", text);
        let finding = &checked.said.findings[0];
        let location = finding.location.as_ref().expect("it has a place");
        assert_eq!((location.path.as_deref(), location.line), (Some(path), Some(line)));
        assert!(finding.message.starts_with(start), "{}", finding.message);
    }
    let panics = one("{}", sample!("panic"));
    assert!(panics.outcome.summary.contains("TestPanics"), "{}", panics.outcome.summary);
    assert!(panics.said.findings[0].message.contains("failed: panic: assignment to entry in nil map"));
}

/// `A:p` is a package event, `A:p:T` one of a test, `=p` the line `PASS`, `ok p` the line of `go`;
/// anything else stands as it is.
fn events(words: &[&str]) -> String {
    let mut text = String::new();
    for word in words {
        let parts: Vec<&str> = word.split(':').collect();
        let line = match parts[..] {
            [package] if package.starts_with('=') => {
                format!(r#"{{"Action":"output","Package":"{}","Output":"PASS\n"}}"#, &package[1..])
            }
            [ok] if ok.starts_with("ok ") => {
                format!(r#"{{"Action":"output","Package":"{0}","Output":"ok  \t{0}\t0.1s\n"}}"#, &ok[3..])
            }
            [action, package] => format!(r#"{{"Action":"{action}","Package":"{package}"}}"#),
            [action, package, test] => {
                format!(r#"{{"Action":"{action}","Package":"{package}","Test":"{test}"}}"#)
            }
            _ => (*word).to_owned(),
        };
        text.push_str(&line);
        text.push('\n');
    }
    text
}

const GO: &str = r#"{"format":"go-test","flaky":"allow"}"#;

fn of(words: &[&str]) -> Checked {
    judged(GO, &[events(words).as_bytes()], &[])
}

#[test]
fn every_test_and_every_package_must_end() {
    const GOOD: &[&str] = &["run:p:T", "pass:p:T", "=p", "ok p", "pass:p"];
    for (words, verdict, figures) in [
        (GOOD, Verdict::Pass, [1, 1, 0, 0, 0, 0]),
        // Interleaved packages.
        (
            &["run:p:T", "run:q:T", "pass:q:T", "pass:p:T", "=q", "pass:q", "=p", "pass:p"],
            Verdict::Pass,
            [2, 2, 0, 0, 0, 0],
        ),
        (&["run:p:T", "=p", "pass:p"], MALFORMED, [0; 6]),
        (&["run:p:T", "pass:p:T", "=p"], MALFORMED, [1, 1, 0, 0, 0, 0]),
        (&["run:p:T", "pass:p:T", "ok p", "pass:p"], NOT_EXAMINED, [1, 1, 0, 0, 0, 0]),
        (&["run:p:T", "pass:p:T", "run:p:U", "fail:p"], Verdict::Fail, [2, 1, 1, 0, 0, 0]),
        (&["run:p:T", "pass:p:T", "fail:p"], Verdict::Fail, [2, 1, 0, 1, 0, 0]),
        (&["run:p:T", "run:p:T", "pass:p:T", "=p", "pass:p"], MALFORMED, [1, 1, 0, 0, 0, 0]),
        // Two ends of one run: the worst is the outcome, this is not a second attempt.
        (&["run:p:T", "pass:p:T", "fail:p:T", "fail:p"], Verdict::Fail, [1, 0, 1, 0, 0, 0]),
        (&["run:p:T", "fail:p:T", "pass:p:T", "=p", "pass:p"], Verdict::Fail, [1, 0, 1, 0, 0, 0]),
        // `-count`: in any order, a test that passed and failed is flaky.
        (&["run:p:T", "pass:p:T", "run:p:T", "fail:p:T", "fail:p"], Verdict::Pass, [1, 1, 0, 0, 0, 1]),
        (&["run:p:T", "fail:p:T", "run:p:T", "pass:p:T", "fail:p"], Verdict::Pass, [1, 1, 0, 0, 0, 1]),
        (&["run:p:T", "fail:p:T", "run:p:T", "fail:p:T", "fail:p"], Verdict::Fail, [1, 0, 1, 0, 0, 0]),
        // Another process for the same package: the last one decides.
        (
            &["run:p:T", "fail:p:T", "fail:p", "run:p:T", "pass:p:T", "=p", "pass:p"],
            Verdict::Pass,
            [1, 1, 0, 0, 0, 1],
        ),
        (
            &["run:p:T", "pass:p:T", "=p", "pass:p", "run:p:T", "fail:p:T", "fail:p"],
            Verdict::Fail,
            [1, 0, 1, 0, 0, 0],
        ),
        // A failure that the second process did not repeat stays one.
        (
            &["run:p:T", "fail:p:T", "fail:p", "run:p:U", "pass:p:U", "=p", "pass:p"],
            Verdict::Fail,
            [2, 1, 1, 0, 0, 0],
        ),
        (&["fail:p", "run:p:T", "pass:p:T", "=p", "pass:p"], Verdict::Fail, [2, 1, 0, 1, 0, 0]),
        // An attempt repeats what failed, with the subtests of it; another run of the package repeats all.
        (
            &["run:p:T", "fail:p:T", "run:p:U", "pass:p:U", "fail:p", "run:p:T", "pass:p:T", "=p", "pass:p"],
            Verdict::Pass,
            [2, 2, 0, 0, 0, 1],
        ),
        (
            &[
                "run:p:T",
                "run:p:T/a",
                "pass:p:T/a",
                "run:p:T/b",
                "fail:p:T/b",
                "fail:p:T",
                "fail:p",
                "run:p:T",
                "run:p:T/a",
                "pass:p:T/a",
                "run:p:T/b",
                "pass:p:T/b",
                "pass:p:T",
                "=p",
                "pass:p",
            ],
            Verdict::Pass,
            [3, 3, 0, 0, 0, 2],
        ),
        (
            &[
                "run:p:T", "fail:p:T", "run:p:U", "pass:p:U", "fail:p", "run:p:T", "pass:p:T", "run:p:U",
                "pass:p:U", "=p", "pass:p",
            ],
            Verdict::Fail,
            [2, 1, 1, 0, 0, 0],
        ),
        // No test files.
        (&["start:p", "skip:p"], NOT_EXAMINED, [0; 6]),
        (&["run:p:BenchmarkX", "=p", "pass:p"], NOT_EXAMINED, [0; 6]),
        (&["run:p:BenchmarkX", "fail:p:BenchmarkX", "fail:p"], Verdict::Fail, [1, 0, 1, 0, 0, 0]),
    ] {
        let checked = of(words);
        assert_eq!(checked.verdict(), verdict, "{words:?}: {}", checked.outcome.summary);
        assert_eq!(checked.figures(), figures, "{words:?}");
    }
}

#[test]
fn other_lines_are_counted_and_never_hide_a_failure() {
    let with = |line: &str| {
        let (before, after) = (events(&["run:p:T", "pass:p:T"]), events(&["=p", "pass:p"]));
        judged(GO, &[format!("{before}{line}\n{after}").as_bytes()], &[])
    };
    let noisy = with("go: downloading example.com/x v1.2.3");
    assert_eq!(noisy.verdict(), Verdict::Pass);
    assert_eq!(noisy.said.findings[0].rule, "report-noise");
    for (line, verdict) in [
        ("FAIL\tq [build failed]", Verdict::Fail),
        ("FAIL", MALFORMED),
        ("panic: no", MALFORMED),
        ("test a ... FAILED", MALFORMED),
        ("{\"Action\":\"pass\"", MALFORMED),
        ("{\"Test\":\"a\"}", MALFORMED),
        ("{\"Action\":\"pass\",\"Action\":\"fail\",\"Package\":\"p\",\"Test\":\"T\"}", MALFORMED),
        ("{\"Action\":\"perish\",\"Package\":\"p\",\"Test\":\"T\"}", UNSUPPORTED),
        ("{\"Action\":\"build-fail\",\"ImportPath\":\"q\"}", Verdict::Fail),
    ] {
        let checked = with(line);
        assert_eq!(checked.verdict(), verdict, "{line}: {}", checked.outcome.summary);
    }
}

/// Catches a message that leaves a person alone with what an old Go lost.
#[test]
fn an_end_that_go_lost_is_explained() {
    let told = |output: &str| {
        let printed = format!(r#"{{"Action":"output","Package":"p","Test":"T","Output":"{output}\n"}}"#);
        let (before, after) = (events(&["run:p:T"]), events(&["=p", "pass:p"]));
        judged(GO, &[format!("{before}{printed}\n{after}").as_bytes()], &[]).outcome.summary
    };
    assert!(told("hello--- PASS: T (0.00s)").contains("Go before 1.20 loses the end of a test"));
    for other in ["hello", "hello--- PASS: TOther (0.00s)"] {
        assert!(told(other).ends_with("these tests began and never ended: T"), "{}", told(other));
    }
}
