//! What an assessment stands on: the frozen rules, the assessed tree, the start tree and the base, and the
//! private folders in which sources run on another tree than the workspace.
//!
//! Everything here blocks.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use evident_blobs::Blobs;
use evident_collect::Collector;
use evident_collect::tree::{
    Cached, Contents, Described, LinesOf, Looked, Materialised, Rules, Side, Stand, Trees, keep_only,
};
use evident_core::assessment::Start;
use evident_core::contract::{At, Contract, Since, Source, lint};
use evident_core::defence::Defence;
use evident_core::digest::Digest;
use evident_core::doubt::Doubt;
use evident_core::evidence::{Artifact, Evidence, TreeSpan};
use evident_core::freshness::{self, Watched};
use evident_core::outcome::{NoEvidence, Reason};
use evident_core::tree::{self, Tree};
use evident_patterns::Pattern;
use evident_process::Orphans;
use evident_sealed::Sealed;

use crate::exposed::COPIES;
use crate::kept::{self, Keep, Record, Records, Use};
use crate::origins::{Origins, patterns};
use crate::preparing::Need;
use crate::{Engine, Error, Opened, above, clock};

/// Time that a source waits for a private folder which another check of the same contract uses.
const FOLDER_WAIT: Duration = Duration::from_secs(600);

/// What lies in the folder of a contract's private copies.
const IN_COPIES: [&str; 4] = ["base", "base.lock", "snapshot", "snapshot.lock"];

/// The name and the media type of the artifact of a comparison.
const CHANGES: (&str, &str) = ("changes", "application/x-ndjson");

/// Trees and rules of one assessment.
pub(crate) struct Ground {
    blobs: Blobs,
    trees: Trees,
    rules: Rules,
    workspace: PathBuf,
    /// Where private folders of this contract lie.
    private: PathBuf,
    scratch: PathBuf,
    protect: Vec<Pattern>,
    write: Vec<Pattern>,
    /// Names of the sources whose added lines a clause searches.
    searched: BTreeSet<String>,
    /// The tree that is assessed.
    assessed: Tree,
    /// What the workspace was when it was last looked at.
    seen: Looked,
    origins: Option<Origins>,
    /// Records of what lies in private copies beside their trees.
    kept: Arc<Option<Sealed>>,
    /// What runs in private copies, and in which environment.
    runs: Digest,
    /// What private copies may hold from before.
    keep: Keep,
    /// Copies that were brought to their tree already: what sources of this assessment leave there stays.
    laid: BTreeSet<At>,
    /// True if a source ran where code of another tree had written before.
    on_old_output: bool,
    orphans: Orphans,
}

/// A folder in which sources are collected, and the tree that it holds.
pub(crate) struct Place {
    pub(crate) collector: Collector,
    /// For a private folder.
    private: Option<Private>,
    /// In the workspace: something there that does not count, and that a command can look at.
    passed: Option<String>,
    /// In the workspace: what it is a part of.
    above: Option<PathBuf>,
}

/// A private folder, held.
struct Private {
    /// The tree that it should hold, if the workspace is still the assessed tree.
    expected: Digest,
    /// The tree that it was brought to.
    tree: Digest,
    rules: Rules,
    held: Materialised,
    /// Where everything in it stood before a source ran.
    stand: Stand,
    /// What lies there beside the tree.
    record: Record,
    /// What sources need installed, by their names.
    needs: BTreeMap<String, Need>,
    /// The folder around the copy.
    folder: PathBuf,
}

impl Place {
    /// What a source needs installed here, and whether it is.
    pub(crate) fn need(&self, source: &str) -> Option<(&Need, bool)> {
        let private = self.private.as_ref()?;
        let need = private.needs.get(source)?;
        Some((need, private.record.prepared.contains(&need.key)))
    }

