//! The driver's end of a turn, and the texts in it that come from outside.

use evident_core::agent::{Ended, Ending, FINAL_MESSAGE_BYTES_MAX, Failure, Item, ItemKind, ItemProgress};
use evident_core::text::{self, Lines};
use tokio::sync::mpsc;

use crate::driver::{Control, SIGNALS_MAX, Signal, Turn};
use crate::process::end_of;

/// What a host may want before the driver looks: an interrupt, and an answer to each question.
pub(crate) const CONTROLS_MAX: usize = 16;

/// Why a turn does not go on to its own end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Halt {
    /// The host wants it to end, and to be told.
    Interrupted,
    /// The host dropped the turn: nobody is there to be told.
    Gone,
    /// It broke off.
    Failed(Failure),
}

/// A turn as its driver sees it.
#[derive(Debug)]
pub(crate) struct Running {
    signals: mpsc::Sender<Signal>,
    control: mpsc::Receiver<Control>,
}

/// Both ends of a new turn.
pub(crate) fn turn() -> (Turn, Running) {
    let (signals, heard) = mpsc::channel(SIGNALS_MAX);
    let (wanted, control) = mpsc::channel(CONTROLS_MAX);
    (Turn { signals: heard, control: wanted }, Running { signals, control })
}

impl Running {
    /// Tells the host, and waits for it where it is slow.
    pub(crate) async fn tell(&self, signal: Signal) -> Result<(), Halt> {
        self.signals.send(signal).await.map_err(|_| Halt::Gone)
    }

    /// Tells how the turn ended: with that final message, or why not. A host that is gone does not hear it.
    pub(crate) async fn end(&self, ended: Result<(), Halt>, message: &str) {
        let ending = match ended {
            Ok(()) => Ending::Completed,
            Err(Halt::Interrupted) => Ending::Interrupted,
            Err(Halt::Failed(failure)) => Ending::Failed(failure),
            Err(Halt::Gone) => return,
        };
        let ended = Ended { ending, message: final_message(message) };
        let _ = self.tell(Signal::Ended(ended)).await;
    }

    /// What the host wants next. May be given up at any time.
    pub(crate) async fn wanted(&mut self) -> Result<Control, Halt> {
        tokio::select! {
            () = self.signals.closed() => Err(Halt::Gone),
            Some(control) = self.control.recv() => Ok(control),
        }
    }

    /// Returns when the host wants the turn to end; whatever else it says is about nothing.
    pub(crate) async fn stopped(&mut self) -> Halt {
        loop {
            match self.wanted().await {
                Ok(Control::Interrupt) => return Halt::Interrupted,
                Ok(Control::Answer { .. }) => {}
                Err(halt) => return halt,
            }
        }
    }
}

/// An item whose title is made safe to show, on one line.
pub(crate) fn item(kind: ItemKind, title: &str, progress: ItemProgress) -> Item {
    Item { kind, title: text::name(title), progress }
}

/// A final message that is made safe to show and cut at its front: the `evident` block stands at its end.
pub(crate) fn final_message(message: &str) -> String {
    let end = end_of(message, FINAL_MESSAGE_BYTES_MAX);
    // What is made visible becomes longer, by ten bytes for a byte at most.
    let safe = text::clean(end, FINAL_MESSAGE_BYTES_MAX * 16, Lines::Keep);
    end_of(&safe, FINAL_MESSAGE_BYTES_MAX).to_owned()
}

/// Reads TOML from outside.
///
/// # Errors
/// One line with the place, from 1, and what is wrong there.
pub(crate) fn from_toml<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start).min(text.len());
        let before = text.get(..at).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        format!("line {line}, column {column}: {}", error.message())
    })
}

/// Millionths of a dollar; absent where it is not an amount of money.
pub(crate) fn microusd(dollars: f64) -> Option<u64> {
    // The conversion of seconds refuses what is negative, not a number or too large, and rounds.
    let amount = std::time::Duration::try_from_secs_f64(dollars).ok()?;
    u64::try_from(amount.as_micros()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_keeps_its_end_and_acts_on_no_terminal() {
        let long = format!("{}end", "ä".repeat(FINAL_MESSAGE_BYTES_MAX));
        let kept = final_message(&long);
        assert!(kept.ends_with("ääend") && kept.starts_with('ä'));
        assert_eq!(kept.len(), FINAL_MESSAGE_BYTES_MAX - 1);
        assert_eq!(final_message("a\0\n\u{1b}[2Jb"), "a\\u{0}\n\\u{1b}[2Jb");
        let hidden = format!("{}end", "\u{e0041}".repeat(FINAL_MESSAGE_BYTES_MAX / 4));
        assert!(final_message(&hidden).ends_with("\\u{e0041}end"));
    }

    #[test]
    fn money_is_never_made_up() {
        let amounts = [0.0, 0.01, 0.29, 1.000_000_4, -0.5, f64::NAN, f64::INFINITY, 1e30];
        let wanted = [Some(0), Some(10_000), Some(290_000), Some(1_000_000), None, None, None, None];
        assert_eq!(amounts.map(microusd), wanted);
    }
}
