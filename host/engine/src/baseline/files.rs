//! Files of the evidence that become what later evidence is compared with: which, and where they go.
//!
//! The checker lists them by number and says what each would replace; the host knows the paths. A path is
//! never the checker's: it is that of the file which is replaced, or of a folder that the contract reads.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use evident_core::binding::BoundSlot;
use evident_core::contract::{At, Bindings, Contract, Recipe};
use evident_core::digest::Digest;
use evident_core::evidence::{Artifact, Origin, OriginKind};
use serde::Deserialize;

use crate::{Engine, Error};

/// Version of the list that is read.
const VERSION: u64 = 1;

/// What marks the first part of a path that is more than a name.
const META: [char; 5] = ['*', '?', '[', '{', '\\'];

/// What a file may be read and written by, before the caller's mask.
const MODE: u32 = 0o666;

/// As the checker writes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    version: u64,
    slot: String,
    replaced: String,
    files: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    file: usize,
    replaces: Option<usize>,
    problem: Option<String>,
}

/// All files that could be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// In the order of the contract.
    pub candidates: Vec<Candidate>,
    /// On which tree they were collected.
    pub at: At,
    /// True if the contract pins what they replace by its digest.
    pub pinned: bool,
    /// True if the contract reads what they replace on the base.
    pub read_on_base: bool,
    /// Folders of the workspace in which what they replace lies, or would lie.
    pub folders: BTreeSet<String>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// As the checker calls it.
    pub name: String,
    /// Its own, without folder.
    pub file_name: String,
    /// Names its bytes.
    pub digest: Digest,
    /// Bytes.
    pub size: u64,
    /// The file of the workspace that it replaces; none for a new one.
    pub replaces: Option<String>,
    /// Why it must not be taken, in one line.
    pub problem: Option<String>,
}

/// A file and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target<'a> {
    /// What goes there.
    pub candidate: &'a Candidate,
    /// Below the workspace, or below the folder that the owner named.
    pub path: PathBuf,
}

/// Why nothing is written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unplaced {
    /// A name that no file has.
    #[error("no screen `{name}`")]
    Unknown {
        /// As it was asked for.
        name: String,
        /// Those that there are.
        names: Vec<String>,
    },
    /// What the checker says about the files.
    #[error("{}", problems.join("; "))]
    Unfit {
        /// One line each.
        problems: Vec<String>,
    },
    /// A new one, and no folder is the only one.
    #[error("`{name}` is new, and there is no one folder for it")]
    NoFolder {
        /// Which.
        name: String,
        /// Those in which the others lie.
        folders: Vec<String>,
    },
    /// Two for one place.
    #[error("`{first}` and `{second}` would both be written to `{}`", path.display())]
    Shared {
        /// One.
        first: String,
        /// The other.
        second: String,
        /// Where.
        path: PathBuf,
    },
    /// The name of the old file would lie about the new one.
    #[error("`{name}` is now `{now}`, and the file that it replaces is `{before}`")]
    OtherKind {
        /// Which.
        name: String,
        /// The name of the new file.
        now: String,
        /// The path of the old one.
        before: String,
    },
}

