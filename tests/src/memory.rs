//! Measures time and memory of this process around one call, with nothing else of ours going on.
//!
//! Tests of one binary share one process, so what is measured holds a lock that everything else in this
//! crate takes shared.

use std::fs;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

static ALONE: RwLock<()> = RwLock::new(());

/// What a call cost the host.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// Time of the call.
    pub elapsed: Duration,
    /// Most bytes of resident memory during the call, above those before it.
    pub peak_bytes: u64,
    /// Bytes of anonymous memory that the call left behind.
    pub kept_bytes: u64,
}

/// Held by everything that must not disturb a measurement.
pub fn beside_others() -> RwLockReadGuard<'static, ()> {
    ALONE.read().unwrap_or_else(PoisonError::into_inner)
}

/// Calls with nothing else of these tests going on, and says what it cost.
///
/// # Panics
/// Where the kernel does not say what memory is used.
pub fn alone<T>(call: impl FnOnce() -> T) -> (T, Cost) {
    let _alone = ALONE.write().unwrap_or_else(PoisonError::into_inner);
    // Makes the kernel forget the peak (proc_pid_clear_refs(5)): it then starts from what is resident now.
    fs::write("/proc/self/clear_refs", "5").expect("Linux 4.0 or newer");
    let (resident, anonymous) = (status("VmRSS:"), status("RssAnon:"));
    let started = Instant::now();
    let value = call();
    let elapsed = started.elapsed();
    let cost = Cost {
        elapsed,
        peak_bytes: status("VmHWM:").saturating_sub(resident),
        kept_bytes: status("RssAnon:").saturating_sub(anonymous),
    };
    (value, cost)
}

/// A figure of `/proc/self/status`, in bytes.
fn status(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("the kernel says it");
    let kibibytes = line.trim().strip_suffix("kB").expect("in kB").trim();
    kibibytes.parse::<u64>().expect("a number") * 1024
}
