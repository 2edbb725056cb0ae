//! The catalogue of malicious evidence, row B07: figures that JSON does not have, or that hide others.
//!
//! Every row is refused on either side of a comparison, in our own format and in hyperfine's.

use std::fs;
use std::path::Path;

use evident_benchmark::Benchmark;
use evident_checker::testing::{artifact, check};
use evident_checker::{Evidence, Outcome, Reason, Status};

fn judge(config: &str, current: &[u8], baseline: Option<&[u8]>) -> Outcome {
    let mut evidence = Evidence::new();
    evidence.bind("current", [artifact("current", current)]);
    evidence.bind("baseline", baseline.map(|bytes| artifact("baseline", bytes)));
    check::<Benchmark>(config, &evidence).0.expect("no fault")
}

const VALUES: &[&str] = &[
    "NaN",
    "nan",
    "Infinity",
    "-Infinity",
    "inf",
    "-0",
    "-0.0",
    "-0e5",
    "1e400",
    "-1e400",
    "\"1\"",
    "\"NaN\"",
    "null",
    "true",
    "[]",
    "[1]",
    "{}",
    "01",
    "+1",
    ".5",
    "1.",
    "0x1",
    "1,",
    "1e",
    "",
];

#[test]
fn b07_a_number_is_a_json_number() {
    for value in VALUES {
        for text in [
            format!(r#"{{"name":"a","unit":"s","value":{value}}}"#),
            format!(r#"{{"name":"a","unit":"","value":{value}}}"#),
            format!(r#"{{"name":"a","unit":"s","samples":[1,2,{value},3]}}"#),
            format!(r#"{{"results":[{{"command":"a","mean":{value},"times":[]}}]}}"#),
            format!(r#"{{"results":[{{"command":"a","mean":1,"times":[1,{value}]}}]}}"#),
        ] {
            let outcome = judge(r#"{"max":"1e30 s"}"#, text.as_bytes(), None);
            assert!(matches!(outcome.status, Status::Inconclusive(_)), "{text}: {}", outcome.summary);
            let good = br#"{"name":"a","unit":"s","samples":[1,1.1,1.2,1.3,1.4,1.5,1.6]}"#;
            let outcome = judge(r#"{"ratio_max":1000}"#, good, Some(text.as_bytes()));
            assert!(matches!(outcome.status, Status::Inconclusive(_)), "{text}: {}", outcome.summary);
        }
    }
}

#[test]
fn b07_a_key_is_there_once() {
    for text in [
        r#"{"name":"a","unit":"s","value":9e99,"value":1}"#,
        r#"{"name":"a","unit":"s","value":1,"value":9e99}"#,
        r#"{"name":"a","unit":"h","unit":"s","value":1}"#,
        r#"{"name":"a","name":"b","unit":"s","value":1}"#,
        r#"{"name":"a","unit":"s","samples":[9e99],"samples":[1]}"#,
        r#"{"name":"a","unit":"s","value":1,"failed":true,"failed":false}"#,
        r#"{"name":"a","unit":"s","val\u0075e":9e99,"value":1}"#,
        r#"{"benchmarks":[{"name":"a","unit":"s","value":9e99}],"benchmarks":[{"name":"a","unit":"s","value":1}]}"#,
        r#"{"results":[{"command":"a","times":[9e99],"times":[1]}]}"#,
        r#"{"results":[{"command":"a","times":[1],"exit_codes":[1],"exit_codes":[0]}]}"#,
        r#"{"results":[{"command":"a","times":[9e99]}],"results":[{"command":"a","times":[1]}]}"#,
    ] {
        let outcome = judge(r#"{"max":"1e30 s"}"#, text.as_bytes(), None);
        assert_eq!(outcome.status, Status::Inconclusive(Reason::Malformed), "{text}: {}", outcome.summary);
    }
}

/// Lists in lists of the row.
const NESTED: usize = 100_000;

#[test]
fn b07_depth_is_harmless() {
    let lists = format!("{}{}", "[".repeat(NESTED), "]".repeat(NESTED));
    let objects = format!("{}1{}", r#"{"a":"#.repeat(NESTED), "}".repeat(NESTED));
    for text in [
        lists.clone(),
        objects.clone(),
        format!(r#"{{"name":"a","unit":"s","value":{lists}}}"#),
        format!(r#"{{"name":"a","unit":"s","samples":[{lists}]}}"#),
        format!(r#"{{"name":"a","unit":"s","value":1,"extra":{objects}}}"#),
        format!(r#"{{"results":[{{"command":"a","times":[1],"extra":{objects}}}]}}"#),
        format!(r#"{{"results":[{{"command":"a","times":[1],"parameters":{lists}}}]}}"#),
        "[".repeat(NESTED),
    ] {
        let start: String = text.chars().take(60).collect();
        let outcome = judge(r#"{"max":"1e30 s"}"#, text.as_bytes(), None);
        assert_eq!(outcome.status, Status::Inconclusive(Reason::Malformed), "{start}: {}", outcome.summary);
    }
    // Brackets of a name are not depth.
    let name = "[{".repeat(500);
    let text = format!(r#"{{"name":"{name}\\\"[","unit":"s","value":1}}"#);
    assert_eq!(judge(r#"{"max":"1 s"}"#, text.as_bytes(), None).status, Status::Pass);
}

/// Cuts at every byte up to here, and so many beyond, from a fixed seed.
const EVERY_BYTE: usize = 4096;
const SEEDED_CUTS: usize = 500;

/// A document over its limit never comes below it by losing its end.
#[test]
fn b07_no_cut_of_a_failing_document_passes() {
    let times: Vec<String> = (0..1500).map(|at| format!("{}.{at:04}", 1 + at % 7)).collect();
    let ours = format!(r#"{{"benchmarks":[{{"name":"a","unit":"s","samples":[{}]}}]}}"#, times.join(","));
    let hyperfine = format!(r#"{{"results":[{{"command":"a","times":[{}]}}]}}"#, times.join(","));
    let failed = r#"[{"name":"a","unit":"s","value":1},{"name":"b","unit":"s","failed":true}]"#.to_owned();
    for text in [ours, hyperfine, failed] {
        let bytes = text.as_bytes();
        let config = r#"{"benchmark":"a","max":"1.5 s"}"#;
        assert_eq!(judge(config, bytes, None).status, Status::Fail);
        let beyond =
            (0..SEEDED_CUTS).map(|at| EVERY_BYTE + at * 7919 % bytes.len().saturating_sub(EVERY_BYTE).max(1));
        for cut in (0..bytes.len().min(EVERY_BYTE)).chain(beyond).filter(|cut| *cut < bytes.len()) {
            let outcome = judge(config, &bytes[..cut], None);
            assert_eq!(outcome.status, Status::Inconclusive(Reason::Malformed), "{cut}: {}", outcome.summary);
        }
    }
}

/// The files that the component is judged by too, beside the workspace's own tests.
#[test]
fn b07_files_give_their_outcomes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/evidence");
    let table = fs::read_to_string(folder.join("outcomes.txt")).expect("is there");
    let mut seen = 0;
    for row in table.lines().filter(|row| row.starts_with("b07-")) {
        let words: Vec<&str> = row.split_whitespace().collect();
        assert_eq!(words[1..], ["benchmark", "malformed"]);
        let bytes = fs::read(folder.join(words[0])).expect("is there");
        let outcome = judge(r#"{"max":"1e30 s"}"#, &bytes, None);
        assert_eq!(
            outcome.status,
            Status::Inconclusive(Reason::Malformed),
            "{}: {}",
            words[0],
            outcome.summary
        );
        seen += 1;
    }
    assert!(seen >= 12, "{seen}");
}
