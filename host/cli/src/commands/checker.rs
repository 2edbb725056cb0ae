//! `evident checker`: look at checkers and build them.

mod build;
mod inspect;
mod list;

use clap::Subcommand;

use crate::exit::Exit;

/// Look at checkers and build them
#[derive(Debug, Subcommand)]
pub(crate) enum Checker {
    List(list::List),
    Inspect(inspect::Inspect),
    Build(build::Build),
}

pub(crate) fn run(command: &Checker) -> anyhow::Result<Exit> {
    match command {
        Checker::List(command) => list::run(command),
        Checker::Inspect(command) => inspect::run(command),
        Checker::Build(command) => build::run(command),
    }
}
