//! What is wrong with a contract: one entry per mistake, with its place and a hint.

use std::ops::Range;

/// Bytes of the contract's text.
pub type Span = Range<usize>;

/// How much a problem weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The contract works, but may not mean what its author wants.
    Warning,
    /// The contract is refused.
    Error,
}

macro_rules! rules {
    ($($(#[$doc:meta])* $rule:ident = $code:literal, $severity:ident;)*) => {
        /// A rule of the contract's text or of lint. Each has a code that stays and a fixed severity.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Rule { $($(#[$doc])* $rule,)* }

        impl Rule {
            /// Every rule, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$rule,)*];

            /// The code that people search for.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$rule => $code,)* }
            }

            /// Fixed for each rule.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(Self::$rule => Severity::$severity,)* }
            }
        }
    };
}

rules! {
    /// The text is not TOML.
    Syntax = "syntax", Error;
    /// A key that the contract does not have.
    UnknownKey = "unknown-key", Error;
    /// A key of the contract that this version does not enforce.
    NotSupportedYet = "not-supported-yet", Error;
    /// A key that must be there.
    MissingKey = "missing-key", Error;
    /// Keys that exclude each other, or one that needs another.
    KeyConflict = "key-conflict", Error;
    /// A value of another type than its key takes.
    WrongType = "wrong-type", Error;
    /// A value of the right type that makes no sense.
    BadValue = "bad-value", Error;
    /// A name with other characters than letters, digits, `-` and `_`.
    BadName = "bad-name", Error;
    /// Two names that differ in case only.
    NameCase = "name-case", Error;
    /// No criterion: nothing could be met.
    NoCriterion = "no-criterion", Error;
    /// A source that the contract does not have.
    UnknownSource = "unknown-source", Error;
    /// Sources that need each other.
    NeedsCycle = "needs-cycle", Error;
    /// A checker that is neither built in nor in `[checkers]`.
    UnknownChecker = "unknown-checker", Error;
    /// A checker that could not be loaded.
    CheckerRefused = "checker-refused", Error;
    /// A slot that the checker does not have.
    UnknownSlot = "unknown-slot", Error;
    /// A required slot without evidence.
    SlotUnbound = "slot-unbound", Error;
    /// A trusted slot fed by evidence that the worker could have written.
    UntrustedEvidence = "untrusted-evidence", Error;
    /// A config that the checker does not accept.
    ConfigRefused = "config-refused", Error;
    /// A file that the contract would delete although git does not ignore it.
    CollectNotIgnored = "collect-not-ignored", Error;
    /// A test suite whose tests the worker may edit.
    UnprotectedTests = "unprotected-tests", Warning;
    /// A source that no criterion, no constraint and no wake reads.
    UnusedEvidence = "unused-evidence", Warning;
    /// An entry of `[checkers]` that nothing uses.
    UnusedChecker = "unused-checker", Warning;
    /// A checker whose bytes nothing pins: its pass is asserted, not proven.
    UnpinnedChecker = "unpinned-checker", Warning;
    /// Evidence that the worker can write itself: what rests on it alone is asserted, not proven.
    SelfWritten = "self-written-evidence", Warning;
    /// A command that runs where ignored files lie: its passes are asserted, not proven.
    IgnoredFiles = "ignored-files", Warning;
    /// A command that runs in a part of something larger: its passes are asserted, not proven.
    FolderAbove = "folder-above", Warning;
    /// A program that the worker could replace.
    ProgramInWorkspace = "program-in-workspace", Warning;
    /// What is installed for a source is decided by a file that the worker may change, or by none.
    UnprotectedLock = "unprotected-lock-file", Warning;
    /// Nothing bounds what `evident run` may use up. For `run` only.
    NoBudget = "no-budget", Warning;
    /// The contract does not say when `evident run` ends or asks. For `run` only.
    NoStopRule = "no-stop-rule", Warning;
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which rule it breaks.
    pub rule: Rule,
    /// Where, in bytes of the contract's text.
    pub span: Span,
    /// Lower-case fragment that names the object in backticks.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Problem {
    /// A problem without a hint.
    #[must_use]
    pub fn new(rule: Rule, span: Span, message: impl Into<String>) -> Self {
        Self { rule, span, message: message.into(), hint: None }
    }

    /// Says what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// True if one of them refuses the contract.
#[must_use]
pub fn has_errors(problems: &[Problem]) -> bool {
    problems.iter().any(|problem| problem.rule.severity() == Severity::Error)
}

/// The word of `known` that somebody may have meant, as the end of a sentence.
#[must_use]
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    /// Below it, the nearest word is a coincidence.
    const SIMILARITY_MIN: f64 = 0.8;
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&word.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(similarity, _)| *similarity >= SIMILARITY_MIN)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| format!("did you mean `{candidate}`?"))
}

/// `a`, `b` and `c` in backticks, for a hint.
#[must_use]
pub fn listed<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match quoted.as_slice() {
        [] => "none".into(),
        [only] => only.clone(),
        [head @ .., last] => format!("{} and {last}", head.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique() {
        let mut codes: Vec<_> = Rule::ALL.iter().map(|rule| rule.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Rule::ALL.len());
    }

    #[test]
    fn near_misses_are_named_and_strangers_are_not() {
        let known = ["timeout", "exit", "collect"];
        assert_eq!(did_you_mean("timout", known).as_deref(), Some("did you mean `timeout`?"));
        assert_eq!(did_you_mean("Exit", known).as_deref(), Some("did you mean `exit`?"));
        assert_eq!(did_you_mean("banana", known), None);
    }
}
