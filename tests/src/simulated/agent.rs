//! The simulated agent: works, breaks, idles, lies, asks, waits, fails in every way, hangs and falls silent.

use std::time::Duration;

use evident_agent::{Control, Driver, Found, Lost, Pending, Prompt, Signal, Turn};
use evident_core::agent::{Act, Ask, Capabilities, Ended, Ending, Failure, FailureClass, Usage};
use evident_core::evidence::Timestamp;
use evident_core::goal::Goal;
use evident_core::goal::prompt::PROMPT_BYTES_MAX;
use evident_engine::goals::Drivers;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::time::sleep;

use super::scene::{DONE, Heard, Scene};

/// Signals that wait for the host: few, so that a slow host slows the agent.
const SIGNALS: usize = 4;

/// Opens simulated drivers.
pub(super) struct Agents {
    pub(super) scene: Scene,
    pub(super) capabilities: Capabilities,
}

impl Drivers for Agents {
    fn kind(&self) -> String {
        "simulated".into()
    }

    fn assurance(&self) -> evident_engine::Assurance {
        evident_engine::Assurance::SameUser
    }

    fn open(&self, _goal: &Goal) -> Result<Box<dyn Driver>, Failure> {
        Ok(Box::new(Agent { scene: self.scene.clone(), capabilities: self.capabilities }))
    }
}

struct Agent {
    scene: Scene,
    capabilities: Capabilities,
}

impl Driver for Agent {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn begin(&mut self, prompt: Prompt) -> Pending<'_, Result<Turn, Failure>> {
        Box::pin(async move {
            assert!(prompt.text.len() <= PROMPT_BYTES_MAX, "a prompt of {} bytes", prompt.text.len());
            self.scene.pass(5).await;
            if self.scene.lock().goes_wrong(3) {
                return Err(failure(&self.scene));
            }
            self.scene.lock().heard.push(Heard { turn: prompt.turn, text: prompt.text });
            let (told, signals) = mpsc::channel(SIGNALS);
            let (control, wanted) = mpsc::channel(16);
            let acting = Acting { scene: self.scene.clone(), turn: prompt.turn, told, wanted };
            tokio::spawn(acting.run());
            self.scene.pass(5).await;
            Ok(Turn { signals, control })
        })
    }

    fn look_up(&mut self, lost: &Lost) -> Pending<'_, Result<Found, Failure>> {
        let known = lost.turn.as_ref().and_then(|turn| turn.parse::<u32>().ok());
        Box::pin(async move {
            self.scene.pass(5).await;
            if !self.capabilities.looks_up {
                return Ok(Found::Unknown);
            }
            if self.scene.lock().goes_wrong(20) {
                return Err(failure(&self.scene));
            }
            let (percent, began) = {
                let mut outside = self.scene.lock();
                (
                    outside.chance.below(100),
                    known.is_some_and(|known| outside.heard.iter().any(|heard| heard.turn == known)),
                )
            };
            Ok(match percent {
                0..50 if began => {
                    Found::Ended(Ended { ending: Ending::Completed, message: message(&self.scene) })
                }
                _ => Found::Unknown,
            })
        })
    }

    fn probe(&mut self) -> Pending<'_, Result<(), Failure>> {
        Box::pin(async { if self.scene.lock().goes_wrong(50) { Err(failure(&self.scene)) } else { Ok(()) } })
    }

    fn close(&mut self) -> Pending<'_, ()> {
        Box::pin(async {})
    }
}

fn failure(scene: &Scene) -> Failure {
    let mut outside = scene.lock();
    let class = *outside.chance.one_of(FailureClass::ALL);
    let until = outside.chance.percent(30).then(|| Timestamp(outside.chance.below(1 << 41)));
    Failure { until, ..Failure::new(class, "it went wrong") }
}

