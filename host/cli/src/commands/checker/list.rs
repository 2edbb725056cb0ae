//! `evident checker list`: the checkers that are part of this binary.

use clap::Args;
use evident_engine::registry;

use crate::exit::Exit;
use crate::{commands, ui};

/// List the checkers that are part of this binary
#[derive(Debug, Args)]
pub(crate) struct List {}

pub(crate) fn run(_: &List) -> anyhow::Result<Exit> {
    let engine = commands::engine()?;
    let mut text = String::new();
    for name in registry::builtin_names() {
        let resolved = registry::builtin(name).expect("the registry lists what it has");
        let loaded = engine.load(resolved).map_err(|fault| {
            anyhow::anyhow!("the built-in checker `{name}` is refused: {}", fault.message)
        })?;
        let descriptor = &loaded.descriptor;
        let name = ui::styled(ui::style::STRONG, &format!("{name:<14}"));
        text += &format!("{name} {:<8} {}\n", descriptor.version, descriptor.title);
    }
    ui::result(&text)?;
    Ok(Exit::Met)
}
