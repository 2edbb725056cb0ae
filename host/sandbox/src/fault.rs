//! Says what went wrong with a guest: class, message, the guest's last words and its frames. Frames of
//! the host are never shown.

use evident_core::outcome::{Fault, FaultClass};
use evident_core::text;
use wasmtime::{Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use crate::call::Crash;
use crate::capture::Capture;
use crate::state::Exceeded;

/// Frames that are shown.
const FRAMES_MAX: usize = 5;

/// Why a component was not loaded: a fault without a run.
pub type Refusal = Box<Fault>;

/// A fault before anything ran.
pub(crate) fn refusal(class: FaultClass, message: impl Into<String>) -> Refusal {
    Box::new(Fault {
        class,
        message: text::line(&message.into()),
        last_words: String::new(),
        guest_frames: Vec::new(),
    })
}

/// A guest that was not done in time.
pub(crate) fn deadline(wall: std::time::Duration, log: &Capture) -> Fault {
    let message = format!("was not done after {}", evident_core::contract::values::show_duration(wall));
    Fault { class: FaultClass::Deadline, message, last_words: log.last_words(), guest_frames: Vec::new() }
}

/// True if the error says that the guest was not done in time.
pub(crate) fn is_late(error: &wasmtime::Error) -> bool {
    error.downcast_ref::<Exceeded>() == Some(&Exceeded::Deadline)
}

/// A panic of the host.
pub(crate) fn crash(crash: Crash, log: &Capture) -> Fault {
    let message = match crash {
        Crash::Now => "the host panicked while this checker ran, which is a fault of the host",
        Crash::Before => {
            "was not run: the host panicked before, and runs no checker until it is started again"
        }
    };
    let message = message.into();
    Fault { class: FaultClass::WorkerCrash, message, last_words: log.last_words(), guest_frames: Vec::new() }
}

/// What an error of a call means.
pub(crate) fn classify(error: &wasmtime::Error, log: &Capture) -> Fault {
    let (class, message) = class_and_message(error);
    Fault {
        class,
        message: text::line(&message),
        last_words: log.last_words(),
        guest_frames: guest_frames(error),
    }
}

fn class_and_message(error: &wasmtime::Error) -> (FaultClass, String) {
    if let Some(exceeded) = error.downcast_ref::<Exceeded>() {
        let class = if is_late(error) { FaultClass::Deadline } else { FaultClass::Memory };
        return (class, exceeded.to_string());
    }
    if let Some(I32Exit(code)) = error.downcast_ref::<I32Exit>() {
        return (FaultClass::Trap, format!("called exit({code})"));
    }
    if let Some(trap) = error.downcast_ref::<Trap>() {
        return (class_of(*trap), trap.to_string());
    }
    let message = error.root_cause().to_string();
    // wasmtime keeps the types of these to itself; tests hold on to the words.
    if message.contains("fuel allocated for hostcalls has been exhausted") {
        return (FaultClass::OutputCap, "handed over more than 8 MiB in one call".into());
    }
    if message.starts_with("resource limit exceeded") {
        return (FaultClass::Memory, Exceeded::Instances.to_string());
    }
    if message.contains("handle limit exceeded") {
        return (FaultClass::Memory, Exceeded::Handles.to_string());
    }
    (FaultClass::Abi, message)
}

fn class_of(trap: Trap) -> FaultClass {
    match trap {
        Trap::OutOfFuel => FaultClass::Fuel,
        Trap::StackOverflow => FaultClass::Stack,
        Trap::Interrupt => FaultClass::Deadline,
        Trap::AllocationTooLarge => FaultClass::Memory,
        Trap::CannotEnterComponent
        | Trap::CannotLeaveComponent
        | Trap::NoAsyncResult
        | Trap::InvalidChar
        | Trap::StringOutOfBounds
        | Trap::ListOutOfBounds
        | Trap::InvalidDiscriminant
        | Trap::UnalignedPointer => FaultClass::Abi,
        _ => FaultClass::Trap,
    }
}

fn guest_frames(error: &wasmtime::Error) -> Vec<String> {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else { return Vec::new() };
    let frames = backtrace.frames().iter().take(FRAMES_MAX);
    frames
        .map(|frame| match frame.func_name() {
            Some(name) => text::name(&format!("{:#}", rustc_demangle::demangle(name))),
            None => format!("<wasm function {}>", frame.func_index()),
        })
        .collect()
}
