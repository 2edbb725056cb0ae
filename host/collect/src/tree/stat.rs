//! What the file system says about a file without reading it.

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
