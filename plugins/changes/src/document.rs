//! Reads the host's comparison of two trees, form `evident-changes` 1, line by line.
//!
//! ```json
//! {"format":"evident-changes","version":1,"from":{"name":"start","digest":"sha256:..","files":2},"to":{..},"compared":3}
//! {"path":"src/a.rs","change":"modified","before":{..},"after":{..},"binary":false,"lines_added":1,"lines_removed":0,"added":["text"],"unscanned":null,"moved_from":null}
//! {"end":true,"changes":1}
//! ```
//!
//! It takes no part of a document for the whole: a line that is missing, repeated, out of order or not as
//! the form says makes all of it malformed. It never holds more than one line.

mod entry;

use std::io::BufRead;

use evident_checker::Error;
use serde::Deserialize;

use crate::change::{Change, Extent};
use crate::lines::Lines;
use crate::words::shown;
use entry::Entry;

/// What the first line calls the form.
const FORMAT: &str = "evident-changes";
/// The only version there is.
const VERSION: u64 = 1;

/// What is said about this form from anyone else.
const NOT_OF_HOST: &str = "it is in the form of the host's comparison, and the host did not make it: a command or a file cannot stand in for the host's comparison; use a source with `changes = \"start\"`";

/// What tells the version of a document that may be newer than this checker.
#[derive(Deserialize)]
struct Versioned {
    format: String,
    version: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    #[serde(rename = "format")]
    _format: String,
    #[serde(rename = "version")]
    _version: u64,
    from: Tree,
    to: Tree,
    compared: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tree {
    name: String,
    digest: String,
    files: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    end: bool,
    changes: u64,
}

/// Hands every change to `take`, in the order of the document. `is_of_host` tells who wrote it; it is asked
/// only of a document that says to be in this form.
///
/// # Errors
/// Inconclusive: `malformed`, `unsupported` for another form or version and for a document that the host
/// did not write, `contradiction` where the digests and the changes disagree, `limit` for a line that is too
/// long. What was handed over before is not all.
pub(crate) fn read(
    reader: impl BufRead,
    is_of_host: impl FnOnce() -> bool,
    mut take: impl FnMut(&Change),
) -> Result<Extent, Error> {
    let mut lines = Lines::new(reader);
    let head = head(&mut lines, is_of_host)?;
    let mut last: Option<Vec<u8>> = None;
    let mut changed = 0;
    let end = loop {
        let Some(line) = lines.peek()? else {
            return Err(Error::malformed("the last line, which says that it is whole, is missing"));
        };
        match serde_json::from_slice::<Entry>(line) {
            Ok(entry) => {
                let at = |problem: String| wrong(&lines, problem);
                let change = entry.into_change().map_err(at)?;
                if last.as_deref().is_some_and(|last| last >= change.path_bytes()) {
                    return Err(at(format!("`{}` is not in order", shown(&change.path))));
                }
                last = Some(change.path_bytes().to_vec());
                changed += 1;
                take(&change);
            }
            Err(error) => match serde_json::from_slice::<End>(line) {
                Ok(end) => break end,
                Err(_) => return Err(wrong(&lines, shown(&error.to_string()))),
            },
        }
        lines.skip();
    };
    if !end.end || end.changes != changed {
        return Err(wrong(&lines, format!("{} changes are announced, {changed} are there", end.changes)));
    }
    lines.skip();
    if lines.peek()?.is_some() {
        return Err(wrong(&lines, "something follows the end"));
    }
    agree(&head, changed)
}

fn head<R: BufRead>(lines: &mut Lines<R>, is_of_host: impl FnOnce() -> bool) -> Result<Head, Error> {
    let line = lines.peek()?.unwrap_or_default();
    let error = match serde_json::from_slice::<Versioned>(line) {
        Ok(Versioned { format, .. }) if format != FORMAT => {
            return Err(Error::unsupported(format!(
                "it is in the form `{}`; known is `{FORMAT}`",
                shown(&format)
            )));
        }
        // Whoever can print can print this form too, with every digest right.
        Ok(_) if !is_of_host() => return Err(Error::unsupported(NOT_OF_HOST)),
        Ok(Versioned { version: VERSION, .. }) => None,
        Ok(Versioned { version, .. }) => {
            return Err(Error::unsupported(format!(
                "it has version {version}; only version {VERSION} is read"
            )));
        }
        Err(error) => Some(error),
    };
    let head = match error {
        None => serde_json::from_slice::<Head>(line),
        Some(error) => Err(error),
    };
    let head = head.map_err(|error| wrong(lines, shown(&error.to_string())))?;
    lines.skip();
    Ok(head)
}

/// The figures of the first line and the changes tell one story.
fn agree(head: &Head, changed: u64) -> Result<Extent, Error> {
    let Head { from, to, compared, .. } = head;
    if [from, to].iter().any(|tree| tree.name.is_empty() || tree.digest.is_empty()) {
        return Err(Error::malformed("line 1: a tree has no name or no digest"));
    }
    if changed > *compared || from.files.max(to.files) > *compared {
        return Err(Error::malformed(format!(
            "{compared} files were compared, but the trees have {} and {}, and {changed} changed",
            from.files, to.files
        )));
    }
    if (from.digest == to.digest) != (changed == 0) {
        let trees = if changed == 0 { "differ" } else { "are the same" };
        return Err(Error::Inconclusive(
            evident_checker::Reason::Contradiction,
            format!("the digests of the trees {trees}, but {changed} changes are listed"),
        ));
    }
    Ok(Extent { changed, compared: Some(*compared) })
}

fn wrong<R: BufRead>(lines: &Lines<R>, problem: impl std::fmt::Display) -> Error {
    Error::malformed(format!("line {}: {problem}", lines.number()))
}
