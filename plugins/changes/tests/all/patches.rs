//! Patches as git and `diff` write them, and what is none.

use super::{ANYTHING, Checked, MALFORMED, NOT_EXAMINED, UNSUPPORTED, Verdict, one};

const DENY_ALL: &str = r#"{"deny":["**"]}"#;

fn paths(checked: &Checked) -> Vec<&str> {
    checked.errors().iter().map(|error| error.strip_prefix("denied-path:").unwrap_or(error)).collect()
}

const EDIT: &str = "@@ -1 +1 @@\n-a\n+b\n";

/// Paths in the order of the patch, as a boundary that allows nothing sees them.
#[test]
fn every_form_names_its_paths() {
    let index = "index 1234567..89abcde 100644\n";
    for (patch, expected) in [
        (format!("diff --git a/x b/x\n{index}--- a/x\n+++ b/x\n{EDIT}"), &["x"][..]),
        (format!("diff --git x x\n{index}--- x\n+++ x\n{EDIT}"), &["x"]),
        (format!("diff --git i/x w/x\n{index}--- i/x\n+++ w/x\n{EDIT}"), &["x"]),
        (format!("diff --git old/s/x new/s/x\n{index}--- old/s/x\n+++ new/s/x\n{EDIT}"), &["s/x"]),
        (format!("diff --git a/m y b/m y\n{index}--- a/m y\t\n+++ b/m y\t\n{EDIT}"), &["m y"]),
        (format!("diff --git \"a/\\303\\242\" \"b/\\303\\242\"\n{index}--- \"a/\\303\\242\"\n+++ \"b/\\303\\242\"\n{EDIT}"), &["â"]),
        ("diff --git a/x b/x\nnew file mode 100644\nindex 0000000..89abcde\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+a\n".into(), &["x"]),
        ("diff --git a/x b/x\nnew file mode 100644\nindex 0000000..e69de29\n".into(), &["x"]),
        ("diff --git a/x b/x\ndeleted file mode 100644\nindex e69de29..0000000\n".into(), &["x"]),
        ("diff --git a/x b/x\nold mode 100644\nnew mode 100755\n".into(), &["x"]),
        ("diff --git a/x b/y\nsimilarity index 100%\nrename from x\nrename to y\n".into(), &["x", "y"]),
        (format!("diff --git a/x b/y\nsimilarity index 90%\nrename from x\nrename to y\n{index}--- a/x\n+++ b/y\n{EDIT}"), &["x", "y"]),
        ("diff --git a/x b/y\nsimilarity index 100%\ncopy from x\ncopy to y\n".into(), &["y", "x"]),
        ("diff --git \"a/\\tx\" b/y\nsimilarity index 100%\nrename from \"\\tx\"\nrename to y\n".into(), &["\tx", "y"]),
        (format!("diff --git a/x b/x\n{index}Binary files a/x and b/x differ\n"), &["x"]),
        ("diff --git a/x b/x\ndeleted file mode 100644\nindex 1234567..0000000\nBinary files a/x and /dev/null differ\n".into(), &["x"]),
        (format!("diff --git a/x b/x\n{index}GIT binary patch\ndelta 3\nHcmV?d00001\n\n"), &["x"]),
        ("diff --git a/l b/l\nnew file mode 120000\nindex 0000000..1234567\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc\n\\ No newline at end of file\n".into(), &["l"]),
        (format!("diff --git a/m b/m\nindex 1234567..89abcde 160000\n--- a/m\n+++ b/m\n{EDIT}"), &["m"]),
        (format!("--- x.c\t2020-01-01\n+++ x.c\t2020-01-02\n{EDIT}"), &["x.c"]),
        (format!("diff -ru old/x new/x\n--- old/x\tnow\n+++ new/x\tnow\n{EDIT}diff -ru old/y new/y\n--- old/y\n+++ new/y\n{EDIT}"), &["x", "y"]),
        ("--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n".into(), &["x"]),
        ("--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+a\n".into(), &["x"]),
        // Lines may hold anything, carriage returns and what looks like a header too.
        ("--- a/x\r\n+++ b/x\r\n@@ -1,2 +1,3 @@\r\n-a\r\n+b\rc\r\n+++ b/y\n \r\n".into(), &["x"]),
        ("--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n--- a/y\n-diff --git a/z b/z\n+++ b/y\n+@@ -1 +1 @@\n".into(), &["x"]),
        // Two commits of a series, a mail each.
        (
            format!("From 62ea0eaf7e00170a8fca79f665442f9f44725956 Mon\nSubject: x\n\n--- not a file\ntext\n---\n x | 2 +-\n\ndiff --git a/x b/x\n{index}--- a/x\n+++ b/x\n{EDIT}-- \n2.38.1\n\nFrom 62ea0eaf7e00170a8fca79f665442f9f44725956 Mon\n\ndiff --git a/y b/y\n{index}--- a/y\n+++ b/y\n{EDIT}-- \n2.38.1\n"),
            &["x", "y"],
        ),
        (format!("commit 62ea0eaf7e00170a8fca79f665442f9f44725956\n\n    x\n\n--- a/x\n+++ b/x\n{EDIT}\ncommit 62ea0eaf7e00170a8fca79f665442f9f44725956\n\n--- a/x\n+++ b/x\n{EDIT}"), &["x"]),
        ("diff --git a/x b/x\ndeleted file mode 100644\nindex 1234567..0000000\n--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\ndiff --git a/x b/x\nnew file mode 120000\nindex 0000000..1234567\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+y\n".into(), &["x"]),
    ] {
        let checked = one(DENY_ALL, &patch);
        assert_eq!(checked.verdict(), Verdict::Fail, "{patch}: {}", checked.outcome.summary);
        assert_eq!(paths(&checked), expected, "{patch}");
        let whole = one(ANYTHING, &patch);
        assert_eq!(whole.verdict(), Verdict::Pass, "{patch}: {}", whole.outcome.summary);
        assert_eq!(whole.outcome.examined_unit, "files");
    }
}

