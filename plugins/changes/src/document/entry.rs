//! One line of the host's comparison: a changed path with both of its sides.
//!
//! It never fills in what the line leaves out: every key must be there, and what they say must fit.

use serde::{Deserialize, Deserializer};

use crate::change::{BINARY, Change, Kind, Link, What};
use crate::path;
use crate::text::Text;
use crate::words::shown;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    path: String,
    /// The path in hexadecimal digits, where `path` cannot show it.
    path_bytes: Option<String>,
    change: Word,
    #[serde(deserialize_with = "present")]
    before: Option<Side>,
    #[serde(deserialize_with = "present")]
    after: Option<Side>,
    binary: bool,
    #[serde(deserialize_with = "present")]
    lines_added: Option<u64>,
    #[serde(deserialize_with = "present")]
    lines_removed: Option<u64>,
    #[serde(deserialize_with = "present")]
    added: Option<Text>,
    #[serde(deserialize_with = "present")]
    unscanned: Option<String>,
    #[serde(deserialize_with = "present")]
    moved_from: Option<String>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Word {
    Added,
    Removed,
    Modified,
}

#[derive(Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Side {
    kind: KindWord,
    size: Option<u64>,
    digest: Option<String>,
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
enum KindWord {
    File,
    Executable,
    Symlink,
    Submodule,
    Special,
}

/// A key that may be `null` and may not be absent.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer)
}

impl Entry {
    /// The change, or what does not fit.
    pub(super) fn into_change(self) -> Result<Change, String> {
        let raw = self.raw()?;
        let same_bytes = self.same_bytes();
        let content = self.content();
        path::check(&self.path).map_err(|problem| format!("the path `{}` {problem}", shown(&self.path)))?;
        self.check().map_err(|problem| format!("`{}`: {problem}", shown(&self.path)))?;
        let kind = |side: &Option<Side>| side.as_ref().map(|side| side.kind.kind());
        let (before, after) = (kind(&self.before), kind(&self.after));
        let mut change = Change::new(self.path, self.change.what(), before, after);
        change.raw = raw;
        change.content = content;
        change.link = self.moved_from.map(Link::MovedFrom);
        change.binary = self.binary;
        change.lines_added = self.lines_added.unwrap_or(0);
        change.lines_removed = self.lines_removed.unwrap_or(0);
        if !same_bytes {
            let is_counted = self.binary || (self.lines_added.is_some() && self.lines_removed.is_some());
            let why = || self.unscanned.clone().unwrap_or_else(|| "one side of it is too large".into());
            change.uncounted = (!is_counted).then(why);
            change.unsearched = match self.added {
                Some(_) => None,
                None if self.binary && self.unscanned.is_none() => Some(BINARY.into()),
                None => self.unscanned,
            };
        }
        change.added = self.added.unwrap_or_default();
        Ok(change)
    }

    /// The bytes of a path that is not UTF-8.
    fn raw(&self) -> Result<Option<Vec<u8>>, String> {
        let Some(digits) = &self.path_bytes else { return Ok(None) };
        let bytes = hexadecimal(digits).ok_or("`path_bytes` is not hexadecimal")?;
        if String::from_utf8_lossy(&bytes) != self.path || std::str::from_utf8(&bytes).is_ok() {
            return Err("`path` and `path_bytes` disagree".into());
        }
        Ok(Some(bytes))
    }

    fn check(&self) -> Result<(), String> {
        let sides = (self.before.is_some(), self.after.is_some());
        let fits = match self.change {
            Word::Added => sides == (false, true),
            Word::Removed => sides == (true, false),
            Word::Modified => sides == (true, true) && self.before != self.after,
        };
        if !fits {
            return Err("`change` does not fit `before` and `after`".into());
        }
        if let Some(from) = &self.moved_from {
            path::check(from).map_err(|problem| format!("`moved_from` {problem}"))?;
            if *from == self.path || matches!(self.change, Word::Removed) {
                return Err("`moved_from` does not fit".into());
            }
        }
        self.check_lines()
    }

    /// What may hold lines says which were added, or why not. Without this a rule about text would hold by
    /// silence. A binary file may have lines all the same, and counts may be unknown.
    fn check_lines(&self) -> Result<(), String> {
        if self.added.is_some() && self.unscanned.is_some() {
            return Err("it has lines, though it was not scanned".into());
        }
        if let (Some(lines), Some(count)) = (&self.added, self.lines_added)
            && lines.count() != count
        {
            return Err(format!("`lines_added` is {count}, but {} lines are there", lines.count()));
        }
        let may_add = self.after.as_ref().is_some_and(|side| side.kind.kind().has_lines());
        let is_silent = self.added.is_none() && self.unscanned.is_none() && !self.binary;
        if may_add && is_silent && !self.same_bytes() {
            return Err("it does not say which lines were added".into());
        }
        Ok(())
    }

    /// The content of the only side, unless it is empty.
    fn content(&self) -> Option<String> {
        let ((Some(side), None) | (None, Some(side))) = (&self.before, &self.after) else { return None };
        side.digest.clone().filter(|_| side.size != Some(0))
    }

    /// Only the mode changed.
    fn same_bytes(&self) -> bool {
        let (Some(before), Some(after)) = (&self.before, &self.after) else { return false };
        before.digest.is_some() && before.digest == after.digest
    }
}

