//! Who gives a command: user, processes and terminal, as the system tells it; and whether that is the agent.
//!
//! At level L0 host and agent are the same user: this makes a command of the agent visible and refuses the
//! plain case. It stops nobody who goes out of his way.

use std::fs;

use evident_agent::process::DRIVER_MARK;
use evident_core::goal::event::Caller;
use evident_core::text;

use crate::Error;

/// Processes of the chain that are told.
const CHAIN_MAX: usize = 32;

/// The process that gives a command, and those that started it.
#[must_use]
pub(super) fn caller() -> Caller {
    let chain = ancestors().into_iter().map(|process| format!("{} ({})", process.name, process.id));
    let terminal = fs::read_link("/proc/self/fd/0").ok().map(|path| path.to_string_lossy().into_owned());
    Caller {
        uid: rustix::process::getuid().as_raw(),
        chain: chain.collect(),
        terminal: terminal.filter(|path| path.starts_with("/dev/pts/") || path.starts_with("/dev/tty")),
    }
}

/// Refuses a command that the agent gives: one of a process that a driver started.
///
/// # Errors
/// [`Error::Descendant`].
pub fn refuse_descendants() -> Result<(), Error> {
    let marked =
        std::env::var_os(DRIVER_MARK).is_some() || ancestors().iter().any(|process| process.is_driven);
    if marked && evident_core::defence::Defence::Descendants.stands() {
        return Err(Error::Descendant);
    }
    Ok(())
}

struct Process {
    id: i32,
    name: String,
    is_driven: bool,
}

/// This process and those that started it, nearest first; where the system does not tell, fewer.
fn ancestors() -> Vec<Process> {
    let mut chain = Vec::new();
    let mut next = i32::try_from(std::process::id()).ok();
    while let Some(id) = next.filter(|id| *id > 0 && chain.len() < CHAIN_MAX) {
        let Ok(status) = fs::read_to_string(format!("/proc/{id}/status")) else { break };
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let environment = fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
        let is_driven = environment.split(|byte| *byte == 0).any(|variable| {
            variable.strip_prefix(DRIVER_MARK.as_bytes()).is_some_and(|rest| rest.first() == Some(&b'='))
        });
        chain.push(Process { id, name: text::name(field("Name:").unwrap_or_default()), is_driven });
        next = field("PPid:").and_then(|parent| parent.parse().ok());
    }
    chain
}
