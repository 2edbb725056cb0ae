//! Emits findings of 1 MiB each.

use evident_checker::{Finding, Outcome};

evident_guests::guest!("finding-large", |_, sink| {
    let text = "x".repeat(1 << 20);
    for _ in 0..3000 {
        sink.emit(Finding::note("large", text.as_str()));
    }
    Ok(Outcome::decide(true, "fine").examined(1, "units"))
});
