//! `evident watch`: follow a goal that another process drives. It changes nothing.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use evident_core::goal::Goal;
use evident_core::goal::report;
use evident_core::goal::state::State;
use evident_engine::goals::Notice;
use evident_engine::store::GoalId;
use evident_engine::{Engine, Error};
use tokio::time::sleep;

use super::collecting::interruptible;
use super::goal::{GoalArgument, owner};
use super::run::{RunFormat, View};
use crate::exit::Exit;
use crate::{format, ui};

/// Between two looks at the log: what a person who watches does not notice.
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// Follow a goal that another process drives, until it stops
#[derive(Debug, Args)]
pub(crate) struct Watch {
    #[command(flatten)]
    goal: GoalArgument,
    /// Begin behind the event of this number [default: with what comes from now on]
    #[arg(long, value_name = "NUMBER")]
    after: Option<u64>,
    /// How to show what happens, and, for a program, the report
    #[arg(long, value_enum, default_value_t = RunFormat::Human)]
    format: RunFormat,
}

pub(crate) fn run(arguments: &Watch) -> anyhow::Result<Exit> {
    let engine = super::engine()?;
    let id = arguments.goal.find(&engine)?;
    let view = Arc::new(View::new(arguments.format));
    let watched = interruptible(watch(&engine, id, arguments, &view));
    view.finish();
    let Some(goal) = watched? else {
        ui::chatter("stopped watching; the goal goes on\n");
        return Ok(Exit::Interrupted);
    };
    ui::result(&match arguments.format {
        RunFormat::Human => format!("{}: {}\n", goal.state, goal.detail),
        RunFormat::Json => format::report::document(&report::report(&goal)),
        RunFormat::Jsonl => format::report::line(&report::report(&goal)),
    })?;
    Ok(if goal.state == State::Complete { Exit::Met } else { Exit::Short })
}

async fn watch(engine: &Engine, id: GoalId, arguments: &Watch, view: &Arc<View>) -> Result<Goal, Error> {
    let mut goal = at(engine, id, arguments.after)?;
    let observer = view.observer();
    view.begin(&goal, "is watched");
    let mut told_idle = false;
    loop {
        let events = engine.history(id, goal.seq)?;
        for event in &events {
            goal.fold(event)?;
            observer(&goal, Notice::Recorded(event));
        }
        if events.is_empty() {
            let driven = owner(engine, id)?.is_some();
            if !driven && goal.state != State::Active {
                return Ok(goal);
            }
            if !driven && !told_idle {
                view.note("nobody drives it now; where `evident run` goes on with it, that is followed");
            }
            told_idle = !driven;
        }
        sleep(LOOK_EVERY).await;
    }
}

/// The goal as it was behind that event; as it is now without one.
fn at(engine: &Engine, id: GoalId, after: Option<u64>) -> Result<Goal, Error> {
    let Some(after) = after else { return engine.goal(id) };
    let history = engine.history(id, 0)?;
    // The first event makes the goal: there is nothing to watch before it.
    let before = history.iter().take_while(|event| event.seq <= after.max(1));
    let goal = evident_core::goal::replay(before)?;
    goal.ok_or(Error::Store(evident_engine::store::Error::NoGoal(id)))
}
