//! What lies in a private copy beside its tree: build output, in the copy and in the folder `cache` next to it, and
//! what a source installed there.
//!
//! Code of the tree wrote it, so it is as trustworthy as that tree: what one tree left behind may say anything
//! about the next one. So each copy has a record of the one tree under which everything in it was made, or
//! that it was several; it is written before a source runs, and sealed. No record means that nothing is known.
//! A check with another contract or another environment runs other programs on that tree: that counts as
//! another tree.
//! The record also says which folder the copy is: one that was put in its place is one of which nothing is known.
//! What is made of that is decided here and carried out by the ground; nothing here touches a copy.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use evident_blobs::Blobs;
use evident_collect::tree::{CACHE, COPY, Output};
use evident_core::contract::{At, Contract, Source};
use evident_core::defence::Defence;
use evident_core::digest::Digest;
use evident_sealed::{Places as SealedPlaces, Seal, Sealed};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{Error, Places};

/// Version of the stored form.
const PURPOSE: &str = "evident kept 2";

/// Bytes of one record: a digest for the tree and one for each thing that was installed, of which a contract
/// has at most a thousand.
const RECORD_BYTES_MAX: u64 = 256 << 10;

/// Bytes of all records.
const RECORDS_BYTES_MAX: u64 = 64 << 20;

/// Records that are kept; a copy whose record is dropped begins from nothing.
const RECORDS_MAX: usize = 4096;

/// The folder of records; nothing where it is not fit, and then every copy begins from nothing.
pub(crate) fn open(places: &Places) -> Option<Sealed> {
    Sealed::open(SealedPlaces {
        folder: places.cache.join("kept"),
        key_file: places.seal_key(),
        purpose: PURPOSE,
        file_bytes_max: RECORD_BYTES_MAX,
        bytes_max: RECORDS_BYTES_MAX,
        files_max: RECORDS_MAX,
    })
}

/// Everything that the sources of a contract run, and the environment in which they do.
pub(crate) fn runs(contract: &Contract) -> Digest {
    let runs = contract.sources.iter().filter_map(Source::as_run).map(|run| {
        let environment = evident_collect::environment(run)
            .into_iter()
            .map(|(name, value)| [name, value].map(|text| text.as_encoded_bytes().to_owned()));
        let prepare = run.prepare.as_ref().map(|prepare| &prepare.argv);
        json!([run.argv, run.cwd, environment.collect::<Vec<_>>(), prepare])
    });
    let all = json!(runs.collect::<Vec<_>>());
    Blobs::digest(all.to_string().as_bytes())
}

/// How what lies in a copy was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    /// The one tree under which everything was made; absent where there were several.
    tree: Option<Digest>,
    /// Everything that was to run there, see [`runs`].
    runs: Digest,
    /// What was installed, by the key of its command and its lock files.
    pub(crate) prepared: BTreeSet<Digest>,
}

impl Record {
    /// True if code of another tree may have written something.
    pub(crate) fn is_mixed(&self) -> bool {
        self.tree.is_none()
    }
}

/// A record as it is kept.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    record: Record,
    /// The copy that it is about, and the folder of what is built beside it.
    folders: [Folder; 2],
}

/// A folder, whatever its name: no other one has these as long as it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Folder {
    device: u64,
    inode: u64,
}

impl Folder {
    /// The folder of this user at that path, and no link to one.
    fn at(path: &Path) -> Option<Self> {
        let found = fs::symlink_metadata(path).ok()?;
        let is_own = found.is_dir() && found.uid() == rustix::process::geteuid().as_raw();
        is_own.then(|| Self { device: found.dev(), inode: found.ino() })
    }
}

/// The copy, and the folder of what is built beside it.
fn folders(folder: &Path) -> Option<[Folder; 2]> {
    Some([Folder::at(&folder.join(COPY))?, Folder::at(&folder.join(CACHE))?])
}

/// What is to be done with a copy that is brought to `tree`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Use {
    pub(crate) output: Output,
    /// What holds once that is done.
    pub(crate) record: Record,
}

/// What may be left in a copy from before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    /// What any tree left.
    Any,
    /// What this very tree left.
    Own,
    /// Nothing.
    Nothing,
}

/// Decides about a copy. `wanted` is what sources need installed.
///
/// A snapshot keeps what other trees left, so that a turn is judged quickly: no pass that rests on it is
/// proven. The base changes with its owner alone, so there it is not kept.
pub(crate) fn decide(
    before: Option<&Record>,
    at: At,
    (tree, runs): (Digest, Digest),
    keep: Keep,
    wanted: &BTreeSet<Digest>,
) -> Use {
    let new =
        Use { output: Output::Goes, record: Record { tree: Some(tree), runs, prepared: BTreeSet::new() } };
    let Some(before) = before else { return new };
    let same = before.tree == Some(tree) && (before.runs == runs || !Defence::OwnRuns.stands());
    let lacks = !wanted.is_subset(&before.prepared);
    let other = !same && (keep == Keep::Own || at == At::Base);
    if lacks || other || keep == Keep::Nothing {
        return new;
    }
    let record = Record { tree: before.tree.filter(|_| same), runs, prepared: before.prepared.clone() };
    Use { output: if same { Output::Stays } else { Output::Settles }, record }
}

