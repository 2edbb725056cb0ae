//! Ends the agent of a host that was killed: it works on in its turn, and two agents in one workspace would
//! undo each other's work.
//!
//! The number of its process group stands in the log of the goal and may belong to somebody else by now: only
//! a process with the mark of drivers that works in the workspace is taken for the agent.

use std::fs;
use std::path::Path;
use std::time::Duration;

use evident_process::{GONE, GONE_POLL};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::time::{Instant, sleep};

use super::environment::DRIVER_MARK;
use crate::driver::INTERRUPT_GRACE;

/// Ends what is left of the process group of an agent that another host started in this workspace: SIGTERM,
/// SIGKILL after [`INTERRUPT_GRACE`]. True if there was something to end. A group of somebody else is left
/// alone, and so is everything where the system does not tell of processes.
pub async fn end_lost(number: u32, workspace: &Path) -> bool {
    let Some(group) = i32::try_from(number).ok().and_then(Pid::from_raw) else { return false };
    // The log names no folder that links lead to; the system does.
    let workspace = fs::canonicalize(workspace).unwrap_or_else(|_| workspace.to_owned());
    let is_there = || runs(group, &workspace);
    if !is_there() {
        return false;
    }
    for (signal, grace) in [(Signal::TERM, INTERRUPT_GRACE), (Signal::KILL, GONE)] {
        // One that ended meanwhile is what is wanted.
        let _gone = kill_process_group(group, signal);
        if is_over(grace, is_there).await {
            break;
        }
    }
    true
}

/// Waits until nothing is there, at most so long.
async fn is_over(grace: Duration, is_there: impl Fn() -> bool) -> bool {
    let until = Instant::now() + grace;
    while is_there() {
        if Instant::now() >= until {
            return false;
        }
        sleep(GONE_POLL).await;
    }
    true
}

/// True if a process of that group carries the mark and works in the workspace.
fn runs(group: Pid, workspace: &Path) -> bool {
    let Ok(processes) = fs::read_dir("/proc") else { return false };
    let group = group.as_raw_nonzero().to_string();
    let is_of_group = |stat: String| {
        // Behind the name, which is in parentheses and may hold any: state, parent, group.
        stat.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(2).map(|found| found == group))
    };
    let mut members = processes
        .flatten()
        .map(|process| process.path())
        .filter(|about| fs::read_to_string(about.join("stat")).ok().and_then(is_of_group).unwrap_or(false));
    members.any(|about| is_ours(&about, workspace))
}

/// A process that ended and was not buried has neither environment nor folder.
fn is_ours(about: &Path, workspace: &Path) -> bool {
    let mark = [DRIVER_MARK.as_bytes(), b"=1"].concat();
    let is_marked = fs::read(about.join("environ"))
        .is_ok_and(|environment| environment.split(|&byte| byte == 0).any(|variable| variable == mark));
    let works_here = fs::read_link(about.join("cwd")).is_ok_and(|folder| folder.starts_with(workspace));
    is_marked && works_here
}
