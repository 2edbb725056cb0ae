//! The path of a check that the component and the native tests share.

use crate::{Checker, Config, Error, Evidence, Outcome, Reason, Sink};

/// Reads `config` (JSON text) and judges `evidence`. A config with problems and an early stop become
/// the outcome that the host would see.
///
/// # Errors
/// What the host shows as the fault `checker-error`.
pub(crate) fn judge<C: Checker>(
    config: &str,
    evidence: &Evidence,
    sink: &mut dyn Sink,
) -> Result<Outcome, String> {
    let (settings, problems) = Config::read(config, C::configure);
    if let Some(problem) = problems.first() {
        let summary = format!("config at `{}`: {}", problem.pointer, problem.message);
        return Ok(Outcome::inconclusive(Reason::Config, summary));
    }
    match C::check(settings, evidence, sink) {
        Ok(outcome) => Ok(outcome),
        Err(Error::Inconclusive(reason, summary)) => Ok(Outcome::inconclusive(reason, summary)),
        Err(Error::Broken(message)) => Err(message),
    }
}
