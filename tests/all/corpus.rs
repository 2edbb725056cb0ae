//! Every committed input of the fuzz targets, through the same functions, in every run of the tests.
//!
//! Nothing is made up here: that is the fuzzer's work, see `docs/fuzzing.md`.

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::PathBuf;

use evident_tests::fuzzed::{TARGETS, Target, configs_are_accepted};
use evident_tests::{beside_others, repository};
use toml::{Table, Value};

/// Bytes of an input: it is read by people, and replayed in every run.
const INPUT_BYTES_MAX: usize = 8 * 1024;

/// Inputs of one folder; the corpus that a long run collects stays where it ran.
const INPUTS_MAX: usize = 48;

/// Bytes of all inputs together.
const INPUTS_BYTES_MAX: usize = 1024 * 1024;

fn folder(name: &str) -> PathBuf {
    repository().join("tests/fuzz").join(name)
}

/// Names in a folder below `tests/fuzz`; nothing where it is not there.
fn names(name: &str) -> BTreeSet<String> {
    let Ok(entries) = fs::read_dir(folder(name)) else { return BTreeSet::new() };
    entries.map(|entry| entry.unwrap().file_name().into_string().expect("names are text")).collect()
}

/// Name and bytes of every input of a target in `corpus` or `regressions`.
fn inputs(kind: &str, target: &Target) -> Vec<(String, Vec<u8>)> {
    let folder = format!("{kind}/{}", target.name);
    let paths = names(&folder).into_iter().map(|name| format!("{folder}/{name}"));
    paths.map(|path| (path.clone(), fs::read(self::folder(&path)).unwrap())).collect()
}

/// Catches a defect that a fuzzer found once and that comes back.
#[test]
fn every_input_holds() {
    let _beside_others = beside_others();
    let mut broken = Vec::new();
    let mut bytes_of_all = 0;
    for target in TARGETS {
        let corpus = inputs("corpus", target);
        assert!(!corpus.is_empty(), "`tests/fuzz/corpus/{}` has no input", target.name);
        let regressions = inputs("regressions", target);
        for inputs in [&corpus, &regressions] {
            assert!(
                inputs.len() <= INPUTS_MAX,
                "`{}` has {} inputs in one folder",
                target.name,
                inputs.len()
            );
        }
        for (path, bytes) in corpus.iter().chain(&regressions) {
            assert!(bytes.len() <= INPUT_BYTES_MAX, "`{path}` has {} bytes", bytes.len());
            bytes_of_all += bytes.len();
            if catch_unwind(|| (target.run)(bytes)).is_err() {
                broken.push(path.clone());
            }
        }
    }
    assert_eq!(broken, [""; 0], "what is wrong with each stands above");
    assert!(bytes_of_all <= INPUTS_BYTES_MAX, "{bytes_of_all} bytes of inputs");
}

/// A target that the fuzzer knows and this test does not would never be replayed; a folder that no target
/// reads says nothing.
#[test]
fn every_target_is_everywhere() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(targets.len(), TARGETS.len(), "two targets of one name");
    let manifest: Table = fs::read_to_string(folder("Cargo.toml")).unwrap().parse().expect("is TOML");
    let binaries = manifest["bin"].as_array().expect("is a list").iter();
    let binaries: BTreeSet<String> =
        binaries.map(|binary| binary.get("name").and_then(Value::as_str).unwrap().to_owned()).collect();
    assert_eq!(binaries, targets, "binaries of tests/fuzz/Cargo.toml");
    let sources: BTreeSet<String> = targets.iter().map(|target| format!("{target}.rs")).collect();
    assert_eq!(names("fuzz_targets"), sources, "tests/fuzz/fuzz_targets");
    assert_eq!(names("corpus"), targets, "tests/fuzz/corpus");
    let regressions = names("regressions");
    assert!(regressions.is_subset(&targets), "tests/fuzz/regressions: {regressions:?}");
    let dictionaries: BTreeSet<String> = targets.iter().map(|target| format!("{target}.dict")).collect();
    let there = names("dictionaries");
    assert!(there.is_subset(&dictionaries), "tests/fuzz/dictionaries: {there:?}");
}

/// Catches a target that looks at nothing, because its checker refuses the config.
#[test]
fn every_config_of_a_target_is_accepted() {
    configs_are_accepted();
}
