//! The shared conformance files, with the figures that `SOURCES.md` beside them states.

use std::fs;
use std::path::{Path, PathBuf};

use super::{MALFORMED, NOT_EXAMINED, UNSUPPORTED, Verdict, judged};

/// The folder, or nothing (with a line saying so) where it is not there.
pub(super) fn folder() -> Option<PathBuf> {
    let named = std::env::var_os("EVIDENT_FIXTURES").map(PathBuf::from);
    let root =
        named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures"));
    let folder = root.join("tests");
    if folder.is_dir() {
        return Some(folder);
    }
    #[allow(clippy::print_stderr, reason = "a test that skips says so")]
    {
        eprintln!("skipped: no fixtures at {}", folder.display());
    }
    None
}

/// File, verdict, and tests, passed, failed, errored, skipped, flaky. `python-xunit` claims 15 tests in
/// its header and lists 10: the failures in it are certain all the same.
pub(super) const CLAIMED: &[(&str, Verdict, [u64; 6])] = &[
    ("pytest-junit.fail.xml", Verdict::Fail, [5, 3, 1, 0, 1, 0]),
    ("minimal-attributes.xml", Verdict::Fail, [4, 1, 1, 1, 1, 0]),
    ("no-cases-but-tests.xml", MALFORMED, [0, 0, 0, 0, 0, 0]),
    ("testsuite-in-testsuite.xml", Verdict::Pass, [5, 5, 0, 0, 0, 0]),
    ("tst-disabled.xml", Verdict::Fail, [31, 6, 19, 1, 5, 0]),
    ("nextest-fixture-project.xml", Verdict::Fail, [3, 2, 1, 0, 0, 1]),
    ("python-xunit-pytest.xml", Verdict::Fail, [10, 6, 2, 0, 2, 0]),
    ("jest-junit.xml", Verdict::Fail, [6, 1, 4, 0, 1, 0]),
    ("empty-java-junit.xml", NOT_EXAMINED, [0, 0, 0, 0, 0, 0]),
    ("cargo-test-panic-abort.txt", Verdict::Fail, [5, 3, 2, 0, 0, 0]),
    ("go-test-json-flaky-rerun.out", Verdict::Fail, [6, 6, 0, 0, 0, 3]),
    ("go-test-build-failed.out", Verdict::Fail, [1, 0, 0, 1, 0, 0]),
    ("go-test-json-missing-test-fail.out", Verdict::Fail, [1, 0, 1, 0, 0, 0]),
    ("go-test-json-with-parallel-fails.out", Verdict::Fail, [12, 4, 8, 0, 0, 0]),
];

#[test]
fn claimed_files_give_their_figures() {
    let Some(folder) = folder() else { return };
    for (file, verdict, figures) in CLAIMED {
        let checked = judged("{}", &[&fs::read(folder.join(file)).unwrap()], &[]);
        assert_eq!(checked.verdict(), *verdict, "{file}: {}", checked.outcome.summary);
        assert_eq!(checked.figures(), *figures, "{file}");
        let executed = figures[1] + figures[2] + figures[3];
        assert_eq!(
            (checked.outcome.examined, checked.outcome.examined_unit.as_str()),
            (executed, "tests"),
            "{file}"
        );
    }
}

#[test]
fn every_other_file_is_refused_by_name_and_as_any_format() {
    let Some(folder) = folder() else { return };
    let mut seen = 0;
    for folder in [folder.clone(), folder.join("tap")] {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() || name == "SOURCES.md" || CLAIMED.iter().any(|(file, ..)| *file == name) {
                continue;
            }
            seen += 1;
            let bytes = fs::read(&path).unwrap();
            let checked = judged("{}", &[&bytes], &[]);
            assert_eq!(checked.verdict(), UNSUPPORTED, "{name}: {}", checked.outcome.summary);
            assert!(checked.outcome.summary.contains("known formats"), "{name}: {}", checked.outcome.summary);
            for format in ["junit", "libtest", "nextest", "go-test"] {
                let checked = judged(&format!(r#"{{"format":"{format}"}}"#), &[&bytes], &[]);
                assert!(matches!(checked.verdict(), Verdict::Inconclusive(_)), "{name} as {format}");
            }
        }
    }
    assert_eq!(seen, 17, "files that no table claims");
}

#[test]
fn findings_of_a_pytest_failure_say_where_and_why() {
    let Some(folder) = folder() else { return };
    let checked = judged("{}", &[&fs::read(folder.join("pytest-junit.fail.xml")).unwrap()], &[]);
    let id = "pytest::test.test_spark.SparkTests::test_rsh_events";
    assert_eq!(checked.errors(), [format!("test-failed:{id}")]);
    let finding = &checked.said.findings[0];
    let location = finding.location.as_ref().unwrap();
    assert_eq!((location.path.as_deref(), location.line), (Some("test/test_spark.py"), Some(819)));
    assert!(
        finding.message.starts_with(&format!("`{id}` failed: AssertionError: 143 != 0")),
        "{}",
        finding.message
    );
    assert_eq!(checked.outcome.summary, format!("1 of 4 tests failed: {id}"));
}

#[test]
fn a_truncated_failure_never_passes() {
    let Some(folder) = folder() else { return };
    for file in ["pytest-junit.fail.xml", "testsuite-in-testsuite.xml", "cargo-test-panic-abort.txt"] {
        let bytes = fs::read(folder.join(file)).unwrap();
        let end = bytes.trim_ascii_end().len();
        for cut in 0..end {
            let checked = judged("{}", &[&bytes[..cut]], &[]);
            assert_ne!(checked.verdict(), Verdict::Pass, "{file} cut at {cut}: {}", checked.outcome.summary);
        }
    }
}
