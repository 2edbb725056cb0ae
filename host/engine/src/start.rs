//! The start of a contract's work: the start tree and the base, recorded once and moved only by its owner.
//!
//! A record lies in the state folder, one for each contract in its workspace. It names the stored tree,
//! the frozen ignore rules, the commit of the base, and every change that the owner accepted since.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Component, Path, PathBuf};

use evident_collect::tree::Trees;
use evident_core::defence::Defence;
use evident_core::digest::Digest;
use evident_core::doubt::Doubt;
use evident_core::evidence::Timestamp;
use evident_core::tree::{Entry, Kind, Leaf, Tree};
use evident_patterns::Pattern;
use evident_regular::{Links, private};
use evident_store::GoalId;
use serde::{Deserialize, Serialize};

use crate::origins::marked;
use crate::{ContractFile, Engine, Error, Opened, clock};

/// Version of the stored form.
const VERSION: u32 = 1;

/// The folder of the records in the state folder.
pub(crate) const FOLDER: &str = "starts";

/// Bytes of a record: every base, every accepted change and every goal of a contract.
const RECORD_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Held by whoever moves a start.
const LOCK: &str = "starts.lock";

/// What was recorded.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    version: u32,
    /// The contract and its workspace, for a person.
    contract_path: PathBuf,
    workspace: PathBuf,
    /// Of the contract's text when it was recorded.
    pub(crate) contract: Digest,
    pub(crate) recorded: Timestamp,
    /// The start tree: the digest of its stored manifest.
    pub(crate) tree: Digest,
    /// The ignore rules, frozen.
    pub(crate) rules: Digest,
    /// Every revision that the contract ever named, each resolved once: one that is named again means the
    /// commit that it meant before.
    bases: Vec<Base>,
    accepted: Vec<Accepted>,
    /// The last revision of each goal that was taken for the owner's, by the goal's id.
    #[serde(default)]
    revisions: BTreeMap<String, u32>,
}

/// The base, resolved.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Base {
    /// As the contract says it.
    revision: String,
    /// The commit that it meant.
    pub(crate) commit: String,
    /// Its tree.
    pub(crate) tree: Digest,
    /// True if a name was resolved after the start was recorded, when the worker could have moved it.
    #[serde(default)]
    late: bool,
}

/// A change that the owner accepted.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Accepted {
    at: Timestamp,
    patterns: Vec<String>,
    /// The start tree before.
    before: Digest,
}

impl Engine {
    /// Reads the record of a contract, or makes it from the workspace as it is. Nothing where there is none
    /// and the contract asks for none: one that once had a boundary keeps its start.
    pub(crate) fn start(&self, opened: &Opened, trees: &Trees) -> Result<Option<Found>, Error> {
        let path = self.record_path(&opened.file, FOLDER);
        let (mut record, fresh) = match read(&path)? {
            Some(record) => (record, false),
            None if !opened.contract.needs_start() => return Ok(None),
            None => (self.record(opened, trees)?, true),
        };
        let wanted = opened.contract.base.as_ref().map(|base| base.value.as_str());
        let mut base = None;
        let mut resolved = false;
        if let Some(revision) = wanted {
            let known = record.bases.iter().find(|base| base.revision == revision).cloned();
            resolved = known.is_none();
            let meant = match known {
                Some(base) => base,
                None => resolve(trees, &opened.file.workspace, revision, fresh)?,
            };
            if resolved {
                record.bases.push(meant.clone());
            }
            base = Some(meant);
        }
        if fresh || resolved {
            let _held = self.hold_starts()?;
            // Somebody may have been faster, or have moved it since: what is there counts, and gets what is new.
            if let Some(mut newer) = read(&path)? {
                if let Some(meant) = &mut base {
                    match newer.bases.iter().find(|known| known.revision == meant.revision) {
                        Some(known) => meant.clone_from(known),
                        None => newer.bases.push(meant.clone()),
                    }
                }
                record = newer;
            }
            self.sync_trees(trees, &record)?;
            write(&path, &record)?;
        }
        let base_doubt = base.as_ref().and_then(|base| base.doubt(resolved));
        Ok(Some(Found { record, base, fresh, base_doubt }))
    }

