//! The checker `test-report` over any bytes, in every format and policy.
//!
//! An input: a byte that chooses, the first report, a baseline that may be empty, further reports; with a
//! record separator (0x1e) between two.

use evident_checker::{Outcome, Status};
use evident_test_report::TestReport;

use super::verdict::{Slot, accepted, cuts, judged, parts};

/// Words of the config key `format`.
const FORMATS: [&str; 5] = ["auto", "junit", "libtest", "nextest", "go-test"];

/// Policies, as members of the config.
const POLICIES: [&str; 8] = [
    "",
    r#","skipped":"deny""#,
    r#","flaky":"allow""#,
    r#","flaky":"allow","flaky_max":1"#,
    r#","required":["a","demo::b"]"#,
    r#","min_tests":2"#,
    r#","allow_removed":["a"],"allow_skipped":["b"]"#,
    r#","manifest":true"#,
];

/// Policies that excuse nothing that a baseline has.
const POLICIES_STRICT: usize = 6;

/// The config of an input that begins with this byte.
fn config(choice: usize) -> String {
    let format = FORMATS[choice % FORMATS.len()];
    let policy = POLICIES[choice / FORMATS.len() % POLICIES.len()];
    format!(r#"{{"format":"{format}"{policy}}}"#)
}

/// See [`accepted`].
pub(crate) fn configs_are_accepted() {
    (0..FORMATS.len() * POLICIES.len()).for_each(|choice| accepted::<TestReport>(&config(choice)));
}

/// Judges; see the module for the shape of `bytes`.
///
/// # Panics
/// When the outcome cannot be right.
pub fn test_report(bytes: &[u8]) {
    let Some((choice, parts)) = parts(bytes) else { return };
    let format = FORMATS[choice % FORMATS.len()];
    let config = config(choice);
    // Goes of a repeated source, or parts of one run.
    let names = if choice < FORMATS.len() * POLICIES.len() { "report-" } else { "" };
    let (report, baseline) = (parts[0], parts.get(1).copied().unwrap_or_default());
    let further = parts.get(2..).unwrap_or_default();
    let slots = |report| slots(names, report, baseline, further);
    let outcome = judged::<TestReport>(&config, &slots(report)).0;
    match outcome.status {
        Status::Pass => return passes(choice, &outcome, slots(report)),
        Status::Fail => {}
        Status::Inconclusive(_) => return,
    }
    let is_junit = format == "junit" || (format == "auto" && begins_as_xml(report));
    let excuses_nothing = choice / FORMATS.len() % POLICIES.len() < POLICIES_STRICT;
    let is_one_libtest = format == "libtest" && parts.len() == 1 && excuses_nothing;
    for cut in cuts(report).filter(|_| is_junit || is_one_libtest) {
        if judged::<TestReport>(&config, &slots(cut)).0.status == Status::Pass {
            assert!(is_one_libtest, "it fails as a whole and passes without its end, at {}", cut.len());
            libtest_tells_beside_its_baseline(&config, report, cut);
        }
    }
}

/// A pass has no failure in it, is one under the default policy too, and hides no failing report beside it.
fn passes(choice: usize, outcome: &Outcome, mut slots: [Slot<'_>; 2]) {
    const FAILING: &[u8] = b"<testsuite><testcase name='fails'><failure/></testcase></testsuite>";
    let config = config(choice);
    let figure = |name: &str| {
        let metric = outcome.metrics.iter().find(|metric| metric.name == name);
        metric.unwrap_or_else(|| panic!("no metric `{name}`")).value
    };
    assert_eq!((figure("failed"), figure("errored")), (0.0, 0.0), "{config}: {}", outcome.summary);
    assert!(figure("skipped") == 0.0 || !config.contains("\"skipped\":\"deny\""), "{}", outcome.summary);
    assert!(figure("flaky") == 0.0 || config.contains("\"flaky\":\"allow\""), "{}", outcome.summary);
    let is_looser = ["flaky", "allow_removed"].iter().any(|key| config.contains(key));
    if !is_looser {
        let default = self::config(choice % FORMATS.len());
        let under_default = judged::<TestReport>(&default, &slots).0;
        assert_eq!(under_default.status, Status::Pass, "only under {config}: {}", under_default.summary);
    }
    slots[0].artifacts.push(("9/failing".to_owned(), FAILING));
    let beside = judged::<TestReport>(&config, &slots).0;
    assert_ne!(beside.status, Status::Pass, "beside a failing report: {}", beside.summary);
}

fn slots<'a>(names: &str, report: &'a [u8], baseline: &'a [u8], further: &[&'a [u8]]) -> [Slot<'a>; 2] {
    let reports = [report].into_iter().chain(further.iter().copied());
    let named = |(number, bytes)| (format!("{names}{number}/report"), bytes);
    let baseline = [baseline].into_iter().filter(|bytes| !bytes.is_empty());
    [
        Slot { name: "report", artifacts: (1..).zip(reports).map(named).collect() },
        Slot { name: "baseline", artifacts: baseline.map(|bytes| ("baseline".to_owned(), bytes)).collect() },
    ]
}

/// As the checker looks at it.
fn begins_as_xml(report: &[u8]) -> bool {
    report.strip_prefix(b"\xef\xbb\xbf").unwrap_or(report).trim_ascii_start().starts_with(b"<")
}

/// The text of `cargo test` has no end: cut behind a block it is that of a smaller run, which passes. The
/// baseline of the whole tells.
fn libtest_tells_beside_its_baseline(config: &str, report: &[u8], cut: &[u8]) {
    let (_, said) =
        judged::<TestReport>(r#"{"format":"libtest","manifest":true}"#, &slots("", report, b"", &[]));
    // Without a manifest it is not whole. `#` is how names of two binaries are told apart, so that a test
    // with one in its name can be taken for another.
    let Some((_, _, manifest)) = said.attachments.first().filter(|_| !report.contains(&b'#')) else { return };
    let beside = judged::<TestReport>(config, &slots("", cut, manifest, &[])).0;
    assert_ne!(beside.status, Status::Pass, "cut at {}, beside its baseline: {}", cut.len(), beside.summary);
}