impl Word {
    fn what(self) -> What {
        match self {
            Self::Added => What::Added,
            Self::Removed => What::Removed,
            Self::Modified => What::Modified,
        }
    }
}

impl KindWord {
    fn kind(self) -> Kind {
        match self {
            Self::File => Kind::File,
            Self::Executable => Kind::Executable,
            Self::Symlink => Kind::Symlink,
            Self::Submodule => Kind::Submodule,
            Self::Special => Kind::Special,
        }
    }
}

fn hexadecimal(digits: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? * 16 + digit(*low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = r#"{"path":"a","change":"added","before":null,"after":{"kind":"file","size":2,"digest":"d"},"binary":false,"lines_added":1,"lines_removed":0,"added":["x"],"unscanned":null,"moved_from":null}"#;

    fn read(text: &str) -> Result<Change, String> {
        serde_json::from_str::<Entry>(text).map_err(|error| error.to_string())?.into_change()
    }

    #[test]
    fn every_key_must_be_there_and_fit() {
        assert_eq!(read(ROW).expect("reads").added.count(), 1);
        let both = ROW.replace(
            "added\",\"before\":null",
            r#"modified","before":{"kind":"executable","size":2,"digest":"d"}"#,
        );
        assert!(read(&both).expect("reads").mode_changed());
        for (from, to) in [
            (r#""before":null,"#, ""),
            (r#","moved_from":null"#, ""),
            (r#","unscanned":null"#, ""),
            (r#""added":["x"],"#, ""),
            (r#"["x"]"#, "null"),
            (r#"["x"]"#, r#"["x","y"]"#),
            (r#""lines_added":1"#, r#""lines_added":-1"#),
            (r#""unscanned":null"#, r#""unscanned":"too large""#),
            (r#""change":"added""#, r#""change":"removed""#),
            (r#""change":"added""#, r#""change":"modified""#),
            (r#""change":"added""#, r#""change":"renamed""#),
            (r#""kind":"file""#, r#""kind":"door""#),
            (r#""size":2"#, r#""size":2,"mode":1"#),
            (r#""path":"a""#, r#""path":"a","path":"a""#),
            (r#""path":"a""#, r#""path":"a","more":1"#),
            (r#""path":"a""#, r#""path":"../a""#),
            (r#""path":"a""#, r#""path":"/a""#),
            (r#""path":"a""#, r#""path":"a","path_bytes":"61""#),
            (r#""path":"a""#, r#""path":"�","path_bytes":"6""#),
            (r#""path":"a""#, r#""path":"�","path_bytes":"fg""#),
            (r#""path":"a""#, r#""path":"b","path_bytes":"ff""#),
            (r#""moved_from":null"#, r#""moved_from":"a""#),
            (r#""moved_from":null"#, r#""moved_from":"/b""#),
        ] {
            let text = ROW.replace(from, to);
            assert_ne!(text, ROW, "{from}");
            assert!(read(&text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_side_without_lines_needs_none() {
        let link = ROW
            .replace("\"file\"", "\"symlink\"")
            .replace("1,\"lines_removed\":0,\"added\":[\"x\"]", "null,\"lines_removed\":null,\"added\":null");
        assert!(read(&link).expect("reads").is(Kind::Symlink));
        let gone = link.replace("added\",\"before\":null,\"after\"", "removed\",\"after\":null,\"before\"");
        assert_eq!(read(&gone).expect("reads").what, What::Removed);
    }

    /// The host shows the lines of a binary file too, and shows lines that it could not count.
    #[test]
    fn lines_may_be_there_without_their_number() {
        let rest = r#""lines_added":null,"lines_removed":null,"added":["x"]"#;
        let unknown = ROW.replace(r#""lines_added":1,"lines_removed":0,"added":["x"]"#, rest);
        let change = read(&unknown).expect("reads");
        assert_eq!((change.unsearched, change.uncounted), (None, Some("one side of it is too large".into())));
        let binary = unknown.replace(r#""binary":false"#, r#""binary":true"#);
        let change = read(&binary).expect("reads");
        assert_eq!((change.unsearched, change.uncounted, change.added.count()), (None, None, 1));
        let silent = read(&binary.replace(r#"["x"]"#, "null")).expect("reads");
        assert_eq!((silent.unsearched.as_deref(), silent.uncounted), (Some(BINARY), None));
        let large =
            unknown.replace(r#"["x"]"#, "null").replace(r#""unscanned":null"#, r#""unscanned":"large""#);
        let change = read(&large).expect("reads");
        assert_eq!((change.unsearched, change.uncounted), (Some("large".into()), Some("large".into())));
        let mode = large.replace(
            "added\",\"before\":null",
            r#"modified","before":{"kind":"executable","size":2,"digest":"d"}"#,
        );
        let change = read(&mode).expect("reads");
        assert_eq!((change.unsearched, change.uncounted), (None, None));
    }

    #[test]
    fn a_path_that_is_not_text_keeps_its_bytes() {
        let change =
            read(&ROW.replace(r#""path":"a""#, r#""path":"a�","path_bytes":"61ff""#)).expect("reads");
        assert_eq!((change.path.as_str(), change.path_bytes()), ("a\u{fffd}", &b"a\xff"[..]));
    }
}
