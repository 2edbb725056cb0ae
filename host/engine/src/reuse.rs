//! Outcomes of earlier checks: the same component, config, limits and artifacts give the same outcome, so
//! it need not be asked again.
//!
//! Only an answer is kept, never a fault: a time limit may be met the next time. An answer for which the
//! checker asked where its evidence is from is not kept either: that is new in every run. What is kept is
//! sealed, and the host's own downgrades are applied to it as to a fresh answer.

use evident_blobs::Blobs;
use evident_core::assessment::Usage;
use evident_core::defence::Defence;
use evident_core::downgrade::Observed;
use evident_core::outcome::Outcome;
use evident_sandbox::{Checked, Limits};
use evident_sealed::{Places as SealedPlaces, Seal, Sealed};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::judge::Question;
use crate::{Engine, Places};

/// Version of the stored form and of what the key is made of.
const PURPOSE: &str = "evident outcome 1";

/// Bytes of one kept answer: 16 MiB of findings as JSON, a log, and room.
const ANSWER_BYTES_MAX: u64 = 64 << 20;

/// Bytes of all kept answers.
const ANSWERS_BYTES_MAX: u64 = 512 << 20;

/// Answers that are kept; the oldest go.
const ANSWERS_MAX: usize = 2048;

/// The folder of kept answers; nothing where it is not fit, and then nothing is reused.
pub(crate) fn open(places: &Places) -> Option<Sealed> {
    Sealed::open(SealedPlaces {
        folder: places.cache.join("outcomes"),
        key_file: places.seal_key(),
        purpose: PURPOSE,
        file_bytes_max: ANSWER_BYTES_MAX,
        bytes_max: ANSWERS_BYTES_MAX,
        files_max: ANSWERS_MAX,
    })
}

/// An answer as it is kept.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    outcome: Outcome,
    non_finite: bool,
    dropped_error: bool,
    bytes_read: Vec<Vec<u64>>,
    log: String,
    usage: Usage,
}

impl Engine {
    /// The name under which the answer to a question is kept: a digest of everything that it depends on.
    pub(crate) fn question_key(question: &Question<'_>, limits: Limits) -> String {
        let slots = question.bound.iter().map(|slot| {
            let artifacts = slot.artifacts.iter();
            let artifacts = artifacts.map(|(artifact, _)| {
                json!([artifact.name, artifact.media_type, artifact.size, artifact.digest])
            });
            json!([slot.slot.name, artifacts.collect::<Vec<_>>()])
        });
        let asked = json!({
            "host": env!("CARGO_PKG_VERSION"),
            "component": question.loaded.digest,
            "wasi": question.loaded.wasi.to_string(),
            "limits": [limits.fuel, limits.memory_bytes],
            "wall": limits.wall,
            "config": question.config,
            "slots": slots.collect::<Vec<_>>(),
        });
        Blobs::digest(asked.to_string().as_bytes()).hex()
    }

    /// The answer that is kept under that name; nothing where there is none, or one that this host did not
    /// write.
    pub(crate) fn reused(&self, key: &str) -> Option<Checked> {
        let seal = if Defence::OutcomeSeal.stands() { Seal::Proven } else { Seal::Ignored };
        let opened = self.answers.as_ref().as_ref()?.get(key, seal)?;
        let kept: Kept = serde_json::from_slice(opened.bytes()).ok()?;
        // What goes with an outcome may have been swept away or damaged since.
        if kept.outcome.attachments.iter().any(|attachment| self.blobs.prove(attachment.digest).is_err()) {
            return None;
        }
        Some(Checked {
            outcome: kept.outcome,
            fault: None,
            observed: Observed { non_finite: kept.non_finite, dropped_error: kept.dropped_error },
            bytes_read: kept.bytes_read,
            log: kept.log,
            usage: kept.usage,
            origin_read: false,
        })
    }

    /// Keeps an answer that another run may reuse.
    pub(crate) fn keep_for_reuse(&self, key: &str, checked: &Checked) {
        let Some(answers) = self.answers.as_ref() else { return };
        if checked.fault.is_some() || checked.origin_read {
            return;
        }
        let kept = Kept {
            outcome: checked.outcome.clone(),
            non_finite: checked.observed.non_finite,
            dropped_error: checked.observed.dropped_error,
            bytes_read: checked.bytes_read.clone(),
            log: checked.log.clone(),
            usage: checked.usage,
        };
        answers.put(key, &[&serde_json::to_vec(&kept).expect("an answer has a JSON form")]);
    }
}
