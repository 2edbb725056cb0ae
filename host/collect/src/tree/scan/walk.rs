//! Walks a folder for what counts, without ever following a symlink.
//!
//! Every step opens a folder relative to the one before. An ignored folder is entered only where
//! something in it can count all the same.

use std::cell::OnceCell;
use std::ffi::{CStr, CString, OsStr};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use evident_core::tree::Kind;
use evident_regular::is_repository;
use rustix::fs::{AtFlags, Dir, FileType, Mode};
use rustix::io::Errno;

use super::{Found, Walked, What, inert};
use crate::ignored::Above;
use crate::tracked::Index;
use crate::tree::bounds::{self, Entries};
use crate::tree::stat::Stat;
use crate::tree::{Rules, head};
use crate::walk::FOLDER;
use crate::{Error, Wanted};

/// Everything that counts below the open `root`, which is the canonical `folder`; in byte order.
pub(super) fn walk(rules: &Rules, folder: &Path, root: &impl AsFd, wanted: &Wanted) -> Result<Walked, Error> {
    let mut path = rules.ignored().prefix().as_os_str().as_bytes().to_vec();
    let mut above = Above::default();
    enter_outer(&mut above, rules, &path);
    if !path.is_empty() {
        path.push(b'/');
    }
    let mut walker = Walker {
        rules,
        folder,
        wanted,
        base: path.len(),
        path,
        walked: Walked::default(),
        entries: Entries::default(),
        depth: 0,
    };
    let open = rustix::fs::openat(root, c".", FOLDER, Mode::empty());
    let open = open.map_err(|error| walker.refused("open", error))?;
    let here = Here { above, index: Rc::new(Lazy::around(folder)), is_ignored: false };
    walker.folder(&open, &here)?;
    let mut walked = walker.walked;
    walked.found.sort_unstable_by(|left, right| left.path.cmp(&right.path));
    walked.folders.sort_unstable_by(|left, right| left.0.cmp(&right.0));
    Ok(walked)
}

fn enter_outer<'a>(above: &mut Above<'a>, rules: &'a Rules, prefix: &[u8]) {
    above.enter(rules.ignored(), b"");
    for (at, byte) in prefix.iter().enumerate() {
        if *byte == b'/' {
            above.enter(rules.ignored(), &prefix[..at]);
        }
    }
    if !prefix.is_empty() {
        above.enter(rules.ignored(), prefix);
    }
}

struct Walker<'a> {
    rules: &'a Rules,
    folder: &'a Path,
    wanted: &'a Wanted,
    /// Where the walk is, relative to the top of the working tree.
    path: Vec<u8>,
    /// Bytes of it before the part that is relative to the folder.
    base: usize,
    walked: Walked,
    entries: Entries,
    depth: usize,
}

/// What holds for the folder that the walk is in.
#[derive(Clone)]
struct Here<'a> {
    above: Above<'a>,
    index: Rc<Lazy>,
    /// True below an ignored folder: only what counts in any case is taken.
    is_ignored: bool,
}

/// The index of the working tree around a folder, read when something ignored is met.
struct Lazy {
    top: Option<PathBuf>,
    /// What stands before a path of the walk in the index.
    prefix: Vec<u8>,
    /// Bytes of a path of the walk that do not stand in the index.
    below: usize,
    index: OnceCell<Index>,
}

impl Lazy {
    fn around(folder: &Path) -> Self {
        let top = folder.ancestors().find(|folder| is_repository(folder)).map(Path::to_owned);
        let inner = top.as_deref().and_then(|top| folder.strip_prefix(top).ok());
        let mut prefix = inner.map_or_else(Vec::new, |inner| inner.as_os_str().as_bytes().to_vec());
        if !prefix.is_empty() {
            prefix.push(b'/');
        }
        Self { top, prefix, below: 0, index: OnceCell::new() }
    }

    fn at(top: PathBuf, below: usize) -> Self {
        Self { top: Some(top), prefix: Vec::new(), below, index: OnceCell::new() }
    }

