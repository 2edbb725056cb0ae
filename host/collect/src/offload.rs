//! Moves blocking work off the async workers, and calls it off when nobody waits for it any more.
//!
//! A blocking call cannot be interrupted: long work asks [`Wanted`] between two steps.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::Error;

/// Tells work whether a caller still waits for it.
#[derive(Debug, Clone)]
pub struct Wanted(Arc<AtomicBool>);

impl Wanted {
    /// For work that is never called off.
    #[must_use]
    pub fn always() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }

    /// # Errors
    /// [`Error::CalledOff`] once no caller waits; no caller sees it then either.
    pub fn check(&self) -> Result<(), Error> {
        if self.0.load(Ordering::Relaxed) { Ok(()) } else { Err(Error::CalledOff) }
    }
}

/// Calls the work off when it is dropped: it belongs to the future that waits.
#[derive(Debug)]
pub struct CallOff(Wanted);

impl CallOff {
    /// For work that begins.
    #[must_use]
    pub fn new() -> Self {
        Self(Wanted::always())
    }

    /// What the work asks.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        self.0.clone()
    }
}

impl Default for CallOff {
    fn default() -> Self {
        Self::new()
    }
}

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
    let call_off = CallOff::new();
    let wanted = call_off.wanted();
    match tokio::task::spawn_blocking(move || work(&wanted)).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is going away and with it the one who waits here.
            Err(_) => std::future::pending().await,
        },
    }
}
