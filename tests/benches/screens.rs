//! The checker `screenshot` in the sandbox, as the host calls it, beside its peers as processes: processor time,
//! memory of the guest, size and time to compile.
//!
//! `cargo bench -p evident-tests --bench screens`. `EVIDENT_PEERS` names a folder `node_modules` that
//! `tests/benches/peers/install.sh` made; without it only our own figures are printed. Subjects take turns, so that
//! what else the machine does falls on all of them.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::time::{Duration, Instant};

use evident_core::contract::Wasi;
use evident_core::outcome::Status;
use evident_sandbox::{Bound, Checker, Sandbox};
use evident_tests::{Store, limits, load_builtin};
use rustix::time::{ClockId, clock_gettime};

#[path = "screens/pairs.rs"]
mod pairs;
#[path = "screens/peers.rs"]
mod peers;

use pairs::Pair;
use peers::Peer;

/// Runs of each subject; the median counts.
const RUNS: usize = 7;

/// What a check is asked for. With pictures is the default.
const CONFIGS: [(&str, &str); 2] =
    [("ours, no pictures", r#"{"pictures":"none"}"#), ("ours, with pictures", "{}")];

fn main() {
    compile();
    let checker = load_builtin("screenshot");
    let peers = peers::installed();
    if peers.is_empty() {
        println!("EVIDENT_PEERS names no folder with peers: only our own figures");
    }
    for pair in pairs::all() {
        measure(&checker, &pair, &peers);
    }
}

/// Size of the component, and how long it takes to compile.
fn compile() {
    let builtin = evident_builtin::BUILTINS.iter().find(|builtin| builtin.name == "screenshot");
    let bytes = builtin.expect("is built in").bytes;
    let (mut clock, mut processor) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let sandbox = Sandbox::new().expect("WebAssembly runs here");
        let (started, before) = (Instant::now(), processor_time());
        sandbox.load(bytes, Wasi::None).expect("is good");
        clock.push(started.elapsed());
        processor.push(processor_time() - before);
    }
    println!(
        "component: {} KiB, compiled in {:.0} ms, {:.0} ms of processor time",
        bytes.len() >> 10,
        milliseconds(median(clock)),
        milliseconds(median(processor))
    );
}

/// Prints a line for each subject over one pair.
fn measure(checker: &Checker, pair: &Pair, peers: &[Peer]) {
    println!("\n{}", pair.name);
    let store = Store::default();
    let ours = CONFIGS.map(|(name, config)| (name, Ours::new(&store, checker, pair, config)));
    let mut times = vec![Vec::new(); ours.len()];
    let mut theirs = vec![Vec::new(); peers.len()];
    for _ in 0..RUNS {
        for ((_, ours), times) in ours.iter().zip(&mut times) {
            times.push(ours.run().time);
        }
        for (peer, times) in peers.iter().zip(&mut theirs) {
            times.push(peer.time(pair));
        }
    }
    let theirs: Vec<Duration> = theirs.into_iter().map(median).collect();
    for ((name, ours), times) in ours.iter().zip(times) {
        let (time, run) = (median(times), ours.run());
        let ratio = |(peer, theirs): (&Peer, &Duration)| {
            format!(", {:.2} x {}", time.as_secs_f64() / theirs.as_secs_f64(), peer.name)
        };
        println!(
            "  {name}: {:.0} ms, {} MiB of guest memory, {:.2} G of fuel ({:?}){}",
            milliseconds(time),
            run.memory_bytes.div_ceil(1 << 20),
            run.billions,
            run.status,
            peers.iter().zip(&theirs).map(ratio).collect::<String>()
        );
    }
    for (peer, time) in peers.iter().zip(&theirs) {
        println!("  {}: {:.0} ms", peer.name, milliseconds(*time));
    }
}

/// One pair for our checker.
struct Ours<'a> {
    store: &'a Store,
    checker: &'a Checker,
    config: &'static str,
    bound: Vec<Bound>,
    bytes: u64,
}

/// What a check took.
struct Run {
    time: Duration,
    /// Of units of work.
    billions: f64,
    memory_bytes: u64,
    status: Status,
}

impl<'a> Ours<'a> {
    fn new(store: &'a Store, checker: &'a Checker, pair: &Pair, config: &'static str) -> Self {
        let mut bytes = 0;
        let bound = [("expected", &pair.expected), ("actual", &pair.actual)].map(|(slot, path)| {
            let file = std::fs::read(path).expect("was made");
            bytes += file.len() as u64;
            Bound { slot: slot.into(), inputs: vec![store.input("screen.png", &file)] }
        });
        Self { store, checker, config, bound: bound.into(), bytes }
    }

    /// Checks with the default limits.
    fn run(&self) -> Run {
        let (bound, limits) = (self.bound.clone(), limits(self.bytes));
        let before = processor_time();
        let checked = self.store.check_bound(self.checker, self.config, bound, limits);
        let time = processor_time() - before;
        assert!(checked.fault.is_none(), "{:?}", checked.fault);
        #[expect(clippy::cast_precision_loss, reason = "is below 2^53")]
        let billions = checked.usage.fuel as f64 / 1e9;
        Run { time, billions, memory_bytes: checked.usage.memory_bytes, status: checked.outcome.status }
    }
}

/// Processor time of this process until now.
fn processor_time() -> Duration {
    clock_gettime(ClockId::ProcessCPUTime).try_into().expect("is not negative")
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
