//! `evident check`: collect the evidence of a contract and judge it.

use anyhow::Context;
use clap::Args;
use evident_core::assessment::Assessment;
use evident_engine::{Engine, Listener, Opened};
use tokio::runtime::Runtime;
use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};

use super::ContractArguments;
use crate::exit::Exit;
use crate::format::Format;
use crate::progress::Progress;
use crate::{diagnostics, format, ui};

/// Collect the evidence of a contract and judge it
#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    contract: ContractArguments,
    /// How to show the result
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

pub(crate) fn run(arguments: &Check) -> anyhow::Result<Exit> {
    let engine = super::engine()?;
    let progress = Progress::new();
    let opened = super::open(&engine, &arguments.contract, &progress)?;
    if !opened.problems.is_empty() {
        drop(progress);
        diagnostics::print(&opened);
        if !opened.is_sound() {
            return Ok(Exit::Usage);
        }
        return assess(arguments, &engine, &opened, Progress::new());
    }
    assess(arguments, &engine, &opened, progress)
}

fn assess(arguments: &Check, engine: &Engine, opened: &Opened, progress: Progress) -> anyhow::Result<Exit> {
    let assessment = interruptible(engine, opened, &progress.listener())?;
    drop(progress);
    let Some(assessment) = assessment else {
        ui::chatter("interrupted: the commands that ran were ended, nothing was judged\n");
        return Ok(Exit::Interrupted);
    };
    engine.keep(&opened.file, &assessment)?;
    ui::result(&format::assessment(&assessment, opened, arguments.format))?;
    Ok(assessment.roll_up.into())
}

/// Ctrl-C, a closed terminal, or a polite request to end, as a build server sends it.
async fn interruption() -> std::io::Result<()> {
    let (mut hangup, mut terminate) = (signal(SignalKind::hangup())?, signal(SignalKind::terminate())?);
    tokio::select! {
        interrupted = ctrl_c() => interrupted,
        _ = hangup.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
    }
}

/// Nothing when an interruption came first: dropping the assessment ends the commands that run.
fn interruptible(
    engine: &Engine,
    opened: &Opened,
    listener: &Listener,
) -> anyhow::Result<Option<Assessment>> {
    let runtime = Runtime::new()?;
    let assessment = runtime.block_on(async {
        tokio::select! {
            assessment = engine.assess(opened, listener) => Ok(Some(assessment?)),
            // A signal that cannot be waited for is a failure, not an interruption.
            interrupted = interruption() => interrupted.map(|()| None).context("failed to wait for signals"),
        }
    });
    // A check that still runs holds nothing but memory: it is not waited for.
    runtime.shutdown_background();
    assessment
}
