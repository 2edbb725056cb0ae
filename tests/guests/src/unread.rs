//! Passes without a look at the evidence.

use evident_checker::Outcome;

evident_guests::guest!("unread", |_, _| Ok(Outcome::decide(true, "looks fine").examined(12, "files")));
