//! An agent's program as a process: lines go in, lines come out, and nobody is left behind.
//!
//! It knows nothing of any protocol. Everything that it holds is bounded, and dropping it kills the whole
//! process group.

mod environment;
mod lost;
mod program;
mod tail;
mod user;

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use evident_core::agent::{Failure, FailureClass};
use evident_core::evidence::Exit;
use evident_process::{ChildStdin, ChildStdout, Group, Started};
use rustix::process::Signal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::{self, Instant};

pub use environment::DRIVER_MARK;
pub use lost::end_lost;
pub use program::Program;
pub use tail::STDERR_TAIL_BYTES;

use crate::driver::INTERRUPT_GRACE;
use tail::Written;

/// Bytes of one line: the output of a tool comes as one, and agents cut it far below this.
pub const LINE_BYTES_MAX: usize = 8 << 20;

/// Bytes that a turn may write to both streams: a day of streaming, and a second of a broken loop.
pub const TURN_BYTES_MAX: u64 = 1 << 30;

/// Messages that wait for the agent to read them; a line protocol needs two or three.
pub const INPUT_MESSAGES_MAX: usize = 64;

/// For reading what is left in the pipes once the leader ended: only a process that left the group can still
/// hold them.
pub const DRAIN: Duration = Duration::from_secs(2);

/// Bytes of standard error that go into a message.
const LAST_WORDS_BYTES: usize = 1024;

/// Bytes that are made room for before a read: what a pipe holds on Linux.
const READ_BYTES: usize = 64 * 1024;

/// How much a process may write and how long it may take to end; the constants of this module, unless a
/// test lowers them.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Bytes of a line.
    pub line_bytes_max: usize,
    /// Bytes of a turn.
    pub turn_bytes_max: u64,
    /// Between SIGTERM and SIGKILL.
    pub grace: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { line_bytes_max: LINE_BYTES_MAX, turn_bytes_max: TURN_BYTES_MAX, grace: INTERRUPT_GRACE }
    }
}

/// A process that was started. Dropping it kills its group.
#[derive(Debug)]
pub struct Process {
    name: String,
    bounds: Bounds,
    group: Group,
    /// Absent once it was closed.
    input: Option<mpsc::Sender<Vec<u8>>>,
    /// Absent once everybody closed it.
    output: Option<ChildStdout>,
    buffer: BytesMut,
    /// Bytes at the start of the buffer that hold no line feed.
    searched: usize,
    /// When reading is given up, once the leader ended.
    drained: Option<Instant>,
    written: Arc<Written>,
    /// The writer of standard input and the reader of standard error; they die with this.
    tasks: JoinSet<()>,
}

impl Process {
    fn new(started: Started, name: String, bounds: Bounds) -> Self {
        let Started { group, input: stdin, output: stdout, errors: stderr } = started;
        let stdin = stdin.expect("standard input is piped");
        let written = Arc::new(Written::new(bounds.turn_bytes_max));
        let (input, queue) = mpsc::channel(INPUT_MESSAGES_MAX);
        let mut tasks = JoinSet::new();
        tasks.spawn(feed(stdin, queue));
        let reader = Arc::clone(&written);
        tasks.spawn(async move { reader.read(stderr).await });
        Self {
            name,
            bounds,
            group,
            input: Some(input),
            output: Some(stdout),
            buffer: BytesMut::new(),
            searched: 0,
            drained: None,
            written,
            tasks,
        }
    }

