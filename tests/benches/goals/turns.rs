//! The host's own time in a turn of the checkout example: the time of the whole turn, less that of the commands
//! that the contract names.
//!
//! The real engine runs a copy of the example with its scripted agent. A stand-in for `cargo`, first in the
//! `PATH`, runs the real one and writes down how long that took. What the stand-in itself takes is measured in
//! the same run and taken off; everything else between two turns is the host's. So is the agent: what a script
//! edits takes no time worth a figure. Only a pause that the contract's rules ask for is taken off as well.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use evident_blobs::Blobs;
use evident_core::goal::continuation::Rule;
use evident_core::goal::event::Event;
use evident_core::goal::state::State;
use evident_engine::goals::{Manner, Notice, Observer};
use evident_engine::{Engine, Listener};

use crate::{Script, begin, engine};

/// Lives of the example: three turns each.
const RUNS: usize = 5;

/// What the host may take of a turn.
const TARGET: Duration = Duration::from_millis(20);

/// Synced writes that are timed for comparison.
const WRITES: usize = 50;

/// Blobs that lie in the store before anything is measured.
const BLOBS_BEFORE: u64 = 2_000;

/// A program that does nothing.
const NOTHING: &str = "/bin/true";

/// Starts of the stand-in whose own cost is taken.
const STARTS: usize = 40;

/// Commands that the contract names.
const COMMANDS: u32 = 2;

/// The stand-in, by the name of its file.
const STAND_IN: &str = "cargo";

/// Beside the stand-in: where the real program is.
const REAL: &str = "real";

/// Beside the stand-in: a line of nanoseconds for each command that ran.
const TIMES: &str = "times";

/// Makes the stand-in, and gives the `PATH` that has it first.
pub(crate) fn path_with_stand_in(folder: &Path) -> OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let bin = folder.join("bin");
    stand_in(&bin, &std::env::var("CARGO").expect("cargo runs benchmarks"));
    let folders = std::iter::once(bin).chain(std::env::split_paths(&path));
    std::env::join_paths(folders).expect("holds no separator")
}

/// A stand-in for the program `real`, in a folder of its own.
fn stand_in(bin: &Path, real: &str) {
    fs::create_dir(bin).expect("can be made");
    fs::copy(std::env::current_exe().expect("is known"), bin.join(STAND_IN)).expect("copies");
    fs::write(bin.join(REAL), real).expect("writes");
}

/// What the stand-in itself takes of the time between the start and the end of a command: as it stands in for a
/// program that does nothing, less what that took, less what the same program takes when it is started directly.
fn cost_of_stand_in(folder: &Path) -> Duration {
    let bin = folder.join("nothing");
    stand_in(&bin, NOTHING);
    let took = |program: &Path| {
        let began = Instant::now();
        assert!(Command::new(program).status().expect("starts").success());
        began.elapsed()
    };
    let once = |_| took(&bin.join(STAND_IN)).saturating_sub(took(Path::new(NOTHING)));
    let around = share((0..STARTS).map(once).collect(), 50);
    let times = fs::read_to_string(bin.join(TIMES)).expect("was written");
    let inner = times.lines().map(|line| Duration::from_nanos(line.parse().expect("a number")));
    around.saturating_sub(share(inner.collect(), 50))
}

