//! Globs relative to the workspace: `*` stays in a folder, `**` does not.
//!
//! A glob is walked from its longest literal folder on, no deeper than it can match.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use cap_std::fs::Dir;
use evident_core::outcome::NoEvidence;
use globset::{GlobBuilder, GlobMatcher};
use rustix::fs::{AtFlags, FileType, Mode};
use rustix::io::Errno;

use crate::ARTIFACTS_MAX;
use crate::halt::{Halt, short};
use crate::offload::Wanted;
use crate::walk::{FOLDER, Walk};

/// Characters that make a part of a glob more than a name.
const META: [char; 8] = ['*', '?', '[', ']', '{', '}', '\\', '!'];

/// Whether symlinks are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Links {
    /// As long as they stay inside.
    Inside,
    /// Never: what is removed or must be new is exactly what its name says.
    Never,
}

/// One glob.
#[derive(Debug)]
pub(crate) struct Pattern {
    /// As the contract says it.
    pub(crate) text: String,
    /// The literal folders before the first part that is more than a name; the whole path of a literal.
    pub(crate) prefix: PathBuf,
    /// Absent for a literal.
    matcher: Option<GlobMatcher>,
    /// Levels below the prefix that can match.
    levels: usize,
}

/// A path that matches, and what lies there, symlinks not followed.
#[derive(Debug)]
pub(crate) struct Match {
    pub(crate) name: String,
    pub(crate) kind: FileType,
}

impl Pattern {
    /// Reads a glob; one that could leave the workspace is refused.
    pub(crate) fn parse(text: &str) -> Result<Self, Halt> {
        let mut parts = Vec::new();
        for component in Path::new(text).components() {
            match component {
                Component::CurDir => {}
                Component::Normal(part) => parts.push(part.to_str().expect("a part of a string")),
                Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                    let detail = format!("`{text}` is not a path inside the workspace");
                    return Err(short(NoEvidence::Unreadable, detail));
                }
            }
        }
        let literal = parts.iter().take_while(|part| !part.contains(META)).count();
        let prefix = parts[..literal].iter().collect();
        let rest = &parts[literal..];
        // A slash within braces hides levels from this count.
        let endless = rest.iter().any(|part| part.contains("**") || part.contains('{'));
        let levels = if endless { usize::MAX } else { rest.len() };
        let matcher = if rest.is_empty() { None } else { Some(matcher(text, &parts.join("/"))?) };
        Ok(Self { text: text.to_owned(), prefix, matcher, levels })
    }

    /// True if it names one path.
    pub(crate) fn is_literal(&self) -> bool {
        self.matcher.is_none()
    }

    /// True if it matches this path, whether or not it is there.
    pub(crate) fn covers(&self, path: &Path) -> bool {
        self.matcher.as_ref().map_or(path == self.prefix, |matcher| matcher.is_match(path))
    }

    /// As [`Self::covers`]; a literal covers also what lies below it.
    pub(crate) fn covers_below(&self, path: &Path) -> bool {
        if self.is_literal() { path.starts_with(&self.prefix) } else { self.covers(path) }
    }

    /// Shows everything below `root` that [`Self::covers_below`] and is not a folder to `visit`, in no order.
    pub(crate) fn visit(
        &self,
        root: &Dir,
        links: Links,
        wanted: &Wanted,
        visit: &mut dyn FnMut(&Path, FileType) -> Result<(), Halt>,
    ) -> Result<(), Halt> {
        if let Some(found) = self.is_literal().then(|| self.literal(root, links)).transpose()?.flatten()
            && found.kind != FileType::Directory
        {
            return visit(&self.prefix, found.kind);
        }
        let Some(folder) = self.open(root, &self.prefix, links)? else { return Ok(()) };
        let levels = if self.is_literal() { usize::MAX } else { self.levels };
        Walk::source(wanted, levels).visit(&folder, &self.prefix, &mut |path, kind| {
            if self.covers_below(path) { visit(path, kind) } else { Ok(()) }
        })
    }

    /// Everything below `root` that matches and is not a folder, in byte order; a literal is given whatever
    /// it is.
    pub(crate) fn matches(&self, root: &Dir, links: Links, wanted: &Wanted) -> Result<Vec<Match>, Halt> {
        let mut found = match &self.matcher {
            None => self.literal(root, links)?.into_iter().collect(),
            Some(matcher) => self.walk(matcher, root, links, wanted)?,
        };
        found.sort_by(|left, right| left.name.as_bytes().cmp(right.name.as_bytes()));
        Ok(found)
    }

    fn literal(&self, root: &Dir, links: Links) -> Result<Option<Match>, Halt> {
        let (Some(parent), Some(last)) = (self.prefix.parent(), self.prefix.file_name()) else {
            return Err(short(NoEvidence::Unreadable, format!("`{}` names no file", self.text)));
        };
        let Some(folder) = self.open(root, parent, links)? else { return Ok(None) };
        match rustix::fs::statat(&folder, last, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(found(&self.prefix, FileType::from_raw_mode(stat.st_mode))?)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(self.refused(&self.prefix, &error.into())),
        }
    }

    fn walk(
        &self,
        matcher: &GlobMatcher,
        root: &Dir,
        links: Links,
        wanted: &Wanted,
    ) -> Result<Vec<Match>, Halt> {
        let Some(folder) = self.open(root, &self.prefix, links)? else { return Ok(Vec::new()) };
        let mut matches = Vec::new();
        Walk::source(wanted, self.levels).visit(&folder, &self.prefix, &mut |path, kind| {
            if !matcher.is_match(path) {
                return Ok(());
            }
            if matches.len() == ARTIFACTS_MAX {
                let detail = format!("`{}` matches more than {ARTIFACTS_MAX} files", self.text);
                return Err(short(NoEvidence::Overflow, detail));
            }
            matches.push(found(path, kind)?);
            Ok(())
        })?;
        Ok(matches)
    }

    /// Opens a folder; `None` where there is none.
    fn open(&self, root: &Dir, folder: &Path, links: Links) -> Result<Option<OwnedFd>, Halt> {
        let opened = match links {
            Links::Inside if folder.as_os_str().is_empty() => root.open_dir(".").map(OwnedFd::from),
            Links::Inside => root.open_dir(folder).map(OwnedFd::from),
            Links::Never => open_plain(root, folder),
        };
        match opened {
            Ok(folder) => Ok(Some(folder)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.refused(folder, &error)),
        }
    }

    fn refused(&self, path: &Path, error: &io::Error) -> Halt {
        short(NoEvidence::Unreadable, format!("`{}`: {}", self.text, why(path, error)))
    }
}

