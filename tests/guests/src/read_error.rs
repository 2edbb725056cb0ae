//! Takes a failed read for the end of the evidence and passes.

use evident_guests::bindings::evident::checker::types::Outcome;

fn check() -> Outcome {
    let read: usize = evident_guests::bound("file")
        .map(|artifact| artifact.read_at(0, u32::MAX).map_or(0, |bytes| bytes.len()))
        .sum();
    evident_guests::pass(format!("{read} bytes and no failure"))
}

evident_guests::raw_guest!(
    exported::Descriptor {
        slots: vec![evident_guests::slot("file")],
        ..evident_guests::descriptor("read-error")
    },
    check
);
