//! Logs 8 MiB in each call, again and again: it works little and keeps the host busy.

use evident_guests::bindings::evident::checker::sink;
use evident_guests::bindings::evident::checker::types::Outcome;

/// Calls: what the host does for them takes seconds.
const CALLS: usize = 600;

fn check() -> Outcome {
    let line = "x".repeat((8 << 20) - 1);
    for _ in 0..CALLS {
        sink::log(sink::Level::Info, &line);
    }
    evident_guests::pass("logged all of it".into())
}

evident_guests::raw_guest!(
    exported::Descriptor {
        slots: vec![evident_guests::slot("file")],
        ..evident_guests::descriptor("log-huge")
    },
    check
);
