//! How many bytes a record takes when it crosses from a guest. It changes none of them.

use super::{exported, types};

/// Bytes of a record beside its texts, about: a list of many small ones is work too.
const RECORD_BYTES: usize = 64;

pub(super) fn outcome(outcome: &types::Outcome) -> usize {
    let metrics = outcome.metrics.iter().map(|metric| RECORD_BYTES + metric.name.len() + metric.unit.len());
    outcome.summary.len() + outcome.examined.unit.len() + metrics.sum::<usize>()
}

pub(super) fn descriptor(descriptor: &exported::Descriptor) -> usize {
    let slots = descriptor.slots.iter().map(|slot| {
        let media_types = slot.media_types.iter().map(|media_type| RECORD_BYTES + media_type.len());
        RECORD_BYTES + slot.name.len() + slot.title.len() + media_types.sum::<usize>()
    });
    let texts = [&descriptor.id, &descriptor.version, &descriptor.title, &descriptor.config_schema];
    texts.map(String::len).iter().sum::<usize>() + slots.sum::<usize>()
}

pub(super) fn problem(problem: &exported::Problem) -> usize {
    let hint = problem.hint.as_ref().map_or(0, String::len);
    RECORD_BYTES + problem.pointer.len() + problem.message.len() + hint
}

pub(super) fn finding(finding: &types::Finding) -> usize {
    let location = finding.location.iter().flat_map(|location| [&location.artifact, &location.path]);
    let texts = location.chain([&finding.fingerprint]).flatten().map(String::len);
    finding.rule.len() + finding.message.len() + texts.sum::<usize>()
}
