//! Where a checker puts what it finds: mirrors the WIT interface `sink`.

use crate::Finding;

/// Weight of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// For the author of the checker.
    Debug,
    /// For a curious user.
    Info,
    /// Something odd that does not decide.
    Warning,
    /// Last words before giving up.
    Error,
}

/// Why an attachment was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttachmentError {
    /// 32 per check.
    TooMany,
    /// 64 MiB per check.
    TooLarge,
    /// The host could not write it.
    Unwritable,
}

/// Takes what a check finds while it works. What arrived before a fault is kept.
pub trait Sink {
    /// Reports a finding. False when the cap of 10,000 is reached: it was counted and dropped, and a
    /// checker may stop looking for more.
    fn emit(&mut self, finding: Finding) -> bool;

    /// Hands over a whole file that goes with the outcome. `name` is shown, never used as a path.
    ///
    /// # Errors
    /// When there are too many, they are too large, or the host cannot write.
    fn attach(&mut self, name: &str, media_type: &str, bytes: &[u8]) -> Result<(), AttachmentError>;

    /// Tells how far the check is, in a unit of the checker's choice.
    fn progress(&mut self, done: u64, total: Option<u64>);

    /// Writes a line to the log of the check: 256 KiB, cut in the middle.
    fn log(&mut self, level: Level, message: &str);
}
