//! The lines that the host writes to Claude Code: prompts, control requests, and answers to its own.
//!
//! Text in, text out: nothing is sent here.

use evident_core::agent::Answer;
use serde_json::{Value, json};

/// Names the request that opens the protocol.
pub(crate) const INITIALIZE: &str = "initialize";

/// Names the request that ends a turn.
pub(crate) const INTERRUPT: &str = "interrupt";

/// Opens the protocol. With `asks` every tool call passes a hook of the host first, which answers `ask`:
/// that overrides what settings and hooks of user and workspace allow, so no call escapes the question.
pub(crate) fn initialize(asks: bool) -> String {
    let mut request = json!({ "subtype": "initialize" });
    if asks {
        request["hooks"] = json!({ "PreToolUse": [{ "hookCallbackIds": ["ask"], "onFailure": "block" }] });
    }
    line(&json!({ "type": "control_request", "request_id": INITIALIZE, "request": request }))
}

/// Asks it to end the turn.
pub(crate) fn interrupt() -> String {
    line(&json!({
        "type": "control_request",
        "request_id": INTERRUPT,
        "request": { "subtype": "interrupt" },
    }))
}

/// A prompt with its id. A slash at its start would name a command of the agent, `/clear` for one; behind a
/// line feed it is text.
pub(crate) fn prompt(id: &str, text: &str) -> String {
    let text = if text.starts_with('/') { format!("\n{text}") } else { text.to_owned() };
    line(&json!({
        "type": "user",
        "message": { "role": "user", "content": text },
        "parent_tool_use_id": null,
        "session_id": "",
        "uuid": id,
    }))
}

/// The answer to a question for leave.
pub(crate) fn answer(id: &str, input: &Value, answer: &Answer) -> String {
    let response = match answer {
        Answer::Allow => json!({ "behavior": "allow", "updatedInput": input }),
        Answer::Deny(why) => json!({ "behavior": "deny", "message": why }),
    };
    succeed(id, &response)
}

/// The answer of the hook: ask.
pub(crate) fn ask(id: &str) -> String {
    succeed(
        id,
        &json!({ "hookSpecificOutput": { "hookEventName": "PreToolUse", "permissionDecision": "ask" } }),
    )
}

/// The answer to a form that a tool server wants to be filled in: nobody is there.
pub(crate) fn cancel(id: &str) -> String {
    succeed(id, &json!({ "action": "cancel" }))
}

/// The answer to what this host does not do: silence would leave the agent waiting.
pub(crate) fn unsupported(id: &str) -> String {
    line(&json!({
        "type": "control_response",
        "response": { "subtype": "error", "request_id": id, "error": "this host does not do that" },
    }))
}

fn succeed(id: &str, response: &Value) -> String {
    line(&json!({
        "type": "control_response",
        "response": { "subtype": "success", "request_id": id, "response": response },
    }))
}

/// One line, without its end: JSON escapes every line feed of a text.
fn line(value: &Value) -> String {
    value.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_one_line() {
        let lines = [
            initialize(true),
            interrupt(),
            prompt("id", "two\nlines"),
            answer("7", &json!({ "command": "a\nb" }), &Answer::Allow),
            ask("7"),
            cancel("7"),
            unsupported("7"),
        ];
        assert!(lines.iter().all(|line| !line.contains('\n')), "{lines:?}");
    }

    #[test]
    fn a_prompt_is_never_a_command() {
        let sent: Value = serde_json::from_str(&prompt("id", "/clear")).unwrap();
        assert_eq!(sent["message"]["content"], "\n/clear");
        let sent: Value = serde_json::from_str(&prompt("id", "see a/b")).unwrap();
        assert_eq!(sent["message"]["content"], "see a/b");
    }

    #[test]
    fn the_hook_is_set_only_where_everything_is_asked() {
        assert!(initialize(true).contains("PreToolUse"));
        assert!(!initialize(false).contains("PreToolUse"));
    }

    #[test]
    fn a_refusal_tells_why() {
        let sent: Value =
            serde_json::from_str(&answer("7", &json!({}), &Answer::Deny("not that".into()))).unwrap();
        let response = json!({ "subtype": "success", "request_id": "7", "response": { "behavior": "deny", "message": "not that" } });
        assert_eq!(sent, json!({ "type": "control_response", "response": response }));
    }
}
