//! Ends what programs leave behind: every process whose parent ended becomes a child of the host, whatever
//! session it is in, whatever marks it took off, and is killed.
//!
//! The kernel gives such a process to the nearest process above it that asked for that: a child subreaper,
//! PR_SET_CHILD_SUBREAPER(2const). No process can leave a subreaper; it can only ask a program outside to start
//! something (`systemd-run`, `at`, a container daemon). This room kills no process that the host started and
//! still holds, none in the host's own session, and none that was its child before it began.
//!
//! Linux only: elsewhere [`Orphans::adopt`] gives a value that does nothing.

mod still;
mod sweep;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use evident_core::defence::Defence;
use tokio::sync::{OwnedRwLockReadGuard, RwLock};

pub use still::Still;
use sweep::Inherited;

/// For ending everything that was left behind. A killed process is gone in microseconds; a program that starts
/// others faster than they are killed takes longer, and one that a system call holds may take for ever.
pub const END_MAX: Duration = Duration::from_secs(5);

/// Between two looks for processes that ended and that only the host can reap.
const REAP_EVERY: Duration = Duration::from_secs(1);

/// Names of programs that a message shows.
const NAMES_MAX: usize = 5;

/// What was left behind and cannot be ended, in one line that is safe to show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Left(pub(crate) String);

/// The right to end orphans of this process. A value that was not adopted does nothing, as tests of libraries
/// need it, which start children of their own.
///
/// It is for a process that drives one goal at a time: what an agent left is told from what another agent still
/// needs only by whether an assessment runs.
#[derive(Debug, Clone, Default)]
pub struct Orphans(Option<Arc<Inner>>);

#[derive(Debug)]
struct Inner {
    inherited: Inherited,
    /// Read by every producer while it runs, written while orphans are ended: a program that runs may need what
    /// lost its parent.
    producers: Arc<RwLock<()>>,
}

/// A producer runs: nothing that lost its parent is ended meanwhile.
#[derive(Debug)]
pub struct Producing(#[expect(dead_code, reason = "is held")] Option<OwnedRwLockReadGuard<()>>);

impl Orphans {
    /// Makes this process the one that gets what loses its parent below it. To be asked for once, by a program
    /// that starts no children but through [`crate::Launch`] or in its own session.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn adopt() -> io::Result<Self> {
        if !Defence::Orphans.stands() || !become_subreaper()? {
            return Ok(Self(None));
        }
        let inner = Arc::new(Inner { inherited: Inherited::look(), producers: Arc::default() });
        let reaped = Arc::downgrade(&inner);
        // Nothing else reaps them, and a day of a busy agent fills the table of the system.
        std::thread::Builder::new().name("orphans".into()).spawn(move || {
            while let Some(inner) = reaped.upgrade() {
                sweep::reap(&inner.inherited);
                drop(inner);
                std::thread::sleep(REAP_EVERY);
            }
        })?;
        Ok(Self(Some(inner)))
    }

    /// A producer begins; waits while orphans are ended.
    pub async fn producing(&self) -> Producing {
        match &self.0 {
            Some(inner) => Producing(Some(Arc::clone(&inner.producers).read_owned().await)),
            None => Producing(None),
        }
    }

    /// A producer ended: what it left behind is ended too, unless another one runs, which does it at its own end.
    /// Gives the names of the programs that were ended.
    ///
    /// # Errors
    /// What cannot be ended within [`END_MAX`].
    pub async fn produced(&self, producing: Producing) -> Result<Vec<String>, Left> {
        drop(producing);
        self.end().await
    }

    /// Ends everything that lost its parent, unless a producer runs. Gives the names of the programs.
    ///
    /// # Errors
    /// What cannot be ended within [`END_MAX`].
    pub async fn end(&self) -> Result<Vec<String>, Left> {
        let Some(inner) = &self.0 else { return Ok(Vec::new()) };
        let Ok(alone) = Arc::clone(&inner.producers).try_write_owned() else { return Ok(Vec::new()) };
        let inner = Arc::clone(inner);
        let ended = tokio::task::spawn_blocking(move || {
            let ended = sweep::end(&inner.inherited, sweep::Whom::Orphans);
            drop(alone);
            ended
        });
        // A runtime that goes away ends the whole process, and that ends them again.
        ended.await.unwrap_or_else(|_| Ok(Vec::new()))
    }

    /// Stops what is not ended, because the host goes on with it later: the agents that live from turn to turn,
    /// with everything below them. They go on when the answer is dropped.
    ///
    /// # Errors
    /// What does not stop.
    pub async fn still(&self) -> Result<Still, Left> {
        if self.0.is_none() || !Defence::StillAgent.stands() {
            return Ok(Still::default());
        }
        let stopped = tokio::task::spawn_blocking(still::stop);
        stopped.await.unwrap_or_else(|_| Ok(Still::default()))
    }

    /// Ends whatever this process started or was given, at its own end, when no runtime reaps anything any more.
    pub fn end_all(&self) {
        if let Some(inner) = &self.0 {
            // The process ends: there is nobody left who could do anything about what cannot be ended.
            let _left = sweep::end(&inner.inherited, sweep::Whom::Everything);
        }
    }
}

/// True where there is such a thing.
#[cfg(target_os = "linux")]
fn become_subreaper() -> io::Result<bool> {
    // The kernel looks at whether there is a number, not at which.
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    Ok(true)
}

#[cfg(not(target_os = "linux"))]
fn become_subreaper() -> io::Result<bool> {
    Ok(false)
}

/// A few names for a message.
fn names(names: &[String]) -> String {
    let mut shown: Vec<String> = names.iter().take(NAMES_MAX).map(|name| format!("`{name}`")).collect();
    if names.len() > NAMES_MAX {
        shown.push(format!("{} more", names.len() - NAMES_MAX));
    }
    shown.join(", ")
}
