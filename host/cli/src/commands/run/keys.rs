//! What a person types into a run, and Ctrl-C: the first lets the turn end, the second ends it, the third
//! ends the host.

use std::io::BufRead;

use evident_core::goal::step::Command;
use evident_engine::goals::{Order, Orders};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::commands::collecting::Interruptions;
use crate::ui;

/// Hears signals, and lines where somebody types, until it is dropped.
pub(crate) struct Listening {
    signals: JoinHandle<()>,
    lines: Option<JoinHandle<()>>,
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
    let signals = tokio::spawn(signals(interruptions, orders.clone(), end));
    let lines = attended.then(|| tokio::spawn(lines(orders)));
    Listening { signals, lines }
}

async fn signals(mut interruptions: Interruptions, orders: Orders, end: oneshot::Sender<()>) {
    for times in 1_u32.. {
        interruptions.next().await;
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
        tokio::spawn(async move { order(&orders, Command::Pause { now: times > 1 }).await });
    }
}

async fn lines(orders: Orders) {
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
        order(&orders, command).await;
    }
}

async fn order(orders: &Orders, command: Command) {
    let word = command.word();
    let (reply, answer) = oneshot::channel();
    let order = Order { command: Ok(command), caller: None, answers: None, reply: Some(reply) };
    // A loop that is over takes no order, and needs none.
    if orders.send(order).await.is_err() {
        return;
    }
    match answer.await {
        Ok(Ok(())) if word == "say" => ui::chatter("said: it goes to the agent before anything else\n"),
        Ok(Err(why)) => ui::chatter(&format!("{word}: {why}\n")),
        Ok(Ok(())) | Err(_) => {}
    }
}
