//! Makes an assessment: collects every source, judges every clause, rolls up.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use evident_collect::Collector;
use evident_core::assessment::{ASSESSMENT_VERSION, Assessment, Judged};
use evident_core::contract::{Recipe, Source};
use evident_core::evidence::{Evidence, Origin, OriginKind, Shortfall, Timestamp};
use evident_core::outcome::{NoEvidence, Reason};
use evident_core::roll_up::roll_up;
use evident_core::schedule;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::{Engine, Error, Event, Listener, Opened};

/// How far host and worker are apart in this version: the same user (DESIGN §6a).
const ASSURANCE: &str = "L0";

impl Engine {
    /// Collects and judges. Dropping the future ends the commands that run.
    ///
    /// # Errors
    /// The host's own failure. The contract must be sound.
    pub async fn assess(&self, opened: &Opened, listener: &Listener) -> Result<Assessment, Error> {
        let started = now();
        let collector = self.collector(&opened.file.workspace)?;
        let evidence = collect(&collector, &opened.contract.sources, listener).await?;
        let clauses = self.judge_all(opened, &evidence, listener).await?;
        Ok(Assessment {
            version: ASSESSMENT_VERSION,
            host: env!("CARGO_PKG_VERSION").into(),
            assurance: ASSURANCE.into(),
            goal: opened.contract.name.clone(),
            contract: opened.file.digest,
            started,
            ended: now(),
            roll_up: roll_up(clauses.iter().map(|judged| judged.outcome.status)),
            clauses,
            evidence,
        })
    }

    async fn judge_all(
        &self,
        opened: &Opened,
        evidence: &[Evidence],
        listener: &Listener,
    ) -> Result<Vec<Judged>, Error> {
        let opened = Arc::new(opened.clone());
        let evidence: Arc<[Evidence]> = evidence.into();
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let slots = Arc::new(Semaphore::new(cores));
        let mut tasks = JoinSet::new();
        for number in 0..opened.contract.clauses.len() {
            let (engine, opened, evidence) = (self.clone(), Arc::clone(&opened), Arc::clone(&evidence));
            let (slots, listener) = (Arc::clone(&slots), Arc::clone(listener));
            tasks.spawn(async move {
                let _slot = slots.acquire_owned().await.expect("nobody closes it");
                let judge = move || engine.judge(&opened, number, &evidence, &listener);
                (number, tokio::task::spawn_blocking(judge).await)
            });
        }
        let mut judged = Vec::new();
        while let Some(task) = tasks.join_next().await {
            let (number, task) = task.map_err(|error| Error::Thread(error.to_string()))?;
            judged.push((number, task.map_err(|error| Error::Thread(error.to_string()))??));
        }
        judged.sort_by_key(|(number, _)| *number);
        Ok(judged.into_iter().map(|(_, judged)| judged).collect())
    }
}

/// Collects every source once, in the order of the schedule, and gives evidence in the order of the
/// contract.
async fn collect(
    collector: &Collector,
    sources: &[Source],
    listener: &Listener,
) -> Result<Vec<Evidence>, Error> {
    let batches = schedule::batches(sources).expect("lint refuses a cycle");
    let mut collected: Vec<Option<Evidence>> = vec![None; sources.len()];
    for batch in batches {
        let runs = batch.iter().map(|&number| collect_one(collector, sources, number, &collected, listener));
        // Polled together on one task: a dropped assessment drops, and so ends, all of them.
        let finished = join_all(runs.map(|run| Box::pin(run) as _).collect()).await;
        for (number, evidence) in batch.into_iter().zip(finished) {
            collected[number] = Some(evidence?);
        }
    }
    Ok(collected.into_iter().map(|evidence| evidence.expect("every source is in a batch")).collect())
}

async fn collect_one(
    collector: &Collector,
    sources: &[Source],
    number: usize,
    collected: &[Option<Evidence>],
    listener: &Listener,
) -> Result<Evidence, Error> {
    let source = &sources[number];
    let name = source.name.value.clone();
    listener(Event::Collecting(name.clone()));
    let of = |wanted: &str| collected.iter().flatten().find(|evidence| evidence.origin.source == wanted);
    let failed_need =
        source.needs.iter().filter_map(|need| of(&need.value)).find(|need| need.shortfall.is_some());
    let evidence = match failed_need {
        Some(need) => needs_shortfall(source, need),
        None => {
            let after = match &source.recipe {
                Recipe::Files(files) => files.after.as_ref().and_then(|after| of(&after.value)),
                Recipe::Run(_) => None,
            };
            collector.collect(source, after.map(|after| after.origin.started)).await?
        }
    };
    listener(Event::Collected(name, evidence.shortfall.is_none()));
    Ok(evidence)
}

/// A source whose need gave nothing is not run: it would judge what is not there.
fn needs_shortfall(source: &Source, need: &Evidence) -> Evidence {
    let shortfall = need.shortfall.as_ref().expect("the caller looked");
    let detail = format!("needs `{}`, which gave no evidence: {}", need.origin.source, shortfall.detail);
    let (kind, argv) = match &source.recipe {
        Recipe::Run(run) => (OriginKind::Produced, run.argv.clone()),
        Recipe::Files(_) => (OriginKind::Found, Vec::new()),
    };
    let at = now();
    let origin = Origin {
        source: source.name.value.clone(),
        kind,
        argv,
        exit: None,
        exit_accepted: false,
        started: at,
        ended: at,
        age_ms: None,
        worker_writable: source.is_worker_writable(),
    };
    let reason = Reason::NoEvidence(NoEvidence::Missing);
    Evidence { origin, artifacts: Vec::new(), shortfall: Some(Shortfall { reason, detail }) }
}

type Collecting<'a> = std::pin::Pin<Box<dyn Future<Output = Result<Evidence, Error>> + Send + 'a>>;

/// Waits for all, in order.
async fn join_all(mut futures: Vec<Collecting<'_>>) -> Vec<Result<Evidence, Error>> {
    let mut results: Vec<Option<Result<Evidence, Error>>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, result) in futures.iter_mut().zip(&mut results) {
            if result.is_none()
                && let std::task::Poll::Ready(ready) = future.as_mut().poll(context)
            {
                *result = Some(ready);
            }
        }
        if results.iter().all(Option::is_some) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    results.into_iter().map(|result| result.expect("all are ready")).collect()
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