/// Where this program is the stand-in: runs the real one, and writes down the time between its start and its end.
pub(crate) fn produce() -> Option<ExitCode> {
    let this = std::env::current_exe().ok()?;
    if this.file_name()? != STAND_IN {
        return None;
    }
    let beside = |name: &str| this.with_file_name(name);
    let mut command = Command::new(fs::read_to_string(beside(REAL)).expect("was written"));
    command.args(std::env::args_os().skip(1));
    let began = Instant::now();
    let status = command.status().expect("starts");
    let took = began.elapsed();
    let mut times = OpenOptions::new().append(true).create(true).open(beside(TIMES)).expect("opens");
    times.write_all(format!("{}\n", took.as_nanos()).as_bytes()).expect("writes");
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Some(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// What was taken off until now, all in all.
fn produced(folder: &Path) -> Duration {
    let times = fs::read_to_string(folder.join("bin").join(TIMES)).unwrap_or_default();
    Duration::from_nanos(times.lines().map(|line| line.parse::<u64>().expect("a number")).sum())
}

/// The host's time in one turn, by what it was for.
#[derive(Debug, Clone, Copy, Default)]
struct Turn {
    /// From the end of the assessment before, or from the start, until the turn is written down: the decision,
    /// the prompt, its blob.
    prompt: Duration,
    /// Until its end is written down: the agent, what it used, its message, a digest of the tree.
    agent: Duration,
    /// Until the assessment is written down, without the producers: trees, commands, blobs, checkers.
    assessment: Duration,
    /// What the producers took.
    produced: Duration,
    /// Events that were written down.
    events: u32,
}

impl Turn {
    fn host(&self) -> Duration {
        self.prompt + self.agent + self.assessment
    }
}

/// Hears a goal, and keeps the times of its turns.
struct Clock {
    last: Instant,
    produced: Duration,
    /// Set while the rules ask for a pause.
    pauses: bool,
    now: Turn,
    turns: Vec<Turn>,
}

impl Clock {
    fn hear(&mut self, notice: &Notice<'_>, folder: &Path) {
        match notice {
            Notice::Decided(rule, _) => match (*rule == Rule::BackOff, self.pauses) {
                (true, false) => {
                    let before = self.lap();
                    self.now.prompt += before;
                    self.pauses = true;
                }
                (false, true) => {
                    self.last = Instant::now();
                    self.pauses = false;
                }
                _ => {}
            },
            Notice::Recorded(recorded) => {
                self.now.events += 1;
                match &recorded.event {
                    Event::TurnStarted { .. } => {
                        let before = self.lap();
                        self.now.prompt += before;
                    }
                    Event::TurnEnded(_) => self.now.agent = self.lap(),
                    Event::Assessed(_) => {
                        let produced = produced(folder);
                        self.now.produced = produced - self.produced;
                        self.produced = produced;
                        self.now.assessment = self.lap().saturating_sub(self.now.produced);
                        self.turns.push(std::mem::take(&mut self.now));
                    }
                    _ => {}
                }
            }
            Notice::Item(_) => {}
        }
    }

    fn lap(&mut self) -> Duration {
        let last = std::mem::replace(&mut self.last, Instant::now());
        self.last.duration_since(last)
    }
}

/// Measures, and prints.
pub(crate) async fn measure(folder: &Path) {
    let engine = engine(folder);
    used_before(folder);
    // The first life is not counted: it compiles the checkers.
    live(folder, 0, &engine).await;
    let mut turns = Vec::new();
    for number in 1..=RUNS {
        turns.extend(live(folder, number, &engine).await);
    }
    let stand_in = cost_of_stand_in(folder);
    let instrument = stand_in * COMMANDS;
    let host = || turns.iter().map(|turn| turn.host().saturating_sub(instrument)).collect();
    let median = share(host(), 50);
    let part = |of: fn(&Turn) -> Duration| milliseconds(share(turns.iter().map(of).collect(), 50));
    println!(
        "host's own time in a turn of checkout-broken: {:.1} ms at the median of {}, {:.1} at the least, {:.1} at \
         the most (target: at most {} ms): {}",
        milliseconds(median),
        turns.len(),
        milliseconds(share(host(), 0)),
        milliseconds(share(host(), 100)),
        TARGET.as_millis(),
        if median <= TARGET { "met" } else { "missed" }
    );
    let events: u32 = turns.iter().map(|turn| turn.events).sum();
    println!(
        "with the stand-in, {:.1} ms for each of two commands: {:.1} ms until the turn is written down, {:.1} in the \
         turn, {:.1} around the producers, which took {:.0}; {:.1} events; a synced write of 4 KiB took {:.2} ms",
        milliseconds(stand_in),
        part(|turn| turn.prompt),
        part(|turn| turn.agent),
        part(|turn| turn.assessment),
        part(|turn| turn.produced),
        f64::from(events) / turns.len() as f64,
        milliseconds(synced_write(folder))
    );
}

/// Leaves a store of blobs as goals before this one did: the 256 folders that it spreads them over are there.
fn used_before(folder: &Path) {
    let blobs = Blobs::open(folder.join("state").join("blobs")).expect("opens");
    for number in 0..BLOBS_BEFORE {
        blobs.keep(&number.to_be_bytes()).expect("has room");
    }
}

/// One life of the example, in a copy of its own.
async fn live(folder: &Path, number: usize, engine: &Engine) -> Vec<Turn> {
    let examples = evident_tests::repository().join("examples");
    let place = folder.join(format!("life-{number}"));
    let workspace = place.join("checkout-broken");
    copy(&examples.join("checkout-broken"), &workspace);
    let running = begin(engine, &workspace).await;
    let drivers = Script { script: workspace.join("agent.toml"), workspace };
    let clock = Clock {
        last: Instant::now(),
        produced: produced(folder),
        pauses: false,
        now: Turn::default(),
        turns: Vec::new(),
    };
    let clock = Arc::new(Mutex::new(clock));
    let (hearing, hears) = (Arc::clone(&clock), folder.to_owned());
    let observer: Observer =
        Arc::new(move |_, notice| hearing.lock().expect("is whole").hear(&notice, &hears));
    let listener: Listener = Arc::new(|_| {});
    let manner = Manner { attended: false, patient: true };
    let driven = running.drive(&drivers, manner, listener, observer, |_| {}).await.expect("is driven");
    assert_eq!(driven.goal.state, State::Complete, "{}", driven.goal.detail);
    let turns = std::mem::take(&mut clock.lock().expect("is whole").turns);
    assert_eq!(turns.len(), 3, "the script has three turns, and each is assessed");
    turns
}

/// Copies a folder, without what was built in it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("can be made");
    for entry in fs::read_dir(from).expect("is there") {
        let entry = entry.expect("can be read");
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        match entry.file_type().expect("is known").is_dir() {
            true if entry.file_name() == "target" => {}
            true => copy(&path, &to),
            false => {
                fs::copy(&path, &to).expect("copies");
            }
        }
    }
}

/// What the disk takes to keep 4 KiB, at the median.
fn synced_write(folder: &Path) -> Duration {
    let mut file = File::create(folder.join("synced")).expect("can be made");
    let once = |()| {
        let began = Instant::now();
        file.write_all(&[7; 4096]).expect("writes");
        file.sync_data().expect("syncs");
        began.elapsed()
    };
    share(std::iter::repeat_n((), WRITES).map(once).collect(), 50)
}

/// The value below which that share of the times lies.
fn share(mut times: Vec<Duration>, of_hundred: usize) -> Duration {
    times.sort_unstable();
    times[(times.len() * of_hundred / 100).min(times.len() - 1)]
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
