//! Words and bounds of findings: messages that begin with what matters, and stable fingerprints.
//!
//! It never decides a severity.

use evident_checker::{Finding, Location, Severity};

use crate::failure_text::headline;
use crate::report::{Case, Status};

/// Bytes of an id in a message: the host takes 8 KiB as a whole, of which the text has 4.
const ID_BYTES_MAX: usize = 512;

/// Bytes of an id in a summary, which names several.
const ID_BYTES_SHORT: usize = 120;

/// Ids that a summary names.
const IDS_NAMED_MAX: usize = 3;

/// The rule that a status falls under.
pub(crate) fn rule(status: Status) -> &'static str {
    match status {
        Status::Errored => "test-errored",
        Status::TimedOut => "test-timed-out",
        Status::Flaky => "test-flaky",
        Status::Skipped | Status::Disabled => "test-skipped",
        Status::Failed | Status::Passed => "test-failed",
    }
}

/// A finding about one test, without detail.
pub(crate) fn about(severity: Severity, rule: &str, id: &str, message: String) -> Finding {
    let finding = match severity {
        Severity::Error => Finding::error(rule, message),
        Severity::Warning => Finding::warning(rule, message),
        Severity::Note => Finding::note(rule, message),
    };
    finding.fingerprint(fingerprint(rule, id))
}

/// A finding about a case, with its text and place. `number` tells the tests of one id apart, from 1; `remark`
/// follows the sentence that says how it ended.
pub(crate) fn about_case(
    severity: Severity,
    case: &Case,
    number: u64,
    artifact: &str,
    remark: &str,
) -> Finding {
    let text = case.detail.as_ref().map_or("", |detail| detail.text.as_str());
    let quote = headline(text);
    let mut message = format!("`{}` {}{remark}", shown(&case.id), case.status.word());
    if !quote.is_empty() {
        message.push_str(": ");
        message.push_str(cut(&quote, ID_BYTES_MAX));
    }
    if text != quote {
        message.push_str("\n\n");
        message.push_str(text);
    }
    let place = case.detail.as_ref().and_then(|detail| detail.place.clone());
    let (path, line) =
        place.map_or((None, None), |(path, line)| (Some(cut(&path, ID_BYTES_MAX).to_owned()), line));
    let location = Location { artifact: Some(cut(artifact, ID_BYTES_MAX).into()), path, line };
    let finding = about(severity, rule(case.status), &case.id, message).at(location);
    if number == 1 {
        return finding;
    }
    let fingerprint = fingerprint(rule(case.status), &case.id);
    finding.fingerprint(format!("{fingerprint}#{number}"))
}

/// An id as a message shows it.
pub(crate) fn shown(id: &str) -> &str {
    cut(id, ID_BYTES_MAX)
}

/// `a, b, c and 4 more`.
pub(crate) fn named(ids: &[&str]) -> String {
    let mut text = String::new();
    for (at, id) in ids.iter().take(IDS_NAMED_MAX).enumerate() {
        text.push_str(if at == 0 { "" } else { ", " });
        text.push_str(cut(id, ID_BYTES_SHORT));
    }
    if ids.len() > IDS_NAMED_MAX {
        text.push_str(&format!(" and {} more", ids.len() - IDS_NAMED_MAX));
    }
    text
}

/// `1 test`, `2 tests`.
pub(crate) fn tests(count: u64) -> String {
    if count == 1 { "1 test".into() } else { format!("{count} tests") }
}

/// `1 time`, `2 times`.
pub(crate) fn times(count: usize) -> String {
    if count == 1 { "1 time".into() } else { format!("{count} times") }
}

fn cut(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

/// `rule:id`; an id that is too long ends with a hash of the whole, so that two of them stay apart.
fn fingerprint(rule: &str, id: &str) -> String {
    if id.len() <= ID_BYTES_MAX {
        return format!("{rule}:{id}");
    }
    // FNV-1a: any fixed function will do, it only tells texts apart.
    let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{rule}:{}#{hash:016x}", cut(id, ID_BYTES_MAX))
}
