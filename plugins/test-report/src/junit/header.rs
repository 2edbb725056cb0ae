//! The counts that a `<testsuite>` or `<testsuites>` claims, compared with the cases inside it.
//!
//! A header never adds a case. It can only say more than there is, and then the document is not whole: unless
//! what it counts beyond the cases is there too (attempts, assertions), or is skipped as the headers say
//! themselves, or its writer is known to count something else, or the config says so. None of these excuses a
//! failure that no case shows, nor a header without cases.
//!
//! Skipped tests that no case lists (libtest, mocha-junit-reporter) are believed where the books balance: as many
//! tests are missing as skipped ones are. Each of them is a skipped test without a name. A header that does not
//! count skipped tests at all leaves the answer to the header around it. More missing tests than skipped ones
//! are tests that ran, and are not listed.

use quick_xml::events::BytesStart;

use crate::report::Status;
use crate::settings::Counting;

use super::attributes::{Attributes, KEY_BYTES_MAX, folded, value};
use super::case::Figures;
use super::producer::Producer;
use super::{Stop, malformed};

/// Counts as claimed; absent where the attribute is.
#[derive(Default)]
pub(super) struct Header {
    tests: Option<u64>,
    failures: Option<u64>,
    errors: Option<u64>,
    skipped: Option<u64>,
    disabled: Option<u64>,
    /// Where the writer is one that counts something else.
    pub(super) producer: Option<Producer>,
}

/// What the cases of a suite show, and those of all suites inside it.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) cases: u64,
    /// Cases that failed.
    pub(super) bad_cases: u64,
    /// Failures and errors, excused ones too: a case may have several, or one by an attribute.
    pub(super) bad: u64,
    pub(super) skipped: u64,
    /// Failed attempts beside the outcome of a case.
    pub(super) attempts: u64,
    /// By the `assertions` of each case.
    pub(super) assertions: u64,
    /// What headers inside claim beyond their cases, and may.
    excess: u64,
    /// Skipped tests that headers count, and no case lists.
    pub(super) unnamed: u64,
    /// Tests that headers inside claim and no case lists, where none of them counts skipped tests.
    open: u64,
    /// What to say of these headers if the one around them does not explain it.
    pub(super) doubts: Vec<String>,
}

/// What becomes of a claim that goes beyond the cases.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// There is none.
    Agrees,
    /// Worth a note.
    Accepted(String),
    /// The header around this one may explain it.
    Open(String),
    Refused(String),
}

