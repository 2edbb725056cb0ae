//! `evident store verify`: read the log whole and say what is not as it was stored. It repairs nothing.

use clap::Args;
use evident_engine::store::Report;
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::format::{self, GoalFormat, counted};
use crate::ui::{self, style, styled};

/// Version of the JSON form.
const VERSION: u32 = 1;

/// Read every event and say what is not as it was stored
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Id of a goal, the beginning of it, or its name [default: all]
    #[arg(value_name = "GOAL")]
    goal: Option<String>,
    /// How to show it
    #[arg(long, value_enum, default_value_t = GoalFormat::Human)]
    format: GoalFormat,
}

pub(super) fn run(arguments: &Verify) -> anyhow::Result<Exit> {
    let engine = super::super::engine()?;
    let goal = arguments.goal.as_ref().map(|name| engine.find_goal(name)).transpose()?;
    let report = engine.verify_store(goal)?;
    let text = if arguments.format == GoalFormat::Human {
        human(&report)
    } else {
        format::value(&value(&report), arguments.format)
    };
    ui::result(&text)?;
    Ok(if report.is_sound() { Exit::Met } else { Exit::Host })
}

fn human(report: &Report) -> String {
    let read = format!("{}, {}", counted(report.goals, "goal"), counted(report.events, "event"));
    if report.is_sound() {
        return format!("{}: {read}, each as it was stored\n", styled(style::PASS, "sound"));
    }
    let mut text: String = report.damages.iter().map(|damage| format!("{damage}\n")).collect();
    if report.more > 0 {
        text += &format!("and {} more\n", counted(report.more, "flaw"));
    }
    text + &format!("{}: {read}\n", styled(style::FAIL, "damaged"))
}

fn value(report: &Report) -> Value {
    let damages = report.damages.iter().map(|damage| {
        json!({ "goal": damage.goal.to_string(), "seq": damage.seq, "flaw": damage.flaw.to_string() })
    });
    json!({
        "version": VERSION,
        "sound": report.is_sound(),
        "goals": report.goals,
        "events": report.events,
        "damages": damages.collect::<Vec<_>>(),
        "more": report.more,
    })
}
