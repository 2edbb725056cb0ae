//! A turn that runs in this host: its signals, its clock, and what is not charged yet.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use evident_agent::{Control, Driver, INTERRUPT_GRACE, Prompt, Signal, Turn};
use evident_core::agent::{Answer, Ended, Ending, Failure, FailureClass, ItemKind, ItemProgress};
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::{Instant, sleep_until};

/// Time in a turn is charged at least this often, so that a host that dies loses no more.
pub(super) const CHARGE_EVERY: Duration = Duration::from_secs(5);

/// From an interrupt to the end of the turn, at the most: a driver waits one grace for its agent, one for what that left
/// at work, and one for the process group.
const END_MAX: Duration = INTERRUPT_GRACE.saturating_mul(4);

/// A turn that runs.
pub(super) struct Live {
    turn: Turn,
    /// When the turn is given up, whatever the driver does, and how it ended then.
    given_up: Mutex<Option<(Instant, Ending)>>,
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
        Ok(Self { turn, given_up: Mutex::default(), charged_until: now, heard: now, trouble: None })
    }

    /// What happens next; nothing once the driver has told everything. A turn that is given up ends with what was
    /// told until then. May be given up at any time, as in `select!`.
    pub(super) async fn signal(&mut self) -> Option<Signal> {
        let given_up = self.given_up.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let signal = match given_up {
            None => self.turn.signals.recv().await,
            Some((at, ending)) => tokio::select! {
                biased;
                () = sleep_until(at) => {
                    // A driver ends the process group of its agent where nobody listens any more.
                    self.turn.signals.close();
                    let ended = Ended { ending, message: String::new() };
                    self.turn.signals.recv().await.or(Some(Signal::Ended(ended)))
                }
                signal = self.turn.signals.recv() => signal,
            },
        };
        if let Some(signal) = &signal {
            self.note(signal);
        }
        signal
    }

    /// An agent that cannot reach its model says so again and again: that is not a sign of life.
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

    /// Ends it, and waits for nobody: a driver that does not end it in [`END_MAX`], or has no room for the wish,
    /// hears no more. A turn that is over needs none.
    pub(super) fn interrupt(&self) {
        match self.turn.control.try_send(Control::Interrupt) {
            Ok(()) => self.give_up(END_MAX, Ending::Interrupted),
            Err(TrySendError::Full(_)) => self.give_up(Duration::ZERO, Ending::Interrupted),
            Err(TrySendError::Closed(_)) => {}
        }
    }

    /// Answers the agent, and waits for nobody: a driver without room for an answer takes none, and its turn has
    /// failed. An agent that does not wait any more needs none.
    pub(super) fn answer(&self, id: String, answer: Answer) {
        if let Err(TrySendError::Full(_)) = self.turn.control.try_send(Control::Answer { id, answer }) {
            let failure = Failure::new(FailureClass::Stalled, "the driver took none of the last answers");
            self.give_up(Duration::ZERO, Ending::Failed(failure));
        }
    }

    /// Gives the turn up after that time, unless it is earlier already.
    fn give_up(&self, after: Duration, ending: Ending) {
        let at = Instant::now() + after;
        let mut given_up = self.given_up.lock().unwrap_or_else(PoisonError::into_inner);
        if given_up.as_ref().is_none_or(|(earlier, _)| at < *earlier) {
            *given_up = Some((at, ending));
        }
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

    /// A turn whose driver hangs: what it told, and one thing that the host wants, fit into its channels.
    async fn hanging(told: Vec<Signal>) -> (Live, mpsc::Sender<Signal>, mpsc::Receiver<Control>) {
        let mut live = live(Vec::new()).await;
        let (sender, signals) = mpsc::channel(8);
        let (control, wanted) = mpsc::channel(1);
        for signal in told {
            sender.try_send(signal).expect("has room");
        }
        live.turn = Turn { signals, control };
        (live, sender, wanted)
    }

    fn ended(ending: Ending) -> Option<Signal> {
        Some(Signal::Ended(Ended { ending, message: String::new() }))
    }

    /// Everything that is told until the end, in a time in which nobody waits for a driver.
    async fn told(live: &mut Live) -> Vec<Option<Signal>> {
        let mut told = Vec::new();
        while !matches!(told.last(), Some(None | Some(Signal::Ended(_)))) {
            told.push(tokio::time::timeout(END_MAX / 2, live.signal()).await.expect("waits for nobody"));
        }
        told
    }

    /// Catches a driver that holds the loop of the host: it takes nothing any more.
    #[tokio::test]
    async fn a_driver_without_room_holds_nobody() {
        let answer = || Answer::Deny("no".into());
        let (mut live, sender, _wanted) = hanging(vec![Signal::Alive]).await;
        live.answer("1".into(), answer());
        live.interrupt();
        assert_eq!(told(&mut live).await, [Some(Signal::Alive), ended(Ending::Interrupted)]);
        assert!(sender.is_closed(), "it can see that nobody listens");
        let (mut live, sender, _wanted) = hanging(Vec::new()).await;
        live.interrupt();
        live.answer("1".into(), answer());
        let stalled = Failure::new(FailureClass::Stalled, "the driver took none of the last answers");
        assert_eq!(told(&mut live).await, [ended(Ending::Failed(stalled))]);
        assert!(sender.is_closed());
    }

    /// Catches a driver that takes the wish to end, and does not end: so many graces are enough for every driver.
    #[tokio::test]
    async fn a_driver_that_does_not_end_its_turn_is_given_up() {
        let (mut live, sender, mut wanted) = hanging(Vec::new()).await;
        let before = Instant::now();
        live.interrupt();
        assert_eq!(wanted.recv().await, Some(Control::Interrupt));
        let (at, ending) = live.given_up.lock().expect("is whole").clone().expect("has an end");
        assert!(at >= before + END_MAX && at <= Instant::now() + END_MAX && ending == Ending::Interrupted);
        // Until then the driver is heard.
        sender.try_send(Signal::Alive).expect("has room");
        assert_eq!(live.signal().await, Some(Signal::Alive));
        // The time is over.
        *live.given_up.lock().expect("is whole") = Some((before, ending));
        assert_eq!(told(&mut live).await, [ended(Ending::Interrupted)]);
        assert!(sender.is_closed());
    }

    /// A driver that is done, or gone, is not given up.
    #[tokio::test]
    async fn an_end_that_was_told_stands() {
        let (mut live, sender, wanted) = hanging(Vec::new()).await;
        live.interrupt();
        let end = Signal::Ended(Ended { ending: Ending::Completed, message: "m".into() });
        sender.try_send(end.clone()).expect("has room");
        live.interrupt();
        assert_eq!(told(&mut live).await, [Some(end)]);
        let (mut live, sender, _) = hanging(Vec::new()).await;
        drop((sender, wanted));
        live.interrupt();
        live.answer("1".into(), Answer::Allow);
        assert_eq!(told(&mut live).await, [None]);
    }

    #[tokio::test]
    async fn time_is_charged_when_it_is_about_to_run_out() {
        let live = live(Vec::new()).await;
        let in_ms = |left| milliseconds(live.charge_at(left) - live.charged_until);
        assert_eq!([in_ms(None), in_ms(Some(60_000)), in_ms(Some(700))], [5000, 5000, 700]);
    }
}
