//! What the fuzz targets check, as functions of bytes: `tests/fuzz` feeds them with what libFuzzer makes up,
//! and `tests/all/corpus.rs` with every committed input, in every run of the tests.
//!
//! A function here panics where something is not as it must be, and gives nothing otherwise. It expects no
//! certain outcome: what is right for one input stands in the tests of its room.

mod benchmark;
mod changes;
mod component;
mod contract;
mod screenshot;
mod test_report;
mod verdict;

pub use benchmark::benchmark;
pub use changes::changes;
pub use component::component;
pub use contract::contract;
pub use screenshot::screenshot;
pub use test_report::test_report;

/// One target: the name of its folders and of its binary in `tests/fuzz`, and what it calls.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// As in `tests/fuzz/Cargo.toml`.
    pub name: &'static str,
    /// Panics where something is not as it must be.
    pub run: fn(&[u8]),
}

/// Every target, in the order of their names.
pub const TARGETS: &[Target] = &[
    Target { name: "benchmark", run: benchmark },
    Target { name: "changes", run: changes },
    Target { name: "component", run: component },
    Target { name: "contract", run: contract },
    Target { name: "screenshot", run: screenshot },
    Target { name: "test_report", run: test_report },
];

/// Holds every config of a target against its checker.
///
/// # Panics
/// When one is refused: the target would look at nothing.
pub fn configs_are_accepted() {
    benchmark::configs_are_accepted();
    changes::configs_are_accepted();
    screenshot::configs_are_accepted();
    test_report::configs_are_accepted();
}