    /// Why what a command shows here is not proven.
    pub(crate) fn doubts(&self, source: &Source) -> Vec<Doubt> {
        if source.as_run().is_none() {
            return Vec::new();
        }
        let name = || source.name.value.clone();
        let Some(private) = &self.private else {
            let doubt = |example: &String| Doubt::IgnoredFiles { source: name(), example: example.clone() };
            let above = self.above.as_ref().map(|folder| folder.display().to_string());
            let above = above.map(|folder| Doubt::FolderAbove { source: name(), folder });
            return self.passed.iter().map(doubt).chain(above).collect();
        };
        let old = private.record.is_mixed().then(|| Doubt::OldOutput { source: name() });
        let file = private.needs.get(&source.name.value).and_then(|need| need.unprotected.clone());
        old.into_iter().chain(file.map(|file| Doubt::UnprotectedLock { source: name(), file })).collect()
    }
}

impl Engine {
    /// Trees with their stat caches in the cache folder.
    pub(crate) fn trees(&self) -> Result<Trees, Error> {
        let trees = Trees::new(&self.places.cache.join("stat"), self.blobs.clone())?;
        Ok(trees.as_long_as(self.wanted.clone()))
    }

    /// Looks at the workspace, and finds or records what it is compared with. `since` names a commit that
    /// takes the place of the recorded start.
    pub(crate) fn ground(&self, opened: &Opened, since: Option<&str>) -> Result<Ground, Error> {
        let trees = self.trees()?;
        let workspace = opened.file.workspace.clone();
        let (rules, origins) = self.origins(opened, &trees, since)?;
        let seen = trees.look(&rules, &workspace, Cached::Use)?;
        let key = self.record_path(&opened.file, "");
        let key = key.file_stem().expect("has a name").to_owned();
        Ok(Ground {
            blobs: self.blobs.clone(),
            private: self.places.cache.join(COPIES).join(key),
            scratch: self.places.state.join("out"),
            protect: patterns(&opened.contract.boundary.protect)?,
            write: patterns(&opened.contract.boundary.write)?,
            searched: searched(&opened.contract),
            assessed: seen.tree.clone(),
            seen,
            trees,
            rules,
            workspace,
            origins,
            kept: Arc::clone(&self.kept),
            runs: kept::runs(&opened.contract),
            keep: Keep::Any,
            laid: BTreeSet::new(),
            on_old_output: false,
            orphans: self.orphans.clone(),
        })
    }

    /// Digest of the workspace as it is, by the rules of the start.
    pub(crate) fn tree(&self, opened: &Opened) -> Result<Digest, Error> {
        let trees = self.trees()?;
        let (rules, _) = self.origins(opened, &trees, None)?;
        Ok(Trees::digest(&trees.scan(&rules, &opened.file.workspace, Cached::Use)?))
    }
}

impl Ground {
    /// Where evidence lies.
    pub(crate) fn blobs(&self) -> &Blobs {
        &self.blobs
    }

    /// Digest of the assessed tree.
    pub(crate) fn assessed(&self) -> Digest {
        Trees::digest(&self.assessed)
    }

    /// What the assessment says about its start.
    pub(crate) fn told(&self) -> Option<Start> {
        self.origins.as_ref().map(|origins| origins.told.clone())
    }

    /// Why no pass on this ground is proven.
    pub(crate) fn doubts(&self) -> Vec<Doubt> {
        self.origins.as_ref().map(|origins| origins.doubts.clone()).unwrap_or_default()
    }

