//! A process group that dies with its leader, and with whoever holds it.
//!
//! The room `collect` has one of its own: the two rooms stand on one floor and never import each other. This
//! is the smallest that an agent needs. A process that leaves the group on purpose is not found.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

use evident_core::evidence::Exit;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};
use tokio::process::Child;
use tokio::task::JoinHandle;
use tokio::time;

/// For a killed process to be gone: the kernel needs microseconds unless the machine swaps or a disk hangs.
pub(super) const GONE: Duration = Duration::from_secs(1);

/// Between two looks whether it is gone.
pub(super) const GONE_POLL: Duration = Duration::from_millis(2);

/// A process group and its leader, who is our child. Dropping it kills the group.
///
/// The leader is not reaped before the group was killed: until then nobody else can get its number, which is
/// the number of the group.
#[derive(Debug)]
pub(super) struct Group {
    leader: Child,
    number: Pid,
    /// Gives the end of the leader without reaping it; `None` once it ended.
    watch: Option<JoinHandle<io::Result<()>>>,
    /// How the leader ended, once it was reaped: the number may belong to somebody else then.
    exit: Option<Exit>,
}

impl Group {
    pub(super) fn new(leader: Child) -> Self {
        let number = leader.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let number = number.expect("a child that nobody waited for has a number");
        let watch = Some(tokio::task::spawn_blocking(move || watch_leader(number)));
        Self { leader, number, watch, exit: None }
    }

    /// The number of the leader and of the group.
    pub(super) fn number(&self) -> u32 {
        self.number.as_raw_nonzero().get().unsigned_abs()
    }

    /// Returns when the leader ended, or cannot be watched; may be asked again, and given up at any time.
    pub(super) async fn leader_ended(&mut self) {
        let Some(watch) = &mut self.watch else { return };
        // What fails is a runtime that goes away, or a kernel that does not know its child: both are an end.
        let _ = watch.await;
        self.watch = None;
    }

    /// True once the leader was seen to have ended.
    pub(super) fn has_ended(&self) -> bool {
        self.watch.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// A group that is gone already is fine.
    pub(super) fn signal(&self, signal: Signal) {
        if self.exit.is_none() {
            let _ = rustix::process::kill_process_group(self.number, signal);
        }
    }

    /// Asks the leader to end and waits at most `grace` for it, then [`Self::kill`].
    pub(super) async fn end(&mut self, grace: Duration) -> Option<Exit> {
        if self.exit.is_none() && self.watch.is_some() && !grace.is_zero() {
            self.signal(Signal::TERM);
            let _ = time::timeout(grace, self.leader_ended()).await;
        }
        self.kill().await
    }

    /// Kills the group, reaps the leader and waits until nobody is left. Absent where even that did not end it.
    pub(super) async fn kill(&mut self) -> Option<Exit> {
        if self.exit.is_some() {
            return self.exit;
        }
        self.signal(Signal::KILL);
        time::timeout(GONE, self.leader_ended()).await.ok()?;
        let status = time::timeout(GONE, self.leader.wait()).await.ok()?.ok()?;
        self.exit = status.code().map(Exit::Code).or(status.signal().map(Exit::Signal));
        let gone = async {
            // Only a question, so that it harms nobody if the number is somebody else's by now.
            while rustix::process::test_kill_process_group(self.number).is_ok() {
                time::sleep(GONE_POLL).await;
            }
        };
        // One that is not gone by now is dead but not buried, which does nothing any more.
        let _ = time::timeout(GONE, gone).await;
        self.exit
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Tokio reaps the leader later.
        self.signal(Signal::KILL);
    }
}

/// Waits until the leader ended and leaves it to be reaped.
fn watch_leader(leader: Pid) -> io::Result<()> {
    loop {
        match rustix::process::waitid(WaitId::Pid(leader), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT) {
            Ok(_) => return Ok(()),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
