//! Every hostile guest is stopped or refused, with the right class, in time, and with flat memory of the
//! host; none of them passes by it.
//!
//! Each guest of `tests/guests` has one test of its own name in a module below; without one this does
//! not compile.

use std::time::Duration;

use evident_core::contract::Wasi;
use evident_core::outcome::{Fault, FaultClass, Reason, Status};
use evident_sandbox::{Checked, Limits};
use evident_tests::{Case, Cost, Store, limits, load_as};

mod descriptions;
mod effects;
mod floods;
mod lies;
mod stopped;

#[allow(unused_imports, reason = "a glob import is how the names below are found")]
use {descriptions::*, effects::*, floods::*, lies::*, stopped::*};

macro_rules! has_a_test {
    ($name:ident) => {
        #[allow(unused_imports, reason = "only asserts that the test exists")]
        use self::$name as _;
    };
}

evident_tests::foreach_guest!(has_a_test);

/// Host memory that a check may take beside the guest's own: the allocator's, what 8 MiB of one call
/// become, pages of code that are used for the first time, and what tests that judge nothing do meanwhile.
const MARGIN_BYTES: u64 = 160 << 20;

/// Time beyond a deadline that a debug build on a loaded machine may take.
const MARGIN: Duration = Duration::from_secs(2);

/// The evidence of guests that need some.
const FILE: &[(&str, &[u8])] = &[("file.txt", b"evidence")];

/// Evidence without a byte that could be left unread, for guests whose pass is to stand.
const EMPTY: &[(&str, &[u8])] = &[("empty.txt", b"")];

fn run(name: &str) -> (Checked, Cost) {
    run_as(name, Wasi::None, Case::new(FILE))
}

fn run_over_nothing(name: &str) -> (Checked, Cost) {
    run_as(name, Wasi::None, Case::new(EMPTY))
}

fn run_within(name: &str, limits: Limits) -> (Checked, Cost) {
    run_as(name, Wasi::None, Case { limits, ..Case::new(FILE) })
}

/// Runs a guest. Whatever it does, it leaves nothing behind.
fn run_as(name: &str, profile: Wasi, case: Case<'_>) -> (Checked, Cost) {
    let store = Store::default();
    let (checked, cost) = store.judge_alone(&load_as(name, profile), case);
    assert!(cost.kept_bytes < MARGIN_BYTES, "{name} left {} bytes behind", cost.kept_bytes);
    (checked, cost)
}

/// The limits of a check of nothing, lowered.
fn lowered(fuel: Option<u64>, wall_ms: Option<u64>, memory_bytes: Option<u64>) -> Limits {
    limits(0).lowered(fuel, wall_ms.map(Duration::from_millis), memory_bytes)
}

/// The fault of a check that ended with one: outcome and fault say the same, and nothing was concluded.
#[track_caller]
fn fault(checked: &Checked, class: FaultClass) -> &Fault {
    assert_eq!(checked.outcome.status, Status::Inconclusive(Reason::Fault(class)), "{:?}", checked.fault);
    assert_eq!((checked.outcome.examined.count, checked.outcome.metrics.len()), (0, 0));
    let fault = checked.fault.as_ref().expect("the outcome says so");
    assert_eq!((fault.class, &fault.message), (class, &checked.outcome.summary));
    for frame in &fault.guest_frames {
        assert!(
            !frame.contains("evident_sandbox") && !frame.contains("wasmtime"),
            "a frame of the host: {frame}"
        );
    }
    fault
}
