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
}

impl Producer {
    /// What an attribute of a suite, as written, says about its writer. Sources: `_pytest/junitxml.py`,
    /// `catch_reporter_junit.cpp`, `doctest.h`, and `JUnitFormatter.php` of Behat 2.
    pub(super) fn of_attribute(key: &str, raw: &str) -> Option<Self> {
        match (key, raw) {
            // The suite can be given another name, the root cannot.
            ("name", "pytest" | "pytest tests") => Some(Self::Pytest),
            ("hostname", "tbd") => Some(Self::Catch2),
            ("doctest_version", _) => Some(Self::Doctest),
            ("classname", "behat.features") => Some(Self::Behat),
            _ => None,
        }
    }

    /// Whether a failure of this type is none: doctest writes one for a `WARN`, `WARN_EQ` and so on that did not
    /// hold, and never fails a test for it.
    pub(super) fn only_warns(self, kind: Option<&str>) -> bool {
        self == Self::Doctest && kind.is_some_and(|kind| kind == "WARN" || kind.starts_with("WARN_"))
    }

    /// Why a header may claim more tests than there are cases.
    pub(super) fn why(self) -> &'static str {
        match self {
            Self::Pytest => "pytest counts subtests there",
            Self::Catch2 => "Catch2 counts assertions there",
            Self::Doctest => "doctest counts assertions there",
            Self::Behat => "Behat counts steps there",
        }
    }
}
