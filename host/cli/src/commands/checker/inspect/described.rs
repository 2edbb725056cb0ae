//! What a checker says of itself, as lines and cells: its config schema is read once, for every form of output.
//!
//! The schema is the checker's own text. What is not there, or is not what JSON Schema allows there, reads as empty.

use evident_core::descriptor::{ReadRequirement, Slot};
use evident_core::text;
use serde_json::Value;

/// A bound of a number that stands for "any": it tells a person nothing.
const UNTOLD_BOUND: f64 = 1e9;

/// A key of the config.
pub(super) struct Key {
    pub(super) name: String,
    /// What it sets.
    pub(super) title: String,
    /// Its type, or the words that it takes.
    pub(super) kind: String,
    /// Empty if it has none.
    pub(super) unit: String,
    /// What holds where it is absent.
    pub(super) default: String,
}

/// Every key, in the order of the schema.
pub(super) fn keys(schema: &Value) -> Vec<Key> {
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties.map(|(name, value)| key(name, value, required.contains(&name.as_str()))).collect()
}

fn key(name: &str, value: &Value, is_required: bool) -> Key {
    let default = match (&value["x-default"], &value["default"]) {
        (Value::String(meaning), _) => text::line(meaning),
        (_, Value::Null) if is_required => "required".to_owned(),
        (_, Value::Null) if value["type"] == "array" => "empty".to_owned(),
        (_, Value::Null) => String::new(),
        (_, Value::String(word)) => text::line(word),
        (_, other) => text::line(&other.to_string()),
    };
    let told = |keyword: &str| text::line(value[keyword].as_str().unwrap_or_default());
    Key {
        name: text::name(name),
        title: told("description"),
        kind: kind(value),
        unit: told("x-unit"),
        default,
    }
}

fn kind(value: &Value) -> String {
    let words = |words: &[Value]| {
        words.iter().filter_map(Value::as_str).map(text::line).collect::<Vec<_>>().join(" | ")
    };
    match (&value["enum"], &value["type"]) {
        (Value::Array(options), _) => words(options),
        (_, Value::Array(kinds)) => words(kinds),
        (_, Value::String(kind)) if kind == "array" => {
            let items = value["items"]["type"].as_str().map(text::line);
            items.map_or("list".to_owned(), |items| format!("list of {items}s"))
        }
        (_, Value::String(kind)) => text::line(kind) + &bounds(value),
        _ => "any".to_owned(),
    }
}

fn bounds(value: &Value) -> String {
    let bound = |keyword: &str| {
        let bound = value[keyword].as_f64().filter(|bound| bound.abs() < UNTOLD_BOUND);
        bound.map(|_| value[keyword].to_string().trim_end_matches(".0").to_owned())
    };
    match (bound("minimum"), bound("maximum")) {
        (Some(least), Some(most)) => format!(", {least} to {most}"),
        (Some(least), None) => format!(", at least {least}"),
        (None, Some(most)) => format!(", at most {most}"),
        (None, None) => String::new(),
    }
}

/// One worked criterion, in TOML; empty if the checker states none.
pub(super) fn example(schema: &Value) -> String {
    text::message(schema["x-example"].as_str().unwrap_or_default())
}

/// Reasons to be inconclusive, each with what leads to it.
pub(super) fn inconclusive(schema: &Value) -> Vec<(String, String)> {
    let told = |value: &Value| text::line(value.as_str().unwrap_or_default());
    let reasons = schema["x-inconclusive"].as_array().into_iter().flatten();
    reasons.map(|entry| (told(&entry["reason"]), told(&entry["when"]))).collect()
}

/// What a slot takes, in words.
pub(super) fn takes(slot: &Slot) -> String {
    let words = [
        if slot.required { "required" } else { "optional" },
        if slot.many { "takes many" } else { "takes one" },
        if slot.trusted { "trusted evidence only" } else { "" },
        if slot.read == ReadRequirement::All { "a pass has read it whole" } else { "a pass may read a part" },
    ];
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(", ")
}
