//! An agent's program: what it sees, whom it runs as, and helpfully why it did not start.
//!
//! Never through a shell.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use evident_core::agent::{Failure, FailureClass};
use evident_process::{Identity, Input, Launch, NotStarted};
use rustix::fs::{Access, access};

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

    /// Whether it could be started, without starting it: the workspace is a folder, the program a file that may be
    /// executed.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn is_there(&self, setup: &Setup) -> Result<(), Failure> {
        let folder = Self::folder(setup)?;
        let user = setup.user.as_deref().map(user::look_up).transpose()?;
        let Some(program) = self.argv.first() else {
            let message = explain(&NotStarted::Empty, folder, None);
            return Err(Failure::new(FailureClass::Missing, message));
        };
        let is_program = |path: &Path| path.is_file() && access(path, Access::EXEC_OK).is_ok();
        let name = || evident_core::text::name(&program.to_string_lossy());
        let (is_found, otherwise) = if program.as_encoded_bytes().contains(&b'/') {
            let path = folder.join(program);
            let otherwise = match path.exists() {
                true => NotStarted::Forbidden { program: name() },
                false => NotStarted::Absent { program: name(), folder: folder.clone() },
            };
            (is_program(&path), otherwise)
        } else {
            let inherited = env::vars_os().filter(|_| self.inherits);
            let environment = environment(inherited, user.as_ref(), &self.set);
            let path = environment.iter().find(|(name, _)| name == "PATH").map(|(_, path)| path.clone());
            let mut folders = path.iter().flat_map(env::split_paths);
            let is_found = folders.any(|entry| is_program(&folder.join(entry).join(program)));
            (is_found, NotStarted::NotOnPath { program: name() })
        };
        match is_found {
            true => Ok(()),
            false => Err(Failure::new(FailureClass::Missing, explain(&otherwise, folder, user.as_ref()))),
        }
    }

    fn folder(setup: &Setup) -> Result<&PathBuf, Failure> {
        let folder = &setup.workspace;
        if folder.is_dir() {
            return Ok(folder);
        }
        let message = format!("the workspace `{}` is not a folder", folder.display());
        Err(Failure::new(FailureClass::Setup, message))
    }

    /// Starts it in the workspace, as the user of `setup`, with all three standard streams piped. Needs a
    /// tokio runtime.
    ///
    /// # Errors
    /// [`FailureClass::Setup`] where workspace or user are not as told, [`FailureClass::Missing`] where the
    /// program is not there or does not start.
    pub fn start(&self, setup: &Setup) -> Result<Process, Failure> {
        let folder = Self::folder(setup)?;
        let user = setup.user.as_deref().map(user::look_up).transpose()?;
        let inherited = env::vars_os().filter(|_| self.inherits);
        let launch = Launch {
            argv: self.argv.clone(),
            folder: folder.clone(),
            environment: environment(inherited, user.as_ref(), &self.set),
            input: Input::Piped,
            user: user.as_ref().map(|user| Identity { uid: user.uid, gid: user.gid }),
        };
        let started = launch
            .start()
            .map_err(|error| Failure::new(FailureClass::Missing, explain(&error, folder, user.as_ref())))?;
        let program = self.argv.first().expect("nothing starts without a program");
        let name = Path::new(program).file_name().unwrap_or(program).to_string_lossy();
        Ok(Process::new(started, evident_core::text::name(&name), self.bounds))
    }
}

fn explain(error: &NotStarted, folder: &Path, user: Option<&User>) -> String {
    match (error, user) {
        (NotStarted::Empty, _) => "the command of the agent is empty".to_owned(),
        (NotStarted::NotOnPath { .. }, _) => format!("{error}; is the agent installed?"),
        (NotStarted::Forbidden { program }, Some(user)) => {
            format!("user `{}` may not run `{program}` in `{}`", user.name, folder.display())
        }
        _ => error.to_string(),
    }
}
