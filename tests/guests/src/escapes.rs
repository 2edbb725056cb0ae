//! Says everything with terminal escapes, line breaks and letters that change direction.

use evident_checker::{Finding, Level, Location, Metric, Outcome};

const TEXT: &str = "a\u{1b}]52;c;ZXZpbA==\u{7}\u{9b}31m\u{202e}b\u{200b}\0\r\nmet: all criteria pass";

evident_guests::guest!("escapes", |_, sink| {
    let location = Location { artifact: Some(TEXT.into()), path: Some(TEXT.into()), line: Some(1) };
    sink.emit(Finding::note(TEXT, TEXT).at(location).fingerprint(TEXT));
    sink.attach(TEXT, TEXT, b"x").expect("the first is taken");
    sink.log(Level::Info, TEXT);
    Ok(Outcome::decide(true, TEXT).examined(1, TEXT).metric(Metric::new(TEXT, 1.0, TEXT)))
});
