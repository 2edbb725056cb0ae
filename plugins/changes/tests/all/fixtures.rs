//! The shared conformance patches, with the figures that `SOURCES.md` beside them states.

use std::fs;
use std::path::{Path, PathBuf};

use super::{ANYTHING, MALFORMED, Verdict, judged};

/// The folder, or nothing (with a line saying so) where it is not there.
fn folder() -> Option<PathBuf> {
    let named = std::env::var_os("EVIDENT_FIXTURES").map(PathBuf::from);
    let root =
        named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures"));
    let folder = root.join("diff");
    if folder.is_dir() {
        return Some(folder);
    }
    #[allow(clippy::print_stderr, reason = "a test that skips says so")]
    {
        eprintln!("skipped: no fixtures at {}", folder.display());
    }
    None
}

/// File, paths in order, changed files and lines. Both names of a rename are changed files.
const CLAIMED: &[(&str, &[&str], [u64; 2])] = &[
    ("git.diff", &["added_file", "modified_file", "removed_file"], [3, 11]),
    ("git_rename.diff", &["added", "moved", "oldfile", "newfile", "sub/onefile", "sub/otherfile"], [6, 4]),
    ("git_quoted_filename.diff", &["A â B.py"], [1, 1]),
    ("git_delete.diff", &["somefile.c"], [1, 10]),
    ("binary.diff", &["1x1.png"], [1, 0]),
];

#[test]
fn claimed_files_give_their_figures() {
    let Some(folder) = folder() else { return };
    for (file, paths, figures) in CLAIMED {
        let bytes = fs::read(folder.join(file)).unwrap();
        let checked = judged(r#"{"deny":["**"]}"#, &bytes, &[], &[]);
        assert_eq!(checked.verdict(), Verdict::Fail, "{file}: {}", checked.outcome.summary);
        let expected: Vec<_> = paths.iter().map(|path| format!("denied-path:{path}")).collect();
        assert_eq!(checked.errors(), expected, "{file}");
        assert_eq!((checked.figures(), checked.outcome.examined), (*figures, figures[0]), "{file}");
    }
}

#[test]
fn kinds_are_those_of_the_table() {
    let Some(folder) = folder() else { return };
    for (file, kind, paths) in [
        ("git_rename.diff", "moved", &["moved", "newfile", "sub/otherfile"][..]),
        ("git.diff", "removed", &["removed_file"]),
        ("git_delete.diff", "removed", &["somefile.c"]),
        ("binary.diff", "binary", &["1x1.png"]),
        ("git_quoted_filename.diff", "binary", &[]),
    ] {
        let config = format!(r#"{{"kinds_denied":["{kind}"]}}"#);
        let checked = judged(&config, &fs::read(folder.join(file)).unwrap(), &[], &[]);
        let expected: Vec<_> = paths.iter().map(|path| format!("denied-kind:{path}")).collect();
        assert_eq!(checked.errors(), expected, "{file}");
    }
}

/// It is malformed for its paths, which are absolute, and with others for its second hunk.
#[test]
fn a_hunk_that_is_shorter_than_its_header_is_an_error() {
    let Some(folder) = folder() else { return };
    let text = fs::read_to_string(folder.join("sample7.diff")).unwrap();
    assert_eq!(judged(ANYTHING, text.as_bytes(), &[], &[]).verdict(), MALFORMED);
    let renamed = text.replace("/path/to/original", "a/document").replace("/path/to/new", "b/document");
    let checked = judged(ANYTHING, renamed.as_bytes(), &[], &[]);
    assert_eq!(checked.verdict(), MALFORMED);
    assert!(checked.outcome.summary.contains("hunk"), "{}", checked.outcome.summary);
}

#[test]
fn every_patch_of_the_folder_is_claimed() {
    let Some(folder) = folder() else { return };
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut patches: Vec<_> =
        names.filter(|name| name.ends_with(".diff") && name != "sample7.diff").collect();
    patches.sort();
    let mut claimed: Vec<_> = CLAIMED.iter().map(|(file, ..)| *file).collect();
    claimed.sort_unstable();
    assert_eq!(patches, claimed);
}

/// What fails as a whole never passes cut off; and a cut passes only between two files, where no reader of
/// patches can see it.
#[test]
fn no_cut_hides_a_change() {
    let Some(folder) = folder() else { return };
    for (file, paths, _) in CLAIMED {
        let bytes = fs::read(folder.join(file)).unwrap();
        let mut passes = Vec::new();
        for cut in 0..bytes.len() {
            let denied = judged(r#"{"deny":["**"]}"#, &bytes[..cut], &[], &[]);
            assert_ne!(denied.verdict(), Verdict::Pass, "{file} cut at {cut}");
            let allowed = judged(ANYTHING, &bytes[..cut], &[], &[]);
            if allowed.verdict() == Verdict::Pass {
                passes.push((cut, allowed.outcome.examined));
            }
        }
        for (cut, examined) in passes {
            let rest = String::from_utf8_lossy(&bytes[cut..]).into_owned();
            let between = ["diff --git ", "\n", "\\ No newline", "--\n", "2.38.1\n", "literal 0\n"];
            assert!(
                between.iter().any(|start| rest.starts_with(start)),
                "{file} passes cut at {cut}: {rest}"
            );
            let text = String::from_utf8_lossy(&bytes[..cut]).into_owned();
            let files = text.matches("diff --git ").count() * paths.len()
                / String::from_utf8_lossy(&bytes).matches("diff --git ").count();
            assert_eq!(examined, files as u64, "{file} cut at {cut}");
        }
    }
}
