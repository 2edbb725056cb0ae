//! Runs checkers: validates, links, limits and calls a component, and says what went wrong.
//!
//! The only crate that knows wasmtime. It never decides whether an outcome counts (core does), never
//! collects anything, and gives a component nothing but the artifacts bound to its slots: no file,
//! clock, network, environment or randomness. Every check runs in a store of its own, which is dropped
//! after it. All calls here block; an async caller puts them on a thread that may.

mod abi;
mod artifacts;
mod cache;
mod call;
mod capture;
mod compile;
mod crossing;
mod engine;
mod fault;
mod inert;
mod limits;
mod load;
mod nesting;
mod reflect;
mod release;
mod sink;
mod state;

pub use artifacts::{Bound, Input};
pub use cache::CodeCache;
pub use call::{Checked, Checker, Request};
pub use compile::{CompileLimits, Compiler, compile_child};
pub use engine::{Error, Sandbox, Settings};
pub use fault::Refusal;
pub use limits::{COMPONENT_BYTES_MAX, Ceilings, Limits};
pub use reflect::{INTERFACE, Interfaces, reflect, reflect_within};
pub use release::{RELEASE, Release};
pub use sink::Progress;
