//! Describes a config by a schema that is not JSON.

evident_guests::raw_guest!(
    exported::Descriptor { config_schema: "{".into(), ..evident_guests::descriptor("describe-schema") },
    || evident_guests::pass("fine".into())
);
