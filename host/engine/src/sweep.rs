//! Removes what nobody will look at again: old assessments, and evidence that neither a kept one nor a
//! start tree names. A start tree is never removed: whatever it is compared with may only be away.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use evident_blobs::retain;
use evident_core::assessment::Assessment;
use evident_core::digest::Digest;
use evident_regular::private;

use crate::{Engine, Error, start};

/// Assessments that are kept, one per contract; the oldest go.
const ASSESSMENTS_KEPT: usize = 64;

/// Age of unnamed evidence that may be removed: another process may still be collecting.
const UNNAMED_AGE: Duration = Duration::from_secs(2 * 24 * 3600);

/// Time between two sweeps: naming everything that a start tree needs takes a moment for a large one.
const SWEEP_EVERY: Duration = Duration::from_secs(3600);

/// The file whose time says when the last sweep was.
const SWEPT: &str = "swept";

impl Engine {
    /// Sweeps the state folder, at most once an hour. Nothing else depends on it.
    ///
    /// # Errors
    /// When something of the state folder cannot be read or removed.
    pub fn sweep(&self) -> Result<(), Error> {
        let marker = self.places.state.join(SWEPT);
        let age = fs::metadata(&marker).and_then(|metadata| metadata.modified());
        let age = age.ok().and_then(|modified| SystemTime::now().duration_since(modified).ok());
        if age.is_some_and(|age| age < SWEEP_EVERY) {
            return Ok(());
        }
        let failed = |source| Error::State { action: "write", path: marker.clone(), source };
        // Making it empty sets its time.
        private::file(&marker).map_err(failed)?;
        self.collect_garbage().map(drop)
    }

    /// Removes what nobody will look at again, now; gives the number of blobs that went.
    ///
    /// # Errors
    /// When something of the state folder cannot be read or removed.
    pub fn collect_garbage(&self) -> Result<u64, Error> {
        let mut named = self.named_by_starts()?;
        for path in forget_oldest(&self.places.state.join("last"), ASSESSMENTS_KEPT)? {
            let json = read(&path)?;
            // One that cannot be read names nothing; `last` says what is wrong with it.
            if let Ok(assessment) = serde_json::from_slice::<Assessment>(&json) {
                named.extend(digests(&assessment));
            }
        }
        named.extend(self.named_by_goals()?);
        Ok(retain(&self.blobs, |digest| named.contains(&digest), UNNAMED_AGE)?)
    }

    /// Everything that an event of a goal names, and what the assessments among it name. A blob that cannot be read
    /// stops the sweep, as a record of a start does.
    fn named_by_goals(&self) -> Result<BTreeSet<Digest>, Error> {
        let mut named = self.store()?.named_blobs()?;
        let mut inside = Vec::new();
        for digest in &named {
            match self.stored_assessment(*digest) {
                Ok(assessment) => inside.extend(digests(&assessment)),
                // Prompts, messages and contracts name nothing.
                Err(Error::Stored { .. }) => {}
                // What is gone was removed by hand.
                Err(Error::Blobs(evident_blobs::Error::Io { source, .. }))
                    if source.kind() == std::io::ErrorKind::NotFound => {}
                // A damaged one may be an assessment: what it names would be lost, though it can be told no more.
                Err(error) => return Err(error),
            }
        }
        named.extend(inside);
        Ok(named)
    }

    /// Everything that a recorded start needs. A record that cannot be read stops the sweep: what it names
    /// would be lost, and with it what the work is compared with.
    fn named_by_starts(&self) -> Result<BTreeSet<Digest>, Error> {
        let trees = self.trees()?;
        let mut named = BTreeSet::new();
        for (_, path) in files(&self.places.state.join(start::FOLDER))? {
            let Some(record) = start::read(&path)? else { continue };
            named.insert(record.rules);
            for tree in record.trees() {
                named.insert(tree);
                named.extend(trees.load(tree)?.digests());
            }
        }
        Ok(named)
    }
}

/// Removes all but the youngest files of a folder, and gives the rest.
fn forget_oldest(folder: &Path, kept: usize) -> Result<Vec<PathBuf>, Error> {
    let mut files = files(folder)?;
    files.sort();
    let oldest = files.len().saturating_sub(kept);
    for (_, path) in files.drain(..oldest) {
        fs::remove_file(&path).map_err(|source| Error::State { action: "remove", path, source })?;
    }
    Ok(files.into_iter().map(|(_, path)| path).collect())
}

/// The files of a folder with their times; none where there is no such folder yet.
pub(crate) fn files(folder: &Path) -> Result<Vec<(SystemTime, PathBuf)>, Error> {
    let failed = |source| Error::State { action: "list", path: folder.to_owned(), source };
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let modified = entry.metadata().and_then(|metadata| metadata.modified()).map_err(failed)?;
        files.push((modified, entry.path()));
    }
    Ok(files)
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    crate::last::read(path).map_err(|source| Error::State { action: "read", path: path.to_owned(), source })
}

pub(crate) fn digests(assessment: &Assessment) -> impl Iterator<Item = Digest> {
    let artifacts = assessment.evidence.iter().flat_map(|evidence| &evidence.artifacts);
    let attachments = assessment.clauses.iter().flat_map(|judged| &judged.outcome.attachments);
    artifacts.map(|artifact| artifact.digest).chain(attachments.map(|attachment| attachment.digest))
}
