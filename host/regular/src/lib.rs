//! Reads regular files of a folder that somebody else writes, and makes what nobody else may touch.
//!
//! It never waits for the other end of a FIFO, also where one takes the place of the file between two looks;
//! never opens what was seen to be a device; and never reads more than its bound. It does not know what a file
//! means, but for the few that say where a repository of git, or a workspace of a package manager,
//! begins, and keeps nobody in a folder.

mod members;
pub mod private;
mod repository;

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags, openat};

pub use members::{Members, workspace_above};
pub use repository::is_repository;

/// What is done with a link at the end of a path; those before are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// The file that it leads to is read.
    Followed,
    /// It is not a regular file.
    Refused,
}

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is a folder.
    #[error("it is a folder")]
    Folder,
    /// It is a FIFO, a device, a socket, or a link that is not followed.
    #[error("it is not a regular file")]
    Odd,
    /// It has more bytes than it may.
    #[error("it has more than {bytes_max} bytes")]
    TooLarge {
        /// How many it may have.
        bytes_max: u64,
    },
}

impl From<Error> for io::Error {
    /// `InvalidInput` where it is not a regular file, `InvalidData` where it is too large.
    fn from(error: Error) -> Self {
        match error {
            Error::Io(error) => error,
            Error::Folder | Error::Odd => Self::new(io::ErrorKind::InvalidInput, error),
            Error::TooLarge { .. } => Self::new(io::ErrorKind::InvalidData, error),
        }
    }
}

/// The beginning of a file, at most `bytes_max` bytes.
///
/// # Errors
/// Where it is not a regular file, or cannot be read.
pub fn beginning(path: &Path, links: Links, bytes_max: u64) -> Result<Vec<u8>, Error> {
    let (file, _) = open(path, links)?;
    read(file, bytes_max)
}

/// A file whole.
///
/// # Errors
/// Where it is not a regular file, cannot be read, or has more than `bytes_max` bytes.
pub fn whole(path: &Path, links: Links, bytes_max: u64) -> Result<Vec<u8>, Error> {
    let (file, metadata) = open(path, links)?;
    if metadata.len() > bytes_max {
        return Err(Error::TooLarge { bytes_max });
    }
    // It may have grown since: one byte more is enough to know.
    let bytes = read(file, bytes_max.saturating_add(1))?;
    if bytes.len() as u64 > bytes_max { Err(Error::TooLarge { bytes_max }) } else { Ok(bytes) }
}

fn read(file: File, bytes_max: u64) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    file.take(bytes_max).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Opens a regular file to read it; what is known of it is of the file that is open.
///
/// # Errors
/// Where it is not a regular file, or cannot be opened.
pub fn open(path: &Path, links: Links) -> Result<(File, Metadata), Error> {
    // Looks first: opening alone can already act on a device, or wake up who writes to a FIFO.
    regular(&match links {
        Links::Followed => fs::metadata(path)?,
        Links::Refused => fs::symlink_metadata(path)?,
    })?;
    open_whatever(path, links)
}

/// What was seen may be something else by now: it is opened without waiting, and looked at once more.
fn open_whatever(path: &Path, links: Links) -> Result<(File, Metadata), Error> {
    let follow = if links == Links::Refused { OFlags::NOFOLLOW } else { OFlags::empty() };
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC | follow;
    let file = File::from(openat(CWD, path, flags, Mode::empty()).map_err(io::Error::from)?);
    let metadata = file.metadata()?;
    regular(&metadata)?;
    Ok((file, metadata))
}