    /// The folder in which sources are collected; a private one is held until the place is dropped, and holds
    /// what one of `sources` needs installed only where that is right for all of them.
    pub(crate) fn place(&mut self, at: At, sources: &[Source]) -> Result<Place, Error> {
        let (tree, expected, name) = match at {
            At::Work => {
                let collector =
                    Collector::new(&self.workspace, &self.scratch, self.blobs.clone(), self.rules.clone())?;
                let collector = collector.ending(self.orphans.clone());
                let above = above::of(&self.workspace, &self.rules);
                return Ok(Place { collector, private: None, passed: self.seen.passed.clone(), above });
            }
            At::Base => {
                let tree = self.with_inputs(&self.origins().base);
                let expected = Trees::digest(&tree);
                (tree, expected, "base")
            }
            At::Snapshot => {
                // The contents are needed: the scan of the assessed tree kept none.
                let work = self.trees.store(&self.rules, &self.workspace)?;
                (self.protected(work), Trees::digest(&self.protected(self.assessed.clone())), "snapshot")
            }
        };
        let rules = self.trees.rules_of(&tree, &self.rules)?;
        self.tidy()?;
        let needs = self.needs(&tree, at, sources);
        let is_first = self.laid.insert(at);
        let wanted = needs.values().map(|need| need.key).filter(|_| is_first).collect();
        let runs = || sources.iter().filter(|source| source.at == at).filter_map(Source::as_run);
        let is_emptied = is_first && runs().any(|run| run.fresh == Some(true));
        let keep = if is_emptied { Keep::Nothing } else { self.keep };
        let all = self.runs;
        let (held, record) = self.bring((&tree, &rules), name, &|before, tree| {
            kept::decide(before, at, (tree, all), keep, &wanted)
        })?;
        self.on_old_output |= record.is_mixed() && runs().any(|run| run.fresh != Some(false));
        let (scratch, blobs) = (&self.scratch, self.blobs.clone());
        // What an earlier run left there is no evidence: only files of the tree are found.
        let collector = Collector::new(held.folder(), scratch, blobs, rules.clone())?
            .only(held.tree(), &self.workspace)?
            .caching(&held.cache())
            .ending(self.orphans.clone());
        let tree = Trees::digest(&tree);
        let stand = self.trees.stand(&rules, held.folder())?;
        let folder = self.private.join(name);
        let private = Private { expected, tree, rules, held, stand, record, needs, folder };
        Ok(Place { collector, private: Some(private), passed: None, above: None })
    }

    /// What each source at a place needs installed.
    fn needs(&self, tree: &Tree, at: At, sources: &[Source]) -> BTreeMap<String, Need> {
        let here = sources.iter().filter(|source| source.at == at);
        let needs = here.filter_map(|source| {
            let run = source.as_run()?;
            let trusted = |path: &str| {
                at == At::Base || self.is_protected(path.as_bytes()) || self.rules.is_input(path.as_bytes())
            };
            Some((source.name.value.clone(), Need::of(run, tree, trusted)?))
        });
        needs.collect()
    }

    /// Writes down that something is installed in a private copy, unless the command changed what counts.
    pub(crate) fn installed(&mut self, place: &mut Place, key: Digest) -> Result<Vec<String>, Error> {
        let changed = self.look_at(place, false)?.map(|watched| watched.changed).unwrap_or_default();
        if let Some(private) = place.private.as_mut().filter(|_| changed.is_empty()) {
            private.stand = self.trees.stand(&private.rules, private.held.folder())?;
            private.record.prepared.insert(key);
            Records::new(self.kept.as_ref().as_ref()).put(&private.folder, &private.record)?;
        }
        Ok(changed)
    }

    /// Brings a private copy to a tree, and writes down whose code will have run in it.
    fn bring(
        &self,
        (tree, rules): (&Tree, &Rules),
        name: &str,
        decide: &dyn Fn(Option<&Record>, Digest) -> Use,
    ) -> Result<(Materialised, Record), Error> {
        let (folder, digest) = (self.private.join(name), Trees::digest(tree));
        let records = Records::new(self.kept.as_ref().as_ref());
        let mut used = None;
        // Asked once the folder is held: another check of the contract may have run there until now.
        let mut output = || used.insert(decide(records.get(&folder).as_ref(), digest)).output;
        let brought = (tree, rules);
        let held =
            self.trees.materialise_with(brought, &folder, &self.workspace, FOLDER_WAIT, &mut output)?;
        let record = used.expect("was asked").record;
        records.put(&folder, &record)?;
        Ok((held, record))
    }

    /// True if a source ran where code of another tree had written before. From then on, no copy holds such
    /// output any more: whatever is collected again is collected on the tree alone.
    pub(crate) fn begins_afresh(&mut self) -> bool {
        self.keep = Keep::Own;
        self.laid.clear();
        std::mem::take(&mut self.on_old_output)
    }

