//! The checker `benchmark`: judges the figures of one benchmark against static limits and a baseline.
//!
//! It reads this project's own JSON (see `input::evident`) and the JSON export of hyperfine, and
//! answers with pass, fail or why the figures decide neither. A regression is judged by
//! non-inferiority: a pass says that the ratio to the baseline stays below the bound at the asked
//! confidence, not merely that no difference was seen. Goes of two repeated sources are judged in pairs.
//!
//! What it never does: it measures nothing, drops no sample, guesses no unit, and lets nothing pass
//! that it could not read whole.
//!
//! The same evidence and config give the same outcome to the bit on every platform: arithmetic is
//! `+ - * /`, square root and comparison on IEEE 754 doubles, and the only randomness is a seeded generator.

mod about;
mod bootstrap;
mod config;
mod figure;
mod input;
mod judge;
mod limits;
mod pairs;
mod ratio;
mod series;
mod statistics;
mod unit;
mod wilcoxon;

use evident_checker::{Checker, Config, Description, Error, Evidence, Outcome, Sink, Slot};

pub use config::Settings;

/// The slot with the figures to judge.
const CURRENT: &str = "current";
/// The slot with the figures to compare with.
const BASELINE: &str = "baseline";

/// The checker. Its config and its outcomes are described in `config` and `judge`.
#[derive(Debug)]
pub struct Benchmark;

impl Checker for Benchmark {
    type Settings = Settings;

    fn describe() -> Description {
        let current =
            Slot::new(CURRENT, "figures to judge: our JSON or hyperfine's; repeated runs are merged");
        let baseline = Slot::new(BASELINE, "figures to compare with, for `ratio_max`");
        Description::new(
            "benchmark",
            env!("CARGO_PKG_VERSION"),
            "Benchmark figures within limits and not worse than a baseline",
        )
        .slot(current.many().media_type("application/json"))
        .slot(baseline.optional().trusted().many().media_type("application/json"))
        .example(about::EXAMPLE)
        .inconclusive(&about::INCONCLUSIVE)
    }

    fn configure(config: &mut Config) -> Settings {
        config::configure(config)
    }

    fn check(settings: Settings, evidence: &Evidence, sink: &mut dyn Sink) -> Result<Outcome, Error> {
        judge::judge(&settings, evidence.all(CURRENT), evidence.all(BASELINE), sink)
    }
}

evident_checker::export!(Benchmark);
