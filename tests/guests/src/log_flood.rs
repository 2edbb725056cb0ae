//! Logs 64 MiB.

use evident_checker::{Level, Outcome};

evident_guests::guest!("log-flood", |_, sink| {
    sink.log(Level::Info, "the first line");
    let line = "x".repeat(1 << 20);
    for _ in 0..64 {
        sink.log(Level::Info, &line);
    }
    sink.log(Level::Info, "the last line");
    Ok(Outcome::decide(true, "fine").examined(1, "units"))
});
