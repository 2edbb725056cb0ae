//! Runs a checker natively, for its own tests: evidence from buffers, everything it says recorded.

use crate::judge::judge;
use crate::{
    Artifact, AttachmentError, Checker, Config, Evidence, Exit, Finding, Info, Level, Origin, OriginKind,
    Outcome, Problem, ReadAt, ReadError, Sink,
};

struct Buffer(Vec<u8>);

impl ReadAt for Buffer {
    fn read_at(&self, offset: u64, length: u32) -> Result<Vec<u8>, ReadError> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(self.0.len());
        let end = start.saturating_add(length as usize).min(self.0.len());
        Ok(self.0[start..end].to_vec())
    }
}

/// An artifact over `bytes`, produced by a command that exited 0 at time 0.
#[must_use]
pub fn artifact(name: &str, bytes: &[u8]) -> Artifact {
    artifact_with_exit(name, bytes, Exit::Code(0))
}

/// An artifact over `bytes` that the host made itself, without any command: a comparison of trees.
#[must_use]
pub fn artifact_of_host(name: &str, bytes: &[u8]) -> Artifact {
    made(name, bytes, Vec::new(), None)
}

/// An artifact over `bytes`, produced by a command that ended with `exit` at time 0.
#[must_use]
pub fn artifact_with_exit(name: &str, bytes: &[u8], exit: Exit) -> Artifact {
    made(name, bytes, vec!["test".into()], Some(exit))
}

fn made(name: &str, bytes: &[u8], argv: Vec<String>, exit: Option<Exit>) -> Artifact {
    let info = Info {
        name: name.into(),
        media_type: "application/octet-stream".into(),
        size: bytes.len() as u64,
        digest: String::new(),
    };
    let origin =
        Origin { source: "test".into(), kind: OriginKind::Produced, argv, exit, started_ms: 0, ended_ms: 0 };
    Artifact::new(info, origin, Box::new(Buffer(bytes.to_vec())))
}

/// Everything that a check said.
#[derive(Debug, Default)]
pub struct Recorder {
    /// In the order of emission.
    pub findings: Vec<Finding>,
    /// Name, media type, bytes.
    pub attachments: Vec<(String, String, Vec<u8>)>,
    /// Lines with their level.
    pub log: Vec<(Level, String)>,
}

impl Sink for Recorder {
    fn emit(&mut self, finding: Finding) -> bool {
        self.findings.push(finding);
        true
    }

    fn attach(&mut self, name: &str, media_type: &str, bytes: &[u8]) -> Result<(), AttachmentError> {
        self.attachments.push((name.into(), media_type.into(), bytes.to_vec()));
        Ok(())
    }

    fn progress(&mut self, _: u64, _: Option<u64>) {}

    fn log(&mut self, level: Level, message: &str) {
        self.log.push((level, message.into()));
    }
}

/// Reads `config` (JSON text) and checks `evidence`, as the component would: a config with problems
/// and an early stop become the outcome that the host would see.
/// An `Err` is what the host would show as the fault `checker-error`.
pub fn check<C: Checker>(config: &str, evidence: &Evidence) -> (Result<Outcome, String>, Recorder) {
    let mut recorder = Recorder::default();
    let outcome = judge::<C>(config, evidence, &mut recorder);
    (outcome, recorder)
}

/// The problems of `config` (JSON text), in the order of the keys that the checker declares.
#[must_use]
pub fn validate<C: Checker>(config: &str) -> Vec<Problem> {
    Config::read(config, C::configure).1
}

/// The JSON Schema of the config, as `describe` hands it to the host.
#[must_use]
pub fn schema<C: Checker>() -> serde_json::Value {
    crate::description::config_schema::<C>()
}
