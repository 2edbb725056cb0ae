//! Drivers: the code that runs turns on one kind of agent, behind one trait.
//!
//! A driver starts the agent, hands it a prompt, and tells what happens until the turn ends. It decides
//! nothing about the goal: what a signal means is core's business.

pub mod claude;
pub mod codex;
mod command;
pub mod doctor;
mod driver;
mod open;
pub mod process;
mod scripted;
mod turn;

pub use command::{Command, JsonlMapping, MAPPING_BYTES_MAX};
pub use driver::{
    Control, Driver, Found, INTERRUPT_GRACE, Lost, Pending, Prompt, SIGNALS_MAX, Setup, Signal, Turn,
};
pub use open::{AgentSpec, open};
pub use scripted::{SCRIPT_BYTES_MAX, Scripted};
