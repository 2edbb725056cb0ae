//! What a unit symbol measures, as far as that matters here: what can be negative, what is better.
//!
//! It never converts; that is [`Quantity`]'s work. An unknown unit stays unknown instead of being guessed.

use evident_checker::Quantity;

/// Abbreviated rates that carry no `/`.
const RATES: &[&str] = &["qps", "rps", "tps", "fps", "ops", "bps", "kbps", "Mbps", "Gbps", "iops", "IOPS"];
/// Seconds as tools write them in the denominator of a rate.
const SECONDS: &[&str] = &["sec", "second", "seconds"];
/// What one execution of a benchmark is called in a denominator.
const EXECUTIONS: &[&str] = &["op", "iter", "call", "run", "req", "request"];
/// What an execution uses up.
const EXPENSES: &[&str] = &["cycles", "instructions", "allocs", "allocations"];

/// Which way a figure gets better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Better {
    Lower,
    Higher,
}

/// The better way that the unit alone tells: time, size and expense per execution are better lower,
/// rates are better higher. None for every other unit, for example a plain number or `%`.
pub(crate) fn better(unit: &str) -> Option<Better> {
    if is_time(unit) || is_size(unit) {
        return Some(Better::Lower);
    }
    if is(unit, "Hz") || is(unit, "B/s") || RATES.contains(&unit) {
        return Some(Better::Higher);
    }
    let (above, below) = unit.split_once('/')?;
    let spends = is_time(above) || is_size(above) || EXPENSES.contains(&above);
    if EXECUTIONS.contains(&below) && spends {
        return Some(Better::Lower);
    }
    let rate = (is_time(below) || SECONDS.contains(&below)) && !is_time(above) && !above.is_empty();
    rate.then_some(Better::Higher)
}

/// Whether the figure comes from a clock, which never gives the same list of figures twice.
pub(crate) fn is_clocked(unit: &str) -> bool {
    let (above, below) = unit.split_once('/').unwrap_or((unit, ""));
    is_time(above) || is_time(below) || SECONDS.contains(&below) || is(unit, "Hz") || RATES.contains(&unit)
}

/// The unit as a message names it.
pub(crate) fn named(unit: &str) -> String {
    if unit.is_empty() { "plain numbers".into() } else { format!("`{unit}`") }
}

/// Whether a figure below zero is impossible: time, size, and everything with a known better way.
pub(crate) fn is_never_negative(unit: &str) -> bool {
    better(unit).is_some()
}

fn is_time(unit: &str) -> bool {
    is(unit, "ns")
}

fn is_size(unit: &str) -> bool {
    is(unit, "B")
}

fn is(unit: &str, base: &str) -> bool {
    Quantity::new(1.0, unit).to(base).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches a throughput that is read as smaller-is-better, as github-action-benchmark does.
    #[test]
    fn the_unit_tells_what_is_better() {
        for (unit, expected) in [
            ("ms", Some(Better::Lower)),
            ("µs", Some(Better::Lower)),
            ("MiB", Some(Better::Lower)),
            ("ns/op", Some(Better::Lower)),
            ("s/op", Some(Better::Lower)),
            ("cycles/iter", Some(Better::Lower)),
            ("ops/s", Some(Better::Higher)),
            ("ops/sec", Some(Better::Higher)),
            ("ops/ms", Some(Better::Higher)),
            ("MS/s", Some(Better::Higher)),
            ("MB/s", Some(Better::Higher)),
            ("TiB/s", Some(Better::Higher)),
            ("kHz", Some(Better::Higher)),
            ("rps", Some(Better::Higher)),
            ("", None),
            ("%", None),
            ("points", None),
            ("ms/s", None),
            ("/s", None),
        ] {
            assert_eq!(better(unit), expected, "{unit}");
        }
    }

    #[test]
    fn clocked_units() {
        for (unit, expected) in
            [("ms", true), ("ns/op", true), ("ops/s", true), ("B", false), ("cycles/iter", false)]
        {
            assert_eq!(is_clocked(unit), expected, "{unit}");
        }
    }
}
