//! What a commit lists: its folders, read as objects and proven by their names.
//!
//! Source: `gitformat-pack(5)` and `git-cat-file(1)`: an entry of a tree is its mode in octal, a space, its
//! name, a zero byte, and the id in bytes.

use std::collections::{BTreeMap, BTreeSet};

use evident_core::tree::{ENTRIES_MAX, Kind, PATH_BYTES_MAX};

use super::Repository;
use crate::Error;
use crate::tree::git::objects::Type;
use crate::tree::git::{self, Objects};

/// The modes that git writes.
pub(super) const FOLDER: u32 = 0o40_000;
pub(super) const FILE: u32 = 0o100_644;
/// Of old repositories.
pub(super) const FILE_OF_GROUP: u32 = 0o100_664;
pub(super) const EXECUTABLE: u32 = 0o100_755;
const SYMLINK: u32 = 0o120_000;
const SUBMODULE: u32 = 0o160_000;

/// Bytes of all paths of a commit. Folders that share their objects can list far more than they hold.
const PATHS_BYTES_MAX: usize = 1024 * 1024 * 1024;

/// One path of a commit.
pub(super) struct Listed {
    pub(super) path: Vec<u8>,
    pub(super) kind: Kind,
    pub(super) id: String,
}

/// One name in a folder of a commit.
pub(super) struct Named {
    pub(super) mode: u32,
    pub(super) name: Vec<u8>,
    pub(super) id: String,
}

/// How much was listed.
#[derive(Default)]
struct Listing {
    listed: Vec<Listed>,
    entries: usize,
    bytes: usize,
}

impl Repository {
    /// The id of the tree of the commit.
    pub(super) fn top(&self) -> Result<String, Error> {
        let content = self.object(&self.commit, Type::Commit)?;
        let line = content.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let id = line.strip_prefix(b"tree ").map(|id| String::from_utf8_lossy(id).into_owned());
        let id = id.filter(|id| git::name::is_id(id) && id.len() == self.commit.len());
        id.ok_or_else(|| self.odd(&self.commit))
    }

    /// What a folder of the commit holds.
    pub(super) fn folder_entries(&self, id: &str) -> Result<Vec<Named>, Error> {
        let content = self.object(id, Type::Tree)?;
        parse(&content, id.len() / 2).ok_or_else(|| self.odd(id))
    }

    /// Every path below the prefix, without it.
    pub(super) fn list(&self) -> Result<Vec<Listed>, Error> {
        let mut top = self.top()?;
        for name in self.prefix.split(|byte| *byte == b'/').filter(|name| !name.is_empty()) {
            let entries = self.folder_entries(&top)?;
            let inner = entries.into_iter().find(|entry| entry.name == name && entry.mode == FOLDER);
            let Some(inner) = inner else { return Ok(Vec::new()) };
            top = inner.id;
        }
        let mut listing = Listing::default();
        let mut level = vec![(Vec::new(), top)];
        while !level.is_empty() {
            let ids: BTreeSet<String> = level.iter().map(|(_, id)| id.clone()).collect();
            let folders = self.folders(ids)?;
            let mut next = Vec::new();
            for (path, id) in level {
                for entry in &folders[&id] {
                    self.add(&path, entry, &mut listing, &mut next)?;
                }
            }
            level = next;
        }
        Ok(listing.listed)
    }

    fn add(
        &self,
        folder: &[u8],
        entry: &Named,
        listing: &mut Listing,
        next: &mut Vec<(Vec<u8>, String)>,
    ) -> Result<(), Error> {
        let mut path = folder.to_vec();
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(&entry.name);
        listing.entries += 1;
        listing.bytes += path.len();
        if listing.entries > ENTRIES_MAX || listing.bytes > PATHS_BYTES_MAX || path.len() > PATH_BYTES_MAX {
            return Err(git::refused(&self.action(), "it lists more, or longer, paths than any repository"));
        }
        let kind = match entry.mode {
            FOLDER => {
                next.push((path, entry.id.clone()));
                return Ok(());
            }
            EXECUTABLE => Kind::Executable,
            FILE | FILE_OF_GROUP => Kind::File,
            SYMLINK => Kind::Symlink,
            SUBMODULE => Kind::Submodule,
            mode => {
                let path = String::from_utf8_lossy(&path).into_owned();
                return Err(git::refused(&self.action(), &format!("`{path}` has the mode {mode:o}")));
            }
        };
        listing.listed.push(Listed { path, kind, id: entry.id.clone() });
        Ok(())
    }

    /// Folders by their ids, each read once.
    fn folders(&self, ids: BTreeSet<String>) -> Result<BTreeMap<String, Vec<Named>>, Error> {
        let asked = ids.iter().cloned().collect();
        let mut objects = Objects::ask(&self.git, &self.action(), &self.folder, asked)?;
        let mut folders = BTreeMap::new();
        for id in ids {
            let content = objects.read(&id, Type::Tree)?;
            let entries = parse(&content, id.len() / 2).ok_or_else(|| self.odd(&id))?;
            folders.insert(id, entries);
        }
        Ok(folders)
    }

    fn object(&self, id: &str, kind: Type) -> Result<Vec<u8>, Error> {
        Objects::ask(&self.git, &self.action(), &self.folder, vec![id.to_owned()])?.read(id, kind)
    }

    fn odd(&self, id: &str) -> Error {
        git::refused(&self.action(), &format!("`{id}` is not what git writes, run `git fsck`"))
    }
}

/// The entries of a tree object; nothing where it is no such object.
fn parse(mut content: &[u8], id_bytes: usize) -> Option<Vec<Named>> {
    let mut entries = Vec::new();
    while !content.is_empty() {
        let space = content.iter().position(|byte| *byte == b' ')?;
        let zero = space + content[space..].iter().position(|byte| *byte == 0)?;
        let (name, rest) = (&content[space + 1..zero], &content[zero + 1..]);
        let (id, rest) = rest.split_at_checked(id_bytes)?;
        let mode = u32::from_str_radix(std::str::from_utf8(&content[..space]).ok()?, 8).ok()?;
        // A name of two parts would be a path that no folder of this commit has.
        if name.is_empty() || name.contains(&b'/') {
            return None;
        }
        entries.push(Named { mode, name: name.to_vec(), id: git::name::hex(id) });
        content = rest;
    }
    Some(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(mode: &str, name: &str) -> Vec<u8> {
        [mode.as_bytes(), b" ", name.as_bytes(), b"\0", &[0xab; 20]].concat()
    }

    #[test]
    fn a_tree_object_is_read_whole_or_not_at_all() {
        let content = [entry("100644", "a b"), entry("40000", "c")].concat();
        let entries = parse(&content, 20).expect("is one");
        let told: Vec<_> = entries.iter().map(|entry| (entry.mode, entry.name.as_slice())).collect();
        assert_eq!(told, [(FILE, b"a b".as_slice()), (FOLDER, b"c")]);
        assert_eq!(entries[0].id, "ab".repeat(20));
        assert!(parse(&content[..content.len() - 1], 20).is_none());
        assert!(parse(&content, 32).is_none());
        for (mode, name) in [("100644", ""), ("100644", "a/b"), ("+8", "a"), ("", "a")] {
            assert!(parse(&entry(mode, name), 20).is_none(), "{mode} {name}");
        }
    }
}
