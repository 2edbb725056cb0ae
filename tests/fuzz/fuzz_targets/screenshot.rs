//! The fuzzer's way to `fuzzed/screenshot.rs`. It checks nothing itself.
#![no_main]

#[path = "../../src/fuzzed/screenshot.rs"]
mod screenshot;
#[path = "../../src/fuzzed/verdict.rs"]
mod verdict;

libfuzzer_sys::fuzz_target!(init: screenshot::configs_are_accepted(), |bytes: &[u8]| screenshot::screenshot(bytes));
