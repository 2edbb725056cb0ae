//! `evident checker test` and `bench`: the golden cases of the first-party checkers, and that the command
//! sees a checker which believes what it could not have read.

use std::fs;
use std::path::{Path, PathBuf};

use crate::workspace::{Workspace, repository};

/// Where the cases of the first-party checkers lie.
fn cases(checker: &str) -> PathBuf {
    repository().join("tests/cases").join(checker)
}

fn test(workspace: &Workspace, checker: &str, folder: &Path) -> crate::workspace::Run {
    workspace.run(["checker".as_ref(), "test".as_ref(), checker.as_ref(), folder.as_os_str()])
}

#[test]
fn the_first_party_checkers_are_not_gullible() {
    for (checker, variants) in [("test-report", 48), ("benchmark", 102), ("changes", 30), ("screenshot", 90)]
    {
        let run = test(&Workspace::empty(), checker, &cases(checker));
        assert_eq!(run.exit, 0, "{checker}: {}", run.stdout);
        let count = fs::read_dir(cases(checker)).expect("is there").count();
        assert_eq!(run.stdout, format!("{count} cases, {variants} variants of them, 0 wrong\n"));
    }
}

#[test]
fn a_wrong_expectation_is_told() {
    let workspace = Workspace::empty();
    copy(&cases("test-report").join("junit-fails"), &workspace.path("cases/junit-fails"));
    workspace.golden("checker-test-right", &["checker", "test", "test-report", "cases"]);
    for (name, expected) in [
        ("status", r#"{"status": "pass"}"#),
        ("findings", r#"{"status": "fail", "findings": ["test-removed"]}"#),
        ("examined", r#"{"status": "fail", "examined": 4}"#),
        ("reason", r#"{"status": "inconclusive", "reason": "malformed"}"#),
    ] {
        let case = format!("cases/wrong-{name}");
        copy(&workspace.path("cases/junit-fails"), &workspace.path(&case));
        workspace.write(&format!("{case}/expected.json"), expected);
    }
    workspace.golden("checker-test-wrong", &["checker", "test", "test-report", "cases"]);
}

/// The report of this run lies before other output: it is whole even when the last quarter is cut off. So
/// the checker passes a variant, which the command names until the case says why it may.
#[test]
fn a_variant_that_passes_is_named() {
    let workspace = Workspace::empty();
    let report = "\nrunning 1 test\ntest adds ... ok\n\n\
                  test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\n";
    workspace.write("cases/chatty/evidence/report/stdout", format!("{report}{}", "it is done\n".repeat(99)));
    let expect = |text: &str| workspace.write("cases/chatty/expected.json", text);
    expect(r#"{"status": "pass"}"#);
    workspace.golden("checker-test-gullible", &["checker", "test", "test-report", "cases"]);
    let why = "the report is whole in it";
    let excused = |more: &str| {
        format!(
            r#"{{"status": "pass", "may_pass": {{"report/stdout cut to 1/4": "{why}", "report/stdout cut to 2/4": "{why}",
            "report/stdout cut to 3/4": "{why}", "report/stdout without its end": "{why}"{more}}}}}"#
        )
    };
    let run = || test(&workspace, "test-report", Path::new("cases"));
    expect(&excused(""));
    assert_eq!(run().exit, 0, "{}", run().stdout);
    // An excuse that nothing needs, one for nothing, and one without a reason are none.
    expect(&excused(r#", "report/stdout empty": "who knows""#));
    assert!(
        run()
            .stdout
            .contains("chatty, report/stdout empty\n         is listed in `may_pass`, and does not pass")
    );
    expect(&excused(r#", "report/stdout cut to 5/4": "who knows""#));
    assert!(
        run()
            .stdout
            .contains("`report/stdout cut to 5/4` is listed in `may_pass`, and there is no such variant")
    );
    assert_eq!(run().exit, 1);
    expect(r#"{"status": "pass", "may_pass": {"report/stdout cut to 1/4": " "}}"#);
    assert_eq!(run().exit, 2, "{}", run().stderr);
}

/// A name, files of the case, and words of what is said.
type Broken<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);

#[test]
fn cases_that_cannot_be_read() {
    let workspace = Workspace::empty();
    workspace.write("empty/README", "no case\n");
    workspace.golden("checker-test-empty", &["checker", "test", "test-report", "empty"]);
    let broken: &[Broken<'_>] = &[
        ("no-expectation", &[("evidence/report/a.xml", "")], "has no `expected.json`"),
        ("no-evidence", &[("expected.json", r#"{"status": "pass"}"#)], "cannot be listed"),
        ("no-json", &[("expected.json", "{")], "`expected.json`: "),
        ("no-status", &[("expected.json", r#"{"status": "passed"}"#)], "`passed` is not a status"),
        ("no-key", &[("expected.json", r#"{"status": "pass", "stats": 1}"#)], "unknown field `stats`"),
        ("no-config", &[("config.json", "x"), ("expected.json", r#"{"status": "pass"}"#)], "`config.json`: "),
        (
            "no-slot",
            &[("evidence/repot/a.xml", "a"), ("expected.json", r#"{"status": "pass"}"#)],
            "the checker has no slot `repot`",
        ),
    ];
    for (name, files, words) in broken {
        for (file, text) in *files {
            workspace.write(&format!("{name}/case/{file}"), text);
        }
        let run = test(&workspace, "test-report", Path::new(name));
        assert_eq!((run.exit, run.stdout.as_str()), (2, ""), "{name}: {run:#?}");
        assert!(run.stderr.contains(words), "{name}: {}", run.stderr);
    }
}

#[test]
fn bench_prints_a_row_for_each_case() {
    let workspace = Workspace::empty();
    let folder = cases("benchmark");
    let arguments = ["checker".as_ref(), "bench".as_ref(), "benchmark".as_ref(), folder.as_os_str()];
    let run = workspace.run(arguments);
    assert_eq!((run.exit, run.stderr.as_str()), (0, ""));
    let mut names: Vec<_> = fs::read_dir(&folder)
        .expect("is there")
        .map(|entry| entry.expect("is there").file_name().into_string().expect("is text"))
        .collect();
    names.sort();
    let rows: Vec<&str> = run.stdout.lines().skip(1).take(names.len()).collect();
    for (name, row) in names.iter().zip(&rows) {
        let columns: Vec<&str> = row.split_whitespace().collect();
        assert_eq!(columns[0], name, "{}", run.stdout);
        let fuel: u64 = columns[columns.len() - 3].parse().expect("is a number");
        assert!(fuel > 10_000, "the checker did something: {row}");
        let median: u64 = columns[3].parse().expect("is a number");
        assert!(median > 0, "{row}");
    }
    let widths: Vec<usize> = rows.iter().map(|row| row.chars().count()).collect();
    assert!(widths.windows(2).all(|pair| pair[0] == pair[1]), "{}", run.stdout);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("makes");
    for entry in fs::read_dir(from).expect("is there") {
        let entry = entry.expect("is there");
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() { copy(&from, &to) } else { fs::copy(from, to).map(drop).expect("copies") }
    }
}
