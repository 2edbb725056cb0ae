//! Describes two slots of one name: one of them would never be filled.

evident_guests::raw_guest!(
    exported::Descriptor {
        slots: vec![evident_guests::slot("file"), evident_guests::slot("file")],
        ..evident_guests::descriptor("describe-slot-twice")
    },
    || evident_guests::pass("fine".into())
);
