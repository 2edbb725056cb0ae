//! Opens a contract: reads it, loads the checkers that it names, and lints the whole.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use evident_blobs::Blobs;
use evident_collect::Collector;
use evident_collect::tree::Rules;
use evident_core::contract::lint::{self, CheckerState};
use evident_core::contract::{self, CONTRACT_BYTES_MAX, Clause, Contract, LimitEntries, Recipe, Wasi};
use evident_core::descriptor::Descriptor;
use evident_core::digest::Digest;
use evident_core::outcome::FaultClass;
use evident_core::problem::{Problem, Rule, has_errors};
use evident_patterns::Pattern;
use evident_registry::Resolved;
use evident_regular::Links;
use evident_sandbox::{COMPONENT_BYTES_MAX, Ceilings, Checker};

use crate::{Engine, Error, Event, Listener, start, surroundings};

/// The text of a contract and where it is from: all that looking up an assessment needs.
#[derive(Debug, Clone)]
pub struct ContractFile {
    /// The text.
    pub text: String,
    /// Of the text.
    pub digest: Digest,
    /// Where it was read, as the caller named it.
    pub path: PathBuf,
    /// Canonical folder that relative paths mean.
    pub workspace: PathBuf,
    /// The same as the caller named it.
    pub named_workspace: PathBuf,
    /// `path` and `named_workspace`, absolute by their names alone. Made once: the folder in which this process
    /// runs can be the workspace, and the work can remove it.
    pub(crate) absolute: (PathBuf, PathBuf),
}

impl ContractFile {
    /// Reads the contract at `path`; `workspace` is its folder unless it is given.
    ///
    /// # Errors
    /// When there is no such file or folder, or it is not a text of a contract's size.
    pub fn read(path: &Path, workspace: Option<&Path>) -> Result<Self, Error> {
        let text = read_text(path)?;
        let folder = workspace.or_else(|| path.parent().filter(|folder| !folder.as_os_str().is_empty()));
        let folder = folder.unwrap_or(Path::new("."));
        let workspace = fs::canonicalize(folder)
            .and_then(
                |folder| if folder.is_dir() { Ok(folder) } else { Err(ErrorKind::NotADirectory.into()) },
            )
            .map_err(|source| Error::Workspace { path: folder.to_owned(), source })?;
        let digest = Blobs::digest(text.as_bytes());
        let absolute = (start::absolute(path)?, start::absolute(folder)?);
        Ok(Self {
            text,
            digest,
            path: path.to_owned(),
            workspace,
            named_workspace: folder.to_owned(),
            absolute,
        })
    }
}

/// A contract with everything that it names.
#[derive(Clone)]
pub struct Opened {
    /// As far as it could be read; sound when [`Opened::is_sound`].
    pub contract: Contract,
    /// Its text.
    pub file: ContractFile,
    /// Everything that is wrong with it, in the order of the text.
    pub problems: Vec<Problem>,
    pub(crate) checkers: BTreeMap<String, LoadedChecker>,
}

/// A checker that is ready to be called.
#[derive(Clone)]
pub struct LoadedChecker {
    /// The compiled component.
    pub checker: Arc<Checker>,
    /// What it says of itself.
    pub descriptor: Arc<Descriptor>,
    /// Of its bytes.
    pub digest: Digest,
    /// Where it is from.
    pub from: String,
    /// What it may import beside its world.
    pub wasi: Wasi,
    pub(crate) limits: LimitEntries,
    pub(crate) pinned: bool,
}

/// The checkers that some contract holds: a thousand goals with one checker hold its code once.
#[derive(Clone, Default)]
pub(crate) struct InUse(Arc<Mutex<Vec<Shared>>>);

/// What contracts share of a checker.
struct Shared {
    digest: Digest,
    wasi: Wasi,
    checker: Weak<Checker>,
    descriptor: Weak<Descriptor>,
}

impl InUse {
    /// The checker of these bytes, where one is held.
    fn find(&self, resolved: &Resolved) -> Option<(Arc<Checker>, Arc<Descriptor>)> {
        let shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_meant = |shared: &&Shared| shared.digest == resolved.digest && shared.wasi == resolved.wasi;
        shared
            .iter()
            .filter(is_meant)
            .find_map(|shared| Some((shared.checker.upgrade()?, shared.descriptor.upgrade()?)))
    }

    /// Knows a checker for as long as somebody holds it.
    fn note(&self, resolved: &Resolved, checker: &Arc<Checker>, descriptor: &Arc<Descriptor>) {
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shared.retain(|shared| shared.checker.strong_count() > 0);
        let (checker, descriptor) = (Arc::downgrade(checker), Arc::downgrade(descriptor));
        shared.push(Shared { digest: resolved.digest, wasi: resolved.wasi, checker, descriptor });
    }
}

