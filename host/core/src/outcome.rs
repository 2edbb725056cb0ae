//! What a checker answered, in the host's words: status, reason, metrics, findings, faults.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// Why a component gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FaultClass {
    /// The guest ran into a trap, for example a panic.
    Trap,
    /// It used all its fuel.
    Fuel,
    /// It was not done in time.
    Deadline,
    /// It asked for more memory or tables than it may have.
    Memory,
    /// It called too deep.
    Stack,
    /// It handed over more than one call, or all calls together, may carry.
    OutputCap,
    /// It imports or exports other things than the host has.
    Link,
    /// It broke the rules of the component ABI.
    Abi,
    /// Its bytes are not a valid component.
    BadArtifact,
    /// It said itself that it failed.
    CheckerError,
    /// The process that ran it died.
    WorkerCrash,
}

/// Why evidence is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoEvidence {
    /// The command did not start.
    Spawn,
    /// The command was killed.
    Signal,
    /// The command was not done in time.
    Timeout,
    /// More output than `max_bytes`, or too many files.
    Overflow,
    /// The file is not there, or was not made during the run.
    Missing,
    /// Not a regular file inside the workspace, or it changed while it was read.
    Unreadable,
}

/// Why an outcome is inconclusive: a closed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum Reason {
    /// The component gave no answer.
    Fault(FaultClass),
    /// The source gave nothing.
    NoEvidence(NoEvidence),
    /// Older than it may be, or not the pinned version.
    Stale,
    /// The tree changed while the evidence was made.
    TreeChanged,
    /// The command ended with a code that supports no pass.
    ExitMismatch,
    /// A slot got another number of artifacts than it takes.
    Binding,
    /// Not what its format demands.
    Malformed,
    /// The checker passed without reading all that it had to.
    Unread,
    /// The checker passed over nothing.
    NotExamined,
    /// Two parts of the answer or of the evidence say opposite things.
    Contradiction,
    /// Larger or deeper than the checker handles.
    Limit,
    /// Too few samples; how many would decide, 0 when unknown.
    InsufficientData(u64),
    /// A format or feature that the checker does not know.
    Unsupported,
    /// The config makes no sense for this evidence.
    Config,
}

const FAULTS: &[(FaultClass, &str)] = &[
    (FaultClass::Trap, "trap"),
    (FaultClass::Fuel, "fuel"),
    (FaultClass::Deadline, "deadline"),
    (FaultClass::Memory, "memory"),
    (FaultClass::Stack, "stack"),
    (FaultClass::OutputCap, "output-cap"),
    (FaultClass::Link, "link"),
    (FaultClass::Abi, "abi"),
    (FaultClass::BadArtifact, "bad-artifact"),
    (FaultClass::CheckerError, "checker-error"),
    (FaultClass::WorkerCrash, "worker-crash"),
];

const NO_EVIDENCE: &[(NoEvidence, &str)] = &[
    (NoEvidence::Spawn, "spawn"),
    (NoEvidence::Signal, "signal"),
    (NoEvidence::Timeout, "timeout"),
    (NoEvidence::Overflow, "overflow"),
    (NoEvidence::Missing, "missing"),
    (NoEvidence::Unreadable, "unreadable"),
];

const PLAIN: &[(Reason, &str)] = &[
    (Reason::Stale, "stale"),
    (Reason::TreeChanged, "tree-changed"),
    (Reason::ExitMismatch, "exit-mismatch"),
    (Reason::Binding, "binding"),
    (Reason::Malformed, "malformed"),
    (Reason::Unread, "unread"),
    (Reason::NotExamined, "not-examined"),
    (Reason::Contradiction, "contradiction"),
    (Reason::Limit, "limit"),
    (Reason::Unsupported, "unsupported"),
    (Reason::Config, "config"),
];

