//! Reads a bounded part of a folder that somebody else filled.
//!
//! It follows no symlink below the folder, opens only regular files, and remembers what it could not read
//! and why. It never leaves the folder.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::findings::Reason;
use crate::text::one_line;

/// Bytes of one file that is read: manifests are some kilobytes.
pub const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Entries of all folders together that are listed: enough to find where tests lie, soon done.
pub const ENTRIES_MAX: usize = 10_000;

/// Levels of folders that are listed; `packages/a/src/tests` is the fourth.
pub const LEVELS_MAX: usize = 4;

/// Folders of what was built or installed: nobody's own tests lie there.
const FOREIGN: &[&str] =
    &["node_modules", "target", "vendor", "venv", "env", "__pycache__", "dist", "build", "site-packages"];

/// What is there, by relative path with `/`.
#[derive(Debug)]
struct Entry {
    path: String,
    is_folder: bool,
}

/// A folder, listed once.
#[derive(Debug)]
pub(crate) struct Folder {
    root: PathBuf,
    entries: Vec<Entry>,
    notes: RefCell<Vec<Reason>>,
}

impl Folder {
    /// Lists the folder and what is below it, as far as the limits go.
    ///
    /// # Errors
    /// When the folder itself cannot be listed.
    pub(crate) fn open(root: &Path) -> io::Result<Self> {
        let mut folder = Self { root: root.to_owned(), entries: Vec::new(), notes: RefCell::new(Vec::new()) };
        let mut waiting = VecDeque::from([(String::new(), 0)]);
        while let Some((path, level)) = waiting.pop_front() {
            let children = match folder.children(&path) {
                Ok(children) => children,
                Err(error) if path.is_empty() => return Err(error),
                Err(error) => {
                    folder.note(&path, format!("cannot be listed: {error}"));
                    continue;
                }
            };
            for entry in children {
                let name = entry.path.rsplit('/').next().unwrap_or_default();
                let is_own = !name.starts_with('.') && !FOREIGN.contains(&name);
                if entry.is_folder && is_own && level + 1 < LEVELS_MAX {
                    waiting.push_back((entry.path.clone(), level + 1));
                }
                folder.entries.push(entry);
            }
        }
        Ok(folder)
    }

    /// A folder that is not listed: single files of it can be read.
    ///
    /// # Errors
    /// When it is not a folder, or cannot be looked at.
    pub(crate) fn open_only(root: &Path) -> io::Result<Self> {
        if !root.symlink_metadata()?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        Ok(Self { root: root.to_owned(), entries: Vec::new(), notes: RefCell::new(Vec::new()) })
    }

    /// Regular files and folders in order of their names; no symlinks, and no names that are not text.
    fn children(&self, path: &str) -> io::Result<Vec<Entry>> {
        let mut found = Vec::new();
        let room = ENTRIES_MAX - self.entries.len();
        for (count, entry) in fs::read_dir(self.root.join(path))?.enumerate() {
            if count >= room {
                self.note(path, format!("only {ENTRIES_MAX} entries are listed, there are more"));
                break;
            }
            let entry = entry?;
            let kind = entry.file_type()?;
            let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
            let path = if path.is_empty() { name } else { format!("{path}/{name}") };
            if kind.is_dir() || kind.is_file() {
                found.push(Entry { path, is_folder: kind.is_dir() });
            }
        }
        found.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(found)
    }

    /// The text of a file; nothing if it is absent, or if it cannot be read, which is noted.
    pub(crate) fn text(&self, path: &str) -> Option<String> {
        match self.read(path) {
            Ok(text) => text,
            Err(why) => {
                self.note(path, why);
                None
            }
        }
    }

    /// A TOML file; what [`Folder::text`] says, and what is not TOML is noted.
    pub(crate) fn toml(&self, path: &str) -> Option<toml::Table> {
        let parsed = self.text(path)?.parse::<toml::Table>();
        let no_toml = |error: toml::de::Error| self.note(path, format!("is not TOML: {}", error.message()));
        parsed.map_err(no_toml).ok()
    }

