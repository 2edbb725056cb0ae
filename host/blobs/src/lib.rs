//! A folder of blobs named by their digest: write and hash in one pass, open, verify.
//!
//! It knows files and nothing else: not what a blob means, nor who still needs it. Blobs are immutable
//! once they have their name, and any number of processes may write at the same time.
//!
//! A name proves nothing: a disk loses bytes, and another process of the same user can write there. So the
//! bytes under a name are compared with it before they are taken for a blob that is kept already.

mod holes;

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use evident_core::defence::Defence;
use evident_core::digest::Digest;
use evident_regular::private;
use rustix::fs::OFlags;
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};
use tempfile::{NamedTempFile, TempPath};

pub use holes::Holes;

/// Bytes of one read while hashing: large enough to keep the hash busy.
const COPY_BYTES: usize = 256 * 1024;

/// Age after which a file that has no name yet belongs to nobody: no command runs that long, and a process
/// that was killed leaves its files behind.
const INCOMING_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// Blobs that are synced one by one. More of them are synced with their whole file system, in one call: a start
/// tree has thousands, and a disk takes milliseconds for each.
const SYNCED_SINGLY_MAX: usize = 64;

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
    /// Something else lies under that name: a link, a folder, a pipe.
    #[error("blob `{digest}` is damaged: `{path}` is not a regular file")]
    NotAFile {
        /// The name.
        digest: Digest,
        /// Where.
        path: PathBuf,
    },
}

