//! `evident goal wake`: wait for something, or wait no longer.

use clap::Args;
use evident_core::goal::claim::Wait;
use evident_core::goal::step::Command;

use super::super::tell::{ToldArguments, tell};
use super::GoalArgument;
use crate::exit::Exit;

/// Wait no longer; or, with an option, begin no turn until something happens
#[derive(Debug, Args)]
pub(crate) struct Wake {
    #[command(flatten)]
    goal: GoalArgument,
    #[command(flatten)]
    condition: Condition,
    /// Between two looks at what is waited for, such as `60s`; alone, the whole wait
    #[arg(long, value_name = "DURATION")]
    every: Option<String>,
    /// The longest wait, such as `2h`; behind it the goal is blocked
    #[arg(long, value_name = "DURATION")]
    until: Option<String>,
    #[command(flatten)]
    told: ToldArguments,
}

/// What is waited for: at most one.
#[derive(Debug, Args)]
#[group(multiple = false)]
struct Condition {
    /// A time, such as `2030-12-24T18:00:00Z`
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Files of the workspace, as a glob: one of them comes, goes or changes; may be given again
    #[arg(long, value_name = "GLOB")]
    files: Vec<String>,
    /// A file of the workspace with the number of a process: it ends
    #[arg(long, value_name = "PATH")]
    pid_file: Option<String>,
    /// A source of the contract: its evidence changes
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// A wake of the contract
    #[arg(long, value_name = "NAME")]
    wake: Option<String>,
}

pub(super) fn run(arguments: &Wake) -> anyhow::Result<Exit> {
    let engine = super::super::engine()?;
    let id = arguments.goal.find(&engine)?;
    let condition = &arguments.condition;
    let wait = Wait {
        wake: condition.wake.clone(),
        at: condition.at.clone(),
        files: condition.files.clone(),
        pid_file: condition.pid_file.clone(),
        source: condition.source.clone(),
        every: arguments.every.clone(),
        until: arguments.until.clone(),
    };
    let (wait, done) = if wait == Wait::default() {
        (None, "woken")
    } else {
        (Some(wait), "it waits, no turn begins before that")
    };
    tell(&engine, id, Command::Wake { wait }, done, &arguments.told)
}
