//! Reads the first half twice and passes: as many bytes as there are, but not all of them.

use evident_guests::bindings::evident::checker::types::Outcome;

fn check() -> Outcome {
    for artifact in evident_guests::bound("file") {
        let half = u32::try_from(artifact.info().size / 2).expect("small");
        for _ in 0..2 {
            artifact.read_at(0, half).expect("within the budget");
        }
    }
    evident_guests::pass("looks fine".into())
}

evident_guests::raw_guest!(
    exported::Descriptor {
        slots: vec![exported::Slot { read: exported::Read::All, ..evident_guests::slot("file") }],
        ..evident_guests::descriptor("unread-half")
    },
    check
);
