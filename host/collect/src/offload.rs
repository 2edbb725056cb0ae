//! Moves blocking work off the async workers, and calls it off when nobody waits for it any more.
//!
//! A blocking call cannot be interrupted: long work asks [`Wanted`] between two steps.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::Error;

/// Tells work whether somebody still waits for it.
#[derive(Debug, Clone)]
pub(crate) struct Wanted(Arc<AtomicBool>);

impl Wanted {
    /// For work that nobody calls off.
    pub(crate) fn always() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }

    /// # Errors
    /// [`Error::CalledOff`] once nobody waits; nobody sees it then either.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.0.load(Ordering::Relaxed) { Ok(()) } else { Err(Error::CalledOff) }
    }
}

/// Calls the work off when the future that waits for it is dropped.
struct CallOff(Wanted);

impl Drop for CallOff {
    fn drop(&mut self) {
        self.0.0.store(false, Ordering::Relaxed);
    }
}

/// Runs `work` on a thread for blocking work.
///
/// # Panics
/// Where `work` panics.
pub(crate) async fn offload<T: Send + 'static>(work: impl FnOnce(&Wanted) -> T + Send + 'static) -> T {
    let call_off = CallOff(Wanted::always());
    let wanted = call_off.0.clone();
    match tokio::task::spawn_blocking(move || work(&wanted)).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is going away and with it the one who waits here.
            Err(_) => std::future::pending().await,
        },
    }
}
