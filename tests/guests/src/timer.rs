//! Waits an hour for a timer: it uses no fuel while it waits.

use evident_checker::Outcome;
use evident_guests::wasi::wasi::clocks::monotonic_clock;

evident_guests::guest!("timer", |_, _| {
    monotonic_clock::subscribe_duration(3_600_000_000_000).block();
    Ok(Outcome::decide(true, "the hour is over").examined(1, "hours"))
});
