//! What a component may use up, and why that much.

use std::time::Duration;

/// Bytes of a component: the largest toolchain in use, a whole Python, makes 18 MB.
pub const COMPONENT_BYTES_MAX: u64 = 64 << 20;

/// Units of work for a check, about one per WebAssembly instruction: some ten seconds of work.
const CHECK_FUEL: u64 = 20_000_000_000;

/// Units of work for each bound byte, so that a large artifact can be read: ten times what the
/// first-party checkers need.
const FUEL_PER_BYTE: u64 = 128;

/// Time of a check.
const CHECK_WALL: Duration = Duration::from_secs(30);

/// Time for each 100 MiB that are bound.
const WALL_PER_100_MIB: Duration = Duration::from_secs(2);

/// Units of work to describe or to validate: neither looks at evidence.
const DESCRIBE_FUEL: u64 = 500_000_000;

/// Time to describe or to validate, generous for a loaded machine.
const DESCRIBE_WALL: Duration = Duration::from_secs(5);

/// Bytes of all guest memories of a check together.
const MEMORY_BYTES: u64 = 256 << 20;

/// Elements of all tables of a check together: 8 bytes each on the host.
pub(crate) const TABLE_ELEMENTS_MAX: usize = 200_000;

/// Core instances, memories and tables in a component: the largest toolchain needs a dozen.
pub(crate) const INSTANCES_MAX: usize = 64;

/// Bytes of wasm stack.
pub(crate) const STACK_BYTES: usize = 1 << 20;

/// Bytes of the stack that wasm and host share: room for host calls above the wasm stack.
pub(crate) const ASYNC_STACK_BYTES: usize = 2 << 20;

/// Bytes that one call may hand over from the guest to the host.
pub(crate) const CALL_BYTES_MAX: usize = 8 << 20;

/// Units of work for a call of an import: what the host does for the least of them takes as long.
pub(crate) const CALL_FUEL: u64 = 500;

/// Units of work for each byte that crosses between guest and host: more than copying and checking it takes.
pub(crate) const CROSSED_BYTE_FUEL: u64 = 4;

/// Live handles of a check.
pub(crate) const HANDLES_MAX: usize = 1024;

/// Findings that are kept.
pub(crate) const FINDINGS_MAX: usize = 10_000;

/// Bytes of all findings that are kept.
pub(crate) const FINDINGS_BYTES_MAX: usize = 16 << 20;

/// Metrics that are kept.
pub(crate) const METRICS_MAX: usize = 256;

/// Attachments of a check.
pub(crate) const ATTACHMENTS_MAX: usize = 32;

/// Bytes of all attachments of a check.
pub(crate) const ATTACHMENT_BYTES_MAX: u64 = 64 << 20;

/// Bytes of log that are kept, cut in the middle.
pub(crate) const LOG_BYTES_MAX: usize = 256 << 10;

/// Bytes of log and output that are looked at: what a check says beyond them is counted and dropped.
pub(crate) const LOG_TAKEN_BYTES_MAX: u64 = 128 << 20;

/// Bytes of one read; a longer one is read as this.
pub(crate) const READ_BYTES_MAX: u32 = 4 << 20;

/// How many times the bytes of an artifact may be read.
pub(crate) const READ_FACTOR: u64 = 4;

/// Bytes that may be read of every artifact, however small it is.
pub(crate) const READ_BYTES_LEAST: u64 = 1 << 20;

/// Units of work between two looks at the clock: below a millisecond.
pub(crate) const YIELD_FUEL: u64 = 500_000;

/// Slots of a checker, and bytes of its config schema.
pub(crate) const SLOTS_MAX: usize = 32;
pub(crate) const SCHEMA_BYTES_MAX: usize = 256 << 10;

/// Problems of a config that are shown.
pub(crate) const CONFIG_PROBLEMS_MAX: usize = 256;

/// Levels of components inside components and of types inside types: toolchains nest three deep, and the
/// parser calls itself for each level of a type.
pub(crate) const NESTING_MAX: usize = 100;

/// Address space of the process that compiles: 18 MB of component need some 700 MB.
pub(crate) const COMPILE_MEMORY_BYTES: u64 = 2 << 30;

/// Time of a compilation.
pub(crate) const COMPILE_WALL: Duration = Duration::from_secs(60);

