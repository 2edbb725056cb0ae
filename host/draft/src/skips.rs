//! Whether tests are switched off at the start, by the words that do it.
//!
//! Where none is, the contract denies skipped tests: code under test can skip the test that calls it. A word too
//! much leaves them allowed; a test that is skipped by other means fails the first check, which says so.

use crate::findings::Kind;
use crate::folder::Folder;

/// Files that are read, each of at most [`crate::FILE_BYTES_MAX`] bytes.
const FILES_MAX: usize = 2_000;

/// True if a file of tests holds such a word, cannot be read, or is one too many.
pub(crate) fn any(folder: &Folder, kind: Kind) -> bool {
    let mut files = folder.files().filter(|path| is_of_tests(path, kind));
    let is_off = |path: &str| folder.read(path).ok().flatten().is_none_or(|text| switches_off(&text, kind));
    files.by_ref().take(FILES_MAX).any(is_off) || files.next().is_some()
}

fn is_of_tests(path: &str, kind: Kind) -> bool {
    let ends = |endings: &[&str]| endings.iter().any(|ending| path.ends_with(ending));
    match kind {
        // Tests of units stand beside what they test, those of examples in comments.
        Kind::Cargo => ends(&[".rs"]),
        Kind::Pytest => path.contains("test") && ends(&[".py"]),
        Kind::Node => {
            let is_script = ends(&[".js", ".cjs", ".mjs", ".jsx", ".ts", ".cts", ".mts", ".tsx"]);
            is_script && (path.contains("test") || path.contains("spec"))
        }
        Kind::Go => ends(&["_test.go"]),
    }
}

fn switches_off(text: &str, kind: Kind) -> bool {
    let holds = |words: &[&str]| words.iter().any(|word| text.contains(word));
    match kind {
        Kind::Cargo => text
            .lines()
            .any(|line| line.contains("ignore") && ["#[", "```"].iter().any(|mark| line.contains(mark))),
        Kind::Pytest => holds(&["skip", "xfail"]),
        Kind::Node => holds(&["skip", "todo", ".only(", "xit(", "xtest(", "xdescribe("]),
        Kind::Go => holds(&[".Skip"]),
    }
}
