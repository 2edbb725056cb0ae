//! The JSON Schema of `goal.toml`, made from the key table, so that editors complete contracts.

use serde_json::{Map, Value, json};

use super::keys::{self, Key, Kind, Presence};
use super::values::DOLLARS_MAX;

/// JSON Schema (2020-12) of a contract. Keys that nothing enforces yet are not in it.
#[must_use]
pub fn schema() -> Value {
    let mut schema = table(keys::ROOT);
    let object = schema.as_object_mut().expect("a table is an object");
    object.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
    object.insert("title".into(), json!("evident contract (goal.toml), version 1"));
    schema
}

fn table(keys: &[Key]) -> Value {
    let enforced = || keys.iter().filter(|key| key.presence != Presence::NotYet);
    let required: Vec<&str> =
        enforced().filter(|key| key.presence == Presence::Required).map(|key| key.name).collect();
    let properties: Map<String, Value> =
        enforced().map(|key| (key.name.to_owned(), described(key))).collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

fn described(key: &Key) -> Value {
    let mut schema = kind(key.kind);
    let object = schema.as_object_mut().expect("every kind is an object");
    object.insert("description".into(), json!(key.doc));
    schema
}

fn kind(kind: Kind) -> Value {
    let text = || json!({ "type": "string", "minLength": 1 });
    match kind {
        Kind::Version => json!({ "const": 1 }),
        Kind::Text => text(),
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::Texts { least } => json!({ "type": "array", "items": { "type": "string" }, "minItems": least }),
        Kind::ExitCodes => {
            let code = json!({ "type": "integer", "minimum": 0, "maximum": 255 });
            json!({ "type": "array", "items": code, "minItems": 1 })
        }
        Kind::TextMap => json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        Kind::Duration => json!({ "type": "string", "examples": ["90s", "15m", "1h30m"] }),
        Kind::Size => json!({ "type": "string", "examples": ["128 MiB", "1 GiB"] }),
        Kind::Count => json!({ "type": ["string", "integer"], "examples": ["5G", 1000] }),
        Kind::Whole { most } => json!({ "type": "integer", "minimum": 0, "maximum": most }),
        Kind::Money => {
            json!({ "type": "number", "exclusiveMinimum": 0, "maximum": DOLLARS_MAX, "examples": [10.0] })
        }
        Kind::Moment => json!({ "type": "string", "format": "date-time" }),
        Kind::Choice(words) => json!({ "enum": words }),
        Kind::Bindings => {
            let list = json!({ "type": "array", "items": text(), "minItems": 1 });
            let slots = json!({ "type": "object", "additionalProperties": { "oneOf": [text(), list] } });
            json!({ "oneOf": [text(), slots] })
        }
        Kind::Config => json!({ "type": "object" }),
        Kind::Table(keys) => table(keys),
        Kind::Named(keys) => json!({
            "type": "object",
            "propertyNames": { "pattern": "^[A-Za-z0-9_-]{1,64}$" },
            "additionalProperties": table(keys),
        }),
        Kind::Tables(keys) => json!({ "type": "array", "items": table(keys) }),
        Kind::Unread => json!({}),
    }
}
