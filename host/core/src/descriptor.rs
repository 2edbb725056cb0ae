//! What a checker says of itself, in the host's words.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much of a slot's artifacts a pass must have read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReadRequirement {
    /// Every byte of every artifact.
    All,
    /// Any part.
    Some,
}

/// A named input of a checker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Slot {
    /// Unique in the descriptor.
    pub name: String,
    /// One line for a person.
    pub title: String,
    /// A contract that leaves it unbound is refused.
    pub required: bool,
    /// Takes any number of artifacts above zero; otherwise exactly one.
    pub many: bool,
    /// Takes only evidence that the worker cannot have written.
    pub trusted: bool,
    /// How much a pass must have read.
    pub read: ReadRequirement,
    /// What it can be; for a person, never enforced.
    pub media_types: Vec<String>,
}

/// A checker's description of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Descriptor {
    /// Lower-case letters, digits and hyphens.
    pub id: String,
    /// Semantic version.
    pub version: String,
    /// One line for a person.
    pub title: String,
    /// JSON Schema of the config.
    pub config_schema: serde_json::Value,
    /// In the checker's order.
    pub slots: Vec<Slot>,
}

impl Descriptor {
    /// The slot of that name.
    #[must_use]
    pub fn slot(&self, name: &str) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.name == name)
    }

    /// The slot that a lone text binds: the one that is required, or the only one.
    #[must_use]
    pub fn lone_slot(&self) -> Option<&Slot> {
        let mut required = self.slots.iter().filter(|slot| slot.required);
        match (required.next(), required.next()) {
            (Some(slot), None) => Some(slot),
            (None, _) if self.slots.len() == 1 => self.slots.first(),
            _ => None,
        }
    }
}

/// A problem of a config as the checker named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblem {
    /// JSON Pointer into the config.
    pub pointer: String,
    /// Bytes of the string value.
    pub range: Option<std::ops::Range<usize>>,
    /// Lower-case fragment.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}
