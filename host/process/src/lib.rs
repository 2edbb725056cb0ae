//! Starts a program in a session of its own, and ends it with its process group and with what left that group.
//!
//! The one room that starts what the host does not trust: agents, and commands that make evidence. It knows
//! nothing of what a program is for, reads and writes none of its streams, and starts no shell of its own
//! accord.

mod group;
mod launch;
mod orphans;
mod session;
mod started;
mod table;

pub use group::{GONE, GONE_POLL, Group, Unwatched};
pub use launch::{Identity, Input, Launch, NotStarted, Started};
pub use orphans::{END_MAX, Left, Orphans, Producing, Still};
pub use tokio::process::{ChildStderr, ChildStdin, ChildStdout};
