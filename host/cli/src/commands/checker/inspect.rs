//! `evident checker inspect`: what a checker imports and takes, which config it reads, and what makes it undecided.

mod described;
mod page;

use clap::{Args, ValueEnum};
use evident_core::contract::values::show_size;
use evident_engine::LoadedChecker;
use serde_json::{Value, json};

use super::Which;
use described::{Key, example, inconclusive, keys, takes};

use crate::exit::Exit;
use crate::{commands, ui};

/// Show what a checker imports, takes and is told
#[derive(Debug, Args)]
pub(crate) struct Inspect {
    #[command(flatten)]
    which: Which,
    /// How to show the result
    #[arg(long, value_enum, default_value_t = InspectFormat::Human)]
    format: InspectFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum InspectFormat {
    /// For a person at a terminal
    Human,
    /// For a program: one document with a version
    Json,
    /// A page about the checker
    Markdown,
}

pub(crate) fn run(arguments: &Inspect) -> anyhow::Result<Exit> {
    let resolved = arguments.which.resolve()?;
    let size = resolved.bytes.len() as u64;
    let loaded = arguments.which.load(&commands::engine()?)?;
    ui::result(&match arguments.format {
        InspectFormat::Human => human(&loaded, size),
        InspectFormat::Json => crate::format::pretty(&document(&loaded, size)),
        InspectFormat::Markdown => page::page(&loaded.descriptor),
    })?;
    Ok(Exit::Met)
}

fn document(loaded: &LoadedChecker, size: u64) -> Value {
    let interfaces = loaded.checker.interfaces();
    json!({
        "version": 1,
        "from": loaded.from,
        "digest": loaded.digest,
        "size": size,
        "wasi": loaded.wasi.to_string(),
        "imports": interfaces.imports,
        "exports": interfaces.exports,
        "descriptor": *loaded.descriptor,
    })
}

fn human(loaded: &LoadedChecker, size: u64) -> String {
    let descriptor = &loaded.descriptor;
    let schema = &descriptor.config_schema;
    let strong = |text: &str| ui::styled(ui::style::STRONG, text);
    let mut text = format!("{} {}  {}\n", strong(&descriptor.id), descriptor.version, descriptor.title);
    text += &format!("  from     {} ({})\n", loaded.from, show_size(size));
    text += &format!("  digest   {}\n", loaded.digest);
    text += &format!("  imports  {}\n", loaded.checker.interfaces().imports.join("\n           "));
    text += &format!("\n{}\n", strong("slots"));
    for slot in &descriptor.slots {
        text += &format!("  {:<12} {}\n               {}\n", slot.name, slot.title, takes(slot));
    }
    text += &format!("\n{}\n", strong("config"));
    text += &config(&keys(schema));
    let reasons = inconclusive(schema);
    if !reasons.is_empty() {
        text += &format!("\n{}\n", strong("inconclusive"));
        text += &reasons.iter().map(|(reason, when)| format!("  {reason:<17} {when}\n")).collect::<String>();
    }
    let example = example(schema);
    if !example.is_empty() {
        text += &format!("\n{}\n", strong("a worked criterion"));
        text +=
            &example.lines().map(|line| format!("  {line}").trim_end().to_owned() + "\n").collect::<String>();
    }
    text
}

fn config(keys: &[Key]) -> String {
    let line = |Key { name, title, kind, unit, default }: &Key| {
        let unit = if unit.is_empty() { String::new() } else { format!(", in {unit}") };
        let default = if default.is_empty() { String::new() } else { format!("; if absent: {default}") };
        format!("  {name:<14} {title}\n                 {kind}{unit}{default}\n")
    };
    if keys.is_empty() { "  takes none\n".into() } else { keys.iter().map(line).collect() }
}