    /// A JSON file; what [`Folder::text`] says, and what is not JSON is noted.
    pub(crate) fn json(&self, path: &str) -> Option<serde_json::Value> {
        let text = self.text(path)?;
        let parsed = serde_json::from_str(text.strip_prefix('\u{feff}').unwrap_or(&text));
        parsed.map_err(|error| self.note(path, format!("is not JSON: {error}"))).ok()
    }

    /// The same without a note.
    ///
    /// # Errors
    /// Why the file cannot be read, as a lower-case fragment.
    pub(crate) fn read(&self, path: &str) -> Result<Option<String>, String> {
        match self.file(path)? {
            Some(file) => bounded(file).map(Some),
            None => Ok(None),
        }
    }

    /// Walks down part by part, so that no symlink on the way leads elsewhere.
    fn file(&self, path: &str) -> Result<Option<File>, String> {
        let mut place = self.root.clone();
        let mut parts = path.split('/').peekable();
        while let Some(part) = parts.next() {
            place.push(part);
            let kind = match place.symlink_metadata() {
                Ok(metadata) => metadata.file_type(),
                Err(error) if is_absent(&error) => return Ok(None),
                Err(error) => return Err(format!("cannot be read: {error}")),
            };
            let is_last = parts.peek().is_none();
            match () {
                () if kind.is_symlink() => return Err("is a symlink, which is not followed".into()),
                () if !is_last && !kind.is_dir() => return Ok(None),
                () if is_last && !kind.is_file() => return Err("is not a regular file".into()),
                () => {}
            }
        }
        File::open(&place).map(Some).map_err(|error| format!("cannot be read: {error}"))
    }

    /// True for a regular file, read or not.
    pub(crate) fn has_file(&self, path: &str) -> bool {
        matches!(self.file(path), Ok(Some(_)))
    }

    /// True for a folder, listed or not.
    pub(crate) fn is_folder(&self, name: &str) -> bool {
        self.root.join(name).symlink_metadata().is_ok_and(|metadata| metadata.is_dir())
    }

    /// True for a folder in the list.
    pub(crate) fn has_folder(&self, path: &str) -> bool {
        self.entries.iter().any(|entry| entry.is_folder && entry.path == path)
    }

    /// Paths of the files in the list, in order of level and name.
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter(|entry| !entry.is_folder).map(|entry| entry.path.as_str())
    }

    /// Names directly below a folder of the list, and whether each is a folder.
    pub(crate) fn below<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = (&'a str, bool)> {
        self.entries.iter().filter_map(move |entry| {
            let name = entry.path.strip_prefix(folder)?.strip_prefix('/')?;
            (!name.contains('/')).then_some((name, entry.is_folder))
        })
    }

    /// Names of the folders at the top.
    pub(crate) fn top_folders(&self) -> impl Iterator<Item = &str> {
        let top = self.entries.iter().filter(|entry| entry.is_folder && !entry.path.contains('/'));
        top.map(|entry| entry.path.as_str())
    }

    /// Where it is.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Remembers what a person should know.
    pub(crate) fn note(&self, file: &str, says: impl Into<String>) {
        let file = if file.is_empty() { "." } else { file };
        let note = Reason { file: one_line(file), says: one_line(&says.into()) };
        let mut notes = self.notes.borrow_mut();
        if !notes.contains(&note) {
            notes.push(note);
        }
    }

    /// What was noted, in order.
    pub(crate) fn into_notes(self) -> Vec<Reason> {
        self.notes.into_inner()
    }
}

/// A part of the path that is a file means that nothing is there, too.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// The text of an open file of at most [`FILE_BYTES_MAX`] bytes.
fn bounded(file: File) -> Result<String, String> {
    let mut bytes = Vec::new();
    let read = file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes);
    read.map_err(|error| format!("cannot be read: {error}"))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(format!("is larger than {FILE_BYTES_MAX} bytes"));
    }
    String::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned())
}
