//! Guests that import WASI: refused by name in the profile `none`, without any effect in `inert`.

use std::time::Duration;

use evident_core::contract::Wasi;
use evident_core::outcome::{FaultClass, Status};
use evident_tests::{Case, SANDBOX, guest};

use super::{EMPTY, MARGIN, MARGIN_BYTES, fault, lowered, run_as};

#[track_caller]
fn refused_in_none(name: &str, imports: &[&str]) {
    let Err(fault) = SANDBOX.load(guest(name), Wasi::None) else { panic!("`{name}` is loaded") };
    assert_eq!(fault.class, FaultClass::Link);
    for import in imports {
        assert!(fault.message.contains(import), "{import}: {}", fault.message);
    }
    let hint =
        ", which the profile `none` does not link; `wasi = \"inert\"` gives it a WASI without any effect";
    assert!(fault.message.ends_with(hint), "{}", fault.message);
}

/// Clock, randomness and environment, twice: nothing differs, and nothing of this machine is seen.
#[test]
pub(super) fn ambient() {
    refused_in_none(
        "ambient",
        &[
            "wasi:cli/environment@0.2.0",
            "wasi:cli/stdout@0.2.0",
            "wasi:clocks/wall-clock@0.2.0",
            "wasi:clocks/monotonic-clock@0.2.0",
            "wasi:random/random@0.2.0",
            "wasi:io/streams@0.2.0",
        ],
    );
    let (first, _) = run_as("ambient", Wasi::Inert, Case::new(EMPTY));
    let (second, _) = run_as("ambient", Wasi::Inert, Case::new(EMPTY));
    assert_eq!(first.outcome.status, Status::Pass, "{}", first.outcome.summary);
    assert_eq!((&first.log, first.usage.fuel), (&second.log, second.usage.fuel));
    assert_eq!(first.outcome, second.outcome);
    let still = "environment [] arguments [] folder None wall 0.0 monotonic 0 0 random ";
    assert!(first.outcome.summary.starts_with(still), "{}", first.outcome.summary);
    let lines: Vec<&str> = first.log.lines().collect();
    assert_eq!(
        lines,
        [format!("info: {}", first.outcome.summary), format!("printed {}", first.outcome.summary)]
    );
}

/// A wait uses no fuel: only the deadline ends it, and nothing is spun meanwhile.
#[test]
pub(super) fn timer() {
    refused_in_none("timer", &["wasi:clocks/monotonic-clock@0.2.0", "wasi:io/poll@0.2.0"]);
    let case = Case { limits: lowered(None, Some(200), None), ..Case::new(EMPTY) };
    let (checked, cost) = run_as("timer", Wasi::Inert, case);
    assert_eq!(fault(&checked, FaultClass::Deadline).message, "was not done after 200 ms");
    assert!(cost.elapsed >= Duration::from_millis(200) && cost.elapsed < MARGIN, "{cost:?}");
    assert!(checked.usage.fuel < 10_000_000, "it waited: {}", checked.usage.fuel);
}

/// Success in the words of a program is not a pass.
#[test]
pub(super) fn exit_zero() {
    refused_in_none("exit_zero", &["wasi:cli/exit@0.2.0"]);
    let (checked, _) = run_as("exit_zero", Wasi::Inert, Case::new(EMPTY));
    assert_eq!(fault(&checked, FaultClass::Trap).message, "called exit(0)");
}

#[test]
pub(super) fn print_flood() {
    refused_in_none("print_flood", &["wasi:cli/stdout@0.2.0", "wasi:io/streams@0.2.0"]);
    let (checked, cost) = run_as("print_flood", Wasi::Inert, Case::new(EMPTY));
    assert_eq!(checked.outcome.status, Status::Pass, "{:?}", checked.fault);
    assert!(checked.log.len() < (256 << 10) + 200, "{}", checked.log.len());
    assert!(checked.log.contains("bytes ...]"), "the cut is marked");
    assert!(checked.usage.fuel > 4 * (64 << 20), "what is printed is charged: {}", checked.usage.fuel);
    assert!(cost.peak_bytes < MARGIN_BYTES, "{cost:?}");
}

#[test]
pub(super) fn random_flood() {
    refused_in_none("random_flood", &["wasi:random/random@0.2.0"]);
    let (checked, cost) = run_as("random_flood", Wasi::Inert, Case::new(EMPTY));
    let fault = checked.fault.as_ref().expect("1 TiB is refused");
    assert_eq!(fault.class, FaultClass::Abi, "{fault:?}");
    assert!(cost.peak_bytes < MARGIN_BYTES && cost.elapsed < MARGIN, "{cost:?}");
}

/// Each call makes the host make up 1 MiB: it is charged, and the clock is looked at.
#[test]
pub(super) fn random_again() {
    let within = |limits| run_as("random_again", Wasi::Inert, Case { limits, ..Case::new(EMPTY) });
    let (checked, cost) = within(lowered(None, Some(100), None));
    fault(&checked, FaultClass::Deadline);
    assert!(cost.elapsed < Duration::from_millis(100) + MARGIN, "{cost:?}");
    let (checked, _) = within(lowered(Some(50_000_000), None, None));
    fault(&checked, FaultClass::Fuel);
}

#[test]
pub(super) fn poll_flood() {
    refused_in_none("poll_flood", &["wasi:io/poll@0.2.0"]);
    let (checked, cost) = run_as("poll_flood", Wasi::Inert, Case::new(EMPTY));
    assert_eq!(fault(&checked, FaultClass::Memory).message, "holds more than 1024 handles");
    assert!(cost.peak_bytes < MARGIN_BYTES && cost.elapsed < MARGIN, "{cost:?}");
}

#[test]
pub(super) fn write_unasked() {
    let (checked, _) = run_as("write_unasked", Wasi::Inert, Case::new(EMPTY));
    let fault = checked.fault.as_ref().expect("no more than `check-write` allows");
    assert_eq!(fault.class, FaultClass::Abi, "{fault:?}");
}
