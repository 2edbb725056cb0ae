//! Starts a program with exactly the environment and the streams that are given, and says helpfully why one
//! did not start.
//!
//! Never through a shell; a file that names no interpreter in its first line is run by `sh`, as execvp(3) does.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::process::Stdio;

use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

use crate::group::Group;
use crate::session;
use crate::started::{Leaders, leaders};

/// What is to be started, everything filled in.
#[derive(Debug, Clone)]
pub struct Launch {
    /// The program, looked for on the PATH of `environment` where it holds no slash, and its arguments.
    pub argv: Vec<OsString>,
    /// Where it runs.
    pub folder: PathBuf,
    /// Its whole environment; of a name that is there twice the later one counts.
    pub environment: Vec<(OsString, OsString)>,
    /// What it reads.
    pub input: Input,
    /// Whom it runs as; absent where that is the host's own user. Only root can become somebody else.
    pub user: Option<Identity>,
}

/// What a program reads on its standard input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// Nothing.
    Closed,
    /// What is written into a pipe.
    Piped,
}

/// A user as the kernel knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// The number of the user.
    pub uid: u32,
    /// The number of its first group, the only one that the program is in.
    pub gid: u32,
}

/// A program that runs. Dropping the group kills it.
#[derive(Debug)]
pub struct Started {
    /// It and whom it starts.
    pub group: Group,
    /// Its standard input, where that is piped.
    pub input: Option<ChildStdin>,
    /// Its standard output.
    pub output: ChildStdout,
    /// Its standard error.
    pub errors: ChildStderr,
}

/// Why a program did not start. What it shows of the program is text from outside.
#[derive(Debug, thiserror::Error)]
pub enum NotStarted {
    /// There is no program in it.
    #[error("the command is empty")]
    Empty,
    /// The program is a script, or needs a loader.
    #[error("`{program}` is there, but not the interpreter or loader that it names")]
    NoInterpreter {
        /// As it was asked for.
        program: String,
    },
    /// A path that leads nowhere.
    #[error("`{program}` does not exist, seen from `{folder}`")]
    Absent {
        /// As it was asked for.
        program: String,
        /// Where it was to run.
        folder: PathBuf,
    },
    /// A name that no folder of PATH has.
    #[error("`{program}` was not found on PATH")]
    NotOnPath {
        /// As it was asked for.
        program: String,
    },
    /// The user may not run it, or not there.
    #[error("`{program}` is not executable")]
    Forbidden {
        /// As it was asked for.
        program: String,
    },
    /// Anything else.
    #[error("`{program}` did not start: {problem}")]
    Other {
        /// As it was asked for.
        program: String,
        /// What the system says.
        problem: String,
    },
}

impl Launch {
    /// Starts it, in a session of its own; both output streams are piped. Needs a tokio runtime.
    ///
    /// # Errors
    /// When it did not start: nothing runs then.
    pub fn start(&self) -> Result<Started, NotStarted> {
        let Some((program, arguments)) = self.argv.split_first() else { return Err(NotStarted::Empty) };
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(match self.input {
                Input::Closed => Stdio::null(),
                Input::Piped => Stdio::piped(),
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(user) = self.user {
            // Root that becomes another user loses its supplementary groups with it; std sees to that.
            command.uid(user.uid).gid(user.gid);
        }
        let leaders = leaders();
        match session::alone(&mut command).and_then(|()| command.spawn()) {
            Ok(child) => Ok(Started::new(child, leaders)),
            Err(error) => Err(self.explain(program, &error)),
        }
    }

    fn explain(&self, program: &OsStr, error: &io::Error) -> NotStarted {
        let shown = program.to_string_lossy().into_owned();
        let has_slash = program.as_bytes().contains(&b'/');
        match error.kind() {
            io::ErrorKind::NotFound if self.is_there(program, has_slash) => {
                NotStarted::NoInterpreter { program: shown }
            }
            io::ErrorKind::NotFound if has_slash => {
                NotStarted::Absent { program: shown, folder: self.folder.clone() }
            }
            io::ErrorKind::NotFound => NotStarted::NotOnPath { program: shown },
            io::ErrorKind::PermissionDenied => NotStarted::Forbidden { program: shown },
            _ => NotStarted::Other { program: shown, problem: error.to_string() },
        }
    }

    fn is_there(&self, program: &OsStr, has_slash: bool) -> bool {
        if has_slash {
            return self.folder.join(program).exists();
        }
        let path = self.environment.iter().rfind(|(name, _)| name == "PATH").map(|(_, value)| value);
        path.is_some_and(|path| env::split_paths(path).any(|folder| folder.join(program).is_file()))
    }
}

impl Started {
    fn new(mut child: Child, leaders: Leaders) -> Self {
        let input = child.stdin.take();
        let output = child.stdout.take().expect("standard output is piped");
        let errors = child.stderr.take().expect("standard error is piped");
        Self { group: Group::new(child, leaders), input, output, errors }
    }
}
