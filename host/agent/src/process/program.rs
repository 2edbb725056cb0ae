//! An agent's program: what it sees, whom it runs as, and helpfully why it did not start.
//!
//! Never through a shell.

use std::env;
use std::ffi::OsString;
use std::path::Path;

use evident_core::agent::{Failure, FailureClass};
use evident_process::{Identity, Input, Launch, NotStarted};

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
