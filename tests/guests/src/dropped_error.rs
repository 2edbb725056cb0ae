//! Hides an error behind so many notes that it is dropped, and passes.

use evident_checker::{Finding, Outcome};

evident_guests::guest!("dropped-error", |_, sink| {
    for number in 0..10_000 {
        sink.emit(Finding::note("flood", format!("drop {number}")));
    }
    sink.emit(Finding::error("broken", "this decides"));
    Ok(Outcome::decide(true, "fine").examined(1, "units"))
});
