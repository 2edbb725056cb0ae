//! Every rule of the config with what keeps and what breaks it, and the words that are shown.

use evident_checker::Direction;

use super::{ANYTHING, CONFIG, LIMIT, NOT_EXAMINED, Verdict, document, judged, one, row, text};

const UNSCANNED: &str = r#""binary":false,"lines_added":null,"lines_removed":null,"added":null,"unscanned":"more than 64 MiB","moved_from":null"#;
const BINARY: &str = r#""binary":true,"lines_added":null,"lines_removed":null,"added":null,"unscanned":null,"moved_from":null"#;
const BINARY_SHOWN: &str = r#""binary":true,"lines_added":null,"lines_removed":null,"added":["\u0000x"],"unscanned":null,"moved_from":null"#;
const UNCOUNTED: &str = r#""binary":false,"lines_added":null,"lines_removed":null,"added":["x"],"unscanned":null,"moved_from":null"#;
const MOVED: &str = r#""binary":false,"lines_added":1,"lines_removed":0,"added":["x"],"unscanned":null,"moved_from":"src/z.rs""#;

fn kind(path: &str, before: &str, after: &str) -> String {
    let side = |kind: &str| format!(r#"{{"kind":"{kind}","size":3,"digest":"a"}}"#);
    let rest = r#""binary":false,"lines_added":null,"lines_removed":null,"added":null,"unscanned":null,"moved_from":null"#;
    let (before, after) = (side(before), side(after));
    format!(r#"{{"path":"{path}","change":"modified","before":{before},"after":{after},{rest}}}"#)
}

#[test]
fn every_rule_has_a_good_and_a_bad_side() {
    let source = || row("src/a.rs", "modified", &text(&["    #[ignore]", "x"], 3));
    let test = || row("tests/a.rs", "added", "");
    let gone = || row("src/b.rs", "removed", "");
    for (config, rows, verdict, errors) in [
        (r#"{"allow":["src/**"]}"#, vec![source()], Verdict::Pass, &[][..]),
        (r#"{"allow":["src/**"]}"#, vec![source(), test()], Verdict::Fail, &["outside-allowed:tests/a.rs"]),
        (r#"{"allow":[]}"#, vec![], Verdict::Pass, &[]),
        (r#"{"allow":[]}"#, vec![gone()], Verdict::Fail, &["outside-allowed:src/b.rs"]),
        (r#"{"deny":["/tests/"]}"#, vec![source()], Verdict::Pass, &[]),
        (r#"{"deny":["/tests/"]}"#, vec![source(), test()], Verdict::Fail, &["denied-path:tests/a.rs"]),
        // What must not change is told once, and `allow` does not excuse it.
        (r#"{"allow":["**"],"deny":["tests/**"]}"#, vec![test()], Verdict::Fail, &["denied-path:tests/a.rs"]),
        (
            r#"{"allow":["src/**"],"deny":["tests/**"]}"#,
            vec![test()],
            Verdict::Fail,
            &["denied-path:tests/a.rs"],
        ),
        (r#"{"max_files":2}"#, vec![source(), test()], Verdict::Pass, &[]),
        (r#"{"max_files":1}"#, vec![source(), test()], Verdict::Fail, &["too-many-files"]),
        (r#"{"max_lines":5}"#, vec![source()], Verdict::Pass, &[]),
        (r#"{"max_lines":4}"#, vec![source()], Verdict::Fail, &["too-many-lines"]),
        (r##"{"added":["xfail"]}"##, vec![source()], Verdict::Pass, &[]),
        (r##"{"added":["#[ignore]"]}"##, vec![source()], Verdict::Fail, &["added-text:#[ignore]:src/a.rs"]),
        (r##"{"added":["#[ignore]"],"added_paths":["tests/**"]}"##, vec![source()], Verdict::Pass, &[]),
        (
            r##"{"added":["#[ignore]","x"],"added_paths":["*.rs"]}"##,
            vec![source()],
            Verdict::Fail,
            &["added-text:#[ignore]:src/a.rs", "added-text:x:src/a.rs"],
        ),
        (r#"{"kinds_denied":["removed"]}"#, vec![source()], Verdict::Pass, &[]),
        (r#"{"kinds_denied":["removed"]}"#, vec![gone()], Verdict::Fail, &["denied-kind:src/b.rs"]),
        (r#"{"kinds_denied":["binary"]}"#, vec![source()], Verdict::Pass, &[]),
        (
            r#"{"kinds_denied":["binary"]}"#,
            vec![row("a", "added", BINARY)],
            Verdict::Fail,
            &["denied-kind:a"],
        ),
        (r#"{"kinds_denied":["moved"]}"#, vec![row("a", "added", "")], Verdict::Pass, &[]),
        (r#"{"kinds_denied":["moved"]}"#, vec![row("a", "added", MOVED)], Verdict::Fail, &["denied-kind:a"]),
        (
            r#"{"kinds_denied":["mode"]}"#,
            vec![kind("a", "file", "executable")],
            Verdict::Fail,
            &["denied-kind:a"],
        ),
        (r#"{"kinds_denied":["mode"]}"#, vec![kind("a", "file", "symlink")], Verdict::Pass, &[]),
        (
            r#"{"kinds_denied":["symlink"]}"#,
            vec![kind("a", "symlink", "special")],
            Verdict::Fail,
            &["denied-kind:a"],
        ),
        (
            r#"{"kinds_denied":["special"]}"#,
            vec![kind("a", "symlink", "special")],
            Verdict::Fail,
            &["denied-kind:a"],
        ),
        (
            r#"{"kinds_denied":["submodule"]}"#,
            vec![kind("a", "submodule", "symlink")],
            Verdict::Fail,
            &["denied-kind:a"],
        ),
        (
            r#"{"kinds_denied":["submodule","symlink"]}"#,
            vec![kind("a", "submodule", "symlink")],
            Verdict::Fail,
            &["denied-kind:a"],
        ),
        (r#"{"kinds_denied":["submodule"]}"#, vec![kind("a", "special", "symlink")], Verdict::Pass, &[]),
    ] {
        let checked = one(config, &document(&rows));
        assert_eq!(checked.verdict(), verdict, "{config}: {}", checked.outcome.summary);
        assert_eq!(checked.errors(), errors, "{config}");
        assert_eq!(
            (checked.outcome.examined, checked.outcome.examined_unit.as_str()),
            (10, "files"),
            "{config}"
        );
    }
}

/// Both names of a moved file are held against the rules, whichever is listed.
#[test]
fn a_move_touches_both_names() {
    let moved = row("lib/a.rs", "added", MOVED);
    let checked = one(r#"{"allow":["lib/**"]}"#, &document(std::slice::from_ref(&moved)));
    assert_eq!(checked.errors(), ["outside-allowed:src/z.rs"]);
    assert_eq!(checked.messages(), ["`src/z.rs` was moved to `lib/a.rs`, and only `lib/**` may change"]);
    let both = document(&[moved, row("src/z.rs", "removed", "")]);
    let checked = one(r#"{"deny":["*.rs"]}"#, &both);
    assert_eq!(checked.errors(), ["denied-path:lib/a.rs", "denied-path:src/z.rs"]);
    assert_eq!(checked.messages()[0], "`lib/a.rs` was moved from `src/z.rs`, and `*.rs` must not change");
    assert_eq!(checked.outcome.summary, "2 of 2 changed files are not allowed: lib/a.rs, src/z.rs");
}

#[test]
fn messages_say_what_happened_and_what_may() {
    let rows = [
        row("README.md", "added", ""),
        row("src/a.rs", "modified", &text(&[" x || true", "y || true"], 1)),
        row("tests/a.rs", "modified", ""),
    ];
    let config = r#"{"allow":["src/**","benches/**"],"deny":["tests/**"],"max_files":1,"max_lines":2,"added":["|| true"]}"#;
    let checked = one(config, &document(&rows));
    assert_eq!(
        checked.messages(),
        [
            "`README.md` was added, and only `src/**` and `benches/**` may change",
            "an added line of `src/a.rs` and 1 more contains `|| true`: x || true",
            "`tests/a.rs` was modified, and `tests/**` must not change",
            "3 files changed, and at most 1 may",
            "3 lines changed, and at most 2 may",
        ]
    );
    let rules: Vec<_> = checked.said.findings.iter().map(|finding| finding.rule.as_str()).collect();
    assert_eq!(rules, ["outside-allowed", "added-text", "denied-path", "too-many-files", "too-many-lines"]);
    let paths: Vec<_> =
        checked.said.findings.iter().filter_map(|it| it.location.as_ref()?.path.as_deref()).collect();
    assert_eq!(paths, ["README.md", "src/a.rs", "tests/a.rs"]);
    assert_eq!(
        checked.outcome.summary,
        "2 of 3 changed files are not allowed: README.md, tests/a.rs; 3 files changed, and at most 1 may; \
         3 lines changed, and at most 2 may; 1 file adds text that is not allowed: src/a.rs"
    );
    assert_eq!(checked.figures(), [3, 3]);
    let limits: Vec<_> = checked.outcome.metrics.iter().map(|it| (it.limit, it.direction)).collect();
    assert_eq!(limits, [(Some(1.0), Direction::Lower), (Some(2.0), Direction::Lower)]);
    let kinds =
        [row("a", "removed", BINARY), kind("b", "executable", "file"), kind("c", "file", "executable")];
    let checked = one(r#"{"kinds_denied":["mode","binary","removed"]}"#, &document(&kinds));
    assert_eq!(
        checked.messages(),
        [
            "`a` is or was binary and was removed, which is not allowed",
            "`b` is no longer executable, which is not allowed",
            "`c` was made executable, which is not allowed",
        ]
    );
    assert_eq!(checked.outcome.summary, "3 changes are of a kind that is not allowed: a, b, c");
}

#[test]
fn a_pass_says_how_much_was_compared() {
    let rows = [row("a", "added", ""), row("b", "modified", &text(&["x"], 2)), row("c", "removed", "")];
    let checked = one(ANYTHING, &document(&rows));
    assert_eq!(checked.outcome.summary, "3 files changed of 10 compared, all allowed");
    assert_eq!((checked.figures(), checked.said.findings.len()), ([3, 3], 0));
    assert_eq!(one(ANYTHING, &document(&[])).outcome.summary, "no file changed of 10 compared");
    let nothing =
        document(&[]).replace("\"files\":9", "\"files\":0").replace("\"compared\":10", "\"compared\":0");
    assert_eq!(one(ANYTHING, &nothing).verdict(), NOT_EXAMINED);
}

/// What nobody looked at never lets a rule hold that is about it; what is certain fails all the same.
#[test]
fn what_was_not_looked_at_leaves_its_rules_open() {
    let large = || row("a.rs", "modified", UNSCANNED);
    let image = || row("a.rs", "modified", BINARY);
    for (config, rows, verdict) in [
        (ANYTHING, vec![large()], Verdict::Pass),
        (r#"{"max_files":1}"#, vec![large()], Verdict::Pass),
        (r#"{"added":["x"]}"#, vec![large()], LIMIT),
        (r#"{"added":["x"],"added_paths":["*.py"]}"#, vec![large()], Verdict::Pass),
        (r#"{"added":["x"],"deny":["a.rs"]}"#, vec![large()], Verdict::Fail),
        (r#"{"added":["x"]}"#, vec![row("a.rs", "removed", UNSCANNED)], Verdict::Pass),
        (r#"{"max_lines":9}"#, vec![large()], LIMIT),
        (r#"{"max_lines":9}"#, vec![row("a.rs", "removed", UNSCANNED)], LIMIT),
        (r#"{"max_lines":0}"#, vec![large(), row("b", "modified", &text(&["x"], 0))], Verdict::Fail),
        (r#"{"max_lines":0}"#, vec![image()], Verdict::Pass),
        (r#"{"added":["x"]}"#, vec![image()], LIMIT),
        (r#"{"added":["x"],"added_paths":["*.py"]}"#, vec![image()], Verdict::Pass),
        // The host shows what lines a binary file has, and what it could not count.
        (r#"{"added":["x"]}"#, vec![row("a.rs", "modified", BINARY_SHOWN)], Verdict::Fail),
        (r#"{"added":["y"]}"#, vec![row("a.rs", "modified", BINARY_SHOWN)], Verdict::Pass),
        (r#"{"max_lines":0}"#, vec![row("a.rs", "modified", BINARY_SHOWN)], Verdict::Pass),
        (r#"{"added":["y"]}"#, vec![row("a.rs", "modified", UNCOUNTED)], Verdict::Pass),
        (r#"{"max_lines":9}"#, vec![row("a.rs", "modified", UNCOUNTED)], LIMIT),
    ] {
        let checked = one(config, &document(&rows));
        assert_eq!(checked.verdict(), verdict, "{config}: {}", checked.outcome.summary);
    }
    let checked =
        one(r#"{"added":["x"],"max_lines":9}"#, &document(&[large(), row("b", "added", UNSCANNED)]));
    assert_eq!(
        checked.outcome.summary,
        "the added lines of `a.rs` were not searched: more than 64 MiB (and 1 more)"
    );
}

#[test]
fn an_api_is_a_set_of_lines() {
    let changes = document(&[row("a", "added", "")]);
    let (unchanged, kept) = (r#"{"api":"unchanged"}"#, r#"{"api":"no-removals"}"#);
    for (config, api, before, verdict, errors) in [
        (unchanged, &["pub fn a\npub fn b\n"][..], &["pub fn b\r\n\npub fn a\n"][..], Verdict::Pass, &[][..]),
        (unchanged, &["a\n", "b\na\n"], &["a\nb"], Verdict::Pass, &[]),
        (unchanged, &["a\nc\n"], &["a\nb\n"], Verdict::Fail, &["api-removed:b", "api-added:c"]),
        (kept, &["a\nc\n"], &["a\n"], Verdict::Pass, &[]),
        (kept, &["a\nc\n"], &["a\nb\n"], Verdict::Fail, &["api-removed:b"]),
        (kept, &["", " \n"], &["a\n"], NOT_EXAMINED, &[]),
        (kept, &["a\n"], &["\n"], NOT_EXAMINED, &[]),
        (kept, &["a\0\n"], &["a\n"], super::MALFORMED, &[]),
        (kept, &[], &["a\n"], CONFIG, &[]),
        (kept, &["a\n"], &[], CONFIG, &[]),
        (ANYTHING, &["a\n"], &[], CONFIG, &[]),
        (ANYTHING, &[], &["a\n"], CONFIG, &[]),
    ] {
        let checked = judged(config, changes.as_bytes(), api, before);
        assert_eq!(checked.verdict(), verdict, "{config} {api:?}: {}", checked.outcome.summary);
        assert_eq!(checked.errors(), errors, "{config} {api:?}");
    }
    let checked = judged(unchanged, changes.as_bytes(), &["c\n"], &["a\nb\n"]);
    assert_eq!(checked.messages()[0], "the public item `a` is gone");
    assert_eq!(checked.outcome.summary, "2 public items are gone: a and 1 more; 1 public item is new: c");
}

/// A break of a rule of the API is no excuse for a file, and the other way round.
#[test]
fn rules_hold_together() {
    let changes = document(&[row("a", "added", "")]);
    let config = r#"{"allow":["b"],"api":"unchanged"}"#;
    let checked = judged(config, changes.as_bytes(), &["x\n"], &["y\n"]);
    assert_eq!(checked.errors(), ["outside-allowed:a", "api-removed:y", "api-added:x"]);
}