    /// The index, and the name that `path` has in it.
    fn ask(&self, path: &[u8]) -> Result<Option<(&Index, Vec<u8>)>, Error> {
        let Some(top) = &self.top else { return Ok(None) };
        if self.index.get().is_none() {
            let read = Index::read(top).map_err(Error::inside("read the index of git in", top))?;
            self.index.get_or_init(|| read);
        }
        let name = [&self.prefix, &path[self.below..]].concat();
        Ok(self.index.get().map(|index| (index, name)))
    }

    fn covers(&self, path: &[u8]) -> Result<bool, Error> {
        Ok(self.ask(path)?.is_some_and(|(index, name)| index.covers(&name)))
    }

    fn has_below(&self, path: &[u8]) -> Result<bool, Error> {
        Ok(self.ask(path)?.is_some_and(|(index, name)| index.has_below(&name)))
    }
}

impl<'a> Walker<'a> {
    fn folder(&mut self, open: &OwnedFd, here: &Here<'a>) -> Result<(), Error> {
        let stat = rustix::fs::fstat(open).map_err(|error| self.refused("look at", error))?;
        let found_before = self.walked.found.len();
        let entries = self.list(open)?;
        let mut inner = None;
        let git = entries.iter().find(|(name, _)| name.as_c_str() == c".git").filter(|_| self.depth > 0);
        let top = self.whole();
        if let Some((_, kind)) = git.filter(|_| !is_repository(&top)) {
            self.no_repository(open, *kind, here)?;
        } else if git.is_some() {
            if !here.is_ignored || self.rules.forces_repository(self.name()) {
                self.push(None, What::Small(Kind::Submodule, head::of(&top).into_bytes()));
            }
            let index = Rc::new(Lazy::at(top, self.name().len() + 1));
            inner = Some(Here { index, ..here.clone() });
        }
        let here = inner.as_ref().unwrap_or(here);
        for (name, kind) in entries.iter().filter(|(name, _)| name.as_c_str() != c".git") {
            let length = self.path.len();
            if length > self.base {
                self.path.push(b'/');
            }
            self.path.extend_from_slice(name.to_bytes());
            match kind {
                FileType::Directory => self.enter(open, name, here)?,
                _ => self.leaf(open, name, here)?,
            }
            self.path.truncate(length);
        }
        if self.walked.found.len() > found_before {
            let path = self.name().to_vec();
            self.walked.folders.push((path, Stat::of(&stat)));
        }
        Ok(())
    }

    /// A `.git` that makes no repository. An empty one is like any empty folder; one that holds something counts,
    /// by its name, because what lies in it is seen neither by git nor here.
    fn no_repository(&mut self, open: &OwnedFd, kind: FileType, here: &Here<'a>) -> Result<(), Error> {
        let length = self.path.len();
        self.path.extend_from_slice(b"/.git");
        let is_ignored = here.is_ignored || here.above.is_ignored(&self.path, kind == FileType::Directory);
        if (!is_ignored || self.rules.forces(self.name())) && inert::holds_something(open, c".git", kind) {
            self.push(None, What::Small(Kind::Special, special(kind).as_bytes().to_vec()));
        }
        self.path.truncate(length);
        Ok(())
    }

    fn list(&mut self, open: &OwnedFd) -> Result<Vec<(CString, FileType)>, Error> {
        let mut entries = Vec::new();
        for entry in Dir::read_from(open).map_err(|error| self.refused("list", error))? {
            let entry = entry.map_err(|error| self.refused("list", error))?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            self.wanted.check()?;
            let bytes = self.path.len() + name.to_bytes().len();
            let folder = self.folder.join(OsStr::from_bytes(&self.path[self.base..]));
            self.entries.add(bytes, &|| folder.clone())?;
            let kind = match entry.file_type() {
                // Some file systems do not say it in the listing.
                FileType::Unknown => {
                    let stat = rustix::fs::statat(open, name, AtFlags::SYMLINK_NOFOLLOW);
                    FileType::from_raw_mode(stat.map_err(|error| self.refused("look at", error))?.st_mode)
                }
                kind => kind,
            };
            entries.push((name.to_owned(), kind));
        }
        Ok(entries)
    }

