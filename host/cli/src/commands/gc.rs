//! `evident gc`: remove evidence that nothing names any more.

use clap::Args;
use serde_json::json;

use crate::exit::Exit;
use crate::format::{self, GoalFormat, counted};
use crate::ui;

/// Version of the JSON form.
const VERSION: u32 = 1;

/// Remove evidence that no goal, no start and no recent assessment names
#[derive(Debug, Args)]
pub(crate) struct Gc {
    /// How to show what went
    #[arg(long, value_enum, default_value_t = GoalFormat::Human)]
    format: GoalFormat,
}

pub(crate) fn run(arguments: &Gc) -> anyhow::Result<Exit> {
    evident_engine::goals::refuse_descendants()?;
    let removed = super::engine()?.collect_garbage()?;
    let text = if arguments.format == GoalFormat::Human {
        let kept = "what was unnamed for less than two days stays, for it may be in use";
        format!("removed {}; {kept}\n", counted(removed, "blob"))
    } else {
        format::value(&json!({ "version": VERSION, "removed": removed }), arguments.format)
    };
    ui::result(&text)?;
    Ok(Exit::Met)
}
