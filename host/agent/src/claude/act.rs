//! What a tool call of Claude Code would do, in the host's words.
//!
//! Names are compared as text: no file is looked at, so a link in the workspace is not followed.

use std::path::{Component, Path, PathBuf};

use evident_core::agent::Act;
use evident_core::text;
use serde_json::Value;

/// Members of an input that say most about a call, the most telling first.
const TELLING: &[&str] =
    &["command", "file_path", "notebook_path", "path", "pattern", "url", "query", "description", "subject"];

/// What the call would do. A call that has not the input that its tool takes is told as it is.
pub(crate) fn act(workspace: &Path, name: &str, input: &Value) -> Act {
    let member = |member: &str| input.get(member).and_then(Value::as_str);
    let write = |path: &str| Act::Write(vec![within(workspace, path)]);
    let known = match name {
        "Bash" => member("command").map(|command| Act::Command(command.to_owned())),
        "Edit" | "MultiEdit" | "Write" => member("file_path").map(write),
        "NotebookEdit" => member("notebook_path").map(write),
        _ => None,
    };
    known.unwrap_or_else(|| Act::Tool { name: name.to_owned(), input: input.to_string() })
}

/// One line about the call.
pub(crate) fn title(workspace: &Path, name: &str, input: &Value) -> String {
    let told = TELLING.iter().find_map(|member| Some((member, input.get(*member)?.as_str()?)));
    match told {
        Some((member, path)) if member.ends_with("path") => {
            text::name(&format!("{name}: {}", within(workspace, path)))
        }
        Some((_, told)) => text::name(&format!("{name}: {told}")),
        None => text::name(name),
    }
}

/// The path as seen from the workspace where it lies in it, else absolute; `.` and `..` are worked out
/// first, so that a way out does not look like a way in.
fn within(workspace: &Path, path: &str) -> String {
    let mut plain = PathBuf::new();
    for component in workspace.join(path).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain.strip_prefix(workspace).unwrap_or(&plain).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(name: &str, input: &Value) -> Act {
        act(Path::new("/code/space"), name, input)
    }

    fn write(path: &str) -> Act {
        Act::Write(vec![path.to_owned()])
    }

    #[test]
    fn a_shell_call_is_its_command() {
        let input = json!({ "command": "rm -rf x", "description": "tidy" });
        assert_eq!(told("Bash", &input), Act::Command("rm -rf x".into()));
    }

    #[test]
    fn a_path_out_of_the_workspace_does_not_look_like_one_in_it() {
        assert_eq!(told("Write", &json!({ "file_path": "/code/space/src/a.rs" })), write("src/a.rs"));
        assert_eq!(told("Edit", &json!({ "file_path": "./src/a.rs" })), write("src/a.rs"));
        assert_eq!(told("Edit", &json!({ "file_path": "/code/space/../secret" })), write("/code/secret"));
        assert_eq!(told("Write", &json!({ "file_path": "src/../../secret" })), write("/code/secret"));
        assert_eq!(told("Write", &json!({ "file_path": "/code/spaces/a" })), write("/code/spaces/a"));
        assert_eq!(told("NotebookEdit", &json!({ "notebook_path": "a.ipynb" })), write("a.ipynb"));
    }

    #[test]
    fn what_is_not_known_is_told_as_it_is() {
        let tool = |name: &str, input: &str| Act::Tool { name: name.into(), input: input.into() };
        assert_eq!(
            told("AskUserQuestion", &json!({ "questions": [] })),
            tool("AskUserQuestion", r#"{"questions":[]}"#)
        );
        assert_eq!(told("Bash", &json!({ "script": "x" })), tool("Bash", r#"{"script":"x"}"#));
    }

    #[test]
    fn a_title_is_one_safe_line() {
        let title = |name: &str, input: &Value| title(Path::new("/code/space"), name, input);
        assert_eq!(title("Bash", &json!({ "command": "a\nb\u{1b}" })), "Bash: a b\\u{1b}");
        assert_eq!(title("Read", &json!({ "file_path": "/code/space/a" })), "Read: a");
        assert_eq!(title("Agent", &json!({ "prompt": 1 })), "Agent");
    }
}
