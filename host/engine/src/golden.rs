//! Golden cases of a checker: evidence, a config, and the outcome that is expected; and variants of each
//! that must not pass.
//!
//! A case is a folder: `evidence/SLOT/...` holds the artifacts of each slot, named by their paths below it,
//! `config.json` the config (none means `{}`), `expected.json` what must come out. From each case the host makes variants by itself:
//! every artifact cut, empty, and with zero bytes behind it. A checker that passes one of them believes
//! what it could not have read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use evident_core::binding::BoundSlot;
use evident_core::evidence::{Artifact, Exit, Origin, OriginKind, Timestamp, media_type};
use evident_core::outcome::{Outcome, Status};
use serde::Deserialize;

use crate::judge::Question;
use crate::{Engine, Error, LoadedChecker};

mod variants;

pub use variants::Variant;

/// Bytes of one file of a case.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Cases of a folder.
const CASES_MAX: usize = 10_000;

/// Levels of folders below a slot: `1/report.xml` is what the goes of a source need.
const LEVELS_MAX: usize = 4;

/// A case on the disk.
#[derive(Debug, Clone)]
pub struct Case {
    /// The name of its folder.
    pub name: String,
    config: String,
    /// Slot, name and bytes of each artifact, in byte order.
    artifacts: Vec<(String, String, Vec<u8>)>,
    expected: Expected,
}

/// What must come out. Keys that are absent are not looked at.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    /// `pass`, `fail` or `inconclusive`.
    status: String,
    /// Of an inconclusive outcome, for example `malformed`.
    reason: Option<String>,
    /// How much was examined.
    examined: Option<u64>,
    /// The rules of all findings, in their order.
    findings: Option<Vec<String>>,
    /// How the command of the evidence ended, 0 where this is absent.
    #[serde(default)]
    exit: i32,
    /// True for what the host makes without any command: its comparison of trees.
    #[serde(default)]
    by_host: bool,
    /// Variants that may pass, by name, with the reason why.
    #[serde(default)]
    may_pass: BTreeMap<String, String>,
}

/// How a case, or a variant of it, went.
#[derive(Debug, Clone)]
pub struct Tried {
    /// The name of the case.
    pub case: String,
    /// What was changed; nothing for the case itself.
    pub variant: Option<Variant>,
    /// What is wrong; nothing where all is right.
    pub wrong: Option<String>,
}

impl Engine {
    /// Reads the cases of a folder, in byte order of their names.
    ///
    /// # Errors
    /// [`Error::Case`] names the case that cannot be read and why.
    pub fn cases(&self, folder: &Path) -> Result<Vec<Case>, Error> {
        let names: Vec<PathBuf> = listed(folder)?.into_iter().filter(|path| path.is_dir()).collect();
        if names.is_empty() || names.len() > CASES_MAX {
            let what = format!("holds {} folders of cases, expected 1 to {CASES_MAX}", names.len());
            return Err(wrong(folder, what));
        }
        names.iter().map(|path| read(path)).collect()
    }

    /// Tries a case, and every variant of it. Blocks.
    ///
    /// # Errors
    /// The host's own failure.
    pub fn try_case(&self, loaded: &LoadedChecker, case: &Case) -> Result<Vec<Tried>, Error> {
        let outcome = self.outcome(loaded, case, &case.artifacts)?;
        let tried = |variant, wrong| Tried { case: case.name.clone(), variant, wrong };
        let mut all = vec![tried(None, case.expected.differs(&outcome))];
        let mut excused: BTreeSet<&str> = case.expected.may_pass.keys().map(String::as_str).collect();
        for (variant, artifacts) in variants::of(&case.artifacts) {
            let outcome = self.outcome(loaded, case, &artifacts)?;
            let is_excused = excused.remove(variant.to_string().as_str());
            let wrong = match (outcome.status == Status::Pass, is_excused) {
                (true, false) => Some(format!("passes: {}", outcome.summary)),
                // An excuse that is not needed would hide the day on which it is.
                (false, true) => Some("is listed in `may_pass`, and does not pass".into()),
                _ => None,
            };
            all.push(tried(Some(variant), wrong));
        }
        for unknown in excused {
            let wrong = format!("`{unknown}` is listed in `may_pass`, and there is no such variant");
            all.push(tried(None, Some(wrong)));
        }
        Ok(all)
    }

