//! `evident goal pause`: no further turn begins.

use clap::Args;
use evident_core::goal::step::Command;

use super::super::tell::{ToldArguments, tell};
use super::GoalArgument;
use crate::exit::Exit;

/// Begin no further turn; the one that runs may end
#[derive(Debug, Args)]
pub(crate) struct Pause {
    #[command(flatten)]
    goal: GoalArgument,
    /// End the turn that runs too
    #[arg(long)]
    now: bool,
    #[command(flatten)]
    told: ToldArguments,
}

pub(super) fn run(arguments: &Pause) -> anyhow::Result<Exit> {
    let engine = super::super::engine()?;
    let id = arguments.goal.find(&engine)?;
    tell(&engine, id, Command::Pause { now: arguments.now }, "paused", &arguments.told)
}
