//! The comparison document: what a checker and a person see of how two trees differ.
//!
//! Made by our own reading, without git, its filters, or an external program. Every content is proven by
//! its digest while it is read, so that the lines are those of the trees and of nothing else.
//!
//! It never holds the document, and stops while it writes where the bound is met. Lines that no clause asks
//! for have a bound of their own, because the document of every assessment is kept.

mod bounded;
mod contents;
mod lines;

use std::borrow::Cow;
use std::io::Write;

use evident_blobs::Blobs;
use evident_core::digest::Digest;
use evident_core::tree::{Change, Leaf, compare};
use serde::Serialize;

use super::{Side, Trees};
use crate::{Error, Wanted};
use bounded::{Bounded, fits};
use contents::{Content, Opened};
use lines::{Added, Lines, Shown};

/// The version of the form.
const VERSION: u32 = 1;

/// Bytes of a file whose lines are compared: more than any text that a person writes.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Why the lines of a larger one are not there.
const TOO_LARGE: &str = "larger than 16 MiB";

/// Bytes of the added lines of one file in the document: the checker `changes` takes lines of 64 MiB, and the
/// paths of a change have at most some 24 KiB each.
const LINES_BYTES_MAX: u64 = 60 * 1024 * 1024;

/// Bytes of all added lines in the document where no clause searches them: more than a person reads, and what
/// each assessment of such a work may cost.
const UNASKED_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Bytes in which a zero byte makes a file binary: the rule of git.
const BINARY_BYTES: usize = 8000;

/// Which added lines a document holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinesOf {
    /// Of every file, because a clause searches them. Those of a binary file are told without zero bytes: a line
    /// is cut where it has one.
    Everything,
    /// Of text, as long as all of them have at most 16 MiB; of no binary file.
    Text,
}

/// What came of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Described {
    /// It is written.
    Whole,
    /// It would be larger than it may be; what was written is not a document.
    TooLarge,
}

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
    added: Option<Shown<'a>>,
    unscanned: Option<&'static str>,
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

/// Writes the document, of at most `bytes_max` bytes.
pub(super) fn describe(
    (blobs, wanted): (&Blobs, &Wanted),
    (from, to): (&Side<'_>, &Side<'_>),
    lines: LinesOf,
    bytes_max: u64,
    out: &mut dyn Write,
) -> Result<Described, Error> {
    let mut out = Bounded::new(out, bytes_max);
    match document((blobs, wanted), (from, to), lines, &mut out)
        .and_then(|()| out.flush().map_err(Error::Write))
    {
        Err(Error::Write(_)) if out.is_over() => Ok(Described::TooLarge),
        written => written.map(|()| Described::Whole),
    }
}

fn document(
    (blobs, wanted): (&Blobs, &Wanted),
    (from, to): (&Side<'_>, &Side<'_>),
    lines: LinesOf,
    out: &mut impl Write,
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
    let mut room = Room { lines, left: UNASKED_BYTES_MAX };
    for change in &changes.changes {
        wanted.check()?;
        let old = change.before.map(|leaf| before.content(&change.path, &leaf)).transpose()?;
        let new = change.after.map(|leaf| after.content(&change.path, &leaf)).transpose()?;
        let is_binary = [&old, &new].into_iter().flatten().any(Content::is_binary);
        let found = match (lines, is_binary) {
            (LinesOf::Text, true) => Lines::unasked(),
            _ => Lines::of(old.as_ref(), new.as_ref()),
        };
        line(out, &told(change, is_binary, &found, &mut room))?;
    }
    line(out, &End { end: true, changes: changes.changes.len() })
}

/// Room for added lines.
struct Room {
    lines: LinesOf,
    /// Bytes, where no clause asks for lines.
    left: u64,
}

impl Room {
    /// Why lines do not fit; those that do take their room.
    fn take(&mut self, shown: &Shown<'_>) -> Result<(), &'static str> {
        let most = match self.lines {
            LinesOf::Everything => LINES_BYTES_MAX,
            LinesOf::Text => self.left,
        };
        match (fits(shown, most), self.lines) {
            (Some(_), LinesOf::Everything) => Ok(()),
            (Some(bytes), LinesOf::Text) => {
                self.left -= bytes;
                Ok(())
            }
            (None, LinesOf::Everything) => Err("its added lines take more than 60 MiB as text"),
            (None, LinesOf::Text) => Err("no clause searches added lines, and there are more than 16 MiB"),
        }
    }
}

fn line(out: &mut impl Write, value: &impl Serialize) -> Result<(), Error> {
    serde_json::to_writer(&mut *out, value).map_err(|error| Error::Write(error.into()))?;
    out.write_all(b"\n").map_err(Error::Write)
}

fn named<'a>(side: &Side<'a>) -> Named<'a> {
    Named { name: side.name, digest: Trees::digest(side.tree), files: side.tree.entries().len() }
}

fn told<'a>(change: &'a Change, binary: bool, lines: &'a Lines<'a>, room: &mut Room) -> Told<'a> {
    let is_text = std::str::from_utf8(&change.path).is_ok();
    let (added, unscanned) = match &lines.added {
        Added::Unasked => (None, None),
        Added::Unknown => (None, Some(TOO_LARGE)),
        added => {
            let shown = Shown { added, binary };
            match room.take(&shown) {
                Ok(()) => (Some(shown), None),
                Err(why) => (None, Some(why)),
            }
        }
    };
    Told {
        path: String::from_utf8_lossy(&change.path),
        path_bytes: (!is_text).then(|| change.path.iter().map(|byte| format!("{byte:02x}")).collect()),
        change: change.kind().name(),
        before: change.before.map(told_leaf),
        after: change.after.map(told_leaf),
        binary,
        lines_added: lines.added_count.filter(|_| !binary),
        lines_removed: lines.removed_count.filter(|_| !binary),
        added,
        unscanned,
        moved_from: change.moved_from.as_deref().map(String::from_utf8_lossy),
    }
}

fn told_leaf(leaf: Leaf) -> ToldLeaf {
    ToldLeaf { kind: leaf.kind.name(), size: leaf.size, digest: leaf.digest }
}
