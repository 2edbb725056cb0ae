//! The stat cache: the digests of files that nobody touched since they were read.
//!
//! It is a guess that saves time, never the last word: a scan that decides does not ask it. A file that
//! changed less than two seconds before it was read is not recorded, because a second change could leave
//! the same times behind. A damaged cache, or one of another folder, is as good as none.
//!
//! Shape: the mark, the folder, the number of entries; per entry the path, device, inode, size, both times
//! (seconds and nanoseconds) and the digest; at the end the digest of all before it.

use std::fs;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use evident_blobs::Blobs;
use evident_core::defence::Defence;
use evident_core::digest::Digest;

use super::bytes::{Reader, Writer};
use super::scan::{Hashed, Take};
use super::stat::{Stat, Time};
use super::{Cached, hash};
use crate::Error;

/// Begins every cache; its number is the version.
const MARK: &[u8] = b"evident-stat 1\n";

/// Seconds for which a file counts as young: the coarsest clock of a file system in use (FAT) has steps of
/// two.
const YOUNG_SECONDS: i64 = 2;

/// Bytes of a cache that is read: ten million files have some 2 GB.
const CACHE_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;

/// The cache of one folder, during one scan.
pub(super) struct Cache {
    file: PathBuf,
    /// Which folder it is about.
    folder: Vec<u8>,
    /// In byte order of the paths.
    entries: Vec<Hashed>,
    /// The entries before this one are behind the walk.
    cursor: usize,
    started: Time,
}

impl Cache {
    /// For a canonical folder.
    pub(super) fn open(cache_folder: &Path, folder: &Path, cached: Cached) -> Self {
        let folder = folder.as_os_str().as_bytes().to_vec();
        let name = &Blobs::digest(&folder).hex()[..32];
        let file = cache_folder.join(format!("{name}.stat"));
        let entries = match cached {
            Cached::Use => read(&file, &folder).unwrap_or_default(),
            Cached::Never => Vec::new(),
        };
        Self { file, folder, entries, cursor: 0, started: Time::now() }
    }

    /// Records the files of a scan.
    pub(super) fn keep(self, mut files: Vec<Hashed>) -> Result<(), Error> {
        files.retain(|(_, stat, _)| !is_young(stat, self.started));
        if files == self.entries {
            return Ok(());
        }
        let bytes = write(&self.folder, &files);
        let folder = self.file.parent().expect("lies in the cache folder");
        // Made readable by its owner alone.
        let put = tempfile::NamedTempFile::new_in(folder).and_then(|mut file| {
            file.write_all(&bytes)?;
            file.persist(&self.file).map_err(|error| error.error)
        });
        put.map(drop).map_err(Error::io("write the stat cache", &self.file))
    }
}

impl Take for Cache {
    fn known(&mut self, path: &[u8], stat: &Stat) -> Option<Digest> {
        while self.entries.get(self.cursor).is_some_and(|(known, ..)| known.as_slice() < path) {
            self.cursor += 1;
        }
        let (known, seen, digest) = self.entries.get(self.cursor)?;
        (known == path && seen == stat).then_some(*digest)
    }

    fn small(&self, content: &[u8]) -> Result<Digest, Error> {
        Ok(Blobs::digest(content))
    }

    fn files(&self, place: &hash::Place<'_>, jobs: &[hash::Job<'_>]) -> Result<Vec<Digest>, Error> {
        hash::digests(place, jobs)
    }
}

/// True where a change that follows could leave the same times behind. A time from the future is no better.
fn is_young(stat: &Stat, now: Time) -> bool {
    let border = Time { seconds: now.seconds - YOUNG_SECONDS, ..now };
    Defence::RacyStat.stands() && stat.modified.max(stat.changed) >= border
}

fn write(folder: &[u8], files: &[Hashed]) -> Vec<u8> {
    let mut bytes = Writer::new(MARK);
    bytes.part(folder);
    bytes.number(files.len() as u64);
    for (path, stat, digest) in files {
        bytes.part(path);
        for number in [stat.device, stat.inode, stat.size] {
            bytes.number(number);
        }
        for time in [stat.modified, stat.changed] {
            bytes.number(time.seconds.cast_unsigned());
            bytes.number(time.nanoseconds.into());
        }
        bytes.bytes(digest.as_bytes());
    }
    let mut bytes = bytes.finish();
    let digest = Blobs::digest(&bytes);
    bytes.extend_from_slice(digest.as_bytes());
    bytes
}

