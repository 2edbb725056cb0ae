//! Wants an interface that nobody knows.

use evident_checker::Outcome;

evident_guests::guest!("foreign-import", |_, _| {
    evident_guests::wasi::evil::corporation::backdoor::open();
    Ok(Outcome::decide(true, "fine").examined(1, "units"))
});
