//! Reads small files of a folder that somebody else writes.
//!
//! It never waits for the other end of a FIFO, never opens a device, and never reads more than its bound.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use rustix::fs::{Mode, OFlags};

/// What is done with a file that has more bytes than the bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Excess {
    CutOff,
    Refused,
}

/// The beginning of a file, at most `bytes_max`. Like git with an ignore file, does not follow a symlink.
pub(crate) fn beginning(path: &Path, bytes_max: u64) -> io::Result<String> {
    let bytes = read(path, OFlags::NOFOLLOW, bytes_max, Excess::CutOff)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A file whole; a symlink is followed, as git does with its own files.
///
/// # Errors
/// `InvalidInput` where it is no regular file, `InvalidData` where it has more than `bytes_max` bytes.
pub(crate) fn whole(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    read(path, OFlags::empty(), bytes_max, Excess::Refused)
}

fn read(path: &Path, follow: OFlags, bytes_max: u64, excess: Excess) -> io::Result<Vec<u8>> {
    // Looks first: opening alone can already act on a device. A link that is not followed fails below.
    if follow.is_empty() {
        regular(&fs::metadata(path)?)?;
    }
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC | follow;
    let file = File::from(rustix::fs::openat(rustix::fs::CWD, path, flags, Mode::empty())?);
    let metadata = file.metadata()?;
    regular(&metadata)?;
    let is_too_large = |size: u64| excess == Excess::Refused && size > bytes_max;
    let refused =
        || io::Error::new(io::ErrorKind::InvalidData, format!("it has more than {bytes_max} bytes"));
    if is_too_large(metadata.len()) {
        return Err(refused());
    }
    let mut bytes = Vec::new();
    // It may have grown since: one byte more is enough to know.
    let more = u64::from(excess == Excess::Refused);
    file.take(bytes_max + more).read_to_end(&mut bytes)?;
    if is_too_large(bytes.len() as u64) { Err(refused()) } else { Ok(bytes) }
}

fn regular(metadata: &fs::Metadata) -> io::Result<()> {
    let odd = || io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file");
    if metadata.is_file() { Ok(()) } else { Err(odd()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_its_bound() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("a");
        fs::write(&path, "12345").expect("writes");
        assert_eq!(whole(&path, 5).expect("fits"), b"12345");
        assert_eq!(whole(&path, 4).expect_err("is larger").kind(), io::ErrorKind::InvalidData);
        assert_eq!(beginning(&path, 4).expect("is cut off"), "1234");
    }

    #[test]
    fn only_a_regular_file_is_read() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (fifo, link) = (folder.path().join("fifo"), folder.path().join("link"));
        let made = std::process::Command::new("mkfifo").arg(&fifo).status().expect("mkfifo runs");
        assert!(made.success());
        std::os::unix::fs::symlink("fifo", &link).expect("links");
        for path in [&fifo, &link, &folder.path().to_owned()] {
            assert!(whole(path, 5).is_err() && beginning(path, 5).is_err(), "{}", path.display());
        }
    }
}
