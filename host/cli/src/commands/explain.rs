//! `evident explain`: what was collected, what was examined, and what decided a clause.

use std::path::PathBuf;

use clap::Args;
use evident_core::problem::{did_you_mean, listed};

use super::{ContractArguments, saved};
use crate::exit::{Exit, UsageError};
use crate::format::{self, ReportFormat};
use crate::ui;

/// Show what was collected, what was examined, and what decided a clause of the last check
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// Name of a criterion or constraint
    clause: String,
    #[command(flatten)]
    contract: ContractArguments,
    /// How to show the result
    #[arg(long, value_enum, default_value_t = ReportFormat::Human)]
    format: ReportFormat,
    /// Write the attachments of the outcome, such as pictures of a difference, into this folder
    #[arg(long, value_name = "FOLDER")]
    save: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Explain) -> anyhow::Result<Exit> {
    let engine = super::engine()?;
    let contract = arguments.contract.read()?;
    let Some(last) = engine.last(&contract)? else {
        let missing = UsageError::new("this contract was not checked yet");
        return Err(missing.hint(format!("run `evident check {}` first", contract.path.display())).into());
    };
    let Some(judged) = last.assessment.clauses.iter().find(|judged| judged.name == arguments.clause) else {
        let names = || last.assessment.clauses.iter().map(|judged| judged.name.as_str());
        let hint = did_you_mean(&arguments.clause, names())
            .unwrap_or_else(|| format!("clauses of the last check: {}", listed(names())));
        return Err(UsageError::new(format!("no clause `{}`", arguments.clause)).hint(hint).into());
    };
    if last.contract_changed {
        ui::chatter("note: the contract has changed since this check\n");
    }
    let attachments = &judged.outcome.attachments;
    let saved = match &arguments.save {
        Some(folder) => saved::save(attachments, engine.blobs(), folder)?,
        None => Vec::new(),
    };
    if arguments.save.is_some() && attachments.is_empty() {
        ui::chatter("note: the outcome has no attachments\n");
    }
    let shown = format::explanation(&last.assessment, judged, engine.blobs(), &saved, arguments.format);
    ui::result(&shown)?;
    Ok(Exit::Met)
}
