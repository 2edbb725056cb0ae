//! Real output of cargo 1.95 and cargo-nextest 0.9.143 over one small crate, kept in `testdata`.

use super::{MALFORMED, NOT_EXAMINED, Verdict, judged, one};

macro_rules! sample {
    ($name:literal) => {
        include_str!(concat!("../../testdata/", $name))
    };
}

const FLAKY_ALLOWED: &str = r#"{"flaky":"allow"}"#;

#[test]
fn samples_give_their_figures() {
    for (name, config, text, verdict, figures) in [
        ("retry.txt", "{}", sample!("nextest-retry.txt"), Verdict::Fail, [12, 8, 3, 0, 1, 1]),
        ("retry.xml", "{}", sample!("nextest-retry.xml"), Verdict::Fail, [11, 8, 3, 0, 0, 1]),
        ("flaky.txt", "{}", sample!("nextest-flaky.txt"), Verdict::Fail, [7, 6, 0, 0, 1, 1]),
        ("flaky.txt", FLAKY_ALLOWED, sample!("nextest-flaky.txt"), Verdict::Pass, [7, 6, 0, 0, 1, 1]),
        ("flaky.xml", FLAKY_ALLOWED, sample!("nextest-flaky.xml"), Verdict::Pass, [6, 6, 0, 0, 0, 1]),
        ("strict.txt", FLAKY_ALLOWED, sample!("nextest-strict.txt"), Verdict::Fail, [7, 5, 1, 0, 1, 0]),
        ("strict.xml", FLAKY_ALLOWED, sample!("nextest-strict.xml"), Verdict::Fail, [6, 5, 1, 0, 0, 0]),
        ("colour.txt", FLAKY_ALLOWED, sample!("nextest-colour.txt"), Verdict::Pass, [7, 6, 0, 0, 1, 1]),
        ("nocapture.txt", FLAKY_ALLOWED, sample!("nextest-nocapture.txt"), Verdict::Pass, [7, 6, 0, 0, 1, 1]),
        ("failfast.txt", "{}", sample!("nextest-failfast.txt"), Verdict::Fail, [5, 3, 1, 0, 1, 0]),
        ("none.txt", "{}", sample!("nextest-none.txt"), NOT_EXAMINED, [12, 0, 0, 0, 12, 0]),
        ("libtest-fail.txt", "{}", sample!("libtest-fail.txt"), Verdict::Fail, [9, 7, 1, 0, 1, 0]),
        ("libtest-nocapture.txt", "{}", sample!("libtest-nocapture.txt"), Verdict::Pass, [7, 6, 0, 0, 1, 0]),
        ("libtest-pass.txt", "{}", sample!("libtest-pass.txt"), Verdict::Pass, [7, 6, 0, 0, 1, 0]),
    ] {
        let checked = one(config, text);
        assert_eq!(checked.verdict(), verdict, "{name}: {}", checked.outcome.summary);
        assert_eq!(checked.figures(), figures, "{name}");
    }
}

#[test]
fn nextest_text_and_junit_of_one_run_have_the_same_ids() {
    for (text, junit, config) in [
        (sample!("nextest-flaky.txt"), sample!("nextest-flaky.xml"), FLAKY_ALLOWED),
        (sample!("nextest-retry.txt"), sample!("nextest-retry.xml"), FLAKY_ALLOWED),
    ] {
        for (report, baseline) in [(text, junit), (junit, text)] {
            let checked = judged(config, &[report.as_bytes()], &[baseline.as_bytes()]);
            let of =
                |name: &str| checked.outcome.metrics.iter().find(|metric| metric.name == name).unwrap().value;
            let changes = ["removed", "newly-skipped", "newly-failing", "newly-passing", "new"].map(of);
            assert_eq!(changes, [0.0; 5], "{}", checked.outcome.summary);
        }
        let (left, right) = (one(config, text), one(config, junit));
        assert_eq!(left.errors(), right.errors());
    }
}

#[test]
fn a_cut_or_changed_text_never_passes() {
    for text in [sample!("libtest-pass.txt"), sample!("nextest-flaky.txt"), sample!("nextest-colour.txt")] {
        assert_eq!(one(FLAKY_ALLOWED, text).verdict(), Verdict::Pass);
        // Up to the last counts: behind them, nothing is said that could be missed.
        let summary = text.rfind("Summary").or_else(|| text.rfind("; 0 filtered")).unwrap();
        // A text that ends between two blocks of libtest may be the whole of a smaller run.
        let between = text.find("; 0 filtered").unwrap_or(0)..=text.rfind("\nrunning").map_or(0, |at| at + 1);
        for cut in (0..summary).filter(|cut| text.is_char_boundary(*cut) && !between.contains(cut)) {
            let checked = one(FLAKY_ALLOWED, &text[..cut]);
            assert_ne!(checked.verdict(), Verdict::Pass, "cut at {cut}");
        }
        for (from, to) in [(" ok\n", " FAILED\n"), ("PASS", "FAIL")] {
            if text.contains(from) {
                let checked = one(FLAKY_ALLOWED, &text.replacen(from, to, 1));
                assert_ne!(checked.verdict(), Verdict::Pass);
            }
        }
        // Without a case, the counts tell.
        let lines: Vec<&str> = text.lines().collect();
        for at in (0..lines.len()).filter(|at| lines[*at].contains("prints_mid")) {
            let without = [&lines[..at], &lines[at + 1..]].concat().join("\n");
            assert_eq!(one(FLAKY_ALLOWED, &without).verdict(), MALFORMED, "without `{}`", lines[at]);
        }
    }
}

#[test]
fn a_libtest_failure_says_where_and_why() {
    let checked = one("{}", sample!("libtest-fail.txt"));
    assert_eq!(checked.errors(), ["test-failed:fails"]);
    let finding = &checked.said.findings[0];
    assert!(
        finding.message.starts_with("`fails` failed: assertion `left == right` failed"),
        "{}",
        finding.message
    );
    let location = finding.location.as_ref().unwrap();
    assert_eq!((location.path.as_deref(), location.line), (Some("tests/bad.rs"), Some(1)));
}
