//! Passes and says itself that it looked at nothing.

use evident_checker::Outcome;

evident_guests::guest!("not-examined", |_, _| Ok(
    Outcome::decide(true, "0 of 0 tests failed").examined(0, "tests")
));