impl Header {
    /// Reads the attributes and hands the suite's name to `named`. `outer` is the writer of what is around it.
    pub(super) fn read(
        start: &BytesStart<'_>,
        outer: Option<Producer>,
        mut named: impl FnMut(&str),
    ) -> Result<Self, Stop> {
        let mut header = Self { producer: outer, ..Self::default() };
        let (mut buffer, mut seen) = ([0; KEY_BYTES_MAX], 0_u8);
        for attribute in Attributes::of(start) {
            let (key, raw) = attribute?;
            if let Some(producer) = Producer::of_attribute(key, raw) {
                header.producer = Some(producer);
            }
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

    /// Compares what the header claims with what is there. What may go beyond it is added to `tally`, for the
    /// headers around this one.
    pub(super) fn compare(&self, tally: &mut Tally, counting: Counting) -> Claim {
        if self.producer.is_some_and(Producer::counts_suites) {
            tally.excess += 1;
        }
        let bad = self.failures.unwrap_or(0).saturating_add(self.errors.unwrap_or(0));
        if bad > tally.bad && !self.counts_attempts(bad, tally) {
            return Claim::Refused(claims(bad, "failure or error", "failures or errors", tally.bad, ""));
        }
        let skipped = self.skipped().unwrap_or(0);
        if self.balances(tally) {
            let unlisted = skipped - tally.skipped - tally.unnamed;
            (tally.unnamed, tally.open) = (tally.unnamed + unlisted, 0);
            tally.doubts.clear();
            return Claim::Agrees;
        }
        let hint = if tally.cases > 0 && counting == Counting::Headers { HINT } else { "" };
        let listed = tally.skipped.saturating_add(tally.unnamed);
        if skipped > listed && !(tally.cases > 0 && counting == Counting::Cases { skipped: true }) {
            return Claim::Refused(claims(skipped, "skipped test", "skipped tests", listed, hint));
        }
        let (tests, there) = (self.tests.unwrap_or(0), tally.there());
        if tests <= there || (tally.cases > 0 && tests == tally.assertions) {
            return Claim::Agrees;
        }
        let why = match self.producer.and_then(Producer::why) {
            // Nothing that ran is named.
            _ if tally.cases == 0 => None,
            None if counting != Counting::Headers => Some("`counts = \"cases\"` accepts that"),
            why => why,
        };
        let Some(why) = why else {
            let message = claims(tests, "test", "tests", tally.cases, hint);
            if self.skipped().is_some() {
                return Claim::Refused(message);
            }
            tally.open = tally.open.max(tests - there);
            return Claim::Open(message);
        };
        tally.excess += tests - there;
        let cases = if tally.cases == 1 { "1 case".into() } else { format!("{} cases", tally.cases) };
        Claim::Accepted(format!("claims {tests} tests over {cases}: {why}"))
    }

    /// As many tests are missing among the cases as skipped ones, and a header inside misses no more.
    fn balances(&self, tally: &Tally) -> bool {
        let listed = tally.skipped.saturating_add(tally.unnamed);
        let unlisted = self.skipped().unwrap_or(0).saturating_sub(listed);
        let missing = self.tests.map_or(tally.open, |tests| tests.saturating_sub(tally.there()));
        (1..=UNLISTED_MAX).contains(&unlisted) && unlisted == missing && tally.open <= missing
    }

    /// How many tests it counts as skipped, if it counts them: some writers count a disabled one in both attributes.
    pub(super) fn skipped(&self) -> Option<u64> {
        let counts = self.producer.is_none_or(Producer::counts_skipped);
        self.skipped.max(self.disabled).filter(|_| counts)
    }

    /// Surefire counts each attempt as a test, and each failed one as a failure. A header that counts more
    /// failures, but no more tests, means a failure that no case shows.
    fn counts_attempts(&self, bad: u64, tally: &Tally) -> bool {
        let beyond = bad - tally.bad;
        let in_tests = self.tests.is_none_or(|tests| tests.saturating_sub(tally.cases) >= beyond);
        beyond <= tally.attempts && in_tests
    }

    /// A failure that the header does not count; the case wins.
    pub(super) fn understatement(&self, tally: &Tally) -> Option<String> {
        let (failures, errors, bad_cases) = (self.failures?, self.errors.unwrap_or(0), tally.bad_cases);
        let cases =
            if bad_cases == 1 { "1 of its cases".into() } else { format!("{bad_cases} of its cases") };
        (failures == 0 && errors == 0 && bad_cases > 0)
            .then(|| format!("claims no failure, but {cases} failed"))
    }
}

/// Skipped tests without a name that one header is believed: more than any report holds, and sums stay exact.
const UNLISTED_MAX: u64 = 1_000_000_000;

/// Follows a claim that the writer may mean otherwise.
const HINT: &str =
    "; where the writer counts something else there, `counts = \"cases\"` in the config accepts it";

/// `claims 2 tests, but 1 is listed: the report is not whole`.
fn claims(claimed: u64, one: &str, several: &str, listed: u64, hint: &str) -> String {
    let what = if claimed == 1 { one } else { several };
    let listed = match listed {
        0 => "none is".into(),
        1 => "1 is".into(),
        listed => format!("{listed} are"),
    };
    format!("claims {claimed} {what}, but {listed} listed: the report is not whole{hint}")
}

impl Tally {
    pub(super) fn of_case(status: Status, figures: Figures) -> Self {
        Self {
            cases: 1,
            bad_cases: u64::from(status.is_bad()),
            bad: figures.bad.max(u64::from(status.is_bad())),
            skipped: figures.skipped.max(u64::from(status.is_skip())),
            attempts: figures.attempts,
            assertions: figures.assertions,
            ..Self::default()
        }
    }

    /// What a header may claim as tests.
    fn there(&self) -> u64 {
        [self.attempts, self.excess, self.unnamed].into_iter().fold(self.cases, u64::saturating_add)
    }

    pub(super) fn absorb(&mut self, inner: Self) {
        self.cases += inner.cases;
        self.bad_cases += inner.bad_cases;
        self.bad += inner.bad;
        self.skipped += inner.skipped;
        self.attempts += inner.attempts;
        self.assertions = self.assertions.saturating_add(inner.assertions);
        self.excess = self.excess.saturating_add(inner.excess);
        self.unnamed = self.unnamed.saturating_add(inner.unnamed);
        self.open = self.open.saturating_add(inner.open);
        self.doubts.extend(inner.doubts);
    }
}
