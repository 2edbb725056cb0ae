//! The fuzzer's way to `fuzzed/component.rs`. It checks nothing itself.
#![no_main]

#[path = "../../src/fuzzed/component.rs"]
mod component;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| component::component(bytes));