/// Why a path of the workspace was not opened.
pub(crate) fn why(path: &Path, error: &io::Error) -> String {
    let path = path.display();
    match error.kind() {
        // Only the check for paths that lead outside has no number of the system.
        io::ErrorKind::PermissionDenied if error.raw_os_error().is_none() => {
            format!("`{path}` leads out of the workspace")
        }
        // What a symlink gives when it must not be followed.
        _ if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
            format!("`{path}` is a symlink that is not followed")
        }
        io::ErrorKind::NotFound => format!("`{path}` is gone, or a symlink to nothing"),
        io::ErrorKind::NotADirectory => format!("`{path}` is not a folder, or a symlink to one"),
        _ => format!("`{path}` could not be opened: {error}"),
    }
}

/// Opens folder after folder, none of them a symlink.
fn open_plain(root: &Dir, folder: &Path) -> io::Result<OwnedFd> {
    let mut open = rustix::fs::openat(root, c".", FOLDER, Mode::empty())?;
    for part in folder {
        open = rustix::fs::openat(&open, part, FOLDER, Mode::empty())?;
    }
    Ok(open)
}

fn matcher(text: &str, normal: &str) -> Result<GlobMatcher, Halt> {
    let glob = GlobBuilder::new(normal).literal_separator(true).backslash_escape(true).build();
    let glob = glob.map_err(|error| short(NoEvidence::Unreadable, format!("`{text}`: {}", error.kind())))?;
    Ok(glob.compile_matcher())
}

fn found(path: &Path, kind: FileType) -> Result<Match, Halt> {
    let name = path.to_str().ok_or_else(|| {
        let detail = format!("the name of `{}` is not UTF-8", path.display());
        short(NoEvidence::Unreadable, detail)
    })?;
    Ok(Match { name: name.to_owned(), kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_literal_prefix_ends_where_a_part_is_more_than_a_name() {
        let table = [
            ("a/b.txt", "a/b.txt", true, 0),
            ("./a//b/*.txt", "a/b", false, 1),
            ("a/*/c/*.txt", "a", false, 3),
            ("a/**/*.txt", "a", false, usize::MAX),
            ("{a,b/c}.txt", "", false, usize::MAX),
        ];
        for (text, prefix, literal, levels) in table {
            let pattern = Pattern::parse(text).expect("is a glob");
            assert_eq!(
                (pattern.prefix.as_path(), pattern.is_literal()),
                (Path::new(prefix), literal),
                "{text}"
            );
            assert_eq!(pattern.levels, levels, "{text}");
        }
    }

    #[test]
    fn a_star_stays_in_its_folder() {
        let star = Pattern::parse("logs/*.txt").expect("is a glob");
        assert!(star.covers(Path::new("logs/a.txt")) && !star.covers(Path::new("logs/b/a.txt")));
        let stars = Pattern::parse("logs/**/*.txt").expect("is a glob");
        assert!(stars.covers(Path::new("logs/a.txt")) && stars.covers(Path::new("logs/b/c/a.txt")));
    }

    #[test]
    fn what_could_leave_the_workspace_is_refused() {
        for text in ["/etc/passwd", "../x", "a/../../x", "a/[", "**/.."] {
            assert!(Pattern::parse(text).is_err(), "{text}");
        }
    }
}
