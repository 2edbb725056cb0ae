//! Writers of JUnit XML that are known to count something else than cases in a header, by what only they write.
//!
//! It never looks at cases. Of failures, it excuses what the writer itself calls a warning, and no other.

/// A writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Producer {
    /// From 9.0, and before it with the plugin `pytest-subtests`: each subtest that passed.
    Pytest,
    Catch2,
    Doctest,
    /// Before version 3.
    Behat,
    /// `tap --reporter=junit`.
    NodeTap,
}

impl Producer {
    /// What an attribute of a suite, as written, says about its writer. Sources: `_pytest/junitxml.py`,
    /// `catch_reporter_junit.cpp`, `doctest.h`, `JUnitFormatter.php` of Behat 2, and `junit.ts` of
    /// `@tapjs/reporter`.
    pub(super) fn of_attribute(key: &str, raw: &str) -> Option<Self> {
        match (key, raw) {
            // The suite can be given another name, the root cannot.
            ("name", "pytest" | "pytest tests") => Some(Self::Pytest),
            ("hostname", "tbd") => Some(Self::Catch2),
            ("doctest_version", _) => Some(Self::Doctest),
            ("classname", "behat.features") => Some(Self::Behat),
            ("name", "TAP Tests") => Some(Self::NodeTap),
            _ => None,
        }
    }

    /// Whether a failure of this type is none: doctest writes one for a `WARN`, `WARN_EQ` and so on that did not
    /// hold, and never fails a test for it.
    pub(super) fn only_warns(self, kind: Option<&str>) -> bool {
        self == Self::Doctest && kind.is_some_and(|kind| kind == "WARN" || kind.starts_with("WARN_"))
    }

    /// Why a header may claim more tests than there are cases, by a number that nothing tells.
    pub(super) fn why(self) -> Option<&'static str> {
        match self {
            Self::Pytest => Some("pytest counts subtests there"),
            Self::Catch2 => Some("Catch2 counts assertions there"),
            Self::Doctest => Some("doctest counts assertions there"),
            Self::Behat => Some("Behat counts steps there"),
            Self::NodeTap => None,
        }
    }

    /// Whether a header counts its own suite as a test, and each inside it.
    pub(super) fn counts_suites(self) -> bool {
        self == Self::NodeTap
    }

    /// Whether a header counts skipped tests: node-tap counts suites with one there too, and failed tests with a
    /// `todo`.
    pub(super) fn counts_skipped(self) -> bool {
        self != Self::NodeTap
    }

    /// Whether a property of a case says that it was skipped.
    pub(super) fn skips_by(self, property: &str) -> bool {
        self == Self::NodeTap && matches!(property, "skip" | "todo")
    }

    /// What it excuses failures by without a mark in the report, and ends with 0 where it excused all.
    pub(super) fn excuses(self) -> Option<&'static str> {
        match self {
            Self::Doctest => Some(
                "doctest excuses tests with `may_fail`, `should_fail` or `expected_failures` and does not mark them in the \
                 report; `--test-case-exclude` leaves them out",
            ),
            Self::NodeTap => {
                Some("node-tap excuses failing tests with a `todo` and does not mark them in the report")
            }
            Self::Pytest | Self::Catch2 | Self::Behat => None,
        }
    }
}
