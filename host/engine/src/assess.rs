//! Makes an assessment: lays the ground, collects every source, judges every clause, looks once more, and
//! rolls up.

use std::sync::Arc;

use evident_collect::CallOff;
use evident_core::assessment::{ASSESSMENT_VERSION, Assessment, Judged};
use evident_core::defence::Defence;
use evident_core::doubt::Doubt;
use evident_core::evidence::Evidence;
use evident_core::freshness;
use evident_core::roll_up::{RollUp, roll_up};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::collecting::{Shared, blocking, collect};
use crate::obstacle::obstacle;
use crate::quiet::Quiet;
use crate::{Engine, Error, Listener, Opened, clock};

/// How far host and worker are apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Assurance {
    /// The same user: what the host keeps can be rewritten, and that shows.
    #[default]
    SameUser,
    /// Another user, who cannot write what the host keeps.
    OtherUser,
}

impl Assurance {
    /// `L0` or `L1`, as it stands in assessments and reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::SameUser => "L0",
            Self::OtherUser => "L1",
        }
    }
}

/// What a caller can ask of an assessment.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// A commit that takes the place of the recorded start tree, and of the base.
    pub since: Option<String>,
    /// True if no earlier outcome may stand for a check.
    pub anew: bool,
    /// How far host and worker are apart.
    pub assurance: Assurance,
}

impl Engine {
    /// Collects and judges. Dropping the future ends the commands that run. Where the work cannot be read, every
    /// clause is undecided and says why.
    ///
    /// # Errors
    /// The host's own failure. The contract must be sound.
    pub async fn assess(
        &self,
        opened: &Opened,
        asked: &Asked,
        listener: &Listener,
    ) -> Result<Assessment, Error> {
        let started = clock::now();
        let assessed = self.assess_readable(opened, asked, listener).await;
        assessed.or_else(|error| match obstacle(&error) {
            Some(obstacle) => Ok(self.unreadable(opened, asked, started, &obstacle)),
            None => Err(error),
        })
    }

    /// The same for a work that must be readable.
    ///
    /// # Errors
    /// The host's own failure, and what [`Error::of_the_work`] knows.
    pub(crate) async fn assess_readable(
        &self,
        opened: &Opened,
        asked: &Asked,
        listener: &Listener,
    ) -> Result<Assessment, Error> {
        let started = clock::now();
        let opened = &opened.without_wakes();
        let quiet = self.quiet().await;
        let ground = self.shared_ground(opened, asked.since.clone()).await?;
        let (mut evidence, mut clauses) = self.once(opened, asked, &ground, &quiet, listener).await?;
        // What another tree left in a copy is quick, and good enough for whatever is not a pass.
        if of(&clauses) == RollUp::Met
            && Defence::OwnOutput.stands()
            && ground.with(|ground| Ok(ground.begins_afresh())).await?
        {
            (evidence, clauses) = self.once(opened, asked, &ground, &quiet, listener).await?;
        }
        let told = ground.with(|ground| Ok((ground.assessed(), ground.told(), ground.doubts())));
        let (tree, start, doubts) = told.await?;
        // Whoever edited the contract decided what has to be shown.
        if start.as_ref().is_some_and(|start| start.contract != opened.file.digest) {
            clauses.iter_mut().for_each(|judged| judged.doubt(Doubt::EditedContract));
        }
        for judged in &mut clauses {
            doubts.iter().for_each(|doubt| judged.doubt(doubt.clone()));
        }
        let decides = of(&clauses) == RollUp::Met;
        let changed = ground.with(move |ground| ground.changed_since(decides)).await?;
        if !changed.is_empty() {
            for judged in &mut clauses {
                judged.outcome = freshness::at_the_end(judged.outcome.clone(), &changed);
            }
        }
        drop(quiet);
        Ok(Assessment {
            version: ASSESSMENT_VERSION,
            host: env!("CARGO_PKG_VERSION").into(),
            assurance: asked.assurance.word().into(),
            goal: opened.contract.name.clone(),
            contract: opened.file.digest,
            tree,
            start,
            started,
            ended: clock::now(),
            roll_up: of(&clauses),
            clauses,
            evidence,
        })
    }

    /// Collects every source and judges every clause.
    async fn once(
        &self,
        opened: &Opened,
        asked: &Asked,
        ground: &Shared,
        quiet: &Quiet,
        listener: &Listener,
    ) -> Result<(Vec<Evidence>, Vec<Judged>), Error> {
        let evidence = collect(ground, &opened.contract, quiet, listener).await?;
        let clauses = self.judge_all(opened, asked, &evidence, listener).await?;
        Ok((evidence, clauses))
    }

    /// Collects every source once and judges nothing: for `lint --try`.
    ///
    /// # Errors
    /// The host's own failure. The contract must be sound.
    pub async fn attempt(&self, opened: &Opened, listener: &Listener) -> Result<Vec<Evidence>, Error> {
        let quiet = self.quiet().await;
        let ground = self.shared_ground(opened, None).await?;
        collect(&ground, &opened.contract, &quiet, listener).await
    }

    pub(crate) async fn shared_ground(
        &self,
        opened: &Opened,
        since: Option<String>,
    ) -> Result<Shared, Error> {
        self.prepare(&opened.file.workspace)?;
        let call_off = CallOff::new();
        let (engine, opened) = (self.as_long_as(call_off.wanted()), opened.clone());
        let ground = blocking(move || engine.ground(&opened, since.as_deref())).await?;
        Ok(Shared::new(ground, call_off))
    }

    async fn judge_all(
        &self,
        opened: &Opened,
        asked: &Asked,
        evidence: &[Evidence],
        listener: &Listener,
    ) -> Result<Vec<Judged>, Error> {
        let opened = Arc::new(opened.clone());
        let evidence: Arc<[Evidence]> = evidence.into();
        let anew = asked.anew;
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let slots = Arc::new(Semaphore::new(cores));
        let mut tasks = JoinSet::new();
        for number in 0..opened.contract.clauses.len() {
            let (engine, opened, evidence) = (self.clone(), Arc::clone(&opened), Arc::clone(&evidence));
            let (slots, listener) = (Arc::clone(&slots), Arc::clone(listener));
            tasks.spawn(async move {
                let _slot = slots.acquire_owned().await.expect("nobody closes it");
                let judge = move || engine.judge(&opened, number, &evidence, anew, &listener);
                (number, blocking(judge).await)
            });
        }
        let mut judged = Vec::new();
        while let Some(task) = tasks.join_next().await {
            let (number, task) = task.map_err(|error| Error::Thread(error.to_string()))?;
            judged.push((number, task?));
        }
        judged.sort_by_key(|(number, _)| *number);
        Ok(judged.into_iter().map(|(_, judged)| judged).collect())
    }
}

fn of(clauses: &[Judged]) -> RollUp {
    roll_up(clauses.iter().map(|judged| judged.outcome.status))
}
