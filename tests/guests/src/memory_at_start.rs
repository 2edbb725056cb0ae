//! Declares more memory than a check may have, before any of it runs.

use evident_checker::Outcome;

static mut LARGE: [u8; 300 << 20] = [0; 300 << 20];

evident_guests::guest!("memory-at-start", |_, _| {
    let first = std::hint::black_box(&raw mut LARGE);
    // SAFETY: there is one thread and no other reference.
    unsafe { (*first)[0] = 1 };
    Ok(Outcome::decide(true, "fine").examined(1, "units"))
});
