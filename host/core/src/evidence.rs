//! What was collected: artifacts with their origin, and why a source gave none.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::contract::At;
use crate::digest::Digest;
use crate::doubt::Doubt;
use crate::outcome::{NoEvidence, Reason};
use crate::text;

/// A point in time for people and freshness rules: Unix milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema)]
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
    /// Made by the host for this assessment: by a command that it ran, or by comparing trees.
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
    /// The command and its arguments as they were run; empty where none was.
    pub argv: Vec<String>,
    /// On which tree.
    pub at: At,
    /// How many goes this is; above 1, artifacts are named `1/...`, `2/...`.
    pub repeat: u32,
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
    /// Why a pass that rests on this is asserted, not proven; empty where there is no such reason.
    #[serde(default)]
    pub doubts: Vec<Doubt>,
    /// The digest of the tree before it was collected and after; absent where nothing was collected.
    pub tree: Option<TreeSpan>,
    /// What became of `prepare`; absent where the source has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prepared: Option<Prepared>,
}

/// How what a source needs came into its private copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Prepared {
    /// The command ran for this assessment.
    Made,
    /// What it made before was still there, by the same lock files.
    Kept,
}

/// The digest of the tree before a source was collected and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TreeSpan {
    /// When collecting began.
    pub before: Digest,
    /// When it ended.
    pub after: Digest,
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
    /// Why this is not evidence after all.
    pub shortfall: Option<Shortfall>,
}

impl Evidence {
    /// Several goes of one source as one: artifacts named `1/...`, `2/...`, from the start of the first to
    /// the end of the last. One go stays as it is.
    ///
    /// It falls short where one go does, and an exit code that supports no pass in one go supports none
    /// in all. Not for an empty list.
    ///
    /// # Panics
    /// Where there is no go at all.
    #[must_use]
    pub fn of_goes(goes: Vec<Self>) -> Self {
        let count = goes.len();
        let mut goes = goes.into_iter().zip(1_u32..);
        let (mut whole, _) = goes.next().expect("a source is collected at least once");
        if count == 1 {
            return whole;
        }
        whole.number(1);
        for (mut go, number) in goes {
            go.number(number);
            whole.origin.ended = go.origin.ended;
            if whole.origin.exit_accepted || whole.origin.exit.is_none() {
                whole.origin.exit = go.origin.exit;
                whole.origin.exit_accepted = go.origin.exit_accepted;
            }
            whole.shortfall = whole.shortfall.or(go.shortfall);
            whole.artifacts.append(&mut go.artifacts);
        }
        whole.artifacts.sort_by(|left, right| left.name.as_bytes().cmp(right.name.as_bytes()));
        whole
    }

    /// Names its artifacts and its shortfall after its go.
    fn number(&mut self, number: u32) {
        for artifact in &mut self.artifacts {
            artifact.name = format!("{number}/{}", artifact.name);
        }
        if let Some(shortfall) = &mut self.shortfall {
            shortfall.detail = format!("go {number}: {}", shortfall.detail);
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    fn go(exit: i32, shortfall: Option<&str>) -> Evidence {
        let contract = crate::contract::read("[evidence.s]\nrun = [\"true\"]\nrepeat = 3\n").contract;
        let mut evidence = crate::freshness::none(
            &contract.sources[0],
            Reason::Stale,
            "",
            Timestamp(u64::from(exit.unsigned_abs())),
        );
        evidence.origin.exit = Some(Exit::Code(exit));
        evidence.origin.exit_accepted = exit == 0;
        let digest = Digest::from_bytes([0; 32]);
        evidence.artifacts =
            vec![Artifact { name: "stdout".into(), media_type: String::new(), size: 1, digest }];
        evidence.shortfall =
            shortfall.map(|detail| Shortfall { reason: Reason::Stale, detail: detail.into() });
        evidence
    }

    /// Catches a go that ended badly between two that did not.
    #[test]
    fn one_bad_go_is_not_outvoted() {
        let whole = Evidence::of_goes(vec![go(0, None), go(7, None), go(0, None)]);
        assert_eq!((whole.origin.exit, whole.origin.exit_accepted), (Some(Exit::Code(7)), false));
        let names: Vec<&str> = whole.artifacts.iter().map(|artifact| artifact.name.as_str()).collect();
        assert_eq!(names, ["1/stdout", "2/stdout", "3/stdout"]);
        let whole = Evidence::of_goes(vec![go(0, None), go(0, Some("old")), go(0, None)]);
        assert_eq!(whole.shortfall.expect("falls short").detail, "go 2: old");
        assert_eq!(Evidence::of_goes(vec![go(0, None)]).artifacts[0].name, "stdout");
    }
}
