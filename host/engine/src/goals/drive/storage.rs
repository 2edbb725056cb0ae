//! What the loop does while the disk takes nothing: it waits, and looks now and then. It hears the owner meanwhile,
//! and an end that the owner asks for is one, whether or not it can be written down.

use std::sync::Arc;
use std::time::Duration;

use evident_core::goal::continuation::PROBE_MS;
use evident_core::goal::state::{Blocked, State};
use evident_core::goal::step::{Action, Command};
use tokio::time::{Instant, sleep_until};

use super::records::blocking;
use super::{Driving, lost};
use crate::goals::journal::Trouble;
use crate::goals::keeper::Order;

/// Bytes that must be free before a goal goes on after a full disk: a short prompt, an assessment and its evidence.
const ROOM_BYTES: u64 = 256 * 1024;

/// The most that is asked for. Each time that the room did not suffice, twice as much has to be there the next time:
/// a suite is not run every minute for evidence that never fits.
const ROOM_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// What this process knows about the room for its files.
#[derive(Debug)]
pub(super) struct Room {
    /// Why nothing could be written since the loop looked last.
    trouble: Option<String>,
    /// True once the owner ended the run and that could not be written down.
    leaves: bool,
    /// Bytes that the next probe asks for.
    wanted: u64,
}

impl Default for Room {
    fn default() -> Self {
        Self { trouble: None, leaves: false, wanted: ROOM_BYTES }
    }
}

impl Room {
    pub(super) fn note(&mut self, detail: &str) {
        self.trouble = Some(detail.to_owned());
    }

    pub(super) fn take_trouble(&mut self) -> Option<String> {
        self.trouble.take()
    }

    pub(super) fn leaves(&self) -> bool {
        self.leaves
    }

    /// An assessment was made and kept.
    pub(super) fn sufficed(&mut self) {
        self.wanted = ROOM_BYTES;
    }
}

impl Driving {
    /// After something could not be written. True if the run ends here.
    ///
    /// A goal that was stopped for it in the log, and has no turn, is waited for by the rules. Everything else would
    /// be tried again at once: here it waits, for as long as there is no room.
    pub(super) async fn starve(&mut self, detail: &str) -> Result<bool, Trouble> {
        let full = || Trouble::Full(detail.to_owned());
        if self.room.leaves {
            return Err(full());
        }
        let goal = self.journal.goal();
        let is_stopped = goal.state == State::Blocked(Blocked::Storage);
        if is_stopped && goal.turn.is_none() {
            return Ok(false);
        }
        if !self.manner.patient {
            if is_stopped {
                return Ok(true);
            }
            // Once for each amount of room that is asked for: a host that does not wait must not spin either.
            if self.room.wanted >= ROOM_BYTES_MAX || self.probe_room().await.is_err() {
                return Err(full());
            }
            // Its turn could not be written down and is lost, as with a host that dies.
            self.live = None;
            return Ok(false);
        }
        if self.live.is_some() && is_stopped && self.is_interruptible() {
            return Ok(false);
        }
        // Nothing that the agent does could be written down: its turn is lost, as with a host that dies.
        self.live = None;
        while !self.waits_for_room().await? {}
        Ok(false)
    }

    /// True if the turn that runs is not being ended yet.
    fn is_interruptible(&self) -> bool {
        let goal = self.journal.goal();
        goal.turn.as_ref().is_none_or(|turn| turn.interrupted.is_none())
    }

    /// Waits until the next probe, or for the owner; true if something could be written, or there is room.
    async fn waits_for_room(&mut self) -> Result<bool, Trouble> {
        let until = Instant::now() + Duration::from_millis(PROBE_MS);
        loop {
            let order = tokio::select! {
                biased;
                () = lost(&mut self.desk.lost) => return Err(Trouble::Fenced),
                Some(order) = self.desk.orders.recv() => order,
                () = sleep_until(until) => return Ok(self.probe_room().await.is_ok()),
            };
            match self.obey(order).await {
                // It was written down. What it asks for is decided again from the log.
                Ok(_) => return Ok(true),
                Err(Trouble::Full(_)) if !self.room.leaves => {}
                Err(trouble) => return Err(trouble),
            }
        }
    }

    /// Whether there is room: for the ballast, and beside it for what a goal needs to go on.
    pub(super) async fn probe_room(&mut self) -> Result<(), String> {
        let store = Arc::clone(self.journal.store());
        blocking(|| store.restore_ballast()).map_err(|error| error.to_string())?;
        let world = Arc::clone(&self.world);
        world.room(self.room.wanted).await.map_err(|trouble| trouble.to_string())?;
        self.room.wanted = self.room.wanted.saturating_mul(2).min(ROOM_BYTES_MAX);
        Ok(())
    }

    /// A command that could not be written down has no effect, except that an end is one.
    pub(super) fn unwritten(&mut self, order: Order, detail: String) -> Result<Vec<Action>, Trouble> {
        self.room.leaves |= matches!(order.command, Ok(Command::Pause { .. } | Command::Clear));
        if let Some(reply) = order.reply {
            // A caller that does not wait any more need not hear it.
            let _gone = reply.send(Err(format!("it could not be written down: {detail}")));
        }
        Err(Trouble::Full(detail))
    }
}
