//! `evident check`: collect the evidence of a contract and judge it.

use clap::Args;
use evident_core::outcome::{FaultClass, Reason, Status};
use evident_engine::process::Orphans;
use evident_engine::{Asked, Engine, Opened};

use super::ContractArguments;
use super::collecting::interruptible;
use crate::exit::Exit;
use crate::format::{Format, GoalFormat};
use crate::progress::Progress;
use crate::{diagnostics, format, ui};

/// Collect the evidence of a contract and judge it
#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    contract: ContractArguments,
    /// Compare with this commit instead of the recorded start tree, for a build server
    #[arg(long, value_name = "REVISION")]
    since: Option<String>,
    /// Ask every checker anew, whatever it answered to the same question before
    #[arg(long)]
    fresh: bool,
    /// How to show the result
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

pub(crate) fn run(arguments: &Check, orphans: &Orphans) -> anyhow::Result<Exit> {
    // A plain check moves nothing; one with another start says what counts as a change.
    if arguments.since.is_some() {
        evident_engine::goals::refuse_descendants()?;
    }
    let engine = super::acting_engine(orphans)?;
    let progress = Progress::new();
    let opened = super::open(&engine, &arguments.contract, &progress)?;
    if !opened.problems.is_empty() {
        drop(progress);
        diagnostics::print(&opened);
        if !opened.is_sound() {
            let is_json = arguments.format == Format::Json;
            diagnostics::refused(&opened, if is_json { GoalFormat::Json } else { GoalFormat::Human })?;
            return Ok(Exit::Usage);
        }
        return assess(arguments, &engine, &opened, Progress::new());
    }
    assess(arguments, &engine, &opened, progress)
}

fn assess(arguments: &Check, engine: &Engine, opened: &Opened, progress: Progress) -> anyhow::Result<Exit> {
    let asked = Asked { since: arguments.since.clone(), anew: arguments.fresh, ..Asked::default() };
    let assessment = interruptible(engine.assess(opened, &asked, &progress.listener()))?;
    drop(progress);
    let Some(assessment) = assessment else {
        ui::chatter("interrupted: the commands that ran were ended, nothing was judged\n");
        return Ok(Exit::Interrupted);
    };
    engine.keep(&opened.file, &assessment)?;
    let shown = format::assessment(&assessment, opened, arguments.format);
    // This form alone is made of commands.
    if arguments.format == Format::Github {
        ui::commands(&shown)?;
    } else {
        ui::result(&shown)?;
    }
    if let Err(error) = engine.sweep() {
        ui::chatter(&format!("note: old evidence could not be removed: {:#}\n", anyhow::Error::from(error)));
    }
    let crashed = Status::Inconclusive(Reason::Fault(FaultClass::WorkerCrash));
    if assessment.clauses.iter().any(|judged| judged.outcome.status == crashed) {
        return Ok(Exit::Host);
    }
    Ok(assessment.roll_up.into())
}
