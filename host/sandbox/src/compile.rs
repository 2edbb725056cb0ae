//! Turns a component into machine code, in a process of its own: a compiler at work on hostile input
//! cannot be interrupted, and what it takes cannot be taken back, unless it can be killed.
//!
//! The child is this same program with a hidden first argument, an empty environment, and pipes. What it
//! says is text from outside; what it writes is trusted as the compiler itself is, because nothing of the
//! component runs in it.

use std::io::{self, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use evident_core::contract::values::show_duration;
use evident_core::defence::Defence;
use evident_core::outcome::FaultClass;

use crate::fault::{Refusal, refusal};
use crate::limits::{
    CODE_BYTES_MAX, COMPILE_CPU_SECONDS, COMPILE_MEMORY_BYTES, COMPILE_WALL, COMPILE_WORDS_BYTES_MAX,
};

mod child;

pub use child::compile_child;
use child::{NO_LIMIT, REFUSED, WORD};

/// Who compiles.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Compiler {
    /// This process, without a bound. For tests, and for components that the caller has built itself.
    #[default]
    Here,
    /// A child, within [`CompileLimits`].
    Child {
        /// A program that calls [`compile_child`] before anything else.
        program: PathBuf,
    },
}

impl Compiler {
    /// This program as its own child. On Linux it is the very file that runs now, even where it was
    /// replaced or removed meanwhile: another version would compile for another host.
    ///
    /// # Errors
    /// When the system does not say which program this is.
    pub fn this_program() -> io::Result<Self> {
        let program = match cfg!(target_os = "linux") {
            true => PathBuf::from("/proc/self/exe"),
            false => std::env::current_exe()?,
        };
        Ok(Self::Child { program })
    }
}

/// What a compilation may use up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompileLimits {
    /// Bytes of address space of the child.
    pub memory_bytes: u64,
    /// Time on the clock.
    pub wall: Duration,
}

impl Default for CompileLimits {
    fn default() -> Self {
        Self { memory_bytes: COMPILE_MEMORY_BYTES, wall: COMPILE_WALL }
    }
}

/// Two at a time would need twice the memory, and each already uses every core.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// How the child ended.
struct Ended {
    status: ExitStatus,
    code: Vec<u8>,
    words: String,
    late: bool,
}

/// Compiles in a child.
///
/// # Errors
/// `bad-artifact` for a component that does not compile, `memory` or `deadline` where the child ran into
/// a limit, `worker-crash` where it did not start.
pub(crate) fn in_child(program: &Path, limits: CompileLimits, component: &[u8]) -> Result<Vec<u8>, Refusal> {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let failed = |error| refusal(FaultClass::WorkerCrash, format!("the compiler does not start: {error}"));
    let ended = run(program, limits, component).map_err(failed)?;
    judge(ended, limits)
}

fn run(program: &Path, limits: CompileLimits, component: &[u8]) -> io::Result<Ended> {
    let limited = Defence::CompileLimits.stands();
    let memory = if limited { limits.memory_bytes.to_string() } else { NO_LIMIT.to_owned() };
    let mut child = Command::new(program)
        .args([WORD, &memory, &COMPILE_CPU_SECONDS.to_string()])
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    exchange(&mut child, component, limited.then_some(limits.wall))
}

/// Feeds the child and hears it, each on a thread of its own, so that no full pipe stops another; kills it
/// at the end of its time or when it says too much.
fn exchange(child: &mut Child, component: &[u8], wall: Option<Duration>) -> io::Result<Ended> {
    let mut stdin = child.stdin.take().expect("is a pipe");
    let stdout = child.stdout.take().expect("is a pipe");
    let stderr = child.stderr.take().expect("is a pipe");
    thread::scope(|scope| {
        // A child that is gone reads no more; its end says why.
        scope.spawn(move || drop(stdin.write_all(component)));
        let words = scope.spawn(move || beginning(stderr));
        let (sender, receiver) = sync_channel(1);
        scope.spawn(move || drop(sender.send(whole(stdout))));
        let code = match wall {
            Some(wall) => receiver.recv_timeout(wall),
            None => receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        let late = matches!(code, Err(RecvTimeoutError::Timeout));
        if !matches!(code, Ok(Ok(_))) {
            child.kill()?;
        }
        let status = child.wait()?;
        let words = words.join().unwrap_or_default();
        let code = if late { Vec::new() } else { code.map_err(io::Error::other)?? };
        Ok(Ended { status, code, words, late })
    })
}

/// Everything up to the bound; more is an error.
fn whole(pipe: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    pipe.take(CODE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > CODE_BYTES_MAX {
        return Err(io::Error::other(format!("more than {CODE_BYTES_MAX} bytes of code")));
    }
    Ok(bytes)
}

/// The beginning of a text that may be endless; the rest is read and dropped.
fn beginning(mut pipe: impl Read) -> String {
    let mut bytes = Vec::new();
    // What could be read is what there is to show.
    let _broken = pipe.by_ref().take(COMPILE_WORDS_BYTES_MAX).read_to_end(&mut bytes);
    let _broken = io::copy(&mut pipe, &mut io::sink());
    String::from_utf8_lossy(&bytes).into_owned()
}

fn judge(ended: Ended, limits: CompileLimits) -> Result<Vec<u8>, Refusal> {
    let Ended { status, code, words, late } = ended;
    if late {
        let message = format!("was not compiled after {}", show_duration(limits.wall));
        return Err(refusal(FaultClass::Deadline, message));
    }
    if status.success() && !code.is_empty() {
        return Ok(code);
    }
    // Rust says this and aborts; the parts that ask the system themselves say the other.
    if ["memory allocation of", "os error 12"].iter().any(|sign| words.contains(sign)) {
        let message = format!("needs more than {} bytes of memory to compile", limits.memory_bytes);
        return Err(refusal(FaultClass::Memory, message));
    }
    if status.signal() == Some(rustix::process::Signal::XCPU.as_raw()) {
        let message = format!("needs more than {COMPILE_CPU_SECONDS} s of processor time to compile");
        return Err(refusal(FaultClass::Deadline, message));
    }
    let message = match status.code() {
        Some(REFUSED) => format!("does not compile: {words}"),
        _ => format!("does not compile: the compiler ended with {status}: {words}"),
    };
    Err(refusal(FaultClass::BadArtifact, message))
}
