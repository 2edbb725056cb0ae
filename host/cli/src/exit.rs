//! Exit codes, and the one place where an error is printed.

use std::process::ExitCode;

use evident_core::roll_up::RollUp;

use crate::ui;

/// What the process ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The contract is met, or the command did what it should.
    Met = 0,
    /// The contract is not met.
    Unmet = 1,
    /// The command line or the contract is wrong.
    Usage = 2,
    /// The evidence does not decide.
    Undecided = 3,
    /// A goal stopped short of completion.
    Short = 4,
    /// The host itself failed.
    Host = 5,
    /// Interrupted from the terminal.
    Interrupted = 130,
}

/// The table of the help text and of the README.
pub(crate) const HELP: &str = "Exit codes:
  0    met, complete, or the command did what it should
  1    unmet: a clause fails
  2    the command line or the contract is wrong
  3    undecided: the evidence does not decide
  4    stopped short: blocked, paused, limited, cleared, or waiting with --no-wait
  5    the host itself failed
  130  interrupted";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl From<RollUp> for Exit {
    fn from(roll_up: RollUp) -> Self {
        match roll_up {
            RollUp::Met => Self::Met,
            RollUp::Unmet => Self::Unmet,
            RollUp::Undecided => Self::Undecided,
        }
    }
}

/// A mistake of the person who typed the command, as opposed to a failure of the host.
#[derive(Debug)]
pub(crate) struct UsageError {
    message: String,
    hint: Option<String>,
}

impl UsageError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl std::fmt::Display for UsageError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for UsageError {}

/// Prints what went wrong, with its causes, and says which code that is.
pub(crate) fn of(result: anyhow::Result<Exit>) -> ExitCode {
    let error = match result {
        Ok(exit) => return exit.into(),
        Err(error) => error,
    };
    let usage = error.downcast_ref::<UsageError>();
    let of_the_work = error.downcast_ref().and_then(evident_engine::Error::of_the_work);
    let exit = match of_the_work {
        _ if usage.is_some() || is_contract_error(&error) => Exit::Usage,
        // There is no tree to decide anything about.
        Some(_) => Exit::Undecided,
        None => Exit::Host,
    };
    let hint = usage.map_or_else(|| contract_hint(&error), |usage| usage.hint.as_deref());
    ui::error(&error, hint);
    exit.into()
}

/// What helps where the host can write nothing.
const NO_ROOM: &str = "make room for the host's files; the next run goes on from the log";

/// A contract or workspace that is not there is the user's to mend.
fn is_contract_error(error: &anyhow::Error) -> bool {
    use evident_engine::{Error, store};
    matches!(
        error.downcast_ref::<Error>(),
        Some(
            Error::Contract { .. }
                | Error::NotAContract { .. }
                | Error::Workspace { .. }
                | Error::InWorkspace { .. }
                | Error::Revision { .. }
                | Error::NoStart { .. }
                | Error::NoBaseline { .. }
                | Error::Outside { .. }
                | Error::Case { .. }
                | Error::Policy { .. }
                | Error::UnknownGoal { .. }
                | Error::SeveralGoals { .. }
                | Error::Unfit(_)
                | Error::Driver(_)
                | Error::Descendant
                | Error::Exposed(_)
                | Error::Ancestors { .. }
                | Error::AncestorsEnded { .. }
                | Error::ContractEdited { .. }
                | Error::Store(
                    store::Error::Held { .. }
                        | store::Error::WorkspaceHeld { .. }
                        | store::Error::InboxFull { .. }
                )
        )
    )
}

fn contract_hint(error: &anyhow::Error) -> Option<&'static str> {
    use evident_engine::Error;
    match error.downcast_ref::<Error>() {
        Some(Error::Contract { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            Some("name a contract, or go to the folder of a `goal.toml`; `evident init` writes one")
        }
        Some(Error::ContractEdited { .. }) => {
            Some("`evident accept-change` with its path takes it as yours; then run it again")
        }
        Some(Error::Ancestors { .. } | Error::AncestorsEnded { .. }) => {
            Some("give it in a shell of your own")
        }
        Some(Error::Unsteady { .. }) => Some("ignore it, or end what writes it"),
        Some(error) if error.of_the_work().is_some() => {
            Some("remove what is named, or see to it that the host can read it")
        }
        Some(Error::Outside { .. }) => Some("a link stands in the way: remove it, or name a folder"),
        Some(Error::NoStart { .. }) => Some("`evident check` records it"),
        Some(Error::UnknownGoal { .. }) => Some("`evident goal list` shows them"),
        Some(Error::SeveralGoals { .. }) => Some("give more of its id; `evident goal list` shows them"),
        Some(Error::Unfit(_)) => {
            Some("take an agent that asks, such as `claude` or `codex`, or take `[[approve]]` out")
        }
        Some(Error::Store(
            evident_engine::store::Error::WorkspaceHeld { .. } | evident_engine::store::Error::Held { .. },
        )) => Some("one goal runs in a workspace; `evident goal` commands reach it there"),
        Some(Error::Store(
            evident_engine::store::Error::Lost { .. } | evident_engine::store::Error::Cut { .. },
        )) => Some(
            "put `goals.db` back from a copy, or move its whole folder away to begin without the goals that it held",
        ),
        Some(Error::Blobs(error)) if error.is_damage() => {
            Some("`evident store verify` tells everything that is damaged; put the file back from a copy")
        }
        Some(Error::Store(error)) if error.is_storage() => Some(NO_ROOM),
        Some(Error::Full(_)) => Some(NO_ROOM),
        _ => None,
    }
}
