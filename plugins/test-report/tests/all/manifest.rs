//! The attachment `baseline.json`: what it holds, when there is none, and that it means what the report
//! means.

use super::{MALFORMED, Verdict, judged, one};

const MANIFEST: &str = r#"{"manifest":true,"flaky":"allow"}"#;

fn manifest(config: &str, report: &str) -> Option<String> {
    let checked = one(config, report);
    let [(name, media_type, bytes)] = &checked.said.attachments[..] else {
        assert!(checked.said.attachments.is_empty());
        return None;
    };
    assert_eq!((name.as_str(), media_type.as_str()), ("baseline.json", "application/json"));
    Some(String::from_utf8(bytes.clone()).expect("it is JSON"))
}

#[test]
fn lists_every_test_by_id() {
    let report = "<testsuite name='s'><testcase name='b'><failure/></testcase><testcase name='a &quot;q&quot;'/>\
                  <testcase name='c'><skipped/></testcase><testcase name='d'><flakyFailure/></testcase>\
                  <testcase name='e' status='disabled'/><testcase name='f'><error/></testcase>\
                  <testcase name='g'><failure type='timeout'/></testcase></testsuite>";
    let expected = "{\"version\":2,\"tests\":[\n\
                    {\"id\":\"s::a \\\"q\\\"\",\"status\":\"passed\"},\n{\"id\":\"s::b\",\"status\":\"failed\"},\n\
                    {\"id\":\"s::c\",\"status\":\"skipped\"},\n{\"id\":\"s::d\",\"status\":\"flaky\"},\n\
                    {\"id\":\"s::e\",\"status\":\"disabled\"},\n{\"id\":\"s::f\",\"status\":\"errored\"},\n\
                    {\"id\":\"s::g\",\"status\":\"timed-out\"}\n]}\n";
    assert_eq!(manifest(MANIFEST, report).as_deref(), Some(expected));
    assert_eq!(manifest("{}", report), None);
    assert_eq!(manifest(r#"{"manifest":false}"#, report), None);
}

/// An id that several tests share stands there as often; a fault is not a test.
#[test]
fn lists_every_test_of_a_shared_name() {
    let report = "<testsuite><testcase name='a'/><testcase name='b'/><testcase name='a'><skipped/></testcase>\
                  <testcase name=''><failure/></testcase></testsuite>";
    let expected = "{\"version\":2,\"tests\":[\n{\"id\":\"a\",\"status\":\"passed\"},\n\
                    {\"id\":\"a\",\"status\":\"skipped\"},\n{\"id\":\"b\",\"status\":\"passed\"}\n]}\n";
    let written = manifest(MANIFEST, report).expect("is whole");
    assert_eq!(written, expected);
    let fewer = "<testsuite><testcase name='a'/><testcase name='b'/></testsuite>";
    let checked = judged("{}", &[fewer.as_bytes()], &[written.as_bytes()]);
    assert_eq!((checked.verdict(), checked.errors()), (Verdict::Fail, vec!["test-removed:a"]));
}

#[test]
fn a_report_that_is_not_whole_gives_none() {
    for report in [
        "<testsuite tests='2'><testcase name='a'/></testsuite>",
        "<testsuite><testcase name='a'/>",
        "<testsuite><testcase name='a'><failure/></testcase>",
        "<testsuite/>",
        "",
    ] {
        assert_eq!(manifest(MANIFEST, report), None, "{report}");
    }
}

/// The report beside its own manifest: nothing is removed, skipped, failing, passing or new.
#[test]
fn a_report_is_no_change_to_its_own_manifest() {
    for (name, report) in [
        ("libtest", include_str!("../../testdata/libtest-pass.txt")),
        ("libtest fail", include_str!("../../testdata/libtest-fail.txt")),
        ("nextest", include_str!("../../testdata/nextest-retry.txt")),
        ("junit", include_str!("../../testdata/nextest-retry.xml")),
        ("go", include_str!("../../testdata/go-fail.json")),
        ("go count", include_str!("../../testdata/go-count.json")),
    ] {
        let written = manifest(MANIFEST, report).unwrap_or_else(|| panic!("{name} is whole"));
        let checked = judged(MANIFEST, &[report.as_bytes()], &[written.as_bytes()]);
        assert_eq!(checked.verdict(), one(MANIFEST, report).verdict(), "{name}");
        let changes =
            checked.outcome.metrics.iter().skip(6).map(|metric| (metric.name.as_str(), metric.value));
        let none =
            ["removed", "newly-skipped", "newly-failing", "newly-passing", "new"].map(|name| (name, 0.0));
        assert_eq!(changes.collect::<Vec<_>>(), none, "{name}");
    }
    let written = manifest(MANIFEST, include_str!("../../testdata/go-pass.json")).expect("is whole");
    let fewer = include_str!("../../testdata/go-bench.json");
    let checked = judged(MANIFEST, &[fewer.as_bytes()], &[written.as_bytes()]);
    assert_eq!(checked.verdict(), Verdict::Fail, "{}", checked.outcome.summary);
    assert_eq!(judged("{}", &[fewer.as_bytes()], &[&written.as_bytes()[..40]]).verdict(), MALFORMED);
}
