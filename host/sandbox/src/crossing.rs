//! Charges what crosses between guest and host, and looks at the clock at each crossing.
//!
//! Fuel counts the work of the guest alone, and the guest yields only while it works. Without this, a
//! guest that does nothing but call the host runs long beyond its deadline and pays next to nothing for
//! it. What is charged follows from the calls and their bytes, so the same check uses the same fuel in
//! every run; the clock decides only whether it goes on. It never knows what a call is for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use evident_core::defence::Defence;
use wasmtime::{AsContextMut, CallHook, StoreContextMut, Trap};

use crate::limits::{CALL_FUEL, CROSSED_BYTE_FUEL};
use crate::state::{Exceeded, State};

/// What crossed and was not paid for yet. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Meter(Arc<AtomicU64>);

impl Meter {
    /// One call of an import.
    pub(crate) fn call(&self) {
        self.add(CALL_FUEL);
    }

    /// Bytes that went in either direction.
    pub(crate) fn bytes(&self, count: usize) {
        self.add(u64::try_from(count).unwrap_or(u64::MAX).saturating_mul(CROSSED_BYTE_FUEL));
    }

    fn add(&self, fuel: u64) {
        // A store runs on one thread at a time: nothing is added between the two steps.
        self.0.store(self.0.load(Ordering::Relaxed).saturating_add(fuel), Ordering::Relaxed);
    }

    fn take(&self) -> u64 {
        self.0.swap(0, Ordering::Relaxed)
    }
}

/// The meter and the clock of a store.
#[derive(Debug, Default)]
pub(crate) struct Crossing {
    pub(crate) meter: Meter,
    /// When the check has to be done; absent for no such time.
    pub(crate) deadline: Option<Instant>,
}

impl Crossing {
    fn is_late(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }
}

/// Called by wasmtime whenever wasm is entered or left: for imports, for dropped handles, and for what
/// compiled code asks of the runtime, such as copying a string from one memory into another.
pub(crate) fn hook(mut store: StoreContextMut<'_, State>, at: CallHook) -> wasmtime::Result<()> {
    if !matches!(at, CallHook::ReturningFromHost) || !Defence::Crossing.stands() {
        return Ok(());
    }
    pay(&mut store)?;
    if store.data().crossing.is_late() { Err(Exceeded::Deadline.into()) } else { Ok(()) }
}

/// Takes what is owed out of the fuel of the store.
///
/// # Errors
/// `OutOfFuel` where the store has less than that.
pub(crate) fn pay(mut store: impl AsContextMut<Data = State>) -> wasmtime::Result<()> {
    let mut store = store.as_context_mut();
    let owed = store.data().crossing.meter.take();
    if owed == 0 || !Defence::Crossing.stands() {
        return Ok(());
    }
    let left = store.get_fuel()?.checked_sub(owed);
    store.set_fuel(left.unwrap_or(0))?;
    if left.is_none() { Err(Trap::OutOfFuel.into()) } else { Ok(()) }
}
