//! Reads the same bytes until the host refuses, and says how many it got.

use evident_guests::bindings::evident::checker::types::Outcome;

fn check() -> Outcome {
    let mut read = 0;
    for artifact in evident_guests::bound("file") {
        while let Ok(bytes) = artifact.read_at(0, u32::MAX) {
            read += bytes.len();
        }
    }
    evident_guests::pass(format!("{read} bytes"))
}

evident_guests::raw_guest!(
    exported::Descriptor {
        slots: vec![evident_guests::slot("file")],
        ..evident_guests::descriptor("over-budget")
    },
    check
);
