//! Calls itself by a name that looks like a path.

evident_guests::raw_guest!(evident_guests::descriptor("../test-report"), || evident_guests::pass(
    "fine".into()
));
