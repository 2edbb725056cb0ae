//! Ten mistakes in one contract give ten messages, each at its place: nobody mends one to find the next.

use serde_json::Value;

use crate::workspace::Workspace;

/// Two unknown keys, one of them a near miss; three wrong types; a bad duration; a missing key; an
/// unknown source; a slot that does not exist; and names that differ in case only.
const CONTRACT: &str = r#"version = 1

[goal]
name = 7
objective = "Every test of the cart is green."
banana = true

[evidence.suite]
run = "cargo test"
timeout = "15 minutes"
colect = ["out/report.xml"]

[evidence.bench]
run = ["cat", "bench.json"]
concurrent = "yes"

[criteria.correct]
checker = "test-report"
evidence = { report = "siute" }

[criteria.fast]
evidence = "bench"

[criteria.Correct]
checker = "test-report"
evidence = { report = "bench", basline = "bench" }
"#;

/// Code, line, column, and the words that the message must have.
const EXPECTED: &[(&str, u64, u64, &str)] = &[
    ("wrong-type", 4, 8, "`name` takes a text, found the number 7"),
    ("unknown-key", 6, 1, "unknown key `banana` in `goal`"),
    ("wrong-type", 9, 7, "`run` takes a list of texts, found the text \"cargo test\""),
    ("bad-value", 10, 11, "unknown unit `minutes` in `15 minutes`; durations use d, h, m, s and ms"),
    ("unknown-key", 11, 1, "unknown key `colect` in `evidence.suite`"),
    ("wrong-type", 15, 14, "`concurrent` takes `true` or `false`, found the text \"yes\""),
    ("unknown-source", 19, 23, "unknown source `siute`"),
    ("missing-key", 21, 1, "missing key `checker` in `criteria.fast`"),
    ("name-case", 24, 11, "`Correct` and `correct` differ in case only"),
    ("unprotected-tests", 24, 11, "nothing protects the tests that `bench` runs"),
    ("unknown-slot", 26, 32, "`test-report` has no slot `basline`"),
];

#[test]
fn ten_messages_with_their_places() {
    let run = Workspace::new(CONTRACT).run(["lint", "--format", "json"]);
    assert_eq!((run.exit, run.stderr.as_str()), (2, ""));
    let report: Value = serde_json::from_str(&run.stdout).expect("is JSON");
    assert_eq!(report["sound"], false);
    let problems = report["problems"].as_array().expect("is a list");
    let found: Vec<_> = problems
        .iter()
        .map(|problem| {
            (
                problem["code"].as_str().expect("a code"),
                problem["line"].as_u64().expect("a line"),
                problem["column"].as_u64().expect("a column"),
                problem["message"].as_str().expect("a message"),
            )
        })
        .collect();
    assert_eq!(found, EXPECTED);
}

/// A person who mistyped a word is told the word.
#[test]
fn near_misses_are_named() {
    let run = Workspace::new(CONTRACT).run(["lint", "--format", "json"]);
    let report: Value = serde_json::from_str(&run.stdout).expect("is JSON");
    let hints: Vec<_> = report["problems"].as_array().expect("a list").iter().map(|it| &it["hint"]).collect();
    for word in ["collect", "suite", "baseline"] {
        let hint = format!("did you mean `{word}`?");
        assert!(hints.iter().any(|found| **found == hint.as_str()), "{hint} is not in {hints:?}");
    }
    assert_eq!(hints[1], "known keys of `goal`: `name`, `objective`, `base`, `hold` and `assess`");
}

#[test]
fn as_a_person_sees_them() {
    Workspace::new(CONTRACT).golden("mistakes", &["lint"]);
}

/// `check` says the same and runs nothing.
#[test]
fn check_says_the_same() {
    let workspace = Workspace::new(CONTRACT);
    let (lint, check) = (workspace.run(["lint"]), workspace.run(["check"]));
    assert_eq!((check.exit, &check.stderr), (lint.exit, &lint.stderr));
    assert_eq!(check.stdout, "");
}
