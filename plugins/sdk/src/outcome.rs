//! What a check ends with: mirrors the WIT interface `types`.

use std::fmt;

/// Why a checker could not decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Not what the format demands: truncated, not well-formed, counts that disagree.
    Malformed,
    /// Nothing was there that could have failed.
    NotExamined,
    /// Two parts of the evidence say opposite things.
    Contradiction,
    /// Larger or deeper than this checker handles.
    Limit,
    /// Too few samples; how many would decide, 0 when unknown.
    InsufficientData(u64),
    /// A format or feature that this checker does not know.
    Unsupported,
    /// About an older state of the work.
    Stale,
    /// The config makes no sense for this evidence.
    Config,
}

impl Reason {
    /// The word for it in contracts and outcomes, such as `not-examined`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::NotExamined => "not-examined",
            Self::Contradiction => "contradiction",
            Self::Limit => "limit",
            Self::InsufficientData(_) => "insufficient-data",
            Self::Unsupported => "unsupported",
            Self::Stale => "stale",
            Self::Config => "config",
        }
    }
}

/// What the evidence says about the criterion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The criterion holds.
    Pass,
    /// It does not.
    Fail,
    /// The evidence does not decide.
    Inconclusive(Reason),
}

/// Which way a metric gets better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Lower is better.
    Lower,
    /// Higher is better.
    Higher,
    /// Neither.
    None,
}

/// A measured figure; all numbers must be finite.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// What was measured.
    pub name: String,
    /// The figure, in `unit`.
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
    /// A figure without limit, direction or noise.
    #[must_use]
    pub fn new(name: impl Into<String>, value: f64, unit: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value,
            unit: unit.into(),
            limit: None,
            direction: Direction::None,
            noise: None,
        }
    }

    /// Adds the bound, in the metric's unit, and which way is better.
    #[must_use]
    pub fn limit(mut self, limit: f64, direction: Direction) -> Self {
        self.limit = Some(limit);
        self.direction = direction;
        self
    }

    /// Adds the half-width of what may be chance, in the metric's unit.
    #[must_use]
    pub fn noise(mut self, noise: f64) -> Self {
        self.noise = Some(noise);
        self
    }
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Worth acting on; does not decide.
    Warning,
    /// Decides: a pass beside it is a contradiction.
    Error,
}

/// Where a finding points.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Location {
    /// Name of the artifact that shows it.
    pub artifact: Option<String>,
    /// Path in the workspace, as the evidence names it.
    pub path: Option<String>,
    /// Line in `path` where that is given, in the artifact otherwise; the first line is 1.
    pub line: Option<u32>,
}

/// One thing that a person or an agent can act on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Stable identifier of the rule, for example `test-failed`.
    pub rule: String,
    /// How much it weighs.
    pub severity: Severity,
    /// What is wrong; may have several lines.
    pub message: String,
    /// Where it is.
    pub location: Option<Location>,
    /// The same for the same defect in every run.
    pub fingerprint: Option<String>,
}

impl Finding {
    fn new(severity: Severity, rule: &str, message: impl Into<String>) -> Self {
        Self { rule: rule.into(), severity, message: message.into(), location: None, fingerprint: None }
    }

    /// A finding that decides.
    #[must_use]
    pub fn error(rule: &str, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, rule, message)
    }

    /// A finding that does not decide.
    #[must_use]
    pub fn warning(rule: &str, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, rule, message)
    }

    /// Something worth knowing.
    #[must_use]
    pub fn note(rule: &str, message: impl Into<String>) -> Self {
        Self::new(Severity::Note, rule, message)
    }

    /// Says where it is.
    #[must_use]
    pub fn at(mut self, location: Location) -> Self {
        self.location = Some(location);
        self
    }

    /// Gives what stays the same for this defect in every run, for example the id of the test.
    #[must_use]
    pub fn fingerprint(mut self, fingerprint: impl Into<String>) -> Self {
        self.fingerprint = Some(fingerprint.into());
        self
    }
}

/// What a check ends with.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// What the evidence says.
    pub status: Status,
    /// One line for a person.
    pub summary: String,
    /// How many units could have failed. A pass over zero is refused by the host.
    pub examined: u64,
    /// Plural noun for what was counted.
    pub examined_unit: String,
    /// At most 256.
    pub metrics: Vec<Metric>,
}

impl Outcome {
    /// An outcome that examined nothing yet; say what it did with [`Outcome::examined`].
    #[must_use]
    pub fn new(status: Status, summary: impl Into<String>) -> Self {
        Self {
            status,
            summary: summary.into(),
            examined: 0,
            examined_unit: "units".into(),
            metrics: Vec::new(),
        }
    }

    /// Pass or fail.
    #[must_use]
    pub fn decide(holds: bool, summary: impl Into<String>) -> Self {
        Self::new(if holds { Status::Pass } else { Status::Fail }, summary)
    }

    /// The evidence does not decide.
    #[must_use]
    pub fn inconclusive(reason: Reason, summary: impl Into<String>) -> Self {
        Self::new(Status::Inconclusive(reason), summary)
    }

    /// Says how much could have failed.
    #[must_use]
    pub fn examined(mut self, count: u64, unit: &str) -> Self {
        self.examined = count;
        self.examined_unit = unit.into();
        self
    }

    /// Adds a metric.
    #[must_use]
    pub fn metric(mut self, metric: Metric) -> Self {
        self.metrics.push(metric);
        self
    }
}

/// Why [`Checker::check`](crate::Checker::check) stopped early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The evidence does not decide: an inconclusive outcome with this summary.
    Inconclusive(Reason, String),
    /// The checker itself is at its end: the fault `checker-error`.
    Broken(String),
}

impl Error {
    /// The evidence is not what its format demands.
    #[must_use]
    pub fn malformed(summary: impl Into<String>) -> Self {
        Self::Inconclusive(Reason::Malformed, summary.into())
    }

    /// The evidence is of a kind that this checker does not know.
    #[must_use]
    pub fn unsupported(summary: impl Into<String>) -> Self {
        Self::Inconclusive(Reason::Unsupported, summary.into())
    }

    /// The evidence is larger or deeper than this checker handles.
    #[must_use]
    pub fn limit(summary: impl Into<String>) -> Self {
        Self::Inconclusive(Reason::Limit, summary.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inconclusive(reason, summary) => write!(formatter, "inconclusive ({reason:?}): {summary}"),
            Self::Broken(message) => formatter.write_str(message),
        }
    }
}

impl std::error::Error for Error {}

/// A failed read is the host's to explain: it knows why and makes the check inconclusive.
impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::Broken(error.to_string())
    }
}