/// Nothing where the file is absent, damaged, or about another folder.
fn read(file: &Path, folder: &[u8]) -> Option<Vec<Hashed>> {
    if fs::symlink_metadata(file).ok().filter(fs::Metadata::is_file)?.len() > CACHE_BYTES_MAX {
        return None;
    }
    let bytes = fs::read(file).ok()?;
    let (bytes, sum) = bytes.split_last_chunk::<32>()?;
    if Blobs::digest(bytes).as_bytes() != sum {
        return None;
    }
    let mut bytes = Reader::new(bytes, MARK)?;
    if bytes.part()? != folder {
        return None;
    }
    let mut files = Vec::new();
    for _ in 0..bytes.number()? {
        files.push(entry(&mut bytes)?);
    }
    bytes.is_empty().then_some(files)
}

fn entry(bytes: &mut Reader<'_>) -> Option<Hashed> {
    let path = bytes.part()?.to_vec();
    let (device, inode, size) = (bytes.number()?, bytes.number()?, bytes.number()?);
    let (modified, changed) = (time(bytes)?, time(bytes)?);
    let digest = Digest::from_bytes(bytes.array()?);
    Some((path, Stat { device, inode, size, modified, changed }, digest))
}

fn time(bytes: &mut Reader<'_>) -> Option<Time> {
    let seconds = bytes.number()?.cast_signed();
    Some(Time { seconds, nanoseconds: u32::try_from(bytes.number()?).ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stat(seconds: i64) -> Stat {
        let time = Time { seconds, nanoseconds: 0 };
        Stat { device: 1, inode: 2, size: 3, modified: time, changed: time }
    }

    /// What a scan at `now` records of a file, and what a later scan believes of one with the same stat:
    /// as after a second change within one step of the clock.
    fn believed(stat: Stat, now: i64) -> Option<Digest> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut cache = Cache::open(folder.path(), Path::new("/w"), Cached::Use);
        cache.started = Time { seconds: now, nanoseconds: 0 };
        cache.keep(vec![(b"a".to_vec(), stat, Blobs::digest(b"old"))]).expect("writes");
        Cache::open(folder.path(), Path::new("/w"), Cached::Use).known(b"a", &stat)
    }

    #[test]
    fn a_young_file_is_not_believed() {
        let old = Some(Blobs::digest(b"old"));
        assert_eq!(believed(stat(100), 103), old);
        assert_eq!(believed(stat(100), 102), None);
        assert_eq!(believed(stat(100), 99), None, "a time from the future");
        let restored = Stat { modified: stat(10).modified, ..stat(102) };
        assert_eq!(believed(restored, 103), None, "a time that was set back");
        evident_core::defence::without(Defence::RacyStat, || assert_eq!(believed(stat(100), 102), old));
    }

    #[test]
    fn another_stat_is_not_believed() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cache = || Cache::open(folder.path(), Path::new("/w"), Cached::Use);
        let digest = Blobs::digest(b"x");
        cache()
            .keep(vec![(b"a".to_vec(), stat(1), digest), (b"b".to_vec(), stat(1), digest)])
            .expect("writes");
        let later = Time { seconds: 1, nanoseconds: 1 };
        let others = [
            Stat { device: 9, ..stat(1) },
            Stat { inode: 9, ..stat(1) },
            Stat { size: 9, ..stat(1) },
            Stat { modified: later, ..stat(1) },
            Stat { changed: later, ..stat(1) },
        ];
        for other in others {
            assert_eq!(cache().known(b"a", &other), None, "{other:?}");
        }
        assert_eq!(cache().known(b"aa", &stat(1)), None);
        assert_eq!(cache().known(b"b", &stat(1)), Some(digest));
        let mut foreign = Cache::open(folder.path(), Path::new("/w"), Cached::Use);
        let other = Cache::open(folder.path(), Path::new("/other"), Cached::Use);
        fs::copy(&foreign.file, &other.file).expect("copies");
        assert!(foreign.known(b"a", &stat(1)).is_some());
        assert_eq!(Cache::open(folder.path(), Path::new("/other"), Cached::Use).known(b"a", &stat(1)), None);
    }
}