    /// Asks the checker about a case as it is, anew, and says what that used.
    ///
    /// # Errors
    /// The host's own failure.
    pub fn run_case(&self, loaded: &LoadedChecker, case: &Case) -> Result<crate::Usage, Error> {
        let answer = self.answer(loaded, case, &case.artifacts)?;
        let none = crate::Usage { fuel: 0, memory_bytes: 0, wall_us: 0 };
        Ok(answer.usage.unwrap_or(none))
    }

    fn outcome(
        &self,
        loaded: &LoadedChecker,
        case: &Case,
        artifacts: &[(String, String, Vec<u8>)],
    ) -> Result<Outcome, Error> {
        Ok(self.answer(loaded, case, artifacts)?.outcome)
    }

    fn answer(
        &self,
        loaded: &LoadedChecker,
        case: &Case,
        artifacts: &[(String, String, Vec<u8>)],
    ) -> Result<crate::judge::Answer, Error> {
        let mut kept = Vec::new();
        for (slot, name, bytes) in artifacts {
            if loaded.descriptor.slot(slot).is_none() {
                return Err(wrong(Path::new(&case.name), format!("the checker has no slot `{slot}`")));
            }
            kept.push((slot.as_str(), self.keep_artifact(name, bytes)?));
        }
        let origin = origin(&case.expected);
        let slots = loaded.descriptor.slots.iter().map(|slot| BoundSlot {
            slot,
            artifacts: kept
                .iter()
                .filter(|(bound, _)| *bound == slot.name)
                .map(|(_, artifact)| (artifact, &origin))
                .collect(),
        });
        let bound: Vec<BoundSlot<'_>> = slots.collect();
        let config = case.config.clone();
        let question =
            Question { name: &case.name, checker: &case.name, loaded, config, bound: &bound, anew: true };
        self.ask(&question, &(Arc::new(|_| ()) as crate::Listener))
    }

    fn keep_artifact(&self, name: &str, bytes: &[u8]) -> Result<Artifact, Error> {
        use std::io::Write;
        let mut writer = self.blobs.create()?;
        writer.write_all(bytes).map_err(evident_collect::Error::Write)?;
        let (digest, size) = writer.finish()?;
        Ok(Artifact { name: name.to_owned(), media_type: media_type(name).to_owned(), size, digest })
    }
}

impl Case {
    /// The bytes of each artifact.
    pub fn contents(&self) -> impl Iterator<Item = &[u8]> {
        self.artifacts.iter().map(|(_, _, bytes)| bytes.as_slice())
    }

    /// Bytes of its evidence.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.artifacts.iter().map(|(_, _, bytes)| bytes.len() as u64).sum()
    }
}

impl Expected {
    /// What is other than expected, in one line.
    fn differs(&self, outcome: &Outcome) -> Option<String> {
        let mut differences = Vec::new();
        let mut compare = |what: &str, expected: &str, found: &str| {
            if expected != found {
                differences.push(format!("{what} is {found}, expected {expected}"));
            }
        };
        compare("the status", &self.status, outcome.status.word());
        if let Some(expected) = &self.reason {
            let found = match outcome.status {
                Status::Inconclusive(reason) => reason.to_string(),
                _ => "none".into(),
            };
            // `insufficient-data` means it whatever is needed; `no-evidence(missing)` means that alone.
            let stem = found.split('(').next().unwrap_or_default();
            compare("the reason", expected, if expected.contains('(') { &found } else { stem });
        }
        if let Some(expected) = self.examined {
            compare("examined", &expected.to_string(), &outcome.examined.count.to_string());
        }
        if let Some(expected) = &self.findings {
            let found: Vec<&str> = outcome.findings.iter().map(|finding| finding.rule.as_str()).collect();
            compare("the list of findings", &expected.join(", "), &found.join(", "));
        }
        let summary = &outcome.summary;
        (!differences.is_empty()).then(|| format!("{}; it says: {summary}", differences.join("; ")))
    }
}

