//! `evident goal`: look at goals, and tell them what to do.

mod clear;
mod edit;
mod history;
mod list;
mod pause;
mod report;
mod resume;
mod say;
mod show;
mod wake;

use std::path::Path;

use anyhow::Context;
use clap::{Args, Subcommand};
use evident_core::goal::Goal as Now;
use evident_engine::store::{GoalId, Owner, ThisMachine};
use evident_engine::{Engine, Error};

use crate::exit::{Exit, UsageError};

/// Look at goals, and tell them what to do
#[derive(Debug, Subcommand)]
pub(crate) enum Goal {
    List(list::List),
    Show(show::Show),
    History(history::History),
    Report(report::Report),
    Say(say::Say),
    Pause(pause::Pause),
    Resume(resume::Resume),
    Edit(edit::Edit),
    Clear(clear::Clear),
    Wake(wake::Wake),
}

/// Which goal a command is about.
#[derive(Debug, Args)]
pub(crate) struct GoalArgument {
    /// Id of a goal, the beginning of it, or its name [default: the last goal of this folder]
    #[arg(value_name = "GOAL")]
    goal: Option<String>,
}

pub(crate) fn run(command: &Goal) -> anyhow::Result<Exit> {
    match command {
        Goal::List(command) => list::run(command),
        Goal::Show(command) => show::run(command),
        Goal::History(command) => history::run(command),
        Goal::Report(command) => report::run(command),
        Goal::Say(command) => say::run(command),
        Goal::Pause(command) => pause::run(command),
        Goal::Resume(command) => resume::run(command),
        Goal::Edit(command) => edit::run(command),
        Goal::Clear(command) => clear::run(command),
        Goal::Wake(command) => wake::run(command),
    }
}

impl GoalArgument {
    /// The goal that is meant.
    pub(crate) fn find(&self, engine: &Engine) -> anyhow::Result<GoalId> {
        match &self.goal {
            Some(name) => Ok(engine.find_goal(name)?),
            None => of_this_folder(engine),
        }
    }
}

/// The last goal of this folder, or of the nearest one around it that has any.
fn of_this_folder(engine: &Engine) -> anyhow::Result<GoalId> {
    let here = std::env::current_dir().and_then(std::fs::canonicalize);
    let here = here.context("failed to find the folder that this was started in")?;
    for folder in here.ancestors() {
        if let Some(goal) = engine.goal_of(folder)? {
            return Ok(goal);
        }
    }
    Err(none_here(&here).into())
}

fn none_here(here: &Path) -> UsageError {
    UsageError::new(format!("no goal was started in `{}`", here.display()))
        .hint("name one; `evident goal list` shows those of every folder, `evident run` starts one here")
}

/// Who owns a goal now.
pub(crate) fn owner(engine: &Engine, goal: GoalId) -> Result<Option<Owner>, Error> {
    Ok(engine.store()?.owner(goal, &ThisMachine::look())?)
}

/// The command that goes on with a goal, as it could be typed anywhere.
pub(crate) fn run_command(goal: &Now) -> String {
    let argv = ["evident", "run", &goal.contract_path].map(str::to_owned);
    crate::format::command(&argv)
}
