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
