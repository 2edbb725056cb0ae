//! What checks leave behind and what they take: measured in a process where nothing else runs.

use std::process::Command;

use evident_tests::beside_others;

use crate::compile::PROGRAM;

const MIB: u64 = 1 << 20;

/// The figure that a process of its own measured.
#[track_caller]
fn measured_apart(what: &str) -> u64 {
    let _beside_others = beside_others();
    let output = Command::new(PROGRAM).arg(what).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().parse().unwrap()
}

/// A thousand checks that each end in a fault. One page for each would be 4 MiB.
#[test]
fn a_thousand_hostile_checks_leak_nothing() {
    let kept = measured_apart("leak");
    assert!(kept < 4 * MIB, "{kept} bytes");
}

/// A guest reads 2 GiB, and the host holds what is on its way.
#[test]
fn two_gibibytes_pass_through_little_memory() {
    let peak = measured_apart("sparse");
    assert!(peak < 64 * MIB, "{peak} bytes");
}
