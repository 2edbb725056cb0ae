//! The fuzzer's way to `fuzzed/contract.rs`. It checks nothing itself.
#![no_main]

#[path = "../../src/fuzzed/contract.rs"]
mod contract;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| contract::contract(bytes));
