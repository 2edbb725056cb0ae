//! Points in time and ages of files, and how a person reads them.
//!
//! It never decides what is too old.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use evident_core::evidence::Timestamp;

use crate::Error;

/// The system clock.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// The clock of the file system below `folder`, read from a file that has no name.
///
/// File systems stamp with a coarse clock which lags the system clock by up to a tick (1 to 10 ms): a
/// file written just after a moment of the system clock can carry an earlier time. Where a start will be
/// compared with times of files, both must come from this clock.
pub(crate) fn file_now(folder: &Path) -> Result<Stamp, Error> {
    let probe = tempfile::tempfile_in(folder).map_err(Error::io("make a file in", folder))?;
    let metadata = probe.metadata().map_err(Error::io("look at a file in", folder))?;
    Ok(Stamp::changed(&metadata))
}

/// A time that a file system wrote: seconds and nanoseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stamp {
    seconds: i64,
    nanoseconds: i64,
}

impl Stamp {
    /// When the content was last written; whoever owns the file can set it.
    pub(crate) fn modified(metadata: &Metadata) -> Self {
        Self { seconds: metadata.mtime(), nanoseconds: metadata.mtime_nsec() }
    }

    /// When content, owner, mode or name last changed; only the system clock can set it.
    pub(crate) fn changed(metadata: &Metadata) -> Self {
        Self { seconds: metadata.ctime(), nanoseconds: metadata.ctime_nsec() }
    }

    /// Rounded down, as every start is: what was written after a start never looks older than it.
    pub(crate) fn timestamp(self) -> Timestamp {
        let seconds = u64::try_from(self.seconds).unwrap_or(0);
        let fraction = u64::try_from(self.nanoseconds / 1_000_000).unwrap_or(0);
        Timestamp(seconds.saturating_mul(1000).saturating_add(fraction))
    }
}

/// The two largest units: `2 h 5 m`.
pub(crate) fn span(duration: Duration) -> String {
    const UNITS: &[(u64, &str)] =
        &[(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s"), (1, "ms")];
    let mut left = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let mut parts = Vec::new();
    for (length, unit) in UNITS {
        let count = left / length;
        left %= length;
        if count > 0 {
            parts.push(format!("{count} {unit}"));
        }
    }
    parts.truncate(2);
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_at_most_two_units() {
        let table = [
            (0, "0 s"),
            (999, "999 ms"),
            (900_000, "15 m"),
            (7_500_000, "2 h 5 m"),
            (86_400_001, "1 d 1 ms"),
        ];
        for (milliseconds, expected) in table {
            assert_eq!(span(Duration::from_millis(milliseconds)), expected);
        }
    }

    #[test]
    fn the_file_clock_never_runs_ahead() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let stamp = file_now(folder.path()).expect("makes a file").timestamp();
        assert!(stamp <= now());
    }
}
