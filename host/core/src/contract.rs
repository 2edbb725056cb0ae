//! The contract: the text of `goal.toml` as types, and the way from one to the other.
//!
//! [`read`] reports every problem at once: the text becomes a spanned table, `walk` holds it against
//! the key table of [`keys`], `build` makes the types here, and [`lint`] judges the whole. Nothing here
//! opens a file or loads a checker.

pub(crate) mod build;
pub mod config;
pub mod keys;
pub mod lint;
pub mod prepare;
pub mod schema;
pub mod terms;
pub mod values;
pub(crate) mod walk;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::digest::Digest;
use crate::problem::{Problem, Span};
use config::ConfigValue;
use prepare::Prepare;
use terms::{TermPlaces, Terms};

/// Bytes of a contract's text: a thousand times what people write.
pub const CONTRACT_BYTES_MAX: u64 = 1024 * 1024;

/// Sources of a contract. Each is a command or a set of files of its own: ten times what anybody
/// reviews, and few enough for every rule that holds one against all others.
pub const SOURCES_MAX: usize = 1000;

/// Criteria and constraints of a contract, together; for the same reason.
pub const CLAUSES_MAX: usize = 1000;

/// Goes of one source: the bootstrap of a benchmark needs tens.
pub const REPEAT_MAX: u32 = 1000;

/// A contract as far as it could be read, and everything that is wrong with its text.
#[derive(Debug, Clone)]
pub struct Reading {
    /// What could be read. Only meant for use when no problem is an error; until then it lets lint go
    /// on, so that one run names every mistake.
    pub contract: Contract,
    /// In the order of the text.
    pub problems: Vec<Problem>,
}

/// Reads the text of a `goal.toml`.
#[must_use]
pub fn read(text: &str) -> Reading {
    let (root, mut problems) = walk::walk(text, keys::ROOT, "the contract");
    let contract = build::build(&root, &mut problems);
    problems.sort_by_key(|problem| problem.span.start);
    Reading { contract, problems }
}

/// A value with its place in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Bytes of the text.
    pub span: Span,
}

/// What "done" means.
#[derive(Debug, Clone, Default)]
pub struct Contract {
    /// Short name for lists and reports.
    pub name: String,
    /// What is to be reached, in prose.
    pub objective: String,
    /// The commit that `at = "base"` means, as written; without one it is the start tree.
    pub base: Option<Placed<String>>,
    /// What may and must not change.
    pub boundary: Boundary,
    /// In the order of the text; last the one that a boundary implies.
    pub sources: Vec<Source>,
    /// Criteria and constraints, in the order of the text; last the one that a boundary implies.
    pub clauses: Vec<Clause>,
    /// Checkers that are not built in, in the order of the text.
    pub checkers: Vec<CheckerEntry>,
    /// What only the life of a goal needs; an assessment does not look at it.
    pub terms: Terms,
    /// Where the terms stand in the text.
    pub term_places: TermPlaces,
}

impl Contract {
    /// True if it compares with the start tree, or runs on a tree that is made from it.
    #[must_use]
    pub fn needs_start(&self) -> bool {
        let of_start = |source: &Source| source.at != At::Work || matches!(source.recipe, Recipe::Changes(_));
        !self.boundary.is_empty() || self.base.is_some() || self.sources.iter().any(of_start)
    }

    /// The source of that name.
    #[must_use]
    pub fn source(&self, name: &str) -> Option<&Source> {
        self.sources.iter().find(|source| source.name.value == name)
    }
}

/// The name of the source and of the constraint that a boundary implies.
pub const BOUNDARY: &str = "boundary";

/// What may and must not change between the start tree and the assessed tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Boundary {
    /// Patterns of what may change; empty where everything may.
    pub write: Vec<Placed<String>>,
    /// Patterns of what must not change.
    pub protect: Vec<Placed<String>>,
    /// Patterns of ignored files that belong to the tree.
    pub inputs: Vec<Placed<String>>,
}

impl Boundary {
    /// True if it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.write.is_empty() && self.protect.is_empty() && self.inputs.is_empty()
    }
}

/// The tree that a source is collected on.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Default,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum At {
    /// The workspace.
    #[default]
    Work,
    /// A private copy of the base.
    Base,
    /// A private copy of the assessed tree, with every protected path as it was at the start.
    Snapshot,
}

impl std::fmt::Display for At {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Work => "work",
            Self::Base => "base",
            Self::Snapshot => "snapshot",
        })
    }
}

/// A recipe for collecting evidence.
#[derive(Debug, Clone)]
pub struct Source {
    /// Unique among sources.
    pub name: Placed<String>,
    /// How.
    pub recipe: Recipe,
    /// On which tree.
    pub at: At,
    /// How many times, 1 to [`REPEAT_MAX`].
    pub repeat: u32,
    /// The source that it takes turns with.
    pub interleave: Option<Placed<String>>,
    /// Sources that must be collected first.
    pub needs: Vec<Placed<String>>,
    /// True if it may be collected beside its neighbours that say the same.
    pub concurrent: bool,
    /// Bytes of each artifact.
    pub artifact_bytes_max: u64,
}

