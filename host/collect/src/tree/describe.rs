//! The comparison document: what a checker and a person see of how two trees differ.
//!
//! Made by our own reading, without git, its filters, or an external program. Every content is proven by
//! its digest while it is read, so that the lines are those of the trees and of nothing else.

mod contents;
mod lines;

use std::borrow::Cow;
use std::io::Write;

use evident_blobs::Blobs;
use evident_core::digest::Digest;
use evident_core::tree::{Change, Leaf, compare};
use serde::Serialize;

use super::{Side, Trees};
use crate::Error;
use contents::{Content, Opened};
use lines::Lines;

/// The version of the form.
const VERSION: u32 = 1;

/// Bytes of a file whose lines are compared: more than any text that a person writes.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Bytes in which a zero byte makes a file binary: the rule of git.
const BINARY_BYTES: usize = 8000;

#[derive(Serialize)]
struct Head<'a> {
    format: &'static str,
    version: u32,
    from: Named<'a>,
    to: Named<'a>,
    compared: usize,
}

#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
    digest: Digest,
    files: usize,
}

#[derive(Serialize)]
struct Told<'a> {
    path: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
    change: &'static str,
    before: Option<ToldLeaf>,
    after: Option<ToldLeaf>,
    binary: bool,
    lines_added: Option<u32>,
    lines_removed: Option<u32>,
    added: Option<Vec<Cow<'a, str>>>,
    unscanned: Option<String>,
    moved_from: Option<Cow<'a, str>>,
}

#[derive(Serialize)]
struct ToldLeaf {
    kind: &'static str,
    size: u64,
    digest: Digest,
}

#[derive(Serialize)]
struct End {
    end: bool,
    changes: usize,
}

/// Writes the document.
pub(super) fn describe(
    blobs: &Blobs,
    from: &Side<'_>,
    to: &Side<'_>,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let changes = compare(from.tree, to.tree);
    let (before, after) = (Opened::new(blobs, from)?, Opened::new(blobs, to)?);
    let head = Head {
        format: "evident-changes",
        version: VERSION,
        from: named(from),
        to: named(to),
        compared: changes.compared,
    };
    line(out, &head)?;
    for change in &changes.changes {
        let old = change.before.map(|leaf| before.content(&change.path, &leaf)).transpose()?;
        let new = change.after.map(|leaf| after.content(&change.path, &leaf)).transpose()?;
        line(out, &told(change, old.as_ref(), new.as_ref()))?;
    }
    line(out, &End { end: true, changes: changes.changes.len() })
}

fn line(out: &mut dyn Write, value: &impl Serialize) -> Result<(), Error> {
    serde_json::to_writer(&mut *out, value).map_err(|error| Error::Write(error.into()))?;
    out.write_all(b"\n").map_err(Error::Write)
}

fn named<'a>(side: &Side<'a>) -> Named<'a> {
    Named { name: side.name, digest: Trees::digest(side.tree), files: side.tree.entries().len() }
}

fn told<'a>(change: &'a Change, old: Option<&'a Content>, new: Option<&'a Content>) -> Told<'a> {
    let binary = [old, new].into_iter().flatten().any(Content::is_binary);
    let lines = Lines::of(old, new);
    let is_text = std::str::from_utf8(&change.path).is_ok();
    Told {
        path: String::from_utf8_lossy(&change.path),
        path_bytes: (!is_text).then(|| change.path.iter().map(|byte| format!("{byte:02x}")).collect()),
        change: change.kind().name(),
        before: change.before.map(told_leaf),
        after: change.after.map(told_leaf),
        binary,
        lines_added: lines.added_count.filter(|_| !binary),
        lines_removed: lines.removed_count.filter(|_| !binary),
        unscanned: lines.added.is_none().then(|| format!("larger than {} MiB", FILE_BYTES_MAX / 1024 / 1024)),
        added: lines.added,
        moved_from: change.moved_from.as_deref().map(String::from_utf8_lossy),
    }
}

fn told_leaf(leaf: Leaf) -> ToldLeaf {
    ToldLeaf { kind: leaf.kind.name(), size: leaf.size, digest: leaf.digest }
}
