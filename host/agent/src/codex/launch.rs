//! How codex is started: where it is, what it sees, and for which workspace.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use evident_core::agent::{Failure, FailureClass};
use evident_core::evidence::Exit;
use tokio::time::timeout;

use crate::process::{Process, Program};
use crate::{INTERRUPT_GRACE, Setup};

/// Bytes of what a run of the program may write: its help is the longest.
const OUTPUT_BYTES_MAX: usize = 256 * 1024;

/// Where temporary files go where nothing says so.
const TEMPORARY: &str = "/tmp";

/// Where codex is and what it sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The program: a path, or a name that is looked for in `PATH`.
    pub program: OsString,
    /// Its environment.
    pub environment: Environment,
    /// Use `codex exec` even where there is an app-server: no asks, no polite interrupt, no look-up.
    pub exec: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { program: "codex".into(), environment: Environment::default(), exec: false }
    }
}

/// What codex sees of the host's environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Environment {
    /// What every agent sees: the host's own, less what would tell it that it runs inside another agent.
    #[default]
    Inherited,
    /// Nothing but these variables, and the mark of a driver.
    Exactly(BTreeMap<OsString, OsString>),
}

impl Settings {
    /// Whether codex could be started.
    pub(super) fn is_there(&self, setup: &Setup) -> Result<(), Failure> {
        self.program(&[]).is_there(setup)
    }

    /// Starts codex with these arguments.
    pub(super) fn start(&self, setup: &Setup, arguments: &[&str]) -> Result<Process, Failure> {
        self.program(arguments).start(setup)
    }

    fn program(&self, arguments: &[&str]) -> Program {
        let mut argv = vec![self.program.clone()];
        argv.extend(arguments.iter().map(OsString::from));
        let mut program = Program::new(argv);
        if let Environment::Exactly(variables) = &self.environment {
            program.inherits = false;
            program.set = variables.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        }
        program
    }

    /// Runs codex to its end: how it ended, and what it wrote to both streams.
    pub(super) async fn run(
        &self,
        setup: &Setup,
        arguments: &[&str],
        time_max: Duration,
    ) -> Result<(Option<Exit>, String), Failure> {
        let mut process = self.start(setup, arguments)?;
        process.close_input();
        let mut output = String::new();
        let read = async {
            while let Some(line) = process.next_line().await? {
                if output.len() + line.len() < OUTPUT_BYTES_MAX {
                    output.push_str(&line);
                    output.push('\n');
                }
            }
            Ok(process.exit().await)
        };
        let slow =
            |_| Failure::new(FailureClass::Setup, format!("`codex {}` does not end", arguments.join(" ")));
        let exit = timeout(time_max, read).await.map_err(slow)??;
        output.push_str(&process.stderr_tail());
        Ok((exit, output))
    }

    /// The folder that codex takes for temporary files.
    pub(super) fn temporary(&self, setup: &Setup) -> PathBuf {
        let told = match &self.environment {
            Environment::Inherited if setup.user.is_some() => None,
            Environment::Inherited => std::env::var_os("TMPDIR"),
            Environment::Exactly(variables) => variables.get(OsStr::new("TMPDIR")).cloned(),
        };
        told.map_or_else(|| PathBuf::from(TEMPORARY), PathBuf::from)
    }
}

/// Ends codex in order: it ends when its input does. After the grace its group is killed, and in any case
/// what it left behind.
pub(super) async fn close(mut process: Process) {
    process.close_input();
    // In time or not: nobody is left after the next line.
    let _ = timeout(INTERRUPT_GRACE, process.exit()).await;
    process.end().await;
}
