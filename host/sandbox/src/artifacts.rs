//! Serves artifacts to a guest by positioned reads, and counts what was read.
//!
//! An artifact is never loaded whole: a read goes from the file into the guest.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use evident_core::evidence::{Artifact, Origin};

use crate::limits::{READ_BYTES_LEAST, READ_BYTES_MAX, READ_FACTOR};

/// The artifacts of one slot.
#[derive(Debug, Clone)]
pub struct Bound {
    /// Name of the slot.
    pub slot: String,
    /// In the order of the contract.
    pub inputs: Vec<Input>,
}

/// An artifact that a guest may read.
#[derive(Debug, Clone)]
pub struct Input {
    /// Name, size, digest.
    pub artifact: Artifact,
    /// How it came to be.
    pub origin: Origin,
    /// Its bytes.
    pub file: Arc<File>,
}

/// An artifact while it is read: all handles of it share one count.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) input: Input,
    coverage: Coverage,
    returned: u64,
}

/// Why a read gave nothing.
#[derive(Debug)]
pub(crate) enum ReadFailure {
    OverBudget,
    Unreadable(std::io::Error),
}

impl Served {
    pub(crate) fn new(input: Input) -> Self {
        Self { input, coverage: Coverage::default(), returned: 0 }
    }

    /// Different bytes that were read.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.coverage.total()
    }

    pub(crate) fn read_at(&mut self, offset: u64, length: u32) -> Result<Vec<u8>, ReadFailure> {
        let size = self.input.artifact.size;
        let length = u64::from(length.min(READ_BYTES_MAX)).min(size.saturating_sub(offset));
        let budget = size.saturating_mul(READ_FACTOR).max(READ_BYTES_LEAST);
        if self.returned + length > budget {
            return Err(ReadFailure::OverBudget);
        }
        let mut bytes = vec![0; usize::try_from(length).expect("at most 4 MiB")];
        self.input.file.read_exact_at(&mut bytes, offset).map_err(ReadFailure::Unreadable)?;
        self.returned += length;
        self.coverage.add(offset, offset + length);
        Ok(bytes)
    }
}

/// Which bytes were read: ranges that do not touch.
#[derive(Debug, Default)]
struct Coverage {
    ranges: BTreeMap<u64, u64>,
}

impl Coverage {
    /// Ranges that are remembered. A guest that reads in more pieces than this, none beside another,
    /// is taken to have read less than it did, which never helps a pass.
    const RANGES_MAX: usize = 4096;

    fn add(&mut self, mut start: u64, mut end: u64) {
        if start == end {
            return;
        }
        let touching: Vec<u64> = self
            .ranges
            .range(..=end)
            .rev()
            .take_while(|(_, other_end)| **other_end >= start)
            .map(|(other_start, _)| *other_start)
            .collect();
        for other in touching {
            let other_end = self.ranges.remove(&other).expect("was just seen");
            start = start.min(other);
            end = end.max(other_end);
        }
        if self.ranges.len() < Self::RANGES_MAX {
            self.ranges.insert(start, end);
        }
    }

    fn total(&self) -> u64 {
        self.ranges.iter().map(|(start, end)| end - start).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(reads: &[(u64, u64)]) -> u64 {
        let mut coverage = Coverage::default();
        for (start, end) in reads {
            coverage.add(*start, *end);
        }
        coverage.total()
    }

    #[test]
    fn counts_each_byte_once() {
        assert_eq!(total(&[(0, 10), (10, 20)]), 20);
        assert_eq!(total(&[(0, 10), (0, 10), (5, 8)]), 10);
        assert_eq!(total(&[(20, 30), (0, 10), (8, 22)]), 30);
        assert_eq!(total(&[(0, 10), (20, 30), (40, 50), (5, 45)]), 50);
        assert_eq!(total(&[(0, 10), (11, 20)]), 19);
        assert_eq!(total(&[(7, 7)]), 0);
    }

    #[test]
    fn many_pieces_never_count_for_more() {
        let reads: Vec<(u64, u64)> = (0..10_000).map(|index| (index * 2, index * 2 + 1)).collect();
        assert!(total(&reads) <= 10_000);
        let mut coverage = Coverage::default();
        reads.iter().for_each(|(start, end)| coverage.add(*start, *end));
        assert!(coverage.ranges.len() <= Coverage::RANGES_MAX);
    }
}