impl Files {
    /// Reads the list of a checker over what was bound.
    ///
    /// # Errors
    /// Why the list cannot be used, in one line.
    pub(super) fn read(bytes: &[u8], bound: &[BoundSlot<'_>], contract: &Contract) -> Result<Self, String> {
        let list: List =
            serde_json::from_slice(bytes).map_err(|error| format!("the list of the checker: {error}"))?;
        if list.version != VERSION {
            return Err(format!("the list of the checker has version {}, {VERSION} is read", list.version));
        }
        let slot = |name: &str| bound.iter().find(|slot| slot.slot.name == name);
        let taken = slot(&list.slot).map_or(&[][..], |slot| &slot.artifacts[..]);
        let replaced = slot(&list.replaced).map_or(&[][..], |slot| &slot.artifacts[..]);
        let candidates = list.files.into_iter().map(|entry| candidate(entry, taken, replaced));
        let candidates: Vec<Candidate> = candidates
            .collect::<Option<_>>()
            .ok_or_else(|| "the list of the checker names a file that is not in the evidence".to_owned())?;
        let sources = sources_of(&contract.clauses[0].evidence, &list.replaced);
        let (mut patterns, mut pinned, mut read_on_base) = (Vec::new(), false, false);
        for source in sources.filter_map(|name| contract.source(name)) {
            if let Recipe::Files(files) = &source.recipe {
                pinned |= files.sha256.is_some();
                read_on_base |= source.at == At::Base;
                patterns.extend(files.paths.iter().map(|path| path.value.as_str()));
            }
        }
        let places = replaced.iter().filter_map(|(artifact, origin)| place(artifact, origin));
        let mut folders: BTreeSet<String> = places.map(|path| folder(path).to_owned()).collect();
        if folders.is_empty() {
            folders.extend(patterns.iter().filter_map(|pattern| folder_of_pattern(pattern)));
        }
        let at = taken.first().map_or(At::Work, |(_, origin)| origin.at);
        Ok(Self { candidates, at, pinned, read_on_base, folders })
    }

    /// Where the named ones go, or all of them. A new one goes to `folder`, or to the only one that the contract
    /// reads. Paths are relative to the workspace but for those below `folder`.
    ///
    /// # Errors
    /// [`Unplaced`]; then nothing is to be written.
    pub fn place(
        &self,
        names: Option<&[String]>,
        folder: Option<&Path>,
    ) -> Result<Vec<Target<'_>>, Unplaced> {
        let meant = self.meant(names)?;
        let problems: Vec<String> = meant.iter().filter_map(|one| one.problem.clone()).collect();
        if !problems.is_empty() {
            return Err(Unplaced::Unfit { problems });
        }
        let mut targets = BTreeMap::<PathBuf, &Candidate>::new();
        for candidate in meant {
            let path = self.path(candidate, folder)?;
            if let Some(other) = targets.get(&path) {
                let (first, second) = (other.name.clone(), candidate.name.clone());
                return Err(Unplaced::Shared { first, second, path });
            }
            targets.insert(path, candidate);
        }
        Ok(targets.into_iter().map(|(path, candidate)| Target { candidate, path }).collect())
    }

    fn meant(&self, names: Option<&[String]>) -> Result<Vec<&Candidate>, Unplaced> {
        let Some(names) = names else { return Ok(self.candidates.iter().collect()) };
        let names: BTreeSet<&String> = names.iter().collect();
        let found = names.into_iter().map(|name| {
            let found = self.candidates.iter().find(|candidate| candidate.name == *name);
            found.ok_or_else(|| Unplaced::Unknown {
                name: name.clone(),
                names: self.candidates.iter().map(|candidate| candidate.name.clone()).collect(),
            })
        });
        found.collect()
    }

    fn path(&self, candidate: &Candidate, folder: Option<&Path>) -> Result<PathBuf, Unplaced> {
        let now = &candidate.file_name;
        if let Some(before) = &candidate.replaces {
            if extension(before) != extension(now) {
                let (name, now) = (candidate.name.clone(), now.clone());
                return Err(Unplaced::OtherKind { name, now, before: before.clone() });
            }
            return Ok(before.into());
        }
        let mut folders = self.folders.iter();
        match (folder, folders.next(), folders.next()) {
            (Some(folder), _, _) => Ok(folder.join(now)),
            (None, Some(only), None) => Ok(Path::new(only).join(now)),
            _ => Err(Unplaced::NoFolder {
                name: candidate.name.clone(),
                folders: self.folders.iter().cloned().collect(),
            }),
        }
    }
}

