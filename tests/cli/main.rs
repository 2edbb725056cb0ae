//! The built binary as a person uses it: what each command prints, how it exits, and what it does when
//! the world does not play along.
//!
//! Renew the goldens with `INSTA_UPDATE=always` and the schemas with `BLESS=1`, then read the diff.

mod accepting;
mod agent_user;
mod attempt;
mod baseline;
mod check;
mod checker;
mod checker_pages;
mod command_agent;
mod compiled;
mod completions;
mod conformance;
mod doctor;
mod examples;
mod explain;
mod false_completion;
mod files;
mod followed;
mod formats;
mod full_disk;
mod goal;
mod goal_crash;
mod goal_waits;
mod goes;
mod golden_cases;
mod guests;
mod help;
mod init;
mod interrupt;
mod lies;
mod lint;
mod mistakes;
mod obstacles;
mod pictures;
mod producers;
mod public_cases;
mod real_agents;
mod reports;
mod schema;
mod screens;
mod steps;
mod store_damage;
mod target;
mod terminal;
mod threats;
mod usage;
mod workspace;
