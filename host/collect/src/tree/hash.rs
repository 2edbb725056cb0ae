//! Reads files whole: for their digests, or into blobs.
//!
//! A file is opened beneath the root, and what was opened must be what the walk saw, before and after it
//! is read. So a symlink that takes the place of a folder leads to nothing but an error.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt as _};
use evident_blobs::Blobs;
use evident_core::digest::Digest;
use rustix::fs::OFlags;
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};

use super::stat::Stat;
use crate::capture::BUFFER_BYTES;
use crate::{Error, Wanted};

/// Threads that read files: more of them wait for the same disk.
const THREADS_MAX: usize = 8;

/// Files for which a thread of its own is worth its start.
const FILES_PER_THREAD: usize = 32;

/// Bytes of a file that is held in memory on its way into a blob.
const SMALL_BYTES: u64 = 1024 * 1024;

/// A file to read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Job<'a> {
    pub(super) path: &'a [u8],
    pub(super) stat: Stat,
}

/// Where files are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) root: &'a Dir,
    /// The same folder by its name.
    pub(super) folder: &'a Path,
    pub(super) wanted: &'a Wanted,
}

/// The digests of the files, in their order.
pub(super) fn digests(place: &Place<'_>, jobs: &[Job<'_>]) -> Result<Vec<Digest>, Error> {
    shared(jobs, &|job, buffer| {
        let mut hash = Sha256::new();
        read(place, job, buffer, &mut |bytes| {
            hash.update(bytes);
            Ok(())
        })?;
        Ok(Digest::from_bytes(hash.finalize().into()))
    })
}

/// Puts the files into blobs.
pub(super) fn store(blobs: &Blobs, place: &Place<'_>, jobs: &[Job<'_>]) -> Result<Vec<Digest>, Error> {
    shared(jobs, &|job, buffer| {
        if job.stat.size > SMALL_BYTES {
            let mut writer = blobs.create()?;
            read(place, job, buffer, &mut |bytes| writer.write_all(bytes).map_err(Error::Write))?;
            return Ok(writer.finish()?.0);
        }
        let mut content = Vec::new();
        read(place, job, buffer, &mut |bytes| {
            content.extend_from_slice(bytes);
            Ok(())
        })?;
        let digest = Blobs::digest(&content);
        // Most files are there already when a folder is stored again.
        match blobs.read(digest) {
            Ok((file, _)) if blobs.verify(&file, digest).is_ok() => Ok(digest),
            _ => super::manifest::put(blobs, &content),
        }
    })
}

/// Shares the work among threads, each with a buffer of its own; the first error ends it.
fn shared<W>(jobs: &[Job<'_>], work: &W) -> Result<Vec<Digest>, Error>
where
    W: Fn(&Job<'_>, &mut [u8]) -> Result<Digest, Error> + Sync,
{
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = processors.min(THREADS_MAX).min(jobs.len().div_ceil(FILES_PER_THREAD)).max(1);
    let next = AtomicUsize::new(0);
    let run = || {
        let mut buffer = vec![0; BUFFER_BYTES];
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = jobs.get(index) else { return Ok(done) };
            match work(job, &mut buffer) {
                Ok(digest) => done.push((index, digest)),
                Err(error) => {
                    next.store(jobs.len(), Ordering::Relaxed);
                    return Err(error);
                }
            }
        }
    };
    let parts: Result<Vec<_>, Error> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(run)).collect();
        let own = run();
        let others = others.into_iter().map(|thread| thread.join().expect("a reader does not panic"));
        [own].into_iter().chain(others).collect()
    });
    let mut done: Vec<(usize, Digest)> = parts?.into_iter().flatten().collect();
    done.sort_unstable_by_key(|(index, _)| *index);
    Ok(done.into_iter().map(|(_, digest)| digest).collect())
}

/// Reads one file whole, if it is and stays what the walk saw.
fn read(
    place: &Place<'_>,
    job: &Job<'_>,
    buffer: &mut [u8],
    take: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    let name = Path::new(OsStr::from_bytes(job.path));
    let whole = || place.folder.join(name);
    place.wanted.check()?;
    let unsteady = || Error::Unsteady { path: whole() };
    let failed = |error: io::Error| match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => unsteady(),
        _ => Error::inside("read", &whole())(error),
    };
    let mut file = open(place.root, name).map_err(failed)?;
    if seen(&file).map_err(failed)? != job.stat {
        return Err(unsteady());
    }
    let mut size = 0;
    // A file that only grows would never end: one byte more than expected is enough to know.
    while size <= job.stat.size {
        place.wanted.check()?;
        match file.read(buffer) {
            Ok(0) => break,
            Ok(count) => {
                size += count as u64;
                take(&buffer[..count])?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(error)),
        }
    }
    let is_whole = size == job.stat.size && seen(&file).map_err(failed)? == job.stat;
    if is_whole { Ok(()) } else { Err(unsteady()) }
}

/// Opens what lies there beneath the root; the last part is not followed, and a FIFO does not hang.
pub(super) fn open(root: &Dir, name: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW;
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(i32::try_from(flags.bits()).expect("flags of open(2) fit an int"));
    Ok(root.open_with(name, &options)?.into_std())
}

fn seen(file: &File) -> io::Result<Stat> {
    Ok(Stat::of(&rustix::fs::fstat(file)?))
}
