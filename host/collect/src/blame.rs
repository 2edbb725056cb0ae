//! Tells a failure of the host from what the work did: what lies in a folder that is scanned can be too
//! large, never at rest, or closed to the host.
//!
//! It decides nothing: the caller makes a blocker of the work out of it, or a failure.

use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use crate::Error;

impl Error {
    /// What the work did, where it is what keeps the host from going on: the path, and what is wrong with
    /// it, in words that follow the path. Nothing for a failure of the host.
    #[must_use]
    pub fn of_the_work(&self) -> Option<(PathBuf, String)> {
        match self {
            Self::Unsteady { path } => {
                Some((path.clone(), "changed each time that it was read: end what writes it".to_owned()))
            }
            Self::TooLarge { path, what } => Some((path.clone(), what.clone())),
            Self::Closed { action, path, source } => {
                Some((path.clone(), format!("the host failed to {action} it: {source}")))
            }
            _ => None,
        }
    }

    /// For what lies in a folder that is scanned: the work's doing, unless the host itself is short of
    /// something, or the disk fails.
    pub(crate) fn inside(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| {
            let path = path.to_owned();
            match source.raw_os_error().map(Errno::from_raw_os_error) {
                Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::IO) => {
                    Self::Io { action, path, source }
                }
                _ => Self::Closed { action, path, source },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_work_did_is_of_the_work() {
        let path = Path::new("src/a");
        let refused = |errno: Errno| Error::inside("open", path)(errno.into()).of_the_work();
        let (named, what) = refused(Errno::ACCESS).expect("a closed file is of the work");
        assert_eq!(named, path);
        assert!(what.contains("failed to open it"), "{what}");
        for errno in [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::IO] {
            assert_eq!(refused(errno), None, "{errno}");
        }
        let unsteady = Error::Unsteady { path: path.to_owned() };
        let large = Error::TooLarge { path: path.to_owned(), what: "too much".to_owned() };
        assert!(unsteady.of_the_work().is_some() && large.of_the_work().is_some());
        assert_eq!(Error::CalledOff.of_the_work(), None);
        assert_eq!(Error::io("open", path)(Errno::ACCESS.into()).of_the_work(), None);
    }
}