/// A final message, with a block that may be a lie or nonsense.
fn message(scene: &Scene) -> String {
    let mut outside = scene.lock();
    let calm = outside.calm;
    let block = match outside.chance.below(100) {
        _ if calm => r#"{"request": "complete", "tried": ["the rest"]}"#.to_owned(),
        0..20 => return String::new(),
        20..40 => r#"{"request": "complete"}"#.to_owned(),
        40..45 => "{ nonsense".to_owned(),
        45..50 => r#"{"request":"wait","wait":{"every":"90s","until":"10m"}}"#.to_owned(),
        50..54 => r#"{"request":"wait","wait":{"files":["out/*"],"until":"1h"}}"#.to_owned(),
        54..56 => r#"{"request":"wait","wait":{"wake":"nobody knows it"}}"#.to_owned(),
        56..62 => r#"{"request":"blocked","blocker":{"kind":"key","needs":"a key"}}"#.to_owned(),
        other => format!(r#"{{"tried": ["attempt {other}", "{}"], "next": "more"}}"#, "x".repeat(900)),
    };
    format!("Words.\n```evident\n{block}\n```\n")
}

/// The host is gone.
struct Gone;

struct Acting {
    scene: Scene,
    turn: u32,
    told: Sender<Signal>,
    wanted: Receiver<Control>,
}

impl Acting {
    async fn run(mut self) {
        let Ok(ending) = self.act().await else { return };
        let Some(ending) = ending else { return };
        let message = if ending == Ending::Completed { message(&self.scene) } else { String::new() };
        let _gone = self.tell(Signal::Ended(Ended { ending, message })).await;
    }

    async fn tell(&self, signal: Signal) -> Result<(), Gone> {
        self.told.send(signal).await.map_err(|_| Gone)
    }

    /// Gives how it ends; nothing where it ends without a word.
    async fn act(&mut self) -> Result<Option<Ending>, Gone> {
        self.scene.pass(200).await;
        let turn = Some(self.turn.to_string());
        if !self.scene.lock().goes_wrong(3) {
            self.tell(Signal::Started { session: Some("one".into()), turn, process: Some(1) }).await?;
        }
        let (fate, pieces) = {
            let mut outside = self.scene.lock();
            let fate = if outside.calm { 99 } else { outside.chance.below(100) };
            (fate, outside.chance.below(4))
        };
        for _ in 0..pieces {
            if self.piece(fate).await? {
                return Ok(Some(Ending::Interrupted));
            }
        }
        match fate {
            0..3 => return self.hang().await.map(Some),
            3..5 => return self.silence().await.map(Some),
            5..8 => return Ok(None),
            8..16 => return Ok(Some(Ending::Failed(failure(&self.scene)))),
            16..26 if self.ask().await? => return Ok(Some(Ending::Interrupted)),
            26..28 => self.tell(Signal::Planning(true)).await?,
            28..30 => self.tell(Signal::Withdrawn("nobody asked".into())).await?,
            _ => {}
        }
        // A mode of planning that never ends would be the owner's to end.
        if (26..28).contains(&fate) {
            self.tell(Signal::Planning(false)).await?;
        }
        Ok(Some(Ending::Completed))
    }

    /// A stretch of work; true if the host ends the turn.
    async fn piece(&mut self, fate: u64) -> Result<bool, Gone> {
        let wait = self.scene.lock().chance.below(90_000);
        tokio::select! {
            biased;
            Some(Control::Interrupt) = self.wanted.recv() => return Ok(true),
            () = sleep(Duration::from_millis(wait)) => {}
        }
        if self.told.is_closed() {
            return Err(Gone);
        }
        let usage = self.work(fate);
        self.tell(Signal::Usage(usage)).await?;
        Ok(false)
    }

    fn work(&self, fate: u64) -> Usage {
        let mut outside = self.scene.lock();
        let at = usize::try_from(outside.chance.below(super::terms::CLAUSES_MAX + 1)).expect("fits");
        let idles = (30..55).contains(&fate);
        match outside.chance.below(10) {
            _ if outside.calm => outside.work.iter_mut().for_each(|work| *work = (*work + 1).min(DONE)),
            _ if idles => {}
            0..5 => outside.work[at] = (outside.work[at] + 1).min(DONE),
            5..7 => outside.work[at] = outside.work[at].saturating_sub(1),
            _ => outside.noise += 1,
        }
        Usage {
            tool_calls: if idles { 0 } else { 1 + outside.chance.below(5) },
            input_tokens: outside.chance.below(9000),
            cached_input_tokens: outside.chance.below(4000),
            output_tokens: outside.chance.below(2000),
            cost_microusd: outside.chance.below(90_000),
        }
    }

    /// Does nothing but say that it lives until it is ended.
    async fn hang(&mut self) -> Result<Ending, Gone> {
        for _ in 0..10_000 {
            tokio::select! {
                biased;
                Some(Control::Interrupt) = self.wanted.recv() => return Ok(Ending::Interrupted),
                () = sleep(Duration::from_secs(60)) => {}
            }
            self.tell(Signal::Alive).await?;
            if self.scene.lock().calm {
                return Ok(Ending::Completed);
            }
        }
        Ok(Ending::Completed)
    }

    /// Says nothing until it is ended.
    async fn silence(&mut self) -> Result<Ending, Gone> {
        loop {
            tokio::select! {
                biased;
                () = self.told.closed() => return Err(Gone),
                control = self.wanted.recv() => match control {
                    Some(Control::Interrupt) => return Ok(Ending::Failed(failure(&self.scene))),
                    Some(Control::Answer { .. }) => {}
                    None => return Err(Gone),
                },
            }
        }
    }

    /// Asks to push; true if the host ends the turn while it waits.
    async fn ask(&mut self) -> Result<bool, Gone> {
        let ask = Ask { id: "push".into(), act: Act::Command("git push".into()), explanation: None };
        self.tell(Signal::Asked(ask)).await?;
        let patience = self.scene.lock().chance.below(3_600_000);
        tokio::select! {
            biased;
            () = self.told.closed() => Err(Gone),
            control = self.wanted.recv() => match control {
                Some(Control::Interrupt) => Ok(true),
                Some(Control::Answer { .. }) => Ok(false),
                None => Err(Gone),
            },
            () = sleep(Duration::from_millis(patience)) => {
                self.tell(Signal::Withdrawn("push".into())).await?;
                Ok(false)
            }
        }
    }
}