impl Source {
    /// The command, for a source that runs one.
    #[must_use]
    pub fn as_run(&self) -> Option<&Run> {
        match &self.recipe {
            Recipe::Run(run) => Some(run),
            Recipe::Files(_) | Recipe::Changes(_) => None,
        }
    }

    /// True if the worker cannot have written what this gives: from the base, pinned by digest, or the
    /// host's own comparison.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        match &self.recipe {
            Recipe::Changes(_) => true,
            Recipe::Files(files) => self.at == At::Base || files.sha256.is_some(),
            Recipe::Run(_) => self.at == At::Base,
        }
    }

    /// True if the worker could have written the very bytes: found files that nothing pins.
    #[must_use]
    pub fn is_worker_writable(&self) -> bool {
        matches!(&self.recipe, Recipe::Files(files) if files.sha256.is_none()) && self.at != At::Base
    }
}

/// How a source collects.
#[derive(Debug, Clone)]
pub enum Recipe {
    /// Runs a command.
    Run(Run),
    /// Reads files that are there.
    Files(Files),
    /// Compares the assessed tree with another one.
    Changes(Since),
}

/// What the assessed tree is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// The start tree.
    Start,
    /// The base.
    Base,
}

impl Since {
    /// As the contract and the comparison name it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Base => "base",
        }
    }
}

/// Runs a command: argv, never a shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Program and arguments; `{out}` in any of them is a fresh, empty folder, `{cache}` one that goes with what is
    /// built in a private copy. Not empty.
    pub argv: Vec<String>,
    /// After it the process group is killed.
    pub timeout: Duration,
    /// Exit codes under which the evidence may support a pass.
    pub exit: Vec<i32>,
    /// Folder relative to the workspace, inside it.
    pub cwd: String,
    /// Variables of the host's environment that are handed on, beside the declared minimum.
    pub env_pass: Vec<String>,
    /// Variables that are set.
    pub env_set: BTreeMap<String, String>,
    /// Globs of ignored workspace files: removed before, taken only if made during the run.
    pub collect: Vec<Placed<String>>,
    /// What fills the private copy first.
    pub prepare: Option<Prepare>,
    /// True if the copy holds nothing that was built before; false if what other trees left may stay, which
    /// proves nothing. Without it the copy is emptied before a pass counts.
    pub fresh: Option<bool>,
}

/// Reads files of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// Globs relative to the workspace; each must give at least one file.
    pub paths: Vec<Placed<String>>,
    /// Older files are stale.
    pub max_age: Option<Duration>,
    /// Files that were not written after this source was collected are stale.
    pub after: Option<Placed<String>>,
    /// The one file must have this digest.
    pub sha256: Option<Digest>,
}

/// Criterion or constraint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClauseKind {
    /// Must pass once, at the end.
    Criterion,
    /// Must hold all along.
    Constraint,
}

impl std::fmt::Display for ClauseKind {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Criterion => "criterion",
            Self::Constraint => "constraint",
        })
    }
}

/// One clause that must pass.
#[derive(Debug, Clone)]
pub struct Clause {
    /// Criterion or constraint.
    pub kind: ClauseKind,
    /// Unique among clauses.
    pub name: Placed<String>,
    /// Which checker judges it; empty where it could not be read.
    pub checker: Placed<String>,
    /// Which evidence goes to which slot.
    pub evidence: Bindings,
    /// What the checker is told.
    pub config: ConfigValue,
}

/// Which evidence goes to which slot.
#[derive(Debug, Clone)]
pub enum Bindings {
    /// Could not be read; a problem says why.
    Unread,
    /// `evidence = "S"`: the one required slot of the checker.
    Lone(Placed<Selector>),
    /// `evidence = { slot = "S", ... }`.
    Slots(Vec<(Placed<String>, Vec<Placed<Selector>>)>),
}

/// Picks artifacts of a source: `S`, `S/NAME` or `S/GLOB`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    /// Name of the source.
    pub source: String,
    /// Name or glob; without one the files of the source, or its `stdout` where there are none.
    pub pattern: Option<String>,
}

impl std::fmt::Display for Selector {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.source)?;
        self.pattern.as_ref().map_or(Ok(()), |pattern| write!(formatter, "/{pattern}"))
    }
}

/// A checker that is not built in.
#[derive(Debug, Clone)]
pub struct CheckerEntry {
    /// What clauses call it.
    pub name: Placed<String>,
    /// Path of the component, relative to the workspace.
    pub path: Placed<String>,
    /// The component must have this digest.
    pub sha256: Option<Digest>,
    /// What WASI it may import.
    pub wasi: Wasi,
    /// Limits that are lowered.
    pub limits: LimitEntries,
}

/// The link profile: what a component may import beside the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wasi {
    /// Nothing.
    #[default]
    None,
    /// WASI 0.2 without any effect: empty environment, closed input, fixed clock, seeded randomness.
    Inert,
}

impl std::fmt::Display for Wasi {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::None => "none",
            Self::Inert => "inert",
        })
    }
}

/// Limits that a contract lowers; what is absent stays at the host's default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LimitEntries {
    /// Units of work.
    pub fuel: Option<Placed<u64>>,
    /// Bytes.
    pub memory: Option<Placed<u64>>,
    /// Time of one check.
    pub wall: Option<Placed<Duration>>,
}