impl Opened {
    /// True if nothing refuses the contract.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        !has_errors(&self.problems)
    }

    /// The checker of a clause, where it could be loaded.
    #[must_use]
    pub fn checker(&self, clause: &Clause) -> Option<&LoadedChecker> {
        self.checkers.get(&clause.checker.value)
    }

    /// The clause of that name.
    #[must_use]
    pub fn clause(&self, name: &str) -> Option<&Clause> {
        self.contract.clauses.iter().find(|clause| clause.name.value == name)
    }
}

impl Engine {
    /// Opens a contract. Blocks while checkers are compiled.
    ///
    /// # Errors
    /// The host's own failure. What is wrong with the contract is in [`Opened::problems`].
    pub fn open(&self, file: ContractFile, listener: &Listener) -> Result<Opened, Error> {
        let ContractFile { text, workspace, .. } = &file;
        let contract::Reading { contract, mut problems } = contract::read(text);
        let mut checkers = BTreeMap::new();
        // A text that is not TOML is not held against the rest: nothing of it could be read.
        if !problems.iter().any(|problem| problem.rule == Rule::Syntax) {
            problems.extend(lint::structure(&contract));
            problems.extend(self.load_checkers(&contract, workspace, listener, &mut checkers)?);
            for clause in &contract.clauses {
                problems.extend(self.lint_clause(text, &contract, clause, &checkers));
            }
            problems.extend(self.lint_collect(&contract, &file)?);
            problems.extend(lint_patterns(&contract));
            problems.extend(surroundings::lint(&self.trees()?, &contract, workspace));
        }
        problems.sort_by_key(|problem| problem.span.start);
        Ok(Opened { contract, file, problems, checkers })
    }

    /// Compiles a checker and asks it to describe itself, unless a contract of this process holds it already.
    ///
    /// # Errors
    /// The fault.
    pub fn load(&self, resolved: Resolved) -> Result<LoadedChecker, evident_sandbox::Refusal> {
        let (checker, descriptor) = match self.loaded.find(&resolved) {
            Some(held) => held,
            None => {
                let checker = Arc::new(self.sandbox.load(&resolved.bytes, resolved.wasi)?);
                let descriptor = Arc::new(checker.describe()?);
                self.loaded.note(&resolved, &checker, &descriptor);
                (checker, descriptor)
            }
        };
        Ok(LoadedChecker {
            checker,
            descriptor,
            digest: resolved.digest,
            from: resolved.from.to_string(),
            wasi: resolved.wasi,
            limits: resolved.limits,
            pinned: resolved.pinned,
        })
    }

    fn load_checkers(
        &self,
        contract: &Contract,
        workspace: &Path,
        listener: &Listener,
        loaded: &mut BTreeMap<String, LoadedChecker>,
    ) -> Result<Vec<Problem>, Error> {
        let mut problems = Vec::new();
        let known = evident_registry::names(contract);
        for clause in &contract.clauses {
            let name = &clause.checker.value;
            if loaded.contains_key(name) || !known.contains(name) {
                continue;
            }
            listener(Event::Loading(name.clone()));
            let resolved = evident_registry::resolve(contract, workspace, name, COMPONENT_BYTES_MAX);
            let entry = contract.checkers.iter().find(|entry| entry.name.value == *name);
            let message = match resolved.map(|resolved| self.load(resolved)) {
                Ok(Ok(checker)) => {
                    let Ceilings { fuel, memory_bytes, wall, .. } = *self.sandbox.ceilings();
                    let asked = entry.into_iter();
                    problems.extend(asked.flat_map(|entry| lint::limits(entry, fuel, memory_bytes, wall)));
                    loaded.insert(name.clone(), checker);
                    continue;
                }
                // The contract is not to blame where no compiler could be started.
                Ok(Err(fault)) if fault.class == FaultClass::WorkerCrash => {
                    return Err(Error::Checker { name: name.clone(), message: fault.message });
                }
                Ok(Err(fault)) => {
                    format!("the checker `{name}` is refused ({}): {}", fault.class, fault.message)
                }
                Err(error) => match std::error::Error::source(&error) {
                    Some(cause) => format!("{error}: {cause}"),
                    None => error.to_string(),
                },
            };
            let span = entry.map_or(&clause.checker.span, |entry| &entry.path.span).clone();
            if !problems.iter().any(|problem: &Problem| problem.span == span) {
                problems.push(Problem::new(Rule::CheckerRefused, span, message));
            }
        }
        Ok(problems)
    }

