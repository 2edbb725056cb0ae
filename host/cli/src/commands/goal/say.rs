//! `evident goal say`: tell the agent something.

use clap::Args;
use evident_core::goal::step::Command;

use super::super::tell::{ToldArguments, tell};
use crate::exit::Exit;

/// Tell the agent something: the next turn begins with it
#[derive(Debug, Args)]
pub(crate) struct Say {
    /// Id of a goal, the beginning of it, or its name
    goal: String,
    /// What to say; several words are one message
    #[arg(required = true, value_name = "TEXT")]
    text: Vec<String>,
    #[command(flatten)]
    told: ToldArguments,
}

pub(super) fn run(arguments: &Say) -> anyhow::Result<Exit> {
    let engine = super::super::engine()?;
    let id = engine.find_goal(&arguments.goal)?;
    let command = Command::Say { text: arguments.text.join(" ") };
    tell(&engine, id, command, "said, the agent hears it before anything else", &arguments.told)
}