#[test]
fn what_is_not_whole_is_no_patch() {
    let head = "diff --git a/x b/x\n";
    let index = "index 1234567..89abcde 100644\n";
    let names = "--- a/x\n+++ b/x\n";
    for (patch, verdict) in [
        (String::new(), NOT_EXAMINED),
        ("\n \n".into(), NOT_EXAMINED),
        ("nothing changed\n".into(), UNSUPPORTED),
        ("\0\u{1}\n".into(), UNSUPPORTED),
        ("1c1\n< a\n---\n> b\n".into(), UNSUPPORTED),
        ("*** a/x\n--- b/x\n***************\n*** 1 ****\n".into(), UNSUPPORTED),
        ("Only in b: x\n".into(), UNSUPPORTED),
        ("Binary files a/x and b/x differ\n".into(), UNSUPPORTED),
        ("diff --cc x\nindex 1,2..3\n".into(), UNSUPPORTED),
        (format!("Submodule m 1234567..89abcde:\n  > x\n{names}{EDIT}"), UNSUPPORTED),
        (format!("* Unmerged path y\n{names}{EDIT}"), UNSUPPORTED),
        (format!("{names}{EDIT}Submodule m 1234567..89abcde:\n  > x\n"), UNSUPPORTED),
        (head.into(), MALFORMED),
        (format!("{head}{index}"), MALFORMED),
        (format!("{head}{index}{names}"), MALFORMED),
        (format!("{head}{index}--- a/x\n"), MALFORMED),
        (format!("{head}{index}--- a/x\n{EDIT}"), MALFORMED),
        (format!("{head}{names}{EDIT}+c\n"), MALFORMED),
        (format!("{head}{names}{EDIT}garbage\n"), MALFORMED),
        (format!("{head}{names}{EDIT}-- \n+c\n"), MALFORMED),
        (format!("{head}{names}{EDIT}-- \n-- \n"), MALFORMED),
        (format!("{head}{names}{}", EDIT.trim_end()), MALFORMED),
        (format!("{head}{names}@@ -1,2 +1 @@\n-a\n+b\n"), MALFORMED),
        (format!("{head}{names}@@@ -1 -1 +1 @@@\n  a\n"), MALFORMED),
        (format!("{head}--- a/y\n+++ b/y\n{EDIT}"), MALFORMED),
        (format!("{head}new file mode 100644\n{index}{names}{EDIT}"), MALFORMED),
        (
            format!("{head}deleted file mode 100644\n--- a/x\n+++ /dev/null\n@@ -1,2 +1 @@\n-a\n b\n"),
            MALFORMED,
        ),
        (format!("{head}--- /dev/null\n+++ /dev/null\n{EDIT}"), MALFORMED),
        (format!("--- /dev/null\n+++ /dev/null\n{EDIT}"), MALFORMED),
        (format!("{head}new file mode 100644\nindex 0000000..1234567\n"), MALFORMED),
        (format!("{head}new file mode 100644\nnew file mode 100644\nindex 0000000..e69de29\n"), MALFORMED),
        (format!("{head}new file mode 040000\nindex 0000000..e69de29\n"), MALFORMED),
        (format!("{head}old mode 100644\n"), MALFORMED),
        ("diff --git a/x b/y\nsimilarity index 100%\nrename from x\n".into(), MALFORMED),
        ("diff --git a/x b/y\nsimilarity index 100%\nrename to y\n".into(), MALFORMED),
        ("diff --git a/x b/y\nsimilarity index 100%\ncopy from x\n".into(), MALFORMED),
        ("diff --git a/x b/y\nsimilarity index 90%\nrename from x\nrename to y\n".into(), MALFORMED),
        ("diff --git a/x b/y\nsimilarity index 101%\nrename from x\nrename to y\n".into(), MALFORMED),
        ("diff --git a/x b/y\nrename from x\nrename to z\n".into(), MALFORMED),
        ("diff --git a/x b/x\nrename from x\nrename to x\n".into(), MALFORMED),
        (format!("diff --git a/x b/y\n{index}--- a/x\n+++ b/y\n{EDIT}"), MALFORMED),
        ("diff --git a/../x b/../x\nold mode 100644\nnew mode 100755\n".into(), MALFORMED),
        ("diff --git /x /x\nold mode 100644\nnew mode 100755\n".into(), MALFORMED),
        ("diff --git \"a/x\" \"b/x\nold mode 100644\nnew mode 100755\n".into(), MALFORMED),
        (format!("--- a/../x\n+++ b/../x\n{EDIT}"), MALFORMED),
        (format!("--- /etc/x\n+++ /etc/x\n{EDIT}"), MALFORMED),
        (format!("--- a/x\n+++ b/y\n{EDIT}"), MALFORMED),
        (format!("--- \"a/\\377\\0\n+++ b/y\n{EDIT}"), MALFORMED),
        (EDIT.into(), MALFORMED),
        (format!("{names}{EDIT}--- a/y\ntext\n"), MALFORMED),
        (format!("{names}{EDIT}diff -u a/y b/y\n"), MALFORMED),
        (format!("{names}{EDIT}Only in b: x\n"), UNSUPPORTED),
        (format!("{head}{index}GIT binary patch\nliteral 3\nHcmV?d00001\n"), MALFORMED),
        (format!("{head}{index}GIT binary patch\nliteral 3\nHcmV?d0000\n\n"), MALFORMED),
        (format!("{head}{index}GIT binary patch\n\n"), MALFORMED),
        (format!("{head}{index}Binary files a/x and b/x\n"), MALFORMED),
    ] {
        let checked = one(ANYTHING, &patch);
        assert_eq!(checked.verdict(), verdict, "{patch}: {}", checked.outcome.summary);
    }
}

