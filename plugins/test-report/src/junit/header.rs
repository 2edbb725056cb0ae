//! The counts that a `<testsuite>` or `<testsuites>` claims, compared with the cases inside it.
//!
//! A header never adds a case. It can only say more than there is, and then the document is not whole.

use quick_xml::events::BytesStart;

use crate::report::Status;

use super::attributes::{Attributes, KEY_BYTES_MAX, folded, value};
use super::{Stop, malformed};

/// Counts as claimed; absent where the attribute is.
#[derive(Default)]
pub(super) struct Header {
    tests: Option<u64>,
    failures: Option<u64>,
    errors: Option<u64>,
    skipped: Option<u64>,
    disabled: Option<u64>,
}

/// Cases of a suite and of all suites inside it.
#[derive(Default)]
pub(super) struct Tally {
    cases: u64,
    bad: u64,
    skipped: u64,
}

impl Header {
    /// Reads the attributes and hands the suite's name to `named`.
    pub(super) fn read(start: &BytesStart<'_>, mut named: impl FnMut(&str)) -> Result<Self, Stop> {
        let mut header = Self::default();
        let (mut buffer, mut seen) = ([0; KEY_BYTES_MAX], 0_u8);
        for attribute in Attributes::of(start) {
            let (key, raw) = attribute?;
            let key = folded(key, &mut buffer);
            let (bit, field) = match key {
                "name" => (1, None),
                "tests" => (2, Some(&mut header.tests)),
                "failures" => (4, Some(&mut header.failures)),
                "errors" => (8, Some(&mut header.errors)),
                "skipped" => (16, Some(&mut header.skipped)),
                "disabled" => (32, Some(&mut header.disabled)),
                _ => continue,
            };
            if seen & bit != 0 {
                return Err(malformed(format!("a header has `{key}` twice")));
            }
            seen |= bit;
            let Some(field) = field else {
                named(&value(raw)?);
                continue;
            };
            // Some writers leave the value empty where they do not count.
            let count = raw.trim();
            if !count.is_empty() {
                let count =
                    count.parse().map_err(|_| malformed("a count in a header is not a whole number"))?;
                *field = Some(count);
            }
        }
        Ok(header)
    }

    /// What the header claims beyond the cases.
    pub(super) fn disagreement(&self, tally: &Tally) -> Option<String> {
        let bad = self.failures.unwrap_or(0).saturating_add(self.errors.unwrap_or(0));
        // A disabled test is counted in both attributes by some writers.
        let skipped = self.skipped.unwrap_or(0).max(self.disabled.unwrap_or(0));
        let claims = [
            (self.tests.unwrap_or(0), tally.cases, if self.tests == Some(1) { "test" } else { "tests" }),
            (bad, tally.bad, "failures and errors"),
            (skipped, tally.skipped, "skipped"),
        ];
        let (claimed, listed, what) = claims.into_iter().find(|(claimed, listed, _)| claimed > listed)?;
        Some(format!("claims {claimed} {what}, but {listed} are listed: the report is not whole"))
    }

    /// A failure that the header does not count; the case wins.
    pub(super) fn understatement(&self, tally: &Tally) -> Option<String> {
        let (failures, errors) = (self.failures?, self.errors.unwrap_or(0));
        (failures == 0 && errors == 0 && tally.bad > 0)
            .then(|| format!("claims no failure, but {} of its cases failed", tally.bad))
    }
}

impl Tally {
    pub(super) fn add(&mut self, status: Status) {
        self.cases += 1;
        self.bad += u64::from(status.is_bad());
        self.skipped += u64::from(status.is_skip());
    }

    pub(super) fn absorb(&mut self, inner: &Self) {
        self.cases += inner.cases;
        self.bad += inner.bad;
        self.skipped += inner.skipped;
    }
}
