//! Reports of a repeated source, named `1/...`, `2/...`: no go hides another one.

use evident_checker::testing::artifact;
use evident_checker::{Artifact, Evidence, Origin, Reason};

use super::{Checked, MALFORMED, NOT_EXAMINED, Verdict, judged_as, judged_evidence};

const ALLOWED: &str = r#"{"flaky":"allow"}"#;
const CONTRADICTION: Verdict = Verdict::Inconclusive(Reason::Contradiction);

/// One case for each letter: passed, failed, skipped, absent (`p`, `f`, `s`, `-`), named by its position.
fn report(outcomes: &str) -> String {
    let cases = outcomes.char_indices().filter(|(_, outcome)| *outcome != '-').map(|(at, outcome)| {
        let child = match outcome {
            'f' => "<failure>why</failure>",
            's' => "<skipped/>",
            _ => "",
        };
        format!("<testcase name='t{at}'>{child}</testcase>")
    });
    format!("<testsuite name='s'>{}</testsuite>", cases.collect::<String>())
}

fn goes(config: &str, reports: &[(&str, String)]) -> Checked {
    let files: Vec<(&str, &[u8])> = reports.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    judged_as(config, &files, &[])
}

fn numbered(config: &str, outcomes: &[&str]) -> Checked {
    let named: Vec<(String, String)> =
        (1..).zip(outcomes).map(|(go, outcomes)| (format!("{go}/report.xml"), report(outcomes))).collect();
    let mut by_name: Vec<(&str, String)> =
        named.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
    // The host binds in byte order: 1/, 10/, 2/.
    by_name.sort();
    goes(config, &by_name)
}

