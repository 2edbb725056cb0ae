//! An agent that does what its script says, and keeps what it was told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use evident_agent::{Control, Driver, Found, Lost, Pending, Prompt, Signal, Turn};
use evident_core::agent::{Capabilities, Ended, Ending, Failure, FailureClass};
use evident_core::goal::Goal;
use tokio::sync::mpsc;
use tokio::time::sleep;

use super::folder::Folder;
use crate::Assurance;
use crate::goals::drive::Drivers;

/// What an agent does in a turn.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// Lets so many milliseconds pass.
    Passes(u64),
    /// Signals.
    Says(Signal),
    /// Signals again and again, until the host wants something.
    Floods(Signal),
    /// Waits until the host wants something.
    Obeys,
    /// Changes the folder, and whether the contract is met.
    Works(bool),
}

/// What becomes of a turn that is to begin.
#[derive(Debug, Clone)]
pub(super) enum Begins {
    /// It does this, and then hangs.
    With(Vec<Act>),
    /// The driver never says whether it began.
    Never,
}

/// What the agent was told.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) prompts: Vec<Prompt>,
    pub(super) controls: Vec<Control>,
    pub(super) opened: u32,
    pub(super) closed: u32,
}

/// Drivers of an agent that does what its script says; a clone is another handle to the same.
#[derive(Debug, Clone)]
pub(super) struct Puppets {
    turns: Arc<Mutex<VecDeque<Begins>>>,
    heard: Arc<Mutex<Heard>>,
    /// What is answered where a turn is looked up.
    pub(super) found: Found,
    pub(super) capabilities: Capabilities,
    /// False where it hangs when it is closed.
    pub(super) closes: bool,
    folder: Folder,
    /// Probes that find no program.
    pub(super) probes: Arc<Mutex<u32>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Puppets {
    /// An agent that can do everything that an agent can, and whose turns these are.
    pub(super) fn new(turns: impl IntoIterator<Item = Begins>, folder: Folder) -> Self {
        Self {
            turns: Arc::new(Mutex::new(turns.into_iter().collect())),
            heard: Arc::default(),
            found: Found::Unknown,
            capabilities: Capabilities {
                tool_calls: true,
                tokens: true,
                cost: true,
                asks: true,
                confines: false,
                interrupts: true,
                resumes: true,
                looks_up: true,
            },
            closes: true,
            folder,
            probes: Arc::default(),
        }
    }

    pub(super) fn heard(&self) -> MutexGuard<'_, Heard> {
        lock(&self.heard)
    }
}

impl Drivers for Puppets {
    fn kind(&self) -> String {
        "puppet".into()
    }

    fn assurance(&self) -> Assurance {
        Assurance::SameUser
    }

    fn open(&self, _: &Goal) -> Result<Box<dyn Driver>, Failure> {
        self.heard().opened += 1;
        Ok(Box::new(self.clone()))
    }
}

impl Driver for Puppets {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn begin(&mut self, prompt: Prompt) -> Pending<'_, Result<Turn, Failure>> {
        Box::pin(async move {
            self.heard().prompts.push(prompt);
            let begins = lock(&self.turns).pop_front().unwrap_or(Begins::With(vec![ended("nothing")]));
            let Begins::With(acts) = begins else { return std::future::pending().await };
            let (told, signals) = mpsc::channel(4);
            let (control, wanted) = mpsc::channel(4);
            tokio::spawn(play(self.clone(), acts, told, wanted));
            Ok(Turn { signals, control })
        })
    }

    fn look_up(&mut self, _: &Lost) -> Pending<'_, Result<Found, Failure>> {
        let found = self.found.clone();
        Box::pin(async move { Ok(found) })
    }

    fn probe(&mut self) -> Pending<'_, Result<(), Failure>> {
        let mut left = lock(&self.probes);
        let is_there = match left.checked_sub(1) {
            None => Ok(()),
            Some(less) => {
                *left = less;
                Err(Failure::new(FailureClass::Missing, "it is gone"))
            }
        };
        Box::pin(async move { is_there })
    }

    fn close(&mut self) -> Pending<'_, ()> {
        self.heard().closed += 1;
        let closes = self.closes;
        Box::pin(async move {
            if !closes {
                std::future::pending::<()>().await;
            }
        })
    }
}

async fn play(
    puppets: Puppets,
    acts: Vec<Act>,
    told: mpsc::Sender<Signal>,
    mut wanted: mpsc::Receiver<Control>,
) {
    for act in acts {
        match act {
            Act::Passes(milliseconds) => sleep(Duration::from_millis(milliseconds)).await,
            // A host that is gone does not hear it.
            Act::Says(signal) => drop(told.send(signal).await),
            Act::Works(met) => {
                let mut truth = puppets.folder.truth();
                truth.changes += 1;
                truth.met = met;
            }
            Act::Obeys => {
                let Some(control) = wanted.recv().await else { return };
                puppets.heard().controls.push(control);
            }
            Act::Floods(signal) => loop {
                tokio::select! {
                    control = wanted.recv() => {
                        puppets.heard().controls.extend(control);
                        break;
                    }
                    sent = told.send(signal.clone()) => if sent.is_err() { return },
                }
            },
        }
    }
    told.closed().await;
}

/// The end of a turn, with that final message.
pub(super) fn ended(message: &str) -> Act {
    Act::Says(Signal::Ended(Ended { ending: Ending::Completed, message: message.into() }))
}

/// The agent took the prompt.
pub(super) fn started() -> Act {
    Act::Says(Signal::Started { session: Some("talk".into()), turn: Some("1".into()), process: None })
}
