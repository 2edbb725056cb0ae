//! `evident run`: keep a contract alive across the turns of an agent until the evidence completes it.

mod agent;
mod keys;
mod view;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, ValueEnum};
use evident_core::contract::lint;
use evident_core::goal::state::State;
use evident_engine::Opened;
use evident_engine::goals::{Driven, Drivers, Manner, Running, Started};
use evident_engine::process::Orphans;
use serde_json::json;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use super::ContractArguments;
use super::collecting::Interruptions;
use crate::exit::Exit;
use crate::format::GoalFormat;
use crate::progress::Progress;
use crate::{diagnostics, format, ui};
use agent::AgentArguments;
pub(crate) use view::View;

/// Keep a contract alive across the turns of an agent, until the evidence completes it
#[derive(Debug, Args)]
pub(crate) struct Run {
    #[command(flatten)]
    contract: ContractArguments,
    #[command(flatten)]
    agent: AgentArguments,
    /// Nobody is there: what needs a person follows `headless` of the contract [default: where stdin is not a terminal]
    #[arg(long)]
    headless: bool,
    /// Stop instead of waiting for a wake, for the provider, or for what passes by itself
    #[arg(long)]
    no_wait: bool,
    /// How to show what happens, and the report
    #[arg(long, value_enum, default_value_t = RunFormat::Human)]
    format: RunFormat,
}

/// For drivers that were dropped, at the end of the host.
const GRACE: Duration = Duration::from_secs(2);

/// How a run is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RunFormat {
    /// For a person at a terminal
    Human,
    /// For a program: the report as one document
    Json,
    /// For a program: every event as a line, then `{"report": ...}`
    Jsonl,
}

impl From<RunFormat> for GoalFormat {
    fn from(format: RunFormat) -> Self {
        match format {
            RunFormat::Human => Self::Human,
            RunFormat::Json => Self::Json,
            RunFormat::Jsonl => Self::Jsonl,
        }
    }
}

pub(crate) fn run(arguments: &Run, orphans: &Orphans) -> anyhow::Result<Exit> {
    evident_engine::goals::refuse_descendants()?;
    let engine = super::acting_engine(orphans)?;
    let progress = Progress::new();
    let mut opened = super::open(&engine, &arguments.contract, &progress)?;
    let for_run = lint::for_run(&opened.contract);
    opened.problems.extend(for_run);
    drop(progress);
    if !opened.problems.is_empty() {
        diagnostics::print(&opened);
        if !opened.is_sound() {
            diagnostics::refused(&opened, arguments.format.into())?;
            return Ok(Exit::Usage);
        }
    }
    let drivers = arguments.agent.drivers(&opened)?;
    let runtime = Runtime::new().context("failed to start the runtime")?;
    let exit = runtime.block_on(drive(arguments, &engine, &opened, &drivers));
    // Drivers that were dropped kill their agents; a check or a walk that still runs holds nothing but memory.
    runtime.shutdown_timeout(GRACE);
    exit
}

async fn drive(
    arguments: &Run,
    engine: &evident_engine::Engine,
    opened: &Opened,
    drivers: &agent::Chosen,
) -> anyhow::Result<Exit> {
    let view = Arc::new(View::new(arguments.format));
    let listener = view.listener();
    // One for the whole run: what comes between two who wait is heard by the second.
    let mut interruptions = Interruptions::hear().context("failed to listen for signals")?;
    let started = tokio::select! {
        started = engine.start_goal(opened, drivers.assurance(), &listener) => started?,
        _ = interruptions.next() => {
            view.finish();
            ui::chatter("interrupted: the commands that ran were ended, no turn began\n");
            return Ok(Exit::Interrupted);
        }
    };
    let running = match started {
        Started::AlreadyMet(assessment) => {
            view.finish();
            ui::chatter("already met: every clause passes before any work, so no goal was created\n");
            ui::result(&match arguments.format {
                RunFormat::Human => format::assessment(&assessment, opened, format::Format::Human),
                RunFormat::Json => format::assessment(&assessment, opened, format::Format::Json),
                RunFormat::Jsonl => {
                    format::line(&json!({ "version": assessment.version, "assessment": assessment }))
                }
            })?;
            return Ok(Exit::Met);
        }
        Started::Running(running) => running,
    };
    note_edited(opened, &running);
    let driven = follow(arguments, *running, drivers, &view, interruptions).await?;
    view.finish();
    let Some(driven) = driven else { return Ok(Exit::Interrupted) };
    let report = evident_core::goal::report::report(&driven.goal);
    ui::result(&match arguments.format {
        RunFormat::Human => format!("\n{}", format::report::human(&report, &[])),
        RunFormat::Json => format::report::document(&report),
        RunFormat::Jsonl => format::report::line(&report),
    })?;
    Ok(exit(&driven))
}

async fn follow(
    arguments: &Run,
    running: Running,
    drivers: &agent::Chosen,
    view: &Arc<View>,
    interruptions: Interruptions,
) -> anyhow::Result<Option<Driven>> {
    view.begin(running.goal(), if running.is_new { "created" } else { "goes on" });
    let attended = !arguments.headless && ui::answers();
    let manner = Manner { attended, patient: !arguments.no_wait };
    let mut listening = None;
    let (end, ended) = oneshot::channel();
    let driving = running.drive(drivers, manner, view.listener(), view.observer(), |orders| {
        listening = Some(keys::listen(interruptions, orders, attended, end));
    });
    let driven = tokio::select! {
        driven = driving => match driven {
            // The owner asked for the end; that it could not be written down is not a failure to report.
            Err(evident_engine::Error::Full(detail)) if listening.as_ref().is_some_and(keys::Listening::is_interrupted) => {
                ui::chatter(&format!("interrupted, and not written down: {detail}; the next run goes on from the log\n"));
                None
            }
            driven => Some(driven?),
        },
        // Dropping what drives it drops the turn, and so ends the agent.
        Ok(()) = ended => None,
    };
    drop(listening);
    Ok(driven)
}

/// The owner may have edited the file since: what is in force stays.
fn note_edited(opened: &Opened, running: &Running) {
    if opened.file.digest != running.contract() {
        ui::chatter(
            "note: the file of the contract differs from the contract in force, which counts; \
             `evident goal edit` puts the file in force\n",
        );
    }
}

/// Complete is 0; everything else that a goal can be left in is short of that.
fn exit(driven: &Driven) -> Exit {
    if driven.goal.state == State::Complete { Exit::Met } else { Exit::Short }
}
