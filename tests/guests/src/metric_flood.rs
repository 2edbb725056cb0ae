//! Passes with more metrics than are kept; the last one, far above the cap, is not a number.

use evident_checker::{Metric, Outcome};

evident_guests::guest!("metric-flood", |_, _| {
    let outcome = Outcome::decide(true, "fine").examined(1, "units");
    let outcome = (0..1000)
        .fold(outcome, |outcome, number| outcome.metric(Metric::new(format!("figure {number}"), 1.0, "ms")));
    Ok(outcome.metric(Metric::new("last", f64::NAN, "ms")))
});
