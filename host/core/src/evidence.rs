//! What was collected: artifacts with their origin, and why a source gave none.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::outcome::{NoEvidence, Reason};
use crate::text;

/// A point in time for people and freshness rules: Unix milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Timestamp(pub u64);

/// One blob of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Artifact {
    /// Path relative to `{out}` or to the workspace, or `stdout` or `stderr`; unique in its source.
    pub name: String,
    /// A guess from the name; never selects anything.
    pub media_type: String,
    /// Bytes.
    pub size: u64,
    /// Names the bytes in the blob store.
    pub digest: Digest,
}

/// How an artifact came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OriginKind {
    /// Made by a command that the host ran for this assessment.
    Produced,
    /// Was already in the workspace.
    Found,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// Killed by this signal.
    Signal(i32),
}

impl fmt::Display for Exit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(formatter, "exit code {code}"),
            Self::Signal(signal) => write!(formatter, "signal {signal}"),
        }
    }
}

/// How evidence came to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Origin {
    /// Name of the source in the contract.
    pub source: String,
    /// Produced or found.
    pub kind: OriginKind,
    /// The command and its arguments as they were run; empty for files.
    pub argv: Vec<String>,
    /// How the command ended; absent for files and where nothing ran.
    pub exit: Option<Exit>,
    /// True where the exit code is one under which this evidence may support a pass.
    pub exit_accepted: bool,
    /// When collecting began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// Age of the oldest file when it was collected, in milliseconds; absent where it is unknown.
    pub age_ms: Option<u64>,
    /// True if the worker could have written these bytes itself.
    pub worker_writable: bool,
}

/// Why a source gave no evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Shortfall {
    /// The reason that every clause on this source gets.
    pub reason: Reason,
    /// What happened, in one line.
    pub detail: String,
}

/// What the host collected in one go from one source. Immutable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// How it came to be.
    pub origin: Origin,
    /// In byte order of their names, `stdout` and `stderr` among them. With a shortfall: what there is
    /// for a person to look at; no checker sees it.
    pub artifacts: Vec<Artifact>,
    /// Why this is no evidence after all.
    pub shortfall: Option<Shortfall>,
}

impl Evidence {
    /// Refuses evidence whose names would act on a terminal, a page or an agent, and makes the detail of
    /// a shortfall safe to show. Names select artifacts, so they are refused, never changed.
    #[must_use]
    pub fn with_safe_text(mut self) -> Self {
        let unsafe_name = self.artifacts.iter().find(|artifact| text::name(&artifact.name) != artifact.name);
        if let Some(artifact) = unsafe_name {
            let detail =
                format!("the name `{}` has control characters or is too long", text::name(&artifact.name));
            let reason = Reason::NoEvidence(NoEvidence::Unreadable);
            self.shortfall.get_or_insert(Shortfall { reason, detail });
            self.artifacts.clear();
        }
        if let Some(shortfall) = &mut self.shortfall {
            shortfall.detail = text::line(&shortfall.detail);
        }
        self
    }
}

/// Guesses a media type from a name, for people.
#[must_use]
pub fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "xml" => "application/xml",
        "json" | "sarif" => "application/json",
        "ndjson" | "jsonl" => "application/x-ndjson",
        "png" => "image/png",
        "txt" | "log" | "out" | "md" => "text/plain",
        _ if matches!(name, "stdout" | "stderr") => "text/plain",
        _ => "application/octet-stream",
    }
}
