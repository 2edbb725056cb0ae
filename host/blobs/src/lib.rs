//! A folder of blobs named by their digest: write and hash in one pass, open, verify.
//!
//! It knows files and nothing else: not what a blob means, nor who still needs it. Blobs are immutable
//! once they have their name, and any number of processes may write at the same time.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use evident_core::digest::Digest;
use sha2::{Digest as _, Sha256};
use tempfile::{NamedTempFile, TempPath};

/// Bytes of one read while hashing: large enough to keep the hash busy.
const COPY_BYTES: usize = 256 * 1024;

/// Age after which a file that has no name yet belongs to nobody: no command runs that long, and a process
/// that was killed leaves its files behind.
const INCOMING_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// What goes wrong with a blob.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file system refused.
    #[error("failed to {action} `{path}`")]
    Io {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// The bytes under that name have another digest.
    #[error("blob `{digest}` is damaged: its bytes have the digest `{found}`")]
    Damaged {
        /// The name.
        digest: Digest,
        /// What the bytes say.
        found: Digest,
    },
}

impl Error {
    fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}

/// A content-addressed folder.
#[derive(Debug, Clone)]
pub struct Blobs {
    folder: PathBuf,
}

impl Blobs {
    /// Opens the folder and makes it where it is not there, readable by its owner alone. Removes what
    /// processes that were killed more than a day ago had not finished.
    ///
    /// # Errors
    /// When the folder cannot be made or listed.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, Error> {
        let folder = folder.into();
        let incoming = folder.join("incoming");
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&incoming);
        made.map_err(Error::io("make the folder", &incoming))?;
        // Best effort: another process may remove the same file, and the next one tries again.
        for path in entries(&incoming)? {
            if is_older(&path, INCOMING_AGE) {
                let _ = fs::remove_file(&path);
            }
        }
        Ok(Self { folder })
    }

    /// Starts a new blob; it has a name only once [`Writer::finish`] was called.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn create(&self) -> Result<Writer, Error> {
        let incoming = self.folder.join("incoming");
        let file = NamedTempFile::new_in(&incoming).map_err(Error::io("make a file in", &incoming))?;
        let (file, temporary) = file.into_parts();
        Ok(Writer { blobs: self.clone(), file, temporary, hash: Sha256::new(), size: 0 })
    }

    /// Opens a blob for reading and gives its size in bytes. The bytes are those that were written:
    /// nobody changes a blob, and [`Blobs::verify`] proves it where that matters.
    ///
    /// # Errors
    /// When there is no such blob.
    pub fn read(&self, digest: Digest) -> Result<(File, u64), Error> {
        let path = self.path(digest);
        let file = File::open(&path).map_err(Error::io("open", &path))?;
        let size = file.metadata().map_err(Error::io("look at", &path))?.len();
        Ok((file, size))
    }

    /// Makes a blob survive the loss of power: whoever names it in a log calls this first.
    ///
    /// # Errors
    /// When there is no such blob, or the disk fails.
    pub fn sync(&self, digest: Digest) -> Result<(), Error> {
        let path = self.path(digest);
        let folder = path.parent().expect("a blob lies in a folder");
        for place in [&*path, folder, &*self.folder] {
            File::open(place).and_then(|file| file.sync_all()).map_err(Error::io("sync", place))?;
        }
        Ok(())
    }

    /// Stores bytes that are in memory, synced.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn keep(&self, bytes: &[u8]) -> Result<Digest, Error> {
        let digest = Self::digest(bytes);
        // One that is there already is as young as a new one from now on: whoever removes what nothing names
        // must not take it before it is named.
        let known = self.read(digest).and_then(|(file, _)| {
            file.set_modified(SystemTime::now()).map_err(Error::io("touch", &self.path(digest)))
        });
        if known.is_err() {
            let mut writer = self.create()?;
            writer.write_all(bytes).map_err(Error::io("write", &self.path(digest)))?;
            writer.finish()?;
        }
        self.sync(digest)?;
        Ok(digest)
    }

    /// The bytes of a blob of at most `bytes_max`, proven to be those that were written.
    ///
    /// # Errors
    /// When there is no such blob, it is larger, or [`Error::Damaged`].
    pub fn bytes(&self, digest: Digest, bytes_max: u64) -> Result<Vec<u8>, Error> {
        let path = self.path(digest);
        let (file, size) = self.read(digest)?;
        if size > bytes_max {
            let error = io::Error::other(format!("it has {size} bytes, at most {bytes_max} are read"));
            return Err(Error::io("read", &path)(error));
        }
        let mut bytes = Vec::new();
        file.take(bytes_max).read_to_end(&mut bytes).map_err(Error::io("read", &path))?;
        let found = Self::digest(&bytes);
        if found == digest { Ok(bytes) } else { Err(Error::Damaged { digest, found }) }
    }

    /// Where a blob lies, for a person who wants to look at it.
    #[must_use]
    pub fn path(&self, digest: Digest) -> PathBuf {
        let hex = digest.hex();
        self.folder.join(&hex[..2]).join(&hex[2..])
    }

    /// Reads an open blob whole and compares it with its name. The bytes are read through `file`, so what
    /// is proven is what the holder of that file reads, whatever happens to the name meanwhile.
    ///
    /// # Errors
    /// [`Error::Damaged`] when they differ.
    pub fn verify(&self, file: &File, digest: Digest) -> Result<(), Error> {
        let mut hash = Sha256::new();
        let mut buffer = vec![0; COPY_BYTES];
        let mut offset = 0;
        loop {
            match file.read_at(&mut buffer, offset) {
                Ok(0) => break,
                Ok(count) => {
                    hash.update(&buffer[..count]);
                    offset += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::io("read", &self.path(digest))(error)),
            }
        }
        let found = Digest::from_bytes(hash.finalize().into());
        if found == digest { Ok(()) } else { Err(Error::Damaged { digest, found }) }
    }

    /// The digest of bytes in memory.
    #[must_use]
    pub fn digest(bytes: &[u8]) -> Digest {
        Digest::from_bytes(Sha256::digest(bytes).into())
    }
}

