//! Where the host keeps things: outside of every workspace.

use std::env;
use std::path::{Path, PathBuf};

use crate::Error;

/// The folders and files of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// What must not be lost: evidence, start trees, assessments, the key of the seals.
    pub state: PathBuf,
    /// What can be made again: compiled components, stat caches, copies of trees.
    pub cache: PathBuf,
    /// The owner's `policy.toml`; it need not be there.
    pub policy: PathBuf,
}

impl Places {
    /// State in `$EVIDENT_STATE`, else `$XDG_STATE_HOME/evident`, else `~/.local/state/evident`; the cache
    /// likewise in `$EVIDENT_CACHE`, `$XDG_CACHE_HOME/evident`, `~/.cache/evident`; the policy is
    /// `$EVIDENT_POLICY`, `$XDG_CONFIG_HOME/evident/policy.toml`, `~/.config/evident/policy.toml`.
    ///
    /// # Errors
    /// When no variable says where one of them is.
    pub fn of_environment() -> Result<Self, Error> {
        Ok(Self {
            state: place("EVIDENT_STATE", "XDG_STATE_HOME", ".local/state", "evident")?,
            cache: place("EVIDENT_CACHE", "XDG_CACHE_HOME", ".cache", "evident")?,
            policy: place("EVIDENT_POLICY", "XDG_CONFIG_HOME", ".config", "evident/policy.toml")?,
        })
    }

    /// The key of everything that the host seals.
    pub(crate) fn seal_key(&self) -> PathBuf {
        self.state.join("seal").join("key")
    }

    /// Refuses a workspace that holds one of the folders: what lies there would be evidence of itself, and
    /// in reach of whoever edits the work.
    pub(crate) fn outside_of(&self, workspace: &Path) -> Result<(), Error> {
        for (folder, variable) in [(&self.state, "EVIDENT_STATE"), (&self.cache, "EVIDENT_CACHE")] {
            let folder = std::fs::canonicalize(folder).map_err(|source| Error::State {
                action: "find",
                path: folder.clone(),
                source,
            })?;
            if folder.starts_with(workspace) {
                return Err(Error::InWorkspace { folder, variable, workspace: workspace.to_owned() });
            }
        }
        Ok(())
    }
}

fn place(own: &'static str, base: &str, below_home: &str, name: &str) -> Result<PathBuf, Error> {
    let variable = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    variable(own)
        .or_else(|| variable(base).map(|folder| folder.join(name)))
        .or_else(|| variable("HOME").map(|home| home.join(below_home).join(name)))
        .filter(|place| place.is_absolute())
        .ok_or(Error::NoPlace { variable: own })
}
