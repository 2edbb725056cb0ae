//! `evident goal report`: what is proven, what is not, what was tried, and what it cost.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use evident_core::outcome::Attachment;

use super::super::saved;
use super::GoalArgument;
use crate::exit::Exit;
use crate::{format, ui};

/// Show what is proven of a goal, what is not, what was tried, what it cost, and what needs a person
#[derive(Debug, Args)]
pub(crate) struct Report {
    #[command(flatten)]
    goal: GoalArgument,
    /// How to show it
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Write what goes with the outcomes, such as pictures of a difference, into this folder
    #[arg(long, value_name = "FOLDER")]
    save: Option<PathBuf>,
}

/// How a report is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a person at a terminal
    Human,
    /// For a program: one document with a version
    Json,
    /// For a program: one object on a line
    Jsonl,
    /// For a page or a pull request
    Markdown,
}

pub(super) fn run(arguments: &Report) -> anyhow::Result<Exit> {
    let engine = super::super::engine()?;
    let report = engine.report(arguments.goal.find(&engine)?)?;
    let attachments: Vec<Attachment> =
        report.attachments().map(|(_, attachment)| attachment.clone()).collect();
    let saved = match &arguments.save {
        Some(folder) => saved::save(&attachments, engine.blobs(), folder)?,
        None => Vec::new(),
    };
    if arguments.save.is_some() && attachments.is_empty() {
        ui::chatter("note: the outcomes have no attachments\n");
    }
    ui::result(&match arguments.format {
        Format::Human => format::report::human(&report, &saved),
        Format::Json => format::report::document(&report),
        Format::Jsonl => format::report::line(&report),
        Format::Markdown => format::report::markdown(&report, &saved),
    })?;
    Ok(Exit::Met)
}
