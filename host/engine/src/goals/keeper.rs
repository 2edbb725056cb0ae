//! Keeps the leases of this host alive and brings commands from the inbox, for all its goals together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use evident_core::goal::event::Caller;
use evident_core::goal::step::Command;
use evident_store::{CommandId, GoalId, HEARTBEAT_MS, Lease, Machine, NewCommand, Store};
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::Engine;

/// Between two looks into the inbox: what a person who types a command does not notice.
const INBOX_EVERY: Duration = Duration::from_millis(250);

/// Looks into the inbox between two heartbeats.
const LOOKS_PER_HEARTBEAT: u64 = HEARTBEAT_MS / 250;

/// Commands that wait for the loop of one goal: more than an inbox takes.
const ORDERS_MAX: usize = 128;

/// Version of the stored form of a command.
pub(super) const COMMAND_VERSION: u32 = 1;

/// A command as it lies in the inbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sent {
    pub(super) caller: Caller,
    pub(super) command: Command,
}

/// A command on its way to the loop of a goal.
#[derive(Debug)]
pub struct Order {
    /// What the owner wants, or why that cannot be read.
    pub command: Result<Command, String>,
    /// Where it came from.
    pub caller: Option<Caller>,
    /// The row of the inbox that its answer closes.
    pub answers: Option<CommandId>,
    /// Hears whether it had an effect, where somebody in this process waits for that.
    pub reply: Option<oneshot::Sender<Result<(), String>>>,
}

/// Where the loop of one goal gets its commands.
pub struct Desk {
    /// Commands, as they come.
    pub orders: mpsc::Receiver<Order>,
    /// True once somebody else owns the goal.
    pub lost: watch::Receiver<bool>,
}

/// Where commands for the loop of one goal go.
pub type Orders = mpsc::Sender<Order>;

struct Leased {
    lease: Lease,
    orders: Orders,
    lost: watch::Sender<bool>,
    seen: BTreeSet<CommandId>,
}

/// Keeps leases alive until it is dropped. One for all goals of a host: it looks into the inbox once for all of
/// them, and renews their leases in one transaction.
pub struct Keeper {
    store: Arc<dyn Store>,
    machine: Arc<dyn Machine + Send + Sync>,
    kept: Arc<Mutex<BTreeMap<GoalId, Leased>>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Keeper {
    /// A keeper of no goal yet. Inside a runtime.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, machine: Arc<dyn Machine + Send + Sync>) -> Self {
        Self { store, machine, kept: Arc::default(), task: Mutex::new(None) }
    }

    /// Keeps a lease from now on, and brings the commands of its goal.
    #[must_use]
    pub fn keep(&self, lease: Lease) -> (Desk, Orders) {
        let (orders, received) = mpsc::channel(ORDERS_MAX);
        let (lost, watched) = watch::channel(false);
        let kept = Leased { lease, orders: orders.clone(), lost, seen: BTreeSet::new() };
        lock(&self.kept).insert(lease.goal, kept);
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if task.is_none() {
            let (store, machine, kept) =
                (Arc::clone(&self.store), Arc::clone(&self.machine), Arc::clone(&self.kept));
            *task = Some(tokio::spawn(beat(store, machine, kept)));
        }
        (Desk { orders: received, lost: watched }, orders)
    }

    /// Lets go of a goal.
    pub fn forget(&self, goal: GoalId) {
        lock(&self.kept).remove(&goal);
    }
}

/// A goal that is kept; dropped, it is let go of.
pub(super) struct Kept {
    keeper: Arc<Keeper>,
    goal: GoalId,
}

impl Kept {
    /// As [`Keeper::keep`].
    pub(super) fn new(keeper: Arc<Keeper>, lease: Lease) -> (Self, Desk, Orders) {
        let (desk, orders) = keeper.keep(lease);
        (Self { keeper, goal: lease.goal }, desk, orders)
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.keeper.forget(self.goal);
    }
}

impl Engine {
    /// The one keeper of all goals that this engine drives, for as long as it drives one. Inside the runtime that
    /// drives them.
    pub(super) fn keeper(&self, store: &Arc<dyn Store>) -> Arc<Keeper> {
        let mut known = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(keeper) = known.upgrade() {
            return keeper;
        }
        let keeper = Arc::new(Keeper::new(Arc::clone(store), self.machine()));
        *known = Arc::downgrade(&keeper);
        keeper
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        if let Some(task) = self.task.lock().unwrap_or_else(PoisonError::into_inner).take() {
            task.abort();
        }
    }
}

