//! Which artifacts go to which slot.
//!
//! `S` gives the files of source S in byte order of their names; where there are none, its `stdout`.
//! `S/stdout` and `S/GLOB` select by name. A list gives the artifacts of its entries one after the
//! other. Media types never select.

use std::collections::BTreeSet;

use globset::GlobBuilder;

use crate::contract::{Bindings, Clause, Placed, Selector};
use crate::descriptor::{Descriptor, Slot};
use crate::doubt::{self, Doubt};
use crate::evidence::{Artifact, Evidence, Origin, OriginKind};
use crate::outcome::Reason;

/// Artifacts of a clause: the host holds each open while it is judged, and a process may most often hold
/// 1,024 files open.
pub const BOUND_ARTIFACTS_MAX: usize = 1000;

/// Artifacts bound to a slot, each with its origin.
#[derive(Debug, Clone, PartialEq)]
pub struct BoundSlot<'a> {
    /// The slot.
    pub slot: &'a Slot,
    /// In the order of the contract.
    pub artifacts: Vec<(&'a Artifact, &'a Origin)>,
}

/// Why nothing can be checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unbound {
    /// For the outcome.
    pub reason: Reason,
    /// One line.
    pub summary: String,
}

impl Unbound {
    fn binding(summary: String) -> Self {
        Self { reason: Reason::Binding, summary }
    }
}

/// Binds collected evidence to the slots of a clause. Every slot of the descriptor is in the answer, an
/// unbound optional one without artifacts.
///
/// # Errors
/// The reason of a source that gave no evidence; `binding` when a slot gets another number of artifacts
/// than it takes, the summary names the candidates; `limit` above [`BOUND_ARTIFACTS_MAX`].
pub fn bind<'a>(
    clause: &'a Clause,
    descriptor: &'a Descriptor,
    evidence: &'a [Evidence],
) -> Result<Vec<BoundSlot<'a>>, Unbound> {
    let bound = bind_slots(clause, descriptor, evidence)?;
    let count: usize = bound.iter().map(|slot| slot.artifacts.len()).sum();
    if count > BOUND_ARTIFACTS_MAX {
        let summary = format!("{count} artifacts are bound, a checker takes at most {BOUND_ARTIFACTS_MAX}");
        return Err(Unbound { reason: Reason::Limit, summary });
    }
    Ok(bound)
}

fn bind_slots<'a>(
    clause: &'a Clause,
    descriptor: &'a Descriptor,
    evidence: &'a [Evidence],
) -> Result<Vec<BoundSlot<'a>>, Unbound> {
    descriptor
        .slots
        .iter()
        .map(|slot| {
            let mut bound = BoundSlot { slot, artifacts: Vec::new() };
            let selectors = selectors_of(clause, descriptor, slot);
            for selector in &selectors {
                bound.artifacts.extend(select(&selector.value, evidence)?);
            }
            if let Some(twice) = bound_twice(&bound) {
                let summary = format!("slot `{}` is bound to `{}` twice", slot.name, twice.name);
                return Err(Unbound::binding(summary));
            }
            if selectors.is_empty() {
                return if slot.required {
                    Err(Unbound::binding(format!("slot `{}` needs evidence", slot.name)))
                } else {
                    Ok(bound)
                };
            }
            if !slot.many && bound.artifacts.len() != 1 {
                return Err(Unbound::binding(wrong_number(slot, &bound)));
            }
            Ok(bound)
        })
        .collect()
}

fn selectors_of<'a>(clause: &'a Clause, descriptor: &Descriptor, slot: &Slot) -> Vec<&'a Placed<Selector>> {
    match &clause.evidence {
        Bindings::Lone(selector) if descriptor.lone_slot() == Some(slot) => vec![selector],
        Bindings::Slots(slots) => slots
            .iter()
            .filter(|(name, _)| name.value == slot.name)
            .flat_map(|(_, selectors)| selectors)
            .collect(),
        _ => Vec::new(),
    }
}

