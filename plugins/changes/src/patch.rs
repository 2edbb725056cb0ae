//! Reads patches: what `git diff`, `git format-patch`, `git log -p` and `diff -u` write.
//!
//! It never skips what it does not know once the first file was met: between two files only blank lines, the
//! signature of a mail and the head of the next commit may stand. It never decodes binary patches. A
//! patch says what changed and not how much was compared, and names files as the configuration of git
//! tells it to: where that is in the hands of the one who is judged, judge the host's own comparison.
//!
//! Source: git's `Documentation/diff-generate-patch.adoc` and `apply.c`.

mod content;
mod file;
mod header;
mod names;
mod quote;

use std::collections::BTreeSet;
use std::io::BufRead;

use evident_checker::{Error, Reason};

use crate::change::{Change, Extent};
use crate::lines::Lines;
use crate::words::shown;

/// Changed paths of one patch; more than any repository has, and small enough for a component's memory.
const PATHS_MAX: usize = 1_000_000;

/// Hands every change to `take`, in the order of the patch; a path may come more than once. A rename is two
/// changes, one for each name.
///
/// # Errors
/// Inconclusive: `malformed` for a patch that is not whole, `unsupported` for text without a change in a
/// known form, `limit` for a line or a number of paths beyond the bounds, `not-examined` for no text at all.
pub(crate) fn read(reader: impl BufRead, mut take: impl FnMut(&Change)) -> Result<Extent, Error> {
    let mut lines = Lines::new(reader);
    let mut paths = BTreeSet::new();
    let mut any_text = false;
    let mut prose = true;
    while let Some(line) = lines.peek()? {
        any_text |= !line.trim_ascii().is_empty();
        let changes = if line.starts_with(b"diff --git ") {
            file::git(&mut lines)?
        } else if line.starts_with(b"--- ") {
            match file::plain(&mut lines, prose)? {
                Some(changes) => changes,
                None => continue,
            }
        } else {
            prose = between(&mut lines, prose)?;
            continue;
        };
        prose = false;
        for change in changes {
            if !paths.contains(change.path_bytes()) {
                if paths.len() == PATHS_MAX {
                    return Err(Error::limit(format!("more than {PATHS_MAX} files changed")));
                }
                paths.insert(change.path_bytes().to_vec());
            }
            take(&change);
        }
    }
    match (paths.len(), any_text) {
        (0, false) => Err(Error::Inconclusive(Reason::NotExamined, "the patch is empty".into())),
        (0, true) => Err(Error::unsupported(
            "it is neither the host's comparison of two trees nor a unified patch (`git diff`, `diff -u`)",
        )),
        (changed, _) => Ok(Extent { changed: changed as u64, compared: None }),
    }
}

/// Takes a line outside of any file, and says whether prose may follow.
fn between<R: BufRead>(lines: &mut Lines<R>, prose: bool) -> Result<bool, Error> {
    let line = lines.peek()?.unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if let Some(form) = unknown_form(line) {
        return Err(Error::unsupported(format!("line {}: {form}", lines.number())));
    }
    if line.starts_with(b"@@ -") {
        return Err(wrong(lines, "a hunk belongs to no file"));
    }
    if prose {
        lines.skip();
        return Ok(true);
    }
    if line.is_empty() || line.starts_with(b"base-commit: ") || line.starts_with(b"prerequisite-patch-id: ") {
        lines.skip();
        return Ok(false);
    }
    if is_commit(line) {
        lines.skip();
        return Ok(true);
    }
    if line == b"-- " || line == b"--" {
        lines.skip();
        signature(lines)?;
        return Ok(false);
    }
    if line.starts_with(b"diff ") {
        lines.skip();
        if lines.peek()?.is_none_or(|line| !line.starts_with(b"--- ")) {
            return Err(wrong(lines, "the names of a file are missing"));
        }
        return Ok(false);
    }
    let text = String::from_utf8_lossy(line).into_owned();
    Err(wrong(lines, format!("`{}` stands where the next file is expected", shown(&text))))
}

/// What tells of changes in a form that this reader does not know. Skipped as prose it would hide them.
fn unknown_form(line: &[u8]) -> Option<&'static str> {
    const FORMS: &[(&[u8], &str)] = &[
        (b"diff --cc ", "a combined diff of a merge is not read; compare with one parent"),
        (b"diff --combined ", "a combined diff of a merge is not read; compare with one parent"),
        (b"***************", "a context diff is not read; use `diff -u`"),
        (b"Only in ", ONLY_IN),
        (b"Binary files ", "`diff` does not say enough about binary files; use `git diff`"),
        (b"GIT binary patch", "a binary patch belongs to no file"),
        (b"Submodule ", "a submodule is told as a log; use `git diff --submodule=short`"),
        (b"* Unmerged path ", "a file is in conflict, so its content is not told"),
    ];
    const ONLY_IN: &str = "`diff` names a file without its content; use `diff -N`";
    let found = FORMS.iter().find(|(start, _)| line.starts_with(start)).map(|(_, form)| *form);
    // A sentence may begin like that.
    found.filter(|form| *form != ONLY_IN || memchr::memmem::find(line, b": ").is_some())
}

/// `From ID date` of a mail, `commit ID` of a log.
fn is_commit(line: &[u8]) -> bool {
    /// Digits of a SHA-1; a SHA-256 has more.
    const ID_DIGITS: usize = 40;
    let id = line.strip_prefix(b"From ").or(line.strip_prefix(b"commit "));
    id.is_some_and(|id| id.len() >= ID_DIGITS && id[..ID_DIGITS].iter().all(u8::is_ascii_hexdigit))
}

/// Lines up to a blank one. What looks like the content of a file is not a signature: the hunk before it was
/// longer than its header says.
fn signature<R: BufRead>(lines: &mut Lines<R>) -> Result<(), Error> {
    while let Some(line) = lines.peek()? {
        match line.first() {
            None | Some(b'\r') => break,
            Some(b'+' | b'-' | b' ' | b'@' | b'\\') => {
                return Err(wrong(lines, "a hunk is longer than its header says"));
            }
            Some(_) if line.starts_with(b"diff ") || is_commit(line) => break,
            Some(_) => lines.skip(),
        }
    }
    Ok(())
}

fn wrong<R: BufRead>(lines: &Lines<R>, problem: impl std::fmt::Display) -> Error {
    Error::malformed(format!("line {}: {problem}", lines.number()))
}
