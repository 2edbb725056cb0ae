//! Starts an agent's program in its own process group, and says helpfully why one did not start.
//!
//! Never through a shell.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::Stdio;

use evident_core::agent::{Failure, FailureClass};
use tokio::process::{Child, Command};

use super::environment::environment;
use super::user::{self, User};
use super::{Bounds, Process};
use crate::driver::Setup;

/// An agent's program, ready to be started.
#[derive(Debug, Clone)]
pub struct Program {
    /// The program, looked for on PATH where it holds no slash, and its arguments.
    pub argv: Vec<OsString>,
    /// What is set in its environment on top of what it inherits.
    pub set: Vec<(OsString, OsString)>,
    /// True if it inherits the host's environment; else it gets what is set and nothing more.
    pub inherits: bool,
    /// How much it may write and how long it may take to end.
    pub bounds: Bounds,
}

impl Program {
    /// A program with the usual bounds and nothing set.
    pub fn new(argv: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        let argv = argv.into_iter().map(Into::into).collect();
        Self { argv, set: Vec::new(), inherits: true, bounds: Bounds::default() }
    }

    /// Starts it in the workspace, as the user of `setup`, with all three standard streams piped. Needs a
    /// tokio runtime.
    ///
    /// # Errors
    /// [`FailureClass::Setup`] where workspace or user are not as told, [`FailureClass::Missing`] where the
    /// program is not there or does not start.
    pub fn start(&self, setup: &Setup) -> Result<Process, Failure> {
        let folder = &setup.workspace;
        if !folder.is_dir() {
            let message = format!("the workspace `{}` is no folder", folder.display());
            return Err(Failure::new(FailureClass::Setup, message));
        }
        let user = setup.user.as_deref().map(user::look_up).transpose()?;
        let Some(program) = self.argv.first() else {
            return Err(Failure::new(FailureClass::Missing, "the command of the agent is empty"));
        };
        let child = self.spawn(program, folder, user.as_ref())?;
        let name = Path::new(program).file_name().unwrap_or(program).to_string_lossy();
        Ok(Process::new(child, evident_core::text::name(&name), self.bounds))
    }

    fn spawn(&self, program: &OsStr, folder: &Path, user: Option<&User>) -> Result<Child, Failure> {
        let inherited = env::vars_os().filter(|_| self.inherits);
        let environment = environment(inherited, user, &self.set);
        let mut command = Command::new(program);
        command
            .args(&self.argv[1..])
            .current_dir(folder)
            .env_clear()
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        if let Some(user) = user {
            // Root that becomes another user loses its supplementary groups with it; std sees to that.
            command.uid(user.uid).gid(user.gid);
        }
        command.spawn().map_err(|error| {
            let path =
                environment.iter().find(|(name, _)| name == "PATH").map(|(_, value)| value.as_os_str());
            let message = explain(program, folder, path, user, &error);
            Failure::new(FailureClass::Missing, message)
        })
    }
}

fn explain(
    program: &OsStr,
    folder: &Path,
    path: Option<&OsStr>,
    user: Option<&User>,
    error: &io::Error,
) -> String {
    let shown = program.to_string_lossy();
    let has_slash = program.as_bytes().contains(&b'/');
    let is_there = match has_slash {
        true => folder.join(program).exists(),
        false => path.is_some_and(|path| env::split_paths(path).any(|at| at.join(program).is_file())),
    };
    match (error.kind(), user) {
        (io::ErrorKind::NotFound, _) if is_there => {
            format!("`{shown}` is there, but not the interpreter or loader that it names")
        }
        (io::ErrorKind::NotFound, _) if has_slash => {
            format!("`{shown}` does not exist, seen from `{}`", folder.display())
        }
        (io::ErrorKind::NotFound, _) => format!("`{shown}` was not found on PATH; is the agent installed?"),
        (io::ErrorKind::PermissionDenied, Some(user)) => {
            format!("user `{}` may not run `{shown}` in `{}`", user.name, folder.display())
        }
        (io::ErrorKind::PermissionDenied, None) => format!("`{shown}` is not executable"),
        _ => format!("`{shown}` did not start: {error}"),
    }
}
