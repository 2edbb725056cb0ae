//! One turn of `codex exec --json`, for a codex without an app-server: a process for each turn, that tells
//! what it does and cannot be asked anything.
//!
//! It is never used where the agent must ask.

use evident_core::agent::{Ended, Ending, Failure, FailureClass, ItemProgress, Usage};
use serde_json::Value;
use tokio::sync::mpsc::{Receiver, Sender};

use super::launch;
use super::left::Left;
use super::protocol::string;
use super::translate::{LastMessage, notice};
use super::usage::Totals;
use super::{failure, items};
use crate::process::Process;
use crate::{Control, Signal};

/// What is remembered from turn to turn.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// The thread to go on with.
    pub(super) thread: Option<String>,
    totals: Totals,
}

/// From the lines of one turn to signals, without input or output.
#[derive(Debug)]
struct Reader {
    memory: Memory,
    process: u32,
    resumed: bool,
    open: Option<String>,
    message: LastMessage,
}

/// Runs the turn whose prompt was sent to its end, and the process with it.
pub(super) async fn run(
    mut process: Process,
    memory: Memory,
    mut left: Left,
    signals: Sender<Signal>,
    mut control: Receiver<Control>,
) -> Memory {
    let resumed = memory.thread.is_some();
    let mut reader =
        Reader { memory, process: process.number(), resumed, open: None, message: LastMessage::default() };
    let ending = follow(&mut process, &mut reader, &signals, &mut control).await;
    if matches!(ending, Some(Ending::Completed)) {
        // The session is written to disk after the last line.
        launch::close(process).await;
    } else {
        process.end().await;
    }
    let cleared = left.clear();
    if let Some(ending) = ending {
        if let Some(told) = cleared {
            let _ = signals.send(told).await;
        }
        let ended = Ended { ending, message: reader.message.text() };
        // Whether somebody still listens makes no difference any more.
        let _ = signals.send(Signal::Ended(ended)).await;
    }
    reader.memory
}

/// Follows the turn to its end; none where nobody listens any more.
async fn follow(
    process: &mut Process,
    reader: &mut Reader,
    signals: &Sender<Signal>,
    control: &mut Receiver<Control>,
) -> Option<Ending> {
    let mut controlled = true;
    loop {
        let line = tokio::select! {
            biased;
            () = signals.closed() => return None,
            wanted = control.recv(), if controlled => {
                match wanted {
                    // It cannot be asked to end its turn, only to end.
                    Some(Control::Interrupt) => return Some(Ending::Interrupted),
                    // Nothing was asked, so nothing waits for an answer.
                    Some(Control::Answer { .. }) => {}
                    None => controlled = false,
                }
                continue;
            }
            line = process.next_line() => line,
        };
        let ended = match line {
            Ok(Some(line)) => match reader.take(&line) {
                Ok((told, ended)) => {
                    for signal in told {
                        signals.send(signal).await.ok()?;
                    }
                    ended
                }
                Err(failure) => Some(Ending::Failed(failure)),
            },
            Ok(None) => Some(Ending::Failed(process.broke_off().await)),
            Err(failure) => Some(Ending::Failed(failure)),
        };
        if ended.is_some() {
            return ended;
        }
    }
}

impl Memory {
    /// Of a driver that starts, with the thread of an earlier process.
    pub(super) fn of(thread: Option<String>) -> Self {
        Self { thread, totals: Totals::default() }
    }
}

impl Reader {
    fn take(&mut self, line: &str) -> Result<(Vec<Signal>, Option<Ending>), Failure> {
        let Ok(event) = serde_json::from_str::<Value>(line) else {
            return Err(Failure::new(FailureClass::Garbage, "codex wrote a line that is not an event"));
        };
        let item = &event["item"];
        Ok(match string(&event, "/type").unwrap_or_default() {
            "thread.started" => (self.started(&event), None),
            "item.started" => (self.begun(item), None),
            "item.updated" => (vec![Signal::Alive], None),
            "item.completed" => (self.completed(item), None),
            "turn.completed" => (self.used(&event["usage"]), Some(Ending::Completed)),
            "turn.failed" => {
                let told = string(&event, "/error/message").unwrap_or("codex gave no reason");
                (Vec::new(), Some(Ending::Failed(failure::of_message(told))))
            }
            // Also the last one, which `turn.failed` repeats.
            "error" => {
                (vec![notice(string(&event, "/message").unwrap_or("an error"), ItemProgress::Failed)], None)
            }
            _ => (Vec::new(), None),
        })
    }

    fn started(&mut self, event: &Value) -> Vec<Signal> {
        self.memory.thread = string(event, "/thread_id").map(str::to_string);
        vec![Signal::Started { session: self.memory.thread.clone(), turn: None, process: Some(self.process) }]
    }

