//! What the work does that keeps it from being assessed: a file that is closed, too large, or never at rest; a
//! damaged repository; a workspace that is gone.
//!
//! None of it is a failure of the host. An assessment is made of it in which every clause is undecided and says
//! where the obstacle is, so that an agent hears of it and a goal counts it as a blocker. It never makes a pass.

use evident_core::assessment::{ASSESSMENT_VERSION, Assessment, CheckerIdentity, Judged};
use evident_core::digest::Digest;
use evident_core::evidence::Timestamp;
use evident_core::freshness;
use evident_core::outcome::{NoEvidence, Outcome, Reason};
use evident_core::roll_up::RollUp;
use evident_core::text;

use crate::{Asked, Blobs, Engine, Error, Opened, clock};

/// Why the work cannot be assessed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Obstacle {
    reason: Reason,
    /// The path, what is wrong with it, and what to do, in one line.
    text: String,
}

impl Error {
    /// What the work did, where that is what failed: a path and what is wrong with it, in one line. Nothing for
    /// a failure of the host.
    #[must_use]
    pub fn of_the_work(&self) -> Option<String> {
        obstacle(self).map(|obstacle| obstacle.text)
    }
}

/// Nothing for a failure of the host.
pub(crate) fn obstacle(error: &Error) -> Option<Obstacle> {
    let error = match error {
        Error::Unsteady { path } => {
            let text = format!(
                "`{}` changed each time that it was read: end what writes it, or remove it",
                text::name(&path.display().to_string())
            );
            return Some(Obstacle { reason: Reason::TreeChanged, text });
        }
        Error::Collect(error) => error,
        _ => return None,
    };
    if let evident_collect::Error::Git { .. } = error {
        let text = text::line(&format!("{error}: see to it that the repository is whole"));
        return Some(Obstacle { reason: Reason::NoEvidence(NoEvidence::Unreadable), text });
    }
    let (path, what) = error.of_the_work()?;
    let (reason, advice) = match error {
        evident_collect::Error::TooLarge { .. } => (NoEvidence::Overflow, "remove it"),
        _ => (NoEvidence::Unreadable, "see to it that the host can read it"),
    };
    let path = text::name(&path.display().to_string());
    let text = text::line(&format!("`{path}`: {what}; {advice}"));
    Some(Obstacle { reason: Reason::NoEvidence(reason), text })
}

impl Obstacle {
    /// Stands for the tree that cannot be read: the same while the obstacle is the same, and the digest of no
    /// tree.
    pub(crate) fn digest(&self) -> Digest {
        Blobs::digest(format!("evident: no tree: {}", self.text).as_bytes())
    }

    fn judged(&self, opened: &Opened, number: usize) -> Judged {
        let clause = &opened.contract.clauses[number];
        let loaded = opened.checkers.get(&clause.checker.value).expect("a sound contract has its checkers");
        Judged {
            name: clause.name.value.clone(),
            kind: clause.kind,
            checker: CheckerIdentity {
                name: clause.checker.value.clone(),
                version: loaded.descriptor.version.clone(),
                digest: loaded.digest,
            },
            bound: Vec::new(),
            outcome: Outcome::undecided(self.reason, format!("the work cannot be read: {}", self.text)),
            fault: None,
            log: String::new(),
            usage: None,
            asserted: false,
            doubts: Vec::new(),
            reused: false,
        }
    }
}

impl Engine {
    /// The assessment of a work that cannot be read: nothing was judged, and every clause says why.
    pub(crate) fn unreadable(
        &self,
        opened: &Opened,
        asked: &Asked,
        started: Timestamp,
        obstacle: &Obstacle,
    ) -> Assessment {
        let contract = &opened.contract;
        let none = |source| freshness::none(source, obstacle.reason, &obstacle.text, started);
        Assessment {
            version: ASSESSMENT_VERSION,
            host: env!("CARGO_PKG_VERSION").into(),
            assurance: asked.assurance.word().into(),
            goal: contract.name.clone(),
            contract: opened.file.digest,
            tree: obstacle.digest(),
            start: None,
            started,
            ended: clock::now(),
            roll_up: RollUp::Undecided,
            clauses: (0..contract.clauses.len()).map(|number| obstacle.judged(opened, number)).collect(),
            evidence: contract.sources.iter().map(none).collect(),
        }
    }
}
