//! What one line cannot show alone: a repository that hides the files of its folder, and a move whose two
//! sides have other modes.

use super::{LIMIT, Verdict, document, judged, one};

/// A line with both sides; `null` for one that is not there.
fn sided(path: &str, before: &str, after: &str, from: &str) -> String {
    let change = match (before, after) {
        ("null", _) => "added",
        (_, "null") => "removed",
        _ => "modified",
    };
    format!(
        r#"{{"path":"{path}","change":"{change}","before":{before},"after":{after},"binary":false,"lines_added":0,"lines_removed":0,"added":[],"unscanned":null,"moved_from":{from}}}"#
    )
}

fn side(kind: &str, digest: &str) -> String {
    format!(r#"{{"kind":"{kind}","size":3,"digest":"{digest}"}}"#)
}

#[test]
fn a_repository_is_its_path_and_its_git() {
    let (repository, other, file) = (side("submodule", "a"), side("submodule", "b"), side("file", "c"));
    let sides = [
        ("null", repository.as_str()),
        (&repository, "null"),
        (&repository, &other),
        (&file, &other),
        (&other, &file),
    ];
    for (before, after) in sides {
        let text = document(&[sided("tests", before, after, "null")]);
        for (config, errors) in [
            (r#"{"deny":["tests/**"]}"#, &["denied-path:tests/.git"][..]),
            (r#"{"deny":["/tests/"]}"#, &["denied-path:tests/.git"]),
            (r#"{"deny":["tests"]}"#, &["denied-path:tests"]),
            (r#"{"deny":[".git"]}"#, &["denied-path:tests/.git"]),
            (r#"{"deny":["src/**"]}"#, &[]),
            (r#"{"allow":["tests/**"]}"#, &["outside-allowed:tests"]),
            (r#"{"allow":["/*"]}"#, &["outside-allowed:tests/.git"]),
            (r#"{"allow":["tests"]}"#, &[]),
            (r#"{"allow":["/*","tests/**"]}"#, &[]),
        ] {
            let checked = one(config, &text);
            assert_eq!(checked.errors(), errors, "{config} {before} {after}");
            let verdict = if errors.is_empty() { Verdict::Pass } else { Verdict::Fail };
            assert_eq!(checked.verdict(), verdict, "{config} {before} {after}");
        }
    }
    // A file is not a repository.
    let text = document(&[sided("tests", "null", &file, "null")]);
    assert_eq!(one(r#"{"deny":["tests/**"]}"#, &text).verdict(), Verdict::Pass);
}

#[test]
fn a_repository_in_a_patch_is_both_too() {
    let patch = "diff --git a/tests b/tests\nnew file mode 160000\n--- /dev/null\n+++ b/tests\n@@ -0,0 +1 @@\n\
                 +Subproject commit 0123456789012345678901234567890123456789\n";
    assert_eq!(one(r#"{"deny":["tests"]}"#, patch).errors(), ["denied-path:tests"]);
    assert_eq!(one(r#"{"deny":["tests/**"]}"#, patch).errors(), ["denied-path:tests/.git"]);
}

#[test]
fn a_path_that_is_no_text_keeps_its_bytes_before_the_git() {
    let line = sided("\u{fffd}", "null", &side("submodule", "a"), "null").replacen(
        r#","change""#,
        r#","path_bytes":"ff","change""#,
        1,
    );
    let text = document(&[line]);
    assert_eq!(one(r#"{"deny":["?/.git"]}"#, &text).verdict(), Verdict::Fail);
    assert_eq!(one(r#"{"deny":["\ufffd/.git"]}"#, &text).verdict(), Verdict::Pass);
}

/// Nobody looked at the files of the repository, so no rule about their text holds.
#[test]
fn rules_about_text_stay_open_over_a_repository() {
    let repository = side("submodule", "a");
    let (new, gone) =
        (sided("tests", "null", &repository, "null"), sided("tests", &repository, "null", "null"));
    for (config, line, verdict) in [
        (r#"{"added":["skip"]}"#, &new, LIMIT),
        (r#"{"added":["skip"],"added_paths":["tests/**"]}"#, &new, LIMIT),
        (r#"{"added":["skip"],"added_paths":["*.py"]}"#, &new, LIMIT),
        (r#"{"added":["skip"],"added_paths":["/src/"]}"#, &new, Verdict::Pass),
        (r#"{"added":["skip"]}"#, &gone, Verdict::Pass),
        (r#"{"max_lines":9}"#, &new, LIMIT),
        (r#"{"max_lines":9}"#, &gone, LIMIT),
    ] {
        let checked = one(config, &document(std::slice::from_ref(line)));
        assert_eq!(checked.verdict(), verdict, "{config}: {}", checked.outcome.summary);
    }
}

const MODE: &str = r#"{"kinds_denied":["mode"]}"#;

/// The host names no origin where the kinds differ; the content tells. Either side may come first.
#[test]
fn a_move_can_change_the_mode() {
    let (plain, executable) = (side("file", "x"), side("executable", "x"));
    for (before, after, message) in [
        (&plain, &executable, "was moved and made executable, which is not allowed"),
        (&executable, &plain, "was moved and made not executable, which is not allowed"),
    ] {
        for (old, new) in [("a", "b"), ("b", "a")] {
            for from in ["null".to_owned(), format!("\"{old}\"")] {
                let mut lines = [sided(old, before, "null", "null"), sided(new, "null", after, &from)];
                lines.sort();
                let checked = one(MODE, &document(&lines));
                assert_eq!(checked.errors(), [format!("denied-kind:{new}")], "{from}");
                assert_eq!(checked.messages(), [format!("`{new}` {message}")]);
                let summary = format!("1 change is of a kind that is not allowed: {new}");
                assert_eq!((checked.verdict(), checked.outcome.summary), (Verdict::Fail, summary));
            }
        }
    }
}

#[test]
fn what_only_looks_like_a_move_of_another_mode_may_stay() {
    let (plain, executable) = (side("file", "x"), side("executable", "x"));
    let empty = |kind: &str| side(kind, "x").replace("\"size\":3", "\"size\":0");
    let cases = [
        // The same mode.
        vec![sided("a", &plain, "null", "null"), sided("b", "null", &plain, "\"a\"")],
        // Another content.
        vec![sided("a", &plain, "null", "null"), sided("b", "null", &side("executable", "y"), "null")],
        // The removed file went elsewhere, and this one is new.
        vec![
            sided("a", &plain, "null", "null"),
            sided("b", "null", &plain, "\"a\""),
            sided("c", "null", &executable, "null"),
        ],
        // Two moves of one content, each with its mode.
        vec![
            sided("a", &plain, "null", "null"),
            sided("b", &executable, "null", "null"),
            sided("c", "null", &plain, "\"a\""),
            sided("d", "null", &executable, "\"b\""),
        ],
        // Empty files are all alike.
        vec![sided("a", &empty("file"), "null", "null"), sided("b", "null", &empty("executable"), "null")],
        // A symlink has no mode.
        vec![sided("a", &side("symlink", "x"), "null", "null"), sided("b", "null", &executable, "null")],
    ];
    for lines in cases {
        let checked = one(MODE, &document(&lines));
        assert_eq!((checked.verdict(), checked.errors()), (Verdict::Pass, vec![]), "{lines:?}");
    }
}

/// A file that was moved is told once, however many rules it breaks.
#[test]
fn a_move_in_a_patch_can_change_the_mode() {
    let patch = "diff --git a/z b/b\nold mode 100644\nnew mode 100755\nsimilarity index 100%\nrename from z\nrename to b\n";
    let checked = judged(MODE, patch.as_bytes(), &[], &[]);
    assert_eq!(checked.errors(), ["denied-kind:b"], "{}", checked.outcome.summary);
    let both = one(r#"{"kinds_denied":["mode","moved"]}"#, patch);
    assert_eq!(both.errors(), ["denied-kind:b"]);
    let same = "diff --git a/z b/b\nsimilarity index 100%\nrename from z\nrename to b\n";
    assert_eq!(one(MODE, same).verdict(), Verdict::Pass);
}
