//! Reads the evidence, finds an error, and passes.

use std::io::Read;

use evident_checker::{Finding, Outcome};

evident_guests::guest!("contradiction", |evidence, sink| {
    for artifact in evidence.all("file") {
        let mut text = String::new();
        artifact.reader().read_to_string(&mut text)?;
        sink.emit(Finding::error("broken", format!("`{text}` is broken")));
    }
    Ok(Outcome::decide(true, "looks fine").examined(1, "files"))
});
