//! The course of one turn: lines of the agent to the host, answers of the host to the agent, until the turn
//! ends or the agent does.

use std::sync::{Arc, Mutex, PoisonError};

use evident_core::agent::{Failure, FailureClass};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use super::reader::{Reader, Step};
use super::request;
use crate::process::Process;
use crate::{Control, INTERRUPT_GRACE, Signal};

/// An agent whose protocol is open.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) agent: Process,
    pub(crate) reader: Reader,
    /// What happened before the first turn.
    pub(crate) early: Vec<Signal>,
}

impl Running {
    /// The next line of the agent.
    ///
    /// # Errors
    /// When it ended, or wrote more than it may.
    pub(crate) async fn line(&mut self) -> Result<String, Failure> {
        match self.agent.next_line().await? {
            Some(line) => Ok(line),
            None => Err(self.agent.broke_off().await),
        }
    }
}

/// The agent's own name for the conversation, once it is known: shared, because a turn can be dropped.
pub(crate) type Conversation = Arc<Mutex<Option<String>>>;

/// How a turn goes on.
enum Next {
    Goes,
    /// It is over, and the agent lives on.
    Over,
    /// The host does not want the turn any more.
    Dropped,
}

struct Course {
    running: Running,
    signals: mpsc::Sender<Signal>,
    conversation: Conversation,
    /// When the agent is killed, if it has not ended the turn by then.
    deadline: Option<Instant>,
}

/// Runs a turn whose prompt was sent, until it ends or is stopped; gives back the agent where it lives on.
pub(crate) async fn run(
    running: Running,
    conversation: Conversation,
    signals: mpsc::Sender<Signal>,
    controls: mpsc::Receiver<Control>,
    stop: oneshot::Receiver<()>,
) -> Option<Running> {
    let mut course = Course { running, signals, conversation, deadline: None };
    let ended = tokio::select! {
        biased;
        Ok(()) = stop => Ok(Next::Dropped),
        ended = course.run(controls) => ended,
    };
    match ended {
        Ok(Next::Over) => return Some(course.running),
        Ok(_) => {
            course.running.agent.end().await;
        }
        Err(failure) => {
            course.running.agent.end().await;
            let ended = course.running.reader.gone(failure);
            // A host that is gone misses nothing.
            let _ = course.signals.send(ended).await;
        }
    }
    None
}

impl Course {
    async fn run(&mut self, mut controls: mpsc::Receiver<Control>) -> Result<Next, Failure> {
        for signal in std::mem::take(&mut self.running.early) {
            if let Next::Dropped = self.tell(signal).await {
                return Ok(Next::Dropped);
            }
        }
        let mut controlled = true;
        loop {
            let next = tokio::select! {
                biased;
                () = self.signals.closed() => Next::Dropped,
                control = controls.recv(), if controlled => match control {
                    Some(control) => self.control(control)?,
                    None => {
                        controlled = false;
                        Next::Goes
                    }
                },
                () = at(self.deadline) => return Err(overdue()),
                line = self.running.line() => self.read(&line?).await?,
            };
            if !matches!(next, Next::Goes) {
                return Ok(next);
            }
        }
    }

    fn control(&mut self, control: Control) -> Result<Next, Failure> {
        match control {
            Control::Interrupt => {
                self.running.reader.interrupt();
                self.end()?;
            }
            Control::Answer { id, answer } => {
                if let Some(line) = self.running.reader.answer(&id, &answer) {
                    self.running.agent.write_line(&line)?;
                }
            }
        }
        Ok(Next::Goes)
    }

    async fn read(&mut self, line: &str) -> Result<Next, Failure> {
        for step in self.running.reader.read(line)? {
            match step {
                Step::Opened => {}
                Step::Reply(line) => self.running.agent.write_line(&line)?,
                Step::GiveUp => self.end()?,
                Step::Signal(signal) => {
                    let over = matches!(signal, Signal::Ended(_));
                    match self.tell(signal).await {
                        _ if over => return Ok(Next::Over),
                        Next::Dropped => return Ok(Next::Dropped),
                        _ => {}
                    }
                }
            }
        }
        Ok(Next::Goes)
    }

    /// Tells the agent to end the turn, once.
    fn end(&mut self) -> Result<(), Failure> {
        if self.deadline.is_none() {
            self.deadline = Some(Instant::now() + INTERRUPT_GRACE);
            self.running.agent.write_line(&request::interrupt())?;
        }
        Ok(())
    }

    async fn tell(&mut self, signal: Signal) -> Next {
        if let Signal::Started { session: Some(session), .. } = &signal {
            *self.conversation.lock().unwrap_or_else(PoisonError::into_inner) = Some(session.clone());
        }
        if self.signals.send(signal).await.is_err() { Next::Dropped } else { Next::Goes }
    }
}

fn overdue() -> Failure {
    let grace = INTERRUPT_GRACE.as_secs();
    Failure::new(FailureClass::Stalled, format!("it did not end its turn within {grace} s and was killed"))
}

async fn at(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
