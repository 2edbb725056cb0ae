//! Reads the text of a pattern.

use crate::name::Name;
use crate::{End, NotAPattern, PARTS_MAX, PATTERN_BYTES_MAX, Part, Pattern};

pub(crate) fn pattern(text: &str) -> Result<Pattern, NotAPattern> {
    check_whole(text)?;
    let (is_rooted, inner) = match text.strip_prefix('/') {
        Some(inner) => (true, inner),
        None => (false, text),
    };
    let (inner, is_folder) = match inner.strip_suffix('/') {
        Some(inner) => (inner, true),
        None => (inner, false),
    };
    let texts: Vec<&str> = inner.split('/').collect();
    if texts.len() > PARTS_MAX {
        return Err(wrong(format!("more than {PARTS_MAX} parts"), "shorten it with `**`"));
    }
    let is_anchored = is_rooted || texts.len() > 1;
    let mut parts = if is_anchored { Vec::new() } else { vec![Part::Folders] };
    for text in &texts {
        parts.push(part(text)?);
    }
    let end = end(&mut parts, is_anchored, is_folder);
    Ok(Pattern { text: text.to_owned(), parts, end })
}

fn check_whole(text: &str) -> Result<(), NotAPattern> {
    if text.is_empty() || text == "/" {
        return Err(wrong("a pattern that names nothing", "write `**` for everything"));
    }
    if text.len() > PATTERN_BYTES_MAX {
        return Err(wrong(
            format!("a pattern of more than {PATTERN_BYTES_MAX} bytes"),
            "shorten it with `**`",
        ));
    }
    if text.starts_with('!') {
        return Err(wrong(
            "`!` makes an exception, which patterns cannot",
            "name what is meant, or write `\\!` for a name that begins like this",
        ));
    }
    if text.contains('\0') {
        return Err(wrong("a zero byte", "no path has one"));
    }
    Ok(())
}

fn part(text: &str) -> Result<Part, NotAPattern> {
    match text {
        "" => Err(wrong("two slashes in a row", "write one")),
        "." => Err(wrong("a part `.`", "patterns begin in the workspace: leave it out")),
        ".." => Err(wrong("a part `..`", "patterns cannot leave the workspace")),
        "**" => Ok(Part::Folders),
        text => match Name::parse(text) {
            Some(name) => Ok(Part::Name(name)),
            None => Err(wrong("a `\\` with nothing behind it", "write `\\\\` for a backslash")),
        },
    }
}

/// A last `**` is not part of its own: it is what follows.
fn end(parts: &mut Vec<Part>, is_anchored: bool, is_folder: bool) -> End {
    if is_folder {
        return End::Something;
    }
    match parts.last() {
        Some(Part::Folders) => {
            parts.pop();
            End::Something
        }
        Some(Part::Name(name)) if is_anchored && name.is_any() => End::Nothing,
        _ => End::Anything,
    }
}

fn wrong(problem: impl Into<String>, hint: &str) -> NotAPattern {
    NotAPattern { problem: problem.into(), hint: hint.to_owned() }
}
