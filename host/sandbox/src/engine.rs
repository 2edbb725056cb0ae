//! The engine in its one profile: deterministic, metered, and without what checkers do not need.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use evident_core::contract::Wasi;
use wasmtime::component::{HasSelf, Linker};
use wasmtime::{Config, Engine};

use crate::abi::v0_1::CheckerComponent;
use crate::cache::{Cache, CodeCache};
use crate::compile::{CompileLimits, Compiler};
use crate::inert;
use crate::limits::{ASYNC_STACK_BYTES, Ceilings, STACK_BYTES};
use crate::state::State;

/// The host's own failure: never a guest's.
#[derive(Debug, thiserror::Error)]
#[error("failed to start the sandbox")]
pub struct Error(#[source] Box<dyn std::error::Error + Send + Sync>);

/// How a sandbox works. The default compiles in this process and keeps nothing: right for a test.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Who compiles.
    pub compiler: Compiler,
    /// What a compilation in a child may use up.
    pub compile_limits: CompileLimits,
    /// Where compiled code is kept; absent to keep none.
    pub code_cache: Option<CodeCache>,
    /// What the owner of this machine has raised.
    pub ceilings: Ceilings,
}

/// Loads and runs components. One per process is enough; it is cheap to share.
#[derive(Clone)]
pub struct Sandbox {
    pub(crate) engine: Engine,
    pub(crate) settings: Arc<Settings>,
    pub(crate) cache: Option<Arc<Cache>>,
    pub(crate) crashed: Arc<AtomicBool>,
    none: Linker<State>,
    /// Built at the first use: a hundred functions that most checkers do without.
    inert: Arc<OnceLock<Linker<State>>>,
}

impl Sandbox {
    /// A sandbox that compiles in this process and keeps nothing.
    ///
    /// # Errors
    /// When this machine cannot run WebAssembly.
    pub fn new() -> Result<Self, Error> {
        Self::with(Settings::default())
    }

    /// Starts the engine, builds the linker and opens the cache. A cache that is not
    /// fit is left out: it saves time and nothing else.
    ///
    /// # Errors
    /// When this machine cannot run WebAssembly.
    pub fn with(settings: Settings) -> Result<Self, Error> {
        let build = || -> wasmtime::Result<Self> {
            let engine = Engine::new(&config())?;
            let mut none = Linker::new(&engine);
            CheckerComponent::add_to_linker::<_, HasSelf<State>>(&mut none, |state| state)?;
            let cache = settings.code_cache.as_ref().and_then(Cache::open).map(Arc::new);
            let settings = Arc::new(settings);
            Ok(Self { engine, settings, cache, crashed: Arc::default(), none, inert: Arc::default() })
        };
        build().map_err(|error| Error(error.into_boxed_dyn_error()))
    }

    /// What the owner of this machine has raised.
    #[must_use]
    pub fn ceilings(&self) -> &Ceilings {
        &self.settings.ceilings
    }

    /// True once the host panicked inside a call. From then on no guest runs in this sandbox, because
    /// nobody knows what the panic left behind: the caller ends the process when its work is told.
    #[must_use]
    pub fn crashed(&self) -> bool {
        self.crashed.load(Ordering::Acquire)
    }

    pub(crate) fn linker(&self, profile: Wasi) -> &Linker<State> {
        match profile {
            Wasi::None => &self.none,
            Wasi::Inert => self.inert.get_or_init(|| {
                let mut inert = self.none.clone();
                inert::add_to_linker(&mut inert).expect("no name is linked twice");
                inert
            }),
        }
    }
}

/// Fuel instead of epochs: it counts the same in every run, so it can stand in a receipt, and it costs
/// no more. The price of determinism is NaN canonicalisation, up to 5 times on dense float kernels.
pub(crate) fn config() -> Config {
    let mut config = Config::new();
    config
        .consume_fuel(true)
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        .wasm_relaxed_simd(false)
        .wasm_memory64(false)
        .concurrency_support(false)
        .max_wasm_stack(STACK_BYTES)
        .async_stack_size(ASYNC_STACK_BYTES);
    config
}
