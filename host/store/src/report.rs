//! What is found when a log is read whole: damage with its goal and place. It reads what it is given and repairs
//! nothing.

use std::fmt;

use crate::chain::{Hash, Record, first};
use crate::event::StoredHead;
use crate::ids::{CommandId, GoalId};
use crate::store::limits;

/// One thing that is not as it was stored.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Damage {
    /// The goal.
    pub goal: GoalId,
    /// The place of the event, where it is about one.
    pub seq: Option<u64>,
    /// What is wrong.
    pub flaw: Flaw,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Flaw {
    /// An event, or what came before it, is another than the one that was stored.
    #[error("the event does not fit its link of the chain")]
    Link,
    /// Events are missing before this place.
    #[error("events are missing: after {after} comes this one")]
    Gap {
        /// The last place before the gap; 0 for the start.
        after: u64,
    },
    /// The epoch is smaller than that of the event before.
    #[error("epoch {epoch} comes after epoch {before}")]
    Epoch {
        /// Of this event.
        epoch: u64,
        /// Of the event before.
        before: u64,
    },
    /// The body has no version.
    #[error("the body has version 0")]
    Version,
    /// The head names another last event than the one that is there.
    #[error("the head says {head} events, there are {found}")]
    HeadSeq {
        /// What the head says.
        head: u64,
        /// What there is.
        found: u64,
    },
    /// The head names another last link than the one that is there.
    #[error("the head has another link than the last event")]
    HeadLink,
    /// The head is another than the one that was stored.
    #[error("the head does not fit its seal")]
    HeadSeal,
    /// There are events, and no goal that they belong to.
    #[error("events without a goal")]
    NoGoal,
    /// A command has an answer that no event gives.
    #[error("no event answers command `{0}` there")]
    Answer(CommandId),
    /// The database does not let itself be read.
    #[error("not readable: {0}")]
    Unreadable(String),
}

impl fmt::Display for Damage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "goal `{}`", self.goal)?;
        if let Some(seq) = self.seq {
            write!(formatter, ", event {seq}")?;
        }
        write!(formatter, ": {}", self.flaw)
    }
}

/// What was read, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Goals that were read.
    pub goals: u64,
    /// Events that were read.
    pub events: u64,
    /// Damage, by goal and place; the first [`limits::DAMAGES_MAX`].
    pub damages: Vec<Damage>,
    /// Damage that is not listed.
    pub more: u64,
}

impl Report {
    /// Whether everything is as it was stored, as far as a chain can tell; see the limits of one in `chain.rs`.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.damages.is_empty() && self.more == 0
    }

    pub(crate) fn add(&mut self, goal: GoalId, seq: Option<u64>, flaw: Flaw) {
        if self.damages.len() < limits::DAMAGES_MAX {
            self.damages.push(Damage { goal, seq, flaw });
        } else {
            self.more += 1;
        }
    }

    /// Both together, in order.
    pub(crate) fn join(&mut self, other: Self) {
        self.goals += other.goals;
        self.events += other.events;
        self.more += other.more;
        self.damages.extend(other.damages);
        self.damages.sort();
        self.more += self.damages.len().saturating_sub(limits::DAMAGES_MAX) as u64;
        self.damages.truncate(limits::DAMAGES_MAX);
    }
}

/// A walk along the chain of one goal. After a flaw it goes on from what is stored, so that one edit is told once.
#[derive(Debug)]
pub(crate) struct Walk {
    goal: GoalId,
    seq: u64,
    epoch: u64,
    hash: Hash,
}

impl Walk {
    /// From the first link.
    pub(crate) fn begin(stored: &StoredHead) -> Self {
        Self { goal: stored.goal.id, seq: 0, epoch: 0, hash: first(&stored.goal) }
    }

    /// From behind an event that is stored.
    pub(crate) fn resume(goal: GoalId, seq: u64, epoch: u64, hash: Hash) -> Self {
        Self { goal, seq, epoch, hash }
    }

    /// The next event, with the link that is stored.
    pub(crate) fn step(&mut self, record: &Record<'_>, hash: Hash, mut tell: impl FnMut(u64, Flaw)) {
        if record.seq != self.seq + 1 {
            tell(record.seq, Flaw::Gap { after: self.seq });
        } else if record.link(self.hash) != hash {
            tell(record.seq, Flaw::Link);
        }
        if record.epoch < self.epoch {
            tell(record.seq, Flaw::Epoch { epoch: record.epoch, before: self.epoch });
        }
        if record.version == 0 {
            tell(record.seq, Flaw::Version);
        }
        (self.seq, self.epoch, self.hash) = (record.seq, record.epoch, hash);
    }

    /// The end: what the head says about it.
    pub(crate) fn end(self, stored: &StoredHead, sealed: Hash, report: &mut Report) {
        if stored.seq != self.seq {
            report.add(self.goal, None, Flaw::HeadSeq { head: stored.seq, found: self.seq });
        } else if stored.hash != self.hash {
            report.add(self.goal, None, Flaw::HeadLink);
        }
        if stored.seal() != sealed {
            report.add(self.goal, None, Flaw::HeadSeal);
        }
        report.goals += 1;
    }
}
