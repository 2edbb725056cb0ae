//! What a checker says of itself: mirrors `descriptor` and `slot` of the WIT interface `checker`.
//!
//! The interface has no room of its own for an example and for what makes a checker undecided. They travel as
//! annotations of the config schema, `x-example` and `x-inconclusive`, which a validator passes over.

use serde_json::{Value, json};

use crate::{Checker, Config, Reason};

/// Describes a checker to the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Lower-case letters, digits and hyphens.
    pub id: String,
    /// Semantic version.
    pub version: String,
    /// One line for a person.
    pub title: String,
    /// At most 32, in the order of declaration.
    pub slots: Vec<Slot>,
    /// Parts of a contract in TOML that use the checker; empty if none is stated.
    pub example: String,
    /// Reasons to be inconclusive, each with what leads to it.
    pub inconclusive: Vec<(Reason, String)>,
}

impl Description {
    /// A description without slots. `version` is usually `env!("CARGO_PKG_VERSION")`.
    #[must_use]
    pub fn new(id: &str, version: &str, title: &str) -> Self {
        Self {
            id: id.into(),
            version: version.into(),
            title: title.into(),
            slots: Vec::new(),
            example: String::new(),
            inconclusive: Vec::new(),
        }
    }

    /// States one worked criterion: the sources and the clause of a contract, in TOML.
    #[must_use]
    pub fn example(mut self, contract: &str) -> Self {
        self.example = contract.into();
        self
    }

    /// States the reasons to be inconclusive, each with what leads to it.
    #[must_use]
    pub fn inconclusive(mut self, reasons: &[(Reason, &str)]) -> Self {
        self.inconclusive.extend(reasons.iter().map(|(reason, when)| (*reason, (*when).to_owned())));
        self
    }

    /// Adds a slot.
    #[must_use]
    pub fn slot(mut self, slot: Slot) -> Self {
        self.slots.push(slot);
        self
    }
}

/// How much of a slot's artifacts a pass must have read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read {
    /// Every byte, or the host makes a pass `inconclusive(unread)`.
    All,
    /// Any part.
    Some,
}

/// A named input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Lower-case letters, digits and hyphens.
    pub name: String,
    /// One line for a person.
    pub title: String,
    /// A contract that leaves it unbound is refused.
    pub required: bool,
    /// Any number of artifacts above zero; otherwise exactly one.
    pub many: bool,
    /// Only evidence that the worker cannot have written.
    pub trusted: bool,
    /// How much a pass must have read.
    pub read: Read,
    /// What it can be; for a person, never enforced.
    pub media_types: Vec<String>,
}

impl Slot {
    /// A slot that must be bound to exactly one artifact, which a pass must have read whole: the
    /// strictest kind. Loosen it with the other functions.
    #[must_use]
    pub fn new(name: &str, title: &str) -> Self {
        Self {
            name: name.into(),
            title: title.into(),
            required: true,
            many: false,
            trusted: false,
            read: Read::All,
            media_types: Vec::new(),
        }
    }

    /// The contract may leave it unbound.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.required = false;
        self
    }

    /// Takes several artifacts.
    #[must_use]
    pub fn many(mut self) -> Self {
        self.many = true;
        self
    }

    /// Takes only evidence that the worker cannot have written.
    #[must_use]
    pub fn trusted(mut self) -> Self {
        self.trusted = true;
        self
    }

    /// A pass need not have read it whole.
    #[must_use]
    pub fn read_some(mut self) -> Self {
        self.read = Read::Some;
        self
    }

    /// Names what it can be, for example `application/xml`.
    #[must_use]
    pub fn media_type(mut self, media_type: &str) -> Self {
        self.media_types.push(media_type.into());
        self
    }
}

/// The JSON Schema of a checker's config, with the example and the reasons of its description.
pub(crate) fn config_schema<C: Checker>() -> Value {
    let description = C::describe();
    let mut schema = Config::schema(C::configure);
    if !description.example.is_empty() {
        schema["x-example"] = description.example.into();
    }
    if !description.inconclusive.is_empty() {
        let reasons = description.inconclusive.iter();
        schema["x-inconclusive"] =
            reasons.map(|(reason, when)| json!({ "reason": reason.word(), "when": when })).collect();
    }
    schema
}
