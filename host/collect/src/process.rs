//! Runs one program to its end: with a timeout, with bounded output, and with nobody left behind.
//!
//! The whole process group dies with its leader, with the timeout, with a flood, and with the future
//! that waits. A process that leaves the group on purpose and lets go of the output is not found: that
//! needs an isolation which this room does not have.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::pin::pin;
use std::time::Duration;

use evident_core::evidence::Exit;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};
use tokio::process::Child;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time;

use crate::capture::{Captured, End, capture};
use crate::halt::Halt;
use crate::spawn::Program;
use crate::{Error, Place};

/// Between SIGTERM and SIGKILL after a timeout: time to write down where it hangs, not to finish.
pub(crate) const GRACE: Duration = Duration::from_secs(2);

/// For reading what is left in the pipes once the group is dead: only a process that left the group can
/// still hold them.
pub(crate) const DRAIN: Duration = Duration::from_secs(2);

/// For a killed process to be gone: the kernel needs microseconds unless the machine swaps or a disk hangs.
const GONE: Duration = Duration::from_secs(1);

/// Between two looks whether it is gone.
const GONE_POLL: Duration = Duration::from_millis(2);

/// How a program ended and what it wrote.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Absent where even SIGKILL did not end it.
    pub(crate) exit: Option<Exit>,
    /// True if it was killed because its time was over.
    pub(crate) timed_out: bool,
    pub(crate) stdout: Captured,
    pub(crate) stderr: Captured,
}

impl Ended {
    /// The first stream for which capturing ended like this.
    pub(crate) fn stream(&self, end: End) -> Option<&'static str> {
        let streams = [("stdout", &self.stdout), ("stderr", &self.stderr)];
        streams.into_iter().find(|(_, captured)| captured.end == end).map(|(name, _)| name)
    }
}

/// Runs `program`; dropping the future kills its group.
pub(crate) async fn run(
    place: &Place,
    program: &Program,
    timeout: Duration,
    bytes_max: u64,
) -> Result<Ended, Halt> {
    let mut child = program.start()?;
    let stdout = child.stdout.take().expect("standard output is piped");
    let stderr = child.stderr.take().expect("standard error is piped");
    let mut group = Group::new(child);
    let overflow = Notify::new();
    let (give_up, stop) = watch::channel(false);
    let mut captures = pin!(async {
        tokio::try_join!(
            capture(stdout, &place.blobs, bytes_max, &overflow, stop.clone()),
            capture(stderr, &place.blobs, bytes_max, &overflow, stop.clone()),
        )
    });
    let mut captured = None;
    let (exit, timed_out) = {
        let mut supervised = pin!(supervise(&mut group, timeout, &overflow));
        loop {
            tokio::select! {
                ended = &mut supervised => break ended?,
                both = &mut captures, if captured.is_none() => captured = Some(both?),
            }
        }
    };
    let (stdout, stderr) = match captured {
        Some(both) => both,
        None => match time::timeout(DRAIN, &mut captures).await {
            Ok(both) => both?,
            Err(_) => {
                give_up.send_replace(true);
                captures.await?
            }
        },
    };
    Ok(Ended { exit, timed_out, stdout, stderr })
}

/// Waits for the leader, the timeout or a flood, and kills what is left of the group.
async fn supervise(
    group: &mut Group,
    timeout: Duration,
    overflow: &Notify,
) -> Result<(Option<Exit>, bool), Error> {
    let timed_out = tokio::select! {
        ended = group.leader_ended() => { ended?; false }
        () = overflow.notified() => false,
        () = time::sleep(timeout) => true,
    };
    if timed_out {
        group.signal(Signal::TERM);
        if let Ok(ended) = time::timeout(GRACE, group.leader_ended()).await {
            ended?;
        }
    }
    Ok((group.end().await?, timed_out))
}

/// A process group and its leader, who is our child. Dropping it kills the group.
///
/// The leader is not reaped before the group was killed: until then nobody else can get its number,
/// which is the number of the group.
struct Group {
    leader: Child,
    number: Pid,
    /// Gives the end of the leader without reaping it; `None` once it ended.
    watch: Option<JoinHandle<io::Result<()>>>,
    /// True once the leader was reaped: the number may belong to somebody else.
    over: bool,
}

impl Group {
    fn new(leader: Child) -> Self {
        let number = leader.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let number = number.expect("a child that nobody waited for has a number");
        let watch = Some(tokio::task::spawn_blocking(move || watch_leader(number)));
        Self { leader, number, watch, over: false }
    }

    /// Returns when the leader ended; may be asked again.
    async fn leader_ended(&mut self) -> Result<(), Error> {
        let Some(watch) = &mut self.watch else { return Ok(()) };
        let ended = watch.await;
        self.watch = None;
        match ended {
            Ok(ended) => ended.map_err(Error::Wait),
            // Only a runtime that is going away gives up a thread that was not begun.
            Err(_) => Err(Error::CalledOff),
        }
    }

    /// A group that is gone already is fine.
    fn signal(&self, signal: Signal) {
        if !self.over {
            let _ = rustix::process::kill_process_group(self.number, signal);
        }
    }

    /// Kills the group, reaps the leader and waits until nobody is left.
    async fn end(&mut self) -> Result<Option<Exit>, Error> {
        self.signal(Signal::KILL);
        let Ok(ended) = time::timeout(GONE, self.leader_ended()).await else { return Ok(None) };
        ended?;
        let status = self.leader.wait().await.map_err(Error::Wait)?;
        self.over = true;
        let gone = async {
            // Only a question, so that it harms nobody if the number is somebody else's by now.
            while rustix::process::test_kill_process_group(self.number).is_ok() {
                time::sleep(GONE_POLL).await;
            }
        };
        // One that is not gone by now is dead but not buried, which writes nothing any more.
        let _ = time::timeout(GONE, gone).await;
        Ok(status.code().map(Exit::Code).or(status.signal().map(Exit::Signal)))
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
