//! The tree of a commit, as git has it: no filter, no checkout, nothing from the working tree.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use evident_blobs::Blobs;
use evident_core::digest::Digest;
use evident_core::tree::{Entry, Kind, Leaf, Tree};

use super::{git, manifest};
use crate::Error;
use crate::ignored::has_git;

/// Repositories inside each other: more than anybody has.
const DEPTH_MAX: usize = 16;

/// The id of the commit that a revision names.
pub(super) fn resolve(workspace: &Path, revision: &str) -> Result<String, Error> {
    let action = format!("find the commit `{revision}`");
    let mut command = git::command(workspace);
    command.args(["rev-parse", "--verify", "--end-of-options"]).arg(format!("{revision}^{{commit}}"));
    let id = git::output(&action, &mut command)?;
    let id = String::from_utf8_lossy(&id).trim().to_owned();
    let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_id { Ok(id) } else { Err(git::refused(&action, "git gave no id")) }
}

/// The part of a commit that lies below the workspace, with contents and manifest in blobs.
pub(super) fn tree(blobs: &Blobs, workspace: &Path, commit: &str) -> Result<Tree, Error> {
    let workspace = super::scan::canonical(workspace)?;
    let action = format!("read the commit `{commit}`");
    let prefix = git::output(&action, git::command(&workspace).args(["rev-parse", "--show-prefix"]))?;
    let prefix = prefix.strip_suffix(b"\n").unwrap_or(&prefix).to_vec();
    let mut entries = Vec::new();
    let repository = Repository { folder: workspace, prefix, commit: commit.to_owned() };
    repository.read(blobs, b"", 0, &mut entries)?;
    let tree = Tree::new(entries).map_err(|problem| git::refused(&action, &problem.to_string()))?;
    manifest::keep(blobs, &tree)?;
    Ok(tree)
}

/// A commit of one repository.
struct Repository {
    folder: PathBuf,
    /// Paths that do not begin like this are left out; the others lose it.
    prefix: Vec<u8>,
    commit: String,
}

/// One path of a commit.
struct Listed {
    path: Vec<u8>,
    kind: Kind,
    id: String,
}

impl Repository {
    /// Adds the entries of the commit, each path with `above` before it.
    fn read(&self, blobs: &Blobs, above: &[u8], depth: usize, entries: &mut Vec<Entry>) -> Result<(), Error> {
        let listed = self.list()?;
        let contents = self.contents(blobs, &listed)?;
        for Listed { path, kind, id } in listed {
            let path = [above, &path].concat();
            if kind == Kind::Submodule {
                let digest = manifest::put(blobs, id.as_bytes())?;
                let leaf = Leaf { kind, size: id.len() as u64, digest };
                entries.push(Entry { path: path.clone(), leaf });
                self.read_inner(blobs, above, &path, id, depth, entries)?;
            } else {
                let (digest, size) = contents[&id];
                entries.push(Entry { path, leaf: Leaf { kind, size, digest } });
            }
        }
        Ok(())
    }

    /// The files of a submodule, from its own repository.
    fn read_inner(
        &self,
        blobs: &Blobs,
        above: &[u8],
        path: &[u8],
        commit: String,
        depth: usize,
        entries: &mut Vec<Entry>,
    ) -> Result<(), Error> {
        let name = OsStr::from_bytes(&path[above.len()..]);
        let folder = self.folder.join(name);
        let action = format!("read the submodule `{}` at `{commit}`", name.display());
        if depth == DEPTH_MAX {
            return Err(git::refused(&action, "too many repositories inside each other"));
        }
        // Without this, git would answer for the repository around it.
        if !has_git(&folder) {
            return Err(git::refused(
                &action,
                "it is not checked out: run `git submodule update --init --recursive`",
            ));
        }
        let exists = format!("{commit}^{{commit}}");
        if git::output(&action, git::command(&folder).args(["cat-file", "-e", &exists])).is_err() {
            return Err(git::refused(
                &action,
                "its repository does not have this commit: run `git fetch` in it",
            ));
        }
        let inner = Self { folder, prefix: Vec::new(), commit };
        inner.read(blobs, &[path, b"/"].concat(), depth + 1, entries)
    }

    fn list(&self) -> Result<Vec<Listed>, Error> {
        let action = format!("list the commit `{}`", self.commit);
        let mut command = git::command(&self.folder);
        command.args(["ls-tree", "-r", "-z", "--full-tree", "--end-of-options", &self.commit]);
        let output = git::output(&action, &mut command)?;
        let lines = output.split(|byte| *byte == 0).filter(|line| !line.is_empty());
        let mut listed = Vec::new();
        for line in lines {
            let odd = || git::refused(&action, &format!("git says `{}`", String::from_utf8_lossy(line)));
            let tab = line.iter().position(|byte| *byte == b'\t').ok_or_else(odd)?;
            let Some(path) = line[tab + 1..].strip_prefix(self.prefix.as_slice()) else { continue };
            let facts = String::from_utf8_lossy(&line[..tab]);
            let mut words = facts.split(' ');
            let (Some(mode), Some(_), Some(id)) = (words.next(), words.next(), words.next()) else {
                return Err(odd());
            };
            let kind = match mode {
                "100755" => Kind::Executable,
                "100644" | "100664" => Kind::File,
                "120000" => Kind::Symlink,
                "160000" => Kind::Submodule,
                _ => return Err(odd()),
            };
            listed.push(Listed { path: path.to_vec(), kind, id: id.to_owned() });
        }
        Ok(listed)
    }

    /// The contents by their ids, each read once.
    fn contents(&self, blobs: &Blobs, listed: &[Listed]) -> Result<BTreeMap<String, (Digest, u64)>, Error> {
        let files = listed.iter().filter(|listed| listed.kind != Kind::Submodule);
        let ids: BTreeSet<String> = files.map(|listed| listed.id.clone()).collect();
        let action = format!("read the commit `{}`", self.commit);
        let mut objects = git::Objects::ask(&action, &self.folder, ids.iter().cloned().collect())?;
        let mut contents = BTreeMap::new();
        for id in ids {
            let content = objects.next(&id, blobs)?;
            contents.insert(id, content);
        }
        Ok(contents)
    }
}
