//! Tests that cross rooms, in one binary: linking once is faster than linking often.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, which clippy.toml does not know")]

mod code_cache;
mod compile;
mod components;
mod conformance;
mod conformance_page;
mod contract;
mod corpus;
mod cost;
mod crash;
mod determinism;
mod guests;
mod hostile_evidence;
mod hostile_screens;
mod malformed;
mod pictures;
mod simulation;
mod threats_a;
mod threats_page;
mod tidy;
