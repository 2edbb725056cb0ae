//! A report that ends early: whatever is cut off, a failing run never becomes a passing one.
//!
//! Two formats have no end: the text of `cargo test` and the events of `go test -json`. Cut behind a whole
//! block or package they are, byte for byte, what a smaller run prints. Those cuts are found here one by
//! one, and shown to fail beside a baseline; without one, the exit code of the command tells, which the
//! host judges.

use std::collections::BTreeSet;
use std::fs;

use super::{Verdict, fixtures, judged};

/// Cuts at every byte up to here.
const EVERY_BYTE: usize = 4096;
/// Cuts beyond, from a fixed seed.
const SEEDED_CUTS: usize = 500;

fn cuts(length: usize, seed: u64) -> BTreeSet<usize> {
    let mut cuts: BTreeSet<usize> = (0..length.min(EVERY_BYTE)).collect();
    let mut state = seed;
    for _ in 0..SEEDED_CUTS * usize::from(length > EVERY_BYTE) {
        // SplitMix64: any fixed sequence will do.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let room = length - EVERY_BYTE;
        cuts.insert(EVERY_BYTE + usize::try_from(bits >> 33).expect("31 bits") % room);
    }
    cuts
}

/// Where the text ends as a smaller run would: behind a result line, or behind the final event of a package.
fn smaller_runs(text: &[u8]) -> Vec<std::ops::Range<usize>> {
    let text = String::from_utf8_lossy(text);
    let mut at = 0;
    let mut runs = Vec::new();
    let mut open: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let said = line.trim_end();
        // Of a result line, what follows the counts says nothing that could be missed.
        let counts = line.find(" measured").map(|found| at + found + " measured".len());
        let start = counts.filter(|_| line.starts_with("test result: ok"));
        let is_final =
            said.starts_with('{') && said.contains("\"Action\":\"pass\"") && !said.contains("\"Test\"");
        if let Some(start) = start.or_else(|| is_final.then(|| at + said.len())) {
            open = Some(start);
        } else if !said.is_empty() {
            // Blanks before cargo's `Running` tell nothing.
            if let Some(from) = open.take() {
                runs.push(from..at + line.len() - line.trim_start().len() + 1);
            }
        }
        at += line.len();
    }
    runs.extend(open.map(|from| from..at));
    runs
}

fn check(name: &str, bytes: &[u8], config: &str) {
    let whole = judged(r#"{"manifest":true}"#, &[bytes], &[]);
    assert_eq!(judged(config, &[bytes], &[]).verdict(), Verdict::Fail, "{name}");
    let manifest = whole.said.attachments.first().map(|(_, _, bytes)| bytes.clone());
    let smaller = smaller_runs(bytes);
    for cut in cuts(bytes.len(), 7) {
        let checked = judged(config, &[&bytes[..cut]], &[]);
        if checked.verdict() != Verdict::Pass {
            continue;
        }
        let summary = &checked.outcome.summary;
        assert!(
            smaller.iter().any(|run| run.contains(&cut)),
            "{name} cut at {cut} of {}: {summary}",
            bytes.len()
        );
        let manifest = manifest.as_ref().unwrap_or_else(|| panic!("{name} is whole"));
        let beside = judged(config, &[&bytes[..cut]], &[manifest]);
        assert_eq!(beside.verdict(), Verdict::Fail, "{name} cut at {cut} beside its baseline");
    }
}

macro_rules! samples {
    ($($name:literal),* $(,)?) => { [$(($name, &include_bytes!(concat!("../../testdata/", $name))[..])),*] };
}

#[test]
fn no_cut_of_a_failing_sample_passes() {
    for (name, bytes) in samples![
        "libtest-fail.txt",
        "nextest-retry.txt",
        "nextest-retry.xml",
        "nextest-flaky.txt",
        "nextest-flaky.xml",
        "nextest-strict.txt",
        "nextest-strict.xml",
        "nextest-colour.txt",
        "nextest-nocapture.txt",
        "nextest-failfast.txt",
        "go-fail.json",
        "go-panic.json",
        "go-exit.json",
        "go-hang.json",
        "go-build.json",
        "go-setup.json",
        "go-count.json",
        "go-all.json",
    ] {
        check(name, bytes, "{}");
    }
}

#[test]
fn no_cut_of_a_failing_fixture_passes() {
    let Some(folder) = fixtures::folder() else { return };
    let mut seen = 0;
    for (file, _, _) in fixtures::CLAIMED.iter().filter(|(_, verdict, _)| *verdict == Verdict::Fail) {
        check(file, &fs::read(folder.join(file)).expect("is there"), "{}");
        seen += 1;
    }
    assert!(seen >= 11, "{seen}");
}

/// A long document of each format, with its failure at the very end.
#[test]
fn no_cut_of_a_long_failing_report_passes() {
    let numbers = 0..400;
    let junit: String = numbers.clone().map(|at| format!("<testcase name='passes {at}'/>\n")).collect();
    let libtest: String = numbers.clone().map(|at| format!("test passes_{at} ... ok\n")).collect();
    let nextest: String = numbers
        .clone()
        .map(|at| format!("        PASS [   0.001s] ({at:>3}/401) demo passes_{at}\n"))
        .collect();
    let event = |action: &str, test: &str| {
        format!("{{\"Action\":\"{action}\",\"Package\":\"demo\",\"Test\":\"{test}\"}}\n")
    };
    let go: String = numbers
        .map(|at| format!("{}{}", event("run", &format!("Test{at}")), event("pass", &format!("Test{at}"))))
        .collect();
    for (name, text) in [
        ("junit", format!("<testsuite>{junit}<testcase name='fails'><failure/></testcase></testsuite>")),
        (
            "libtest",
            format!(
                "running 401 tests\n{libtest}test fails ... FAILED\n\nfailures:\n    fails\n\n\
                 test result: FAILED. 400 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out\n"
            ),
        ),
        (
            "nextest",
            format!(
                "    Starting 401 tests across 1 binary\n{nextest}        FAIL [   0.001s] (401/401) demo fails\n     \
                 Summary [   0.001s] 401 tests run: 400 passed, 1 failed, 0 skipped\n"
            ),
        ),
        (
            "go",
            format!(
                "{go}{}{}{{\"Action\":\"fail\",\"Package\":\"demo\"}}\n",
                event("run", "Z"),
                event("fail", "Z")
            ),
        ),
    ] {
        check(name, text.as_bytes(), "{}");
    }
}
