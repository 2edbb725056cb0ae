//! The fuzzer's way to `fuzzed/benchmark.rs`. It checks nothing itself.
#![no_main]

#[path = "../../src/fuzzed/benchmark.rs"]
mod benchmark;
#[path = "../../src/fuzzed/verdict.rs"]
mod verdict;

libfuzzer_sys::fuzz_target!(init: benchmark::configs_are_accepted(), |bytes: &[u8]| benchmark::benchmark(bytes));
