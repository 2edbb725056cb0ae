//! `evident accept-change`: the owner says that a change is not a violation.

use clap::Args;
use evident_engine::patterns::Pattern;

use super::ContractArguments;
use crate::exit::{Exit, UsageError};
use crate::format::counted;
use crate::progress::Progress;
use crate::{diagnostics, ui};

/// Paths that are listed; the rest is counted.
const SHOWN: usize = 20;

/// Move the start tree: what these paths are now is no longer a change
#[derive(Debug, Args)]
pub(crate) struct Accept {
    /// Paths or patterns, as in CODEOWNERS, relative to the contract's folder
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<String>,
    /// The contract
    #[arg(long, default_value = "goal.toml", value_name = "CONTRACT")]
    contract: std::path::PathBuf,
    #[command(flatten)]
    workspace: super::WorkspaceArguments,
}

pub(crate) fn run(arguments: &Accept) -> anyhow::Result<Exit> {
    evident_engine::goals::refuse_descendants()?;
    let patterns = arguments.paths.iter().map(|path| {
        Pattern::parse(path).map_err(|error| UsageError::new(format!("`{path}` is not a pattern: {error}")))
    });
    let patterns: Vec<Pattern> = patterns.collect::<Result<_, _>>()?;
    let engine = super::engine()?;
    let progress = Progress::new();
    let contract =
        ContractArguments { contract: arguments.contract.clone(), workspace: arguments.workspace.clone() };
    let opened = super::open(&engine, &contract, &progress)?;
    drop(progress);
    if !opened.is_sound() {
        diagnostics::print(&opened);
        return Ok(Exit::Usage);
    }
    let moved = engine.accept_change(&opened, &patterns)?;
    if moved.is_empty() {
        ui::chatter("nothing that matches differs from the start tree\n");
        return Ok(Exit::Met);
    }
    let mut text: String =
        moved.iter().take(SHOWN).map(|path| format!("  {}\n", evident_core::text::name(path))).collect();
    if moved.len() > SHOWN {
        text += &format!("  and {} more\n", moved.len() - SHOWN);
    }
    let paths = counted(moved.len() as u64, "path");
    ui::result(&format!("accepted, {paths} of the start tree moved:\n{text}"))?;
    Ok(Exit::Met)
}
