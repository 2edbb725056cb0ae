//! `evident lint`: say what is wrong with a contract, without running anything of it.

use clap::{Args, ValueEnum};

use super::ContractArguments;
use crate::exit::Exit;
use crate::progress::Progress;
use crate::{diagnostics, ui};

/// Say what is wrong with a contract, without running anything of it
#[derive(Debug, Args)]
pub(crate) struct Lint {
    #[command(flatten)]
    contract: ContractArguments,
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

pub(crate) fn run(arguments: &Lint) -> anyhow::Result<Exit> {
    let engine = super::engine()?;
    let progress = Progress::new();
    let opened = super::open(&engine, &arguments.contract, &progress)?;
    drop(progress);
    match arguments.format {
        LintFormat::Human => {
            diagnostics::print(&opened);
            if opened.problems.is_empty() {
                let contract = &opened.contract;
                let text = format!(
                    "{}: no problems; {} source(s), {} clause(s)\n",
                    opened.file.path.display(),
                    contract.sources.len(),
                    contract.clauses.len()
                );
                ui::result(&text)?;
            }
        }
        LintFormat::Json => {
            let json = serde_json::to_string_pretty(&diagnostics::report(&opened))?;
            ui::result(&format!("{json}\n"))?;
        }
    }
    Ok(if opened.is_sound() { Exit::Met } else { Exit::Usage })
}
