//! Runs what the engine does over time, so that Ctrl-C ends it.

use std::io;

use anyhow::Context;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Ctrl-C, a closed terminal, or a polite request to end, as a build server sends it. From the moment that
/// this is made none of them ends the process, and none is missed.
pub(crate) struct Interruptions {
    interrupt: Signal,
    hangup: Signal,
    terminate: Signal,
}

impl Interruptions {
    /// Begins to hear them. Inside a runtime.
    pub(crate) fn hear() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Returns when the next one came, or has come since the last.
    pub(crate) async fn next(&mut self) -> Interruption {
        tokio::select! {
            _ = self.interrupt.recv() => Interruption::Typed,
            _ = self.hangup.recv() => Interruption::Ended,
            _ = self.terminate.recv() => Interruption::Ended,
        }
    }
}

/// What interrupts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interruption {
    /// Ctrl-C: a person is there, and can press it again.
    Typed,
    /// The terminal is gone, or a supervisor wants the process to end: it sends SIGKILL after a while.
    Ended,
}

/// Nothing when an interruption came first: dropping the work ends the commands that run.
pub(crate) fn interruptible<T>(
    work: impl Future<Output = Result<T, evident_engine::Error>>,
) -> anyhow::Result<Option<T>> {
    let runtime = Runtime::new()?;
    let result = runtime.block_on(async {
        // Signals first: from the moment on that the work shows anything, they are heard.
        let mut interruptions = Interruptions::hear().context("failed to listen for signals")?;
        tokio::select! {
            biased;
            _ = interruptions.next() => Ok(None),
            result = work => Ok(Some(result?)),
        }
    });
    // A check that still runs holds nothing but memory: it is not waited for.
    runtime.shutdown_background();
    result
}

#[cfg(test)]
mod tests {
    use rustix::process::{Signal, getpid, kill_process};

    use super::*;

    /// Catches a Ctrl-C that is lost because it comes while nobody waits for one.
    #[tokio::test]
    async fn an_interruption_that_came_before_is_heard() {
        let mut interruptions = Interruptions::hear().expect("hears");
        kill_process(getpid(), Signal::INT).expect("is us");
        interruptions.next().await;
    }
}
