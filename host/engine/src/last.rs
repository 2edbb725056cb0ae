//! Keeps the last assessment of each contract, so that `explain` need not run anything again.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use evident_core::assessment::{ASSESSMENT_VERSION, Assessment};
use evident_regular::{Links, private};

use crate::goals::ASSESSMENT_BYTES_MAX;
use crate::{ContractFile, Engine, Error};

/// The last assessment of a contract.
#[derive(Debug, Clone)]
pub struct Last {
    /// What came out.
    pub assessment: Assessment,
    /// True if the contract's text has changed since.
    pub contract_changed: bool,
}

/// The stored form of a last assessment. A link or a pipe in its place is none.
///
/// # Errors
/// Where it is not there, or cannot be read.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    Ok(evident_regular::whole(path, Links::Refused, ASSESSMENT_BYTES_MAX)?)
}

impl Engine {
    /// Stores an assessment as the last one of its contract.
    ///
    /// # Errors
    /// When the state folder cannot be written.
    pub fn keep(&self, file: &ContractFile, assessment: &Assessment) -> Result<(), Error> {
        let path = self.last_path(file);
        let folder = path.parent().expect("lies in a folder");
        let failed = |action| {
            let path = path.clone();
            move |source| Error::State { action, path, source }
        };
        private::folder(folder).map_err(failed("make the folder of"))?;
        let json = serde_json::to_vec(assessment).expect("an assessment has a JSON form");
        // Renamed into place: a reader sees the old one or the new one, whole.
        let mut fresh = tempfile::NamedTempFile::new_in(folder).map_err(failed("write"))?;
        // A name that outlives a loss of power must not lead to fewer bytes.
        fresh.write_all(&json).and_then(|()| fresh.as_file().sync_all()).map_err(failed("write"))?;
        fresh.persist(&path).map_err(|error| failed("write")(error.error))?;
        Ok(())
    }

    /// Looks up the last assessment of a contract.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn last(&self, file: &ContractFile) -> Result<Option<Last>, Error> {
        let path = self.last_path(file);
        let json = match read(&path) {
            Ok(json) => json,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
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

    fn last_path(&self, file: &ContractFile) -> PathBuf {
        self.record_path(file, "last")
    }
}
