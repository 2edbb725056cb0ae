//! Describes more slots than anybody binds.

evident_guests::raw_guest!(
    exported::Descriptor {
        slots: (0..33).map(|number| evident_guests::slot(&format!("file-{number}"))).collect(),
        ..evident_guests::descriptor("describe-slots-many")
    },
    || evident_guests::pass("fine".into())
);
