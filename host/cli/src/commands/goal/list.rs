//! `evident goal list`: every goal, one line each.

use clap::Args;
use evident_core::evidence::Timestamp;
use serde_json::json;

use crate::exit::Exit;
use crate::format::{self, GoalFormat};
use crate::ui;

/// Version of the JSON form.
const VERSION: u32 = 1;

/// Show every goal, the youngest first
#[derive(Debug, Args)]
pub(crate) struct List {
    /// How to show them
    #[arg(long, value_enum, default_value_t = GoalFormat::Human)]
    format: GoalFormat,
}

pub(super) fn run(arguments: &List) -> anyhow::Result<Exit> {
    let goals = super::super::engine()?.goals()?;
    let text = match arguments.format {
        GoalFormat::Human if goals.is_empty() => {
            ui::chatter("no goals yet: `evident run goal.toml --agent AGENT` starts one\n");
            String::new()
        }
        GoalFormat::Human => format::goal::list(&goals, now()),
        GoalFormat::Json => format::pretty(&json!({ "version": VERSION, "goals": goals })),
        GoalFormat::Jsonl => {
            goals.iter().map(|goal| format::line(&json!({ "version": VERSION, "goal": goal }))).collect()
        }
    };
    ui::result(&text)?;
    Ok(Exit::Met)
}

/// The wall clock, for ages.
fn now() -> Timestamp {
    Timestamp(u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(0))
}
