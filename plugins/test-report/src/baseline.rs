//! Compares a run with an earlier one, id by id: counts would not see a test that another one replaced.
//!
//! Both sides must have been merged, so that ids are sorted and unique. It never decides; it lists.

use std::cmp::Ordering;

use crate::report::{Case, Report};

/// What changed. Ids are in order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Change<'a> {
    pub(crate) removed: Vec<&'a str>,
    /// Ran in the baseline.
    pub(crate) newly_skipped: Vec<&'a str>,
    pub(crate) newly_failing: Vec<&'a str>,
    pub(crate) newly_passing: Vec<&'a str>,
    pub(crate) added: u64,
}

/// Walks both lists at once.
pub(crate) fn compare<'a>(before: &'a Report, now: &'a Report) -> Change<'a> {
    let mut change = Change::default();
    let (mut old, mut new) = (before.cases.iter().peekable(), now.cases.iter().peekable());
    loop {
        let order = match (old.peek(), new.peek()) {
            (Some(old), Some(new)) => old.id.cmp(&new.id),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return change,
        };
        match order {
            Ordering::Less => change.removed.extend(old.next().map(|case| case.id.as_str())),
            Ordering::Greater => {
                new.next();
                change.added += 1;
            }
            Ordering::Equal => {
                if let (Some(old), Some(new)) = (old.next(), new.next()) {
                    change.both(old, new);
                }
            }
        }
    }
}

impl<'a> Change<'a> {
    fn both(&mut self, old: &Case, new: &'a Case) {
        if new.status.is_skip() && !old.status.is_skip() {
            self.newly_skipped.push(&new.id);
        }
        if new.status.is_bad() && !old.status.is_bad() {
            self.newly_failing.push(&new.id);
        }
        if new.status.is_good() && !old.status.is_good() {
            self.newly_passing.push(&new.id);
        }
    }
}