/// Processor time of the process that compiles, on all cores: ends one whose parent is gone.
pub(crate) const COMPILE_CPU_SECONDS: u64 = 600;

/// Files that the process that compiles may hold open: three, and what its threads need.
pub(crate) const COMPILE_FILES_MAX: u64 = 64;

/// Bytes of compiled code: the largest component makes twice its own size.
pub(crate) const CODE_BYTES_MAX: u64 = 256 << 20;

/// Bytes of what the compiler says when it fails.
pub(crate) const COMPILE_WORDS_BYTES_MAX: u64 = 16 << 10;

/// Bytes of all cached code together; the oldest goes.
pub(crate) const CACHE_BYTES_MAX: u64 = 2 << 30;

/// Files of cached code; the oldest goes.
pub(crate) const CACHE_ENTRIES_MAX: usize = 512;

/// What the owner of a machine may raise; a contract only lowers what comes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ceilings {
    /// Units of work of a check; large evidence gets more.
    pub fuel: u64,
    /// Time of a check on the clock; large evidence gets more.
    pub wall: Duration,
    /// Bytes of all guest memories of a call together.
    pub memory_bytes: u64,
    /// Bytes of a component.
    pub component_bytes: u64,
}

impl Default for Ceilings {
    fn default() -> Self {
        Self {
            fuel: CHECK_FUEL,
            wall: CHECK_WALL,
            memory_bytes: MEMORY_BYTES,
            component_bytes: COMPONENT_BYTES_MAX,
        }
    }
}

/// What one call may use up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Units of work, about one per WebAssembly instruction.
    pub fuel: u64,
    /// Time on the clock.
    pub wall: Duration,
    /// Bytes of all guest memories together.
    pub memory_bytes: u64,
}

impl Limits {
    /// For a check over `bytes` of bound evidence.
    #[must_use]
    pub fn for_check(bytes: u64, ceilings: &Ceilings) -> Self {
        let hundreds = u32::try_from(bytes / (100 << 20)).unwrap_or(u32::MAX);
        Self {
            fuel: ceilings.fuel.max(bytes.saturating_mul(FUEL_PER_BYTE)),
            wall: ceilings.wall.max(WALL_PER_100_MIB.saturating_mul(hundreds)),
            memory_bytes: ceilings.memory_bytes,
        }
    }

    /// For describing and validating.
    #[must_use]
    pub fn for_describe() -> Self {
        Self { fuel: DESCRIBE_FUEL, wall: DESCRIBE_WALL, memory_bytes: MEMORY_BYTES }
    }

    /// The smaller of each: a contract lowers limits and never raises one.
    #[must_use]
    pub fn lowered(self, fuel: Option<u64>, wall: Option<Duration>, memory_bytes: Option<u64>) -> Self {
        Self {
            fuel: fuel.map_or(self.fuel, |fuel| fuel.min(self.fuel)),
            wall: wall.map_or(self.wall, |wall| wall.min(self.wall)),
            memory_bytes: memory_bytes.map_or(self.memory_bytes, |bytes| bytes.min(self.memory_bytes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn for_check(bytes: u64) -> Limits {
        Limits::for_check(bytes, &Ceilings::default())
    }

    #[test]
    fn large_evidence_gets_more_work_and_time() {
        assert_eq!(for_check(0).fuel, CHECK_FUEL);
        assert_eq!(for_check(1 << 30).fuel, 128 << 30);
        assert_eq!(for_check(1 << 30).wall, CHECK_WALL);
        assert_eq!(for_check(4 << 30).wall, Duration::from_secs(80));
        assert_eq!(for_check(u64::MAX).fuel, u64::MAX);
    }

    #[test]
    fn a_contract_only_lowers() {
        let limits = for_check(0);
        assert_eq!(limits.lowered(Some(u64::MAX), Some(Duration::MAX), Some(u64::MAX)), limits);
        assert_eq!(limits.lowered(Some(5), None, None).fuel, 5);
    }

    #[test]
    fn an_owner_raises() {
        let ceilings = Ceilings {
            fuel: u64::MAX,
            wall: Duration::from_secs(600),
            memory_bytes: 1 << 30,
            ..Ceilings::default()
        };
        let limits = Limits::for_check(4 << 30, &ceilings);
        let raised = Limits { fuel: u64::MAX, wall: Duration::from_secs(600), memory_bytes: 1 << 30 };
        assert_eq!(limits, raised);
    }
}
