//! The link profile `inert`: a WASI 0.2 without any effect, for toolchains that pull WASI in.
//!
//! The environment and the arguments are empty, the input is closed, the output goes to the log, the
//! clocks stand still, randomness is the same in every run, there are no files and no sockets. Sockets
//! and HTTP are not even linked: a component that imports them is refused by name.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use evident_core::defence::Defence;
use tokio::runtime::{Builder, Runtime};
use wasmtime::component::{HasData, Linker, Resource, ResourceTable};
use wasmtime_wasi::cli::{IsTerminal, StdoutStream, WasiCli, WasiCliView};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksView};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView};
use wasmtime_wasi::p2::bindings::{cli, clocks, filesystem, random};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};
use wasmtime_wasi::random::{Deterministic, WasiRandom};
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtx, WasiView};
use wasmtime_wasi_io::IoView;
use wasmtime_wasi_io::bindings::wasi::io;
use wasmtime_wasi_io::poll::DynPollable;

use crate::capture::Capture;
use crate::crossing::Meter;
use crate::limits::HANDLES_MAX;
use crate::state::{Exceeded, State};

/// Packages that this profile links, for the message of a refusal.
pub(crate) const PACKAGES: &[&str] =
    &["wasi:cli/", "wasi:clocks/", "wasi:filesystem/", "wasi:io/", "wasi:random/"];

/// Timers of WASI need a runtime to exist. Nobody drives it: with a clock that stands still, no timer
/// ever fires, and the deadline ends a guest that waits for one.
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_time().build().expect("needs no resource"));

/// Enters the runtime that timers need.
pub(crate) fn enter() -> tokio::runtime::EnterGuard<'static> {
    RUNTIME.enter()
}

/// Links everything but sockets and HTTP.
pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    io::error::add_to_linker::<State, Io>(linker, State::table)?;
    io::streams::add_to_linker::<State, Io>(linker, State::table)?;
    io::poll::add_to_linker::<State, Polls>(linker, |state| Polled(state))?;
    clocks::wall_clock::add_to_linker::<State, WasiClocks>(linker, State::clocks)?;
    clocks::monotonic_clock::add_to_linker::<State, WasiClocks>(linker, State::clocks)?;
    filesystem::types::add_to_linker::<State, WasiFilesystem>(linker, State::filesystem)?;
    filesystem::preopens::add_to_linker::<State, WasiFilesystem>(linker, State::filesystem)?;
    random::random::add_to_linker::<State, Draws>(linker, |state| Drawn(state))?;
    random::insecure::add_to_linker::<State, Draws>(linker, |state| Drawn(state))?;
    random::insecure_seed::add_to_linker::<State, WasiRandom>(linker, |state| state.ctx().ctx.random())?;
    cli::exit::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::environment::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::stdin::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::stdout::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::stderr::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_input::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_output::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_stdin::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_stdout::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_stderr::add_to_linker::<State, WasiCli>(linker, State::cli)
}

/// The resources that `wasi:io` speaks about.
struct Io;

impl HasData for Io {
    type Data<'a> = &'a mut ResourceTable;
}

/// Randomness that pays for the bytes that it gives.
struct Draws;

impl HasData for Draws {
    type Data<'a> = Drawn<'a>;
}

struct Drawn<'a>(&'a mut State);

impl Drawn<'_> {
    fn drawn(&mut self, bytes: wasmtime::Result<Vec<u8>>) -> wasmtime::Result<Vec<u8>> {
        self.0.crossing.meter.bytes(bytes.as_ref().map_or(0, Vec::len));
        bytes
    }
}

impl random::random::Host for Drawn<'_> {
    fn get_random_bytes(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        let bytes = random::random::Host::get_random_bytes(self.0.ctx().ctx.random(), length);
        self.drawn(bytes)
    }

    fn get_random_u64(&mut self) -> wasmtime::Result<u64> {
        random::random::Host::get_random_u64(self.0.ctx().ctx.random())
    }
}