    /// The number of the leader, which is the number of its process group.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.group.number()
    }

    /// True once the leader was seen to have ended; does not wait.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.group.has_ended()
    }

    /// Begins to count the bytes of a turn anew. To be called at the start of each turn of a process that
    /// lives through several.
    pub fn begin_turn(&self) {
        self.written.begin();
    }

    /// Hands it a line; the line feed is added. Never waits.
    ///
    /// # Errors
    /// [`FailureClass::Exited`] where it does not read any more: what it said stands in [`Self::broke_off`].
    /// [`FailureClass::Stalled`] where [`INPUT_MESSAGES_MAX`] messages wait already.
    pub fn write_line(&self, line: &str) -> Result<(), Failure> {
        let mut bytes = Vec::with_capacity(line.len() + 1);
        bytes.extend_from_slice(line.as_bytes());
        bytes.push(b'\n');
        self.write(bytes)
    }

    /// Hands it bytes as they are.
    ///
    /// # Errors
    /// As [`Self::write_line`].
    pub fn write(&self, bytes: Vec<u8>) -> Result<(), Failure> {
        let name = &self.name;
        let closed =
            || Failure::new(FailureClass::Exited, format!("`{name}` does not read its input any more"));
        self.input.as_ref().ok_or_else(closed)?.try_send(bytes).map_err(|error| match error {
            mpsc::error::TrySendError::Closed(_) => closed(),
            mpsc::error::TrySendError::Full(_) => {
                let message = format!("`{name}` has read none of the last {INPUT_MESSAGES_MAX} messages");
                Failure::new(FailureClass::Stalled, message)
            }
        })
    }

    /// Closes its standard input once everything before was handed over.
    pub fn close_input(&mut self) {
        self.input = None;
    }

    /// The next line of standard output, without its end; what is not UTF-8 is replaced. `None` once everybody
    /// closed it, or once the leader ended and what it wrote was read: its group is killed then.
    ///
    /// May be given up at any time, as in `select!`: nothing is lost.
    ///
    /// # Errors
    /// [`FailureClass::Flood`] when a line or the turn is too long. What comes then is no longer a line: the
    /// process is to be ended.
    pub async fn next_line(&mut self) -> Result<Option<String>, Failure> {
        loop {
            if let Some(line) = self.take_line()? {
                return Ok(Some(line));
            }
            let Some(output) = &mut self.output else { return Ok(None) };
            self.buffer.reserve(READ_BYTES);
            tokio::select! {
                biased;
                () = at(self.drained) => self.output = None,
                () = self.written.over() => return Err(self.flood()),
                read = output.read_buf(&mut self.buffer) => match read {
                    Ok(read @ 1..) if self.written.count(read) => {}
                    Ok(1..) => return Err(self.flood()),
                    // A pipe that cannot be read any more is one that ended.
                    Ok(0) | Err(_) => self.output = None,
                },
                // One that cannot be watched is given up like one that ended.
                _ = self.group.leader_ended(), if self.drained.is_none() => {
                    self.group.signal(Signal::KILL);
                    self.drained = Some(Instant::now() + DRAIN);
                }
            }
        }
    }

    /// A whole line of the buffer, or at the end of the output what is left of one.
    fn take_line(&mut self) -> Result<Option<String>, Failure> {
        let found = memchr::memchr(b'\n', &self.buffer[self.searched..]).map(|at| self.searched + at);
        self.searched = 0;
        let length = found.unwrap_or(self.buffer.len());
        if length > self.bounds.line_bytes_max {
            let message =
                format!("`{}` wrote a line of more than {} bytes", self.name, self.bounds.line_bytes_max);
            return Err(Failure::new(FailureClass::Flood, message));
        }
        let is_rest = found.is_none() && self.output.is_none() && length > 0;
        if found.is_none() && !is_rest {
            self.searched = length;
            return Ok(None);
        }
        let line = self.buffer.split_to((length + 1).min(self.buffer.len()));
        let line = line.strip_suffix(b"\n").unwrap_or(&line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        Ok(Some(String::from_utf8_lossy(line).into_owned()))
    }

    fn flood(&self) -> Failure {
        let message =
            format!("`{}` wrote more than {} bytes in a turn", self.name, self.bounds.turn_bytes_max);
        Failure::new(FailureClass::Flood, message)
    }

    /// Waits, however long, until the leader ends; kills what is left of its group. May be given up at any
    /// time and asked again. Absent where the system does not tell.
    ///
    /// What is left of the output is not read: [`Self::next_line`] comes first, or beside it.
    pub async fn exit(&mut self) -> Option<Exit> {
        // One that cannot be watched is ended.
        let _ = self.group.leader_ended().await;
        self.end_with(Duration::ZERO).await
    }

    /// Ends it: SIGTERM to the group, SIGKILL after the grace or as soon as the leader ended; nobody is left.
    /// Absent where even that did not end it. Doing it twice is fine.
    pub async fn end(&mut self) -> Option<Exit> {
        self.end_with(self.bounds.grace).await
    }

    async fn end_with(&mut self, grace: Duration) -> Option<Exit> {
        self.input = None;
        let exit = self.group.end(grace).await.unwrap_or_default();
        // Now the pipes end, unless somebody left the group.
        let done = async { while self.tasks.join_next().await.is_some() {} };
        let _ = time::timeout(DRAIN, done).await;
        exit
    }

    /// The end of standard error, at most [`STDERR_TAIL_BYTES`]; as it came, to be made safe before it is shown.
    #[must_use]
    pub fn stderr_tail(&self) -> String {
        self.written.text()
    }

    /// Told whenever standard error grew: a sign of life of who says nothing else. Several times may come as
    /// one.
    #[must_use]
    pub fn stderr_wrote(&self) -> Arc<Notify> {
        self.written.wrote()
    }

    /// Ends it and says how it broke off: the exit, and its last words on standard error.
    pub async fn broke_off(&mut self) -> Failure {
        let exit = self.end().await;
        self.broken(exit)
    }

    /// How it broke off, by an exit that is known.
    #[must_use]
    pub fn broken(&self, exit: Option<Exit>) -> Failure {
        let exit = exit.map_or_else(|| "no exit that the system tells".to_owned(), |exit| exit.to_string());
        let tail = self.stderr_tail();
        let words = end_of(tail.trim(), LAST_WORDS_BYTES);
        let said = if words.is_empty() { String::new() } else { format!(": {words}") };
        Failure::new(FailureClass::Exited, format!("`{}` ended with {exit}{said}", self.name))
    }
}

/// The last bytes of a text, from the start of a character.
pub(crate) fn end_of(text: &str, bytes_max: usize) -> &str {
    let from = text.len().saturating_sub(bytes_max);
    let from = (from..=text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len());
    &text[from..]
}

/// Returns at that time; never, where there is none.
async fn at(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// Writes what is queued. A process that does not read any more says elsewhere why.
async fn feed(mut stdin: ChildStdin, mut queue: mpsc::Receiver<Vec<u8>>) {
    while let Some(bytes) = queue.recv().await {
        if stdin.write_all(&bytes).await.is_err() {
            return;
        }
    }
}
