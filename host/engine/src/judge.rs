//! Judges one clause: binds, calls the checker, applies the host's downgrades. Blocks.

use std::sync::Arc;

use evident_core::assessment::{BoundArtifact, CheckerIdentity, Judged, Usage};
use evident_core::binding::{self, BoundSlot};
use evident_core::contract::Clause;
use evident_core::downgrade;
use evident_core::evidence::Evidence;
use evident_core::outcome::{Fault, NoEvidence, Outcome, Reason};
use evident_sandbox::{Bound, Input, Limits, Request};

use crate::{Engine, Error, Event, Listener, LoadedChecker, Opened};

/// What came out, before the clause's own facts are added.
struct Answer {
    outcome: Outcome,
    fault: Option<Fault>,
    log: String,
    usage: Option<Usage>,
    bound: Vec<BoundArtifact>,
    asserted: bool,
}

impl Engine {
    pub(crate) fn judge(
        &self,
        opened: &Opened,
        number: usize,
        evidence: &[Evidence],
        listener: &Listener,
    ) -> Result<Judged, Error> {
        let clause = &opened.contract.clauses[number];
        let name = clause.name.value.clone();
        listener(Event::Judging(name.clone()));
        let loaded = opened.checkers.get(&clause.checker.value).expect("a sound contract has its checkers");
        let answer = match binding::bind(clause, &loaded.descriptor, evidence) {
            Ok(bound) => self.ask(clause, loaded, &bound, listener)?,
            Err(unbound) => Answer {
                outcome: Outcome::undecided(unbound.reason, unbound.summary),
                fault: None,
                log: String::new(),
                usage: None,
                bound: Vec::new(),
                asserted: false,
            },
        };
        listener(Event::Judged(name.clone(), answer.outcome.status));
        Ok(Judged {
            name,
            kind: clause.kind,
            checker: CheckerIdentity {
                name: clause.checker.value.clone(),
                version: loaded.descriptor.version.clone(),
                digest: loaded.digest,
            },
            bound: answer.bound,
            outcome: answer.outcome,
            fault: answer.fault,
            log: answer.log,
            usage: answer.usage,
            asserted: answer.asserted,
        })
    }

    fn ask(
        &self,
        clause: &Clause,
        loaded: &LoadedChecker,
        bound: &[BoundSlot<'_>],
        listener: &Listener,
    ) -> Result<Answer, Error> {
        let inputs = match self.inputs(bound) {
            Ok(inputs) => inputs,
            Err(error) => {
                // The blob was there when it was collected: somebody took it away.
                let outcome =
                    Outcome::undecided(Reason::NoEvidence(NoEvidence::Unreadable), error.to_string());
                let asserted = false;
                return Ok(Answer {
                    outcome,
                    fault: None,
                    log: String::new(),
                    usage: None,
                    bound: Vec::new(),
                    asserted,
                });
            }
        };
        let name = clause.name.value.clone();
        let hear = Arc::clone(listener);
        let checked = loaded.checker.check(Request {
            config: clause.config.json.to_string(),
            limits: limits(loaded, bound),
            bound: inputs,
            blobs: self.blobs.clone(),
            progress: Some(Arc::new(move |done, total| hear(Event::Progress(name.clone(), done, total)))),
        });
        let read = |slot: usize, index: usize| checked.bytes_read[slot][index];
        let outcome = match downgrade::downgrade(&checked.outcome, checked.observed, bound, read) {
            Some(refused) => downgrade::apply(checked.outcome, &refused),
            None => checked.outcome,
        };
        let artifacts = || bound.iter().flat_map(|slot| &slot.artifacts);
        Ok(Answer {
            outcome,
            fault: checked.fault,
            log: checked.log,
            usage: Some(checked.usage),
            asserted: artifacts().count() > 0 && artifacts().all(|(_, origin)| origin.worker_writable),
            bound: described(bound, read),
        })
    }

    fn inputs(&self, bound: &[BoundSlot<'_>]) -> Result<Vec<Bound>, Error> {
        bound
            .iter()
            .map(|slot| {
                let inputs = slot.artifacts.iter().map(|(artifact, origin)| {
                    let (file, _) = self.blobs.read(artifact.digest)?;
                    Ok(Input {
                        artifact: (*artifact).clone(),
                        origin: (*origin).clone(),
                        file: Arc::new(file),
                    })
                });
                let inputs = inputs.collect::<Result<_, Error>>()?;
                Ok(Bound { slot: slot.slot.name.clone(), inputs })
            })
            .collect()
    }
}

fn limits(loaded: &LoadedChecker, bound: &[BoundSlot<'_>]) -> Limits {
    let bytes = bound.iter().flat_map(|slot| &slot.artifacts).map(|(artifact, _)| artifact.size).sum();
    let lowered = &loaded.limits;
    Limits::for_check(bytes).lowered(
        lowered.fuel.as_ref().map(|fuel| fuel.value),
        lowered.wall.as_ref().map(|wall| wall.value),
        lowered.memory.as_ref().map(|memory| memory.value),
    )
}

fn described(bound: &[BoundSlot<'_>], read: impl Fn(usize, usize) -> u64) -> Vec<BoundArtifact> {
    let mut described = Vec::new();
    for (number, slot) in bound.iter().enumerate() {
        for (index, (artifact, origin)) in slot.artifacts.iter().enumerate() {
            described.push(BoundArtifact {
                slot: slot.slot.name.clone(),
                source: origin.source.clone(),
                artifact: artifact.name.clone(),
                size: artifact.size,
                digest: artifact.digest,
                read: read(number, index),
            });
        }
    }
    described
}