    fn record(&self, opened: &Opened, trees: &Trees) -> Result<Record, Error> {
        let rules = marked(trees.rules(&opened.file.workspace)?, &opened.contract)?;
        let tree = trees.store(&rules, &opened.file.workspace)?;
        Ok(Record {
            version: VERSION,
            contract_path: opened.file.absolute.0.clone(),
            workspace: opened.file.workspace.clone(),
            contract: opened.file.digest,
            recorded: clock::now(),
            tree: Trees::digest(&tree),
            rules: trees.keep_rules(&rules)?,
            bases: Vec::new(),
            accepted: Vec::new(),
            revisions: BTreeMap::new(),
        })
    }

    /// Records the start tree of a contract now, where there is none yet; false where there is one.
    ///
    /// # Errors
    /// The host's own failure. The contract must be sound.
    pub fn record_start(&self, opened: &Opened) -> Result<bool, Error> {
        Ok(self.start(opened, &self.trees()?)?.is_some_and(|found| found.fresh))
    }

    /// Moves the start tree: every path that matches one of `patterns` (as in CODEOWNERS) is from now on
    /// as it is in the workspace. Gives the paths that changed sides, in byte order.
    ///
    /// # Errors
    /// [`Error::NoStart`] where nothing was recorded yet; the host's own failure.
    pub fn accept_change(&self, opened: &Opened, patterns: &[Pattern]) -> Result<Vec<String>, Error> {
        let path = self.record_path(&opened.file, FOLDER);
        let _held = self.hold_starts()?;
        let mut record = read(&path)?.ok_or_else(|| Error::NoStart { path: opened.file.path.clone() })?;
        let trees = self.trees()?;
        let before = trees.load(record.tree)?;
        let rules = marked(trees.load_rules(record.rules)?, &opened.contract)?.with_start(&before);
        let now = trees.store(&rules, &opened.file.workspace)?;
        let is_meant = |path: &[u8]| {
            let path = String::from_utf8_lossy(path);
            patterns.iter().any(|pattern| pattern.matches(&path))
        };
        let moved = before.with_paths_of(&now, is_meant);
        let paths = crate::ground::changed_paths(&before, &moved);
        let contract = contract_in(&opened.file);
        let is_contract = contract.as_ref().is_none_or(|path| is_meant(path.as_bytes()));
        let contract_moves = is_contract && record.contract != opened.file.digest;
        if contract_moves {
            record.contract = opened.file.digest;
        }
        if !paths.is_empty() || contract_moves {
            record.accepted.push(Accepted {
                at: clock::now(),
                patterns: patterns.iter().map(ToString::to_string).collect(),
                before: record.tree,
            });
            record.tree = trees.keep(&moved)?;
            // What the owner ignores from now on is ignored: else no by-product could be named any more.
            if paths.iter().any(|path| rules.is_ignore_file(path)) {
                record.rules = trees.keep_rules(&trees.rules_of(&moved, &rules)?)?;
            }
            self.sync_trees(&trees, &record)?;
            write(&path, &record)?;
        }
        Ok(paths)
    }

    /// Takes a contract that the owner put in force for the owner's work: the start tree has its text from now
    /// on, whatever the file says. Each revision of a goal is taken once, so that what the owner accepts
    /// later stays.
    pub(crate) fn accept_revision(&self, opened: &Opened, goal: GoalId, revision: u32) -> Result<(), Error> {
        let path = self.record_path(&opened.file, FOLDER);
        let _held = self.hold_starts()?;
        let Some(mut record) = read(&path)? else { return Ok(()) };
        let taken = record.revisions.entry(goal.to_string()).or_insert(1);
        if revision <= *taken {
            return Ok(());
        }
        *taken = revision;
        // A start that was recorded with this very contract has it already.
        let is_known = record.contract == opened.file.digest;
        record.contract = opened.file.digest;
        if let Some(contract) = contract_in(&opened.file).filter(|_| !is_known) {
            let trees = self.trees()?;
            let before = trees.load(record.tree)?;
            record.accepted.push(Accepted {
                at: clock::now(),
                patterns: vec![format!("/{contract}")],
                before: record.tree,
            });
            record.tree = trees.keep(&self.with_text(&before, &contract, &opened.file.text)?)?;
            self.sync_trees(&trees, &record)?;
        }
        write(&path, &record)
    }

