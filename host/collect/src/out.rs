//! The `{out}` folder of one run: fresh, empty, and gone afterwards.
//!
//! Whatever a command puts there becomes evidence under its path below the folder. Nothing in it is
//! followed: a link there would name bytes that this run did not make.

use std::ffi::OsString;
use std::fs::{DirBuilder, File, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use cap_std::fs::Dir;
use evident_core::contract::Run;
use evident_core::evidence::Artifact;
use evident_core::outcome::NoEvidence;
use rustix::fs::Mode;
use tempfile::TempDir;

use crate::globs::Links;
use crate::halt::{Halt, short};
use crate::offload::Wanted;
use crate::walk::{FOLDER, Walk};
use crate::{ARTIFACTS_MAX, Error, Place, read};

/// What stands for the folder in arguments and in variables that are set.
const PLACEHOLDER: &str = "{out}";

/// The name of the folder in its holder.
const NAME: &str = "out";

/// The folder of one run.
#[derive(Debug)]
pub(crate) struct Out {
    /// A folder around it, which the command does not know: even what stands in place of the folder in
    /// the end goes with it. Absent where nothing asks for one.
    holder: Option<TempDir>,
}

impl Out {
    /// Makes the folder if the run names it, for its owner alone.
    pub(crate) fn new(scratch: &Path, run: &Run) -> Result<Self, Error> {
        if !run.argv.iter().chain(run.env_set.values()).any(|text| text.contains(PLACEHOLDER)) {
            return Ok(Self { holder: None });
        }
        let private = Permissions::from_mode(0o700);
        let holder = tempfile::Builder::new().prefix("out-").permissions(private).tempdir_in(scratch);
        let holder = holder.map_err(Error::io("make a folder in", scratch))?;
        let folder = holder.path().join(NAME);
        DirBuilder::new().mode(0o700).create(&folder).map_err(Error::io("make the folder", &folder))?;
        Ok(Self { holder: Some(holder) })
    }

    fn path(&self) -> Option<PathBuf> {
        self.holder.as_ref().map(|holder| holder.path().join(NAME))
    }

    /// Puts the path of the folder in place of every `{out}`.
    pub(crate) fn fill(&self, text: &str) -> OsString {
        let mut parts = text.split(PLACEHOLDER);
        let mut filled = OsString::from(parts.next().unwrap_or_default());
        for part in parts {
            filled.push(self.path().unwrap_or_else(|| PLACEHOLDER.into()));
            filled.push(part);
        }
        filled
    }

    /// Takes every file below the folder.
    pub(crate) fn gather(
        &self,
        place: &Place,
        bytes_max: u64,
        wanted: &Wanted,
        artifacts: &mut Vec<Artifact>,
    ) -> Result<(), Halt> {
        let Some(folder) = self.path() else { return Ok(()) };
        // A tool may empty the folder by making it anew; a link in its place would give foreign files.
        let root = rustix::fs::openat(rustix::fs::CWD, &folder, FOLDER, Mode::empty());
        let root = root.map_err(|error| {
            let detail = format!("`{PLACEHOLDER}` is no folder any more: {}", std::io::Error::from(error));
            short(NoEvidence::Unreadable, detail)
        })?;
        let root = Dir::from_std_file(File::from(root));
        for name in names(&root, wanted)? {
            artifacts.push(read::open(&root, &name, Links::Never)?.copy(&place.blobs, bytes_max, wanted)?);
        }
        Ok(())
    }
}

fn names(root: &Dir, wanted: &Wanted) -> Result<Vec<String>, Halt> {
    let mut names = Vec::new();
    Walk::whole(wanted).visit(root, Path::new(""), &mut |path, kind| {
        let Some(name) = path.to_str() else {
            let detail = format!("the name of `{PLACEHOLDER}/{}` is not UTF-8", path.display());
            return Err(short(NoEvidence::Unreadable, detail));
        };
        read::regular(&format!("{PLACEHOLDER}/{name}"), kind)?;
        if names.len() == ARTIFACTS_MAX {
            let detail = format!("more than {ARTIFACTS_MAX} files in `{PLACEHOLDER}`");
            return Err(short(NoEvidence::Overflow, detail));
        }
        names.push(name.to_owned());
        Ok(())
    })?;
    names.sort_unstable();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_placeholder_is_filled() {
        let scratch = tempfile::tempdir().expect("a temporary folder");
        let out = Out { holder: Some(tempfile::tempdir_in(scratch.path()).expect("makes a folder")) };
        let path = out.path().expect("is there").display().to_string();
        assert_eq!(out.fill("--a={out}/b:{out}"), OsString::from(format!("--a={path}/b:{path}")));
        assert_eq!(out.fill("{ou}t} plain"), OsString::from("{ou}t} plain"));
    }
}
