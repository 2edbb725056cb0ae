//! The event log of goals, their heads, snapshots, leases and inbox, behind one trait.
//!
//! It keeps bytes and their order: a body is JSON with a version, and what it means is the business of core.
//! It never decides about a goal, never reads a clock or draws a random number for what it stores, and never
//! deletes an event: a goal that was cleared keeps its history.
//!
//! [`Sqlite`] is the store of one machine, [`Memory`] that of tests and simulations; one suite of contract
//! tests holds both to the same behaviour.

mod ballast;
mod chain;
mod error;
mod event;
#[cfg(any(test, feature = "testing"))]
pub mod faulty;
mod ids;
mod inbox;
mod lease;
mod machine;
mod memory;
mod report;
mod sqlite;
mod store;
#[cfg(test)]
mod tests;

pub use chain::Hash;
pub use error::Error;
pub use event::{Head, NewEvent, NewGoal, Snapshot, StoredEvent, StoredHead};
pub use ids::{CommandId, GoalId, NotAnId, OwnerId, ThreadId};
pub use inbox::{Command, NewCommand};
pub use lease::{EXPIRY_MS, HEARTBEAT_MS, Lease, Machine, Moment, Owner, Process, Scope};
pub use machine::ThisMachine;
pub use memory::Memory;
pub use report::{Damage, Flaw, Report};
pub use sqlite::Sqlite;
pub use store::{Append, Appended, Filter, Store, limits};
