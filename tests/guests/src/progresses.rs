//! Says a word, then how far it is: honest.

use evident_checker::{Finding, Outcome};

evident_guests::guest!("progresses", |_, sink| {
    sink.emit(Finding::note("word", "about to tell how far this is"));
    sink.progress(1, Some(2));
    Ok(Outcome::decide(true, "fine").examined(2, "steps"))
});
