//! What the file system says about a file without reading it.

use std::time::{SystemTime, UNIX_EPOCH};

const SECOND_NANOSECONDS: u32 = 1_000_000_000;

/// Device, inode, size and both times. Where all of it is the same, the content is taken to be, as far as
/// the clock of the file system can tell (see `cache`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stat {
    pub(crate) device: u64,
    pub(crate) inode: u64,
    /// Bytes.
    pub(crate) size: u64,
    pub(crate) modified: Time,
    pub(crate) changed: Time,
}

/// Seconds and nanoseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Time {
    pub(crate) seconds: i64,
    pub(crate) nanoseconds: u32,
}

impl Time {
    /// The clock of the system.
    pub(crate) fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
        Self { seconds, nanoseconds: since.subsec_nanos() }
    }

    /// That many nanoseconds later; less than a second.
    pub(crate) fn later_by(self, nanoseconds: u32) -> Self {
        let sum = self.nanoseconds.saturating_add(nanoseconds);
        let carry = i64::from(sum / SECOND_NANOSECONDS);
        Self { seconds: self.seconds.saturating_add(carry), nanoseconds: sum % SECOND_NANOSECONDS }
    }
}

impl Stat {
    #[allow(
        clippy::useless_conversion,
        clippy::unnecessary_cast,
        reason = "the types differ between systems"
    )]
    #[allow(clippy::cast_sign_loss, reason = "no size is negative, and a device is a pattern of bits")]
    pub(crate) fn of(stat: &rustix::fs::Stat) -> Self {
        let time = |seconds: i64, nanoseconds: u64| Time {
            seconds,
            nanoseconds: u32::try_from(nanoseconds).unwrap_or(u32::MAX),
        };
        Self {
            device: stat.st_dev as u64,
            inode: stat.st_ino.into(),
            size: stat.st_size as u64,
            modified: time(stat.st_mtime.into(), stat.st_mtime_nsec as u64),
            changed: time(stat.st_ctime.into(), stat.st_ctime_nsec as u64),
        }
    }
}
