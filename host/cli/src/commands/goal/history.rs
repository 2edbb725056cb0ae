//! `evident goal history`: every event of a goal.

use clap::Args;
use evident_core::goal::event::Recorded;
use serde_json::json;

use super::GoalArgument;
use crate::exit::Exit;
use crate::format::{self, GoalFormat, counted};
use crate::ui;

/// Version of the JSON form; each event has its own.
const VERSION: u32 = 1;

/// Show every event of a goal: who did what, and when
#[derive(Debug, Args)]
pub(crate) struct History {
    #[command(flatten)]
    goal: GoalArgument,
    /// Only the events behind the one of this number
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    after: u64,
    /// For a person too, the events that only account: time, tokens, looks at what is waited for
    #[arg(long)]
    all: bool,
    /// How to show them
    #[arg(long, value_enum, default_value_t = GoalFormat::Human)]
    format: GoalFormat,
}

pub(super) fn run(arguments: &History) -> anyhow::Result<Exit> {
    let engine = super::super::engine()?;
    let id = arguments.goal.find(&engine)?;
    let history = engine.history(id, arguments.after)?;
    let text = match arguments.format {
        GoalFormat::Human => {
            let shown = |event: &&Recorded| arguments.all || !format::event::accounts(&event.event);
            let lines: Vec<String> = history.iter().filter(shown).map(format::event::line).collect();
            let hidden = history.len() - lines.len();
            if hidden > 0 {
                ui::chatter(&format!(
                    "note: {} left out that only account; `--all` shows them\n",
                    counted(hidden as u64, "event")
                ));
            }
            lines.concat()
        }
        GoalFormat::Json => {
            format::pretty(&json!({ "version": VERSION, "goal": id.to_string(), "events": history }))
        }
        GoalFormat::Jsonl => history.iter().map(|event| format::line(&json!(event))).collect(),
    };
    ui::result(&text)?;
    Ok(Exit::Met)
}
