//! Says itself that it is broken.

use evident_checker::{Error, Finding};

evident_guests::guest!("checker-error", |_, sink| {
    sink.emit(Finding::warning("before", "said before the end"));
    Err(Error::Broken("the model is not loaded\n\u{1b}[32mpass".into()))
});
