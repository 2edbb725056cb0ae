//! Every decision of evident: what a contract says, which artifact goes where, when an outcome
//! counts, and when a contract is met.
//!
//! This crate does no input or output, reads no clock and draws no random number. Values come in as
//! arguments and decisions go out as values, so that a live run and a replay are the same function.

pub mod agent;
pub mod assessment;
pub mod binding;
pub mod contract;
pub mod defence;
pub mod descriptor;
pub mod digest;
pub mod doubt;
pub mod downgrade;
pub mod evidence;
pub mod freshness;
pub mod goal;
pub mod outcome;
pub mod policy;
pub mod problem;
pub mod roll_up;
pub mod schedule;
pub mod text;
pub mod tree;
