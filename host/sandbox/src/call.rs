//! Calls a checker: a fresh store, its limits, a deadline, and everything that came out.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use evident_blobs::Blobs;
use evident_core::assessment::Usage;
use evident_core::contract::Wasi;
use evident_core::defence::Defence;
use evident_core::descriptor::{ConfigProblem, Descriptor};
use evident_core::downgrade::Observed;
use evident_core::outcome::{Fault, FaultClass, NoEvidence, Outcome, Reason, Status};
use wasmtime::Store;

use crate::abi::v0_1::{CheckerComponent, CheckerComponentPre};
use crate::artifacts::{Bound, Served};
use crate::crossing;
use crate::engine::Sandbox;
use crate::fault::{self, Refusal, refusal};
use crate::inert;
use crate::limits::{CALL_BYTES_MAX, HANDLES_MAX, Limits, YIELD_FUEL};
use crate::reflect::Interfaces;
use crate::sink::Progress;
use crate::state::State;

/// A component that is compiled and linked. Cheap to clone; every call gets a store of its own.
#[derive(Clone)]
pub struct Checker {
    pre: CheckerComponentPre<State>,
    profile: Wasi,
    interfaces: Interfaces,
    /// The sandbox's.
    crashed: Arc<AtomicBool>,
}

/// One check.
pub struct Request {
    /// JSON text, an object.
    pub config: String,
    /// Artifacts by slot.
    pub bound: Vec<Bound>,
    /// What it may use up.
    pub limits: Limits,
    /// Where attachments go.
    pub blobs: Blobs,
    /// Who hears how far it is.
    pub progress: Option<Progress>,
}

/// What a check gave. With a fault, the outcome is inconclusive and holds what was said before it.
#[derive(Debug)]
pub struct Checked {
    /// As the checker answered; the host's downgrades are core's business.
    pub outcome: Outcome,
    /// Why there was no answer.
    pub fault: Option<Fault>,
    /// What the host saw while the checker worked.
    pub observed: Observed,
    /// Different bytes read, by slot and artifact in the order of the request.
    pub bytes_read: Vec<Vec<u64>>,
    /// True if the checker asked an artifact for its origin: then its answer may depend on when and how
    /// the evidence was made, not on its bytes alone.
    pub origin_read: bool,
    /// What the checker logged and printed.
    pub log: String,
    /// What it used.
    pub usage: Usage,
}

impl Checker {
    pub(crate) fn new(
        sandbox: &Sandbox,
        pre: CheckerComponentPre<State>,
        profile: Wasi,
        interfaces: Interfaces,
    ) -> Self {
        Self { pre, profile, interfaces, crashed: Arc::clone(&sandbox.crashed) }
    }

    /// What the component imports and exports.
    #[must_use]
    pub fn interfaces(&self) -> &Interfaces {
        &self.interfaces
    }

    /// Asks the checker to describe itself.
    ///
    /// # Errors
    /// The fault, or `checker-error` for a description outside the bounds of the WIT package.
    pub fn describe(&self) -> Result<Descriptor, Refusal> {
        let limits = Limits::for_describe();
        let run =
            self.run(State::new(limits.memory_bytes, Vec::new(), None), limits, async |component, store| {
                component.describe(store).await
            });
        let wrong =
            |message| refusal(FaultClass::CheckerError, format!("does not describe itself right: {message}"));
        run.answer.map_err(Box::new)?.map_err(wrong)
    }

    /// Asks the checker what is wrong with a config (JSON text, an object).
    ///
    /// # Errors
    /// The fault.
    pub fn validate(&self, config: &str) -> Result<Vec<ConfigProblem>, Refusal> {
        let limits = Limits::for_describe();
        let run =
            self.run(State::new(limits.memory_bytes, Vec::new(), None), limits, async |component, store| {
                component.validate(store, config).await
            });
        run.answer.map_err(Box::new)
    }

    /// Judges evidence.
    #[must_use]
    pub fn check(&self, request: Request) -> Checked {
        let Request { config, bound, limits, blobs, progress } = request;
        let mut state = State::new(limits.memory_bytes, bound, Some(blobs));
        state.progress = progress;
        let mut run = self.run(state, limits, async |component, store| component.check(store, &config).await);
        let (mut outcome, fault) = match run.answer {
            Ok(Ok(outcome)) => (outcome, None),
            Ok(Err(message)) => of_fault(*refusal(FaultClass::CheckerError, message)),
            Err(fault) => of_fault(fault),
        };
        let origin_read = run.state.origin_read;
        // A fail stands: whatever was not read could only have added to it.
        if let Some(failure) = run.state.read_failure.take().filter(|_| outcome.status != Status::Fail) {
            outcome = Outcome::undecided(Reason::NoEvidence(NoEvidence::Unreadable), failure);
        }
        let sink = &mut run.state.sink;
        outcome.findings = std::mem::take(&mut sink.findings);
        outcome.findings_dropped = sink.findings_dropped;
        outcome.attachments = sink.finish_attachments();
        let slots = run.state.slots.iter();
        Checked {
            outcome,
            fault,
            observed: sink.observed,
            bytes_read: slots.map(|(_, served)| served.iter().map(Served::bytes_read).collect()).collect(),
            origin_read,
            log: sink.log.text(),
            usage: run.usage,
        }
    }