impl random::insecure::Host for Drawn<'_> {
    fn get_insecure_random_bytes(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        let bytes = random::insecure::Host::get_insecure_random_bytes(self.0.ctx().ctx.random(), length);
        self.drawn(bytes)
    }

    fn get_insecure_random_u64(&mut self) -> wasmtime::Result<u64> {
        random::insecure::Host::get_insecure_random_u64(self.0.ctx().ctx.random())
    }
}

/// Polling that pays for each entry of its list: a list may name one pollable a million times.
struct Polls;

impl HasData for Polls {
    type Data<'a> = Polled<'a>;
}

struct Polled<'a>(&'a mut State);

impl io::poll::Host for Polled<'_> {
    async fn poll(&mut self, pollables: Vec<Resource<DynPollable>>) -> wasmtime::Result<Vec<u32>> {
        if Defence::Handles.stands() && pollables.len() > HANDLES_MAX {
            return Err(Exceeded::Handles.into());
        }
        for _ in &pollables {
            self.0.crossing.meter.call();
        }
        io::poll::Host::poll(self.0.table(), pollables).await
    }
}

impl io::poll::HostPollable for Polled<'_> {
    async fn ready(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<bool> {
        io::poll::HostPollable::ready(self.0.table(), pollable).await
    }

    async fn block(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        io::poll::HostPollable::block(self.0.table(), pollable).await
    }

    fn drop(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        io::poll::HostPollable::drop(self.0.table(), pollable)
    }
}

/// A WASI context without any effect; what the guest prints goes to `output`.
pub(crate) fn context(output: &Output) -> WasiCtx {
    /// Bytes of one call for randomness: it is made up on the host.
    const RANDOM_BYTES_MAX: u64 = 1 << 20;
    WasiCtx::builder()
        .stdout(output.clone())
        .stderr(output.clone())
        .wall_clock(Standing)
        .monotonic_clock(Standing)
        .secure_random(Deterministic::new(seed()))
        .insecure_random(Deterministic::new(seed()))
        .insecure_random_seed(0)
        .max_random_size(RANDOM_BYTES_MAX)
        .allow_tcp(false)
        .allow_udp(false)
        .build()
}

/// Bytes that look random and are the same in every run: the high bytes of a 64-bit linear congruential
/// generator (Knuth, MMIX). Long enough that no loop of a guest fits it by chance.
fn seed() -> Vec<u8> {
    let mut state: u64 = 0;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    (0..4099).map(|_| next()).collect()
}

/// A clock that stands at the beginning of Unix time.
struct Standing;

impl HostWallClock for Standing {
    fn resolution(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn now(&self) -> Duration {
        Duration::ZERO
    }
}

impl HostMonotonicClock for Standing {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        0
    }
}

/// Bytes that a guest may print at once.
const WRITE_BYTES_MAX: usize = 64 << 10;

/// Takes what a guest prints: bounded, never blocking.
#[derive(Clone)]
pub(crate) struct Output {
    printed: Arc<Mutex<Capture>>,
    meter: Meter,
}

impl Output {
    /// What is printed is charged to `meter`.
    pub(crate) fn new(meter: Meter) -> Self {
        Self { printed: Arc::default(), meter }
    }

    /// What was printed.
    pub(crate) fn take(&self) -> Capture {
        std::mem::take(&mut *self.printed.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn push(&self, bytes: &[u8]) {
        self.meter.bytes(bytes.len());
        self.printed.lock().unwrap_or_else(PoisonError::into_inner).push(bytes);
    }
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn async_stream(&self) -> Box<dyn tokio::io::AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl OutputStream for Output {
    fn write(&mut self, bytes: bytes::Bytes) -> StreamResult<()> {
        if bytes.len() > WRITE_BYTES_MAX {
            return Err(StreamError::trap("cannot write more than `check-write` allows"));
        }
        self.push(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_BYTES_MAX)
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {}
}

impl tokio::io::AsyncWrite for Output {
    fn poll_write(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        bytes: &[u8],
    ) -> std::task::Poll<std::io::Result<usize>> {
        self.push(bytes);
        std::task::Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn poll_shutdown(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }
}
