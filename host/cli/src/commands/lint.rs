//! `evident lint`: say what is wrong with a contract; with `--try`, also what its sources give.

use std::fmt::Write;

use clap::{Args, ValueEnum};
use evident_core::evidence::Evidence;
use evident_engine::process::Orphans;
use evident_engine::{Engine, Opened};

use super::ContractArguments;
use super::collecting::interruptible;
use crate::exit::{Exit, UsageError};
use crate::format::counted;
use crate::progress::Progress;
use crate::ui::{style, styled};
use crate::{diagnostics, format, ui};

/// Say what is wrong with a contract, without running anything of it
#[derive(Debug, Args)]
pub(crate) struct Lint {
    #[command(flatten)]
    contract: ContractArguments,
    /// Collect every source once and say what gives no evidence, and why; judges nothing
    #[arg(long = "try")]
    attempt: bool,
    /// How to show the result
    #[arg(long, value_enum, default_value_t = LintFormat::Human)]
    format: LintFormat,
}

/// How lint shows problems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LintFormat {
    /// For a person at a terminal
    Human,
    /// For a program: one document with a version
    Json,
}

pub(crate) fn run(arguments: &Lint, orphans: &Orphans) -> anyhow::Result<Exit> {
    if arguments.attempt && arguments.format == LintFormat::Json {
        return Err(UsageError::new("`--try` is shown for a person only: leave `--format json` out").into());
    }
    let engine = super::acting_engine(orphans)?;
    let progress = Progress::new();
    let opened = super::open(&engine, &arguments.contract, &progress)?;
    drop(progress);
    match arguments.format {
        LintFormat::Human => {
            diagnostics::print(&opened);
            if opened.problems.is_empty() {
                let contract = &opened.contract;
                let text = format!(
                    "{}: no problems; {}, {}\n",
                    opened.file.path.display(),
                    counted(contract.sources.len() as u64, "source"),
                    counted(contract.clauses.len() as u64, "clause")
                );
                ui::result(&text)?;
            }
        }
        LintFormat::Json => {
            ui::result(&format::pretty(&diagnostics::report(&opened)))?;
        }
    }
    if !opened.is_sound() {
        return Ok(Exit::Usage);
    }
    if arguments.attempt { attempt(&engine, &opened) } else { Ok(Exit::Met) }
}

fn attempt(engine: &Engine, opened: &Opened) -> anyhow::Result<Exit> {
    let progress = Progress::new();
    let evidence = interruptible(engine.attempt(opened, &progress.listener()))?;
    drop(progress);
    let Some(evidence) = evidence else {
        ui::chatter("interrupted: the commands that ran were ended\n");
        return Ok(Exit::Interrupted);
    };
    ui::result(&shown(&evidence))?;
    let all = evidence.iter().all(|evidence| evidence.shortfall.is_none());
    Ok(if all { Exit::Met } else { Exit::Undecided })
}

/// A line for each source: what it gives, or why it gives nothing.
fn shown(evidence: &[Evidence]) -> String {
    let width = evidence.iter().map(|evidence| evidence.origin.source.len()).max().unwrap_or(0);
    let mut text = String::new();
    for evidence in evidence {
        let symbol = match &evidence.shortfall {
            None => styled(style::PASS, "ok"),
            Some(_) => styled(style::INCONCLUSIVE, "no"),
        };
        let source = &evidence.origin.source;
        let line = format::provenance(evidence);
        writeln!(text, "  {symbol}  {source:<width$}  {line}").expect("a string");
        if evidence.shortfall.is_none() && !evidence.origin.exit_accepted && evidence.origin.exit.is_some() {
            writeln!(text, "      {:width$}  this exit code supports no pass", "").expect("a string");
        }
    }
    text
}
