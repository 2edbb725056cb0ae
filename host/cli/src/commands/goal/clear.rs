//! `evident goal clear`: let go of a goal for good.

use clap::Args;
use evident_core::goal::step::Command;

use super::super::tell::{ToldArguments, tell};
use super::GoalArgument;
use crate::exit::Exit;

/// Let go of a goal for good: what runs is ended, its history stays
#[derive(Debug, Args)]
pub(crate) struct Clear {
    #[command(flatten)]
    goal: GoalArgument,
    #[command(flatten)]
    told: ToldArguments,
}

pub(super) fn run(arguments: &Clear) -> anyhow::Result<Exit> {
    let engine = super::super::engine()?;
    let id = arguments.goal.find(&engine)?;
    tell(&engine, id, Command::Clear, "cleared", &arguments.told)
}
