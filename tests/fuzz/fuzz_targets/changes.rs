//! The fuzzer's way to `fuzzed/changes.rs`. It checks nothing itself.
#![no_main]

#[path = "../../src/fuzzed/changes.rs"]
mod changes;
#[path = "../../src/fuzzed/verdict.rs"]
mod verdict;

libfuzzer_sys::fuzz_target!(init: changes::configs_are_accepted(), |bytes: &[u8]| changes::changes(bytes));