/// A blob that is being written and hashed. Dropping it leaves nothing behind.
#[derive(Debug)]
pub struct Writer {
    blobs: Blobs,
    file: File,
    temporary: TempPath,
    hash: Sha256,
    size: u64,
}

impl Writer {
    /// Bytes written so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Gives the blob its name.
    ///
    /// # Errors
    /// When the file cannot be moved to its place.
    pub fn finish(self) -> Result<(Digest, u64), Error> {
        let digest = Digest::from_bytes(self.hash.finalize().into());
        let path = self.blobs.path(digest);
        let folder = path.parent().expect("a blob lies in a folder");
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(Error::io("make the folder", folder))?;
        let read_only = fs::Permissions::from_mode(0o400);
        self.file.set_permissions(read_only).map_err(Error::io("protect", &path))?;
        self.temporary.persist(&path).map_err(|error| Error::Io {
            action: "move a blob to",
            path,
            source: error.error,
        })?;
        Ok((digest, self.size))
    }
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.hash.update(&bytes[..count]);
        self.size += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Removes what `keep` does not name and what is older than `age`: a process that still writes has
/// younger files.
///
/// # Errors
/// When a folder cannot be read. A file that somebody else removed at the same time is fine.
pub fn retain(blobs: &Blobs, keep: impl Fn(Digest) -> bool, age: Duration) -> Result<u64, Error> {
    let mut removed = 0;
    for folder in entries(&blobs.folder)? {
        let prefix = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        for path in entries(&folder)? {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let named: Option<Digest> = format!("{prefix}{name}").parse().ok();
            if !named.is_some_and(&keep) && is_older(&path, age) && fs::remove_file(&path).is_ok() {
                removed += 1;
            }
        }
    }
    Ok(removed)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let read = fs::read_dir(folder).map_err(Error::io("list", folder))?;
    read.map(|entry| entry.map(|entry| entry.path()).map_err(Error::io("list", folder))).collect()
}

fn is_older(path: &Path, age: Duration) -> bool {
    let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
    modified.ok().and_then(|modified| modified.elapsed().ok()).is_some_and(|elapsed| elapsed > age)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::OpenOptions;
    use std::io::Read;

    fn store() -> (tempfile::TempDir, Blobs) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let blobs = Blobs::open(folder.path().join("blobs")).expect("opens");
        (folder, blobs)
    }

    fn put(blobs: &Blobs, bytes: &[u8]) -> Digest {
        let mut writer = blobs.create().expect("creates");
        writer.write_all(bytes).expect("writes");
        let (digest, size) = writer.finish().expect("finishes");
        assert_eq!(size, bytes.len() as u64);
        digest
    }

    #[test]
    fn a_blob_has_the_digest_of_its_bytes() {
        let (_folder, blobs) = store();
        let digest = put(&blobs, b"abc");
        // FIPS 180-2, appendix B.1.
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digest.hex(), known);
        let (mut file, size) = blobs.read(digest).expect("is there");
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).expect("reads");
        assert_eq!((bytes.as_slice(), size), (b"abc".as_slice(), 3));
        blobs.verify(&file, digest).expect("is sound");
        assert_eq!(put(&blobs, b"abc"), digest, "the same bytes again are the same blob");
    }

    #[test]
    fn a_changed_blob_is_named() {
        let (_folder, blobs) = store();
        let digest = put(&blobs, b"the truth");
        let path = blobs.path(digest);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("ours");
        OpenOptions::new().write(true).open(&path).expect("opens").write_all(b"a lie").expect("writes");
        let (file, _) = blobs.read(digest).expect("is there");
        assert!(
            matches!(blobs.verify(&file, digest), Err(Error::Damaged { digest: named, .. }) if named == digest)
        );
    }

    #[test]
    fn a_dropped_writer_leaves_nothing() {
        let (_folder, blobs) = store();
        let mut writer = blobs.create().expect("creates");
        writer.write_all(b"half").expect("writes");
        drop(writer);
        assert!(entries(&blobs.folder.join("incoming")).expect("lists").is_empty());
    }

    #[test]
    fn what_dead_processes_left_is_removed() {
        let (_folder, blobs) = store();
        let incoming = blobs.folder.join("incoming");
        for (name, hours) in [("dead", 25), ("young", 23)] {
            let file = File::create(incoming.join(name)).expect("creates");
            let then = SystemTime::now() - Duration::from_secs(hours * 60 * 60);
            file.set_modified(then).expect("sets");
        }
        Blobs::open(blobs.folder.clone()).expect("opens");
        assert_eq!(entries(&incoming).expect("lists"), [incoming.join("young")]);
    }

    #[test]
    fn retain_keeps_what_is_named_and_what_is_young() {
        let (_folder, blobs) = store();
        let (kept, dropped) = (put(&blobs, b"kept"), put(&blobs, b"dropped"));
        assert_eq!(retain(&blobs, |_| false, Duration::from_secs(3600)).expect("lists"), 0);
        assert_eq!(retain(&blobs, |digest| digest == kept, Duration::ZERO).expect("lists"), 1);
        assert!(blobs.read(kept).is_ok() && blobs.read(dropped).is_err());
    }
}
