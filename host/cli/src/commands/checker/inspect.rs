//! `evident checker inspect`: what a checker imports, takes and is told, before it judges anything.

use clap::{Args, ValueEnum};
use evident_core::contract::values::show_size;
use evident_core::descriptor::{ReadRequirement, Slot};
use evident_engine::LoadedChecker;
use serde_json::{Value, json};

use super::Which;
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
}

pub(crate) fn run(arguments: &Inspect) -> anyhow::Result<Exit> {
    let resolved = arguments.which.resolve()?;
    let size = resolved.bytes.len() as u64;
    let loaded = arguments.which.load(&commands::engine()?)?;
    ui::result(&match arguments.format {
        InspectFormat::Human => human(&loaded, size),
        InspectFormat::Json => crate::format::pretty(&document(&loaded, size)),
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
    text + &config(&descriptor.config_schema)
}

fn takes(slot: &Slot) -> String {
    let words = [
        if slot.required { "required" } else { "optional" },
        if slot.many { "takes many" } else { "takes one" },
        if slot.trusted { "trusted evidence only" } else { "" },
        if slot.read == ReadRequirement::All { "a pass has read it whole" } else { "a pass may read a part" },
    ];
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(", ")
}

fn config(schema: &Value) -> String {
    let properties = schema["properties"].as_object();
    let lines = properties.into_iter().flatten().map(|(key, value)| {
        let kind = match (&value["enum"], &value["type"]) {
            (Value::Array(words), _) => {
                words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" | ")
            }
            (_, Value::String(kind)) => kind.clone(),
            (_, Value::Array(kinds)) => {
                kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" | ")
            }
            _ => "any".into(),
        };
        let default = match &value["default"] {
            Value::Null => String::new(),
            default => format!(", default {default}"),
        };
        let title = value["description"].as_str().unwrap_or_default();
        format!("  {key:<14} {title}\n                 {kind}{default}\n")
    });
    let text: String = lines.collect();
    if text.is_empty() { "  takes none\n".into() } else { text }
}
