//! `evident deny`: refuse what the agent asks for; it is told why and goes on.

use clap::Args;
use evident_core::goal::step::Command;

use super::approve::Question;
use super::tell::{ToldArguments, tell};
use crate::exit::Exit;

/// Refuse what the agent asks for; it is told why and goes on
#[derive(Debug, Args)]
pub(crate) struct Deny {
    #[command(flatten)]
    question: Question,
    /// What the agent is told
    #[arg(long, value_name = "TEXT", default_value = "the owner refused")]
    why: String,
    #[command(flatten)]
    told: ToldArguments,
}

pub(crate) fn run(arguments: &Deny) -> anyhow::Result<Exit> {
    let engine = super::engine()?;
    let id = arguments.question.find(&engine)?;
    let done = format!("refused{}", arguments.question.act(&engine, id)?);
    let command = Command::Deny { ask: arguments.question.ask.clone(), why: arguments.why.clone() };
    tell(&engine, id, command, &done, &arguments.told)
}
