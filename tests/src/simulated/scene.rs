//! The simulated world: a wall clock that jumps, a folder whose truth is known, evidence that may be undecided,
//! and blobs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use evident_agent::Pending;
use evident_blobs::Blobs;
use evident_core::assessment::{ASSESSMENT_VERSION, Assessment, CheckerIdentity, Judged};
use evident_core::contract::ClauseKind;
use evident_core::contract::terms::{Terms, WakeOn};
use evident_core::digest::Digest;
use evident_core::evidence::Timestamp;
use evident_core::goal::Waiting;
use evident_core::goal::assessed::{self, Known};
use evident_core::goal::event::{Assessed, Scope};
use evident_core::outcome::{Examined, Finding, Outcome, Reason, Severity, Status};
use evident_core::roll_up::roll_up;
use evident_engine::goals::{Assess, Look, Trouble, World};
use tokio::time::sleep;

use super::chance::Chance;

/// Ten years, in milliseconds.
const TEN_YEARS_MS: u64 = 10 * 365 * 24 * 3_600_000;

/// What a clause needs before it passes.
pub(super) const DONE: u64 = 3;

/// A prompt that went to the agent.
#[derive(Debug, Clone)]
pub(super) struct Heard {
    pub(super) turn: u32,
    pub(super) text: String,
}

/// Everything outside of the host.
#[derive(Debug)]
pub(super) struct Outside {
    pub(super) chance: Chance,
    /// True once nothing goes wrong any more.
    pub(super) calm: bool,
    /// How far the work for each clause is; [`DONE`] and it passes.
    pub(super) work: Vec<u64>,
    /// Changes of the folder that no clause sees.
    pub(super) noise: u64,
    /// Prompts that the agent took, in order.
    pub(super) heard: Vec<Heard>,
    wall: u64,
    blobs: BTreeMap<Digest, Vec<u8>>,
    contracts: BTreeMap<Digest, Terms>,
    /// By tree, how far the work for each clause was.
    trees: BTreeMap<Digest, Vec<u64>>,
}

/// A handle to the outside; a clone is another handle to the same.
#[derive(Debug, Clone)]
pub(super) struct Scene(Arc<Mutex<Outside>>);

impl Scene {
    pub(super) fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let wall = TEN_YEARS_MS * (2 + chance.below(5));
        let work = (0..=super::terms::CLAUSES_MAX).map(|_| chance.below(DONE)).collect();
        Self(Arc::new(Mutex::new(Outside {
            chance,
            calm: false,
            work,
            noise: 0,
            heard: Vec::new(),
            wall,
            blobs: BTreeMap::new(),
            contracts: BTreeMap::new(),
            trees: BTreeMap::new(),
        })))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Outside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores the contract of these terms and gives its digest.
    pub(super) fn contract(&self, terms: &Terms) -> Digest {
        let text = serde_json::to_vec(terms).expect("terms have a JSON form");
        let digest = self.lock().keep(text);
        self.lock().contracts.insert(digest, terms.clone());
        digest
    }

    /// Whether that tree meets that contract.
    pub(super) fn is_met(&self, tree: Digest, contract: Digest) -> bool {
        let outside = self.lock();
        let (Some(work), Some(terms)) = (outside.trees.get(&tree), outside.contracts.get(&contract)) else {
            return false;
        };
        work.iter().zip(&terms.clauses).all(|(work, _)| *work >= DONE)
    }

    /// Waits for up to so many milliseconds.
    pub(super) async fn pass(&self, most_ms: u64) {
        let time = self.lock().chance.below(most_ms + 1);
        if time > 0 {
            sleep(Duration::from_millis(time)).await;
        }
    }
}

impl Outside {
    /// True in so many of a hundred cases, and never once it is calm.
    pub(super) fn goes_wrong(&mut self, cases: u64) -> bool {
        self.chance.percent(cases) && !self.calm
    }

    pub(super) fn keep(&mut self, bytes: Vec<u8>) -> Digest {
        let digest = Blobs::digest(&bytes);
        self.blobs.insert(digest, bytes);
        digest
    }

    pub(super) fn tree(&mut self) -> Digest {
        let digest = Blobs::digest(format!("{:?} {}", self.work, self.noise).as_bytes());
        self.trees.insert(digest, self.work.clone());
        digest
    }

    fn full(&mut self) -> Result<(), Trouble> {
        if self.goes_wrong(1) { Err(Trouble::Full("no room for a blob".into())) } else { Ok(()) }
    }

    fn judge(&mut self, asked: Assess, work: &[u64], tree: Digest, moved: bool) -> Assessment {
        let terms = self.contracts[&asked.contract].clone();
        let wanted = |kind: ClauseKind| asked.scope == Scope::All || kind == ClauseKind::Constraint;
        let mut clauses = Vec::new();
        for (work, clause) in work.iter().zip(&terms.clauses).filter(|(_, clause)| wanted(clause.kind)) {
            let outcome = match () {
                () if moved => Outcome::undecided(Reason::TreeChanged, "the tree changed"),
                () if self.goes_wrong(4) => {
                    let reason = *self.chance.one_of(&[Reason::Stale, Reason::Malformed, Reason::Limit]);
                    Outcome::undecided(reason, "nobody can tell")
                }
                () => outcome(*work),
            };
            clauses.push(Judged {
                name: clause.name.clone(),
                kind: clause.kind,
                checker: CheckerIdentity { name: "truth".into(), version: "1".into(), digest: tree },
                bound: Vec::new(),
                outcome,
                fault: None,
                log: String::new(),
                usage: None,
                asserted: false,
                doubts: Vec::new(),
                reused: false,
            });
        }
        Assessment {
            version: ASSESSMENT_VERSION,
            host: "simulated".into(),
            assurance: "L0".into(),
            goal: "goal".into(),
            contract: asked.contract,
            tree,
            start: None,
            started: Timestamp(self.wall),
            ended: Timestamp(self.wall),
            roll_up: roll_up(clauses.iter().map(|judged| judged.outcome.status)),
            clauses,
            evidence: Vec::new(),
        }
    }

