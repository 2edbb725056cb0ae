//! Where state lies: outside of every workspace.

use std::env;
use std::path::PathBuf;

use crate::Error;

/// `$EVIDENT_STATE`, else `$XDG_STATE_HOME/evident`, else `~/.local/state/evident`.
///
/// # Errors
/// When none of the three can be said.
pub fn state_folder() -> Result<PathBuf, Error> {
    let folder = |variable: &str| env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
    folder("EVIDENT_STATE")
        .or_else(|| folder("XDG_STATE_HOME").map(|state| state.join("evident")))
        .or_else(|| folder("HOME").map(|home| home.join(".local/state/evident")))
        .filter(|folder| folder.is_absolute())
        .ok_or(Error::NoStateFolder)
}