    /// Removes what does not belong around private copies: tools look for their settings in the folders above.
    fn tidy(&self) -> Result<(), Error> {
        let around = self.private.parent().expect("lies in a folder");
        let is_key = |name: &OsStr| {
            name.to_str().is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_hexdigit()))
        };
        keep_only(around, is_key)?;
        keep_only(&self.private, |name| IN_COPIES.iter().any(|known| name == *known))?;
        Ok(())
    }

    /// A tree with every protected path, and every input, as it was at the start: an ignored file that the
    /// worker writes must not act there.
    fn protected(&self, tree: Tree) -> Tree {
        if !Defence::ProtectedFromStart.stands() {
            return tree;
        }
        let is_kept = |path: &[u8]| self.is_protected(path) || self.rules.is_input(path);
        tree.with_paths_of(&self.origins().start, is_kept)
    }

    /// A commit holds no ignored file: the inputs come from the start tree.
    fn with_inputs(&self, base: &Tree) -> Tree {
        base.with_paths_of(&self.origins().start, |path| self.rules.is_input(path))
    }

    fn is_protected(&self, path: &[u8]) -> bool {
        let path = String::from_utf8_lossy(path);
        // A nested repository is one entry with the name of its folder.
        let repository = format!("{path}/.git");
        self.protect.iter().any(|pattern| pattern.matches(&path) || pattern.matches(&repository))
    }

    /// True for a file, or a folder with all that counts in it, that the worker may change.
    fn may_move(&self, path: &[u8], tree: &Tree) -> bool {
        let may_change = |path: &[u8]| {
            let is_written = self.write.iter().any(|pattern| pattern.matches_bytes(path));
            is_written && !self.is_protected(path) && !self.rules.is_input(path)
        };
        let entries = tree.entries();
        let first = entries.partition_point(|entry| entry.path.as_slice() < path);
        let after = entries[first..].iter().map_while(|entry| Some((entry, entry.path.strip_prefix(path)?)));
        let mut inside = after.filter(|(_, rest)| rest.is_empty() || rest.starts_with(b"/")).peekable();
        inside.peek().is_some() && inside.all(|(entry, _)| may_change(&entry.path))
    }

    fn origins(&self) -> &Origins {
        self.origins.as_ref().expect("a contract that needs a start has one")
    }

    /// Why evidence from the base proves nothing.
    pub(crate) fn base_doubt(&self) -> Option<Doubt> {
        self.origins.as_ref().and_then(|origins| origins.base_doubt.clone())
    }

    /// Looks at the workspace again after a batch of sources, and says what they were collected on.
    pub(crate) fn look(&mut self) -> Result<Watched, Error> {
        let before = Trees::digest(&self.seen.tree);
        let now = match self.trees.look(&self.rules, &self.workspace, Cached::Use) {
            Ok(now) => now,
            Err(error) => {
                let (changed, after) = beyond(error)?;
                let span = TreeSpan { before, after };
                let (moved, leads_out) = (Vec::new(), Vec::new());
                let expected = self.assessed();
                return Ok(Watched { expected, span, changed, ignored: false, moved, leads_out });
            }
        };
        let span = TreeSpan { before, after: Trees::digest(&now.tree) };
        let reference = if span.before == span.after { &self.assessed } else { &self.seen.tree };
        let changed = changed_paths(reference, &now.tree);
        let moved = texts(&now.stand.moved_since(&self.seen.stand));
        let leads_out = now.leads_out.clone();
        self.seen = now;
        let ignored = !changed.is_empty() && changed.iter().all(|path| self.rules.names_ignored(path));
        Ok(Watched { expected: self.assessed(), span, changed, ignored, moved, leads_out })
    }

    /// Looks at a private folder after sources ran in it; nothing for the workspace.
    ///
    /// A source that ran alone (`is_alone`) may have rewritten, with the same bytes, what the worker may change:
    /// code that is generated into the tree. Its own code was all that ran there, and decides what it reports with
    /// or without that. Another source would have read what was there for a while.
    pub(crate) fn look_at(&self, place: &Place, is_alone: bool) -> Result<Option<Watched>, Error> {
        let Some(private) = &place.private else { return Ok(None) };
        let before = private.tree;
        let mut moved = Vec::new();
        let (changed, after) = match self.trees.look(&private.rules, private.held.folder(), Cached::Never) {
            Ok(now) => {
                let mut paths = now.stand.moved_since(&private.stand);
                paths.retain(|path| !(is_alone && self.may_move(path, private.held.tree())));
                moved = texts(&paths);
                let changed = changed_paths(private.held.tree(), &now.tree);
                let after = if changed.is_empty() { before } else { Trees::digest(&now.tree) };
                (changed, after)
            }
            Err(error) => beyond(error)?,
        };
        let span = TreeSpan { before, after };
        let leads_out = private.held.leads_out().to_vec();
        Ok(Some(Watched { expected: private.expected, span, changed, ignored: false, moved, leads_out }))
    }

    /// Compares the assessed tree with the start or the base.
    pub(crate) fn compare(&self, source: &Source, since: Since) -> Result<Evidence, Error> {
        let started = clock::now();
        let origins = self.origins();
        let from = match since {
            Since::Start => &origins.start,
            Since::Base => &origins.base,
        };
        let from = Side { name: since.word(), tree: from, contents: Contents::Blobs };
        let to = Side { name: "work", tree: &self.assessed, contents: Contents::Folder(&self.workspace) };
        let is_searched = self.searched.contains(&source.name.value);
        let lines = if is_searched { LinesOf::Everything } else { LinesOf::Text };
        let most = source.artifact_bytes_max;
        let mut writer = self.blobs.create()?;
        match self.trees.describe(&from, &to, lines, most, &mut writer) {
            Ok(Described::Whole) => {}
            Ok(Described::TooLarge) => {
                let detail = format!("the comparison has more than {most} bytes");
                let reason = Reason::NoEvidence(NoEvidence::Overflow);
                return Ok(freshness::none(source, reason, &detail, started));
            }
            Err(evident_collect::Error::Unsteady { path }) => {
                let detail = format!("`{}` changed while the trees were compared", path.display());
                return Ok(freshness::none(source, Reason::TreeChanged, &detail, started));
            }
            Err(error) => return Err(error.into()),
        }
        let (digest, size) = writer.finish()?;
        let mut origin = freshness::origin(source, started);
        origin.ended = clock::now();
        // What was recorded a moment ago forgives whatever was done before.
        match since {
            Since::Start if origins.told.fresh => origin.doubts.push(Doubt::FreshStart),
            Since::Base => origin.doubts.extend(origins.base_doubt.clone()),
            Since::Start => {}
        }
        let artifact = Artifact { name: CHANGES.0.into(), media_type: CHANGES.1.into(), size, digest };
        Ok(Evidence { origin, artifacts: vec![artifact], shortfall: None })
    }

    /// The last look: the paths that differ from the assessed tree. Where a pass depends on it, every file
    /// is read.
    pub(crate) fn changed_since(&self, decides: bool) -> Result<Vec<String>, Error> {
        let cached = if decides && Defence::FullDigest.stands() { Cached::Never } else { Cached::Use };
        match self.trees.scan(&self.rules, &self.workspace, cached) {
            Ok(now) => Ok(changed_paths(&self.assessed, &now)),
            Err(error) => Ok(beyond(error)?.0),
        }
    }
}

