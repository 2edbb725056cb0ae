//! Emits more findings than are kept, and goes on when it is told to stop. None of them decides.

use evident_checker::{Finding, Outcome};

evident_guests::guest!("finding-flood", |_, sink| {
    for number in 0..20_113 {
        sink.emit(Finding::note("flood", format!("drop {number}")));
    }
    Ok(Outcome::decide(true, "fine").examined(1, "units"))
});
