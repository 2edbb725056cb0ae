//! The tree of a commit, as git has it: no filter, no checkout, nothing from the working tree.
//!
//! Every object on the way from the id of the commit to the bytes of a file is proven by its name, so a
//! repository whose files somebody edited gives an error and no other tree.

mod listing;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use evident_blobs::Blobs;
use evident_core::digest::Digest;
use evident_core::tree::{Entry, Kind, Leaf, Tree};
use evident_regular::is_repository;

use super::bounds::{FILE_BYTES_MAX, Total};
use super::git::{self, Git, Objects};
use super::{Rules, manifest};
use crate::ignored::{GIT_FILE, IGNORE_BYTES_MAX};
use crate::{Error, Wanted};
use listing::Listed;

/// Repositories inside each other: more than anybody has.
const DEPTH_MAX: usize = 16;

/// The id of the commit that a revision names.
pub(super) fn resolve(workspace: &Path, revision: &str) -> Result<String, Error> {
    let workspace = super::scan::canonical(workspace)?;
    id(&Git::outside(&workspace)?, &workspace, revision)
}

fn id(git: &Git, workspace: &Path, revision: &str) -> Result<String, Error> {
    let action = format!("find the commit `{revision}`");
    let mut command = git.command(workspace);
    command.args(["rev-parse", "--verify", "--end-of-options"]).arg(format!("{revision}^{{commit}}"));
    let id = git::output(&action, &mut command)
        .map_err(|error| git::Lack::Shallow.explain(git, workspace, error))?;
    let id = String::from_utf8_lossy(&id).trim().to_owned();
    if git::name::is_id(&id) { Ok(id) } else { Err(git::refused(&action, "git gave no id")) }
}

/// The part of a commit that lies below the workspace, with contents and manifest in blobs.
pub(super) fn tree(
    (blobs, wanted): (&Blobs, &Wanted),
    workspace: &Path,
    commit: &str,
) -> Result<Tree, Error> {
    let repository = Repository::around(workspace, commit)?;
    let mut reading = Reading { blobs, wanted, entries: Vec::new(), total: Total::default() };
    let read = repository.read(&mut reading, b"", 0);
    read.map_err(|error| git::Lack::Partial.explain(&repository.git, &repository.folder, error))?;
    let tree = Tree::new(reading.entries)
        .map_err(|problem| git::refused(&repository.action(), &problem.to_string()))?;
    manifest::keep(blobs, &tree)?;
    Ok(tree)
}

/// The ignore rules of a commit: those of the folders around the workspace from the commit as well.
pub(super) fn rules(blobs: &Blobs, workspace: &Path, commit: &str, tree: &Tree) -> Result<Rules, Error> {
    let repository = Repository::around(workspace, commit)?;
    let around = repository.ignore_files_around(blobs)?;
    let prefix = repository.prefix.strip_suffix(b"/").unwrap_or(&repository.prefix);
    super::rules::of_commit(blobs, tree, Path::new(OsStr::from_bytes(prefix)), around)
}

/// A commit of one repository.
struct Repository {
    git: Git,
    folder: PathBuf,
    /// Paths that do not begin like this are left out; the others lose it. Empty, or ends with a slash.
    prefix: Vec<u8>,
    commit: String,
}

/// What was read so far.
struct Reading<'a> {
    blobs: &'a Blobs,
    wanted: &'a Wanted,
    entries: Vec<Entry>,
    total: Total,
}

impl Repository {
    /// The repository that the workspace lies in.
    fn around(workspace: &Path, commit: &str) -> Result<Self, Error> {
        let workspace = super::scan::canonical(workspace)?;
        let git = Git::outside(&workspace)?;
        let commit = if git::name::is_id(commit) { commit.to_owned() } else { id(&git, &workspace, commit)? };
        let action = format!("read the commit `{commit}`");
        let prefix = git::output(&action, git.command(&workspace).args(["rev-parse", "--show-prefix"]))?;
        let prefix = prefix.strip_suffix(b"\n").unwrap_or(&prefix).to_vec();
        Ok(Self { git, folder: workspace, prefix, commit })
    }

    fn action(&self) -> String {
        format!("read the commit `{}`", self.commit)
    }