/// What a look says that could not be finished because of what the work, or a command, did to the folder: it
/// is not what it was. The path, and the digest of no tree.
fn beyond(error: evident_collect::Error) -> Result<(Vec<String>, Digest), Error> {
    let Some((path, _)) = error.of_the_work() else { return Err(error.into()) };
    Ok((vec![path.display().to_string()], Trees::digest(&Tree::default())))
}

/// Paths as text.
fn texts(paths: &[Vec<u8>]) -> Vec<String> {
    paths.iter().map(|path| String::from_utf8_lossy(path).into_owned()).collect()
}

/// The sources whose added lines some clause searches: the config of such a clause has a key `added`.
fn searched(contract: &Contract) -> BTreeSet<String> {
    let searches = |config: &serde_json::Value| config.get("added").is_some();
    let clauses = contract.clauses.iter().filter(|clause| searches(&clause.config.json));
    let selectors = clauses.flat_map(|clause| lint::selectors(&clause.evidence));
    selectors.map(|selector| selector.value.source.clone()).collect()
}

/// Paths that differ, as text, in byte order.
pub(crate) fn changed_paths(from: &Tree, to: &Tree) -> Vec<String> {
    let changes = tree::compare(from, to);
    changes.changes.iter().map(|change| String::from_utf8_lossy(&change.path).into_owned()).collect()
}
