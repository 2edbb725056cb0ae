//! A folder whose truth the test sets, in the place of the real world.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use evident_agent::Pending;
use evident_blobs::Blobs;
use evident_core::assessment::{ASSESSMENT_VERSION, Assessment, CheckerIdentity, Judged};
use evident_core::contract::ClauseKind;
use evident_core::contract::terms::WakeOn;
use evident_core::digest::Digest;
use evident_core::evidence::Timestamp;
use evident_core::goal::Waiting;
use evident_core::goal::assessed::{self, Known};
use evident_core::goal::event::Assessed;
use evident_core::outcome::{Examined, Outcome, Status};
use evident_core::roll_up::roll_up;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::goals::journal::Trouble;
use crate::goals::world::{Assess, Look, World};

/// What is true outside of the host, and what was asked about it.
#[derive(Debug, Default)]
pub(super) struct Truth {
    /// True if the contract is met.
    pub(super) met: bool,
    /// The wall clock.
    pub(super) wall: u64,
    /// How often there is no room to look at the tree.
    pub(super) full: u32,
    /// Changes of the folder.
    pub(super) changes: u64,
    /// Assessments that were finished.
    pub(super) assessed: Vec<Assess>,
    /// Assessments that were called off.
    pub(super) called_off: u32,
    /// Milliseconds of each look at what is waited for.
    pub(super) looks: Vec<u64>,
    /// How long a look takes, in milliseconds.
    pub(super) look_ms: u64,
    /// Revisions that the world learned of.
    pub(super) revised: Vec<(Digest, u32)>,
    blobs: BTreeMap<Digest, Vec<u8>>,
}

/// The folder; a clone is another handle to the same.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    truth: Arc<Mutex<Truth>>,
    /// While this is true, assessments do not end.
    pub(super) held: watch::Sender<bool>,
}

/// Counts an assessment that is dropped before its end.
struct CallsOff<'a>(&'a Folder, bool);

impl Drop for CallsOff<'_> {
    fn drop(&mut self) {
        self.0.truth().called_off += u32::from(!self.1);
    }
}

impl Folder {
    pub(super) fn new() -> Self {
        let truth = Truth { wall: 1_000_000, ..Truth::default() };
        Self { truth: Arc::new(Mutex::new(truth)), held: watch::Sender::new(false) }
    }

    pub(super) fn truth(&self) -> MutexGuard<'_, Truth> {
        self.truth.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many assessments were called off, and how many were finished.
    pub(super) fn judged(&self) -> (u32, usize) {
        let truth = self.truth();
        (truth.called_off, truth.assessed.len())
    }

    async fn judge(&self, asked: Assess) -> Assessed {
        let mut guard = CallsOff(self, false);
        let mut held = self.held.subscribe();
        held.wait_for(|held| !held).await.expect("the folder lives");
        guard.1 = true;
        let mut truth = self.truth();
        truth.assessed.push(asked);
        let tree = Blobs::digest(&truth.changes.to_be_bytes());
        let assessment = assessment(asked.contract, tree, truth.met);
        let json = serde_json::to_vec(&assessment).expect("an assessment has a JSON form");
        let known = Known {
            why: asked.why,
            scope: asked.scope,
            assessment: truth.keep(json),
            evidence: tree,
            contract_edited: false,
        };
        assessed::of(&assessment, known)
    }
}

impl Truth {
    pub(super) fn keep(&mut self, bytes: Vec<u8>) -> Digest {
        let digest = Blobs::digest(&bytes);
        self.blobs.insert(digest, bytes);
        digest
    }
}

fn assessment(contract: Digest, tree: Digest, met: bool) -> Assessment {
    let status = if met { Status::Pass } else { Status::Fail };
    let outcome = Outcome {
        status,
        summary: "looked at it".into(),
        examined: Examined { count: 1, unit: "things".into() },
        metrics: Vec::new(),
        findings: Vec::new(),
        findings_dropped: 0,
        attachments: Vec::new(),
    };
    let judged = Judged {
        name: "works".into(),
        kind: ClauseKind::Criterion,
        checker: CheckerIdentity { name: "truth".into(), version: "1".into(), digest: tree },
        bound: Vec::new(),
        outcome,
        fault: None,
        log: String::new(),
        usage: None,
        asserted: false,
        doubts: Vec::new(),
        reused: false,
    };
    Assessment {
        version: ASSESSMENT_VERSION,
        host: "staged".into(),
        assurance: "L0".into(),
        goal: "goal".into(),
        contract,
        tree,
        start: None,
        started: Timestamp(1),
        ended: Timestamp(1),
        roll_up: roll_up([status]),
        clauses: vec![judged],
        evidence: Vec::new(),
    }
}

impl World for Folder {
    fn wall(&self) -> Timestamp {
        Timestamp(self.truth().wall)
    }

    fn keep(&self, bytes: Vec<u8>) -> Pending<'_, Result<Digest, Trouble>> {
        Box::pin(async move { Ok(self.truth().keep(bytes)) })
    }

    fn text(&self, digest: Digest) -> Pending<'_, Result<String, Trouble>> {
        let text = String::from_utf8(self.truth().blobs[&digest].clone()).expect("a text was stored");
        Box::pin(async move { Ok(text) })
    }

    fn assessment(&self, digest: Digest) -> Pending<'_, Result<Assessment, Trouble>> {
        let read = serde_json::from_slice(&self.truth().blobs[&digest]).expect("an assessment was stored");
        Box::pin(async move { Ok(read) })
    }

    fn assess(&self, asked: Assess) -> Pending<'_, Result<Assessed, Trouble>> {
        Box::pin(async move { Ok(self.judge(asked).await) })
    }

    fn tree(&self, _contract: Digest) -> Pending<'_, Result<Digest, Trouble>> {
        let mut truth = self.truth();
        let result = match truth.full.checked_sub(1) {
            Some(left) => {
                truth.full = left;
                Err(Trouble::Full("no room for the stat cache".into()))
            }
            None => Ok(Blobs::digest(&truth.changes.to_be_bytes())),
        };
        Box::pin(async move { result })
    }

    fn revise(&self, contract: Digest, revision: u32) -> Pending<'_, Result<(), Trouble>> {
        self.truth().revised.push((contract, revision));
        Box::pin(async { Ok(()) })
    }

    fn note(&self) -> Pending<'_, ()> {
        Box::pin(async {})
    }

    fn begins(&self, _: Option<Digest>) {}

    fn look<'a>(
        &'a self,
        _: Digest,
        waiting: &'a Waiting,
        waited_ms: u64,
    ) -> Pending<'a, Result<Look, Trouble>> {
        let wake = &waiting.wake;
        self.truth().looks.push(waited_ms);
        let seen = match wake.on {
            WakeOn::Every => {
                let fired = (waited_ms >= wake.every_ms).then(|| "the wait is over".into());
                Look { mark: None, fired }
            }
            // Nothing changes them.
            WakeOn::Files(_) => Look { mark: Some("as before".into()), fired: None },
            _ => panic!("no wake of this stage"),
        };
        let takes = Duration::from_millis(self.truth().look_ms);
        Box::pin(async move {
            sleep(takes).await;
            Ok(seen)
        })
    }

    fn is_superseded(&self) -> bool {
        false
    }

    fn matched(&self, patterns: &[String], _: &[String]) -> Vec<String> {
        patterns.to_vec()
    }
}
