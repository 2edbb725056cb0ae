//! Reads everything that the host keeps: the log of goals, and every blob that an event, a start or a kept
//! assessment names.
//!
//! It repairs nothing. What nothing names is not read.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use evident_core::assessment::Assessment;
use evident_core::digest::Digest;
use evident_core::goal::event::Event;
use evident_store::limits::HEADS_READ_MAX;
use evident_store::{Filter, GoalId, Report};

use super::journal::{blobs, for_each};
use crate::{Engine, Error, last, start, sweep};

/// Threads that read blobs: more than a disk has use for.
const THREADS_MAX: usize = 8;

/// Damages that are listed; the rest is counted.
const DAMAGES_MAX: usize = 1000;

/// What was read, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verified {
    /// The log.
    pub log: Report,
    /// Blobs that were read.
    pub blobs: u64,
    /// What is not as it was stored, by the place that names it; the first thousand.
    pub damages: Vec<Damage>,
    /// Damage that is not listed.
    pub more: u64,
}

/// A blob, or a file that names blobs, that is not as it was stored.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Damage {
    /// What names it.
    pub place: Place,
    /// The blob; absent where the file that names blobs cannot be read.
    pub blob: Option<Digest>,
    /// What is wrong.
    pub flaw: String,
}

/// What names a blob.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// An event of a goal, or the assessment that it names.
    Event {
        /// The goal.
        goal: GoalId,
        /// Its place.
        seq: u64,
    },
    /// An event that cannot be read any more.
    Log,
    /// A recorded start, by the path of its file.
    Start(String),
    /// The last assessment of a contract, by the path of its file.
    Last(String),
}

impl std::fmt::Display for Damage {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.place {
            Place::Event { goal, seq } => write!(formatter, "goal `{goal}`, event {seq}: ")?,
            Place::Log => formatter.write_str("the log: ")?,
            Place::Start(path) => write!(formatter, "the start `{path}`: ")?,
            Place::Last(path) => write!(formatter, "the assessment `{path}`: ")?,
        }
        formatter.write_str(&self.flaw)
    }
}

impl Verified {
    /// Whether everything is as it was stored.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.log.is_sound() && self.damages.is_empty() && self.more == 0
    }
}

/// Every blob that is named, each once, by what names it first.
#[derive(Default)]
struct Named {
    blobs: BTreeMap<Digest, Place>,
    damages: Vec<Damage>,
}

impl Named {
    fn add(&mut self, place: &Place, digests: impl IntoIterator<Item = Digest>) {
        for digest in digests {
            self.blobs.entry(digest).or_insert_with(|| place.clone());
        }
    }

    fn unreadable(&mut self, place: Place, error: &Error) {
        self.damages.push(Damage { place, blob: None, flaw: told(error) });
    }
}

impl Engine {
    /// Reads the log, or one goal of it, and every blob that it names; of everything, those that starts and kept
    /// assessments name as well. Blocks.
    ///
    /// # Errors
    /// The host's own failure; damage is what it reports.
    pub fn verify_store(&self, goal: Option<GoalId>) -> Result<Verified, Error> {
        let store = self.store()?;
        let log = store.verify(goal)?;
        let mut named = Named::default();
        match goal {
            Some(goal) => self.named_by_goal(goal, &mut named),
            None => {
                for goal in self.goals_there()? {
                    self.named_by_goal(goal, &mut named);
                }
                self.named_by_records(&mut named)?;
                // Last, for it knows no place: of a log that is damaged, the columns are left.
                named.add(&Place::Log, store.named_blobs()?);
            }
        }
        let Named { blobs, mut damages } = named;
        let read = blobs.len() as u64;
        damages.extend(self.damaged(blobs.into_iter().collect::<Vec<_>>().as_slice()));
        damages.sort();
        let more = damages.len().saturating_sub(DAMAGES_MAX) as u64;
        damages.truncate(DAMAGES_MAX);
        Ok(Verified { log, blobs: read, damages, more })
    }

    fn goals_there(&self) -> Result<Vec<GoalId>, Error> {
        let store = self.store()?;
        let (mut goals, mut before) = (Vec::new(), None);
        loop {
            let heads = store.heads(Filter::All, before, HEADS_READ_MAX)?;
            let Some(last) = heads.last() else { return Ok(goals) };
            before = Some(last.number);
            goals.extend(heads.iter().map(|head| head.goal.id));
        }
    }

    /// As far as the log of the goal can be read: the rest is damage that the log itself tells.
    fn named_by_goal(&self, goal: GoalId, named: &mut Named) {
        let Ok(store) = self.store() else { return };
        let mut assessments = Vec::new();
        let _told_by_the_log = for_each(&*store, goal, 0, |recorded| {
            let place = Place::Event { goal, seq: recorded.seq };
            named.add(&place, blobs(&recorded.event));
            if let Event::Assessed(assessed) = &recorded.event {
                assessments.push((place, assessed.assessment));
            }
            Ok(())
        });
        for (place, digest) in assessments {
            // A damaged one is told when its own blob is read.
            if let Ok(assessment) = self.stored_assessment(digest) {
                named.add(&place, sweep::digests(&assessment));
            }
        }
    }

    fn named_by_records(&self, named: &mut Named) -> Result<(), Error> {
        let trees = self.trees()?;
        for (_, path) in sweep::files(&self.places.state.join(start::FOLDER))? {
            let place = Place::Start(path.display().to_string());
            let record = match start::read(&path) {
                Ok(Some(record)) => record,
                Ok(None) => continue,
                Err(error) => {
                    named.unreadable(place, &error);
                    continue;
                }
            };
            named.add(&place, [record.rules]);
            for tree in record.trees() {
                named.add(&place, [tree]);
                // A damaged manifest is told when its own blob is read.
                if let Ok(tree) = trees.load(tree) {
                    named.add(&place, tree.digests());
                }
            }
        }
        for (_, path) in sweep::files(&self.places.state.join("last"))? {
            let place = Place::Last(path.display().to_string());
            let failed = |message: String| Error::Stored { path: path.clone(), message };
            let read = last::read(&path).map_err(|error| failed(error.to_string()));
            let assessment = read.and_then(|json| {
                serde_json::from_slice::<Assessment>(&json).map_err(|error| failed(error.to_string()))
            });
            match assessment {
                Ok(assessment) => named.add(&place, sweep::digests(&assessment)),
                Err(error) => named.unreadable(place, &error),
            }
        }
        Ok(())
    }

    /// Those that are not what they were, on as many threads as the machine has cores.
    fn damaged(&self, named: &[(Digest, Place)]) -> Vec<Damage> {
        let threads = thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
        let next = AtomicUsize::new(0);
        let part = || {
            let mut damages = Vec::new();
            while let Some((digest, place)) = named.get(next.fetch_add(1, Ordering::Relaxed)) {
                if let Err(error) = self.blobs.prove(*digest) {
                    let flaw = told(&error);
                    damages.push(Damage { place: place.clone(), blob: Some(*digest), flaw });
                }
            }
            damages
        };
        thread::scope(|scope| {
            let parts: Vec<_> = (0..threads).map(|_| scope.spawn(part)).collect();
            parts.into_iter().flat_map(|part| part.join().expect("a reader does not panic")).collect()
        })
    }
}

/// An error with its cause, in one line.
fn told(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
