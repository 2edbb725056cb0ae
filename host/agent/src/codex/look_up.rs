//! What became of a turn that a host lost sight of, by the history that codex keeps of its threads.
//!
//! It reads an answer; it asks nobody.

use evident_core::agent::{Ended, Ending, Failure, FailureClass};
use serde_json::{Value, json};

use super::protocol::string;
use super::translate::{LastMessage, ending};
use crate::{Found, Lost};

/// Turns of a thread that are looked at: the lost one is the last, or there was one more try.
const TURNS: u32 = 8;

/// What `thread/turns/list` is asked: the last turns, newest first, each with its prompt and last message.
pub(super) fn question(thread: &str) -> Value {
    json!({ "threadId": thread, "limit": TURNS, "itemsView": "summary", "sortDirection": "desc" })
}

/// What the answer says of the lost turn. Without the turn's name it is the last one, if that has the prompt
/// and no other has: two turns of the same prompt cannot be told apart.
pub(super) fn found(lost: &Lost, answer: &Value) -> Found {
    let Some(turns) = answer.get("data").and_then(Value::as_array) else { return Found::Unknown };
    if let Some(name) = &lost.turn {
        let turn = turns.iter().find(|turn| string(turn, "/id") == Some(name));
        return turn.map_or(Found::Unknown, ended);
    }
    match turns.iter().filter(|turn| prompt(turn) == Some(lost.prompt.as_str())).count() {
        0 => Found::NeverBegan,
        1 => turns
            .first()
            .filter(|turn| prompt(turn) == Some(lost.prompt.as_str()))
            .map_or(Found::Unknown, ended),
        _ => Found::Unknown,
    }
}

fn items(turn: &Value) -> impl Iterator<Item = &Value> {
    turn.get("items").and_then(Value::as_array).into_iter().flatten()
}

fn prompt(turn: &Value) -> Option<&str> {
    items(turn)
        .find(|item| string(item, "/type") == Some("userMessage"))
        .and_then(|item| string(item, "/content/0/text"))
}

fn ended(turn: &Value) -> Found {
    let mut message = LastMessage::default();
    for item in items(turn) {
        message.take(item);
    }
    let status = string(turn, "/status");
    // A turn whose process died is told as interrupted, without an end.
    let died = status == Some("interrupted") && turn["completedAt"].is_null();
    let ending = match status {
        None | Some("inProgress") => return Found::Unknown,
        _ if died => Ending::Failed(Failure::new(FailureClass::Exited, "codex ended before its turn did")),
        status => ending(status, true, turn.get("error").filter(|error| !error.is_null()), None),
    };
    Found::Ended(Ended { ending, message: message.text() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(id: &str, prompt: &str, status: &str, completed: Option<u64>) -> Value {
        json!({"id": id, "status": status, "error": null, "completedAt": completed, "items": [
            {"type": "userMessage", "content": [{"type": "text", "text": prompt}]},
            {"type": "agentMessage", "text": "said", "phase": null},
        ]})
    }

    fn lost(turn: Option<&str>) -> Lost {
        Lost { session: Some("t".into()), turn: turn.map(str::to_string), prompt: "go".into() }
    }

    fn end(ending: Ending) -> Found {
        Found::Ended(Ended { ending, message: "said".into() })
    }

    #[test]
    fn a_turn_with_a_name_is_found_by_it() {
        let answer =
            json!({"data": [turn("b", "go", "interrupted", None), turn("a", "go", "completed", Some(1))]});
        assert_eq!(found(&lost(Some("a")), &answer), end(Ending::Completed));
        let died = Failure::new(FailureClass::Exited, "codex ended before its turn did");
        assert_eq!(found(&lost(Some("b")), &answer), end(Ending::Failed(died)));
        assert_eq!(found(&lost(Some("c")), &answer), Found::Unknown);
        let answer =
            json!({"data": [turn("a", "go", "interrupted", Some(2)), turn("d", "go", "inProgress", None)]});
        assert_eq!(found(&lost(Some("a")), &answer), end(Ending::Interrupted));
        assert_eq!(found(&lost(Some("d")), &answer), Found::Unknown);
    }

    /// Sending a prompt a second time that was taken would do the work twice.
    #[test]
    fn a_turn_without_a_name_is_found_by_its_prompt() {
        let one = json!({"data": [turn("b", "go", "completed", Some(2)), turn("a", "other", "completed", Some(1))]});
        assert_eq!(found(&lost(None), &one), end(Ending::Completed));
        let none = json!({"data": [turn("a", "other", "completed", Some(1))]});
        assert_eq!(found(&lost(None), &none), Found::NeverBegan);
        let two =
            json!({"data": [turn("b", "go", "completed", Some(2)), turn("a", "go", "completed", Some(1))]});
        assert_eq!(found(&lost(None), &two), Found::Unknown);
        let earlier = json!({"data": [turn("b", "other", "completed", Some(2)), turn("a", "go", "completed", Some(1))]});
        assert_eq!(found(&lost(None), &earlier), Found::Unknown);
        assert_eq!(found(&lost(None), &json!({})), Found::Unknown);
    }
}
