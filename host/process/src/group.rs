//! A process group that dies with its leader, and with whoever holds it.
//!
//! A process that left the group is not found here: what lost its parent is ended by [`crate::Orphans`].

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

use evident_core::evidence::Exit;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};
use tokio::process::Child;
use tokio::task::JoinHandle;
use tokio::time;

use crate::started::{Leaders, leaders};

/// For a killed process to be gone: the kernel needs microseconds unless the machine swaps or a disk hangs.
pub const GONE: Duration = Duration::from_secs(1);

/// Between two looks whether it is gone.
pub const GONE_POLL: Duration = Duration::from_millis(2);

/// Why nobody can say whether the leader ended.
#[derive(Debug, thiserror::Error)]
pub enum Unwatched {
    /// The system does not tell.
    #[error("failed to wait for the process")]
    Wait(#[source] io::Error),
    /// The runtime goes away, and gave up a thread that was not begun.
    #[error("waiting for the process was called off")]
    CalledOff,
}

/// A process group and its leader, who is our child. Dropping it kills the group.
///
/// The leader is not reaped before the group was killed: until then nobody else can get its number, which is
/// the number of the group and of the session.
#[derive(Debug)]
pub struct Group {
    leader: Child,
    number: Pid,
    /// Gives the end of the leader without reaping it; `None` once it ended.
    watch: Option<JoinHandle<io::Result<()>>>,
    /// How the leader ended, once it was reaped: the number may belong to somebody else then.
    exit: Option<Exit>,
}

impl Group {
    /// `leaders` is held since before the leader was started: in between it would be taken for an orphan.
    pub(crate) fn new(leader: Child, mut leaders: Leaders) -> Self {
        let number = leader.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let number = number.expect("a child that nobody waited for has a number");
        leaders.enter(number.as_raw_nonzero().get());
        drop(leaders);
        let watch = Some(tokio::task::spawn_blocking(move || watch_leader(number)));
        Self { leader, number, watch, exit: None }
    }

    /// The number of the leader and of the group.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number.as_raw_nonzero().get().unsigned_abs()
    }

    /// Returns when the leader ended; may be asked again, and given up at any time.
    ///
    /// # Errors
    /// Where it cannot be watched; asked again, that counts as an end.
    pub async fn leader_ended(&mut self) -> Result<(), Unwatched> {
        let Some(watch) = &mut self.watch else { return Ok(()) };
        let ended = watch.await;
        self.watch = None;
        ended.map_err(|_| Unwatched::CalledOff)?.map_err(Unwatched::Wait)
    }

    /// True once the leader was seen to have ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.watch.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// A group that is gone already is fine.
    pub fn signal(&self, signal: Signal) {
        if self.exit.is_none() {
            let _ = rustix::process::kill_process_group(self.number, signal);
        }
    }

    /// Asks the group to end and waits at most `grace` for the leader, then [`Self::kill`].
    ///
    /// # Errors
    /// As [`Self::leader_ended`]; the group was sent the signal that kills all the same.
    pub async fn end(&mut self, grace: Duration) -> Result<Option<Exit>, Unwatched> {
        if self.exit.is_none() && self.watch.is_some() && !grace.is_zero() {
            self.signal(Signal::TERM);
            if let Ok(Err(unwatched)) = time::timeout(grace, self.leader_ended()).await {
                self.signal(Signal::KILL);
                return Err(unwatched);
            }
        }
        self.kill().await
    }

    /// Kills the group, reaps the leader and waits until nobody is left. Absent where even that did not end it.
    /// Doing it twice is fine.
    ///
    /// # Errors
    /// As [`Self::end`].
    pub async fn kill(&mut self) -> Result<Option<Exit>, Unwatched> {
        if self.exit.is_some() {
            return Ok(self.exit);
        }
        self.signal(Signal::KILL);
        let Ok(ended) = time::timeout(GONE, self.leader_ended()).await else { return Ok(None) };
        ended?;
        let Ok(status) = time::timeout(GONE, self.leader.wait()).await else { return Ok(None) };
        let status = status.map_err(Unwatched::Wait)?;
        self.exit = status.code().map(Exit::Code).or(status.signal().map(Exit::Signal));
        leaders().leave(self.number.as_raw_nonzero().get());
        let gone = async {
            loop {
                bury(self.number);
                // Only a question, so that it harms nobody if the number is somebody else's by now.
                if rustix::process::test_kill_process_group(self.number).is_err() {
                    return;
                }
                time::sleep(GONE_POLL).await;
            }
        };
        // One that is not gone by now is dead but not buried, which does nothing any more.
        let _ = time::timeout(GONE, gone).await;
        Ok(self.exit)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Tokio reaps the leader later.
        self.signal(Signal::KILL);
        if self.exit.is_none() {
            leaders().drop_group(self.number.as_raw_nonzero().get());
        }
    }
}

/// Reaps the members of a group without its leader, where they became children of this process.
fn bury(group: Pid) {
    let leaders = leaders();
    // A new leader of that number is for whoever started it.
    if leaders.is_held(group.as_raw_nonzero().get()) {
        return;
    }
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
    while let Ok(Some(_)) = rustix::process::waitid(WaitId::Pgid(Some(group)), options) {}
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
