//! Finds the paths that the names of a patch stand for, without their prefixes.
//!
//! A name is a prefix and a path, and no patch says where one ends: `a/` and `b/`, the other pairs that git
//! knows, none, or any two that somebody configured. What two readings could mean is refused, except where
//! git itself prefers one. It cannot see through a prefix that the same folder could be: that `src/tests/a`
//! is `tests/a` behind a prefix `src/` only the host's own comparison shows.

use super::quote::unquote;

/// Prefixes that git writes by itself, see `diff.mnemonicPrefix`. With `-R` a pair is the other way round.
const PAIRS: &[(&[u8], &[u8])] =
    &[(b"a/", b"b/"), (b"i/", b"w/"), (b"c/", b"i/"), (b"c/", b"w/"), (b"o/", b"w/"), (b"1/", b"2/")];
/// Bytes of a header line whose names are not quoted: two paths of the length that Linux takes.
const UNQUOTED_BYTES_MAX: usize = 16 * 1024;
/// Blanks of such a line: each is one way to read it, and costs a copy of it.
const UNQUOTED_SPACES_MAX: usize = 256;

/// One name of a patch, as it stands there but for quotes.
pub(super) type Name = Vec<u8>;

/// One way to find the path of two names.
type Reading = fn(&[u8], &[u8]) -> Option<Name>;

/// What a line `--- NAME` or `+++ NAME` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Side {
    /// `/dev/null`: there is no file on this side.
    Null,
    Named(Name),
}

/// Reads what follows `--- ` or `+++ `: a name, and perhaps a tab and a time.
pub(super) fn side(text: &[u8]) -> Option<Side> {
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    let name = match unquote(text) {
        Some((name, rest)) if rest.is_empty() || rest.starts_with(b"\t") => name,
        Some(_) => return None,
        None if text.starts_with(b"\"") => return None,
        None => text.split(|byte| *byte == b'\t').next().unwrap_or_default().to_vec(),
    };
    match name.as_slice() {
        b"" => None,
        b"/dev/null" => Some(Side::Null),
        _ => Some(Side::Named(name)),
    }
}

/// Reads a name that fills the rest of its line.
pub(super) fn whole(text: &[u8]) -> Option<Name> {
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    match unquote(text) {
        Some((name, b"")) => Some(name),
        Some(_) => None,
        None => (!text.is_empty() && !text.starts_with(b"\"")).then(|| text.to_vec()),
    }
}

/// Every way to read what follows `diff --git ` as two names.
pub(super) fn pairs(text: &[u8]) -> Vec<(Name, Name)> {
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    if text.starts_with(b"\"") {
        let pair = unquote(text).and_then(|(old, rest)| Some((old, whole(rest.strip_prefix(b" ")?)?)));
        return pair.into_iter().collect();
    }
    if text.ends_with(b"\"") {
        // A name with a quote in it would be quoted itself.
        let start = text.windows(2).position(|window| window == b" \"");
        let pair = start.and_then(|at| Some((text[..at].to_vec(), whole(&text[at + 1..])?)));
        return pair.into_iter().collect();
    }
    if text.len() > UNQUOTED_BYTES_MAX {
        return Vec::new();
    }
    let spaces: Vec<usize> =
        text.iter().enumerate().filter(|(_, byte)| **byte == b' ').map(|(at, _)| at).collect();
    if spaces.len() > UNQUOTED_SPACES_MAX {
        return Vec::new();
    }
    spaces.into_iter().map(|at| (text[..at].to_vec(), text[at + 1..].to_vec())).collect()
}

/// The path that both names stand for.
pub(super) fn same(pairs: &[(Name, Name)]) -> Option<Name> {
    for reading in [known as Reading, unprefixed, custom] {
        let mut found: Vec<Name> = pairs.iter().filter_map(|(old, new)| reading(old, new)).collect();
        found.dedup();
        match found.len() {
            0 => {}
            1 => return found.pop(),
            _ => return None,
        }
    }
    None
}

/// The two paths of a rename or a copy, of which the header says more than `from` and `to`, or as much:
/// within a folder, `rename from` may leave the folder out.
pub(super) fn moved(pairs: &[(Name, Name)], from: &[u8], to: &[u8]) -> Option<(Name, Name)> {
    let prefixes =
        |(old, new): &(Name, Name)| Some((old.strip_suffix(from)?.to_vec(), new.strip_suffix(to)?.to_vec()));
    let found: Vec<(Name, Name)> = pairs.iter().filter_map(prefixes).collect();
    let plain = |(old, new): &&(Name, Name)| is_pair(old, new) || (old.is_empty() && new.is_empty());
    if found.iter().any(|prefixes| plain(&prefixes)) {
        return Some((from.to_vec(), to.to_vec()));
    }
    let folder = found.iter().find_map(|(old, new)| known(old, new).filter(|it| it.ends_with(b"/")));
    if let Some(folder) = folder {
        return Some(([&folder, from].concat(), [&folder, to].concat()));
    }
    let other = |(old, new): &&(Name, Name)| old != new && old.ends_with(b"/") && new.ends_with(b"/");
    found.iter().find(|prefixes| other(prefixes)).map(|_| (from.to_vec(), to.to_vec()))
}

