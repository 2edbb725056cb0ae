//! Starts a program in its own process group, and says helpfully why one did not start.
//!
//! No shell, nothing inherited but the standard streams that are given here.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use evident_core::outcome::NoEvidence;
use tokio::process::{Child, Command};

use crate::Place;
use crate::halt::{Halt, short};

/// What is to be run, everything filled in.
#[derive(Debug)]
pub(crate) struct Program {
    /// Not empty.
    pub(crate) argv: Vec<OsString>,
    pub(crate) folder: PathBuf,
    pub(crate) environment: Vec<(OsString, OsString)>,
}

impl Program {
    /// Starts it with closed input and piped output.
    pub(crate) fn start(&self) -> Result<Child, Halt> {
        let Some((program, arguments)) = self.argv.split_first() else {
            return Err(short(NoEvidence::Spawn, "the command is empty"));
        };
        Command::new(program)
            .args(arguments)
            .current_dir(&self.folder)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(|error| short(NoEvidence::Spawn, self.explain(program, &error)))
    }

    fn explain(&self, program: &OsStr, error: &io::Error) -> String {
        let shown = program.to_string_lossy();
        let has_slash = program.as_bytes().contains(&b'/');
        match error.kind() {
            io::ErrorKind::NotFound if self.is_there(program) => {
                format!("`{shown}` is there, but not the interpreter or loader that it names")
            }
            io::ErrorKind::NotFound if has_slash => {
                format!("`{shown}` does not exist, seen from `{}`", self.folder.display())
            }
            io::ErrorKind::NotFound => format!("`{shown}` was not found on PATH"),
            io::ErrorKind::PermissionDenied => format!("`{shown}` is not executable"),
            _ => format!("`{shown}` did not start: {error}"),
        }
    }

    fn is_there(&self, program: &OsStr) -> bool {
        if program.as_bytes().contains(&b'/') {
            return self.folder.join(program).exists();
        }
        let path = self.environment.iter().find(|(name, _)| name == "PATH").map(|(_, value)| value);
        path.is_some_and(|path| std::env::split_paths(path).any(|folder| folder.join(program).is_file()))
    }
}

/// The folder that a command runs in: inside the workspace, also after symlinks.
pub(crate) fn folder(place: &Place, cwd: &str) -> Result<PathBuf, Halt> {
    let folder = place.workspace.join(Path::new(cwd));
    let found = folder.canonicalize();
    let found = found.map_err(|error| short(NoEvidence::Spawn, format!("cannot run in `{cwd}`: {error}")))?;
    if !found.starts_with(&place.workspace) {
        return Err(short(NoEvidence::Spawn, format!("`{cwd}` leads out of the workspace")));
    }
    if !found.is_dir() {
        return Err(short(NoEvidence::Spawn, format!("cannot run in `{cwd}`: it is not a folder")));
    }
    Ok(found)
}
