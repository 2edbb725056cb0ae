//! Collects every source of a contract once, in the order of the schedule, and says of each on which tree.
//!
//! It calls and carries: what becomes of evidence about another tree is core's business.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use evident_collect::CallOff;
use evident_core::contract::{At, Contract, Recipe, Source, lint};
use evident_core::evidence::{Evidence, Prepared, Timestamp};
use evident_core::freshness;
use evident_core::schedule::{self, Batch};

use crate::ground::{Ground, Place};
use crate::preparing::{Ready, prepare};
use crate::quiet::{self, Quiet};
use crate::{Error, Event, Listener, clock};

/// The ground of one assessment. Work on it blocks, so it goes to a thread that may.
#[derive(Clone)]
pub(crate) struct Shared {
    ground: Arc<Mutex<Ground>>,
    /// Held by those who wait, not by the work: where the last of them is gone, the work ends.
    _call_off: Arc<CallOff>,
}

impl Shared {
    /// `call_off` is what the trees of the ground ask.
    pub(crate) fn new(ground: Ground, call_off: CallOff) -> Self {
        Self { ground: Arc::new(Mutex::new(ground)), _call_off: Arc::new(call_off) }
    }

    /// Runs `work` on a thread for blocking work.
    pub(crate) async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Ground) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let ground = Arc::clone(&self.ground);
        blocking(move || work(&mut ground.lock().expect("no work on it panics and goes on"))).await
    }
}

/// Runs `work` on a thread for blocking work.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Thread(error.to_string()))?
}

/// Folders of a batch, each held once however many sources are collected in it.
type Places = BTreeMap<At, Arc<Place>>;

/// Collects all sources; evidence in the order of the contract.
pub(crate) async fn collect(
    ground: &Shared,
    contract: &Contract,
    quiet: &Quiet,
    listener: &Listener,
) -> Result<Vec<Evidence>, Error> {
    let sources = &contract.sources;
    let batches = schedule::batches(sources).expect("lint refuses a cycle");
    let selectors = contract.clauses.iter().flat_map(|clause| lint::selectors(&clause.evidence));
    let read = selectors.map(|selector| selector.value.source.as_str()).collect();
    let collected = vec![None; sources.len()];
    let all = sources.as_slice().into();
    let prepared = vec![None; sources.len()];
    let mut collecting = Collecting { ground, sources, all, read, quiet, listener, prepared, collected };
    for batch in batches {
        collecting.batch(&batch).await?;
    }
    let all = collecting.collected.into_iter();
    Ok(all.map(|evidence| evidence.expect("every source is in a batch")).collect())
}

struct Collecting<'a> {
    ground: &'a Shared,
    sources: &'a [Source],
    /// The same, for other threads.
    all: Arc<[Source]>,
    /// Names of the sources that a clause reads.
    read: BTreeSet<&'a str>,
    quiet: &'a Quiet,
    listener: &'a Listener,
    /// What became of what each source needs installed.
    prepared: Vec<Option<Prepared>>,
    collected: Vec<Option<Evidence>>,
}

