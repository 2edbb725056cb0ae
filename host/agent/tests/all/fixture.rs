//! A workspace in a temporary folder, small programs in it, and questions about processes.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use evident_agent::process::{Bounds, Program};
use evident_agent::{Driver, Prompt, Setup, Signal, Turn};
use evident_core::agent::{Ended, Ending, Item, ItemKind, ItemProgress};
use tempfile::TempDir;

/// Longer than anything takes on a busy machine; only a failing test waits for it.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// What is killed must be gone far sooner than it would have lived.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// A grace that is not waited for: whoever obeys does so before it is over.
pub(crate) const GRACE: Duration = Duration::from_secs(30);

/// Between two looks for something that another process does.
const POLL: Duration = Duration::from_millis(5);

pub(crate) fn workspace() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

pub(crate) fn setup(workspace: &TempDir) -> Setup {
    let workspace = workspace.path().canonicalize().expect("is there");
    Setup { workspace, session: None, asks: false, write: Vec::new(), user: None }
}

/// A script for the shell.
pub(crate) fn sh(script: &str) -> Program {
    let bounds = Bounds { grace: GRACE, ..Bounds::default() };
    Program { bounds, ..Program::new(["sh", "-c", script]) }
}

pub(crate) fn is_alive(process: &str) -> bool {
    // Linux: the state stands behind the name, which is in parentheses. Elsewhere `ps` tells it.
    if Path::new("/proc/self/stat").exists() {
        let stat = fs::read_to_string(format!("/proc/{}/stat", process.trim())).unwrap_or_default();
        return stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with('Z'));
    }
    let status = Command::new("ps").args(["-o", "stat=", "-p", process.trim()]).output().expect("ps runs");
    let status = String::from_utf8_lossy(&status.stdout);
    !status.trim().is_empty() && !status.trim().starts_with('Z')
}

/// Waits until the process is gone.
pub(crate) async fn gone(process: &str) {
    let gone = async {
        while is_alive(process) {
            tokio::time::sleep(POLL).await;
        }
    };
    tokio::time::timeout(LONG, gone).await.expect("the process is gone");
}

/// Waits until the file has a whole line, and gives it.
pub(crate) async fn line_of(path: &Path) -> String {
    let line = async {
        loop {
            let text = fs::read_to_string(path).unwrap_or_default();
            if text.ends_with('\n') {
                return text.trim().to_owned();
            }
            tokio::time::sleep(POLL).await;
        }
    };
    tokio::time::timeout(LONG, line).await.expect("the line is there")
}

/// Begins the turn of that number.
pub(crate) async fn begin(driver: &mut dyn Driver, turn: u32, text: &str) -> Turn {
    driver.begin(Prompt { turn, text: text.into() }).await.expect("begins")
}

/// The next signal of a turn that goes on.
pub(crate) async fn next(turn: &mut Turn) -> Signal {
    let signal = tokio::time::timeout(LONG, turn.signals.recv()).await.expect("a signal comes");
    signal.expect("the turn goes on")
}

/// What is left of a turn: everything up to its end, and that nothing follows.
pub(crate) async fn rest(mut turn: Turn) -> Vec<Signal> {
    let mut signals = Vec::new();
    while !matches!(signals.last(), Some(Signal::Ended(_))) {
        signals.push(next(&mut turn).await);
    }
    assert_eq!(tokio::time::timeout(LONG, turn.signals.recv()).await, Ok(None));
    signals
}

/// A whole turn, after its start.
pub(crate) async fn act(driver: &mut dyn Driver, number: u32, text: &str) -> Vec<Signal> {
    let mut turn = begin(driver, number, text).await;
    assert!(matches!(next(&mut turn).await, Signal::Started { .. }));
    rest(turn).await
}

pub(crate) fn ended(ending: Ending, message: &str) -> Signal {
    Signal::Ended(Ended { ending, message: message.into() })
}

pub(crate) fn call(title: &str, progress: ItemProgress) -> Signal {
    Signal::Item(Item { kind: ItemKind::ToolCall, title: title.into(), progress })
}
