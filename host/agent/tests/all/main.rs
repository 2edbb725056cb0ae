//! Drivers against programs that behave badly, and scripts that should not be believed.
//!
//! Every case asks what a host would be told that is not so, and who would be left behind.

mod command;
mod fixture;
mod process;
mod recorded;
mod scripted;