/// The path of a name that stands alone, without a header to compare with.
pub(super) fn alone(name: &[u8], is_old: bool) -> Name {
    let (old, new) = PAIRS[0];
    name.strip_prefix(if is_old { old } else { new }).unwrap_or(name).to_vec()
}

/// `a/x` and `b/x`, and the other pairs of git.
fn known(old: &[u8], new: &[u8]) -> Option<Name> {
    let mut both = PAIRS.iter().flat_map(|&(one, other)| [(one, other), (other, one)]);
    both.find_map(|(one, other)| {
        let (old, new) = (old.strip_prefix(one)?, new.strip_prefix(other)?);
        (old == new && !old.is_empty()).then(|| old.to_vec())
    })
}

fn is_pair(old: &[u8], new: &[u8]) -> bool {
    PAIRS.iter().any(|&(one, other)| (old, new) == (one, other) || (old, new) == (other, one))
}

/// `x` and `x`.
fn unprefixed(old: &[u8], new: &[u8]) -> Option<Name> {
    (old == new).then(|| old.to_vec())
}

/// `old/x` and `new/x`: the longest common end that begins after a slash. `a/one/x` and `b/two/x` are two
/// paths, not one.
fn custom(old: &[u8], new: &[u8]) -> Option<Name> {
    let differ = PAIRS.iter().any(|&(one, other)| {
        (old.starts_with(one) && new.starts_with(other)) || (old.starts_with(other) && new.starts_with(one))
    });
    if differ {
        return None;
    }
    let common = old.iter().rev().zip(new.iter().rev()).take_while(|(one, other)| one == other).count();
    let end = &old[old.len() - common..];
    let slash = end.iter().position(|byte| *byte == b'/')?;
    let path = &end[slash + 1..];
    (!path.is_empty()).then(|| path.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> Option<String> {
        same(&pairs(text.as_bytes())).map(|name| String::from_utf8(name).expect("text"))
    }

    #[test]
    fn a_header_names_one_path() {
        for (text, path) in [
            ("a/x b/x", Some("x")),
            ("a/x b/x\r", Some("x")),
            ("a/my file b/my file", Some("my file")),
            // Both readings are there: `x b/x` once, and git prefers it.
            ("a/x b/x b/x b/x", Some("x b/x")),
            ("i/x w/x", Some("x")),
            ("b/x a/x", Some("x")),
            ("src/x src/x", Some("src/x")),
            ("old/src/x new/src/x", Some("src/x")),
            ("\"a/\\303\\242\" \"b/\\303\\242\"", Some("â")),
            ("\"a/q\\\"\" b/q", None),
            ("a/one/x b/two/x", None),
            ("a/x b/y", None),
            ("x y", None),
            ("x", None),
            ("", None),
            ("p/s t/x q/s t/x", Some("s t/x")),
            // `k/m` behind two prefixes, or `m` behind two others.
            ("p/k/m q/m p/k/m", None),
        ] {
            assert_eq!(header(text).as_deref(), path, "{text}");
        }
    }

    #[test]
    fn a_rename_names_two_paths() {
        for (text, from, to, paths) in [
            ("a/x b/y", "x", "y", Some(("x", "y"))),
            ("x y", "x", "y", Some(("x", "y"))),
            ("a/s/x b/s/y", "x", "y", Some(("s/x", "s/y"))),
            ("old/x new/y", "x", "y", Some(("x", "y"))),
            ("s/x s/y", "x", "y", None),
            ("a/x b/y", "x", "z", None),
            ("a/my x b/my y", "my x", "my y", Some(("my x", "my y"))),
            ("a/sx b/sy", "x", "y", None),
        ] {
            let found = moved(&pairs(text.as_bytes()), from.as_bytes(), to.as_bytes());
            let expected = paths.map(|(from, to)| (from.as_bytes().to_vec(), to.as_bytes().to_vec()));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn a_side_is_a_name_and_perhaps_a_time() {
        let named = |text: &str| Some(Side::Named(text.into()));
        for (text, side_of) in [
            ("a/x", named("a/x")),
            ("a/x\r", named("a/x")),
            ("a/my file\t", named("a/my file")),
            ("x\t2002-02-21 23:30:39", named("x")),
            ("\"a/\\303\\242\"", named("a/â")),
            ("\"a/x\"\tnow", named("a/x")),
            ("/dev/null", Some(Side::Null)),
            ("/dev/null\t1970-01-01", Some(Side::Null)),
            ("\"a/x\" y", None),
            ("\"a/x", None),
            ("", None),
        ] {
            assert_eq!(side(text.as_bytes()), side_of, "{text}");
        }
    }
}