fn lock(kept: &Mutex<BTreeMap<GoalId, Leased>>) -> std::sync::MutexGuard<'_, BTreeMap<GoalId, Leased>> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn beat(
    store: Arc<dyn Store>,
    machine: Arc<dyn Machine + Send + Sync>,
    kept: Arc<Mutex<BTreeMap<GoalId, Leased>>>,
) {
    let mut looks = 0_u64;
    loop {
        let (store, machine, kept) = (Arc::clone(&store), Arc::clone(&machine), Arc::clone(&kept));
        let renews = looks.is_multiple_of(LOOKS_PER_HEARTBEAT);
        // A store that fails here fails in the loops too, where it is dealt with; a lease that is not renewed
        // runs out, which is what has to happen then.
        let _failed = tokio::task::spawn_blocking(move || {
            if renews {
                renew(&*store, &*machine, &kept);
            }
            bring(&*store, &kept);
        })
        .await;
        looks = looks.wrapping_add(1);
        tokio::time::sleep(INBOX_EVERY).await;
    }
}

fn renew(store: &dyn Store, machine: &dyn Machine, kept: &Mutex<BTreeMap<GoalId, Leased>>) {
    let leases: Vec<Lease> = lock(kept).values().map(|kept| kept.lease).collect();
    if leases.is_empty() {
        return;
    }
    let Ok(over) = store.renew(&leases, &machine.now()) else { return };
    for lease in over {
        if let Some(kept) = lock(kept).get(&lease.goal).filter(|kept| kept.lease == lease) {
            kept.lost.send_replace(true);
        }
    }
}

fn bring(store: &dyn Store, kept: &Mutex<BTreeMap<GoalId, Leased>>) {
    let Ok(waiting) = store.goals_with_commands() else { return };
    for goal in waiting {
        if !lock(kept).contains_key(&goal) {
            continue;
        }
        let Ok(pending) = store.pending(goal) else { continue };
        let mut kept = lock(kept);
        let Some(kept) = kept.get_mut(&goal) else { continue };
        for pending in pending {
            let id = pending.command.id;
            if kept.seen.contains(&id) {
                continue;
            }
            let order = order(id, &pending.command);
            if kept.orders.try_send(order).is_ok() {
                kept.seen.insert(id);
            }
        }
    }
}

/// A row of the inbox as an order. One that cannot be read is an order too: it is refused, and so does not stay.
pub(super) fn order(id: CommandId, sent: &NewCommand) -> Order {
    let (command, caller) = match read(sent) {
        Ok(sent) => (Ok(sent.command), Some(sent.caller)),
        Err(unreadable) => (Err(unreadable), None),
    };
    Order { command, caller, answers: Some(id), reply: None }
}

fn read(sent: &NewCommand) -> Result<Sent, String> {
    if sent.version != COMMAND_VERSION {
        return Err(format!("it has version {}, this host reads {COMMAND_VERSION}", sent.version));
    }
    serde_json::from_slice(&sent.body).map_err(|error| format!("it cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Places;

    /// Catches an engine whose goals each look into the inbox, and one that keeps what nobody drives any more.
    #[tokio::test]
    async fn goals_of_one_engine_have_one_keeper() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let place = |name: &str| folder.path().join(name);
        let places = Places { state: place("state"), cache: place("cache"), policy: place("policy.toml") };
        let engine = Engine::new(places).expect("starts");
        let store = engine.store().expect("opens");
        let lease = |number| Lease { goal: GoalId::from_bytes([number; 16]), epoch: 1 };
        let kept = |keeper: &Keeper| lock(&keeper.kept).keys().copied().collect::<Vec<_>>();
        let (first, _desk, _orders) = Kept::new(engine.keeper(&store), lease(1));
        let (second, _other_desk, _other_orders) = Kept::new(engine.clone().keeper(&store), lease(2));
        assert!(Arc::ptr_eq(&first.keeper, &second.keeper));
        assert_eq!(kept(&first.keeper), [lease(1).goal, lease(2).goal]);
        drop(first);
        assert_eq!(kept(&second.keeper), [lease(2).goal]);
        drop(second);
        let known = engine.keeper.lock().expect("is whole").strong_count();
        assert_eq!(known, 0, "nobody is left to keep anything for");
    }
}
