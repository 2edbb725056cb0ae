//! From the name of a checker to its bytes: built in, or a file that the contract names.
//!
//! It never looks inside the bytes and never runs them; the sandbox does both.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use evident_blobs::Blobs;
use evident_builtin::BUILTINS;
use evident_core::contract::{CheckerEntry, Contract, LimitEntries, Wasi};
use evident_core::defence::Defence;
use evident_core::digest::Digest;
use evident_regular::Links;

/// The bytes of a checker and how they are to be run.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// Where the bytes are from.
    pub from: From,
    /// The component.
    pub bytes: Cow<'static, [u8]>,
    /// Of the bytes.
    pub digest: Digest,
    /// What it may import beside its world.
    pub wasi: Wasi,
    /// Limits that the contract lowers.
    pub limits: LimitEntries,
    /// True if nobody can have swapped the bytes: part of the binary, or pinned by digest.
    pub pinned: bool,
}

/// Where the bytes of a checker are from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum From {
    /// Part of this binary.
    Builtin,
    /// A file.
    Path(PathBuf),
}

impl std::fmt::Display for From {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Builtin => formatter.write_str("built in"),
            Self::Path(path) => write!(formatter, "{}", path.display()),
        }
    }
}

/// Why there are no bytes.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody has a checker of that name.
    #[error("unknown checker `{0}`")]
    Unknown(String),
    /// An entry of the contract has the name of a built-in checker.
    #[error("`{0}` is the name of a built-in checker; name this one otherwise")]
    Shadows(String),
    /// The file could not be read.
    #[error("failed to read the component `{path}`")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file is not a regular file, or too large.
    #[error("the component `{path}` {what}")]
    Unfit {
        /// Which.
        path: PathBuf,
        /// What it is instead.
        what: String,
    },
}

/// Names that a contract can use.
#[must_use]
pub fn names(contract: &Contract) -> Vec<String> {
    let builtin = BUILTINS.iter().map(|builtin| builtin.name.to_owned());
    builtin.chain(contract.checkers.iter().map(|entry| entry.name.value.clone())).collect()
}

/// Names of the checkers that are part of this binary.
pub fn builtin_names() -> impl Iterator<Item = &'static str> {
    BUILTINS.iter().map(|builtin| builtin.name)
}

/// The bytes of a checker that is part of this binary.
#[must_use]
pub fn builtin(name: &str) -> Option<Resolved> {
    let builtin = BUILTINS.iter().find(|builtin| builtin.name == name)?;
    Some(Resolved {
        from: From::Builtin,
        bytes: Cow::Borrowed(builtin.bytes),
        digest: digest(builtin.bytes),
        wasi: Wasi::None,
        limits: LimitEntries::default(),
        pinned: true,
    })
}

/// Finds the checker that a contract calls `name`; `bytes_max` bounds its file.
/// An entry with the name of a built-in checker is refused: a report says only the name.
///
/// # Errors
/// When there is none, or its file cannot be read or is not the pinned one.
pub fn resolve(contract: &Contract, workspace: &Path, name: &str, bytes_max: u64) -> Result<Resolved, Error> {
    let entry = contract.checkers.iter().find(|entry| entry.name.value == name);
    match entry {
        Some(_) if builtin(name).is_some() => Err(Error::Shadows(name.to_owned())),
        Some(entry) => of_entry(entry, workspace, bytes_max),
        None => builtin(name).ok_or_else(|| Error::Unknown(name.to_owned())),
    }
}

/// The digest that names a component.
#[must_use]
pub fn digest(bytes: &[u8]) -> Digest {
    Blobs::digest(bytes)
}

/// Reads a component file.
///
/// # Errors
/// When it is not a regular file, larger than `bytes_max`, or cannot be read.
pub fn read(path: &Path, bytes_max: u64) -> Result<Vec<u8>, Error> {
    evident_regular::whole(path, Links::Followed, bytes_max).map_err(|error| {
        let what = match error {
            evident_regular::Error::Io(source) => return Error::Read { path: path.to_owned(), source },
            evident_regular::Error::Folder => "is a folder".to_owned(),
            evident_regular::Error::Odd => "is not a regular file".to_owned(),
            evident_regular::Error::TooLarge { bytes_max } => format!("has more than {bytes_max} bytes"),
        };
        Error::Unfit { path: path.to_owned(), what }
    })
}

fn of_entry(entry: &CheckerEntry, workspace: &Path, bytes_max: u64) -> Result<Resolved, Error> {
    let path = workspace.join(&entry.path.value);
    let unfit = |what: String| Error::Unfit { path: path.clone(), what };
    let bytes = read(&path, bytes_max)?;
    let found = digest(&bytes);
    if let Some(pinned) = entry.sha256.filter(|pinned| *pinned != found && Defence::Pin.stands()) {
        return Err(unfit(format!("has the digest {}, pinned is {}", found.short(), pinned.short())));
    }
    Ok(Resolved {
        pinned: entry.sha256.is_some(),
        from: From::Path(path),
        digest: found,
        bytes: Cow::Owned(bytes),
        wasi: entry.wasi,
        limits: entry.limits.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builtin_checkers_are_components_with_names() {
        let names: Vec<_> = builtin_names().collect();
        assert_eq!(names, ["benchmark", "changes", "screenshot", "test-report"]);
        for name in names {
            let resolved = builtin(name).expect("is built in");
            assert!(resolved.bytes.starts_with(b"\0asm"));
            assert_eq!(resolved.digest, Blobs::digest(&resolved.bytes));
        }
        assert!(builtin("nothing").is_none());
    }

    #[test]
    fn files_are_read_within_a_bound() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (file, fifo) = (folder.path().join("file"), folder.path().join("fifo"));
        std::fs::write(&file, "0123456789").expect("writes");
        let made = std::process::Command::new("mkfifo").arg(&fifo).status().expect("mkfifo runs");
        assert!(made.success());
        let told = |path: &Path, bytes_max| read(path, bytes_max).map_err(|error| error.to_string());
        let unfit = |path: &Path, what: &str| Err(format!("the component `{}` {what}", path.display()));
        assert_eq!(told(&file, 10), Ok(b"0123456789".into()));
        assert_eq!(told(&file, 9), unfit(&file, "has more than 9 bytes"));
        assert_eq!(told(folder.path(), 10), unfit(folder.path(), "is a folder"));
        // Nobody writes to it: a read that waited would wait for ever.
        assert_eq!(told(&fifo, 10), unfit(&fifo, "is not a regular file"));
        assert_eq!(told(Path::new("/dev/zero"), 10), unfit(Path::new("/dev/zero"), "is not a regular file"));
        let absent = read(&folder.path().join("absent"), 10);
        assert!(
            matches!(absent, Err(Error::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound)
        );
    }
}
