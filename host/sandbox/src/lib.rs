//! Runs checkers: validates, links, limits and calls a component, and says what went wrong.
//!
//! The only crate that knows wasmtime. It never decides whether an outcome counts (core does), never
//! collects anything, and gives a component nothing but the artifacts bound to its slots: no file,
//! clock, network, environment or randomness. Every check runs in a store of its own, which is dropped
//! after it. All calls here block; an async caller puts them on a thread that may.

mod abi;
mod artifacts;
mod call;
mod capture;
mod engine;
mod fault;
mod inert;
mod limits;
mod load;
mod reflect;
mod sink;
mod state;

pub use artifacts::{Bound, Input};
pub use call::{Checked, Checker, Request};
pub use engine::{Error, Sandbox};
pub use fault::Refusal;
pub use limits::{COMPONENT_BYTES_MAX, Limits};
pub use reflect::{INTERFACE, Interfaces, reflect};
pub use sink::Progress;
