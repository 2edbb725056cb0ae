//! Asks `git` about commits, and never lets it act.
//!
//! It runs in an environment without any `GIT_*` variable of ours, with hooks, monitors, replacement
//! objects, lazy fetching and optional locks switched off: what a repository is set up to do must not
//! decide what its commits hold. The program itself is never one that lies in the workspace, and what it
//! says about an object is believed only if the bytes have the name of the object ([`objects`]).

mod clone;
pub(super) mod name;
pub(super) mod objects;
mod program;
mod watch;

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::Error;

pub(super) use clone::Lack;
pub(super) use objects::Objects;
pub(super) use program::Git;
use watch::{SILENCE, Watch};

/// What `git` gets from our environment beside the programs that it may find: whose configuration says
/// which folders it may trust.
const PASSED: &[&str] = &["HOME", "XDG_CONFIG_HOME"];

/// What holds for every call.
const SETTINGS: &[(&str, &str)] = &[
    ("LC_ALL", "C"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_NO_LAZY_FETCH", "1"),
];

/// What is told of a call that was ended.
const SILENT: &str =
    "git said nothing for a minute and was ended: is there anything but files and folders in `.git`?";

/// Bytes of what git says when it refuses, as far as it is shown.
const REFUSAL_BYTES_MAX: usize = 512;

impl Git {
    /// A call of git in a folder.
    pub(super) fn command(&self, folder: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env("PATH", &self.path);
        command.envs(PASSED.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        command.envs(SETTINGS.iter().copied());
        command.args(["--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"]);
        command.arg("-C").arg(folder);
        command
    }
}

/// Runs git to its end and gives what it wrote.
pub(super) fn output(action: &str, command: &mut Command) -> Result<Vec<u8>, Error> {
    let child = command.spawn().map_err(|error| absent(action, &error))?;
    let mut watch = Watch::over(&child, SILENCE);
    let output = child.wait_with_output().map_err(|error| absent(action, &error))?;
    if watch.stop() {
        return Err(refused(action, SILENT));
    }
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr[..output.stderr.len().min(REFUSAL_BYTES_MAX)]);
    let said = said.trim().trim_start_matches("fatal: ");
    Err(refused(action, if said.is_empty() { "git refused, and did not say why" } else { said }))
}

pub(super) fn refused(action: &str, problem: &str) -> Error {
    Error::Git { action: action.to_owned(), problem: evident_core::text::line(problem) }
}

fn absent(action: &str, error: &io::Error) -> Error {
    refused(action, &format!("`git` could not be run: {error}"))
}
