//! Runs what the engine does over time, so that Ctrl-C ends it.

use anyhow::Context;
use tokio::runtime::Runtime;
use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};

/// Ctrl-C, a closed terminal, or a polite request to end, as a build server sends it.
pub(crate) async fn interruption() -> std::io::Result<()> {
    let (mut hangup, mut terminate) = (signal(SignalKind::hangup())?, signal(SignalKind::terminate())?);
    tokio::select! {
        interrupted = ctrl_c() => interrupted,
        _ = hangup.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
    }
}

/// Nothing when an interruption came first: dropping the work ends the commands that run.
pub(crate) fn interruptible<T>(
    work: impl Future<Output = Result<T, evident_engine::Error>>,
) -> anyhow::Result<Option<T>> {
    let runtime = Runtime::new()?;
    let result = runtime.block_on(async {
        tokio::select! {
            // Signals first: from the moment on that the work shows anything, they are heard.
            biased;
            // A signal that cannot be waited for is a failure, not an interruption.
            interrupted = interruption() => interrupted.map(|()| None).context("failed to wait for signals"),
            result = work => Ok(Some(result?)),
        }
    });
    // A check that still runs holds nothing but memory: it is not waited for.
    runtime.shutdown_background();
    result
}
