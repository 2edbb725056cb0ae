//! A part of a contract: fewer clauses, and the sources that they need.

use std::collections::BTreeSet;

use evident_core::contract::terms::WakeOn;
use evident_core::contract::{Clause, ClauseKind, Recipe, Source, lint};

use crate::Opened;

impl Opened {
    /// The constraints alone, with the sources that they rest on.
    pub(crate) fn constraints_only(&self) -> Self {
        let constraints = |clause: &Clause| clause.kind == ClauseKind::Constraint;
        let clauses: Vec<Clause> =
            self.contract.clauses.iter().filter(|clause| constraints(clause)).cloned().collect();
        let read = clauses.iter().flat_map(|clause| lint::selectors(&clause.evidence));
        let wanted: BTreeSet<String> = read.map(|selector| selector.value.source.clone()).collect();
        self.part(clauses, wanted)
    }

    /// No clause, and one source with those that it needs; nothing where there is no such source.
    pub(crate) fn source_only(&self, name: &str) -> Option<Self> {
        self.contract.source(name)?;
        Some(self.part(Vec::new(), BTreeSet::from([name.to_owned()])))
    }

    /// Without the sources that only a wake looks at: an assessment has no use for them.
    pub(crate) fn without_wakes(&self) -> Self {
        let read = self.contract.clauses.iter().flat_map(|clause| lint::selectors(&clause.evidence));
        let read: BTreeSet<String> = read.map(|selector| selector.value.source.clone()).collect();
        let judged = self.part(Vec::new(), read).contract.sources;
        let is_judged = |name: &str| judged.iter().any(|source| source.name.value == name);
        let is_waited_for = |name: &str| {
            let mut wakes = self.contract.terms.wakes.iter();
            wakes.any(|named| matches!(&named.wake.on, WakeOn::Source(source) if source == name))
        };
        let mut part = self.clone();
        part.contract.sources.retain(|source| {
            let name = source.name.value.as_str();
            is_judged(name) || !is_waited_for(name)
        });
        part
    }

    fn part(&self, clauses: Vec<Clause>, mut wanted: BTreeSet<String>) -> Self {
        let mut part = self.clone();
        // Each round finds what the sources of the round before need; there are no more rounds than sources.
        for _ in 0..self.contract.sources.len() {
            let needed = self.contract.sources.iter().filter(|source| wanted.contains(&source.name.value));
            let needed: Vec<String> = needed.flat_map(needs).collect();
            let before = wanted.len();
            wanted.extend(needed);
            if wanted.len() == before {
                break;
            }
        }
        part.contract.clauses = clauses;
        part.contract.sources.retain(|source| wanted.contains(&source.name.value));
        part
    }
}

fn needs(source: &Source) -> Vec<String> {
    let after = match &source.recipe {
        Recipe::Files(files) => files.after.as_ref(),
        Recipe::Run(_) | Recipe::Changes(_) => None,
    };
    let named = source.needs.iter().chain(source.interleave.as_ref()).chain(after);
    named.map(|name| name.value.clone()).collect()
}
