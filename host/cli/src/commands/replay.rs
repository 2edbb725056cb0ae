//! `evident replay`: fold the log of a goal once more, and compare.

use clap::Args;
use serde_json::json;

use super::goal::GoalArgument;
use crate::exit::Exit;
use crate::format::{self, GoalFormat, counted};
use crate::ui::{self, style, styled};

/// Version of the JSON form.
const VERSION: u32 = 1;

/// Fold the log of a goal once more and compare it with the goal that hosts go on with
#[derive(Debug, Args)]
pub(crate) struct Replay {
    #[command(flatten)]
    goal: GoalArgument,
    /// How to show the events, and what came of them
    #[arg(long, value_enum, default_value_t = GoalFormat::Human)]
    format: GoalFormat,
}

pub(crate) fn run(arguments: &Replay) -> anyhow::Result<Exit> {
    let engine = super::engine()?;
    let id = arguments.goal.find(&engine)?;
    let history = engine.history(id, 0)?;
    let replayed = engine.replay(id)?;
    let outcome = json!({
        "goal": id.to_string(),
        "events": replayed.events,
        "state": replayed.goal.state,
        "same": replayed.same,
    });
    let text = match arguments.format {
        GoalFormat::Human => {
            let lines: String = history.iter().map(format::event::line).collect();
            let count = counted(replayed.events, "event");
            let state = replayed.goal.state;
            let word = if replayed.same {
                format!("{}: {count} give the goal that is stored, {state}", styled(style::PASS, "same"))
            } else {
                let different = styled(style::FAIL, "different");
                format!("{different}: {count} give another goal than the one that is stored, {state}")
            };
            format!("{lines}\n{word}\n")
        }
        GoalFormat::Json => {
            format::pretty(&json!({ "version": VERSION, "replayed": outcome, "events": history }))
        }
        GoalFormat::Jsonl => {
            let lines: String = history.iter().map(|event| format::line(&json!(event))).collect();
            lines + &format::line(&json!({ "version": VERSION, "replayed": outcome }))
        }
    };
    ui::result(&text)?;
    Ok(if replayed.same { Exit::Met } else { Exit::Host })
}
