//! `evident schema`: the JSON Schemas of what evident reads and writes.

use clap::{Args, ValueEnum};
use evident_core::contract;
use evident_core::goal::event::Recorded;
use evident_core::goal::report::Report;

use crate::diagnostics::LintReport;
use crate::exit::Exit;
use crate::format::{self, Checked};
use crate::ui;

/// Print the JSON Schema of what evident reads or writes
#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// Of which document
    #[arg(value_enum, default_value_t = Document::Contract)]
    document: Document,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Document {
    /// `goal.toml`: what `check` reads
    Contract,
    /// What `check --format json` writes
    Assessment,
    /// What `lint --format json` writes
    Lint,
    /// What `goal report --format json` writes
    Report,
    /// A line of `goal history --format jsonl`
    Event,
}

pub(crate) fn run(arguments: &Schema) -> anyhow::Result<Exit> {
    let schema = match arguments.document {
        Document::Contract => contract::schema::schema(),
        Document::Assessment => schemars::schema_for!(Checked<'static>).to_value(),
        Document::Lint => schemars::schema_for!(LintReport).to_value(),
        Document::Report => schemars::schema_for!(Report).to_value(),
        Document::Event => schemars::schema_for!(Recorded).to_value(),
    };
    ui::result(&format::pretty(&schema))?;
    Ok(Exit::Met)
}
