//! Tests that cross rooms, in one binary: linking once is faster than linking often.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, which clippy.toml does not know")]

mod components;
mod conformance;
mod contract;
mod determinism;
mod guests;
mod hostile_evidence;
mod tidy;
