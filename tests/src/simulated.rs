//! A goal in a simulated world: the real loop, core and log, with a clock, a folder, evidence, an agent, an owner
//! and a disk that are drawn from a seed and go wrong.
//!
//! It holds every event against what must never happen; it decides nothing that the host decides.

mod agent;
mod chance;
mod scene;
mod story;
mod terms;
mod witness;

pub use chance::Chance;
pub use story::{Told, full_disk_at, play};