    /// Makes everything that a record names survive the loss of power, before it is named.
    fn sync_trees(&self, trees: &Trees, record: &Record) -> Result<(), Error> {
        let mut named = vec![record.rules];
        for tree in record.trees() {
            named.push(tree);
            named.extend(trees.load(tree)?.digests());
        }
        Ok(self.blobs.sync(named)?)
    }

    /// The tree with that text in the place of a file that it has.
    fn with_text(&self, tree: &Tree, path: &str, text: &str) -> Result<Tree, Error> {
        // Where the contract does not count, as where git ignores it, it does not begin to.
        let Some(leaf) = tree.get(path.as_bytes()) else { return Ok(tree.clone()) };
        // A link that stands for the contract is as it was; what it leads to is a path of its own.
        if !matches!(leaf.kind, Kind::File | Kind::Executable) {
            return Ok(tree.clone());
        }
        let leaf =
            Leaf { kind: leaf.kind, size: text.len() as u64, digest: self.blobs.keep(text.as_bytes())? };
        let only = Tree::new(vec![Entry { path: path.into(), leaf }]).expect("one file is a tree");
        Ok(tree.with_paths_of(&only, |other| other == path.as_bytes()))
    }

    /// Keeps everybody else from moving a start until it is dropped: a command of the owner and a host that runs
    /// may both be about to, and neither may undo what the other one was told is done.
    fn hold_starts(&self) -> Result<File, Error> {
        let path = self.places.state.join(LOCK);
        let held = private::file(&path).and_then(|file| file.lock().map(|()| file));
        held.map_err(|source| Error::State { action: "lock", path, source })
    }

    /// The contract must be the one that the start was recorded with, or that its owner put in force since.
    ///
    /// # Errors
    /// [`Error::ContractEdited`] where it is not: whoever edits the work could have edited it.
    pub(crate) fn refuse_edited(&self, opened: &Opened) -> Result<(), Error> {
        let record = read(&self.record_path(&opened.file, FOLDER))?;
        match record.is_some_and(|record| record.contract != opened.file.digest) {
            true => Err(Error::ContractEdited { path: opened.file.path.clone() }),
            false => Ok(()),
        }
    }

    /// One file for each contract, named by the places of workspace and contract as their owner names them:
    /// no link is followed, because whoever edits the work can put one there.
    pub(crate) fn record_path(&self, file: &ContractFile, folder: &str) -> PathBuf {
        let (contract, workspace) = &file.absolute;
        let key = format!("{}\0{}", workspace.display(), contract.display());
        let name = format!("{}.json", evident_blobs::Blobs::digest(key.as_bytes()).short());
        self.places.state.join(folder).join(name)
    }
}

impl Record {
    /// The stored trees that this record needs: nothing of them may be removed.
    pub(crate) fn trees(&self) -> impl Iterator<Item = Digest> {
        [self.tree].into_iter().chain(self.bases.iter().map(|base| base.tree))
    }

    /// How often the owner accepted changes, and when the last time was.
    pub(crate) fn accepted(&self) -> (u64, Option<Timestamp>) {
        (self.accepted.len() as u64, self.accepted.last().map(|accepted| accepted.at))
    }
}

/// A record, and what became of it in this run.
pub(crate) struct Found {
    pub(crate) record: Record,
    /// What the contract calls the base.
    pub(crate) base: Option<Base>,
    /// True if it was made just now.
    pub(crate) fresh: bool,
    /// Why nothing that rests on the base is proven.
    pub(crate) base_doubt: Option<Doubt>,
}

