//! The words of findings about files: what happened to one, and which rule is in the way.
//!
//! The rules may be a person's or those of a boundary, so the words name neither.

use evident_checker::{Finding, Location};
use evident_patterns::Pattern;

use crate::change::{Change, Kind, Link, What};
use crate::modes::Arrived;
use crate::settings::Denied;
use crate::text::Found;
use crate::words::{fingerprint, listed, shown};

/// Bytes of an added line in a message.
const LINE_BYTES_MAX: usize = 200;

/// What happened to the file, for example `was moved from `a.rs``.
pub(crate) fn happened(change: &Change) -> String {
    match (&change.link, change.what) {
        (Some(Link::MovedFrom(path)), _) => format!("was moved from `{}`", shown(path)),
        (Some(Link::MovedTo(path)), _) => format!("was moved to `{}`", shown(path)),
        (Some(Link::CopiedFrom(path)), _) => format!("was copied from `{}`", shown(path)),
        (None, What::Added) => "was added".into(),
        (None, What::Removed) => "was removed".into(),
        (None, What::Modified) => "was modified".into(),
    }
}

/// What happened to the file that another one came from.
pub(crate) fn happened_to_origin(change: &Change) -> Option<(&str, String)> {
    match &change.link {
        Some(Link::MovedFrom(path)) => Some((path, format!("was moved to `{}`", shown(&change.path)))),
        Some(Link::CopiedFrom(path)) => Some((path, format!("was copied to `{}`", shown(&change.path)))),
        Some(Link::MovedTo(_)) | None => None,
    }
}

/// A path that a pattern of `deny` matches.
pub(crate) fn denied(path: &str, happened: &str, pattern: &Pattern) -> Finding {
    let message = format!("`{}` {happened}, and `{}` must not change", shown(path), shown(pattern.text()));
    about("denied-path", path, message)
}

/// A path that no pattern of `allow` matches.
pub(crate) fn outside(path: &str, happened: &str, allowed: &[Pattern]) -> Finding {
    let rule = match allowed {
        [] => "nothing may change".to_owned(),
        _ => format!("only {} may change", listed(allowed.iter().map(Pattern::text))),
    };
    about("outside-allowed", path, format!("`{}` {happened}, and {rule}", shown(path)))
}

/// A change of a kind that is not allowed.
pub(crate) fn kind(change: &Change, kinds: &[Denied]) -> Finding {
    let told: Vec<&str> = kinds.iter().map(|kind| words(*kind, change)).collect();
    let message = format!("`{}` {}, which is not allowed", shown(&change.path), told.join(" and "));
    about("denied-kind", &change.path, message)
}

/// A move that changed the mode.
pub(crate) fn moved_mode(file: &Arrived) -> Finding {
    let mode = if file.after == Kind::Executable { "made executable" } else { "made not executable" };
    let message = format!("`{}` was moved and {mode}, which is not allowed", shown(&file.path));
    about("denied-kind", &file.path, message)
}

fn words(kind: Denied, change: &Change) -> &'static str {
    match kind {
        Denied::Removed => "was removed",
        Denied::Moved => "was moved",
        Denied::Mode if change.after == Some(Kind::Executable) => "was made executable",
        Denied::Mode => "is no longer executable",
        Denied::Symlink => "is or was a symlink",
        Denied::Submodule => "is or was a submodule",
        Denied::Binary => "is or was binary",
        Denied::Special => "is or was a special file",
    }
}

/// A text that added lines contain: the first of them, and how many there are.
pub(crate) fn text(path: &str, text: &str, found: &Found<'_>) -> Finding {
    let line = String::from_utf8_lossy(found.line);
    let line = line.trim();
    let quote = &line[..line.floor_char_boundary(LINE_BYTES_MAX)];
    let more = if found.lines > 1 { format!(" and {} more", found.lines - 1) } else { String::new() };
    let (path_shown, text_shown) = (shown(path), shown(text));
    let message = format!("an added line of `{path_shown}`{more} contains `{text_shown}`: {quote}");
    let mut finding = about("added-text", path, message);
    finding.fingerprint = Some(fingerprint("added-text", &format!("{text_shown}:{path}")));
    if let Some(location) = &mut finding.location {
        location.line = found.number;
    }
    finding
}

/// An item of the API that is gone or new.
pub(crate) fn item(rule: &str, item: &str, happened: &str) -> Finding {
    let message = format!("the public item `{}` {happened}", shown(item));
    Finding::error(rule, message).fingerprint(fingerprint(rule, item))
}

/// A count above its bound.
pub(crate) fn count(rule: &str, message: &str) -> Finding {
    Finding::error(rule, message).fingerprint(rule)
}

/// A file whose lines are not known, though a rule is about them.
pub(crate) fn unknown(path: &str, message: &str) -> Finding {
    let location = Location { path: Some(shown(path).to_owned()), ..Location::default() };
    Finding::warning("unscanned", message).at(location).fingerprint(fingerprint("unscanned", path))
}

fn about(rule: &str, path: &str, message: String) -> Finding {
    let location = Location { path: Some(shown(path).to_owned()), ..Location::default() };
    Finding::error(rule, message).at(location).fingerprint(fingerprint(rule, path))
}
