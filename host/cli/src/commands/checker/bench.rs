//! `evident checker bench`: what a checker takes for each golden case.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use evident_core::contract::values::show_size;
use evident_engine::{Blobs, Case, Engine, LoadedChecker};

use super::Which;
use crate::exit::Exit;
use crate::ui;

/// Checks of a case at the least, so that a median means something.
const RUNS_LEAST: usize = 20;

/// Checks of a case at the most.
const RUNS_MOST: usize = 1000;

/// Time for a case: more runs of a quick one.
const TIME: Duration = Duration::from_secs(1);

/// Measure what a checker takes for each golden case, beside hashing the same bytes
#[derive(Debug, Args)]
pub(crate) struct Bench {
    #[command(flatten)]
    which: Which,
    /// Folder of cases, as for `checker test`
    cases: PathBuf,
}

pub(crate) fn run(arguments: &Bench) -> anyhow::Result<Exit> {
    let engine = crate::commands::engine()?;
    let loaded = arguments.which.load(&engine)?;
    let cases = engine.cases(&arguments.cases)?;
    let width = cases.iter().map(|case| case.name.chars().count()).max().unwrap_or(0);
    let mut text = format!(
        "{:<width$} {:>10} {:>12} {:>12} {:>8} {:>14} {:>10}\n",
        "case", "evidence", "median", "p99", "x hash", "fuel", "memory"
    );
    for case in &cases {
        text += &measured(&engine, &loaded, case, width)?;
    }
    text += "\nx hash: the median, in times of hashing the same evidence\n";
    ui::result(&text)?;
    Ok(Exit::Met)
}

fn measured(engine: &Engine, loaded: &LoadedChecker, case: &Case, width: usize) -> anyhow::Result<String> {
    let mut times = Vec::new();
    let started = Instant::now();
    let mut last = engine.run_case(loaded, case)?;
    while times.len() < RUNS_LEAST || (started.elapsed() < TIME && times.len() < RUNS_MOST) {
        last = engine.run_case(loaded, case)?;
        times.push(last.wall_us);
    }
    times.sort_unstable();
    let hashing = hashed(case);
    let median = times[times.len() / 2];
    let p99 = times[(times.len() * 99 / 100).min(times.len() - 1)];
    // Hashing the evidence is the least that anybody does with it.
    let ratio = Duration::from_micros(median).as_secs_f64() / hashing.as_secs_f64().max(1e-9);
    Ok(format!(
        "{:<width$} {:>10} {:>9} us {:>9} us {:>8.1} {:>14} {:>10}\n",
        case.name,
        show_size(case.bytes()),
        median,
        p99,
        ratio,
        last.fuel,
        show_size(last.memory_bytes)
    ))
}

/// The median time of hashing the evidence.
fn hashed(case: &Case) -> Duration {
    let mut times: Vec<Duration> = (0..RUNS_LEAST)
        .map(|_| {
            let started = Instant::now();
            for bytes in case.contents() {
                std::hint::black_box(Blobs::digest(bytes));
            }
            started.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[times.len() / 2]
}
