//! What a store holds while a guest runs: artifacts, sink, handles and the memory limit.

use evident_blobs::Blobs;
use evident_core::defence::Defence;
use wasmtime::component::ResourceTable;
use wasmtime::{ResourceLimiter, StoreLimits, StoreLimitsBuilder};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_io::IoView;

use crate::artifacts::{Bound, Served};
use crate::crossing::Crossing;
use crate::limits::{HANDLES_MAX, INSTANCES_MAX, TABLE_ELEMENTS_MAX};
use crate::sink::{Progress, Sink};

/// The data of one store.
pub(crate) struct State {
    pub(crate) handles: ResourceTable,
    pub(crate) slots: Vec<(String, Vec<Served>)>,
    pub(crate) sink: Sink,
    pub(crate) limiter: Limiter,
    pub(crate) progress: Option<Progress>,
    /// Set when the host could not read its own copy of an artifact.
    pub(crate) read_failure: Option<String>,
    /// True once the guest has asked an artifact for its origin.
    pub(crate) origin_read: bool,
    /// There exactly in the link profile `inert`.
    pub(crate) wasi: Option<WasiCtx>,
    pub(crate) crossing: Crossing,
}

impl State {
    pub(crate) fn new(memory_bytes_max: u64, bound: Vec<Bound>, blobs: Option<Blobs>) -> Self {
        let mut handles = ResourceTable::new();
        if Defence::Handles.stands() {
            handles.set_max_capacity(HANDLES_MAX);
        }
        let slots = bound
            .into_iter()
            .map(|bound| (bound.slot, bound.inputs.into_iter().map(Served::new).collect()))
            .collect();
        Self {
            handles,
            slots,
            sink: Sink::new(blobs),
            limiter: Limiter::new(memory_bytes_max),
            progress: None,
            read_failure: None,
            origin_read: false,
            wasi: None,
            crossing: Crossing::default(),
        }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        // Every import of WASI comes through here, or through `table`.
        self.crossing.meter.call();
        let ctx = self.wasi.as_mut().expect("only the linker of the profile `inert` calls this");
        WasiCtxView { ctx, table: &mut self.handles }
    }
}

impl IoView for State {
    fn table(&mut self) -> &mut ResourceTable {
        self.crossing.meter.call();
        &mut self.handles
    }
}

/// A limit that a guest ran into on the host's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Exceeded {
    #[error("asked for more than {0} bytes of memory")]
    Memory(u64),
    #[error("asked for more than {TABLE_ELEMENTS_MAX} table elements")]
    Table,
    #[error("asked for more than {INSTANCES_MAX} instances, memories or tables")]
    Instances,
    #[error("holds more than {HANDLES_MAX} handles")]
    Handles,
    #[error("was not done in time")]
    Deadline,
}

/// Bounds all memories and tables of a store together. A refusal is a trap, so that it has a class of
/// its own instead of a guest that fails to allocate in its own words.
pub(crate) struct Limiter {
    memory_bytes: usize,
    memory_bytes_max: usize,
    table_elements: usize,
    counts: StoreLimits,
}

impl Limiter {
    fn new(memory_bytes_max: u64) -> Self {
        let most = if Defence::Instances.stands() { INSTANCES_MAX } else { usize::MAX };
        let counts = StoreLimitsBuilder::new().instances(most).memories(most).tables(most).build();
        Self {
            memory_bytes: 0,
            memory_bytes_max: usize::try_from(memory_bytes_max).unwrap_or(usize::MAX),
            table_elements: 0,
            counts,
        }
    }

    /// Most bytes of guest memory so far; memories never shrink.
    pub(crate) fn memory_bytes(&self) -> u64 {
        self.memory_bytes as u64
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let total = self.memory_bytes.saturating_add(desired.saturating_sub(current));
        if Defence::Memory.stands() && total > self.memory_bytes_max {
            return Err(Exceeded::Memory(self.memory_bytes_max as u64).into());
        }
        self.memory_bytes = total;
        Ok(true)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let total = self.table_elements.saturating_add(desired.saturating_sub(current));
        if Defence::Tables.stands() && total > TABLE_ELEMENTS_MAX {
            return Err(Exceeded::Table.into());
        }
        self.table_elements = total;
        Ok(true)
    }

    fn instances(&self) -> usize {
        self.counts.instances()
    }

    fn tables(&self) -> usize {
        self.counts.tables()
    }

    fn memories(&self) -> usize {
        self.counts.memories()
    }
}