    fn lint_clause(
        &self,
        text: &str,
        contract: &Contract,
        clause: &Clause,
        checkers: &BTreeMap<String, LoadedChecker>,
    ) -> Vec<Problem> {
        let known = evident_registry::names(contract);
        let Some(loaded) = checkers.get(&clause.checker.value) else {
            let state = if known.contains(&clause.checker.value) {
                CheckerState::Refused
            } else {
                CheckerState::Unknown(&known)
            };
            return lint::clause(contract, clause, &state);
        };
        let mut problems = lint::clause(contract, clause, &CheckerState::Loaded(&loaded.descriptor));
        match loaded.checker.validate(&clause.config.json.to_string()) {
            Ok(refused) => problems.extend(lint::config(text, clause, &refused)),
            Err(fault) => {
                let message =
                    format!("the checker could not read its config ({}): {}", fault.class, fault.message);
                problems.push(Problem::new(Rule::CheckerRefused, clause.config.span.clone(), message));
            }
        }
        problems
    }

    /// What `collect` names is removed before a run, so it must be what the workspace ignores. What the work did
    /// to its ignore files since the start was recorded is not a mistake of the contract.
    fn lint_collect(&self, contract: &Contract, file: &ContractFile) -> Result<Vec<Problem>, Error> {
        self.prepare(&file.workspace)?;
        let problems = self.unignored(contract, file, None)?;
        if problems.is_empty() {
            return Ok(problems);
        }
        let record = start::read(&self.record_path(file, start::FOLDER))?;
        let Some(record) = record else { return Ok(problems) };
        let then = self.unignored(contract, file, Some(self.trees()?.load_rules(record.rules)?))?;
        let is_old = |problem: &Problem| then.iter().any(|then| then.span == problem.span);
        Ok(problems.into_iter().filter(is_old).collect())
    }

    fn unignored(
        &self,
        contract: &Contract,
        file: &ContractFile,
        rules: Option<Rules>,
    ) -> Result<Vec<Problem>, Error> {
        let scratch = self.places.state.join("out");
        let collector = Collector::new(&file.workspace, &scratch, self.blobs.clone(), rules)?;
        let mut problems = Vec::new();
        for source in &contract.sources {
            let Recipe::Run(run) = &source.recipe else { continue };
            for unignored in collector.unignored(run)? {
                problems.push(Problem::new(
                    Rule::CollectNotIgnored,
                    unignored.glob.span,
                    unignored.explanation,
                ));
            }
        }
        Ok(problems)
    }
}

/// The checker of the boundary refuses its other patterns; inputs and approvals are the host's business alone.
fn lint_patterns(contract: &Contract) -> Vec<Problem> {
    let patterns = contract.boundary.inputs.iter().chain(&contract.term_places.approve_paths);
    let refused = patterns.filter_map(|text| {
        let error = Pattern::parse(&text.value).err()?;
        let problem =
            Problem::new(Rule::BadValue, text.span.clone(), format!("`{}` is not a pattern", text.value));
        Some(problem.hint(error.to_string()))
    });
    refused.collect()
}

fn read_text(path: &Path) -> Result<String, Error> {
    let not = |what: &str| Error::NotAContract { path: path.to_owned(), what: what.to_owned() };
    let bytes = evident_regular::whole(path, Links::Followed, CONTRACT_BYTES_MAX);
    let bytes = bytes.map_err(|error| match error {
        evident_regular::Error::Io(source) => Error::Contract { path: path.to_owned(), source },
        evident_regular::Error::Folder | evident_regular::Error::Odd => not("is not a regular file"),
        evident_regular::Error::TooLarge { .. } => not("has more than 1 MiB"),
    })?;
    String::from_utf8(bytes).map_err(|_| not("is not UTF-8 text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_regular_file_of_text_is_a_contract() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), "version = 1").expect("writes");
        fs::write(at("odd"), b"\xff").expect("writes");
        fs::File::create(at("large"))
            .and_then(|file| file.set_len(CONTRACT_BYTES_MAX + 1))
            .expect("is sparse");
        std::os::unix::fs::symlink("file", at("link")).expect("links");
        let made = std::process::Command::new("mkfifo").arg(at("fifo")).status().expect("mkfifo runs");
        assert!(made.success());
        let told = |path: PathBuf| read_text(&path).map_err(|error| error.to_string());
        let not = |path: PathBuf, what: &str| Err(format!("the contract `{}` {what}", path.display()));
        assert_eq!(told(at("file")), Ok("version = 1".to_owned()));
        assert_eq!(told(at("link")), Ok("version = 1".to_owned()));
        // Nobody writes to it: a read that waited would wait for ever.
        assert_eq!(told(at("fifo")), not(at("fifo"), "is not a regular file"));
        assert_eq!(told(at(".")), not(at("."), "is not a regular file"));
        assert_eq!(told(at("large")), not(at("large"), "has more than 1 MiB"));
        assert_eq!(told(at("odd")), not(at("odd"), "is not UTF-8 text"));
    }
}