fn select<'a>(
    selector: &Selector,
    evidence: &'a [Evidence],
) -> Result<Vec<(&'a Artifact, &'a Origin)>, Unbound> {
    let source = evidence
        .iter()
        .find(|evidence| evidence.origin.source == selector.source)
        .ok_or_else(|| Unbound::binding(format!("there is no source `{}`", selector.source)))?;
    if let Some(shortfall) = &source.shortfall {
        let summary = format!("source `{}`: {}", selector.source, shortfall.detail);
        return Err(Unbound { reason: shortfall.reason, summary });
    }
    let selected: Vec<&Artifact> = match &selector.pattern {
        Some(pattern) => matching(pattern, source),
        None => files_or_stdout(source),
    };
    if selected.is_empty() {
        let candidates: Vec<&str> = source.artifacts.iter().map(|artifact| artifact.name.as_str()).collect();
        let summary = format!("`{selector}` selects nothing; the source has {}", listed(&candidates));
        return Err(Unbound::binding(summary));
    }
    Ok(selected.into_iter().map(|artifact| (artifact, &source.origin)).collect())
}

/// What the glob matches, and a file of that very name: one that is named like a glob hides no other.
/// Where a source is collected several times, the name within each go counts as well.
fn matching<'a>(pattern: &str, source: &'a Evidence) -> Vec<&'a Artifact> {
    let glob = GlobBuilder::new(pattern).literal_separator(true).build();
    let matcher = glob.map(|glob| glob.compile_matcher());
    let is_match = |name: &str| matcher.as_ref().is_ok_and(|matcher| matcher.is_match(name));
    let is_meant = |name: &str| name == pattern || is_match(name);
    let artifacts = source.artifacts.iter();
    artifacts
        .filter(|artifact| is_meant(&artifact.name) || is_meant(in_go(artifact, &source.origin)))
        .collect()
}

/// The name of an artifact within its go.
fn in_go<'a>(artifact: &'a Artifact, origin: &Origin) -> &'a str {
    match artifact.name.split_once('/') {
        Some((_, name)) if origin.repeat > 1 => name,
        _ => &artifact.name,
    }
}

/// Files are what a source is for; what a command printed counts where it made none.
fn files_or_stdout(source: &Evidence) -> Vec<&Artifact> {
    let printed = |artifact: &&Artifact| {
        source.origin.kind == OriginKind::Produced
            && matches!(in_go(artifact, &source.origin), "stdout" | "stderr")
    };
    let artifacts = || source.artifacts.iter();
    let files: Vec<&Artifact> = artifacts().filter(|artifact| !printed(artifact)).collect();
    if files.is_empty() {
        artifacts().filter(|artifact| in_go(artifact, &source.origin) == "stdout").collect()
    } else {
        files
    }
}

/// The artifact that a slot holds twice: it would count twice.
fn bound_twice<'a>(bound: &BoundSlot<'a>) -> Option<&'a Artifact> {
    let mut seen = BTreeSet::new();
    let again =
        bound.artifacts.iter().find(|(artifact, origin)| !seen.insert((&origin.source, &artifact.name)));
    again.map(|(artifact, _)| *artifact)
}