impl Engine {
    /// Writes a file of the evidence to `path`, below `root` without following a link out of it. What is there is
    /// replaced in one step: a link by the file, a file by another one.
    ///
    /// # Errors
    /// [`Error::Outside`] where the folder of `path` lies elsewhere; the host's own failure.
    pub fn write_file(&self, root: &Path, path: &Path, candidate: &Candidate) -> Result<(), Error> {
        let bytes = self.blobs.bytes(candidate.digest, candidate.size)?;
        let failed = |source| Error::State { action: "write", path: path.to_owned(), source };
        let folder = path.parent().unwrap_or(root);
        if !is_inside(root, folder).map_err(failed)? {
            return Err(Error::Outside { path: path.to_owned() });
        }
        fs::create_dir_all(folder).map_err(failed)?;
        let mut file = tempfile::Builder::new()
            .permissions(Permissions::from_mode(MODE))
            .tempfile_in(folder)
            .map_err(failed)?;
        file.write_all(&bytes).map_err(failed)?;
        file.persist(path).map_err(|error| failed(error.error))?;
        Ok(())
    }
}

/// True if what is there of `folder` already lies below `root`, wherever its links lead.
fn is_inside(root: &Path, folder: &Path) -> io::Result<bool> {
    let root = fs::canonicalize(root)?;
    for above in folder.ancestors() {
        match fs::canonicalize(above) {
            Ok(found) => return Ok(found.starts_with(&root)),
            // A link that leads to nothing is there all the same.
            Err(error) if error.kind() == io::ErrorKind::NotFound && !above.is_symlink() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

fn candidate(
    entry: Entry,
    taken: &[(&Artifact, &Origin)],
    replaced: &[(&Artifact, &Origin)],
) -> Option<Candidate> {
    let (artifact, _) = taken.get(entry.file)?;
    let old = match entry.replaces {
        Some(number) => Some(replaced.get(number)?),
        None => None,
    };
    let file_name = artifact.name.rsplit_once('/').map_or(artifact.name.as_str(), |(_, name)| name);
    Some(Candidate {
        name: entry.name,
        file_name: file_name.to_owned(),
        digest: artifact.digest,
        size: artifact.size,
        replaces: old.and_then(|(artifact, origin)| place(artifact, origin)).map(str::to_owned),
        problem: entry.problem,
    })
}

/// The sources that the contract binds to a slot.
fn sources_of<'a>(evidence: &'a Bindings, slot: &str) -> impl Iterator<Item = &'a str> {
    let bound = match evidence {
        Bindings::Slots(slots) => slots.iter().find(|(name, _)| name.value == slot),
        Bindings::Unread | Bindings::Lone(_) => None,
    };
    bound.into_iter().flat_map(|(_, selectors)| selectors).map(|selector| selector.value.source.as_str())
}

/// The path of an artifact in the workspace; none where it is the output of a command.
fn place<'a>(artifact: &'a Artifact, origin: &Origin) -> Option<&'a str> {
    (origin.kind == OriginKind::Found && origin.repeat == 1).then_some(artifact.name.as_str())
}

/// The folder of a path, empty for the workspace itself.
fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The folder in which what a pattern matches lies; none where there may be several.
fn folder_of_pattern(pattern: &str) -> Option<String> {
    let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
    // A path without a meaning of its own is a file, or a folder of which everything is read.
    let is_folder = !pattern.contains(META) && extension(pattern).is_none();
    let folder = if is_folder { pattern } else { folder(pattern) };
    (!folder.contains(META)).then(|| folder.to_owned())
}