fn regular(metadata: &Metadata) -> Result<(), Error> {
    match metadata {
        file if file.is_file() => Ok(()),
        folder if folder.is_dir() => Err(Error::Folder),
        _ => Err(Error::Odd),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;
    use std::process::Command;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use super::*;

    /// Far longer than a read takes; only one that waits for the other end of a FIFO gets there.
    const LONG: Duration = Duration::from_secs(60);

    /// Rounds of the race: a hundred are enough to lose it on every machine that this was tried on.
    const ROUNDS: usize = 2000;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a temporary folder")
    }

    fn fifo(path: &Path) {
        assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo runs").success());
    }

    /// As text, so that whole values can be compared.
    fn told<T>(result: Result<T, Error>) -> Result<T, String> {
        result.map_err(|error| error.to_string())
    }

    /// What `work` gives; nothing where it waits.
    fn in_time<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || sender.send(work()));
        receiver.recv_timeout(LONG).ok()
    }

    #[test]
    fn a_file_has_its_bound() {
        let folder = folder();
        let path = folder.path().join("a");
        fs::write(&path, "12345").expect("writes");
        assert_eq!(told(whole(&path, Links::Followed, 5)), Ok(b"12345".into()));
        assert_eq!(told(whole(&path, Links::Followed, 4)), Err("it has more than 4 bytes".into()));
        assert_eq!(told(beginning(&path, Links::Followed, 4)), Ok(b"1234".into()));
        assert_eq!(told(beginning(&path, Links::Followed, u64::MAX)), Ok(b"12345".into()));
    }

    #[test]
    fn only_a_regular_file_is_read() {
        let folder = folder();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), "1").expect("writes");
        fifo(&at("fifo"));
        for (link, to) in [("to-file", "file"), ("to-fifo", "fifo"), ("to-nothing", "nothing")] {
            symlink(to, at(link)).expect("links");
        }
        let read = |path: PathBuf, links| {
            in_time(move || told(whole(&path, links, 5))).expect("it waits for nobody")
        };
        let odd = || Err("it is not a regular file".to_owned());
        for links in [Links::Followed, Links::Refused] {
            assert_eq!(read(at("fifo"), links), odd());
            assert_eq!(read(at("to-fifo"), links), odd());
            assert_eq!(read("/dev/zero".into(), links), odd());
            assert_eq!(read(at(""), links), Err("it is a folder".to_owned()));
        }
        assert_eq!(read(at("to-file"), Links::Followed), Ok(b"1".into()));
        assert_eq!(read(at("to-file"), Links::Refused), odd());
        let kind =
            |path: &Path| whole(path, Links::Followed, 0).map_err(|error| io::Error::from(error).kind());
        assert_eq!(kind(&at("to-nothing")), Err(io::ErrorKind::NotFound));
        assert_eq!(kind(&at("fifo")), Err(io::ErrorKind::InvalidInput));
        assert_eq!(kind(&at("file")), Err(io::ErrorKind::InvalidData));
    }

    /// Catches an open that trusts the look before it: the FIFO came after that.
    #[test]
    fn what_became_a_fifo_is_not_waited_for() {
        let folder = folder();
        let path = folder.path().join("fifo");
        fifo(&path);
        let opened = in_time(move || told(open_whatever(&path, Links::Followed).map(drop)));
        assert_eq!(opened, Some(Err("it is not a regular file".to_owned())));
    }

    /// The same, with a file that turns into a FIFO and back as fast as another thread can do it.
    #[test]
    fn a_file_that_keeps_changing_into_a_fifo_is_read_or_refused() {
        let folder = folder();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("a"), "1").expect("writes");
        fifo(&at("b"));
        let (done, a, b) = (AtomicBool::new(false), at("a"), at("b"));
        let path = a.clone();
        thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let flags = rustix::fs::RenameFlags::EXCHANGE;
                    rustix::fs::renameat_with(CWD, &a, CWD, &b, flags).expect("exchanges");
                }
            });
            let all = in_time(move || {
                let mut all = (0..ROUNDS).map(|_| told(whole(&path, Links::Followed, 1)));
                all.all(|read| read == Ok(b"1".into()) || read == Err("it is not a regular file".to_owned()))
            });
            done.store(true, Ordering::Relaxed);
            assert_eq!(all, Some(true));
        });
    }
}