impl Base {
    /// A full id means one commit for ever, whoever resolves it. A name is sure where it was resolved together with
    /// the start, but not in the check that did so.
    fn doubt(&self, is_resolved_now: bool) -> Option<Doubt> {
        let named = || Doubt::MovableRevision { name: self.revision.clone(), commit: self.commit.clone() };
        match (is_full_id(&self.revision, &self.commit), self.late) {
            (true, _) => None,
            (false, true) if Defence::MovableRevision.stands() => Some(named()),
            (false, _) => is_resolved_now.then_some(Doubt::FreshBase),
        }
    }
}

/// Absolute, with `.` and `..` taken out by their names alone.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf, Error> {
    let whole = std::path::absolute(path).map_err(|source| Error::State {
        action: "find",
        path: path.to_owned(),
        source,
    })?;
    let mut clean = PathBuf::new();
    for component in whole.components() {
        match component {
            Component::ParentDir => drop(clean.pop()),
            Component::CurDir => {}
            other => clean.push(other),
        }
    }
    Ok(clean)
}

/// The contract's own path in the tree, where it lies there.
pub(crate) fn contract_in(file: &ContractFile) -> Option<String> {
    let (contract, workspace) = &file.absolute;
    contract.strip_prefix(workspace).ok().and_then(Path::to_str).map(str::to_owned)
}

fn resolve(trees: &Trees, workspace: &Path, revision: &str, with_start: bool) -> Result<Base, Error> {
    let commit = commit(trees, workspace, revision)?;
    let tree: Tree = trees.of_commit(workspace, &commit)?;
    let late = !with_start && !is_full_id(revision, &commit);
    Ok(Base { revision: revision.to_owned(), commit, tree: Trees::digest(&tree), late })
}

/// The commit that a revision names now.
pub(crate) fn commit(trees: &Trees, workspace: &Path, revision: &str) -> Result<String, Error> {
    trees.resolve(workspace, revision).map_err(|error| match error {
        evident_collect::Error::Git { problem, .. } => {
            Error::Revision { revision: revision.to_owned(), message: problem }
        }
        other => other.into(),
    })
}

/// True if a revision is the full id of an object, which means one commit for ever. In a repository with ids of
/// this length git takes it for an id whatever else has that name; a text of another length can be a branch.
pub(crate) fn is_full_id(revision: &str, commit: &str) -> bool {
    revision.len() == commit.len() && revision.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Nothing where there is no record; a damaged one is never taken for none, because a new start tree would
/// forgive every change since the old one.
pub(crate) fn read(path: &Path) -> Result<Option<Record>, Error> {
    // A link or a pipe in its place is damage, not the absence of a record.
    let read = evident_regular::whole(path, Links::Refused, RECORD_BYTES_MAX).map_err(std::io::Error::from);
    let json = match read {
        Ok(json) => json,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(Error::State { action: "read", path: path.to_owned(), source }),
    };
    let stored = |message: String| Error::Stored { path: path.to_owned(), message };
    let record: Record = serde_json::from_slice(&json).map_err(|error| stored(error.to_string()))?;
    if record.version != VERSION {
        return Err(stored(format!("it has version {}, this host reads {VERSION}", record.version)));
    }
    Ok(Some(record))
}

/// Renamed into place: a reader sees the old one or the new one, whole.
fn write(path: &Path, record: &Record) -> Result<(), Error> {
    let failed = |source| Error::State { action: "write", path: path.to_owned(), source };
    let folder = path.parent().expect("lies in a folder");
    private::folder(folder).map_err(failed)?;
    let mut fresh = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    let json = serde_json::to_vec_pretty(record).expect("a record has a JSON form");
    fresh.write_all(&json).and_then(|()| fresh.as_file().sync_all()).map_err(failed)?;
    fresh.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}