    fn assessed(&mut self, asked: Assess, assessment: &Assessment) -> Assessed {
        let json = serde_json::to_vec(assessment).expect("an assessment has a JSON form");
        let known = Known {
            why: asked.why,
            scope: asked.scope,
            assessment: self.keep(json),
            evidence: assessment.tree,
            contract_edited: self.goes_wrong(2),
        };
        assessed::of(assessment, known)
    }
}

fn outcome(work: u64) -> Outcome {
    let missing = DONE.saturating_sub(work);
    let finding = |number: u64| Finding {
        rule: "work".into(),
        severity: Severity::Error,
        message: format!("part {number} is missing"),
        location: None,
        fingerprint: format!("part-{number}"),
    };
    Outcome {
        status: if missing == 0 { Status::Pass } else { Status::Fail },
        summary: format!("{missing} parts are missing"),
        examined: Examined { count: DONE, unit: "parts".into() },
        metrics: Vec::new(),
        findings: (work..DONE).map(finding).collect(),
        findings_dropped: 0,
        attachments: Vec::new(),
    }
}

impl World for Scene {
    fn wall(&self) -> Timestamp {
        let mut outside = self.lock();
        if outside.goes_wrong(1) {
            let (back, ahead) = (outside.wall.saturating_sub(TEN_YEARS_MS), outside.wall + TEN_YEARS_MS);
            outside.wall = *outside.chance.one_of(&[back, ahead]);
        }
        outside.wall += 100;
        Timestamp(outside.wall)
    }

    fn keep(&self, bytes: Vec<u8>) -> Pending<'_, Result<Digest, Trouble>> {
        Box::pin(async move {
            self.pass(2).await;
            let mut outside = self.lock();
            outside.full()?;
            Ok(outside.keep(bytes))
        })
    }

    fn text(&self, digest: Digest) -> Pending<'_, Result<String, Trouble>> {
        Box::pin(async move {
            self.pass(1).await;
            let bytes = self.lock().blobs[&digest].clone();
            Ok(String::from_utf8(bytes).expect("a text was stored"))
        })
    }

    fn assessment(&self, digest: Digest) -> Pending<'_, Result<Assessment, Trouble>> {
        Box::pin(async move {
            let outside = self.lock();
            Ok(serde_json::from_slice(&outside.blobs[&digest]).expect("an assessment was stored"))
        })
    }

    fn assess(&self, asked: Assess) -> Pending<'_, Result<Assessed, Trouble>> {
        Box::pin(async move {
            let (work, tree) = {
                let mut outside = self.lock();
                outside.full()?;
                (outside.work.clone(), outside.tree())
            };
            self.pass(20_000).await;
            let mut outside = self.lock();
            if outside.goes_wrong(3) {
                // Something else than the agent works in the folder.
                outside.noise += 1;
            }
            let moved = outside.tree() != tree;
            outside.full()?;
            let assessment = outside.judge(asked, &work, tree, moved);
            Ok(outside.assessed(asked, &assessment))
        })
    }

    fn tree(&self, _contract: Digest) -> Pending<'_, Result<Digest, Trouble>> {
        Box::pin(async move {
            self.pass(3).await;
            let mut outside = self.lock();
            outside.full()?;
            Ok(outside.tree())
        })
    }

    fn revise(&self, _contract: Digest, _revision: u32) -> Pending<'_, Result<(), Trouble>> {
        Box::pin(async move { self.lock().full() })
    }

    fn note(&self) -> Pending<'_, ()> {
        Box::pin(async { self.pass(2).await })
    }

    fn begins(&self, _known: Option<Digest>) {}

    fn look<'a>(
        &'a self,
        _: Digest,
        waiting: &'a Waiting,
        waited_ms: u64,
    ) -> Pending<'a, Result<Look, Trouble>> {
        let wake = &waiting.wake;
        Box::pin(async move {
            let mut outside = self.lock();
            outside.full()?;
            let changed = outside.chance.percent(30);
            let mark = u64::from(changed) + 1;
            Ok(match &wake.on {
                WakeOn::Every => Look {
                    mark: None,
                    fired: (waited_ms >= wake.every_ms).then(|| "the wait is over".into()),
                },
                WakeOn::At(_) | WakeOn::PidFile(_) => {
                    Look { mark: None, fired: changed.then(|| "it came".into()) }
                }
                WakeOn::Files(_) | WakeOn::Source(_) => Look {
                    mark: Some(mark.to_string()),
                    // It came while the turn ran that asked for the wait.
                    fired: (waiting.is_new() && waiting.since_turn && changed).then(|| "it came".into()),
                },
            })
        })
    }

    fn is_superseded(&self) -> bool {
        self.lock().goes_wrong(5)
    }

    fn matched(&self, patterns: &[String], _paths: &[String]) -> Vec<String> {
        patterns.to_vec()
    }
}
