//! Why collecting one source stopped: the evidence falls short, or the host failed.
//!
//! Inside the room both travel through `?`; at its door they part for good.

use evident_core::evidence::Shortfall;
use evident_core::outcome::{NoEvidence, Reason};
use evident_core::text;

use crate::Error;

/// Why collecting stopped.
#[derive(Debug)]
pub(crate) enum Halt {
    /// Something is wrong with the evidence.
    Short(Shortfall),
    /// The host failed.
    Host(Error),
}

impl<T: Into<Error>> From<T> for Halt {
    fn from(error: T) -> Self {
        Self::Host(error.into())
    }
}

impl Halt {
    /// Parts data from failure.
    pub(crate) fn shortfall(self) -> Result<Shortfall, Error> {
        match self {
            Self::Short(shortfall) => Ok(shortfall),
            Self::Host(error) => Err(error),
        }
    }
}

/// File names are text from outside: the detail is made safe to show here, once.
pub(crate) fn short(kind: NoEvidence, detail: impl AsRef<str>) -> Halt {
    Halt::Short(shortfall(Reason::NoEvidence(kind), detail))
}

/// The evidence is older than it may be, or not the pinned version.
pub(crate) fn stale(detail: impl AsRef<str>) -> Halt {
    Halt::Short(shortfall(Reason::Stale, detail))
}

pub(crate) fn shortfall(reason: Reason, detail: impl AsRef<str>) -> Shortfall {
    Shortfall { reason, detail: text::line(detail.as_ref()) }
}
