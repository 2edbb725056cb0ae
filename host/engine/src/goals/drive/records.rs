//! What the loop writes down: tried again where others hold the store, and with room made where the disk is
//! full.

use std::sync::Arc;
use std::time::Duration;

use evident_core::goal::event::Event;
use evident_core::goal::step::{Input, Step, step};
use tokio::time::{Instant, sleep};

use super::{Driving, Notice};
use crate::Error;
use crate::goals::caller::caller;
use crate::goals::journal::{Entry, Trouble};
use crate::goals::keeper::Order;

/// How often an event is tried to be written while others hold the store; each try waits for seconds already.
const BUSY_TRIES: u32 = 5;

/// Between two such tries.
const BUSY_PAUSE: Duration = Duration::from_secs(1);

/// What became of events that had to be written down; they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// Nothing else.
    AsUsual,
    /// There was no room, so the goal stopped: nothing that was to be done after them is done.
    AndStopped,
}

impl Driving {
    pub(super) async fn write(&mut self, step: &Step, order: Option<&Order>) -> Result<Written, Trouble> {
        let mut answers = order.and_then(|order| order.answers);
        let entries: Vec<Entry> = step
            .events
            .iter()
            .map(|(actor, event)| Entry {
                actor: *actor,
                // What is typed here comes from this very process.
                caller: order.map(|order| order.caller.clone().unwrap_or_else(caller)),
                event: event.clone(),
                answers: answers.take(),
            })
            .collect();
        match self.record_or_retry(&entries).await {
            Err(Trouble::Full(detail)) => {
                self.without_room(&entries, &detail).await?;
                Ok(Written::AndStopped)
            }
            other => other.map(|()| Written::AsUsual),
        }
    }

    /// Others may hold the store for a while: nothing was written then, and it is tried again.
    async fn record_or_retry(&mut self, entries: &[Entry]) -> Result<(), Trouble> {
        for _ in 1..BUSY_TRIES {
            match self.record(entries) {
                Err(Trouble::Host(Error::Store(evident_store::Error::Busy))) => sleep(BUSY_PAUSE).await,
                other => return other,
            }
        }
        self.record(entries)
    }

    fn record(&mut self, entries: &[Entry]) -> Result<(), Trouble> {
        let at = self.world.wall();
        let recorded = blocking(|| self.journal.write(entries, at))?;
        for event in &recorded {
            if matches!(event.event, Event::Waiting { .. }) {
                // What passed before is not part of this wait.
                (self.looked, self.waited_until) = (Instant::now(), Instant::now());
            }
            (self.observer)(self.journal.goal(), Notice::Recorded(event));
        }
        Ok(())
    }

    /// The disk is full: room that was kept for this is given up, what has to be written is written, and the
    /// goal stops.
    async fn without_room(&mut self, entries: &[Entry], detail: &str) -> Result<(), Trouble> {
        self.make_room()?;
        self.record_or_retry(entries).await?;
        self.storage_failed(detail).await
    }

    fn make_room(&self) -> Result<(), Trouble> {
        let store = Arc::clone(self.journal.store());
        blocking(|| store.free_ballast()).map(drop).map_err(|error| Trouble::Host(Error::Store(error)))
    }

    pub(super) async fn storage_failed(&mut self, detail: &str) -> Result<(), Trouble> {
        let step = step(self.journal.goal(), &Input::StorageFailed(detail.to_owned())).expect("no command");
        let host = |(actor, event): &(_, Event)| Entry {
            actor: *actor,
            caller: None,
            event: event.clone(),
            answers: None,
        };
        let entries: Vec<Entry> = step.events.iter().map(host).collect();
        // The first look whether there is room again is in a while, not now.
        self.probed = Some(Instant::now());
        match self.record_or_retry(&entries).await {
            Err(Trouble::Full(_)) => {
                self.make_room()?;
                self.record_or_retry(&entries).await
            }
            other => other,
        }
    }
}

/// Runs what blocks for moments: other tasks of the runtime go on where they can.
pub(super) fn blocking<T>(work: impl FnOnce() -> T) -> T {
    use tokio::runtime::{Handle, RuntimeFlavor};
    match Handle::current().runtime_flavor() {
        RuntimeFlavor::MultiThread => tokio::task::block_in_place(work),
        _ => work(),
    }
}
