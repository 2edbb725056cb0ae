//! One turn on the app-server: what codex tells becomes signals, what the host wants becomes requests, until
//! the turn ends or the agent does.
//!
//! It keeps no time but the grace of an interrupt: how long a turn may take is the host's business.

use evident_core::agent::{Ended, Failure, FailureClass};
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::time::{Instant, sleep_until, timeout};

use super::left::Left;
use super::server::Server;
use super::translate::{Output, Translator};
use crate::{Control, INTERRUPT_GRACE, Signal};

/// The agent between turns.
#[derive(Debug)]
pub(super) struct Agent {
    pub(super) server: Server,
    pub(super) translator: Translator,
}

/// Whether the turn goes on.
enum Next {
    Goes,
    /// It ended in order.
    Ended(Ended),
    /// Nobody listens any more.
    Left,
}

/// Runs the turn that was begun, to its end. Gives the agent back where it lives on.
pub(super) async fn run(
    mut agent: Agent,
    mut left: Left,
    signals: Sender<Signal>,
    mut control: Receiver<Control>,
) -> Option<Agent> {
    let ended = match follow(&mut agent, &signals, &mut control).await {
        Ok(None) => {
            drop(agent);
            left.clear();
            return None;
        }
        Ok(Some(ended)) => ended,
        Err(failure) => {
            let ended = agent.translator.broke_off(failure);
            // The group dies before the end is told: nothing of the turn runs on.
            drop(agent);
            if let Some(told) = left.clear() {
                let _ = signals.send(told).await;
            }
            // Whether somebody still listens makes no difference any more.
            let _ = signals.send(Signal::Ended(ended)).await;
            return None;
        }
    };
    let rest = agent.server.end_rest(agent.translator.thread(), agent.translator.helpers());
    let cleaned = timeout(INTERRUPT_GRACE, rest).await;
    // Where codex cannot end it its group dies, before the end is told; the thread goes on in another.
    let agent = Some(agent).filter(|_| matches!(cleaned, Ok(Ok(()))));
    if let Some(told) = left.clear() {
        let _ = signals.send(told).await;
    }
    // Whether somebody still listens makes no difference any more.
    let _ = signals.send(Signal::Ended(ended)).await;
    agent
}

/// Follows the turn to its end; none where nobody listens any more.
async fn follow(
    agent: &mut Agent,
    signals: &Sender<Signal>,
    control: &mut Receiver<Control>,
) -> Result<Option<Ended>, Failure> {
    let mut outputs: Vec<Output> = Vec::new();
    for message in agent.server.early() {
        outputs.extend(agent.translator.take(message));
    }
    let mut deadline: Option<Instant> = None;
    let mut controlled = true;
    loop {
        match tell(agent, std::mem::take(&mut outputs), signals).await? {
            Next::Goes => {}
            Next::Ended(ended) => return Ok(Some(ended)),
            Next::Left => return Ok(None),
        }
        tokio::select! {
            biased;
            () = signals.closed() => return Ok(None),
            wanted = control.recv(), if controlled => match wanted {
                Some(Control::Interrupt) if deadline.is_none() => {
                    deadline = Some(Instant::now() + INTERRUPT_GRACE);
                    outputs.extend(agent.translator.interrupt());
                }
                Some(Control::Interrupt) => {}
                Some(Control::Answer { id, answer }) => outputs = agent.translator.answer(&id, &answer),
                None => controlled = false,
            },
            () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                return Err(late());
            }
            message = agent.server.message() => outputs = agent.translator.take(message?),
        }
    }
}

/// Tells the host and codex what follows, in order.
async fn tell(agent: &mut Agent, outputs: Vec<Output>, signals: &Sender<Signal>) -> Result<Next, Failure> {
    for output in outputs {
        match output {
            Output::Signal(Signal::Ended(ended)) => return Ok(Next::Ended(ended)),
            // Where signals wait there are signs of life enough.
            Output::Signal(Signal::Alive) => drop(signals.try_send(Signal::Alive)),
            Output::Signal(signal) => {
                if signals.send(signal).await.is_err() {
                    return Ok(Next::Left);
                }
            }
            for_codex => agent.server.send(&for_codex).await?,
        }
    }
    Ok(Next::Goes)
}

/// Told of an interrupted turn only to whoever reads logs: it counts as interrupted.
fn late() -> Failure {
    Failure::new(FailureClass::Stalled, "codex did not end its turn when it was told to")
}
