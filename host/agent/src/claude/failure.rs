//! What kind of failure it is that Claude Code tells of.
//!
//! Decided by words and figures of its protocol; by its prose only where nothing else tells.

use evident_core::agent::{Failure, FailureClass};
use evident_core::evidence::Timestamp;

use super::line::Finished;

/// All that is known about why a model could not be asked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trouble<'a> {
    /// The word of the protocol.
    pub(crate) word: Option<&'a str>,
    /// The status of the provider's answer.
    pub(crate) status: Option<u16>,
    /// Why the loop ended.
    pub(crate) reason: Option<&'a str>,
    /// When a used-up subscription allows requests again; the outer one is set where it is used up.
    pub(crate) limit: Option<Option<Timestamp>>,
    /// For a person.
    pub(crate) text: &'a str,
}

impl Trouble<'_> {
    /// The failure that it is.
    pub(crate) fn failure(&self) -> Failure {
        let mut failure = Failure::new(self.class(), self.text);
        failure.until = self.limit.flatten();
        failure
    }

    fn class(&self) -> FailureClass {
        if self.limit.is_some() {
            return FailureClass::Quota;
        }
        self.by_reason()
            .or_else(|| self.by_word())
            .or_else(|| self.by_status())
            .unwrap_or(FailureClass::Unavailable)
    }

    fn by_reason(&self) -> Option<FailureClass> {
        match self.reason? {
            // The conversation or a picture in it is too large: the same request fails again.
            "prompt_too_long" | "image_error" | "blocking_limit" | "rapid_refill_breaker" => {
                Some(FailureClass::Refused)
            }
            "turn_setup_failed" => Some(FailureClass::Setup),
            _ => None,
        }
    }

    fn by_word(&self) -> Option<FailureClass> {
        match self.word? {
            "authentication_failed"
            | "oauth_org_not_allowed"
            | "account_on_hold"
            | "verification_required"
            | "cloud_credential_error"
            | "model_not_found" => Some(FailureClass::Setup),
            "billing_error" => Some(FailureClass::Quota),
            "rate_limit" => Some(self.limited()),
            "overloaded" | "server_error" => Some(FailureClass::Unavailable),
            "invalid_request" | "max_output_tokens" => Some(FailureClass::Refused),
            _ => None,
        }
    }

    fn by_status(&self) -> Option<FailureClass> {
        match self.status? {
            401 | 403 | 404 => Some(FailureClass::Setup),
            402 => Some(FailureClass::Quota),
            429 => Some(self.limited()),
            408 => Some(FailureClass::Unavailable),
            400..=499 => Some(FailureClass::Refused),
            _ => Some(FailureClass::Unavailable),
        }
    }

    /// Too many requests, or too much in all: the provider answers both with the same status.
    fn limited(&self) -> FailureClass {
        let used_up = self.text.starts_with("You've hit your") || self.text.contains("usage limit reached");
        if used_up { FailureClass::Quota } else { FailureClass::RateLimited }
    }
}

/// A run that ended badly before it could ask a model.
pub(crate) fn of_start(finished: &Finished) -> Option<Failure> {
    // Of these the protocol says that trying again may help.
    const PASSING: &[&str] =
        &["org_config_required_unavailable", "remote_settings_required_unavailable", "worktree_unverified"];
    if finished.subtype != "error_during_execution" || finished.terminal_reason.is_some() {
        return None;
    }
    let passing = finished.startup_failure_reason.as_deref().is_some_and(|reason| PASSING.contains(&reason));
    let class = if passing { FailureClass::Unavailable } else { FailureClass::Setup };
    Some(Failure::new(class, finished.errors.join(" ")))
}

/// True where it refused to go on with a conversation because it has none of that name.
pub(crate) fn is_lost_conversation(failure: &Failure) -> bool {
    failure.class == FailureClass::Setup && failure.message.starts_with("No conversation found")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(trouble: &Trouble<'_>) -> FailureClass {
        trouble.failure().class
    }

    #[test]
    fn what_an_owner_must_mend_is_not_tried_again() {
        for word in ["authentication_failed", "model_not_found", "account_on_hold"] {
            assert_eq!(
                class(&Trouble { word: Some(word), ..Trouble::default() }),
                FailureClass::Setup,
                "{word}"
            );
        }
        let unknown = |status| Trouble { word: Some("unknown"), status: Some(status), ..Trouble::default() };
        assert_eq!(class(&unknown(403)), FailureClass::Setup);
        assert_eq!(class(&unknown(400)), FailureClass::Refused);
    }

    #[test]
    fn what_passes_is_tried_again() {
        let unknown = |status| Trouble { word: Some("unknown"), status, ..Trouble::default() };
        assert_eq!(class(&unknown(None)), FailureClass::Unavailable);
        assert_eq!(class(&unknown(Some(529))), FailureClass::Unavailable);
        assert_eq!(class(&unknown(Some(429))), FailureClass::RateLimited);
    }

    #[test]
    fn a_used_up_subscription_is_not_a_flood_of_requests() {
        let text = "You've hit your 5-hour limit · resets 4:09pm (UTC)";
        let told = Trouble { word: Some("rate_limit"), status: Some(429), text, ..Trouble::default() };
        assert_eq!(class(&told), FailureClass::Quota);
        let dated = Trouble { limit: Some(Some(Timestamp(7000))), ..told };
        assert_eq!(dated.failure().until, Some(Timestamp(7000)));
        assert_eq!(
            class(&Trouble { word: Some("billing_error"), status: Some(400), ..Trouble::default() }),
            FailureClass::Quota
        );
    }

    #[test]
    fn a_conversation_that_is_too_long_is_refused_whatever_the_status() {
        let told = Trouble { reason: Some("prompt_too_long"), status: Some(500), ..Trouble::default() };
        assert_eq!(class(&told), FailureClass::Refused);
    }
}