    /// Items do not overlap here: the last one that was begun is the one that is open.
    fn begun(&mut self, item: &Value) -> Vec<Signal> {
        if !items::is_tool_call(item) {
            return vec![Signal::Alive];
        }
        self.open = string(item, "/id").map(str::to_string);
        let shown = items::shown(item, ItemProgress::Begun).map(Signal::Item);
        shown.into_iter().chain([one_tool_call()]).collect()
    }

    fn completed(&mut self, item: &Value) -> Vec<Signal> {
        self.message.take(item);
        let untold = items::is_tool_call(item) && self.open.take().as_deref() != string(item, "/id");
        let shown = items::shown(item, items::progress_of(item)).map(Signal::Item);
        shown.into_iter().chain(untold.then(one_tool_call)).collect()
    }

    fn used(&mut self, usage: &Value) -> Vec<Signal> {
        let thread = self.memory.thread.clone().unwrap_or_default();
        let used = self.memory.totals.add_turn(&thread, usage, self.resumed);
        if used == Usage::default() { Vec::new() } else { vec![Signal::Usage(used)] }
    }
}

fn one_tool_call() -> Signal {
    Signal::Usage(Usage { tool_calls: 1, ..Usage::default() })
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::fs;
    use std::io::Write;
    use std::path::{Path, PathBuf};

    use evident_core::agent::{Item, ItemKind};

    use super::*;

    fn reader(thread: Option<&str>) -> Reader {
        let memory = Memory::of(thread.map(str::to_string));
        Reader { memory, process: 7, resumed: thread.is_some(), open: None, message: LastMessage::default() }
    }

    fn item(kind: ItemKind, title: &str, progress: ItemProgress) -> Signal {
        Signal::Item(Item { kind, title: title.into(), progress })
    }

    #[test]
    fn the_recorded_turn_is_told_whole() {
        let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures");
        let folder = env::var_os("EVIDENT_FIXTURES").map_or_else(beside, PathBuf::from);
        let Ok(log) = fs::read_to_string(folder.join("agents/codex-exec.jsonl")) else {
            writeln!(std::io::stderr(), "skipped: no fixture `codex-exec.jsonl`").expect("stderr is open");
            return;
        };
        let mut reader = reader(None);
        let mut told = Vec::new();
        let mut ending = None;
        for line in log.lines() {
            let (signals, ended) = reader.take(line).unwrap();
            told.extend(
                signals
                    .into_iter()
                    .filter(|signal| !matches!(signal, Signal::Item(item) if item.kind == ItemKind::Notice)),
            );
            ending = ended;
        }
        let session = Some("01a2033f-e7e7-76b2-a871-59bec924091c".to_string());
        let expected = [
            Signal::Started { session, turn: None, process: Some(7) },
            item(ItemKind::ToolCall, "echo one", ItemProgress::Begun),
            one_tool_call(),
            item(ItemKind::ToolCall, "echo one", ItemProgress::Done),
            item(ItemKind::Message, "I am done (1).", ItemProgress::Done),
            item(ItemKind::ToolCall, "false", ItemProgress::Begun),
            one_tool_call(),
            item(ItemKind::ToolCall, "false", ItemProgress::Failed),
            item(ItemKind::Message, "Really done (2).", ItemProgress::Done),
            Signal::Usage(Usage { input_tokens: 400, output_tokens: 40, ..Usage::default() }),
        ];
        assert_eq!((told.as_slice(), ending), (expected.as_slice(), Some(Ending::Completed)));
        assert_eq!(reader.message.text(), "Really done (2).");
    }

    #[test]
    fn a_failure_is_read_from_its_text() {
        let mut reader = reader(None);
        let failed = reader
            .take(r#"{"type":"turn.failed","error":{"message":"unexpected status 401 Unauthorized: x"}}"#);
        let failure = Failure::new(FailureClass::Setup, "unexpected status 401 Unauthorized: x");
        assert_eq!(failed, Ok((Vec::new(), Some(Ending::Failed(failure)))));
        let retry = reader.take(r#"{"type":"error","message":"Reconnecting... 1/1 (x)"}"#);
        let told = item(ItemKind::Notice, "Reconnecting... 1/1 (x)", ItemProgress::Failed);
        assert_eq!(retry, Ok((vec![told], None)));
        assert_eq!(reader.take("Usage: codex").unwrap_err().class, FailureClass::Garbage);
    }

    /// A change of files is told when it is done and not before; it is a call all the same.
    #[test]
    fn a_call_that_was_not_announced_is_counted_once() {
        let mut reader = reader(None);
        let change = r#"{"type":"item.completed","item":{"id":"i","type":"file_change","changes":[{"path":"a"}],"status":"completed"}}"#;
        let (told, _) = reader.take(change).unwrap();
        assert_eq!(told, [item(ItemKind::ToolCall, "edit a", ItemProgress::Done), one_tool_call()]);
    }
}
