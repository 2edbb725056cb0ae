//! `evident goal edit`: put the contract as its file is now in force.

use std::path::Path;

use clap::Args;
use evident_core::contract::lint;
use evident_engine::ContractFile;

use super::super::tell::{Telling, ToldArguments, show};
use super::GoalArgument;
use crate::diagnostics;
use crate::exit::Exit;
use crate::progress::Progress;

/// Put the contract as its file is now in force: edit the file first
#[derive(Debug, Args)]
pub(crate) struct Edit {
    #[command(flatten)]
    goal: GoalArgument,
    #[command(flatten)]
    told: ToldArguments,
}

pub(super) fn run(arguments: &Edit) -> anyhow::Result<Exit> {
    evident_engine::goals::refuse_descendants()?;
    let engine = super::super::engine()?;
    let id = arguments.goal.find(&engine)?;
    let goal = engine.goal(id)?;
    let file = ContractFile::read(Path::new(&goal.contract_path), Some(Path::new(&goal.workspace)))?;
    let progress = Progress::new();
    let mut opened = engine.open(file, &progress.listener())?;
    drop(progress);
    let for_run = lint::for_run(&opened.contract);
    opened.problems.extend(for_run);
    diagnostics::print(&opened);
    if !opened.is_sound() {
        diagnostics::refused(&opened, arguments.told.format)?;
        return Ok(Exit::Usage);
    }
    let told = engine.revise(id, &opened)?;
    let done = format!("revision {} of the contract is in force", engine.goal(id)?.revision);
    show(&engine, id, &told, &Telling { word: "edit", done: &done }, &arguments.told)
}