    /// Adds the entries of the commit, each path with `above` before it.
    fn read(&self, reading: &mut Reading<'_>, above: &[u8], depth: usize) -> Result<(), Error> {
        let listed = self.list()?;
        let contents = self.contents(reading, above, &listed)?;
        for Listed { path, kind, id } in listed {
            let path = [above, &path].concat();
            if kind == Kind::Submodule {
                let digest = manifest::put(reading.blobs, id.as_bytes())?;
                let leaf = Leaf { kind, size: id.len() as u64, digest };
                reading.entries.push(Entry { path: path.clone(), leaf });
                self.read_inner(reading, above, &path, id, depth)?;
            } else {
                let (digest, size) = contents[&id];
                reading.entries.push(Entry { path, leaf: Leaf { kind, size, digest } });
            }
        }
        Ok(())
    }

    /// The files of a submodule, from its own repository.
    fn read_inner(
        &self,
        reading: &mut Reading<'_>,
        above: &[u8],
        path: &[u8],
        commit: String,
        depth: usize,
    ) -> Result<(), Error> {
        let name = OsStr::from_bytes(&path[above.len()..]);
        let folder = self.folder.join(name);
        let action = format!("read the submodule `{}` at `{commit}`", name.display());
        if depth == DEPTH_MAX {
            return Err(git::refused(&action, "too many repositories inside each other"));
        }
        // Without this, git would answer for the repository around it.
        if !is_repository(&folder) {
            return Err(git::refused(
                &action,
                "it is not checked out: run `git submodule update --init --recursive`",
            ));
        }
        let exists = format!("{commit}^{{commit}}");
        if git::output(&action, self.git.command(&folder).args(["cat-file", "-e", &exists])).is_err() {
            return Err(git::refused(
                &action,
                "its repository does not have this commit: run `git fetch` in it",
            ));
        }
        let inner = Self { git: self.git.clone(), folder, prefix: Vec::new(), commit };
        inner.read(reading, &[path, b"/"].concat(), depth + 1)
    }

    /// The contents by their ids, each read once.
    fn contents(
        &self,
        reading: &mut Reading<'_>,
        above: &[u8],
        listed: &[Listed],
    ) -> Result<BTreeMap<String, (Digest, u64)>, Error> {
        let files = || listed.iter().filter(|listed| listed.kind != Kind::Submodule);
        let ids: BTreeSet<&String> = files().map(|listed| &listed.id).collect();
        let asked = ids.iter().map(|id| (*id).clone()).collect();
        let mut objects = Objects::ask(&self.git, &self.action(), &self.folder, asked)?;
        let mut contents = BTreeMap::new();
        for id in ids {
            reading.wanted.check()?;
            let whole = || {
                let named = files().find(|listed| listed.id == *id).map(|listed| listed.path.as_slice());
                let path = [above, named.unwrap_or_default()].concat();
                self.folder.join(OsStr::from_bytes(&path))
            };
            let content = objects.store(id, reading.blobs, FILE_BYTES_MAX)?;
            let (digest, size) = content.ok_or_else(|| super::bounds::file(&whole()))?;
            reading.total.add(size, &whole)?;
            contents.insert(id.clone(), (digest, size));
        }
        Ok(contents)
    }

    /// The texts of the ignore files in the folders above the workspace, by folder, the top first.
    fn ignore_files_around(&self, blobs: &Blobs) -> Result<Vec<(PathBuf, String)>, Error> {
        let mut found = Vec::new();
        let mut names = self.prefix.split(|byte| *byte == b'/').filter(|name| !name.is_empty());
        let mut folder = Some(self.top()?);
        let mut path = PathBuf::new();
        while let (Some(id), Some(name)) = (folder.take(), names.next()) {
            let entries = self.folder_entries(&id)?;
            let is_file = |mode| matches!(mode, listing::FILE | listing::FILE_OF_GROUP | listing::EXECUTABLE);
            let mut ignore = entries.iter().filter(|entry| entry.name == GIT_FILE.as_bytes());
            if let Some(entry) = ignore.find(|entry| is_file(entry.mode)) {
                let asked = vec![entry.id.clone()];
                let mut objects = Objects::ask(&self.git, &self.action(), &self.folder, asked)?;
                let stored = objects.store(&entry.id, blobs, FILE_BYTES_MAX)?;
                let (digest, _) = stored.ok_or_else(|| super::bounds::file(&path.join(GIT_FILE)))?;
                found.push((path.clone(), super::rules::beginning(blobs, digest, IGNORE_BYTES_MAX)?));
            }
            let inner = entries.iter().find(|entry| entry.name == name && entry.mode == listing::FOLDER);
            folder = inner.map(|entry| entry.id.clone());
            path.push(OsStr::from_bytes(name));
        }
        Ok(found)
    }
}
