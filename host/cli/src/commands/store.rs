//! `evident store`: look after the store of goals.

mod verify;

use clap::Subcommand;

use crate::exit::Exit;

/// Look after the store of goals
#[derive(Debug, Subcommand)]
pub(crate) enum Store {
    Verify(verify::Verify),
}

pub(crate) fn run(command: &Store) -> anyhow::Result<Exit> {
    match command {
        Store::Verify(command) => verify::run(command),
    }
}