fn word<T: PartialEq + Copy>(table: &[(T, &'static str)], value: T) -> &'static str {
    table.iter().find(|(entry, _)| *entry == value).map_or("", |(_, word)| word)
}

fn value<T: Copy>(table: &[(T, &str)], word: &str) -> Option<T> {
    table.iter().find(|(_, entry)| *entry == word).map(|(value, _)| *value)
}

impl fmt::Display for FaultClass {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(word(FAULTS, *self))
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(class) => write!(formatter, "fault({class})"),
            Self::NoEvidence(kind) => write!(formatter, "no-evidence({})", word(NO_EVIDENCE, *kind)),
            Self::InsufficientData(0) => formatter.write_str("insufficient-data"),
            Self::InsufficientData(needed) => write!(formatter, "insufficient-data(needs {needed})"),
            plain => formatter.write_str(word(PLAIN, *plain)),
        }
    }
}

/// A text that is no reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown reason `{0}`")]
pub struct UnknownReason(String);

impl FromStr for Reason {
    type Err = UnknownReason;

    fn from_str(text: &str) -> Result<Self, UnknownReason> {
        let (head, inner) = match text.split_once('(') {
            Some((head, rest)) => (head, rest.strip_suffix(')')),
            None => (text, None),
        };
        let reason = match (head, inner) {
            ("fault", Some(class)) => value(FAULTS, class).map(Self::Fault),
            ("no-evidence", Some(kind)) => value(NO_EVIDENCE, kind).map(Self::NoEvidence),
            ("insufficient-data", None) if !text.contains('(') => Some(Self::InsufficientData(0)),
            ("insufficient-data", Some(needs)) => needs
                .strip_prefix("needs ")
                .and_then(|count| count.parse().ok())
                .filter(|count| *count > 0)
                .map(Self::InsufficientData),
            _ => value(PLAIN, text),
        };
        reason.ok_or_else(|| UnknownReason(text.into()))
    }
}

impl TryFrom<String> for Reason {
    type Error = UnknownReason;

    fn try_from(text: String) -> Result<Self, UnknownReason> {
        text.parse()
    }
}

impl From<Reason> for String {
    fn from(reason: Reason) -> Self {
        reason.to_string()
    }
}

/// What the evidence says about a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It holds.
    Pass,
    /// It does not.
    Fail,
    /// The evidence does not decide.
    Inconclusive(Reason),
}

impl Status {
    /// `pass`, `fail` or `inconclusive`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Inconclusive(_) => "inconclusive",
        }
    }
}

/// How much was judged: what could have failed, not what did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Examined {
    /// Above zero for a pass.
    pub count: u64,
    /// Plural noun.
    pub unit: String,
}

/// Which way a metric gets better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Lower is better.
    Lower,
    /// Higher is better.
    Higher,
    /// Neither.
    None,
}

/// A measured figure; every number is finite.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Metric {
    /// What was measured.
    pub name: String,
    /// The figure.
    pub value: f64,
    /// Unit symbol of all numbers here; empty for a plain number.
    pub unit: String,
    /// The bound that the config sets.
    pub limit: Option<f64>,
    /// Which way is better.
    pub direction: Direction,
    /// Half-width of what may be chance.
    pub noise: Option<f64>,
}

impl Metric {
    /// True if no number is infinite or not a number.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        [Some(self.value), self.limit, self.noise].into_iter().flatten().all(f64::is_finite)
    }
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Worth acting on; does not decide.
    Warning,
    /// Decides.
    Error,
}

/// Where a finding points.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Location {
    /// Name of the artifact that shows it.
    pub artifact: Option<String>,
    /// Path in the workspace.
    pub path: Option<String>,
    /// The first line is 1.
    pub line: Option<u32>,
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.path.as_deref().or(self.artifact.as_deref()).unwrap_or("");
        formatter.write_str(place)?;
        self.line.map_or(Ok(()), |line| write!(formatter, ":{line}"))
    }
}

/// One thing that a person or an agent can act on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Stable identifier of the rule.
    pub rule: String,
    /// How much it weighs.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// Where.
    pub location: Option<Location>,
    /// The same for the same defect in every run.
    pub fingerprint: String,
}

/// A file that goes with the outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attachment {
    /// Shown, never used as a path.
    pub name: String,
    /// As the checker says.
    pub media_type: String,
    /// Bytes.
    pub size: u64,
    /// Names the bytes in the blob store.
    pub digest: Digest,
}

/// What a checker answered, after the host's downgrades.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "OutcomeForm", into = "OutcomeForm")]
#[schemars(with = "OutcomeForm")]
pub struct Outcome {
    /// What the evidence says.
    pub status: Status,
    /// One line for a person.
    pub summary: String,
    /// How much was judged.
    pub examined: Examined,
    /// In the checker's order.
    pub metrics: Vec<Metric>,
    /// In the order of emission, at most 10,000.
    pub findings: Vec<Finding>,
    /// Findings above the cap: counted and dropped.
    pub findings_dropped: u64,
    /// Files that go with it.
    pub attachments: Vec<Attachment>,
}

