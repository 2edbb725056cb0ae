//! Documents made to hurt or to deceive: none may panic, hang or pass.

use std::fmt::Write;

use proptest::prelude::*;

use super::{ANYTHING, LIMIT, MALFORMED, Verdict, document, judged, one, row, text};

#[test]
fn a_million_changes_are_judged() {
    let rows: Vec<String> = (0..1_000_000).map(|at| row(&format!("src/{at:07}"), "added", "")).collect();
    let whole = document(&rows)
        .replace("\"files\":9", "\"files\":1000000")
        .replace("\"compared\":10", "\"compared\":1000000");
    assert_eq!(
        one(r#"{"allow":["/src/0999999"]}"#, &whole).outcome.summary,
        "999999 of 1000000 changed files are not allowed: src/0000000, src/0000001, src/0000002 and 999996 more"
    );
}

#[test]
fn a_patch_of_too_many_files_is_a_limit() {
    let mut patch = String::new();
    for at in 0..=1_000_000 {
        write!(patch, "diff --git a/{at} b/{at}\nold mode 100644\nnew mode 100755\n").expect("a string");
    }
    assert_eq!(one(ANYTHING, &patch).verdict(), LIMIT);
}

#[test]
fn deep_and_long_documents_are_refused() {
    let deep = format!("{}{}", "{\"a\":".repeat(1_000_000), "\n");
    assert_eq!(one(ANYTHING, &deep).verdict(), MALFORMED);
    let inside = document(&[row("a", "added", "")])
        .replace("\"added\":[]", &format!("\"added\":{}", "[".repeat(100_000)));
    assert_eq!(one(ANYTHING, &inside).verdict(), MALFORMED);
    let spaces = format!("diff --git {}\nold mode 100644\nnew mode 100755\n", "a ".repeat(4_000_000));
    assert_eq!(one(ANYTHING, &spaces).verdict(), MALFORMED);
    let spaces = format!("diff --git {}\nold mode 100644\nnew mode 100755\n", " ".repeat(16_000));
    assert_eq!(one(ANYTHING, &spaces).verdict(), MALFORMED);
    assert_eq!(one(ANYTHING, &"x".repeat(64 * 1024 * 1024 + 1)).verdict(), LIMIT);
}

/// `judged` asserts the size of every message.
#[test]
fn texts_of_findings_are_bounded() {
    let long = "ä".repeat(100_000);
    let rows = [row(&long, "added", &text(&[&format!("x{long}")], 0))];
    let checked = one(r#"{"deny":["**"],"added":["x"],"kinds_denied":["removed"]}"#, &document(&rows));
    assert_eq!((checked.verdict(), checked.errors().len()), (Verdict::Fail, 2));
    assert!(checked.outcome.summary.len() < 1024);
    let wide = format!(r#"{{"allow":[{}"b"]}}"#, "\"a\",".repeat(10_000));
    assert_eq!(one(&wide, &document(&[row("c", "added", "")])).verdict(), Verdict::Fail);
}

/// Two paths of which only the end differs are two findings.
#[test]
fn long_paths_stay_apart() {
    let long = "x".repeat(1000);
    let rows = [row(&format!("{long}1"), "added", ""), row(&format!("{long}2"), "added", "")];
    let checked = one(r#"{"allow":[]}"#, &document(&rows));
    let errors = checked.errors();
    assert!(errors.len() == 2 && errors[0] != errors[1], "{errors:?}");
}

const PIECES: &[&str] = &[
    "diff --git a/bad b/bad\nold mode 100644\nnew mode 100755\n",
    "diff --git a/good b/good\n",
    "index 1234567..89abcde 100644\n",
    "--- a/good\n",
    "+++ b/good\n",
    "@@ -1 +1 @@\n",
    "-a\n",
    "+b\n",
    " c\n",
    "\n",
    "-- \n",
    "2.38.1\n",
    "rename from good\n",
    "rename to good2\n",
    "GIT binary patch\n",
    "literal 0\nHcmV?d00001\n\n",
    "new file mode 100644\n",
    "text\n",
    "From 62ea0eaf7e00170a8fca79f665442f9f44725956 Mon\n",
];

proptest! {
    #[test]
    fn arbitrary_bytes_never_pass(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        prop_assert_ne!(judged(ANYTHING, &bytes, &[], &[]).verdict(), Verdict::Pass);
    }

    /// Pieces of real patches in any order: a denied change among them never passes.
    #[test]
    fn a_denied_change_among_pieces_never_passes(mut pieces in proptest::collection::vec(1..PIECES.len(), 0..30), at in 0..30_usize) {
        pieces.insert(at.min(pieces.len()), 0);
        let text: String = pieces.iter().map(|piece| PIECES[*piece]).collect();
        prop_assert_ne!(one(r#"{"deny":["bad"]}"#, &text).verdict(), Verdict::Pass);
    }

    /// One byte of a good document changed: it is refused, or tells as many changes as before.
    #[test]
    fn a_bent_document_hides_no_change(at in 0..2000_usize, byte in any::<u8>()) {
        let rows = [row("a", "added", &text(&["x", "y"], 0)), row("b", "modified", ""), row("c/d", "removed", "")];
        let mut bytes = document(&rows).into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        let checked = judged(ANYTHING, &bytes, &[], &[]);
        if checked.verdict() == Verdict::Pass {
            prop_assert_eq!(checked.figures()[0], 3);
        }
    }
}
