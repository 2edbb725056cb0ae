//! The process that compiles: reads a component, writes machine code, and first binds itself.

use std::env;
use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::process::ExitCode;

use rustix::process::{Resource, Rlimit, setrlimit};
use wasmtime::Engine;

use crate::engine::config;
use crate::limits::COMPILE_FILES_MAX;

/// The hidden first argument.
pub(super) const WORD: &str = "compile-component-from-stdin";

/// Instead of a number of bytes.
pub(super) const NO_LIMIT: &str = "unlimited";

/// The exit code that says: the component does not compile, and why is on stderr.
pub(super) const REFUSED: i32 = 3;

/// Compiles, if this process was started for that: component on stdin, code on stdout. Every program that
/// is named in [`Compiler::Child`](crate::Compiler::Child) calls this first, and ends with the code it
/// gives. Gives nothing in every other process.
#[must_use]
pub fn compile_child() -> Option<ExitCode> {
    let mut arguments = env::args_os().skip(1);
    if arguments.next()? != WORD {
        return None;
    }
    let (memory, processor) = (arguments.next(), arguments.next());
    match compile(memory.as_deref(), processor.as_deref()) {
        Ok(()) => Some(ExitCode::SUCCESS),
        Err(error) => {
            // A parent that is gone needs no reason; one that is there takes the beginning.
            let _closed = io::stderr().write_all(error.as_bytes());
            Some(ExitCode::from(u8::try_from(REFUSED).expect("is small")))
        }
    }
}

fn compile(memory: Option<&OsStr>, processor: Option<&OsStr>) -> Result<(), String> {
    let words = |error: &dyn std::fmt::Display| error.to_string();
    if memory.is_none_or(|memory| memory != NO_LIMIT) {
        bind_itself(number(memory)?, number(processor)?).map_err(|error| words(&error))?;
    }
    let mut component = Vec::new();
    io::stdin().read_to_end(&mut component).map_err(|error| words(&error))?;
    let engine = Engine::new(&config()).map_err(|error| format!("{error:#}"))?;
    let code = engine.precompile_component(&component).map_err(|error| format!("{error:#}"))?;
    io::stdout().write_all(&code).map_err(|error| words(&error))
}

fn number(text: Option<&OsStr>) -> Result<u64, String> {
    let number = text.and_then(OsStr::to_str).and_then(|text| text.parse().ok());
    number.ok_or_else(|| "is not called by evident".into())
}

/// Gives up what a compiler does not need, before it sees a byte of the component.
fn bind_itself(memory_bytes: u64, processor_seconds: u64) -> io::Result<()> {
    let limit = |resource, most| setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) });
    limit(Resource::As, memory_bytes)?;
    limit(Resource::Cpu, processor_seconds)?;
    limit(Resource::Nofile, COMPILE_FILES_MAX)?;
    // Neither the component nor what the compiler makes of it lands in a core dump.
    limit(Resource::Core, 0)?;
    #[cfg(target_os = "linux")]
    {
        rustix::thread::set_no_new_privs(true)?;
        rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    }
    Ok(())
}
