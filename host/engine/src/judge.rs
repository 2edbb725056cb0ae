//! Judges one clause: binds, calls the checker, applies the host's downgrades. Blocks.

use std::sync::Arc;

use evident_core::assessment::{BoundArtifact, CheckerIdentity, Judged, Usage};
use evident_core::binding::{self, BoundSlot};
use evident_core::contract::Clause;
use evident_core::downgrade;
use evident_core::evidence::{Artifact, Evidence, Origin};
use evident_core::outcome::{Fault, NoEvidence, Outcome, Reason, Status};
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
            Err(unbound) => Answer::undecided(unbound.reason, unbound.summary),
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
            Err(error) => return Ok(Answer::damaged(&error)),
        };
        let name = clause.name.value.clone();
        let hear = Arc::clone(listener);
        let checked = loaded.checker.check(Request {
            config: clause.config.json.to_string(),
            limits: limits(loaded, bound),
            bound: inputs.clone(),
            blobs: self.blobs.clone(),
            progress: Some(Arc::new(move |done, total| hear(Event::Progress(name.clone(), done, total)))),
        });
        let read = |slot: usize, index: usize| checked.bytes_read[slot][index];
        let outcome = match downgrade::downgrade(&checked.outcome, checked.observed, bound, read) {
            Some(refused) => downgrade::apply(checked.outcome, &refused),
            None => checked.outcome,
        };
        if outcome.status == Status::Pass
            && let Err(error) = self.verify(&inputs)
        {
            return Ok(Answer::damaged(&error));
        }
        Ok(Answer {
            outcome,
            fault: checked.fault,
            log: checked.log,
            usage: Some(checked.usage),
            asserted: !loaded.pinned || binding::rests_on_worker(bound),
            bound: described(bound, read),
        })
    }

    /// Opens what is bound, and proves that it still is what was collected: a command that ran later could
    /// have found the blobs.
    fn inputs(&self, bound: &[BoundSlot<'_>]) -> Result<Vec<Bound>, Error> {
        let open = |artifact: &Artifact, origin: &Origin| {
            let (file, _) = self.blobs.read(artifact.digest)?;
            Ok::<_, Error>(Input { artifact: artifact.clone(), origin: origin.clone(), file: Arc::new(file) })
        };
        let slots = bound.iter().map(|slot| {
            let inputs = slot.artifacts.iter().map(|(artifact, origin)| open(artifact, origin));
            Ok(Bound { slot: slot.slot.name.clone(), inputs: inputs.collect::<Result<_, Error>>()? })
        });
        let inputs: Vec<Bound> = slots.collect::<Result<_, Error>>()?;
        self.verify(&inputs)?;
        Ok(inputs)
    }

    fn verify(&self, inputs: &[Bound]) -> Result<(), Error> {
        for input in inputs.iter().flat_map(|slot| &slot.inputs) {
            self.blobs.verify(&input.file, input.artifact.digest)?;
        }
        Ok(())
    }
}

impl Answer {
    /// No checker was asked, or its answer is about other bytes.
    fn undecided(reason: Reason, summary: String) -> Self {
        Self {
            outcome: Outcome::undecided(reason, summary),
            fault: None,
            log: String::new(),
            usage: None,
            bound: Vec::new(),
            asserted: false,
        }
    }

    /// A blob is gone or holds other bytes: somebody was at the state folder.
    fn damaged(error: &Error) -> Self {
        Self::undecided(Reason::NoEvidence(NoEvidence::Unreadable), error.to_string())
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
