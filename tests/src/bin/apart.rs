//! What tests run in a process of its own: the compiler's child, and a load that may end its process.
//!
//! With `load` it loads the component on its input and says on its output what came of it; with `leak` it
//! runs a thousand hostile checks and says how many bytes of memory they left behind; with `sparse` it has
//! a guest read 2 GiB and says how much memory that took at the most.

use std::env;
use std::io::{self, Read, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use evident_core::contract::Wasi;
use evident_core::outcome::Status;
use evident_sandbox::{Bound, Ceilings, Limits, Sandbox};
use evident_tests::{Store, alone, limits, load};

fn main() -> ExitCode {
    if let Some(code) = evident_sandbox::compile_child() {
        return code;
    }
    let answer = match env::args().nth(1).as_deref() {
        Some("load") => load_input(),
        Some("leak") => leaked().to_string(),
        Some("sparse") => taken_by_two_gibibytes().to_string(),
        other => panic!("is called by tests, not with {other:?}"),
    };
    io::stdout().write_all(answer.as_bytes()).expect("is a pipe");
    ExitCode::SUCCESS
}

fn load_input() -> String {
    let mut component = Vec::new();
    io::stdin().read_to_end(&mut component).expect("is a pipe");
    let sandbox = Sandbox::new().expect("WebAssembly runs here");
    match sandbox.load(&component, Wasi::None) {
        Ok(_) => "loaded".to_owned(),
        Err(fault) => format!("{}: {}", fault.class, fault.message),
    }
}

/// A thousand checks that end in one fault or another, after as many as the allocator needs to settle.
fn leaked() -> u64 {
    let lowered = limits(0).lowered(Some(3_000_000), Some(Duration::from_millis(200)), Some(8 << 20));
    let names = ["spin", "memory_growth", "recursion", "panic", "return_huge", "handle_flood", "log_flood"];
    let checkers: Vec<_> = names.into_iter().map(load).collect();
    let store = Store::default();
    let rounds = |count: usize| {
        for checker in (0..count).flat_map(|_| &checkers) {
            let checked = store.check_bound(checker, "{}", Vec::new(), lowered);
            assert!(checked.outcome.status != Status::Fail, "{:?}", checked.outcome);
        }
    };
    rounds(20);
    let ((), cost) = alone(|| rounds(1000_usize.div_ceil(checkers.len())));
    cost.kept_bytes
}

/// Most bytes of memory while a guest reads 2 GiB that are nowhere, 256 KiB at a time.
fn taken_by_two_gibibytes() -> u64 {
    const SIZE: u64 = 2 << 30;
    let store = Store::default();
    let mut input = store.input("large.bin", b"");
    let sparse = tempfile::tempfile().expect("creates");
    sparse.set_len(SIZE).expect("takes no room");
    input.file = Arc::new(sparse);
    input.artifact.size = SIZE;
    let checker = load("read_whole");
    let bound = vec![Bound { slot: "file".into(), inputs: vec![input] }];
    // A build without optimisation on a loaded machine copies slowly, and memory is what is measured.
    let ceilings = Ceilings { wall: Duration::from_secs(600), ..Ceilings::default() };
    let limits = Limits::for_check(SIZE, &ceilings);
    let (checked, cost) = alone(|| store.check_bound(&checker, "{}", bound, limits));
    assert_eq!((checked.outcome.status, checked.outcome.examined.count), (Status::Pass, SIZE));
    assert_eq!(checked.bytes_read, [[SIZE]]);
    cost.peak_bytes
}