impl Error {
    /// True if the blob is not there, or is not what was stored; false if the disk failed.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Damaged { .. } | Self::NotAFile { .. } => true,
            Self::Io { source, .. } => {
                matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied)
            }
        }
    }

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
        private::folder(&incoming).map_err(Error::io("make the folder", &incoming))?;
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
        Ok(Writer { blobs: self.clone(), file: Holes::new(file), temporary, hash: Sha256::new() })
    }

    /// Opens a blob for reading and gives its size in bytes. No link is followed and no pipe is waited for. The
    /// bytes are not read: [`Blobs::verify`] compares them with the name.
    ///
    /// # Errors
    /// When there is no such blob, or [`Error::NotAFile`].
    pub fn read(&self, digest: Digest) -> Result<(File, u64), Error> {
        let path = self.path(digest);
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        let flags = i32::try_from(flags.bits()).expect("flags of open(2) fit an int");
        let file = match OpenOptions::new().read(true).custom_flags(flags).open(&path) {
            Err(error) if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
                return Err(Error::NotAFile { digest, path });
            }
            file => file.map_err(Error::io("open", &path))?,
        };
        let metadata = file.metadata().map_err(Error::io("look at", &path))?;
        if metadata.is_file() { Ok((file, metadata.len())) } else { Err(Error::NotAFile { digest, path }) }
    }

    /// Reads a blob whole, compares it with its name, and gives its size in bytes.
    ///
    /// # Errors
    /// When there is no such blob, [`Error::NotAFile`], or [`Error::Damaged`].
    pub fn prove(&self, digest: Digest) -> Result<u64, Error> {
        let (file, size) = self.read(digest)?;
        self.verify(&file, digest)?;
        Ok(size)
    }

    /// Makes blobs survive the loss of power: files, and the folders that name them. A caller that names them in a
    /// log calls this first.
    ///
    /// # Errors
    /// When one of them is not there, or the disk fails.
    pub fn sync(&self, digests: impl IntoIterator<Item = Digest>) -> Result<(), Error> {
        let digests: BTreeSet<Digest> = digests.into_iter().collect();
        if digests.len() > SYNCED_SINGLY_MAX && self.sync_file_system()? {
            return Ok(());
        }
        let mut folders = BTreeSet::new();
        for digest in &digests {
            let (file, _) = self.read(*digest)?;
            let path = self.path(*digest);
            file.sync_all().map_err(Error::io("sync", &path))?;
            folders.insert(path.parent().expect("a blob lies in a folder").to_owned());
        }
        if !folders.is_empty() {
            folders.insert(self.folder.clone());
        }
        for folder in folders {
            File::open(&folder).and_then(|file| file.sync_all()).map_err(Error::io("sync", &folder))?;
        }
        Ok(())
    }

    /// Syncs everything at once; `false` where the system cannot.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn sync_file_system(&self) -> Result<bool, Error> {
        let synced = File::open(&self.folder).and_then(|folder| Ok(rustix::fs::syncfs(&folder)?));
        synced.map(|()| true).map_err(Error::io("sync", &self.folder))
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "as on Linux")]
    fn sync_file_system(&self) -> Result<bool, Error> {
        Ok(false)
    }

    /// Stores bytes that are in memory, synced. What lies there under their name already is read and compared; where
    /// it holds other bytes, it is replaced.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn keep(&self, bytes: &[u8]) -> Result<Digest, Error> {
        let digest = Self::digest(bytes);
        if !self.is_kept(digest, bytes) {
            let mut writer = self.create()?;
            let path = self.path(digest);
            writer.write_all(bytes).map_err(Error::io("write", &path))?;
            // Before it has its name: a name that outlives a loss of power must not lead to fewer bytes.
            writer.file.finish().and_then(File::sync_all).map_err(Error::io("sync", &path))?;
            writer.finish()?;
        }
        self.sync([digest])?;
        Ok(digest)
    }

    /// True if the blob is there with these bytes. It is as young as a new one from now on: what removes the
    /// blobs that no log names must not take it before it is named.
    fn is_kept(&self, digest: Digest, bytes: &[u8]) -> bool {
        let Ok((file, size)) = self.read(digest) else { return false };
        let is_whole = !Defence::KeptBlobProof.stands()
            || (size == bytes.len() as u64 && self.verify(&file, digest).is_ok());
        is_whole && file.set_modified(SystemTime::now()).is_ok()
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

    /// Takes a folder out of the place of a blob, and removes it.
    fn put_aside(&self, path: &Path) -> Result<(), Error> {
        let incoming = self.folder.join("incoming");
        let aside = tempfile::tempdir_in(&incoming).map_err(Error::io("make a folder in", &incoming))?;
        fs::rename(path, aside.path().join("odd")).map_err(Error::io("move aside", path))
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
    file: Holes,
    temporary: TempPath,
    hash: Sha256,
}

impl Writer {
    /// Bytes written so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.file.size()
    }

    /// Gives the blob its name.
    ///
    /// # Errors
    /// When the file cannot be moved to its place.
    pub fn finish(self) -> Result<(Digest, u64), Error> {
        let digest = Digest::from_bytes(self.hash.finalize().into());
        let path = self.blobs.path(digest);
        let folder = path.parent().expect("a blob lies in a folder");
        private::folder(folder).map_err(Error::io("make the folder", folder))?;
        let read_only = fs::Permissions::from_mode(0o400);
        let size = self.file.size();
        let whole = self.file.finish();
        whole.and_then(|file| file.set_permissions(read_only)).map_err(Error::io("protect", &path))?;
        let failed = |path: &Path, source| Error::io("move a blob to", path)(source);
        match self.temporary.persist(&path) {
            Ok(()) => {}
            // A folder in its place gives way to no file.
            Err(refused) if fs::symlink_metadata(&path).is_ok_and(|found| found.is_dir()) => {
                self.blobs.put_aside(&path)?;
                refused.path.persist(&path).map_err(|error| failed(&path, error.error))?;
            }
            Err(refused) => return Err(failed(&path, refused.error)),
        }
        Ok((digest, size))
    }
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.hash.update(&bytes[..count]);
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
        // What is not a folder holds no blobs.
        if !fs::symlink_metadata(&folder).is_ok_and(|found| found.is_dir()) {
            continue;
        }
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
    let modified = fs::symlink_metadata(path).and_then(|metadata| metadata.modified());
    modified.ok().and_then(|modified| modified.elapsed().ok()).is_some_and(|elapsed| elapsed > age)
}

#[cfg(test)]
mod tests;
