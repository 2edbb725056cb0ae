//! One edit of a script: inside the workspace, never through a symbolic link out of it.

use std::io;
use std::path::{Component, Path};

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use serde::Deserialize;

/// Bytes of a file that is edited: source code, not data.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// What is done to one file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Keys")]
pub(super) struct Edit {
    /// Below the workspace, without `..`.
    path: String,
    change: Change,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Change {
    /// The one place that holds `from` holds `to` afterwards.
    Replace { from: String, to: String },
    /// The file holds this and nothing else; its folders are made.
    Write(String),
    /// The file is gone.
    Delete,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    path: String,
    from: Option<String>,
    to: Option<String>,
    write: Option<String>,
    #[serde(default)]
    delete: bool,
}

impl TryFrom<Keys> for Edit {
    type Error = String;

    fn try_from(keys: Keys) -> Result<Self, String> {
        let path = keys.path;
        let mut components = Path::new(&path).components().peekable();
        if components.peek().is_none() || !components.all(|part| matches!(part, Component::Normal(_))) {
            return Err(format!("`{path}` must name a file below the workspace, without `..`"));
        }
        let change = match (keys.from, keys.to, keys.write, keys.delete) {
            (Some(from), Some(to), None, false) if !from.is_empty() => Change::Replace { from, to },
            (None, None, Some(whole), false) => Change::Write(whole),
            (None, None, None, true) => Change::Delete,
            _ => return Err(format!("`{path}` needs one of `from` with `to`, `write`, or `delete = true`")),
        };
        Ok(Self { path, change })
    }
}

impl Edit {
    /// As a script writes it.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// As it is shown.
    pub(super) fn title(&self) -> String {
        let verb = match self.change {
            Change::Replace { .. } => "edit",
            Change::Write(_) => "write",
            Change::Delete => "delete",
        };
        format!("{verb} {}", self.path)
    }

    /// Makes it.
    ///
    /// # Errors
    /// A lower-case fragment that names the file.
    pub(super) fn make(&self, workspace: &Path) -> Result<(), String> {
        let cannot = |error: io::Error| format!("cannot {}: {error}", self.title());
        let folder = Dir::open_ambient_dir(workspace, ambient_authority()).map_err(cannot)?;
        match &self.change {
            Change::Replace { from, to } => {
                let text = read(&folder, &self.path).map_err(cannot)?;
                let count = text.matches(from.as_str()).count();
                if count != 1 {
                    return Err(format!(
                        "cannot edit {}: `{from}` is there {count} times, not once",
                        self.path
                    ));
                }
                folder.write(&self.path, text.replacen(from.as_str(), to, 1)).map_err(cannot)
            }
            Change::Write(whole) => {
                if let Some(parent) = Path::new(&self.path).parent().filter(|parent| *parent != Path::new(""))
                {
                    folder.create_dir_all(parent).map_err(cannot)?;
                }
                folder.write(&self.path, whole).map_err(cannot)
            }
            Change::Delete => folder.remove_file(&self.path).map_err(cannot),
        }
    }

    /// True if the workspace shows that it was not made: it could be made now and would change something.
    pub(super) fn is_open(&self, workspace: &Path) -> bool {
        let Ok(folder) = Dir::open_ambient_dir(workspace, ambient_authority()) else { return false };
        match &self.change {
            Change::Replace { from, to } => {
                let text = read(&folder, &self.path);
                from != to && text.is_ok_and(|text| text.matches(from.as_str()).count() == 1)
            }
            Change::Write(whole) => match read(&folder, &self.path) {
                Ok(text) => text != *whole,
                Err(error) => error.kind() == io::ErrorKind::NotFound,
            },
            Change::Delete => folder.symlink_metadata(&self.path).is_ok(),
        }
    }
}

fn read(folder: &Dir, path: &str) -> io::Result<String> {
    let metadata = folder.metadata(path)?;
    if !metadata.is_file() || metadata.len() > FILE_BYTES_MAX {
        return Err(io::Error::other(format!("it is not a file of at most {FILE_BYTES_MAX} bytes")));
    }
    folder.read_to_string(path)
}
