//! What holds for every outcome of every checker, whatever the evidence: used by the targets of checkers.
//!
//! It never knows a format.

use evident_checker::testing::{Recorder, artifact, artifact_of_host, check, validate};
use evident_checker::{Checker, Evidence, Outcome, Severity, Status};

/// Ends a part of an input: ASCII's own record separator, which no format that is read here uses.
const SEPARATOR: u8 = 0x1e;

/// Bytes of a message that the host takes whole.
const MESSAGE_BYTES_MAX: usize = 8 * 1024;

/// Artifacts of one slot.
pub(crate) struct Slot<'a> {
    /// As the checker names it.
    pub(crate) name: &'static str,
    /// Name and bytes.
    pub(crate) artifacts: Vec<(String, &'a [u8])>,
}

/// The first byte, which chooses, and the parts behind it, at least one; nothing of an empty input.
pub(crate) fn parts(bytes: &[u8]) -> Option<(usize, Vec<&[u8]>)> {
    let (&choice, rest) = bytes.split_first()?;
    Some((usize::from(choice), rest.split(|byte| *byte == SEPARATOR).collect()))
}

/// Judges twice. What comes out is the same, no fault, and no pass that the host would have to refuse.
pub(crate) fn judged<C: Checker>(config: &str, slots: &[Slot<'_>]) -> (Outcome, Recorder) {
    let once = || {
        let mut evidence = Evidence::new();
        for slot in slots {
            // A comparison is read only where the host made it.
            let make = if slot.name == "changes" { artifact_of_host } else { artifact };
            evidence.bind(slot.name, slot.artifacts.iter().map(|(name, bytes)| make(name, bytes)));
        }
        check::<C>(config, &evidence)
    };
    let (answer, said) = once();
    let (again, said_again) = once();
    assert_eq!(answer, again, "the same evidence and config, another answer");
    assert_eq!(said.findings, said_again.findings, "the same evidence and config, other findings");
    assert_eq!(said.attachments, said_again.attachments, "the same evidence and config, other attachments");
    let outcome = answer.expect("no evidence is a fault of the checker");
    holds(&outcome, &said);
    (outcome, said)
}

fn holds(outcome: &Outcome, said: &Recorder) {
    let has_error = said.findings.iter().any(|finding| finding.severity == Severity::Error);
    match outcome.status {
        Status::Pass => {
            assert!(outcome.examined > 0, "a pass over nothing: {}", outcome.summary);
            assert!(!has_error, "a pass beside an error: {}", outcome.summary);
        }
        Status::Fail => assert!(has_error, "a fail that no finding tells of: {}", outcome.summary),
        Status::Inconclusive(_) => {}
    }
    assert!(!outcome.summary.is_empty(), "an outcome without words");
    for finding in &said.findings {
        assert!(finding.message.len() < MESSAGE_BYTES_MAX, "a message of {} bytes", finding.message.len());
    }
    for metric in &outcome.metrics {
        let figures = [Some(metric.value), metric.limit, metric.noise];
        assert!(figures.iter().flatten().all(|figure| figure.is_finite()), "{metric:?}");
    }
}

/// A config that the checker refuses would make a target that looks at nothing.
pub(crate) fn accepted<C: Checker>(config: &str) {
    assert_eq!(validate::<C>(config), [], "{config}");
}

/// Where to cut a document: twice at a byte that its own bytes choose, and once at the line that ends
/// before it. Never behind the last byte.
pub(crate) fn cuts(document: &[u8]) -> impl Iterator<Item = &[u8]> {
    // FNV-1a: any fixed function will do.
    let chosen = document.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let length = document.len().max(1) as u64;
    let at = |number: u64| usize::try_from(number % length).expect("is below a length");
    let (one, other) = (at(chosen >> 8), at(chosen >> 32));
    let line = document[..one.min(document.len())].iter().rposition(|byte| *byte == b'\n');
    let cuts = [Some(one), Some(other), line.map(|line| line + 1)];
    cuts.into_iter().flatten().filter_map(|cut| document.get(..cut))
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;
    use std::sync::atomic::{AtomicU64, Ordering};

    use evident_checker::{Config, Description, Direction, Error, Finding, Metric, Reason, Sink};

    use super::*;

    /// What it does wrong stands in its config.
    struct Liar;

    impl Checker for Liar {
        type Settings = String;

        fn describe() -> Description {
            Description::new("liar", "0.1.0", "Lies")
        }

        fn configure(config: &mut Config) -> String {
            config.text("lie", "which").unwrap_or_default()
        }

        fn check(lie: String, _: &Evidence, sink: &mut dyn Sink) -> Result<Outcome, Error> {
            static CHECKS: AtomicU64 = AtomicU64::new(0);
            let pass = Outcome::decide(true, "holds").examined(1, "things");
            match lie.as_str() {
                "over nothing" => return Ok(Outcome::decide(true, "holds")),
                "beside an error" => drop(sink.emit(Finding::error("x", "wrong"))),
                "fails without a finding" => return Ok(Outcome::decide(false, "does not hold")),
                "without words" => return Ok(Outcome::inconclusive(Reason::Malformed, "")),
                "too many words" => drop(sink.emit(Finding::note("x", "x".repeat(MESSAGE_BYTES_MAX)))),
                "not finite" => {
                    return Ok(pass.metric(Metric::new("x", 1.0, "").limit(f64::INFINITY, Direction::Lower)));
                }
                "another answer" | "other findings" => {
                    let number = CHECKS.fetch_add(1, Ordering::Relaxed).to_string();
                    if lie == "another answer" {
                        return Ok(Outcome::decide(true, number).examined(1, "things"));
                    }
                    sink.emit(Finding::note("x", number));
                }
                "fault" => return Err(Error::Broken("gives up".into())),
                _ => {}
            }
            Ok(pass)
        }
    }

    /// Catches a rule of this file that holds for whatever a checker says.
    #[test]
    fn every_lie_is_noticed() {
        let told = |lie: &str| {
            let config = format!(r#"{{"lie":"{lie}"}}"#);
            catch_unwind(|| judged::<Liar>(&config, &[])).map(|(outcome, _)| outcome.status)
        };
        assert_eq!(told("none").expect("holds"), Status::Pass);
        for lie in [
            "over nothing",
            "beside an error",
            "fails without a finding",
            "without words",
            "too many words",
            "not finite",
            "another answer",
            "other findings",
            "fault",
        ] {
            assert!(told(lie).is_err(), "a checker lies: {lie}");
        }
        assert!(catch_unwind(|| accepted::<Liar>(r#"{"lei":"none"}"#)).is_err());
    }

    /// Catches cuts that are none, and a document that is too short for one.
    #[test]
    fn cuts_are_shorter_than_the_document() {
        let text = b"one line\nand another\nand more\n";
        for length in 0..text.len() {
            let document = &text[..length];
            for cut in cuts(document) {
                assert!(
                    document.starts_with(cut) && (cut.len() < length || length == 0),
                    "{length}: {cut:?}"
                );
            }
            assert!(cuts(document).count() >= 2, "{length}");
        }
    }

    #[test]
    fn an_input_is_a_choice_and_parts() {
        assert_eq!(parts(b""), None);
        assert_eq!(parts(b"\x07"), Some((7, vec![&b""[..]])));
        assert_eq!(parts(b"\x07a\x1e\x1eb"), Some((7, vec![&b"a"[..], b"", b"b"])));
    }
}
