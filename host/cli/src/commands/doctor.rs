//! `evident doctor`: whether everything that evident needs is there.

use clap::Args;
use evident_engine::Health;

use crate::exit::Exit;
use crate::ui::{self, style, styled};

/// Look at the machine: is everything there that evident needs?
#[derive(Debug, Args)]
pub(crate) struct Doctor {}

pub(crate) fn run(_: &Doctor) -> anyhow::Result<Exit> {
    let findings = super::engine()?.examine();
    let width = findings.iter().map(|finding| finding.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for finding in &findings {
        let (style, symbol) = match finding.health {
            Health::Good => (style::PASS, "ok  "),
            Health::Note => (style::INCONCLUSIVE, "note"),
            Health::Bad => (style::FAIL, "bad "),
        };
        let name = format!("{:<width$}", finding.name);
        text += &format!("  {}  {name}  {}\n", styled(style, symbol), finding.detail);
        if let Some(hint) = &finding.hint {
            text += &format!("        {:width$}  {}\n", "", styled(style::FAINT, hint));
        }
    }
    ui::result(&text)?;
    let is_bad = findings.iter().any(|finding| finding.health == Health::Bad);
    Ok(if is_bad { Exit::Host } else { Exit::Met })
}
