//! The folders that a command may name: `{out}`, fresh, empty, and gone afterwards; and `{cache}`, which goes with
//! what is built in a private copy. In the workspace, where nothing is kept, `{cache}` is as fresh as `{out}`.
//!
//! Whatever a command puts into `{out}` becomes evidence under its path below the folder. Nothing in it is
//! followed: a link there would name bytes that this run did not make. What lies in `{cache}` is not evidence.

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

/// What stands there for the folder of what was built.
const CACHE: &str = "{cache}";

/// The names of the folders in their holder.
const NAME: &str = "out";
const CACHE_NAME: &str = "cache";

/// The folders of one run.
#[derive(Debug)]
pub(crate) struct Out {
    /// Absent where nothing asks for one.
    out: Option<PathBuf>,
    cache: Option<PathBuf>,
    /// A folder around those of this run alone, which the command does not know: even what stands in their place
    /// in the end goes with it. Absent where there are none.
    _holder: Option<TempDir>,
}

impl Out {
    /// Makes the folders that the run names, for their owner alone; `kept` is the one for `{cache}` where something
    /// is kept.
    pub(crate) fn new(scratch: &Path, kept: Option<&Path>, run: &Run) -> Result<Self, Error> {
        let names = |what: &str| run.argv.iter().chain(run.env_set.values()).any(|text| text.contains(what));
        let (has_out, has_cache) = (names(PLACEHOLDER), names(CACHE) && kept.is_none());
        let kept = kept.map(Path::to_owned);
        if !has_out && !has_cache {
            return Ok(Self { out: None, cache: kept, _holder: None });
        }
        let private = Permissions::from_mode(0o700);
        let holder = tempfile::Builder::new().prefix("out-").permissions(private).tempdir_in(scratch);
        let holder = holder.map_err(Error::io("make a folder in", scratch))?;
        let make = |name: &str| {
            let folder = holder.path().join(name);
            DirBuilder::new().mode(0o700).create(&folder).map_err(Error::io("make the folder", &folder))?;
            Ok::<_, Error>(folder)
        };
        let out = has_out.then(|| make(NAME)).transpose()?;
        let cache = if has_cache { Some(make(CACHE_NAME)?) } else { kept };
        Ok(Self { out, cache, _holder: Some(holder) })
    }

    /// Puts the path of its folder in place of every placeholder.
    pub(crate) fn fill(&self, text: &str) -> OsString {
        let cached = |part: &str| replaced(part, CACHE, self.cache.as_deref(), |rest| rest.into());
        replaced(text, PLACEHOLDER, self.out.as_deref(), cached)
    }

    /// Takes every file below the folder.
    pub(crate) fn gather(
        &self,
        place: &Place,
        bytes_max: u64,
        wanted: &Wanted,
        artifacts: &mut Vec<Artifact>,
    ) -> Result<(), Halt> {
        let Some(folder) = &self.out else { return Ok(()) };
        // A tool may empty the folder by making it anew; a link in its place would give foreign files.
        let root = rustix::fs::openat(rustix::fs::CWD, folder, FOLDER, Mode::empty());
        let root = root.map_err(|error| {
            let detail = format!("`{PLACEHOLDER}` is no longer a folder: {}", std::io::Error::from(error));
            short(NoEvidence::Unreadable, detail)
        })?;
        let root = Dir::from_std_file(File::from(root));
        for name in names(&root, wanted)? {
            artifacts.push(read::open(&root, &name, Links::Never)?.copy(&place.blobs, bytes_max, wanted)?);
        }
        Ok(())
    }
}

/// A text with a path in place of each placeholder; `between` makes the parts that stand between them.
fn replaced(
    text: &str,
    placeholder: &str,
    path: Option<&Path>,
    between: impl Fn(&str) -> OsString,
) -> OsString {
    let mut parts = text.split(placeholder);
    let mut filled = between(parts.next().unwrap_or_default());
    for part in parts {
        filled.push(path.map_or(placeholder.as_ref(), Path::as_os_str));
        filled.push(between(part));
    }
    filled
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
        let (out, cache) = (Some("/o".into()), Some("/c".into()));
        let both = Out { out, cache, _holder: None };
        assert_eq!(both.fill("--a={out}/b:{cache}:{out}"), OsString::from("--a=/o/b:/c:/o"));
        assert_eq!(both.fill("{ou}t} plain {{cache}"), OsString::from("{ou}t} plain {/c"));
    }
}