#[test]
fn goes_are_compared_test_by_test() {
    for (config, outcomes, verdict, figures) in [
        ("{}", &["pp", "pp", "pp"][..], Verdict::Pass, [2, 2, 0, 0, 0, 0]),
        // A failure in any go is told, in whichever it was.
        ("{}", &["pp", "pp", "pf"], Verdict::Fail, [2, 2, 0, 0, 0, 1]),
        ("{}", &["pf", "pp", "pp"], Verdict::Fail, [2, 2, 0, 0, 0, 1]),
        (ALLOWED, &["pp", "pf", "pp"], Verdict::Pass, [2, 2, 0, 0, 0, 1]),
        (ALLOWED, &["pp", "pp", "pf"], Verdict::Pass, [2, 2, 0, 0, 0, 1]),
        (r#"{"flaky":"allow","flaky_max":1}"#, &["fp", "pf"], Verdict::Fail, [2, 2, 0, 0, 0, 2]),
        // Failed in every go: not flaky.
        (ALLOWED, &["pf", "pf"], Verdict::Fail, [2, 1, 1, 0, 0, 0]),
        (ALLOWED, &["ps", "pf"], Verdict::Fail, [2, 1, 1, 0, 0, 0]),
        // Skipped in one go: it was not run in every go.
        ("{}", &["pp", "ps"], Verdict::Pass, [2, 1, 0, 0, 1, 0]),
        (r#"{"skipped":"deny"}"#, &["pp", "ps"], Verdict::Fail, [2, 1, 0, 0, 1, 0]),
        (r#"{"required":["t1"]}"#, &["pp", "ps"], Verdict::Fail, [2, 1, 0, 0, 1, 0]),
        // A test that a go does not list may be the one that failed there.
        ("{}", &["pp", "p-", "pp"], CONTRADICTION, [2, 2, 0, 0, 0, 0]),
        ("{}", &["p-", "pp", "p-"], CONTRADICTION, [2, 2, 0, 0, 0, 0]),
        (ALLOWED, &["pf", "p-", "pp"], CONTRADICTION, [2, 2, 0, 0, 0, 1]),
        ("{}", &["pp", "--", "pp"], NOT_EXAMINED, [2, 2, 0, 0, 0, 0]),
        ("{}", &["pp", "ss", "pp"], NOT_EXAMINED, [2, 0, 0, 0, 2, 0]),
    ] {
        let checked = numbered(config, outcomes);
        assert_eq!(checked.verdict(), verdict, "{config} {outcomes:?}: {}", checked.outcome.summary);
        assert_eq!(checked.figures(), figures, "{config} {outcomes:?}");
    }
}

/// Tests that share a name have no order that holds from go to go: catches the pass of one of them that makes
/// the failure of another one flaky.
#[test]
fn a_shared_name_lends_no_pass() {
    let named = |outcomes: &str| report(outcomes).replace("t1'", "t0'");
    for (outcomes, verdict, figures) in [
        (["pp", "pp"], Verdict::Pass, [2, 2, 0, 0, 0, 0]),
        (["fp", "pf"], Verdict::Fail, [2, 1, 1, 0, 0, 0]),
        (["fp", "fp"], Verdict::Fail, [2, 1, 1, 0, 0, 0]),
        (["fp", "pp"], Verdict::Pass, [2, 2, 0, 0, 0, 1]),
        (["pp", "p-"], CONTRADICTION, [2, 2, 0, 0, 0, 0]),
    ] {
        let files = [("1/r.xml", named(outcomes[0])), ("2/r.xml", named(outcomes[1]))];
        let checked = goes(ALLOWED, &files);
        assert_eq!(checked.verdict(), verdict, "{outcomes:?}: {}", checked.outcome.summary);
        assert_eq!(checked.figures(), figures, "{outcomes:?}");
    }
}

#[test]
fn one_failure_in_ten_goes_is_named_with_its_go() {
    let mut outcomes = ["pp"; 10];
    outcomes[2] = "pf";
    let checked = numbered("{}", &outcomes);
    assert_eq!(checked.errors(), ["test-flaky:s::t1"]);
    let finding = checked.said.findings.iter().find(|finding| finding.rule == "test-flaky").expect("told");
    assert!(finding.message.contains("failed in 1 of 10 goes") && finding.message.contains("why"));
    let location = finding.location.as_ref().expect("it has a place");
    assert_eq!(location.artifact.as_deref(), Some("3/report.xml"));
}

#[test]
fn a_go_that_is_missing_or_broken_is_no_pass() {
    let pass = || report("pp");
    let gap = goes("{}", &[("1/r.xml", pass()), ("3/r.xml", pass())]);
    assert_eq!(gap.verdict(), NOT_EXAMINED, "{}", gap.outcome.summary);
    assert!(gap.outcome.summary.contains("go 2 of 3"), "{}", gap.outcome.summary);
    let cut = goes("{}", &[("1/r.xml", pass()), ("2/r.xml", "<testsuite>".into())]);
    assert_eq!(cut.verdict(), MALFORMED, "{}", cut.outcome.summary);
}

#[test]
fn shards_stay_parts_of_one_run() {
    for (names, texts, verdict) in [
        (["a.xml", "b.xml"], ["p-", "-p"], Verdict::Pass),
        (["1/a.xml", "b.xml"], ["p-", "-p"], Verdict::Pass),
        (["1/a.xml", "1/b.xml"], ["p-", "-p"], Verdict::Pass),
        (["a.xml", "b.xml"], ["pp", "pf"], Verdict::Fail),
        (["1/a.xml", "1/b.xml"], ["pp", "pf"], Verdict::Fail),
        (["1/a.xml", "2/a.xml"], ["pp", "pf"], Verdict::Pass),
    ] {
        let files: Vec<(&str, String)> = names.into_iter().zip(texts.map(report)).collect();
        let checked = goes(ALLOWED, &files);
        assert_eq!(checked.verdict(), verdict, "{names:?} {texts:?}: {}", checked.outcome.summary);
    }
    // Two shards in each of two goes.
    let files = [("1/a", "p-"), ("1/b", "-p"), ("2/a", "p-"), ("2/b", "-f")];
    let files = files.map(|(name, text)| (name, report(text)));
    let checked = goes("{}", &files);
    assert_eq!((checked.verdict(), checked.figures()), (Verdict::Fail, [2, 2, 0, 0, 0, 1]));
}

/// Two sources in one slot: only the repeated one has goes, and a failure of the other is not a flake.
#[test]
fn each_source_has_its_own_goes() {
    let of = |source: &str, name: &str, text: &str| {
        let made = artifact(name, text.as_bytes());
        let origin = Origin { source: source.into(), ..made.origin().clone() };
        let text = text.as_bytes().to_vec();
        Artifact::new(made.info().clone(), origin, Box::new(Bytes(text)))
    };
    for (second, other, verdict) in [
        ("pp-", "--p", Verdict::Pass),
        ("pp-", "--f", Verdict::Fail),
        ("pp-", "f-p", Verdict::Fail),
        // A go that skipped everything, beside a source that did not.
        ("ss-", "--p", NOT_EXAMINED),
    ] {
        let mut evidence = Evidence::new();
        let files = [("a", "1/r", "pp-"), ("a", "2/r", second), ("b", "r", other)];
        evidence.bind("report", files.map(|(source, name, text)| of(source, name, &report(text))));
        let checked = judged_evidence(ALLOWED, &evidence);
        assert_eq!(checked.verdict(), verdict, "{second} {other}: {}", checked.outcome.summary);
    }
}

/// The host uses an answer again that asked for no origin: one report, or shards, must not ask for it.
#[test]
fn origins_are_asked_for_only_beside_goes() {
    for names in [&["r.xml"][..], &["1/r.xml"], &["a.xml", "b.xml"], &["1/a.xml", "1/b.xml"]] {
        let mut evidence = Evidence::new();
        evidence.bind(
            "report",
            names.iter().map(|name| {
                let text = report("pp").into_bytes();
                let info = artifact(name, &text).info().clone();
                Artifact::lazy(move || info, || panic!("the origin was asked for"), Box::new(Bytes(text)))
            }),
        );
        assert_eq!(judged_evidence("{}", &evidence).verdict(), Verdict::Pass);
    }
}

struct Bytes(Vec<u8>);

impl evident_checker::ReadAt for Bytes {
    fn read_at(&self, offset: u64, length: u32) -> Result<Vec<u8>, evident_checker::ReadError> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(self.0.len());
        let end = start.saturating_add(length as usize).min(self.0.len());
        Ok(self.0[start..end].to_vec())
    }
}
