//! `evident goal show`: a goal as it is now.

use clap::Args;
use serde_json::json;

use super::GoalArgument;
use crate::exit::Exit;
use crate::format::{self, GoalFormat};
use crate::ui;

/// Version of the JSON form; the goal in it has its own.
const VERSION: u32 = 1;

/// Show a goal as it is now: state, turn, outcomes, budgets, and what needs a person
#[derive(Debug, Args)]
pub(crate) struct Show {
    #[command(flatten)]
    goal: GoalArgument,
    /// How to show it
    #[arg(long, value_enum, default_value_t = GoalFormat::Human)]
    format: GoalFormat,
}

pub(super) fn run(arguments: &Show) -> anyhow::Result<Exit> {
    let engine = super::super::engine()?;
    let id = arguments.goal.find(&engine)?;
    let goal = engine.goal(id)?;
    let owner = super::owner(&engine, id)?;
    let text = if arguments.format == GoalFormat::Human {
        format::goal::show(&goal, owner.as_ref())
    } else {
        let owner = owner.map(|owner| json!({ "label": owner.label, "process": owner.process.id }));
        format::value(&json!({ "version": VERSION, "goal": goal, "owner": owner }), arguments.format)
    };
    ui::result(&text)?;
    Ok(Exit::Met)
}
