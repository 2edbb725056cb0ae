//! The host's own rules on an answer: the author of a checker cannot pass by mistake or by will.
//!
//! Only a `pass` is ever changed, and only to `inconclusive`; a `fail` stands.

use crate::binding::BoundSlot;
use crate::defence::Defence;
use crate::descriptor::ReadRequirement;
use crate::outcome::{Outcome, Reason, Severity, Status};

/// What the host saw while the checker worked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Observed {
    /// True if the answer held a number that is not finite.
    pub non_finite: bool,
    /// True if a finding of severity `error` was dropped above the cap.
    pub dropped_error: bool,
}

/// A pass that the host did not accept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Downgrade {
    /// For the outcome.
    pub reason: Reason,
    /// Why, in one line.
    pub why: String,
}

/// Finds the first rule that a pass breaks. `bytes_read` gives, for a slot and an artifact by index,
/// how many different bytes of it were read.
#[must_use]
pub fn downgrade(
    outcome: &Outcome,
    observed: Observed,
    bound: &[BoundSlot<'_>],
    bytes_read: impl Fn(usize, usize) -> u64,
) -> Option<Downgrade> {
    if outcome.status != Status::Pass {
        return None;
    }
    let refuse = |reason, why: String| Some(Downgrade { reason, why });
    for (_, origin) in bound.iter().flat_map(|slot| &slot.artifacts) {
        if let Some(exit) = origin.exit.filter(|_| !origin.exit_accepted && Defence::ExitMismatch.stands()) {
            return refuse(Reason::ExitMismatch, format!("source `{}` ended with {exit}", origin.source));
        }
    }
    if outcome.examined.count == 0 && Defence::NotExamined.stands() {
        return refuse(Reason::NotExamined, "the checker passed without examining anything".into());
    }
    for (slot_index, slot) in
        bound.iter().enumerate().filter(|(_, slot)| slot.slot.read == ReadRequirement::All)
    {
        for (index, (artifact, _)) in slot.artifacts.iter().enumerate() {
            let read = bytes_read(slot_index, index);
            if read < artifact.size && Defence::Unread.stands() {
                let why =
                    format!("the checker read {read} of {} bytes of `{}`", artifact.size, artifact.name);
                return refuse(Reason::Unread, why);
            }
        }
    }
    if !Defence::Contradiction.stands() {
        return None;
    }
    if let Some(finding) = outcome.findings.iter().find(|finding| finding.severity == Severity::Error) {
        let why = format!("the checker passed beside the error `{}`: {}", finding.rule, finding.message);
        return refuse(Reason::Contradiction, why);
    }
    if observed.dropped_error {
        return refuse(
            Reason::Contradiction,
            "the checker passed beside an error among dropped findings".into(),
        );
    }
    if observed.non_finite {
        return refuse(Reason::Contradiction, "the checker passed with a number that is not finite".into());
    }
    None
}

/// The outcome after a downgrade: the answer stays, the status does not.
#[must_use]
pub fn apply(mut outcome: Outcome, downgrade: &Downgrade) -> Outcome {
    outcome.status = Status::Inconclusive(downgrade.reason);
    outcome.summary = format!("{} (the checker said pass: {})", downgrade.why, outcome.summary);
    outcome
}
