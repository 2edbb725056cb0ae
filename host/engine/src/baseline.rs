//! Makes a baseline: what a checker found in the evidence of one clause, as a file that later evidence is
//! compared with.
//!
//! The sources of the clause are collected on the base where the contract names one, so that the work
//! since then cannot shape what it is measured by. The checker writes the baseline itself, as the
//! attachment `baseline.json`, when its config says `manifest = true`. A checker that compares with files as
//! they are, such as screens, attaches `baseline-files.json` instead: which artifacts they are.

mod files;

use std::collections::BTreeSet;

use evident_core::binding;
use evident_core::contract::{At, Bindings, Clause, Contract, Placed, Recipe, Selector, lint};
use evident_core::descriptor::{Descriptor, Slot};
use evident_core::digest::Digest;
use evident_core::outcome::{Severity, Status};
use serde_json::{Value, json};

pub use files::{Candidate, Files, Target, Unplaced};

use crate::collecting::collect;
use crate::judge::Question;
use crate::{Engine, Error, Listener, LoadedChecker, Opened};

/// What the checker calls the file.
const ATTACHMENT: &str = "baseline.json";

/// What the checker calls the list of files.
const LIST: &str = "baseline-files.json";

/// The key that asks for it.
const KEY: &str = "manifest";

/// Keys that say how evidence is read or what it must be to count, not how it is compared.
const READING_KEYS: &[&str] = &["blank", "counts", "format", "pairs"];

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
    /// Files of the evidence.
    Files(Files),
    /// The evidence falls short, or the checker could not read it.
    None {
        /// In one line.
        why: String,
    },
}

impl Engine {
    /// Collects the evidence of one clause and asks its checker for a baseline. With `from` the base, commands
    /// run there where the contract names one; else the evidence is collected where the contract says.
    ///
    /// # Errors
    /// [`Error::NoBaseline`] where the clause has none to give; the host's own failure.
    pub async fn baseline(
        &self,
        opened: &Opened,
        clause: &Clause,
        from: At,
        listener: &Listener,
    ) -> Result<Baseline, Error> {
        let loaded = opened.checkers.get(&clause.checker.value).expect("a sound contract has its checkers");
        if loaded.descriptor.config_schema.pointer(&format!("/properties/{KEY}")).is_none() {
            return Err(Error::NoBaseline { clause: clause.name.value.clone() });
        }
        let contract = asking(&opened.contract, clause, &loaded.descriptor, from);
        let run = contract.sources.iter().find(|source| source.as_run().is_some());
        let at = run.map_or(At::Work, |source| source.at);
        let asking = Opened { contract, ..opened.clone() };
        let quiet = self.quiet().await;
        let ground = self.shared_ground(&asking, None).await?;
        let evidence = collect(&ground, &asking.contract, &quiet, listener).await?;
        let clause = &asking.contract.clauses[0];
        let (bare, lenient) = without_replaced(clause, &loaded.descriptor);
        // On the first day there is nothing yet that could be replaced.
        let bound = binding::bind(clause, &loaded.descriptor, &evidence)
            .or_else(|_| binding::bind(&bare, &lenient, &evidence));
        let bound = match bound {
            Ok(bound) => bound,
            Err(unbound) => return Ok(Baseline::None { why: unbound.summary }),
        };
        let config = clause.config.json.to_string();
        let name = &clause.name.value;
        let answer =
            self.ask(&Question { name, checker: name, loaded, config, bound: &bound, anew: true }, listener)?;
        let attachments = &answer.outcome.attachments;
        let attached = |name: &str| attachments.iter().find(|attachment| attachment.name == name);
        if let Some(list) = attached(LIST) {
            let bytes = self.blobs.bytes(list.digest, list.size)?;
            let files = Files::read(&bytes, &bound, &asking.contract);
            return Ok(files.map_or_else(|why| Baseline::None { why }, Baseline::Files));
        }
        let Some(made) = attached(ATTACHMENT) else {
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
fn asking(contract: &Contract, clause: &Clause, descriptor: &Descriptor, from: At) -> Contract {
    let mut clause = clause.clone();
    let mut config = json!({ KEY: true });
    for key in READING_KEYS {
        if let Some(value) = clause.config.json.get(*key) {
            config[*key] = Value::clone(value);
        }
    }
    clause.config.json = config;
    if let Bindings::Slots(slots) = &mut clause.evidence {
        // What it is compared with is what is being made; where that is files, they say what it is called.
        slots.retain(|(name, _)| {
            descriptor.slot(&name.value).is_some_and(|slot| !slot.trusted || is_replaced(slot))
        });
    }
    let needed = needed(contract, lint::selectors(&clause.evidence));
    let replaced = needed_by_replaced(contract, &clause, descriptor);
    let mut sources = contract.sources.clone();
    sources.retain(|source| needed.contains(&source.name.value));
    for source in &mut sources {
        let is_run = matches!(source.recipe, Recipe::Run(_));
        // Files that a command of the base made, or that lie there, are to be the base's as well.
        let follows = is_run || descriptor.slots.iter().any(is_replaced);
        let moves = follows && !replaced.contains(&source.name.value);
        if from == At::Base && contract.base.is_some() && moves {
            source.at = At::Base;
        }
        if is_run {
            source.interleave = None;
        }
    }
    Contract { sources, clauses: vec![clause], ..contract.clone() }
}

/// Names of the sources that are read, and of all that these need.
fn needed<'a>(
    contract: &Contract,
    selectors: impl Iterator<Item = &'a Placed<Selector>>,
) -> BTreeSet<String> {
    let mut needed: BTreeSet<String> = selectors.map(|selector| selector.value.source.clone()).collect();
    let mut left: Vec<String> = needed.iter().cloned().collect();
    while let Some(source) = left.pop().and_then(|name| contract.source(&name)) {
        for need in &source.needs {
            if needed.insert(need.value.clone()) {
                left.push(need.value.clone());
            }
        }
    }
    needed
}

/// The same, for what is replaced alone: it stays where the contract says.
fn needed_by_replaced(contract: &Contract, clause: &Clause, descriptor: &Descriptor) -> BTreeSet<String> {
    let Bindings::Slots(slots) = &clause.evidence else { return BTreeSet::new() };
    let replaced = slots.iter().filter(|(name, _)| descriptor.slot(&name.value).is_some_and(is_replaced));
    needed(contract, replaced.flat_map(|(_, selectors)| selectors))
}

/// True if what the slot takes is the baseline itself: only trusted evidence, and nothing can be judged without.
fn is_replaced(slot: &Slot) -> bool {
    slot.trusted && slot.required
}

/// The clause and the checker without what is replaced.
fn without_replaced(clause: &Clause, descriptor: &Descriptor) -> (Clause, Descriptor) {
    let (mut clause, mut descriptor) = (clause.clone(), descriptor.clone());
    if let Bindings::Slots(slots) = &mut clause.evidence {
        slots.retain(|(name, _)| !descriptor.slot(&name.value).is_some_and(is_replaced));
    }
    for slot in descriptor.slots.iter_mut().filter(|slot| is_replaced(slot)) {
        slot.required = false;
    }
    (clause, descriptor)
}

/// True if the checker can make a baseline: for a message that lists who can.
#[must_use]
pub fn can_make(loaded: &LoadedChecker) -> bool {
    loaded.descriptor.config_schema.pointer(&format!("/properties/{KEY}")).is_some()
}

/// True if what the checker makes is files of the evidence, of which the owner can take some.
#[must_use]
pub fn takes_files(loaded: &LoadedChecker) -> bool {
    can_make(loaded) && loaded.descriptor.slots.iter().any(is_replaced)
}