impl Collecting<'_> {
    async fn batch(&mut self, batch: &Batch) -> Result<(), Error> {
        // What cannot be collected is known before anything of the batch runs.
        let mut left = Vec::new();
        let is_quiet = self.quiet.restore().await;
        for &number in batch.members() {
            (self.listener)(Event::Collecting(self.sources[number].name.value.clone()));
            let loud = is_quiet.as_ref().err().map(|left| quiet::none(&self.sources[number], left));
            match loud.or_else(|| self.without_need(number)) {
                Some(evidence) => self.finish(number, evidence),
                None => left.push(number),
            }
        }
        let (places, failed) = self.places(&left).await?;
        for (number, evidence) in failed {
            left.retain(|&one| one != number);
            self.finish(number, evidence);
        }
        let evidence = match batch {
            Batch::Turns(_) if left.len() == 2 => self.turns([left[0], left[1]], &places).await?,
            _ => self.beside(&left, &places).await?,
        };
        let evidence = self.watched(&left, &places, evidence).await?;
        for (number, evidence) in left.into_iter().zip(evidence) {
            self.finish(number, evidence);
        }
        Ok(())
    }

    fn finish(&mut self, number: usize, evidence: Evidence) {
        let name = self.sources[number].name.value.clone();
        (self.listener)(Event::Collected(name, evidence.shortfall.is_none()));
        self.collected[number] = Some(evidence);
    }

    fn of(&self, name: &str) -> Option<&Evidence> {
        self.collected.iter().flatten().find(|evidence| evidence.origin.source == name)
    }

    fn without_need(&self, number: usize) -> Option<Evidence> {
        let source = &self.sources[number];
        let mut needs = source.needs.iter().filter_map(|need| self.of(&need.value));
        needs.find_map(|need| {
            let is_read = self.read.contains(need.origin.source.as_str());
            freshness::without_need(source, need, is_read, clock::now())
        })
    }

    /// The folders of a batch with what its members need installed there; the evidence of those for which
    /// that failed.
    async fn places(&mut self, members: &[usize]) -> Result<(Places, Vec<(usize, Evidence)>), Error> {
        let mut places = BTreeMap::new();
        let mut failed = Vec::new();
        for &number in members {
            let source = &self.sources[number];
            let at = source.at;
            if matches!(source.recipe, Recipe::Changes(_)) {
                continue;
            }
            let place = match places.remove(&at) {
                Some(place) => place,
                None => {
                    let all: Arc<[Source]> = Arc::clone(&self.all);
                    self.ground.with(move |ground| ground.place(at, &all)).await?
                }
            };
            let (place, ready) = prepare(self.ground, place, source).await?;
            places.insert(at, place);
            match ready {
                Ready::Yes(prepared) => self.prepared[number] = prepared,
                Ready::No(evidence) => failed.push((number, *evidence)),
            }
        }
        let places = places.into_iter().map(|(at, place)| (at, Arc::new(place))).collect();
        Ok((places, failed))
    }

    async fn beside(&self, members: &[usize], places: &Places) -> Result<Vec<Evidence>, Error> {
        let runs = members.iter().map(|&number| Box::pin(self.source(number, places)) as Pending<'_>);
        // Polled together on one task: a dropped assessment drops, and so ends, all of them.
        join_all(runs.collect()).await.into_iter().collect()
    }

    async fn source(&self, number: usize, places: &Places) -> Result<Evidence, Error> {
        let source = &self.sources[number];
        if let Recipe::Changes(since) = source.recipe {
            let source = source.clone();
            return self.ground.with(move |ground| ground.compare(&source, since)).await;
        }
        let mut goes = Vec::new();
        for _ in 1..=source.repeat {
            goes.push(self.go(source, places).await?);
        }
        Ok(Evidence::of_goes(goes))
    }

    async fn turns(&self, members: [usize; 2], places: &Places) -> Result<Vec<Evidence>, Error> {
        let sources = members.map(|number| &self.sources[number]);
        let mut goes = [Vec::new(), Vec::new()];
        for (side, _) in schedule::turns(sources[0].repeat) {
            goes[side].push(self.go(sources[side], places).await?);
        }
        Ok(goes.map(Evidence::of_goes).into())
    }

    async fn go(&self, source: &Source, places: &Places) -> Result<Evidence, Error> {
        let after = match &source.recipe {
            Recipe::Files(files) => files.after.as_ref().and_then(|after| self.of(&after.value)),
            Recipe::Run(_) | Recipe::Changes(_) => None,
        };
        let after: Option<Timestamp> = after.map(|after| after.origin.started);
        Ok(places[&source.at].collector.collect(source, after).await?)
    }

    /// Looks at every folder of the batch again, and lets core say what that means.
    async fn watched(
        &self,
        members: &[usize],
        places: &Places,
        evidence: Vec<Evidence>,
    ) -> Result<Vec<Evidence>, Error> {
        let mut seen = BTreeMap::new();
        let is_alone = members.len() == 1;
        for (&at, place) in places {
            let place = Arc::clone(place);
            let watched = self.ground.with(move |ground| match ground.look_at(&place, is_alone)? {
                Some(watched) => Ok(watched),
                None => ground.look(),
            });
            seen.insert(at, watched.await?);
        }
        let base_doubt = self.ground.with(|ground| Ok(ground.base_doubt())).await?;
        let on_tree = |(&number, mut evidence): (&usize, Evidence)| match &self.sources[number].recipe {
            Recipe::Changes(_) => evidence,
            Recipe::Run(_) | Recipe::Files(_) => {
                let source = &self.sources[number];
                evidence.origin.prepared = self.prepared[number];
                evidence.origin.doubts.extend(places[&source.at].doubts(source));
                if source.at == At::Base {
                    evidence.origin.doubts.extend(base_doubt.clone());
                }
                freshness::on_tree(evidence, &seen[&source.at])
            }
        };
        Ok(members.iter().zip(evidence).map(on_tree).collect())
    }
}

type Pending<'a> = std::pin::Pin<Box<dyn Future<Output = Result<Evidence, Error>> + Send + 'a>>;

/// Waits for all, in order.
async fn join_all(mut futures: Vec<Pending<'_>>) -> Vec<Result<Evidence, Error>> {
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
