//! A check in a process that has just started, the price of the seal, and honest checks beside hostile ones.

use std::fs;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use evident_core::contract::Wasi;
use evident_core::outcome::Status;
use evident_sandbox::{Checker, CodeCache, Sandbox, Settings};
use evident_tests::{Store, guest, limits, load};
use wasmtime::Store as RawStore;
use wasmtime::component::{Component, Linker};

use crate::raw;

/// Prints every row.
pub(crate) fn print() {
    cold_check();
    seal();
    beside_hostile();
}

/// The value below which that share of the sorted times lies.
fn share(times: &mut [Duration], of_hundred: usize) -> Duration {
    times.sort();
    times[(times.len() * of_hundred / 100).min(times.len() - 1)]
}

fn timed(runs: usize, mut run: impl FnMut()) -> Vec<Duration> {
    let once = |()| {
        let started = Instant::now();
        run();
        started.elapsed()
    };
    std::iter::repeat_n((), runs).map(once).collect()
}

/// A new sandbox, a checker out of the cache, an instance and a check, against the least that wasmtime
/// needs for a new engine, the same code, an instance and a call.
fn cold_check() {
    const RUNS: usize = 200;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let code_cache =
        CodeCache { folder: folder.path().join("code"), key_file: folder.path().join("state/key") };
    let settings = Settings { code_cache: Some(code_cache), ..Settings::default() };
    let store = Store::default();
    let mut ours = timed(RUNS, || {
        let sandbox = Sandbox::with(settings.clone()).expect("WebAssembly runs here");
        let checker = sandbox.load(guest("remembers"), Wasi::None).expect("is good");
        let checked = store.check_bound(&checker, "{}", Vec::new(), limits(0));
        assert_eq!(checked.outcome.status, Status::Pass, "{:?}", checked.fault);
    });
    let file = folder.path().join("raw");
    let code = crate::raw_engine().precompile_component(guest("remembers")).expect("compiles");
    fs::write(&file, &code).expect("writes");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("builds");
    let mut baseline = timed(RUNS, || {
        let engine = crate::raw_engine();
        let bytes = fs::read(&file).expect("is there");
        let component = deserialized(&engine, &bytes);
        let mut linker: Linker<()> = Linker::new(&engine);
        linker.define_unknown_imports_as_traps(&component).expect("links");
        let pre = raw::CheckerComponentPre::new(linker.instantiate_pre(&component).expect("links"));
        let mut store = RawStore::new(&engine, ());
        store.set_fuel(500_000_000).expect("meters");
        runtime.block_on(async {
            let instance =
                pre.expect("is a checker").instantiate_async(&mut store).await.expect("instantiates");
            black_box(
                instance.evident_checker_checker().call_validate(&mut store, "{}").await.expect("answers"),
            );
        });
    });
    let (ours, baseline) = (share(&mut ours, 50), share(&mut baseline, 50));
    println!(
        "cold-check: {ours:?} against {baseline:?} of raw wasmtime, {:.2} times ({} KiB of code, median of {RUNS})",
        ours.as_secs_f64() / baseline.as_secs_f64(),
        code.len() >> 10
    );
}

#[expect(unsafe_code, reason = "the baseline does what the sandbox does")]
fn deserialized(engine: &wasmtime::Engine, bytes: &[u8]) -> Component {
    // SAFETY: the bytes were compiled by this process a moment ago, in a folder of its own.
    unsafe { Component::deserialize(engine, bytes) }.expect("is of this engine")
}

/// The keyed hash over an entry, against reading it.
fn seal() {
    const BYTES: usize = 4 << 20;
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    fs::write(file.path(), vec![7; BYTES]).expect("writes");
    let bytes = fs::read(file.path()).expect("is there");
    let hash = share(
        &mut timed(100, || {
            black_box(blake3::keyed_hash(&[1; 32], &bytes));
        }),
        50,
    );
    let read = share(&mut timed(100, || drop(black_box(fs::read(file.path())))), 50);
    println!("seal: {hash:?} for {} MiB of code, which takes {read:?} to read", BYTES >> 20);
}

/// Honest checks on one thread, alone and beside a hundred hostile ones on another.
fn beside_hostile() {
    const HOSTILE: usize = 100;
    const HONEST: usize = 1000;
    let honest = load("remembers");
    let store = Store::default();
    let run = || {
        let checked = store.check_bound(&honest, "{}", Vec::new(), limits(0));
        assert_eq!(checked.outcome.status, Status::Pass);
    };
    let alone = share(&mut timed(HONEST, run), 99);
    let attackers: Vec<Checker> =
        ["spin", "memory_growth", "recursion", "return_huge", "log_flood"].into_iter().map(load).collect();
    let lowered = limits(0).lowered(None, Some(Duration::from_millis(50)), Some(64 << 20));
    let over = AtomicBool::new(false);
    let mut beside = Vec::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            let store = Store::default();
            for attacker in attackers.iter().cycle().take(HOSTILE) {
                black_box(store.check_bound(attacker, "{}", Vec::new(), lowered));
            }
            over.store(true, Ordering::Relaxed);
        });
        while !over.load(Ordering::Relaxed) {
            beside.extend(timed(10, run));
        }
    });
    let count = beside.len();
    let beside = share(&mut beside, 99);
    println!(
        "beside-hostile: p99 {beside:?} beside {HOSTILE} hostile checks, {alone:?} alone, {:.2} times ({count} checks)",
        beside.as_secs_f64() / alone.as_secs_f64()
    );
}
