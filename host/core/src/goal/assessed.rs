//! What the life of a goal takes from an assessment.

use std::collections::BTreeMap;

use super::event::{Assessed, ClauseResult, ClauseStatus, Gap, Scope, Why};
use super::progress::FINGERPRINTS_MAX;
use crate::assessment::{Assessment, Judged};
use crate::digest::Digest;
use crate::outcome::{Direction, Metric, Severity, Status};

/// What a caller knows beside the assessment.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// Why it was made.
    pub why: Why,
    /// What was assessed.
    pub scope: Scope,
    /// Names the stored assessment.
    pub assessment: Digest,
    /// Digest of [`evidence_text`].
    pub evidence: Digest,
    /// True if the contract's file is not the contract in force.
    pub contract_edited: bool,
}

/// What the evidence says, as text: the same text where it says the same. Not its bytes: the output of a test
/// run holds times, and a figure moves by chance.
#[must_use]
pub fn evidence_text(assessment: &Assessment) -> String {
    let clauses = assessment.clauses.iter().map(|judged| {
        let outcome = &judged.outcome;
        let reason = match outcome.status {
            Status::Inconclusive(reason) => reason.to_string(),
            Status::Pass | Status::Fail => String::new(),
        };
        let mut findings: Vec<&str> =
            outcome.findings.iter().map(|finding| finding.fingerprint.as_str()).collect();
        findings.sort_unstable();
        let (status, examined) = (outcome.status.word(), outcome.examined.count);
        format!("{} {status} {reason} {examined} {}\n", judged.name, findings.join(" "))
    });
    clauses.collect()
}

/// The summary of an assessment; its progress is measured where it is judged.
#[must_use]
pub fn of(assessment: &Assessment, known: Known) -> Assessed {
    let mut fingerprints: Vec<String> = assessment.clauses.iter().flat_map(against).collect();
    fingerprints.sort_unstable();
    fingerprints.dedup();
    let dropped = assessment.clauses.iter().any(|judged| judged.outcome.findings_dropped > 0);
    let fingerprints_cut = dropped || fingerprints.len() > FINGERPRINTS_MAX;
    fingerprints.truncate(FINGERPRINTS_MAX);
    Assessed {
        why: known.why,
        scope: known.scope,
        assessment: known.assessment,
        tree: assessment.tree,
        contract: assessment.contract,
        roll_up: assessment.roll_up,
        clauses: assessment.clauses.iter().map(clause).collect(),
        evidence: known.evidence,
        fingerprints,
        fingerprints_cut,
        contract_edited: known.contract_edited,
        progress: Vec::new(),
    }
}

/// Fingerprints of what speaks against a clause, each with the name of its clause.
fn against(judged: &Judged) -> Vec<String> {
    let decides = |severity| severity == Severity::Error;
    let findings = judged.outcome.findings.iter().filter(|finding| decides(finding.severity));
    findings.map(|finding| format!("{}:{}", judged.name, finding.fingerprint)).collect()
}

fn clause(judged: &Judged) -> ClauseResult {
    let (status, reason) = match judged.outcome.status {
        Status::Pass => (ClauseStatus::Pass, None),
        Status::Fail => (ClauseStatus::Fail, None),
        Status::Inconclusive(reason) => (ClauseStatus::Inconclusive, Some(reason)),
    };
    let gaps: BTreeMap<String, Gap> = judged
        .outcome
        .metrics
        .iter()
        .filter_map(|metric| Some((metric.name.clone(), gap(metric)?)))
        .collect();
    ClauseResult {
        name: judged.name.clone(),
        kind: judged.kind,
        status,
        reason,
        summary: crate::text::name(&judged.outcome.summary),
        asserted: judged.asserted,
        doubts: judged.doubts.iter().map(ToString::to_string).collect(),
        gaps,
        attachments: judged.outcome.attachments.clone(),
    }
}

fn gap(metric: &Metric) -> Option<Gap> {
    let limit = metric.limit?;
    let beyond = match metric.direction {
        Direction::Lower => metric.value - limit,
        Direction::Higher => limit - metric.value,
        Direction::None => return None,
    };
    let gap = Gap { beyond, noise: metric.noise.unwrap_or(0.0).abs() };
    // What is not a number has no JSON form, and could not be read again.
    Some(gap).filter(|gap| gap.beyond.is_finite() && gap.noise.is_finite())
}
