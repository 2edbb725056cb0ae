//! Gives a command to a goal, and says what was done and what happens next.

use clap::Args;
use evident_core::goal::Goal;
use evident_core::goal::state::State;
use evident_core::goal::step::Command;
use evident_core::text;
use evident_engine::Engine;
use evident_engine::goals::Told;
use evident_engine::store::{GoalId, Owner};
use serde_json::json;

use super::goal::owner;
use crate::exit::{Exit, UsageError};
use crate::format::{self, GoalFormat};
use crate::ui;

/// Version of the JSON form.
const VERSION: u32 = 1;

/// How it is shown what became of a command.
#[derive(Debug, Args)]
pub(crate) struct ToldArguments {
    /// How to show what became of it
    #[arg(long, value_enum, default_value_t = GoalFormat::Human)]
    pub(super) format: GoalFormat,
}

/// What a person hears of a command.
pub(crate) struct Telling<'a> {
    /// As it was typed.
    pub(crate) word: &'a str,
    /// What was done, where it was.
    pub(crate) done: &'a str,
}

/// Gives the command and shows what became of it.
pub(crate) fn tell(
    engine: &Engine,
    id: GoalId,
    command: Command,
    done: &str,
    arguments: &ToldArguments,
) -> anyhow::Result<Exit> {
    let word = command.word();
    let told = engine.command(id, command)?;
    show(engine, id, &told, &Telling { word, done }, arguments)
}

/// Shows what became of a command.
pub(crate) fn show(
    engine: &Engine,
    id: GoalId,
    told: &Told,
    telling: &Telling<'_>,
    arguments: &ToldArguments,
) -> anyhow::Result<Exit> {
    let goal = engine.goal(id)?;
    let owner = owner(engine, id)?;
    if arguments.format == GoalFormat::Human {
        return for_person(&goal, owner.as_ref(), told, telling);
    }
    let (word, reason) = match told {
        Told::Done => ("done", None),
        Told::Refused(reason) => ("refused", Some(reason)),
        Told::Waiting => ("waiting", None),
    };
    let document = json!({
        "version": VERSION,
        "goal": goal.id,
        "command": telling.word,
        "told": word,
        "reason": reason,
        "state": goal.state,
        "owner": owner.map(|owner| owner.process.id),
    });
    ui::result(&format::value(&document, arguments.format))?;
    Ok(if reason.is_some() { Exit::Usage } else { Exit::Met })
}

fn for_person(
    goal: &Goal,
    owner: Option<&Owner>,
    told: &Told,
    telling: &Telling<'_>,
) -> anyhow::Result<Exit> {
    let which = format!("{} {}", &goal.id[..8], text::line(&goal.name));
    let line = match told {
        Told::Refused(reason) => {
            let message = format!("`{}` has no effect on goal {which}: {reason}", telling.word);
            let hint = format!("`evident goal show {}` shows it as it is now", &goal.id[..8]);
            return Err(UsageError::new(message).hint(hint).into());
        }
        Told::Done => format!("{which}: {}; {}", telling.done, next(goal, owner)),
        Told::Waiting => {
            let whose = owner.map_or_else(|| "another host".into(), format::goal::owned);
            format!(
                "{which}: `{}` was sent and waits: {whose}, owns the goal and has not answered",
                telling.word
            )
        }
    };
    ui::result(&format!("{line}\n"))?;
    Ok(Exit::Met)
}

/// What happens next, in a few words.
fn next(goal: &Goal, owner: Option<&Owner>) -> String {
    let id = &goal.id[..8];
    let run = format!("`{}` goes on with it", super::goal::run_command(goal));
    match (goal.state, owner) {
        (State::Cleared | State::Complete, _) => format!("`evident goal history {id}` stays"),
        (State::Active, Some(owner)) => format!("process {} goes on with it", owner.process.id),
        (State::Active, None) => run,
        (_, Some(owner)) if goal.turn.is_some() => {
            format!("process {} lets go of it when the turn has ended", owner.process.id)
        }
        (State::Paused, _) => format!("`evident goal resume {id}` lifts that"),
        (state, _) => format!("it is {state} still: `evident goal resume {id}` lifts that"),
    }
}
