//! The built binary as a person uses it: what each command prints, how it exits, and what it does when
//! the world does not play along.
//!
//! Renew the goldens with `INSTA_UPDATE=always` and the schemas with `BLESS=1`, then read the diff.

mod attempt;
mod baseline;
mod check;
mod checker;
mod completions;
mod conformance;
mod doctor;
mod examples;
mod explain;
mod files;
mod formats;
mod goes;
mod golden_cases;
mod help;
mod init;
mod interrupt;
mod lies;
mod lint;
mod mistakes;
mod producers;
mod reports;
mod schema;
mod target;
mod terminal;
mod threats;
mod usage;
mod workspace;
