//! Runs one program to its end: with a timeout, with bounded output, and with nobody left behind.
//!
//! The whole process group dies with its leader, with the timeout, with a flood, and with the future
//! that waits. What left the group is ended once the program ended, where the collector was given the right to
//! do that.

use std::pin::pin;
use std::time::Duration;

use evident_core::evidence::Exit;
use evident_core::outcome::NoEvidence;
use evident_process::{Group, Launch, Left, Started, Unwatched};
use tokio::sync::{Notify, watch};
use tokio::time;

use crate::capture::{Captured, End, capture};
use crate::halt::{Halt, short};
use crate::{Error, Place};

/// Between SIGTERM and SIGKILL after a timeout: time to write down where it hangs, not to finish.
pub(crate) const GRACE: Duration = Duration::from_secs(2);

/// For reading what is left in the pipes once the group is dead: only a process that left the group can
/// still hold them.
pub(crate) const DRAIN: Duration = Duration::from_secs(2);

/// How a program ended and what it wrote.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Absent where even SIGKILL did not end it.
    pub(crate) exit: Option<Exit>,
    /// True if it was killed because its time was over.
    pub(crate) timed_out: bool,
    pub(crate) stdout: Captured,
    pub(crate) stderr: Captured,
    /// What it left behind and cannot be ended.
    pub(crate) left: Option<Left>,
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
    program: &Launch,
    timeout: Duration,
    bytes_max: u64,
) -> Result<Ended, Halt> {
    let producing = place.orphans.producing().await;
    let started = program.start().map_err(|error| short(NoEvidence::Spawn, error.to_string()))?;
    let Started { mut group, output: stdout, errors: stderr, .. } = started;
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
    // Last: what holds a stream open is told as what it is.
    let left = place.orphans.produced(producing).await.err();
    Ok(Ended { exit, timed_out, stdout, stderr, left })
}

/// Waits for the leader, the timeout or a flood, and kills what is left of the group.
async fn supervise(
    group: &mut Group,
    timeout: Duration,
    overflow: &Notify,
) -> Result<(Option<Exit>, bool), Error> {
    let timed_out = tokio::select! {
        ended = group.leader_ended() => { ended.map_err(unwatched)?; false }
        () = overflow.notified() => false,
        () = time::sleep(timeout) => true,
    };
    let grace = if timed_out { GRACE } else { Duration::ZERO };
    Ok((group.end(grace).await.map_err(unwatched)?, timed_out))
}

fn unwatched(error: Unwatched) -> Error {
    match error {
        Unwatched::Wait(source) => Error::Wait(source),
        Unwatched::CalledOff => Error::CalledOff,
    }
}