    fn enter(&mut self, open: &OwnedFd, name: &CStr, here: &Here<'a>) -> Result<(), Error> {
        let mut inner = here.clone();
        let is_ignored = here.is_ignored || here.above.is_ignored(&self.path, true);
        // A folder that git tracks as one entry, such as a submodule, is never ignored.
        inner.is_ignored = is_ignored && !here.index.covers(self.name())?;
        if inner.is_ignored && !self.rules.forces_below(self.name()) && !here.index.has_below(self.name())? {
            return self.pass_over(open, name);
        }
        inner.above.enter(self.rules.ignored(), &self.path);
        bounds::depth(self.depth, &|| self.whole())?;
        let inside = rustix::fs::openat(open, name, FOLDER, Mode::empty());
        let inside = inside.map_err(|error| self.refused("open", error))?;
        self.depth += 1;
        self.folder(&inside, &inner)?;
        self.depth -= 1;
        Ok(())
    }

    /// Notes an ignored folder that is not empty.
    fn pass_over(&mut self, open: &OwnedFd, name: &CStr) -> Result<(), Error> {
        if self.walked.passed.is_some() {
            return Ok(());
        }
        // One that cannot be looked into, or that is gone, may hold anything.
        let inside = rustix::fs::openat(open, name, FOLDER, Mode::empty()).and_then(Dir::new);
        let is_empty = inside.is_ok_and(|inside| {
            let names = inside.filter_map(Result::ok);
            !names.into_iter().any(|entry| !matches!(entry.file_name().to_bytes(), b"." | b".."))
        });
        if !is_empty {
            self.walked.passed = Some([self.name(), b"/"].concat());
        }
        Ok(())
    }

    fn leaf(&mut self, open: &OwnedFd, name: &CStr, here: &Here<'a>) -> Result<(), Error> {
        let is_ignored = here.is_ignored || here.above.is_ignored(&self.path, false);
        if is_ignored && !self.rules.forces(self.name()) && !here.index.covers(self.name())? {
            self.walked.passed.get_or_insert_with(|| self.path[self.base..].to_vec());
            return Ok(());
        }
        let stat = rustix::fs::statat(open, name, AtFlags::SYMLINK_NOFOLLOW);
        let stat = stat.map_err(|error| self.refused("look at", error))?;
        let mode = Mode::from_raw_mode(stat.st_mode);
        let kind = FileType::from_raw_mode(stat.st_mode);
        let stat = Stat::of(&stat);
        let what = match kind {
            FileType::RegularFile => What::File { stat, is_executable: mode.contains(Mode::XUSR) },
            FileType::Symlink => {
                let target = rustix::fs::readlinkat(open, name, Vec::new());
                let target = target.map_err(|error| self.refused("read the symlink", error))?;
                What::Small(Kind::Symlink, target.into_bytes())
            }
            FileType::Directory => return Err(Error::Unsteady { path: self.whole() }),
            kind => What::Small(Kind::Special, special(kind).as_bytes().to_vec()),
        };
        self.push(Some(stat), what);
        Ok(())
    }

    fn push(&mut self, stat: Option<Stat>, what: What) {
        let path = self.name().to_vec();
        self.walked.found.push(Found { path, stat, what });
    }

    /// Where the walk is, relative to the folder.
    fn name(&self) -> &[u8] {
        &self.path[self.base..]
    }

    fn whole(&self) -> PathBuf {
        self.folder.join(OsStr::from_bytes(self.name()))
    }

    /// What went away, or became something else, since it was listed is not at rest.
    fn refused(&self, action: &'static str, error: Errno) -> Error {
        match error {
            Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::INVAL
                if self.depth > 0 || self.name() != b"" =>
            {
                Error::Unsteady { path: self.whole() }
            }
            error => Error::inside(action, &self.whole())(io::Error::from(error)),
        }
    }
}

/// The content of an entry that has none.
pub(crate) fn special(kind: FileType) -> &'static str {
    match kind {
        FileType::Fifo => "fifo",
        FileType::Socket => "socket",
        FileType::CharacterDevice => "character-device",
        FileType::BlockDevice => "block-device",
        _ => "unknown",
    }
}
