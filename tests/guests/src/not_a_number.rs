//! Passes with a figure that is not a number and one that is infinite.

use evident_checker::{Metric, Outcome};

evident_guests::guest!("not-a-number", |_, _| {
    Ok(Outcome::decide(true, "nothing is above the limit")
        .examined(3, "figures")
        .metric(Metric::new("mean", f64::NAN, "ms"))
        .metric(Metric::new("median", 5.0, "ms"))
        .metric(Metric::new("deviation", f64::INFINITY, "ms")))
});