/// Why a pass over these slots is asserted, not proven: the doubts about everything in them. That a trusted slot
/// has none proves nothing about the others.
#[must_use]
pub fn doubts(bound: &[BoundSlot<'_>]) -> Vec<Doubt> {
    let origins = bound.iter().flat_map(|slot| &slot.artifacts).map(|(_, origin)| origin);
    doubt::once(origins.flat_map(|origin| origin.doubts.iter().cloned()))
}

fn wrong_number(slot: &Slot, bound: &BoundSlot<'_>) -> String {
    let candidates: Vec<&str> = bound.artifacts.iter().map(|(artifact, _)| artifact.name.as_str()).collect();
    format!("slot `{}` takes one artifact and got {}: {}", slot.name, candidates.len(), listed(&candidates))
}

/// Names for one line: a report folder can have thousands.
fn listed(names: &[&str]) -> String {
    const SHOWN: usize = 10;
    let shown = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => "nothing".into(),
        count if count > SHOWN => format!("{shown} and {} more", count - SHOWN),
        _ => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract;
    use crate::descriptor::ReadRequirement;
    use crate::digest::Digest;
    use crate::evidence::Timestamp;

    fn descriptor(many: bool) -> Descriptor {
        let slot = Slot {
            name: "report".into(),
            title: String::new(),
            required: true,
            many,
            trusted: false,
            read: ReadRequirement::All,
            media_types: Vec::new(),
        };
        let config_schema = serde_json::Value::Null;
        Descriptor {
            id: "any".into(),
            version: String::new(),
            title: String::new(),
            config_schema,
            slots: vec![slot],
        }
    }

    fn evidence(names: &[String]) -> Vec<Evidence> {
        let origin = Origin {
            source: "s".into(),
            kind: OriginKind::Produced,
            argv: Vec::new(),
            at: contract::At::Work,
            repeat: if names.iter().any(|name| name.starts_with("2/")) { 2 } else { 1 },
            tree: None,
            prepared: None,
            exit: None,
            exit_accepted: true,
            started: Timestamp(0),
            ended: Timestamp(0),
            age_ms: None,
            doubts: Vec::new(),
        };
        let artifact = |name: &String| Artifact {
            name: name.clone(),
            media_type: String::new(),
            size: 1,
            digest: Digest::from_bytes([0; 32]),
        };
        vec![Evidence { origin, artifacts: names.iter().map(artifact).collect(), shortfall: None }]
    }

    /// Names bound by `selector`, or the reason why nothing is.
    fn bound(selector: &str, many: bool, names: &[&str]) -> Result<Vec<String>, Reason> {
        let text = format!("criteria.c = {{ checker = \"any\", evidence = {{ report = {selector} }} }}");
        let contract = contract::read(&text).contract;
        let (descriptor, evidence) =
            (descriptor(many), evidence(&names.iter().map(|&name| name.into()).collect::<Vec<_>>()));
        let slots = bind(&contract.clauses[0], &descriptor, &evidence).map_err(|unbound| unbound.reason)?;
        Ok(slots[0].artifacts.iter().map(|(artifact, _)| artifact.name.clone()).collect())
    }

    #[test]
    fn selectors() {
        let names = ["*.xml", "a.xml", "deep/b.xml", "stderr", "stdout"];
        for (selector, expected) in [
            ("\"s\"", &["*.xml", "a.xml", "deep/b.xml"][..]),
            ("\"s/*.xml\"", &["*.xml", "a.xml"]),
            ("\"s/**/*.xml\"", &["*.xml", "a.xml", "deep/b.xml"]),
            ("[\"s/stdout\", \"s/a.xml\"]", &["stdout", "a.xml"]),
        ] {
            assert_eq!(
                bound(selector, true, &names),
                Ok(expected.iter().map(|&name| name.into()).collect()),
                "{selector}"
            );
        }
        assert_eq!(bound("\"s\"", true, &["stderr", "stdout"]), Ok(vec!["stdout".into()]));
    }

    /// Catches a selector that means only one go, or none, where there are several.
    #[test]
    fn every_go_is_selected() {
        let printed = ["1/stderr", "1/stdout", "2/stderr", "2/stdout"];
        let expected = Ok(vec!["1/stdout".to_owned(), "2/stdout".to_owned()]);
        assert_eq!(bound("\"s\"", true, &printed), expected);
        assert_eq!(bound("\"s/stdout\"", true, &printed), expected);
        assert_eq!(bound("\"s/2/stdout\"", true, &printed), Ok(vec!["2/stdout".into()]));
        let files = ["1/a.xml", "1/stdout", "2/a.xml", "2/stdout"];
        assert_eq!(bound("\"s/*.xml\"", true, &files), Ok(vec!["1/a.xml".into(), "2/a.xml".into()]));
        assert_eq!(bound("\"s\"", true, &files), Ok(vec!["1/a.xml".into(), "2/a.xml".into()]));
    }

    #[test]
    fn another_number_than_the_slot_takes_is_no_binding() {
        assert_eq!(bound("\"s\"", false, &["a", "b"]), Err(Reason::Binding));
        assert_eq!(bound("\"s/none\"", false, &["a"]), Err(Reason::Binding));
        assert_eq!(bound("[\"s/a\", \"s/?\"]", true, &["a"]), Err(Reason::Binding), "one counts once");
        assert_eq!(bound("\"elsewhere\"", true, &["a"]), Err(Reason::Binding));
    }

    #[test]
    fn a_checker_takes_a_bounded_number() {
        let names: Vec<String> = (0..=BOUND_ARTIFACTS_MAX).map(|number| format!("{number:04}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(bound("\"s\"", true, &names[1..]).map(|bound| bound.len()), Ok(BOUND_ARTIFACTS_MAX));
        assert_eq!(bound("\"s\"", true, &names), Err(Reason::Limit));
    }
}
