//! Takes what a check says while it works, within its bounds.

use std::io::Write;
use std::sync::Arc;

use evident_blobs::{Blobs, Writer};
use evident_core::defence::Defence;
use evident_core::downgrade::Observed;
use evident_core::outcome::{Attachment, Finding, Severity};
use evident_core::text;

use crate::capture::Capture;
use crate::limits::{ATTACHMENT_BYTES_MAX, ATTACHMENTS_MAX, FINDINGS_BYTES_MAX, FINDINGS_MAX};

/// Hears how far a check is: units done, and units in all where the checker knows.
pub type Progress = Arc<dyn Fn(u64, Option<u64>) + Send + Sync>;

/// Everything that a check said.
pub(crate) struct Sink {
    pub(crate) findings: Vec<Finding>,
    pub(crate) findings_dropped: u64,
    findings_bytes: usize,
    pub(crate) observed: Observed,
    pub(crate) log: Capture,
    attachments: Vec<Open>,
    attachment_bytes: u64,
    blobs: Option<Blobs>,
}

struct Open {
    name: String,
    media_type: String,
    writer: Writer,
}

/// Why an attachment was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    TooMany,
    TooLarge,
    Unwritable,
}

impl Sink {
    /// Attachments go to `blobs`; without, none is taken.
    pub(crate) fn new(blobs: Option<Blobs>) -> Self {
        Self {
            findings: Vec::new(),
            findings_dropped: 0,
            findings_bytes: 0,
            observed: Observed::default(),
            log: Capture::default(),
            attachments: Vec::new(),
            attachment_bytes: 0,
            blobs,
        }
    }

    /// Keeps a finding, or counts it. False when the cap is reached.
    pub(crate) fn emit(&mut self, finding: Finding) -> bool {
        let bytes = finding.message.len() + finding.rule.len() + finding.fingerprint.len();
        let is_full = self.findings.len() >= FINDINGS_MAX || self.findings_bytes + bytes > FINDINGS_BYTES_MAX;
        if Defence::OutputCaps.stands() && is_full {
            self.findings_dropped += 1;
            self.observed.dropped_error |= finding.severity == Severity::Error;
            return false;
        }
        self.findings_bytes += bytes;
        self.findings.push(finding);
        true
    }

    /// Opens an attachment and gives its number.
    pub(crate) fn attach(&mut self, name: &str, media_type: &str) -> Result<usize, Refused> {
        if Defence::OutputCaps.stands() && self.attachments.len() >= ATTACHMENTS_MAX {
            return Err(Refused::TooMany);
        }
        let writer = self.blobs.as_ref().ok_or(Refused::Unwritable)?.create();
        let writer = writer.map_err(|_| Refused::Unwritable)?;
        self.attachments.push(Open { name: text::name(name), media_type: text::name(media_type), writer });
        Ok(self.attachments.len() - 1)
    }

    /// Appends to an attachment.
    pub(crate) fn write(&mut self, number: usize, chunk: &[u8]) -> Result<(), Refused> {
        let total = self.attachment_bytes + chunk.len() as u64;
        if Defence::OutputCaps.stands() && total > ATTACHMENT_BYTES_MAX {
            return Err(Refused::TooLarge);
        }
        self.attachment_bytes = total;
        let open = self.attachments.get_mut(number).ok_or(Refused::Unwritable)?;
        open.writer.write_all(chunk).map_err(|_| Refused::Unwritable)
    }

    /// Gives every attachment its name in the blob store. One that cannot be stored is left out, and
    /// the log says so.
    pub(crate) fn finish_attachments(&mut self) -> Vec<Attachment> {
        let mut stored = Vec::new();
        for open in std::mem::take(&mut self.attachments) {
            match open.writer.finish() {
                Ok((digest, size)) => {
                    stored.push(Attachment { name: open.name, media_type: open.media_type, size, digest });
                }
                Err(error) => {
                    self.log.push(format!("[host] attachment `{}` is lost: {error}\n", open.name).as_bytes());
                }
            }
        }
        stored
    }
}
