//! What codex does in a turn, item by item: the kind and the one line that a person sees, of both of its
//! spellings: the app-server writes `commandExecution`, `codex exec` writes `command_execution`.
//!
//! It counts nothing.

use evident_core::agent::{Item, ItemKind, ItemProgress};
use evident_core::text;
use serde_json::Value;

use super::protocol::string;
use super::shell;

/// True if the item is a call of a tool, which a budget counts.
pub(super) fn is_tool_call(item: &Value) -> bool {
    kind(item) == Some(ItemKind::ToolCall)
}

/// The item as a person sees it; absent for what says nothing, such as the echo of the prompt.
pub(super) fn shown(item: &Value, progress: ItemProgress) -> Option<Item> {
    let kind = kind(item)?;
    Some(Item { kind, title: text::name(&title(item)), progress })
}

/// How an item that ended did so.
pub(super) fn progress_of(item: &Value) -> ItemProgress {
    match string(item, "/status") {
        Some("failed" | "declined") => ItemProgress::Failed,
        _ if string(item, "/type") == Some("error") => ItemProgress::Failed,
        _ => ItemProgress::Done,
    }
}

/// The text of a message of the agent; absent for every other item.
pub(super) fn said(item: &Value) -> Option<&str> {
    let message = matches!(string(item, "/type"), Some("agentMessage" | "agent_message"));
    if message { string(item, "/text") } else { None }
}

/// The paths that a change of files touches.
pub(super) fn changed(item: &Value) -> Vec<&str> {
    let changes = item.get("changes").and_then(Value::as_array);
    changes.into_iter().flatten().filter_map(|change| string(change, "/path")).collect()
}

/// What the system said where it refused what a command, or a change of files, did. Only of one that failed: a
/// command may say such words and go on.
pub(super) fn refusal(item: &Value) -> Option<String> {
    if string(item, "/status") != Some("failed") {
        return None;
    }
    match string(item, "/type") {
        Some("fileChange") => Some("the change was not made".to_string()),
        Some("commandExecution") => {
            let output = string(item, "/aggregatedOutput").unwrap_or_default();
            let says = |line: &&str| REFUSALS.iter().any(|words| line.contains(words));
            output.lines().find(says).map(text::line)
        }
        _ => None,
    }
}

/// How a system, a sandbox, or what starts one says no: bubblewrap, Landlock, Seatbelt, and codex's own helper.
const REFUSALS: &[&str] = &[
    "Read-only file system",
    "Permission denied",
    "Operation not permitted",
    "bwrap: ",
    "codex-linux-sandbox",
    "sandbox-exec: ",
];

fn kind(item: &Value) -> Option<ItemKind> {
    Some(match string(item, "/type")? {
        "userMessage" | "user_message" => return None,
        "agentMessage" | "agent_message" => ItemKind::Message,
        "reasoning" | "plan" | "todo_list" => ItemKind::Reasoning,
        "hookPrompt" | "contextCompaction" | "error" | "sleep" | "enteredReviewMode" | "exitedReviewMode"
        | "subAgentActivity" => ItemKind::Notice,
        // An item that a later version adds is most likely one more tool.
        _ => ItemKind::ToolCall,
    })
}

fn title(item: &Value) -> String {
    let text = |pointer| string(item, pointer).unwrap_or_default();
    match text("/type") {
        "commandExecution" | "command_execution" => shell::script(text("/command")),
        "fileChange" | "file_change" => format!("edit {}", changed(item).join(", ")),
        "mcpToolCall" | "mcp_tool_call" => format!("{}/{}", text("/server"), text("/tool")),
        "dynamicToolCall" | "collabAgentToolCall" | "collab_tool_call" => text("/tool").to_string(),
        "webSearch" | "web_search" => format!("search {}", text("/query")),
        "imageView" => format!("look at {}", text("/path")),
        "agentMessage" | "agent_message" | "plan" => text("/text").to_string(),
        "reasoning" => reasoning(item),
        "hookPrompt" => format!("a hook said: {}", text("/fragments/0/text")),
        "contextCompaction" => "shortens the conversation".to_string(),
        "error" => text("/message").to_string(),
        other => other.to_string(),
    }
}

fn reasoning(item: &Value) -> String {
    let told = string(item, "/summary/0").or_else(|| string(item, "/text"));
    told.unwrap_or("thinks").to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn line(item: &Value) -> Option<(ItemKind, String)> {
        shown(item, ItemProgress::Begun).map(|item| (item.kind, item.title))
    }

    #[test]
    fn every_kind_has_its_line() {
        let command = json!({"type": "commandExecution", "command": "/bin/bash -lc 'cargo test'"});
        assert_eq!(line(&command), Some((ItemKind::ToolCall, "cargo test".into())));
        let change = json!({"type": "fileChange", "changes": [{"path": "/w/a"}, {"path": "/w/b"}]});
        assert_eq!(line(&change), Some((ItemKind::ToolCall, "edit /w/a, /w/b".into())));
        let tool = json!({"type": "mcp_tool_call", "server": "s", "tool": "t"});
        assert_eq!(line(&tool), Some((ItemKind::ToolCall, "s/t".into())));
        let thought = json!({"type": "reasoning", "summary": ["looks\nround"], "content": []});
        assert_eq!(line(&thought), Some((ItemKind::Reasoning, "looks round".into())));
        assert_eq!(line(&json!({"type": "reasoning"})), Some((ItemKind::Reasoning, "thinks".into())));
        assert_eq!(line(&json!({"type": "userMessage", "content": []})), None);
        assert_eq!(line(&json!({"type": "teleport"})), Some((ItemKind::ToolCall, "teleport".into())));
    }

    #[test]
    fn only_what_failed_was_refused() {
        let of = |status: &str, output: &str| {
            refusal(&json!({"type": "commandExecution", "status": status, "aggregatedOutput": output}))
        };
        let line = "touch: cannot touch 'a': Read-only file system";
        assert_eq!(of("failed", &format!("one\n{line}\ntwo\n")).as_deref(), Some(line));
        assert!(of("failed", "bwrap: execvp codex-linux-sandbox: No such file").is_some());
        assert_eq!(of("failed", "test result: FAILED. 0 passed; 1 failed"), None);
        assert_eq!(of("completed", line), None);
        assert_eq!(refusal(&json!({"type": "commandExecution", "status": "failed"})), None);
        assert!(refusal(&json!({"type": "fileChange", "status": "failed"})).is_some());
    }

    #[test]
    fn an_end_that_is_not_good_is_told() {
        for (status, progress) in [
            ("completed", ItemProgress::Done),
            ("failed", ItemProgress::Failed),
            ("declined", ItemProgress::Failed),
        ] {
            assert_eq!(progress_of(&json!({"type": "commandExecution", "status": status})), progress);
        }
        assert_eq!(progress_of(&json!({"type": "agentMessage"})), ItemProgress::Done);
    }
}
