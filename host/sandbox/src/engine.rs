//! The engine in its one profile: deterministic, metered, and without what checkers do not need.

use evident_core::contract::Wasi;
use wasmtime::component::{HasSelf, Linker};
use wasmtime::{Config, Engine};

use crate::abi::v0_1::CheckerComponent;
use crate::inert;
use crate::limits::{ASYNC_STACK_BYTES, STACK_BYTES};
use crate::state::State;

/// The host's own failure: never a guest's.
#[derive(Debug, thiserror::Error)]
#[error("failed to start the sandbox")]
pub struct Error(#[source] Box<dyn std::error::Error + Send + Sync>);

/// Loads and runs components. One per process is enough; it is cheap to share.
#[derive(Clone)]
pub struct Sandbox {
    pub(crate) engine: Engine,
    none: Linker<State>,
    inert: Linker<State>,
}

impl Sandbox {
    /// Starts the engine and builds the linkers of both profiles.
    ///
    /// # Errors
    /// When this machine cannot run WebAssembly.
    pub fn new() -> Result<Self, Error> {
        let build = || -> wasmtime::Result<Self> {
            let engine = Engine::new(&config())?;
            let mut none = Linker::new(&engine);
            CheckerComponent::add_to_linker::<_, HasSelf<State>>(&mut none, |state| state)?;
            let mut inert = none.clone();
            inert::add_to_linker(&mut inert)?;
            Ok(Self { engine, none, inert })
        };
        build().map_err(|error| Error(error.into_boxed_dyn_error()))
    }

    pub(crate) fn linker(&self, profile: Wasi) -> &Linker<State> {
        match profile {
            Wasi::None => &self.none,
            Wasi::Inert => &self.inert,
        }
    }
}

/// Fuel instead of epochs: it counts the same in every run, so it can stand in a receipt, and it costs
/// no more. The price of determinism is NaN canonicalisation, up to 5 times on dense float kernels.
fn config() -> Config {
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
