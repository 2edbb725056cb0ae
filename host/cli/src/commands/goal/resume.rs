//! `evident goal resume`: a goal that stopped may go on.

use clap::Args;
use evident_core::goal::step::Command;

use super::super::tell::{ToldArguments, tell};
use super::GoalArgument;
use crate::exit::Exit;

/// Let a goal that was paused, blocked or limited go on
#[derive(Debug, Args)]
pub(crate) struct Resume {
    #[command(flatten)]
    goal: GoalArgument,
    #[command(flatten)]
    told: ToldArguments,
}

pub(super) fn run(arguments: &Resume) -> anyhow::Result<Exit> {
    let engine = super::super::engine()?;
    let id = arguments.goal.find(&engine)?;
    tell(&engine, id, Command::Resume, "resumed", &arguments.told)
}
