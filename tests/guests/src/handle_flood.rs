//! Asks for handles to one artifact for ever and keeps each.

use evident_guests::bindings::evident::checker::evidence;
use evident_guests::bindings::evident::checker::types::Outcome;

fn check() -> Outcome {
    loop {
        std::mem::forget(evidence::open("file", 0));
    }
}

evident_guests::raw_guest!(
    exported::Descriptor {
        slots: vec![evident_guests::slot("file")],
        ..evident_guests::descriptor("handle-flood")
    },
    check
);
