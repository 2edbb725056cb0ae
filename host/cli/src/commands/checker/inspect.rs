//! `evident checker inspect`: what a checker imports, takes and is told, before it judges anything.

use std::borrow::Cow;
use std::path::Path;

use clap::{Args, ValueEnum};
use evident_core::contract::values::show_size;
use evident_core::contract::{LimitEntries, Wasi};
use evident_core::descriptor::{ReadRequirement, Slot};
use evident_core::problem::listed;
use evident_engine::registry::{self, Resolved};
use evident_engine::{COMPONENT_BYTES_MAX, LoadedChecker};
use serde_json::{Value, json};

use crate::exit::{Exit, UsageError};
use crate::{commands, ui};

/// Show what a checker imports, takes and is told
#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// Name of a built-in checker, or path of a component
    checker: String,
    /// What the component may import beside its world
    #[arg(long, value_enum, default_value_t = Profile::None)]
    wasi: Profile,
    /// How to show the result
    #[arg(long, value_enum, default_value_t = InspectFormat::Human)]
    format: InspectFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Profile {
    /// Nothing
    None,
    /// A WASI 0.2 without any effect
    Inert,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum InspectFormat {
    /// For a person at a terminal
    Human,
    /// For a program: one document with a version
    Json,
}

pub(crate) fn run(arguments: &Inspect) -> anyhow::Result<Exit> {
    let resolved = resolve(arguments)?;
    let size = resolved.bytes.len() as u64;
    let loaded = commands::engine()?.load(resolved).map_err(|fault| {
        UsageError::new(format!("`{}` is refused ({}): {}", arguments.checker, fault.class, fault.message))
    })?;
    ui::result(&match arguments.format {
        InspectFormat::Human => human(&loaded, size),
        InspectFormat::Json => format!("{}\n", serde_json::to_string_pretty(&document(&loaded, size))?),
    })?;
    Ok(Exit::Met)
}

fn resolve(arguments: &Inspect) -> anyhow::Result<Resolved> {
    if let Some(builtin) = registry::builtin(&arguments.checker) {
        return Ok(builtin);
    }
    let path = Path::new(&arguments.checker);
    let bytes = registry::read(path, COMPONENT_BYTES_MAX).map_err(|error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        UsageError::new(format!("{error}{cause}"))
            .hint(format!("name a file, or one of {}", listed(registry::builtin_names())))
    })?;
    Ok(Resolved {
        digest: registry::digest(&bytes),
        from: registry::From::Path(path.to_owned()),
        bytes: Cow::Owned(bytes),
        wasi: match arguments.wasi {
            Profile::None => Wasi::None,
            Profile::Inert => Wasi::Inert,
        },
        limits: LimitEntries::default(),
        pinned: false,
    })
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
        "descriptor": loaded.descriptor,
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