    /// Instantiates and calls within the limits. The store lives only here.
    fn run<T>(
        &self,
        mut state: State,
        limits: Limits,
        call: impl AsyncFnOnce(&CheckerComponent, &mut Store<State>) -> wasmtime::Result<T>,
    ) -> Run<T> {
        let printed = inert::Output::new(state.crossing.meter.clone());
        let inert = (self.profile == Wasi::Inert).then(|| {
            state.wasi = Some(inert::context(&printed));
            inert::enter()
        });
        let started = Instant::now();
        let fuel_max = if Defence::Fuel.stands() { limits.fuel } else { u64::MAX };
        let deadline = started.checked_add(limits.wall).filter(|_| Defence::Deadline.stands());
        state.crossing.deadline = deadline;
        let mut store = store(self.pre.engine(), state, fuel_max);
        let answer = self.unless_crashed(|| {
            run_until(deadline, async {
                let component = self.pre.instantiate_async(&mut store).await?;
                call(&component, &mut store).await
            })
        });
        drop(inert);
        let fuel = fuel_max.saturating_sub(store.get_fuel().expect("the engine meters"));
        let mut state = store.into_data();
        state.sink.log.push(printed.take().text().as_bytes());
        let log = &state.sink.log;
        let answer = match answer {
            Ok(Some(Ok(answer))) => Ok(answer),
            Ok(Some(Err(error))) if fault::is_late(&error) => Err(fault::deadline(limits.wall, log)),
            Ok(Some(Err(error))) => Err(fault::classify(&error, log)),
            Ok(None) => Err(fault::deadline(limits.wall, log)),
            Err(crash) => Err(fault::crash(crash, log)),
        };
        let wall_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        let usage = Usage { fuel, memory_bytes: state.limiter.memory_bytes(), wall_us };
        Run { answer, state, usage }
    }
}

/// Why nothing of a guest ran, or not to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Crash {
    Now,
    Before,
}

impl Checker {
    /// Runs a guest, unless the host panicked in one before. A panic of the host ends only this call, and
    /// is told: `run` catches it where wasmtime has unwound every frame of the guest.
    fn unless_crashed<T>(&self, run: impl FnOnce() -> T) -> Result<T, Crash> {
        if !Defence::CatchPanic.stands() {
            return Ok(run());
        }
        if self.crashed.load(Ordering::Acquire) {
            return Err(Crash::Before);
        }
        // What the closure may leave half done is a store that nothing runs in again.
        catch_unwind(AssertUnwindSafe(run)).map_err(|_| {
            self.crashed.store(true, Ordering::Release);
            Crash::Now
        })
    }
}

/// A fresh store with its limits.
fn store(engine: &wasmtime::Engine, state: State, fuel: u64) -> Store<State> {
    let mut store = Store::new(engine, state);
    store.limiter(|state| &mut state.limiter);
    if Defence::CallBytes.stands() {
        store.set_hostcall_fuel(CALL_BYTES_MAX);
    } else {
        store.set_hostcall_fuel(usize::MAX);
    }
    if Defence::Handles.stands() {
        store.set_max_component_handles(HANDLES_MAX);
    }
    store.call_hook(crossing::hook);
    store.set_fuel(fuel).expect("the engine meters");
    store.fuel_async_yield_interval(Some(YIELD_FUEL)).expect("the engine meters and the interval is not 0");
    store
}

struct Run<T> {
    answer: Result<T, Fault>,
    state: State,
    usage: Usage,
}

fn of_fault(fault: Fault) -> (Outcome, Option<Fault>) {
    (Outcome::undecided(Reason::Fault(fault.class), fault.message.clone()), Some(fault))
}

/// Polls until the future is done or the deadline has passed; then the future is dropped, which ends
/// the guest. Fuel makes the guest yield often while it works, and `crossing::hook` ends one that calls the
/// host instead, so this needs no second thread that interrupts it; a guest that waits for a timer is
/// parked, not spun.
fn run_until<T>(deadline: Option<Instant>, future: impl Future<Output = T>) -> Option<T> {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return Some(value);
        }
        let left =
            deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()));
        if left.is_zero() {
            return None;
        }
        thread::park_timeout(left);
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
