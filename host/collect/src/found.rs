//! Collects files that are already in the workspace, as fresh as the contract demands.
//!
//! It cannot know who wrote them: the origin says whether the worker could have. Times of modification
//! are the owner's to set, so that freshness here is a guard against mistakes, not against lies.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::time::Duration;

use evident_core::contract::{Files, Source};
use evident_core::defence::Defence;
use evident_core::evidence::{Artifact, Evidence, Origin, Timestamp};
use evident_core::freshness;
use evident_core::outcome::NoEvidence;
use evident_core::tree::Kind;

use crate::age::{Stamp, now, span};
use crate::globs::{Links, Pattern};
use crate::halt::{Halt, short, stale};
use crate::offload::{Wanted, offload};
use crate::read::Opened;
use crate::{ARTIFACTS_MAX, Error, Place, read};

/// What was read so far.
#[derive(Debug, Default)]
struct Yield {
    artifacts: Vec<Artifact>,
    oldest: Option<Timestamp>,
}

/// Reads the files of `source`; `after` is the start of the source that it must be newer than.
pub(crate) async fn collect(
    place: &Arc<Place>,
    source: &Source,
    files: &Files,
    after: Option<Timestamp>,
) -> Result<Evidence, Error> {
    let started = now();
    let work = Work {
        place: place.clone(),
        files: files.clone(),
        after,
        bytes_max: source.artifact_bytes_max,
        // The moment to which ages refer.
        now: started,
    };
    let (so_far, result) = offload(move |wanted| {
        let mut so_far = Yield::default();
        let result = work.go(wanted, &mut so_far);
        (so_far, result)
    })
    .await;
    let shortfall = result.err().map(Halt::shortfall).transpose()?;
    let origin = Origin {
        ended: now(),
        // An age is told where the contract asks for one; one from the future has none.
        age_ms: so_far
            .oldest
            .filter(|_| files.max_age.is_some() || files.after.is_some())
            .and_then(|oldest| started.0.checked_sub(oldest.0)),
        ..freshness::origin(source, started)
    };
    Ok(Evidence { origin, artifacts: so_far.artifacts, shortfall })
}

/// One go of reading.
struct Work {
    place: Arc<Place>,
    files: Files,
    after: Option<Timestamp>,
    bytes_max: u64,
    now: Timestamp,
}

impl Work {
    fn go(&self, wanted: &Wanted, so_far: &mut Yield) -> Result<(), Halt> {
        let names = self.names(wanted)?;
        if self.files.sha256.is_some() && names.len() != 1 {
            return Err(stale(format!("a digest pins one file, but {} match", names.len())));
        }
        for name in &names {
            let opened = read::open(&self.place.root, name, Links::Inside)?;
            let modified = Stamp::modified(&opened.metadata).timestamp();
            self.fresh(name, modified)?;
            self.take(opened, wanted, so_far)?;
            so_far.oldest = Some(so_far.oldest.map_or(modified, |oldest| oldest.min(modified)));
        }
        Ok(())
    }

    fn take(&self, opened: Opened, wanted: &Wanted, so_far: &mut Yield) -> Result<(), Halt> {
        let artifact = opened.copy(&self.place.blobs, self.bytes_max, wanted)?;
        let found = artifact.digest;
        let name = artifact.name.clone();
        so_far.artifacts.push(artifact);
        match self.files.sha256 {
            Some(pinned) if pinned != found && Defence::Pin.stands() => {
                let (found, pinned) = (found.short(), pinned.short());
                Err(stale(format!("`{name}` has the digest {found}, pinned is {pinned}")))
            }
            _ => Ok(()),
        }
    }

    /// The files of every glob, in byte order, each once.
    fn names(&self, wanted: &Wanted) -> Result<BTreeSet<String>, Halt> {
        let mut names = BTreeSet::new();
        for glob in &self.files.paths {
            let pattern = Pattern::parse(&glob.value)?;
            let mut is_met = false;
            let mut foreign = None;
            for found in pattern.matches(&self.place.root, Links::Inside, wanted)? {
                // A wildcard means files; a symlink to a folder is passed over like a folder.
                let is_folder = || read::kind(&self.place.root, &found.name, Links::Inside);
                if !pattern.is_literal() && found.kind.is_symlink() && is_folder()?.is_dir() {
                    continue;
                }
                if !self.is_of_tree(&found.name)? {
                    foreign.get_or_insert(found.name);
                    continue;
                }
                is_met = true;
                names.insert(found.name);
            }
            if let Some(name) = foreign.filter(|_| !is_met) {
                let detail = format!(
                    "`{}` matches no file of the tree: `{name}` is what an earlier run left in the copy",
                    glob.value
                );
                return Err(short(NoEvidence::Missing, detail));
            }
            if !is_met {
                return Err(short(NoEvidence::Missing, format!("`{}` matches no file", glob.value)));
            }
            if names.len() > ARTIFACTS_MAX {
                return Err(short(NoEvidence::Overflow, format!("more than {ARTIFACTS_MAX} files match")));
            }
        }
        Ok(names)
    }

    /// True for a file of the tree that this place is held to, where there is one; a symlink must be one of
    /// the tree, and lead to a file of the tree.
    fn is_of_tree(&self, name: &str) -> Result<bool, Halt> {
        let Some(tree) = &self.place.only else { return Ok(true) };
        let is_file = |path: &[u8]| {
            tree.get(path).is_some_and(|leaf| matches!(leaf.kind, Kind::File | Kind::Executable))
        };
        match tree.get(name.as_bytes()).map(|leaf| leaf.kind) {
            Some(Kind::Symlink) => {
                let target = self.place.root.canonicalize(name);
                let target = target.map_err(|error| read::refused(name, &error))?;
                Ok(is_file(target.as_os_str().as_bytes()))
            }
            _ => Ok(is_file(name.as_bytes())),
        }
    }

    fn fresh(&self, name: &str, modified: Timestamp) -> Result<(), Halt> {
        if self.files.max_age.is_none() && self.after.is_none() || !Defence::Age.stands() {
            return Ok(());
        }
        let Some(age) = self.now.0.checked_sub(modified.0).map(Duration::from_millis) else {
            let ahead = span(Duration::from_millis(modified.0 - self.now.0));
            return Err(stale(format!("`{name}` says it was written {ahead} in the future")));
        };
        if let Some(most) = self.files.max_age.filter(|most| age > *most) {
            return Err(stale(format!("`{name}` is {} old, at most {}", span(age), span(most))));
        }
        match self.after {
            Some(after) if modified < after => {
                let before = span(Duration::from_millis(after.0 - modified.0));
                let source = self.files.after.as_ref().map_or("its source", |source| &source.value);
                Err(stale(format!("`{name}` was written {before} before `{source}` was collected")))
            }
            _ => Ok(()),
        }
    }
}
