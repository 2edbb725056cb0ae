//! `evident store verify`: read the log and the blobs that it names whole, and say what is not as it was stored. It
//! repairs nothing.

use clap::Args;
use evident_core::text;
use evident_engine::goals::{Damage, Place, Verified};
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::format::{self, GoalFormat, counted};
use crate::ui::{self, style, styled};

/// Version of the JSON form.
const VERSION: u32 = 1;

/// Read every event, and every blob that one names, and say what is not as it was stored
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
    let verified = engine.verify_store(goal)?;
    let text = if arguments.format == GoalFormat::Human {
        human(&verified)
    } else {
        format::value(&value(&verified), arguments.format)
    };
    ui::result(&text)?;
    Ok(if verified.is_sound() { Exit::Met } else { Exit::Host })
}

fn human(verified: &Verified) -> String {
    let log = &verified.log;
    let blobs = counted(verified.blobs, "blob");
    let read = format!("{}, {}, {blobs}", counted(log.goals, "goal"), counted(log.events, "event"));
    if verified.is_sound() {
        return format!("{}: {read}, each as it was stored\n", styled(style::PASS, "sound"));
    }
    let mut text: String = log.damages.iter().map(|damage| format!("{damage}\n")).collect();
    text.extend(verified.damages.iter().map(|damage| format!("{}\n", text::line(&damage.to_string()))));
    let more = log.more + verified.more;
    if more > 0 {
        text += &format!("and {} more\n", counted(more, "flaw"));
    }
    text + &format!("{}: {read}\n", styled(style::FAIL, "damaged"))
}

fn value(verified: &Verified) -> Value {
    let log = &verified.log;
    let events = log.damages.iter().map(|damage| {
        json!({ "goal": damage.goal.to_string(), "seq": damage.seq, "flaw": damage.flaw.to_string() })
    });
    json!({
        "version": VERSION,
        "sound": verified.is_sound(),
        "goals": log.goals,
        "events": log.events,
        "blobs": verified.blobs,
        "damages": events.chain(verified.damages.iter().map(of_blob)).collect::<Vec<_>>(),
        "more": log.more + verified.more,
    })
}

fn of_blob(damage: &Damage) -> Value {
    let mut value = json!({ "flaw": damage.flaw, "blob": damage.blob });
    match &damage.place {
        Place::Event { goal, seq } => {
            value["goal"] = goal.to_string().into();
            value["seq"] = (*seq).into();
        }
        Place::Log => {}
        Place::Start(path) => value["start"] = path.clone().into(),
        Place::Last(path) => value["assessment"] = path.clone().into(),
    }
    value
}