/// The records of one contract's copies.
#[derive(Clone, Copy)]
pub(crate) struct Records<'a> {
    sealed: Option<&'a Sealed>,
}

impl<'a> Records<'a> {
    pub(crate) fn new(sealed: Option<&'a Sealed>) -> Self {
        Self { sealed }
    }

    /// The record of the copy in `folder`, if this host wrote one, and about the folder that is there now.
    pub(crate) fn get(self, folder: &Path) -> Option<Record> {
        let seal = if Defence::OutputSeal.stands() { Seal::Proven } else { Seal::Ignored };
        let opened = self.sealed?.get(&name(folder), seal)?;
        let stored: Stored = serde_json::from_slice(opened.bytes()).ok()?;
        let is_own = folders(folder) == Some(stored.folders);
        (is_own || !Defence::OwnCopy.stands()).then_some(stored.record)
    }

    /// Keeps a record before anything runs.
    ///
    /// # Errors
    /// Where the one of before would stand: it would vouch for what other code is about to write.
    pub(crate) fn put(self, folder: &Path, record: &Record) -> Result<(), Error> {
        let Some(sealed) = self.sealed else { return Ok(()) };
        if let Some(folders) = folders(folder) {
            let stored = Stored { record: record.clone(), folders };
            sealed.put(&name(folder), &[&serde_json::to_vec(&stored).expect("plain data")]);
        }
        match self.get(folder) {
            Some(kept) if kept == *record => return Ok(()),
            Some(_) => sealed.remove(&name(folder)),
            None => {}
        }
        match self.get(folder) {
            None => Ok(()),
            Some(_) => Err(Error::State {
                action: "write the record of",
                path: folder.to_owned(),
                source: std::io::ErrorKind::Other.into(),
            }),
        }
    }
}

fn name(folder: &Path) -> String {
    Blobs::digest(folder.as_os_str().as_encoded_bytes()).hex()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(byte: u8) -> Digest {
        Digest::from_bytes([byte; 32])
    }

    fn record(tree: Option<u8>, prepared: &[u8]) -> Record {
        Record {
            tree: tree.map(digest),
            runs: digest(0),
            prepared: prepared.iter().copied().map(digest).collect(),
        }
    }

    /// Catches output of another tree that is taken for that of this one.
    #[test]
    fn what_another_tree_left_is_never_taken_for_its_own() {
        let nothing = BTreeSet::new();
        let snapshot = |before: Option<Record>, keep| {
            let used = decide(before.as_ref(), At::Snapshot, (digest(1), digest(0)), keep, &nothing);
            (used.output, used.record)
        };
        let own = record(Some(1), &[]);
        let several = record(None, &[]);
        assert_eq!(snapshot(None, Keep::Any), (Output::Goes, own.clone()), "nothing is known");
        for keep in [Keep::Any, Keep::Own] {
            assert_eq!(snapshot(Some(own.clone()), keep), (Output::Stays, own.clone()));
        }
        assert_eq!(snapshot(Some(own.clone()), Keep::Nothing), (Output::Goes, own.clone()));
        let by_others = Record { runs: digest(9), ..own.clone() };
        for before in [record(Some(2), &[]), several.clone(), by_others] {
            assert_eq!(snapshot(Some(before.clone()), Keep::Any), (Output::Settles, several.clone()));
            assert_eq!(snapshot(Some(before.clone()), Keep::Own), (Output::Goes, own.clone()));
            let base = decide(Some(&before), At::Base, (digest(1), digest(0)), Keep::Any, &nothing);
            assert_eq!((base.output, base.record), (Output::Goes, own.clone()));
        }
    }

    /// Catches packages of an older lock file that stay.
    #[test]
    fn what_is_installed_stays_while_it_is_what_is_wanted() {
        let used = |before: &[u8], wanted: &[u8]| {
            let wanted = wanted.iter().copied().map(digest).collect();
            decide(Some(&record(Some(2), before)), At::Snapshot, (digest(1), digest(0)), Keep::Any, &wanted)
        };
        assert_eq!(used(&[7], &[7]), Use { output: Output::Settles, record: record(None, &[7]) });
        assert_eq!(used(&[7], &[]), Use { output: Output::Settles, record: record(None, &[7]) });
        assert_eq!(used(&[7], &[8]), Use { output: Output::Goes, record: record(Some(1), &[]) });
        assert_eq!(used(&[], &[8]).output, Output::Goes, "what lies there may look as if it were installed");
    }
}
