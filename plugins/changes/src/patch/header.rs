//! The lines between `diff --git` and the content: modes, renames, the ids of the contents.
//!
//! It never takes half of a pair, and never a line twice.

use std::io::BufRead;

use evident_checker::Error;

use super::names::{Name, whole};
use super::wrong;
use crate::change::Kind;
use crate::lines::Lines;

/// Ids of the empty content, by SHA-1 and by SHA-256: only such a file needs no hunk.
const EMPTY_IDS: [&str; 2] = [
    "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
];

/// What the header of one file says.
#[derive(Debug, Default)]
pub(super) struct Header {
    old_mode: Option<Kind>,
    new_mode: Option<Kind>,
    created: Option<Kind>,
    deleted: Option<Kind>,
    rename_from: Option<Name>,
    rename_to: Option<Name>,
    copy_from: Option<Name>,
    copy_to: Option<Name>,
    /// In percent.
    similarity: Option<u64>,
    index: Option<Index>,
}

#[derive(Debug)]
struct Index {
    old: String,
    new: String,
    mode: Option<Kind>,
}

/// Which of two paths a file has in common with which.
pub(super) enum Pair<'a> {
    Renamed(&'a [u8], &'a [u8]),
    Copied(&'a [u8], &'a [u8]),
}

/// Reads up to the first line that is none of them.
pub(super) fn read<R: BufRead>(lines: &mut Lines<R>) -> Result<Header, Error> {
    let mut header = Header::default();
    while let Some(line) = lines.peek()? {
        match header.take(line) {
            Ok(true) => lines.skip(),
            Ok(false) => break,
            Err(problem) => return Err(wrong(lines, problem)),
        }
    }
    header.check().map_err(|problem| wrong(lines, problem))?;
    Ok(header)
}

impl Header {
    /// Takes one line; false if it is none of a header.
    fn take(&mut self, line: &[u8]) -> Result<bool, &'static str> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let after = |word: &str| line.strip_prefix(word.as_bytes());
        if let Some(text) = after("old mode ") {
            set(&mut self.old_mode, kind(text))?;
        } else if let Some(text) = after("new mode ") {
            set(&mut self.new_mode, kind(text))?;
        } else if let Some(text) = after("new file mode ") {
            set(&mut self.created, kind(text))?;
        } else if let Some(text) = after("deleted file mode ") {
            set(&mut self.deleted, kind(text))?;
        } else if let Some(text) = after("rename from ").or(after("rename old ")) {
            set(&mut self.rename_from, whole(text))?;
        } else if let Some(text) = after("rename to ").or(after("rename new ")) {
            set(&mut self.rename_to, whole(text))?;
        } else if let Some(text) = after("copy from ") {
            set(&mut self.copy_from, whole(text))?;
        } else if let Some(text) = after("copy to ") {
            set(&mut self.copy_to, whole(text))?;
        } else if let Some(text) = after("similarity index ") {
            set(&mut self.similarity, percent(text))?;
        } else if let Some(text) = after("dissimilarity index ") {
            percent(text).ok_or("it is not a figure in percent")?;
        } else if let Some(text) = after("index ") {
            set(&mut self.index, index(text))?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn check(&self) -> Result<(), &'static str> {
        let pairs = [
            (self.old_mode.is_some(), self.new_mode.is_some(), "one of the old and the new mode is missing"),
            (self.rename_from.is_some(), self.rename_to.is_some(), "a rename lacks its other name"),
            (self.copy_from.is_some(), self.copy_to.is_some(), "a copy lacks its other name"),
        ];
        if let Some((.., problem)) = pairs.iter().find(|(one, other, _)| one != other) {
            return Err(problem);
        }
        let events = [&self.created, &self.deleted].iter().filter(|it| it.is_some()).count()
            + [&self.rename_from, &self.copy_from].iter().filter(|it| it.is_some()).count();
        if events > 1 || (self.old_mode.is_some() && (self.created.is_some() || self.deleted.is_some())) {
            return Err("the header says two things that exclude each other");
        }
        if self.pair().is_some_and(|pair| pair.names().0 == pair.names().1) {
            return Err("a file was moved to itself");
        }
        Ok(())
    }

    pub(super) fn pair(&self) -> Option<Pair<'_>> {
        let both = |from: &'_ Option<Name>, to: &'_ Option<Name>| from.is_some() && to.is_some();
        if both(&self.rename_from, &self.rename_to) {
            return Some(Pair::Renamed(self.rename_from.as_deref()?, self.rename_to.as_deref()?));
        }
        Some(Pair::Copied(self.copy_from.as_deref()?, self.copy_to.as_deref()?))
    }

    pub(super) fn is_created(&self) -> bool {
        self.created.is_some()
    }

    pub(super) fn is_deleted(&self) -> bool {
        self.deleted.is_some()
    }

    /// What the path was and is. Where nothing says, it is a file.
    pub(super) fn kinds(&self) -> (Option<Kind>, Option<Kind>) {
        if let Some(kind) = self.created {
            return (None, Some(kind));
        }
        if let Some(kind) = self.deleted {
            return (Some(kind), None);
        }
        let same = self.index.as_ref().and_then(|index| index.mode).unwrap_or(Kind::File);
        (Some(self.old_mode.unwrap_or(same)), Some(self.new_mode.unwrap_or(same)))
    }

    /// True if the header without any content tells the whole change: else the content was cut off.
    pub(super) fn is_whole(&self) -> bool {
        let Some(index) = &self.index else {
            let alone = self.old_mode.is_some() || self.pair().is_some();
            return alone
                && !self.is_created()
                && !self.is_deleted()
                && self.similarity.is_none_or(|it| it == 100);
        };
        let empty = |id: &str| EMPTY_IDS.iter().any(|empty| empty.starts_with(id));
        (self.is_created() && empty(&index.new)) || (self.is_deleted() && empty(&index.old))
    }
}

impl<'a> Pair<'a> {
    pub(super) fn names(&self) -> (&'a [u8], &'a [u8]) {
        let (Self::Renamed(from, to) | Self::Copied(from, to)) = self;
        (from, to)
    }
}

fn set<T>(slot: &mut Option<T>, value: Option<T>) -> Result<(), &'static str> {
    if slot.is_some() {
        return Err("the header says the same twice");
    }
    *slot = Some(value.ok_or("the header has a value that is not known")?);
    Ok(())
}

/// What a mode of git stands for.
fn kind(text: &[u8]) -> Option<Kind> {
    match text {
        // Repositories of old tools have 100664.
        b"100644" | b"100664" => Some(Kind::File),
        b"100755" => Some(Kind::Executable),
        b"120000" => Some(Kind::Symlink),
        b"160000" => Some(Kind::Submodule),
        _ => None,
    }
}

fn percent(text: &[u8]) -> Option<u64> {
    let number = std::str::from_utf8(text).ok()?.strip_suffix('%')?.parse().ok()?;
    (number <= 100).then_some(number)
}

/// `OLD..NEW`, and a mode that stayed the same.
fn index(text: &[u8]) -> Option<Index> {
    let text = std::str::from_utf8(text).ok()?;
    let (ids, mode) = match text.split_once(' ') {
        Some((ids, mode)) => (ids, Some(kind(mode.as_bytes())?)),
        None => (text, None),
    };
    let (old, new) = ids.split_once("..")?;
    /// The shortest id that git writes.
    const ID_DIGITS_MIN: usize = 4;
    let fits = |id: &str| id.len() >= ID_DIGITS_MIN && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    (fits(old) && fits(new)).then(|| Index { old: old.into(), new: new.into(), mode })
}
