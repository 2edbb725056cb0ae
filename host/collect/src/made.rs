//! The `collect` files of one run: removed before it, taken only if made during it.
//!
//! It never removes a file that the workspace does not ignore or that git tracks, and removes nothing
//! at all where it finds one.

use std::collections::{BTreeSet, HashMap};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use evident_core::contract::Placed;
use evident_core::defence::Defence;
use evident_core::evidence::Artifact;
use evident_core::outcome::NoEvidence;

use crate::age::Stamp;
use crate::globs::{Links, Match, Pattern};
use crate::halt::{Halt, short};
use crate::offload::Wanted;
use crate::tracked::Tracked;
use crate::tree::Asked;
use crate::{ARTIFACTS_MAX, Place, read};

/// The workspace made ready for a run.
#[derive(Debug)]
pub(crate) struct Made {
    patterns: Vec<Pattern>,
    /// The start of the run by the clock of each file system (device number) below which files can match.
    ///
    /// A change time is compared only with one that the same file system wrote: its clock can lag the
    /// system clock, and be coarser. An equal time counts as made during the run; what was there before
    /// has been removed.
    starts: HashMap<u64, Stamp>,
}

impl Made {
    /// Removes what matches, after it made sure that all of it may be removed.
    pub(crate) fn prepare(place: &Place, globs: &[Placed<String>], wanted: &Wanted) -> Result<Self, Halt> {
        let patterns = globs.iter().map(|glob| Pattern::parse(&glob.value)).collect::<Result<Vec<_>, _>>()?;
        let mut doomed = BTreeSet::new();
        for pattern in &patterns {
            doomed.extend(removable(place, pattern, wanted)?.into_iter().map(|found| found.name));
        }
        // Off, a report from before can be taken, if its age is not looked at either.
        for name in doomed.iter().filter(|_| Defence::FreshOutput.stands()) {
            match place.root.remove_file(name) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    let detail = format!("the old `{name}` could not be removed: {error}");
                    return Err(short(NoEvidence::Unreadable, detail));
                }
                _ => {}
            }
        }
        let mut starts = HashMap::new();
        for pattern in &patterns {
            let (device, start) = start(place, &pattern.prefix)?;
            starts.entry(device).or_insert(start);
        }
        Ok(Self { patterns, starts })
    }

    /// Takes what matches and was made since; each glob must give something.
    pub(crate) fn gather(
        &self,
        place: &Place,
        bytes_max: u64,
        wanted: &Wanted,
        artifacts: &mut Vec<Artifact>,
    ) -> Result<(), Halt> {
        let mut taken = BTreeSet::new();
        for pattern in &self.patterns {
            let mut old = None;
            let mut is_met = false;
            for found in removable(place, pattern, wanted)? {
                let opened = read::open(&place.root, &found.name, Links::Never)?;
                let start = self.starts.get(&opened.metadata.dev());
                let is_old = start.is_none_or(|start| Stamp::changed(&opened.metadata) < *start);
                if is_old && Defence::MadeDuringRun.stands() {
                    old = Some(found.name);
                    continue;
                }
                is_met = true;
                if taken.insert(found.name) {
                    if taken.len() > ARTIFACTS_MAX {
                        let detail = format!("more than {ARTIFACTS_MAX} files to collect");
                        return Err(short(NoEvidence::Overflow, detail));
                    }
                    artifacts.push(opened.copy(&place.blobs, bytes_max, wanted)?);
                }
            }
            if !is_met {
                return Err(short(NoEvidence::Missing, nothing(&pattern.text, old.as_deref())));
            }
        }
        Ok(())
    }
}

fn nothing(pattern: &str, old: Option<&str>) -> String {
    match old {
        Some(old) => format!("`{pattern}`: `{old}` was not made during the run"),
        None => format!("`{pattern}`: the run made no such file"),
    }
}

/// What matches; an error unless all of it may be removed.
fn removable(place: &Place, pattern: &Pattern, wanted: &Wanted) -> Result<Vec<Match>, Halt> {
    let matches = pattern.matches(&place.root, Links::Never, wanted)?;
    if matches.is_empty() {
        return Ok(matches);
    }
    let mut ignored = Asked::new(place.rules.as_ref(), &place.workspace);
    for found in &matches {
        if found.kind.is_dir() {
            read::regular(&found.name, found.kind)?;
        }
        if !ignored.is_ignored(Path::new(&found.name)) {
            return Err(short(NoEvidence::Unreadable, not_ignored(&found.name, &ignored)));
        }
    }
    let mut tracked = Tracked::default();
    for found in &matches {
        let is_tracked = tracked.contains(&place.workspace.join(&found.name)).map_err(|error| {
            short(NoEvidence::Unreadable, format!("cannot tell what git tracks: {error}"))
        })?;
        if is_tracked {
            let detail = format!("`{}` is tracked by git: untrack it or write to {{out}}", found.name);
            return Err(short(NoEvidence::Unreadable, detail));
        }
    }
    Ok(matches)
}

/// What a person can do about a file that is not ignored.
pub(crate) fn not_ignored(name: &str, ignored: &Asked<'_>) -> String {
    match ignored.file_name() {
        ".gitignore" => format!("`{name}` is not ignored by git: ignore it or write to {{out}}"),
        other => format!("`{name}` is not ignored: name it in `{other}` or write to {{out}}"),
    }
}

/// The clock of the file system on which files of this folder will be made.
fn start(place: &Place, folder: &Path) -> Result<(u64, Stamp), Halt> {
    let nearest =
        folder.ancestors().map(|folder| place.workspace.join(folder)).find(|folder| folder.is_dir());
    let nearest = nearest.unwrap_or_else(|| place.workspace.clone());
    // The file never has a name where the file system allows it, so that nobody sees a change.
    let metadata = tempfile::tempfile_in(&nearest).and_then(|probe| probe.metadata());
    let metadata = metadata.map_err(|error| {
        short(NoEvidence::Unreadable, format!("cannot make files in `{}`: {error}", nearest.display()))
    })?;
    Ok((metadata.dev(), Stamp::changed(&metadata)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    use evident_blobs::Blobs;

    /// What the change time decides when removing did not: a file from between removal and start.
    #[test]
    fn a_file_from_before_the_start_is_not_taken() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let workspace = folder.path().join("work");
        fs::create_dir_all(&workspace).expect("makes");
        fs::write(workspace.join(".evident-ignore"), "*.xml\n").expect("writes");
        let blobs = Blobs::open(folder.path().join("blobs")).expect("opens");
        let place = crate::Collector::new(&workspace, &folder.path().join("scratch"), blobs, None)
            .expect("opens")
            .place;
        let report = workspace.join("a.xml");
        fs::write(&report, "old").expect("writes");
        let changed = Stamp::changed(&fs::metadata(&report).expect("is there"));
        let (device, mut now) = start(&place, Path::new("")).expect("probes");
        while now <= changed {
            now = start(&place, Path::new("")).expect("probes").1;
        }
        let patterns = vec![Pattern::parse("*.xml").expect("is a glob")];
        let made = Made { patterns, starts: HashMap::from([(device, now)]) };
        let gather = || {
            let mut artifacts = Vec::new();
            let gathered = made.gather(&place, 100, &Wanted::always(), &mut artifacts);
            gathered.map(|()| artifacts).map_err(|halt| halt.shortfall().expect("is data").detail)
        };
        assert_eq!(gather(), Err("`*.xml`: `a.xml` was not made during the run".to_owned()));
        fs::write(&report, "new").expect("writes");
        assert_eq!(gather().expect("is new").len(), 1);
    }
}
