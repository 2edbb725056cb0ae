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

/// Bytes that a finding takes.
fn size(finding: &Finding) -> usize {
    let place = finding.location.iter().flat_map(|location| [&location.artifact, &location.path]);
    let place: usize = place.flatten().map(String::len).sum();
    finding.message.len() + finding.rule.len() + finding.fingerprint.len() + place
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

    /// Keeps a finding, or counts it. False when the cap is reached: then it is not even formed.
    pub(crate) fn emit(&mut self, severity: Severity, form: impl FnOnce() -> Finding) -> bool {
        let has_room = self.findings.len() < FINDINGS_MAX && self.findings_bytes < FINDINGS_BYTES_MAX;
        if has_room || !Defence::OutputCaps.stands() {
            let finding = form();
            let bytes = self.findings_bytes + size(&finding);
            if bytes <= FINDINGS_BYTES_MAX || !Defence::OutputCaps.stands() {
                self.findings_bytes = bytes;
                self.findings.push(finding);
                return true;
            }
            // One that would fit might still come: but a checker that said so much is not listened to.
            self.findings_bytes = FINDINGS_BYTES_MAX;
        }
        self.findings_dropped += 1;
        self.observed.dropped_error |= severity == Severity::Error;
        false
    }

    /// Logs a line. Nothing is put together first: the line may be as long as a call allows.
    pub(crate) fn log(&mut self, level: &str, message: &str) {
        [level, ": ", message, "\n"].iter().for_each(|part| self.log.push(part.as_bytes()));
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