fn origin(expected: &Expected) -> Origin {
    let exit = (!expected.by_host).then_some(expected.exit);
    Origin {
        source: "golden".into(),
        kind: OriginKind::Produced,
        argv: exit.iter().map(|_| "golden".to_owned()).collect(),
        at: evident_core::contract::At::Work,
        repeat: 1,
        exit: exit.map(Exit::Code),
        exit_accepted: exit == Some(0),
        // A golden case is the same in every year.
        started: Timestamp(0),
        ended: Timestamp(0),
        age_ms: None,
        doubts: Vec::new(),
        tree: None,
        prepared: None,
    }
}

fn read(folder: &Path) -> Result<Case, Error> {
    let name = named(folder)?;
    let config = match bytes(&folder.join("config.json"))? {
        None => "{}".to_owned(),
        Some(bytes) => {
            let value: serde_json::Value = serde_json::from_slice(&bytes)
                .map_err(|error| wrong(folder, format!("`config.json`: {error}")))?;
            value.to_string()
        }
    };
    let expected = bytes(&folder.join("expected.json"))?;
    let expected = expected.ok_or_else(|| wrong(folder, "has no `expected.json`".into()))?;
    let expected: Expected = serde_json::from_slice(&expected)
        .map_err(|error| wrong(folder, format!("`expected.json`: {error}")))?;
    if !["pass", "fail", "inconclusive"].contains(&expected.status.as_str()) {
        return Err(wrong(folder, format!("`{}` is not a status", expected.status)));
    }
    if let Some((variant, _)) = expected.may_pass.iter().find(|(_, why)| why.trim().is_empty()) {
        return Err(wrong(folder, format!("lets `{variant}` pass and does not say why")));
    }
    let mut artifacts = Vec::new();
    for slot in listed(&folder.join("evidence"))? {
        let slot_name = named(&slot)?;
        add(&mut artifacts, &slot, &slot_name, "", 0)?;
    }
    Ok(Case { name, config, artifacts, expected })
}

/// Adds the files of a folder, those in folders below it by their paths; in byte order.
fn add(
    artifacts: &mut Vec<(String, String, Vec<u8>)>,
    folder: &Path,
    slot: &str,
    below: &str,
    level: usize,
) -> Result<(), Error> {
    if level > LEVELS_MAX {
        return Err(wrong(folder, format!("lies more than {LEVELS_MAX} levels below its slot")));
    }
    for file in listed(folder)? {
        let name = format!("{below}{}", named(&file)?);
        if file.is_dir() {
            add(artifacts, &file, slot, &format!("{name}/"), level + 1)?;
        } else {
            let found = bytes(&file)?.ok_or_else(|| wrong(&file, "is gone".into()))?;
            artifacts.push((slot.to_owned(), name, found));
        }
    }
    Ok(())
}

fn named(path: &Path) -> Result<String, Error> {
    let name = path.file_name().and_then(|name| name.to_str());
    name.map(str::to_owned).ok_or_else(|| wrong(path, "has a name that is not UTF-8".into()))
}

fn listed(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let failed = |error| wrong(folder, format!("cannot be listed: {error}"));
    let entries = fs::read_dir(folder).map_err(failed)?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut paths = paths.collect::<Result<Vec<PathBuf>, _>>().map_err(failed)?;
    paths.sort();
    Ok(paths)
}

/// The bytes of a file; nothing where there is none.
fn bytes(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Ok(metadata) if !metadata.is_file() => return Err(wrong(path, "is not a regular file".into())),
        Ok(metadata) if metadata.len() > FILE_BYTES_MAX => {
            return Err(wrong(path, format!("has more than {FILE_BYTES_MAX} bytes")));
        }
        _ => {}
    }
    fs::read(path).map(Some).map_err(|error| wrong(path, format!("cannot be read: {error}")))
}

fn wrong(path: &Path, message: String) -> Error {
    Error::Case { path: path.to_owned(), message }
}
