//! Fills a private copy with what git ignores and a source needs: packages, an environment.
//!
//! The command of `prepare` runs like any other command, in the copy, before the source. What it made is kept
//! by a key of the command and its lock files. A command that fails, or that changes what counts, gives the
//! source no evidence.

use std::collections::BTreeMap;
use std::io::{Read as _, Seek as _, SeekFrom};

use evident_blobs::Blobs;
use evident_core::contract::prepare::Prepare;
use evident_core::contract::{Recipe, Run, Source};
use evident_core::digest::Digest;
use evident_core::evidence::{Evidence, Prepared, Shortfall};
use evident_core::freshness;
use evident_core::outcome::{NoEvidence, Reason};
use evident_core::tree::Tree;
use serde_json::json;

use crate::collecting::Shared;
use crate::ground::Place;
use crate::{Error, clock};

/// Bytes at the end of what a command wrote, of which the last line is shown.
const TAIL_BYTES: u64 = 4096;

/// What a source needs installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Need {
    /// Of the command and of the files that decide what it makes.
    pub(crate) key: Digest,
    /// A lock file that the worker may change.
    pub(crate) unprotected: Option<String>,
}

impl Need {
    /// Nothing for a command without `prepare`. Where no lock file is there, it depends on the whole tree.
    pub(crate) fn of(run: &Run, tree: &Tree, is_protected: impl Fn(&str) -> bool) -> Option<Self> {
        let prepare = run.prepare.as_ref()?;
        let digest = |path: &str| tree.get(path.as_bytes()).map(|leaf| leaf.digest);
        let files = prepare.lock_files(&run.cwd, |path| digest(path).is_some());
        let from: BTreeMap<&str, Option<Digest>> =
            files.iter().map(|path| (path.as_str(), digest(path))).collect();
        let whole = from.is_empty().then(|| Blobs::digest(&tree.manifest()));
        let key = json!([prepare.argv, run.cwd, run.env_pass, run.env_set, from, whole]);
        Some(Self {
            key: Blobs::digest(key.to_string().as_bytes()),
            unprotected: files.into_iter().find(|path| !is_protected(path)),
        })
    }
}

/// Whether a source can run at its place.
pub(crate) enum Ready {
    /// It can.
    Yes(Option<Prepared>),
    /// It cannot; its evidence says why.
    No(Box<Evidence>),
}

/// Sees to it that what a source needs is installed.
///
/// # Errors
/// The host's own failure.
pub(crate) async fn prepare(ground: &Shared, place: Place, source: &Source) -> Result<(Place, Ready), Error> {
    let Recipe::Run(run) = &source.recipe else { return Ok((place, Ready::Yes(None))) };
    let (Some(prepare), Some((need, is_there))) = (&run.prepare, place.need(&source.name.value)) else {
        return Ok((place, Ready::Yes(None)));
    };
    if is_there {
        return Ok((place, Ready::Yes(Some(Prepared::Kept))));
    }
    let key = need.key;
    let evidence = place.collector.collect(&as_source(source, run, prepare), None).await?;
    let mut place = place;
    if evidence.shortfall.is_some() || !evidence.origin.exit_accepted {
        let evidence = ground.with(move |ground| Ok(failed(ground.blobs(), evidence))).await?;
        return Ok((place, Ready::No(Box::new(named(evidence, source)))));
    }
    let (place, changed) = ground
        .with(move |ground| {
            let changed = ground.installed(&mut place, key)?;
            Ok((place, changed))
        })
        .await?;
    if changed.is_empty() {
        return Ok((place, Ready::Yes(Some(Prepared::Made))));
    }
    let paths = freshness::listed(&changed);
    let detail = format!("`prepare` changed what counts: {paths}; ignore what it makes");
    Ok((place, Ready::No(Box::new(freshness::none(source, Reason::TreeChanged, &detail, clock::now())))))
}

/// The command of `prepare` as a source of its own: same folder, environment and bounds.
fn as_source(source: &Source, run: &Run, prepare: &Prepare) -> Source {
    let run =
        Run { argv: prepare.argv.clone(), exit: vec![0], collect: Vec::new(), prepare: None, ..run.clone() };
    Source { recipe: Recipe::Run(run), repeat: 1, interleave: None, ..source.clone() }
}

/// Says why the source gives no evidence; what the command wrote stays for a person.
fn failed(blobs: &Blobs, mut evidence: Evidence) -> Evidence {
    let why = match (&evidence.shortfall, evidence.origin.exit) {
        (Some(shortfall), _) => shortfall.detail.clone(),
        (None, Some(exit)) => format!("it ended with {exit}"),
        (None, None) => "it did not end".to_owned(),
    };
    let said = telling_line(blobs, &evidence).map(|line| format!(": {line}")).unwrap_or_default();
    let reason =
        evidence.shortfall.as_ref().map_or(Reason::NoEvidence(NoEvidence::Missing), |one| one.reason);
    evidence.shortfall = Some(Shortfall { reason, detail: format!("`prepare` failed, {why}{said}") });
    evidence.with_safe_text()
}

/// The last line about an error that the command wrote to its error output, or else to its output; the last
/// line where none is. Installers end with a hint, or with the name of a log.
fn telling_line(blobs: &Blobs, evidence: &Evidence) -> Option<String> {
    let lines = ["stderr", "stdout"].into_iter().filter_map(|name| {
        let artifact = evidence.artifacts.iter().find(|artifact| artifact.name == name)?;
        let (mut file, _) = blobs.read(artifact.digest).ok()?;
        file.seek(SeekFrom::Start(artifact.size.saturating_sub(TAIL_BYTES))).ok()?;
        let mut bytes = Vec::new();
        file.take(TAIL_BYTES).read_to_end(&mut bytes).ok()?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let lines = || text.lines().rev().map(str::trim).filter(|line| !line.is_empty());
        let of_error = lines().find(|line| {
            let line = line.to_ascii_lowercase();
            line.contains("error") && !line.starts_with("hint") && !line.contains("complete log of this run")
        });
        of_error.or_else(|| lines().next()).map(str::to_owned)
    });
    lines.into_iter().next()
}

/// The evidence as that of the source itself, whose command did not run.
fn named(evidence: Evidence, source: &Source) -> Evidence {
    let mut origin = freshness::origin(source, evidence.origin.started);
    origin.ended = evidence.origin.ended;
    Evidence { origin, ..evidence }
}
