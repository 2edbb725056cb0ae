//! One file of a patch: its names, its header, its content, and whether they fit together.
//!
//! It never guesses a path: where two readings remain, the patch is malformed.

use std::io::BufRead;

use evident_checker::Error;

use super::content::{self, Content};
use super::header::{self, Header, Pair};
use super::names::{self, Name, Side};
use super::wrong;
use crate::change::{BINARY, Change, Kind, Link, What};
use crate::lines::Lines;
use crate::path;
use crate::words::shown;

/// Reads a file that begins with `diff --git`.
pub(super) fn git<R: BufRead>(lines: &mut Lines<R>) -> Result<Vec<Change>, Error> {
    let line = lines.peek()?.unwrap_or_default();
    let mut pairs = names::pairs(&line[b"diff --git ".len()..]);
    let start = lines.number();
    lines.skip();
    let header = header::read(lines)?;
    let content = match lines.peek()? {
        Some(line) if line.starts_with(b"--- ") => {
            let Some(sides) = sides(lines)? else { return Err(wrong(lines, "the new name is missing")) };
            if !fits(&header, &sides) {
                return Err(wrong(lines, "the names and the header disagree"));
            }
            pairs.retain(|pair| matches(pair, &sides));
            content::hunks(lines)?
        }
        Some(line) if line.starts_with(b"Binary files ") => content::binary_sentence(lines)?,
        Some(line) if line.starts_with(b"GIT binary patch") => content::binary_patch(lines)?,
        _ if header.is_whole() => Content::default(),
        _ => return Err(wrong(lines, "the content of a file is missing")),
    };
    let one_sided = (header.is_created() && content.lines_removed + content.lines_kept > 0)
        || (header.is_deleted() && content.lines_added + content.lines_kept > 0);
    if one_sided {
        return Err(wrong(lines, "the hunks and the header disagree"));
    }
    let unclear =
        || Error::malformed(format!("line {start}: the header does not name one path for each side"));
    let kinds = header.kinds();
    match header.pair() {
        None => {
            let path = checked(names::same(&pairs).ok_or_else(unclear)?, start)?;
            Ok(vec![filled(path, kinds, content)])
        }
        Some(pair) => {
            let (from, to) = pair.names();
            let (from, to) = names::moved(&pairs, from, to).ok_or_else(unclear)?;
            Ok(two(&pair, checked(from, start)?, checked(to, start)?, kinds, content))
        }
    }
}

/// Reads a file that begins with `---` and `+++`. Nothing if the second is missing in prose, where a line may
/// begin with three dashes.
pub(super) fn plain<R: BufRead>(lines: &mut Lines<R>, prose: bool) -> Result<Option<Vec<Change>>, Error> {
    lines.peek()?;
    let start = lines.number();
    let Some((old, new)) = sides(lines)? else {
        return if prose { Ok(None) } else { Err(wrong(lines, "the new name is missing")) };
    };
    let content = content::hunks(lines)?;
    let file = Some(Kind::File);
    let (name, kinds) = match (old, new) {
        (Side::Named(old), Side::Named(new)) => {
            let name = names::same(&[(old, new)]).ok_or_else(|| {
                Error::malformed(format!(
                    "line {start}: two different names, and nothing says that it was moved"
                ))
            })?;
            (name, (file, file))
        }
        (Side::Null, Side::Named(new)) => (names::alone(&new, false), (None, file)),
        (Side::Named(old), Side::Null) => (names::alone(&old, true), (file, None)),
        (Side::Null, Side::Null) => return Err(wrong(lines, "a file has no name")),
    };
    Ok(Some(vec![filled(checked(name, start)?, kinds, content)]))
}

/// Reads `--- OLD` and `+++ NEW`; nothing if the second line is none.
fn sides<R: BufRead>(lines: &mut Lines<R>) -> Result<Option<(Side, Side)>, Error> {
    let unread = "it is not a name";
    let old = lines.peek()?.and_then(|line| names::side(&line[b"--- ".len()..]));
    lines.skip();
    let Some(new) = lines.peek()?.and_then(|line| line.strip_prefix(b"+++ ")) else { return Ok(None) };
    let sides = old.zip(names::side(new));
    let sides = sides.ok_or_else(|| wrong(lines, unread))?;
    lines.skip();
    Ok(Some(sides))
}

/// `/dev/null` stands exactly where the header says that there is no file.
fn fits(header: &Header, (old, new): &(Side, Side)) -> bool {
    (*old == Side::Null) == header.is_created() && (*new == Side::Null) == header.is_deleted()
}

fn matches((old, new): &(Name, Name), sides: &(Side, Side)) -> bool {
    let is = |name: &Name, side: &Side| match side {
        Side::Null => true,
        Side::Named(named) => name == named,
    };
    is(old, &sides.0) && is(new, &sides.1)
}

/// A path with its bytes, where it is not UTF-8.
struct Path {
    text: String,
    raw: Option<Vec<u8>>,
}

fn checked(name: Name, line: u64) -> Result<Path, Error> {
    let path = match String::from_utf8(name) {
        Ok(text) => Path { text, raw: None },
        Err(error) => {
            let raw = error.into_bytes();
            Path { text: String::from_utf8_lossy(&raw).into_owned(), raw: Some(raw) }
        }
    };
    path::check(&path.text).map_err(|problem| {
        Error::malformed(format!("line {line}: the path `{}` {problem}", shown(&path.text)))
    })?;
    Ok(path)
}

fn change(path: Path, what: What, kinds: (Option<Kind>, Option<Kind>)) -> Change {
    let mut change = Change::new(path.text, what, kinds.0, kinds.1);
    change.raw = path.raw;
    change
}

fn filled(path: Path, kinds: (Option<Kind>, Option<Kind>), content: Content) -> Change {
    let what = match kinds {
        (None, _) => What::Added,
        (_, None) => What::Removed,
        _ => What::Modified,
    };
    let mut change = change(path, what, kinds);
    fill(&mut change, content);
    change
}

fn fill(change: &mut Change, content: Content) {
    let cut = content.is_cut.then(|| "too many lines were added".into());
    change.unsearched = cut.or_else(|| content.binary.then(|| BINARY.into()));
    change.binary = content.binary;
    change.lines_added = content.lines_added;
    change.lines_removed = content.lines_removed;
    change.added = content.added;
}

/// A moved file is gone at one path and new at another; a copied one is new.
fn two(
    pair: &Pair<'_>,
    from: Path,
    to: Path,
    (before, after): (Option<Kind>, Option<Kind>),
    content: Content,
) -> Vec<Change> {
    let (from_text, to_text) = (from.text.clone(), to.text.clone());
    let mut target = change(to, What::Added, (None, after));
    fill(&mut target, content);
    match pair {
        Pair::Copied(..) => {
            target.link = Some(Link::CopiedFrom(from_text));
            vec![target]
        }
        Pair::Renamed(..) => {
            target.link = Some(Link::MovedFrom(from_text));
            let mut source = change(from, What::Removed, (before, None));
            source.link = Some(Link::MovedTo(to_text));
            vec![source, target]
        }
    }
}