/// A patch has line numbers, kinds and figures like the host's document.
#[test]
fn rules_see_lines_kinds_and_moves() {
    let patch = "diff --git a/t.py b/t.py\nold mode 100644\nnew mode 100755\nindex 1234567..89abcde\n--- a/t.py\n+++ b/t.py\n@@ -3,2 +7,3 @@ def x():\n a\n-b\n+@pytest.mark.xfail\n+c\n";
    let checked = one(r#"{"added":["xfail"],"kinds_denied":["mode"],"max_lines":2}"#, patch);
    assert_eq!(checked.errors(), ["denied-kind:t.py", "added-text:xfail:t.py", "too-many-lines"]);
    let location = checked.said.findings[1].location.as_ref().expect("has one");
    assert_eq!((location.path.as_deref(), location.line), (Some("t.py"), Some(8)));
    assert_eq!(checked.figures(), [1, 3]);
    assert_eq!(checked.outcome.examined, 1);
    for (kind, patch) in [
        (
            "symlink",
            "diff --git a/x b/x\nnew file mode 120000\nindex 0000000..1234567\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+y\n",
        ),
        (
            "submodule",
            "diff --git a/x b/x\nindex 1234567..89abcde 160000\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n",
        ),
        ("binary", "diff --git a/x b/x\nindex 1234567..89abcde 100644\nBinary files a/x and b/x differ\n"),
        ("removed", "diff --git a/x b/x\ndeleted file mode 100644\nindex e69de29..0000000\n"),
        ("moved", "diff --git a/y b/x\nsimilarity index 100%\nrename from y\nrename to x\n"),
    ] {
        let checked = one(&format!(r#"{{"kinds_denied":["{kind}"]}}"#), patch);
        assert_eq!(checked.errors(), ["denied-kind:x"], "{kind}");
    }
}

/// `.gitattributes` can hide text as binary: a rule about text does not hold by that.
#[test]
fn hidden_text_is_not_allowed_text() {
    let patch =
        "diff --git a/x.rs b/x.rs\nindex 1234567..89abcde 100644\nBinary files a/x.rs and b/x.rs differ\n";
    assert_eq!(one(r#"{"added":["x"]}"#, patch).verdict(), super::LIMIT);
}

#[test]
fn a_moved_file_is_told_with_both_names() {
    let patch = "diff --git a/tests/a.rs b/src/a.rs\nsimilarity index 100%\nrename from tests/a.rs\nrename to src/a.rs\n";
    let checked = one(r#"{"deny":["tests/**"],"allow":["lib/**"]}"#, patch);
    assert_eq!(
        checked.messages(),
        [
            "`tests/a.rs` was moved to `src/a.rs`, and `tests/**` must not change",
            "`src/a.rs` was moved from `tests/a.rs`, and only `lib/**` may change",
        ]
    );
    let copy = patch.replace("rename", "copy");
    let checked = one(r#"{"deny":["tests/**"]}"#, &copy);
    assert_eq!(checked.messages(), ["`tests/a.rs` was copied to `src/a.rs`, and `tests/**` must not change"]);
}
