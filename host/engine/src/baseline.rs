//! Makes a baseline: what a checker found in the evidence of one clause, as a file that later evidence is
//! compared with.
//!
//! The sources of the clause are collected on the base where the contract names one, so that the work
//! since then cannot shape what it is measured by. The checker writes the baseline itself, as the
//! attachment `baseline.json`, when its config says `manifest = true`.

use std::collections::BTreeSet;

use evident_core::binding;
use evident_core::contract::{At, Bindings, Clause, Contract, Recipe};
use evident_core::descriptor::Descriptor;
use evident_core::digest::Digest;
use evident_core::outcome::{Severity, Status};
use serde_json::{Value, json};

use crate::collecting::collect;
use crate::judge::Question;
use crate::{Engine, Error, Listener, LoadedChecker, Opened};

/// What the checker calls the file.
const ATTACHMENT: &str = "baseline.json";

/// The key that asks for it.
const KEY: &str = "manifest";

/// Keys that say how evidence is read, not how it is judged.
const READING_KEYS: &[&str] = &["counts", "format"];

/// A baseline, or why there is none.
#[derive(Debug, Clone)]
pub enum Baseline {
    /// The file.
    Made {
        /// Its bytes.
        bytes: Vec<u8>,
        /// Pins it.
        digest: Digest,
        /// What the checker said.
        summary: String,
        /// On which tree the evidence was collected.
        at: At,
        /// True if what it shows would pass: a baseline of a red suite is made all the same.
        is_green: bool,
        /// What a person should know about it, a line each: names that several tests share, for example.
        warnings: Vec<String>,
        /// The slot that takes it, where the checker has one that only trusted evidence may fill.
        slot: Option<String>,
    },
    /// The evidence falls short, or the checker could not read it.
    None {
        /// In one line.
        why: String,
    },
}

impl Engine {
    /// Collects the evidence of one clause and asks its checker for a baseline.
    ///
    /// # Errors
    /// [`Error::NoBaseline`] where the clause has none to give; the host's own failure.
    pub async fn baseline(
        &self,
        opened: &Opened,
        clause: &Clause,
        listener: &Listener,
    ) -> Result<Baseline, Error> {
        let loaded = opened.checkers.get(&clause.checker.value).expect("a sound contract has its checkers");
        if loaded.descriptor.config_schema.pointer(&format!("/properties/{KEY}")).is_none() {
            return Err(Error::NoBaseline { clause: clause.name.value.clone() });
        }
        let contract = asking(&opened.contract, clause, &loaded.descriptor);
        let run = contract.sources.iter().find(|source| source.as_run().is_some());
        let at = run.map_or(At::Work, |source| source.at);
        let asking = Opened { contract, ..opened.clone() };
        let quiet = self.quiet().await;
        let ground = self.shared_ground(&asking, None).await?;
        let evidence = collect(&ground, &asking.contract, &quiet, listener).await?;
        let clause = &asking.contract.clauses[0];
        let bound = match binding::bind(clause, &loaded.descriptor, &evidence) {
            Ok(bound) => bound,
            Err(unbound) => return Ok(Baseline::None { why: unbound.summary }),
        };
        let config = clause.config.json.to_string();
        let name = &clause.name.value;
        let answer =
            self.ask(&Question { name, checker: name, loaded, config, bound: &bound, anew: true }, listener)?;
        let attachments = &answer.outcome.attachments;
        let Some(made) = attachments.iter().find(|attachment| attachment.name == ATTACHMENT) else {
            return Ok(Baseline::None { why: answer.outcome.summary });
        };
        let bytes = self.blobs.bytes(made.digest, made.size)?;
        let slot = loaded.descriptor.slots.iter().find(|slot| slot.trusted);
        let findings = answer.outcome.findings.iter();
        let warnings = findings.filter(|finding| finding.severity == Severity::Warning);
        Ok(Baseline::Made {
            bytes,
            digest: made.digest,
            at,
            warnings: warnings.map(|finding| finding.message.clone()).collect(),
            is_green: answer.outcome.status == Status::Pass,
            summary: answer.outcome.summary,
            slot: slot.map(|slot| slot.name.clone()),
        })
    }
}

/// The contract with this clause alone, asking for a baseline, over the sources that it needs.
fn asking(contract: &Contract, clause: &Clause, descriptor: &Descriptor) -> Contract {
    let mut clause = clause.clone();
    let mut config = json!({ KEY: true });
    for key in READING_KEYS {
        if let Some(value) = clause.config.json.get(*key) {
            config[*key] = Value::clone(value);
        }
    }
    clause.config.json = config;
    if let Bindings::Slots(slots) = &mut clause.evidence {
        // What it is compared with is what is being made.
        slots.retain(|(name, _)| descriptor.slot(&name.value).is_some_and(|slot| !slot.trusted));
    }
    let read = evident_core::contract::lint::selectors(&clause.evidence);
    let read: BTreeSet<String> = read.map(|selector| selector.value.source.clone()).collect();
    let mut needed = read.clone();
    let mut left: Vec<String> = read.iter().cloned().collect();
    while let Some(source) = left.pop().and_then(|name| contract.source(&name)) {
        for need in &source.needs {
            if needed.insert(need.value.clone()) {
                left.push(need.value.clone());
            }
        }
    }
    let mut sources = contract.sources.clone();
    sources.retain(|source| needed.contains(&source.name.value));
    for source in sources.iter_mut().filter(|source| matches!(source.recipe, Recipe::Run(_))) {
        if contract.base.is_some() {
            source.at = At::Base;
        }
        source.interleave = None;
    }
    Contract { sources, clauses: vec![clause], ..contract.clone() }
}

/// True if the checker can make a baseline: for a message that lists who can.
#[must_use]
pub fn can_make(loaded: &LoadedChecker) -> bool {
    loaded.descriptor.config_schema.pointer(&format!("/properties/{KEY}")).is_some()
}
