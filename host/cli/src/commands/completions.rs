//! `evident completions`: completion scripts for shells.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Arguments;
use crate::exit::Exit;
use crate::ui;

/// Print the completion script of a shell
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// Which shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(crate) fn run(arguments: &Completions) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "evident", &mut script);
    ui::result(&String::from_utf8(script)?)?;
    Ok(Exit::Met)
}
