//! Counts its runs in its own memory, to find out whether anything is left of the last one.

use std::sync::atomic::{AtomicU64, Ordering};

use evident_checker::Outcome;

static RUNS: AtomicU64 = AtomicU64::new(0);

evident_guests::guest!("remembers", |_, _| {
    let runs = RUNS.fetch_add(1, Ordering::Relaxed) + 1;
    Ok(Outcome::decide(true, format!("run {runs}")).examined(1, "runs"))
});
