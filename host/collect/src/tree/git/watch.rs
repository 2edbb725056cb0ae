//! Ends a call of git that says nothing for too long.
//!
//! git opens what lies in the repository, and waits for ever where the worker left a FIFO in the place of a
//! file. On Linux alone: elsewhere such a call is not ended.

use std::process::Child;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Time in which git says something: it reads a damaged pack of gigabytes sooner on a busy machine.
pub(super) const SILENCE: Duration = Duration::from_mins(1);

#[derive(Debug, Default)]
struct Seen {
    /// Counts what git said.
    heard: u64,
    is_over: bool,
}

/// Looks after one call. Dropped, it looks no longer.
#[derive(Debug)]
pub(super) struct Watch {
    seen: Arc<(Mutex<Seen>, Condvar)>,
    watcher: Option<JoinHandle<bool>>,
}

impl Watch {
    /// Looks after a process that was just started.
    pub(super) fn over(child: &Child, silence: Duration) -> Self {
        let seen: Arc<(Mutex<Seen>, Condvar)> = Arc::default();
        let watcher = handle(child).map(|process| {
            let seen = Arc::clone(&seen);
            std::thread::spawn(move || {
                let is_silent = waits_in_vain(&seen, silence);
                if is_silent {
                    end(&process);
                }
                is_silent
            })
        });
        Self { seen, watcher }
    }

    /// git said something.
    pub(super) fn hear(&self) {
        self.seen.0.lock().unwrap_or_else(PoisonError::into_inner).heard += 1;
    }

    /// The call is over. True if it had to be ended.
    pub(super) fn stop(&mut self) -> bool {
        self.seen.0.lock().unwrap_or_else(PoisonError::into_inner).is_over = true;
        self.seen.1.notify_all();
        self.watcher.take().is_some_and(|watcher| watcher.join().unwrap_or(false))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Waits until nothing was heard for this long; false where the call is over.
fn waits_in_vain((seen, changed): &(Mutex<Seen>, Condvar), silence: Duration) -> bool {
    let mut held = seen.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        let before = held.heard;
        let waited = changed.wait_timeout_while(held, silence, |seen| !seen.is_over);
        held = waited.unwrap_or_else(PoisonError::into_inner).0;
        if held.is_over || held.heard == before {
            return !held.is_over;
        }
    }
}

/// A handle that means this process and no later one of its number.
#[cfg(target_os = "linux")]
fn handle(child: &Child) -> Option<std::os::fd::OwnedFd> {
    let process = rustix::process::Pid::from_child(child);
    rustix::process::pidfd_open(process, rustix::process::PidfdFlags::empty()).ok()
}

#[cfg(target_os = "linux")]
fn end(process: &std::os::fd::OwnedFd) {
    let _has_ended = rustix::process::pidfd_send_signal(process, rustix::process::Signal::KILL);
}

#[cfg(not(target_os = "linux"))]
fn handle(_: &Child) -> Option<()> {
    None
}

#[cfg(not(target_os = "linux"))]
fn end((): &()) {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};
    use std::time::Instant;

    /// Catches a host that waits for git for ever, and one that ends a call that goes on.
    #[test]
    fn silence_ends_a_call() {
        let started = Instant::now();
        let run = |script: &str| {
            Command::new("sh").args(["-c", script]).stdin(Stdio::null()).spawn().expect("runs")
        };
        let mut silent = run("exec sleep 60");
        let mut watch = Watch::over(&silent, Duration::from_millis(50));
        assert!(!silent.wait().expect("ends").success());
        assert!(watch.stop() && started.elapsed() < Duration::from_secs(30));
        let mut speaking = run("exec sleep 0.5");
        let mut watch = Watch::over(&speaking, Duration::from_secs(30));
        watch.hear();
        assert!(speaking.wait().expect("ends").success());
        assert!(!watch.stop());
    }
}