impl Outcome {
    /// An outcome of the host's own: no checker answered.
    #[must_use]
    pub fn undecided(reason: Reason, summary: impl Into<String>) -> Self {
        Self {
            status: Status::Inconclusive(reason),
            summary: summary.into(),
            examined: Examined { count: 0, unit: "units".into() },
            metrics: Vec::new(),
            findings: Vec::new(),
            findings_dropped: 0,
            attachments: Vec::new(),
        }
    }

    /// All findings, the dropped ones included.
    #[must_use]
    pub fn findings_total(&self) -> u64 {
        self.findings.len() as u64 + self.findings_dropped
    }
}

/// The stored form: `reason` is there exactly when `status` is `inconclusive`.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Outcome")]
struct OutcomeForm {
    status: StatusWord,
    reason: Option<Reason>,
    summary: String,
    examined: Examined,
    metrics: Vec<Metric>,
    findings: Vec<Finding>,
    findings_dropped: u64,
    attachments: Vec<Attachment>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Status")]
enum StatusWord {
    Pass,
    Fail,
    Inconclusive,
}

impl From<Outcome> for OutcomeForm {
    fn from(outcome: Outcome) -> Self {
        let (status, reason) = match outcome.status {
            Status::Pass => (StatusWord::Pass, None),
            Status::Fail => (StatusWord::Fail, None),
            Status::Inconclusive(reason) => (StatusWord::Inconclusive, Some(reason)),
        };
        Self {
            status,
            reason,
            summary: outcome.summary,
            examined: outcome.examined,
            metrics: outcome.metrics,
            findings: outcome.findings,
            findings_dropped: outcome.findings_dropped,
            attachments: outcome.attachments,
        }
    }
}

impl TryFrom<OutcomeForm> for Outcome {
    type Error = &'static str;

    fn try_from(form: OutcomeForm) -> Result<Self, Self::Error> {
        let status = match (form.status, form.reason) {
            (StatusWord::Pass, None) => Status::Pass,
            (StatusWord::Fail, None) => Status::Fail,
            (StatusWord::Inconclusive, Some(reason)) => Status::Inconclusive(reason),
            _ => return Err("`reason` belongs to the status `inconclusive` and to no other"),
        };
        Ok(Self {
            status,
            summary: form.summary,
            examined: form.examined,
            metrics: form.metrics,
            findings: form.findings,
            findings_dropped: form.findings_dropped,
            attachments: form.attachments,
        })
    }
}

/// What is known about a component that gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fault {
    /// Which kind.
    pub class: FaultClass,
    /// What happened, in one line.
    pub message: String,
    /// The last lines that the guest wrote to its log.
    pub last_words: String,
    /// Innermost frames of the guest, demangled; never frames of the host.
    pub guest_frames: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_reason() -> Vec<Reason> {
        let faults = FAULTS.iter().map(|(class, _)| Reason::Fault(*class));
        let missing = NO_EVIDENCE.iter().map(|(kind, _)| Reason::NoEvidence(*kind));
        let plain = PLAIN.iter().map(|(reason, _)| *reason);
        let counted = [Reason::InsufficientData(0), Reason::InsufficientData(6)];
        faults.chain(missing).chain(plain).chain(counted).collect()
    }

    #[test]
    fn every_reason_reads_back() {
        for reason in every_reason() {
            let text = reason.to_string();
            assert!(!text.is_empty() && !text.contains("()"), "{reason:?} has no word");
            assert_eq!(text.parse(), Ok(reason), "{text}");
        }
    }

    #[test]
    fn other_words_are_no_reason() {
        for text in ["", "fault", "fault()", "fault(x)", "stale(", "stale()", "insufficient-data(needs 0)"] {
            assert!(text.parse::<Reason>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_reason_without_inconclusive_is_refused() {
        let mut json = serde_json::to_value(Outcome::undecided(Reason::Stale, "old")).expect("serializes");
        assert_eq!(json["status"], "inconclusive");
        assert_eq!(json["reason"], "stale");
        json["status"] = "pass".into();
        assert!(serde_json::from_value::<Outcome>(json).is_err());
    }
}
