//! What a person types into a run, and signals. The first Ctrl-C lets the turn end, the second ends it, the third
//! ends the host. A request to end, as a supervisor sends it, ends the turn at once, and a second one the host.

use std::io::BufRead;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use evident_core::goal::step::Command;
use evident_engine::goals::{Order, Orders};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::commands::collecting::{Interruption, Interruptions};
use crate::ui;

/// Hears signals, and lines where somebody types, until it is dropped.
pub(crate) struct Listening {
    signals: JoinHandle<()>,
    lines: Option<JoinHandle<()>>,
    pressed: Arc<AtomicU32>,
}

impl Listening {
    /// True if a signal came that no `/resume` followed.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.pressed.load(Ordering::Relaxed) > 0
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.signals.abort();
        if let Some(lines) = &self.lines {
            lines.abort();
        }
    }
}

/// Begins to listen; lines are read only where a person is there. `end` hears the third signal.
pub(crate) fn listen(
    interruptions: Interruptions,
    orders: Orders,
    attended: bool,
    end: oneshot::Sender<()>,
) -> Listening {
    let pressed = Arc::new(AtomicU32::new(0));
    let signals = tokio::spawn(signals(interruptions, orders.clone(), Arc::clone(&pressed), end));
    let lines = attended.then(|| tokio::spawn(lines(orders, Arc::clone(&pressed))));
    Listening { signals, lines, pressed }
}

async fn signals(
    mut interruptions: Interruptions,
    orders: Orders,
    pressed: Arc<AtomicU32>,
    end: oneshot::Sender<()>,
) {
    loop {
        let least = match interruptions.next().await {
            Interruption::Typed => 1,
            Interruption::Ended => 2,
        };
        let times = (pressed.load(Ordering::Relaxed) + 1).max(least);
        pressed.store(times, Ordering::Relaxed);
        match times {
            1 => ui::chatter("\npausing: the turn may end; again ends it now\n"),
            2 => ui::chatter("\nending the turn; again ends the host\n"),
            // The log is whole at any instant: the next run goes on from it. A host that is over need not hear it.
            _ => {
                let _over = end.send(());
                return;
            }
        }
        // Not waited for: a loop that hangs answers nothing, and the next Ctrl-C has to be heard all the same.
        let orders = orders.clone();
        tokio::spawn(async move {
            if let Some(given) = give(&orders, Command::Pause { now: times > 1 }).await {
                given.told().await;
            }
        });
    }
}

async fn lines(orders: Orders, pressed: Arc<AtomicU32>) {
    let (typed, mut read) = tokio::sync::mpsc::channel(1);
    // A thread of its own: a read from a terminal cannot be called off, and it must not hold up the end.
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if typed.blocking_send(line).is_err() {
                return;
            }
        }
    });
    while let Some(line) = read.recv().await {
        let text = line.trim();
        let command = match text {
            "" => continue,
            "/pause" => Command::Pause { now: false },
            "/pause now" => Command::Pause { now: true },
            "/resume" => Command::Resume,
            "/approve" => Command::Approve { ask: None },
            "/deny" => Command::Deny { ask: None, why: "the owner refused".into() },
            "/wake" => Command::Wake { wait: None },
            _ if text.starts_with('/') => {
                ui::chatter(
                    "commands: /pause, /pause now, /resume, /approve, /deny, /wake; anything else is said to the agent\n",
                );
                continue;
            }
            _ => Command::Say { text: text.to_owned() },
        };
        let resumes = command == Command::Resume;
        let Some(given) = give(&orders, command).await else { return };
        // Not waited for: what is typed after it has to be heard while the loop is busy.
        let pressed = Arc::clone(&pressed);
        tokio::spawn(async move {
            if given.told().await && resumes {
                // The next Ctrl-C is a first one again.
                pressed.store(0, Ordering::Relaxed);
            }
        });
    }
}

/// An order that was given.
struct Given {
    word: &'static str,
    answer: oneshot::Receiver<Result<(), String>>,
}

/// Gives an order; a loop that is over takes none, and needs none.
async fn give(orders: &Orders, command: Command) -> Option<Given> {
    let word = command.word();
    let (reply, answer) = oneshot::channel();
    let order = Order { command: Ok(command), caller: None, answers: None, reply: Some(reply) };
    orders.send(order).await.ok().map(|()| Given { word, answer })
}

impl Given {
    /// Says what became of it; true if it had an effect.
    async fn told(self) -> bool {
        let answer = self.answer.await;
        match &answer {
            Ok(Ok(())) if self.word == "say" => {
                ui::chatter("said: it goes to the agent before anything else\n");
            }
            Ok(Err(why)) => ui::chatter(&format!("{}: {why}\n", self.word)),
            Ok(Ok(())) | Err(_) => {}
        }
        answer == Ok(Ok(()))
    }
}
