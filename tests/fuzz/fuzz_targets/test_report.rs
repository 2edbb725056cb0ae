//! The fuzzer's way to `fuzzed/test_report.rs`. It checks nothing itself.
#![no_main]

#[path = "../../src/fuzzed/test_report.rs"]
mod test_report;
#[path = "../../src/fuzzed/verdict.rs"]
mod verdict;

libfuzzer_sys::fuzz_target!(init: test_report::configs_are_accepted(), |bytes: &[u8]| test_report::test_report(bytes));
