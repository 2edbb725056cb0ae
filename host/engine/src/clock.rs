//! The one look at the system clock: everything else takes the time as an argument.

use std::time::{SystemTime, UNIX_EPOCH};

use evident_core::evidence::Timestamp;

/// Unix milliseconds.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
