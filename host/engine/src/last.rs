//! Keeps the last assessment of each contract, so that `explain` need not run anything again, and
//! removes evidence that no kept assessment names.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use evident_blobs::{Blobs, retain};
use evident_core::assessment::{ASSESSMENT_VERSION, Assessment};
use evident_core::digest::Digest;

use crate::{ContractFile, Engine, Error};

/// Assessments that are kept, one per contract; the oldest go.
const KEPT: usize = 64;

/// Age of unnamed evidence that may be removed: another process may still be collecting.
const UNNAMED_AGE: Duration = Duration::from_secs(2 * 24 * 3600);

/// The last assessment of a contract.
#[derive(Debug, Clone)]
pub struct Last {
    /// What came out.
    pub assessment: Assessment,
    /// True if the contract's text has changed since.
    pub contract_changed: bool,
}

impl Engine {
    /// Stores an assessment as the last one of its contract.
    ///
    /// # Errors
    /// When the state folder cannot be written.
    pub fn keep(&self, file: &ContractFile, assessment: &Assessment) -> Result<(), Error> {
        let path = self.last_path(file)?;
        let folder = path.parent().expect("lies in a folder");
        let failed = |action| {
            let path = path.clone();
            move |source| Error::State { action, path, source }
        };
        fs::create_dir_all(folder).map_err(failed("make the folder of"))?;
        let json = serde_json::to_vec(assessment).expect("an assessment has a JSON form");
        // Renamed into place: a reader sees the old one or the new one, whole.
        let mut fresh = tempfile::NamedTempFile::new_in(folder).map_err(failed("write"))?;
        fresh.write_all(&json).map_err(failed("write"))?;
        fresh.persist(&path).map_err(|error| failed("write")(error.error))?;
        self.forget(folder)
    }

    /// Looks up the last assessment of a contract.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn last(&self, file: &ContractFile) -> Result<Option<Last>, Error> {
        let path = self.last_path(file)?;
        let json = match fs::read(&path) {
            Ok(json) => json,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(Error::State { action: "read", path, source }),
        };
        let assessment: Assessment = serde_json::from_slice(&json)
            .map_err(|error| Error::Stored { path: path.clone(), message: error.to_string() })?;
        if assessment.version != ASSESSMENT_VERSION {
            let message =
                format!("it has version {}, this host reads {ASSESSMENT_VERSION}", assessment.version);
            return Err(Error::Stored { path, message });
        }
        let contract_changed = assessment.contract != file.digest;
        Ok(Some(Last { assessment, contract_changed }))
    }

    /// One file for each contract, named by workspace and place of the contract.
    fn last_path(&self, file: &ContractFile) -> Result<PathBuf, Error> {
        let contract = fs::canonicalize(&file.path)
            .map_err(|source| Error::Contract { path: file.path.clone(), source })?;
        let key = format!("{}\0{}", file.workspace.display(), contract.display());
        Ok(self.state.join("last").join(format!("{}.json", Blobs::digest(key.as_bytes()).short())))
    }

    fn forget(&self, folder: &Path) -> Result<(), Error> {
        let failed = |source| Error::State { action: "list", path: folder.to_owned(), source };
        let mut files: Vec<(std::time::SystemTime, PathBuf)> = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let modified = entry.metadata().and_then(|metadata| metadata.modified()).map_err(failed)?;
            files.push((modified, entry.path()));
        }
        files.sort();
        let oldest = files.len().saturating_sub(KEPT);
        for (_, path) in files.drain(..oldest) {
            fs::remove_file(&path).map_err(|source| Error::State { action: "remove", path, source })?;
        }
        let mut named = BTreeSet::new();
        for (_, path) in &files {
            let json = fs::read(path).map_err(|source| Error::State {
                action: "read",
                path: path.clone(),
                source,
            })?;
            // One that cannot be read names nothing; `last` says what is wrong with it.
            if let Ok(assessment) = serde_json::from_slice::<Assessment>(&json) {
                named.extend(digests(&assessment));
            }
        }
        retain(&self.blobs, |digest| named.contains(&digest), UNNAMED_AGE)?;
        Ok(())
    }
}

fn digests(assessment: &Assessment) -> impl Iterator<Item = Digest> {
    let artifacts = assessment.evidence.iter().flat_map(|evidence| &evidence.artifacts);
    let attachments = assessment.clauses.iter().flat_map(|judged| &judged.outcome.attachments);
    artifacts.map(|artifact| artifact.digest).chain(attachments.map(|attachment| attachment.digest))
}