fn extension(path: &str) -> Option<String> {
    Path::new(path).extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(name: &str, replaces: Option<&str>) -> Candidate {
        Candidate {
            name: name.into(),
            file_name: format!("{name}.png"),
            digest: evident_blobs::Blobs::digest(name.as_bytes()),
            size: 1,
            replaces: replaces.map(str::to_owned),
            problem: None,
        }
    }

    fn files(candidates: Vec<Candidate>, folders: &[&str]) -> Files {
        let folders = folders.iter().map(|folder| (*folder).to_owned()).collect();
        Files { candidates, at: At::Work, pinned: false, read_on_base: true, folders }
    }

    fn paths(placed: &[Target<'_>]) -> Vec<String> {
        placed.iter().map(|target| target.path.display().to_string()).collect()
    }

    /// Catches a file that goes elsewhere than to the one that it replaces, and a new one in a folder that nobody
    /// named.
    #[test]
    fn each_file_has_its_place() {
        let (home, new) = (candidate("home", Some("a/home.png")), candidate("new", None));
        let both = files(vec![home.clone(), new.clone()], &["a"]);
        assert_eq!(paths(&both.place(None, None).expect("one folder")), ["a/home.png", "a/new.png"]);
        assert_eq!(
            paths(&both.place(None, Some(Path::new("b"))).expect("a folder")),
            ["a/home.png", "b/new.png"]
        );
        let only = ["new".to_owned(), "new".to_owned()];
        assert_eq!(paths(&both.place(Some(&only), None).expect("named twice")), ["a/new.png"]);
        for folders in [&[][..], &["a", "b"]] {
            let spread = files(vec![home.clone(), new.clone()], folders);
            let folders = folders.iter().map(|folder| (*folder).to_owned()).collect();
            assert_eq!(spread.place(None, None), Err(Unplaced::NoFolder { name: "new".into(), folders }));
        }
    }

    /// Catches half of the files written where one must not be, and two in one place.
    #[test]
    fn one_that_has_no_place_stops_all() {
        let home = candidate("home", Some("a/home.png"));
        let broken = Candidate { problem: Some("it ends early".into()), ..candidate("broken", None) };
        let named = files(vec![home.clone(), broken], &["a"]);
        let problems = vec!["it ends early".to_owned()];
        assert_eq!(named.place(None, None), Err(Unplaced::Unfit { problems }));
        assert!(named.place(Some(&["home".to_owned()]), None).is_ok());
        let names = vec!["home".to_owned(), "broken".to_owned()];
        let name = "hom".to_owned();
        assert_eq!(
            named.place(Some(std::slice::from_ref(&name)), None),
            Err(Unplaced::Unknown { name, names })
        );
        let same = Candidate { file_name: "home.png".into(), ..candidate("other", None) };
        let shared = files(vec![home.clone(), same], &["a"]);
        let shared = shared.place(None, None);
        assert!(matches!(shared, Err(Unplaced::Shared { .. })), "{shared:?}");
        let webp = Candidate { file_name: "home.webp".into(), ..home };
        let other = files(vec![webp], &["a"]);
        let other = other.place(None, None);
        assert!(matches!(other, Err(Unplaced::OtherKind { .. })), "{other:?}");
    }

    /// Catches a folder that is guessed where the pattern leaves it open.
    #[test]
    fn a_pattern_names_one_folder_or_none() {
        for (pattern, expected) in [
            ("screens/*.png", Some("screens")),
            ("./screens/old/*.png", Some("screens/old")),
            ("screens/home.png", Some("screens")),
            ("*.png", Some("")),
            ("tests/screens/", Some("tests/screens")),
            ("tests/*-snapshots/*.png", None),
            ("screens/**/*.png", None),
        ] {
            assert_eq!(folder_of_pattern(pattern).as_deref(), expected, "{pattern}");
        }
    }

    /// Catches a folder of the worker's that leads out of the workspace.
    #[test]
    fn a_link_leads_nowhere() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let (inside, outside) = (root.path().join("in"), root.path().join("out"));
        for folder in [&inside, &outside] {
            fs::create_dir(folder).expect("makes");
        }
        std::os::unix::fs::symlink(&outside, inside.join("link")).expect("links");
        std::os::unix::fs::symlink(root.path().join("none"), inside.join("gone")).expect("links");
        assert!(is_inside(&inside, &inside.join("new/er")).expect("looks"));
        assert!(!is_inside(&inside, &inside.join("link/new")).expect("looks"));
        assert!(is_inside(&inside, &inside.join("gone/new")).is_err());
        assert!(!is_inside(&inside, &inside.join("../out")).expect("looks"));
    }
}
