//! Judges one clause: binds, calls the checker, applies the host's downgrades. Blocks.

use std::collections::BTreeSet;
use std::sync::Arc;

use evident_core::assessment::{Assessment, BoundArtifact, CheckerIdentity, Judged, Usage};
use evident_core::binding::{self, BoundSlot};
use evident_core::defence::Defence;
use evident_core::digest::Digest;
use evident_core::doubt::Doubt;
use evident_core::downgrade;
use evident_core::evidence::{Artifact, Evidence, Origin};
use evident_core::outcome::{Fault, NoEvidence, Outcome, Reason, Status};
use evident_core::roll_up::roll_up;
use evident_sandbox::{Bound, Checked, Input, Limits, Request};

use crate::{Engine, Error, Event, Listener, LoadedChecker, Opened, sweep};

/// What a checker is asked.
pub(crate) struct Question<'a> {
    /// Who asks, for whoever hears how far it is.
    pub(crate) name: &'a str,
    /// What the contract calls the checker.
    pub(crate) checker: &'a str,
    pub(crate) loaded: &'a LoadedChecker,
    /// JSON text, an object.
    pub(crate) config: String,
    pub(crate) bound: &'a [BoundSlot<'a>],
    /// True if no earlier outcome may stand for the check.
    pub(crate) anew: bool,
}

/// What came out, before the clause's own facts are added.
pub(crate) struct Answer {
    pub(crate) outcome: Outcome,
    pub(crate) fault: Option<Fault>,
    pub(crate) log: String,
    pub(crate) usage: Option<Usage>,
    pub(crate) bound: Vec<BoundArtifact>,
    pub(crate) doubts: Vec<Doubt>,
    pub(crate) reused: bool,
}

impl Engine {
    pub(crate) fn judge(
        &self,
        opened: &Opened,
        number: usize,
        evidence: &[Evidence],
        anew: bool,
        listener: &Listener,
    ) -> Result<Judged, Error> {
        let clause = &opened.contract.clauses[number];
        let name = clause.name.value.clone();
        listener(Event::Judging(name.clone()));
        let loaded = opened.checkers.get(&clause.checker.value).expect("a sound contract has its checkers");
        let answer = match binding::bind(clause, &loaded.descriptor, evidence) {
            Ok(bound) => {
                let config = clause.config.json.to_string();
                self.ask(
                    &Question {
                        name: &name,
                        checker: &clause.checker.value,
                        loaded,
                        config,
                        bound: &bound,
                        anew,
                    },
                    listener,
                )?
            }
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
            asserted: !answer.doubts.is_empty(),
            doubts: answer.doubts,
            reused: answer.reused,
        })
    }

    /// Asks a checker, or finds what it answered to the same question before.
    pub(crate) fn ask(&self, question: &Question<'_>, listener: &Listener) -> Result<Answer, Error> {
        let Question { loaded, bound, .. } = *question;
        let inputs = match self.inputs(bound) {
            Ok(inputs) => inputs,
            Err(error) => return Ok(Answer::damaged(&error)),
        };
        let limits = self.limits(loaded, bound);
        let key = Self::question_key(question, limits);
        let kept = if question.anew { None } else { self.reused(&key) };
        let reused = kept.is_some();
        let checked = match kept {
            Some(kept) => kept,
            None => {
                let checked = self.check(question, limits, &inputs, listener);
                self.keep_for_reuse(&key, &checked);
                checked
            }
        };
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
        let unpinned = Doubt::UnpinnedChecker { checker: question.checker.to_owned() };
        let doubts = Some(unpinned).filter(|_| !loaded.pinned).into_iter();
        Ok(Answer {
            outcome,
            fault: checked.fault,
            log: checked.log,
            usage: Some(checked.usage),
            bound: described(bound, read),
            doubts: doubts.chain(binding::doubts(bound)).collect(),
            reused,
        })
    }

    fn check(
        &self,
        question: &Question<'_>,
        limits: Limits,
        inputs: &[Bound],
        listener: &Listener,
    ) -> Checked {
        let name = question.name.to_owned();
        let hear = Arc::clone(listener);
        question.loaded.checker.check(Request {
            config: question.config.clone(),
            limits,
            bound: inputs.to_vec(),
            blobs: self.blobs.clone(),
            progress: Some(Arc::new(move |done, total| hear(Event::Progress(name.clone(), done, total)))),
        })
    }

    fn limits(&self, loaded: &LoadedChecker, bound: &[BoundSlot<'_>]) -> Limits {
        let bytes = bound.iter().flat_map(|slot| &slot.artifacts).map(|(artifact, _)| artifact.size).sum();
        let lowered = &loaded.limits;
        Limits::for_check(bytes, self.sandbox.ceilings()).lowered(
            lowered.fuel.as_ref().map(|fuel| fuel.value),
            lowered.wall.as_ref().map(|wall| wall.value),
            lowered.memory.as_ref().map(|memory| memory.value),
        )
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
        if !Defence::BlobProof.stands() {
            return Ok(());
        }
        for input in inputs.iter().flat_map(|slot| &slot.inputs) {
            self.blobs.verify(&input.file, input.artifact.digest)?;
        }
        Ok(())
    }
}

impl Engine {
    /// Reads every blob that an assessment names once more, and takes back the passes that rest on one which is not
    /// what was collected any more. Blocks.
    pub(crate) fn take_back_damaged(&self, assessment: &mut Assessment) -> Result<(), Error> {
        if !Defence::BlobProof.stands() {
            return Ok(());
        }
        let named: BTreeSet<Digest> = sweep::digests(assessment).collect();
        for digest in named {
            let flaw = match self.blobs.prove(digest) {
                Ok(_) => continue,
                Err(error) if error.is_damage() => error.to_string(),
                Err(error) => return Err(error.into()),
            };
            let rests = |judged: &Judged| {
                let mut attached = judged.outcome.attachments.iter().map(|attachment| attachment.digest);
                judged.bound.iter().any(|bound| bound.digest == digest)
                    || attached.any(|attached| attached == digest)
            };
            // What no clause read may have been what a clause needed.
            let read = assessment.clauses.iter().any(rests);
            for judged in assessment.clauses.iter_mut().filter(|judged| !read || rests(judged)) {
                judged.outcome = Outcome::undecided(Reason::NoEvidence(NoEvidence::Unreadable), flaw.clone());
            }
        }
        assessment.roll_up = roll_up(assessment.clauses.iter().map(|judged| judged.outcome.status));
        Ok(())
    }

    /// Makes what an assessment names survive the loss of power. Evidence that is gone since is none: it is told where
    /// it is read. Blocks.
    pub(crate) fn sync_evidence(&self, assessment: &Assessment) -> Result<(), Error> {
        match self.blobs.sync(sweep::digests(assessment)) {
            Err(error) if error.is_damage() => Ok(()),
            synced => Ok(synced?),
        }
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
            doubts: Vec::new(),
            reused: false,
        }
    }

    /// A blob is gone or holds other bytes: somebody was at the state folder.
    fn damaged(error: &Error) -> Self {
        Self::undecided(Reason::NoEvidence(NoEvidence::Unreadable), error.to_string())
    }
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
