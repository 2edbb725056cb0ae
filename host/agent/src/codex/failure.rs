//! Why a turn of codex broke off: its error, as one of the host's classes.
//!
//! It decides nothing about what follows.

use evident_core::agent::{Failure, FailureClass};
use evident_core::evidence::Timestamp;
use serde_json::Value;

use super::protocol::string;

/// The failure that an error of a turn stands for. `until` is when the provider's limit ends, where it said so.
pub(super) fn of_error(error: &Value, until: Option<Timestamp>) -> Failure {
    let message = string(error, "/message").unwrap_or("codex gave no reason");
    let class = match error.get("codexErrorInfo") {
        Some(Value::String(word)) => of_word(word).unwrap_or_else(|| of_text(message)),
        Some(Value::Object(info)) => {
            let status =
                info.values().find_map(|detail| detail.get("httpStatusCode")).and_then(Value::as_u64);
            status.map_or(FailureClass::Unavailable, of_status)
        }
        _ => of_text(message),
    };
    with_limit(Failure::new(class, message), until)
}

/// The failure that a mere text stands for: all that `codex exec` tells.
pub(super) fn of_message(message: &str) -> Failure {
    Failure::new(of_text(message), message)
}

fn with_limit(failure: Failure, until: Option<Timestamp>) -> Failure {
    let limited = matches!(failure.class, FailureClass::Quota | FailureClass::RateLimited);
    Failure { until: until.filter(|_| limited), ..failure }
}

/// The words of `CodexErrorInfo`. `other` is not among them: it says nothing.
fn of_word(word: &str) -> Option<FailureClass> {
    Some(match word {
        "usageLimitExceeded" | "sessionBudgetExceeded" => FailureClass::Quota,
        "rateLimitExceeded" => FailureClass::RateLimited,
        "serverOverloaded" | "flexUnavailable" | "policyCapacityUnavailable" | "internalServerError" => {
            FailureClass::Unavailable
        }
        "unauthorized" | "modelNotFound" | "sandboxError" => FailureClass::Setup,
        "badRequest"
        | "contextWindowExceeded"
        | "cyberPolicy"
        | "misalignmentPolicyViolation"
        | "tooManyDenials"
        | "inferenceHookDenied" => FailureClass::Refused,
        _ => return None,
    })
}

fn of_status(status: u64) -> FailureClass {
    match status {
        401 | 403 | 404 => FailureClass::Setup,
        402 => FailureClass::Quota,
        429 => FailureClass::RateLimited,
        408 => FailureClass::Unavailable,
        400..=499 => FailureClass::Refused,
        _ => FailureClass::Unavailable,
    }
}

/// What 0.169.0 writes where it has no word. A provider's refusal of the request itself is its JSON body and
/// nothing else. What is not recognised may pass: it is tried again, and blocks if it does not.
fn of_text(message: &str) -> FailureClass {
    if message.contains("usage limit") || message.starts_with("Quota exceeded") {
        return FailureClass::Quota;
    }
    if let Some(status) = status_in(message) {
        return of_status(status);
    }
    match serde_json::from_str::<Value>(message) {
        Ok(body) if body.get("error").is_some() => FailureClass::Refused,
        _ => FailureClass::Unavailable,
    }
}

/// The number in `exceeded retry limit, last status: 429 ...` and `unexpected status 401 ...`.
fn status_in(message: &str) -> Option<u64> {
    ["last status: ", "unexpected status "].iter().find_map(|mark| {
        let after = message.split_once(mark)?.1;
        let digits = after.split(|character: char| !character.is_ascii_digit()).next()?;
        digits.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Errors that 0.169.0 gave for the scripted faults, and their classes.
    #[test]
    fn every_fault_that_was_seen_has_its_class() {
        let seen = [
            (
                "exceeded retry limit, last status: 429 Too Many Requests",
                json!({"responseTooManyFailedAttempts": {"httpStatusCode": 429}}),
                FailureClass::RateLimited,
            ),
            (
                "You’ve hit your usage limit. Try again at Nov 30th, 2026 12:53 AM.",
                json!("usageLimitExceeded"),
                FailureClass::Quota,
            ),
            (
                "Quota exceeded. Check your plan and billing details.",
                json!("usageLimitExceeded"),
                FailureClass::Quota,
            ),
            (
                "stream disconnected before completion: stream closed before response.completed",
                json!("other"),
                FailureClass::Unavailable,
            ),
            (
                "We’re currently experiencing high demand, which may cause temporary errors.",
                json!("internalServerError"),
                FailureClass::Unavailable,
            ),
            (
                "Selected model is at capacity. Please try a different model.",
                json!("serverOverloaded"),
                FailureClass::Unavailable,
            ),
            (
                "unexpected status 401 Unauthorized: scripted error, url: http://127.0.0.1:1/v1/responses",
                json!({"httpConnectionFailed": {"httpStatusCode": 401}}),
                FailureClass::Setup,
            ),
            (
                r#"{"error": {"message": "bad thing", "type": "invalid_request_error"}}"#,
                json!("other"),
                FailureClass::Refused,
            ),
            ("model not there", json!("modelNotFound"), FailureClass::Setup),
            (
                "error sending request",
                json!({"responseStreamConnectionFailed": {"httpStatusCode": null}}),
                FailureClass::Unavailable,
            ),
        ];
        for (message, info, class) in seen {
            let failure = of_error(&json!({"message": message, "codexErrorInfo": info}), None);
            assert_eq!(failure, Failure::new(class, message));
        }
    }

    /// `codex exec` tells the text and no word.
    #[test]
    fn a_text_alone_is_enough_for_the_usual_faults() {
        let seen = [
            ("exceeded retry limit, last status: 429 Too Many Requests", FailureClass::RateLimited),
            ("You’ve hit your usage limit. Try again at Nov 30th, 2026 12:53 AM.", FailureClass::Quota),
            ("unexpected status 401 Unauthorized: scripted error", FailureClass::Setup),
            ("unexpected status 502 Bad Gateway: x", FailureClass::Unavailable),
            ("stream disconnected before completion: x", FailureClass::Unavailable),
            (r#"{"error": {"message": "bad"}}"#, FailureClass::Refused),
        ];
        for (message, class) in seen {
            assert_eq!(of_message(message).class, class, "{message}");
        }
    }

    #[test]
    fn the_end_of_a_limit_is_told_of_limits_only() {
        let until = Some(Timestamp(1_796_000_000_000));
        let quota = of_error(&json!({"message": "m", "codexErrorInfo": "usageLimitExceeded"}), until);
        assert_eq!(quota, Failure { until, ..Failure::new(FailureClass::Quota, "m") });
        assert_eq!(of_error(&json!({"message": "m", "codexErrorInfo": "badRequest"}), until).until, None);
    }
}
