//! A turn that runs in this host: its signals, its clock, and what is not charged yet.

use std::time::Duration;

use evident_agent::{Control, Driver, Prompt, Signal, Turn};
use evident_core::agent::{Answer, Ended, Ending, Failure, FailureClass, ItemKind, ItemProgress};
use tokio::time::Instant;

/// Time in a turn is charged at least this often, so that a host that dies loses no more.
pub(super) const CHARGE_EVERY: Duration = Duration::from_secs(5);

/// A turn that runs.
pub(super) struct Live {
    turn: Turn,
    charged_until: Instant,
    heard: Instant,
    /// What keeps the agent from its model, since it did something for the last time.
    trouble: Option<String>,
}

impl Live {
    /// Starts it.
    pub(super) async fn begin(driver: &mut dyn Driver, prompt: Prompt) -> Result<Self, Failure> {
        let turn = driver.begin(prompt).await?;
        let now = Instant::now();
        Ok(Self { turn, charged_until: now, heard: now, trouble: None })
    }

    /// What happens next; nothing once the driver has told everything.
    pub(super) async fn signal(&mut self) -> Option<Signal> {
        let signal = self.turn.signals.recv().await;
        if let Some(signal) = &signal {
            self.note(signal);
        }
        signal
    }

    /// An agent that cannot reach its model says so again and again: that is no sign of life.
    fn note(&mut self, signal: &Signal) {
        match signal {
            Signal::Item(item) if item.kind == ItemKind::Notice && item.progress == ItemProgress::Failed => {
                self.trouble = Some(item.title.clone());
                return;
            }
            Signal::Item(item) if item.kind != ItemKind::Notice => self.trouble = None,
            Signal::Usage(_) | Signal::Asked(_) => self.trouble = None,
            _ => {}
        }
        self.heard = Instant::now();
    }

    /// An agent that was ended while it could not reach its model has failed, and that is why.
    pub(super) fn explain(self, ended: Ended) -> Ended {
        match (ended.ending, self.trouble) {
            (Ending::Interrupted, Some(trouble)) => {
                let failure = Failure::new(FailureClass::Unavailable, trouble);
                Ended { ending: Ending::Failed(failure), message: ended.message }
            }
            (ending, _) => Ended { ending, message: ended.message },
        }
    }

    /// Milliseconds since the agent's last sign of life.
    pub(super) fn silent_ms(&self) -> u64 {
        milliseconds(self.heard.elapsed())
    }

    /// Milliseconds that are not charged yet; from now on they are.
    pub(super) fn take_elapsed_ms(&mut self) -> u64 {
        let elapsed = milliseconds(self.charged_until.elapsed());
        self.charged_until += Duration::from_millis(elapsed);
        elapsed
    }

    /// When time is to be charged next; at the latest when `left_ms` are over.
    pub(super) fn charge_at(&self, left_ms: Option<u64>) -> Instant {
        let left = left_ms.map_or(CHARGE_EVERY, Duration::from_millis);
        self.charged_until + left.min(CHARGE_EVERY)
    }

    /// Ends it; a turn that is over needs none.
    pub(super) async fn interrupt(&self) {
        let _over = self.turn.control.send(Control::Interrupt).await;
    }

    /// Answers the agent; one that does not wait any more needs none.
    pub(super) async fn answer(&self, id: String, answer: Answer) {
        let _over = self.turn.control.send(Control::Answer { id, answer }).await;
    }
}

/// Whole milliseconds.
pub(super) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use evident_agent::{Found, Lost, Pending};
    use evident_core::agent::{Capabilities, Item, Usage};
    use tokio::sync::mpsc;

    use super::*;

    /// Signals that the one turn of a driver gives at once.
    struct Told(Vec<Signal>, Arc<Mutex<Vec<mpsc::Receiver<Control>>>>);

    impl Driver for Told {
        fn capabilities(&self) -> Capabilities {
            Capabilities::default()
        }

        fn begin(&mut self, _: Prompt) -> Pending<'_, Result<Turn, Failure>> {
            let (sender, signals) = mpsc::channel(8);
            for signal in self.0.drain(..) {
                sender.try_send(signal).expect("has room");
            }
            let (control, receiver) = mpsc::channel(1);
            self.1.lock().expect("is whole").push(receiver);
            Box::pin(async { Ok(Turn { signals, control }) })
        }

        fn look_up(&mut self, _: &Lost) -> Pending<'_, Result<Found, Failure>> {
            Box::pin(async { Ok(Found::Unknown) })
        }

        fn close(&mut self) -> Pending<'_, ()> {
            Box::pin(async {})
        }
    }

    async fn live(signals: Vec<Signal>) -> Live {
        let count = signals.len();
        let prompt = Prompt { turn: 1, text: String::new() };
        let mut live = Live::begin(&mut Told(signals, Arc::default()), prompt).await.expect("begins");
        for _ in 0..count {
            live.signal().await.expect("was told");
        }
        live
    }

    fn item(kind: ItemKind, progress: ItemProgress) -> Signal {
        Signal::Item(Item { kind, title: "no connection".into(), progress })
    }

    fn tries() -> Signal {
        item(ItemKind::Notice, ItemProgress::Failed)
    }

    /// Catches an agent that is never taken for stalled, because it says every few seconds that it is.
    #[tokio::test]
    async fn tries_to_reach_a_model_are_no_sign_of_life() {
        let mut live = live(Vec::new()).await;
        let begun = live.heard;
        live.note(&tries());
        assert_eq!(live.heard, begun);
        live.note(&Signal::Alive);
        assert!(live.heard > begun);
    }

    #[tokio::test]
    async fn a_turn_that_was_ended_without_a_model_says_so() {
        let interrupted = || Ended { ending: Ending::Interrupted, message: "m".into() };
        let away = Ending::Failed(Failure::new(FailureClass::Unavailable, "no connection"));
        let done = item(ItemKind::Notice, ItemProgress::Done);
        let said = item(ItemKind::Message, ItemProgress::Done);
        let used = Signal::Usage(Usage::default());
        for (signals, expected) in [
            (vec![tries(), done, Signal::Alive], away),
            (vec![tries(), said], Ending::Interrupted),
            (vec![tries(), used], Ending::Interrupted),
            (vec![], Ending::Interrupted),
        ] {
            let ended = live(signals).await.explain(interrupted());
            assert_eq!(ended, Ended { ending: expected, message: "m".into() });
        }
        let completed = Ended { ending: Ending::Completed, message: String::new() };
        assert_eq!(live(vec![tries()]).await.explain(completed.clone()), completed);
    }

    #[tokio::test]
    async fn time_is_charged_when_it_is_about_to_run_out() {
        let live = live(Vec::new()).await;
        let in_ms = |left| milliseconds(live.charge_at(left) - live.charged_until);
        assert_eq!([in_ms(None), in_ms(Some(60_000)), in_ms(Some(700))], [5000, 5000, 700]);
    }
}
