//! What codex asks for in a turn, and the answers in its words.
//!
//! It decides nothing: an ask is the host's to answer. Only what nobody could answer, or read before
//! answering, is declined here.

use std::path::Path;

use evident_core::agent::{Act, Answer, Ask};
use evident_core::text::{self, MESSAGE_BYTES_MAX, NAME_BYTES_MAX};
use serde_json::{Value, json};

use super::protocol::string;
use super::shell;

/// Files that one ask can name: more are not read by anybody.
const FILES_MAX: usize = 256;

/// What the agent is told where it asks a person something in the middle of a turn.
pub(super) const NOBODY: &str = "Nobody is here to answer during a turn. Decide within the contract, or end the \
                                 turn and say what you need to know.";

/// A request of codex that waits for the host.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Waiting {
    /// The request's id, as codex wrote it.
    request: Value,
    /// The item that waits for it, where it is one.
    pub(super) item: Option<String>,
    /// What it wants; for the words of a refusal.
    pub(super) act: Act,
    /// How it wants to be answered.
    form: Form,
}

/// How a request wants to be answered.
#[derive(Debug, Clone, PartialEq)]
enum Form {
    /// With a decision.
    Decision,
    /// With the permissions that are given, of these.
    Permissions(Value),
    /// With an action: a tool of an MCP server is asked for as the server's own questions are.
    Action,
}

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Asked {
    /// The host answers it.
    Ask(Ask, Waiting),
    /// Answered at once with that, for that reason.
    Declined(Value, &'static str),
    /// Not something that this host does.
    Unknown,
}

/// The request's id as the host names it.
pub(super) fn name(request: &Value) -> String {
    request.as_str().map_or_else(|| request.to_string(), text::name)
}

/// Reads a request. `changed` gives the paths of a change of files that was announced before.
pub(super) fn read<'a>(
    request: &Value,
    method: &str,
    params: &Value,
    workspace: &Path,
    changed: impl FnOnce(&str) -> &'a [String],
) -> Asked {
    let (act, form) = match method {
        "item/commandExecution/requestApproval" => (command(params), Form::Decision),
        "item/fileChange/requestApproval" => {
            let item = string(params, "/itemId").unwrap_or_default();
            (write(changed(item), params, workspace), Form::Decision)
        }
        "item/permissions/requestApproval" => {
            let wanted = params.get("permissions").cloned().unwrap_or(Value::Null);
            let act = Act::Tool { name: "permissions".into(), input: wanted.to_string() };
            (Some(act), Form::Permissions(wanted))
        }
        "mcpServer/elicitation/request" if is_tool_call(params) => (Some(tool(params)), Form::Action),
        "mcpServer/elicitation/request" => return Asked::Declined(Form::Action.answer(false), NOBODY),
        "item/tool/requestUserInput" => return Asked::Declined(nobody_answers(params), NOBODY),
        _ => return Asked::Unknown,
    };
    let Some(act) = act.and_then(readable) else {
        return Asked::Declined(form.answer(false), "It is longer than anybody reads before allowing it.");
    };
    let ask = Ask { id: name(request), act: act.clone(), explanation: explanation(params, workspace) };
    let item = string(params, "/itemId").map(str::to_string);
    Asked::Ask(ask, Waiting { request: request.clone(), item, act, form })
}

impl Waiting {
    /// The id to answer to.
    pub(super) fn request(&self) -> &Value {
        &self.request
    }

    /// The answer in codex's words. Never for the rest of the session: every act is asked for by itself.
    pub(super) fn answer(&self, answer: &Answer) -> Value {
        self.form.answer(*answer == Answer::Allow)
    }
}

impl Form {
    fn answer(&self, allowed: bool) -> Value {
        match self {
            Self::Decision => json!({ "decision": if allowed { "accept" } else { "decline" } }),
            Self::Permissions(wanted) if allowed => json!({ "permissions": wanted, "scope": "turn" }),
            Self::Permissions(_) => json!({ "permissions": {}, "scope": "turn" }),
            Self::Action => json!({ "action": if allowed { "accept" } else { "decline" } }),
        }
    }
}

/// True for codex's own question about a call, which is not a question of the server.
fn is_tool_call(params: &Value) -> bool {
    string(params, "/_meta/codex_approval_kind") == Some("mcp_tool_call")
}

fn tool(params: &Value) -> Act {
    let part = |pointer| string(params, pointer).unwrap_or("?");
    let input = params.pointer("/_meta/tool_params").map_or_else(String::new, Value::to_string);
    Act::Tool { name: format!("{}/{}", part("/serverName"), part("/_meta/tool_name")), input }
}

fn command(params: &Value) -> Option<Act> {
    if let Some(host) = string(params, "/networkApprovalContext/host") {
        let protocol = string(params, "/networkApprovalContext/protocol").unwrap_or("any protocol");
        return Some(Act::Tool { name: "network".into(), input: format!("{protocol} {host}") });
    }
    match (string(params, "/kind").unwrap_or("command"), string(params, "/command")) {
        ("command", Some(line)) => Some(Act::Command(shell::script(line))),
        (kind, _) => Some(Act::Tool { name: kind.to_string(), input: params.to_string() }),
    }
}

fn write(changed: &[String], params: &Value, workspace: &Path) -> Option<Act> {
    let root = string(params, "/grantRoot").map(str::to_string);
    let paths: Vec<String> = changed.iter().chain(&root).map(|path| inside(path, workspace)).collect();
    if paths.is_empty() { None } else { Some(Act::Write(paths)) }
}

/// Relative to the workspace where the path lies in it.
fn inside(path: &str, workspace: &Path) -> String {
    let relative = Path::new(path).strip_prefix(workspace).ok().and_then(Path::to_str);
    relative.filter(|relative| !relative.is_empty()).unwrap_or(path).to_string()
}

/// The act, safe to show. Absent where making it so would cut it: nobody allows what they cannot read.
fn readable(act: Act) -> Option<Act> {
    let message =
        |text: String| if text.len() <= MESSAGE_BYTES_MAX { Some(text::message(&text)) } else { None };
    let path = |path: String| if path.len() <= NAME_BYTES_MAX { Some(text::name(&path)) } else { None };
    Some(match act {
        Act::Command(command) => Act::Command(message(command)?),
        Act::Write(paths) if paths.len() > FILES_MAX => return None,
        Act::Write(paths) => Act::Write(paths.into_iter().map(path).collect::<Option<_>>()?),
        Act::Tool { name, input } => Act::Tool { name: path(name)?, input: message(input)? },
    })
}

fn explanation(params: &Value, workspace: &Path) -> Option<String> {
    let reason = string(params, "/reason").map(str::to_string);
    let elsewhere = string(params, "/cwd").filter(|folder| Path::new(folder) != workspace);
    let told: Vec<String> =
        reason.into_iter().chain(elsewhere.map(|folder| format!("in `{folder}`"))).collect();
    if told.is_empty() { None } else { Some(text::line(&told.join(", "))) }
}

/// An answer to every question, so that the agent goes on.
fn nobody_answers(params: &Value) -> Value {
    let questions = params.get("questions").and_then(Value::as_array);
    let ids = questions.into_iter().flatten().filter_map(|question| string(question, "/id"));
    let answers: serde_json::Map<String, Value> =
        ids.map(|id| (id.to_string(), json!({ "answers": [NOBODY] }))).collect();
    json!({ "answers": answers })
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMAND: &str = "item/commandExecution/requestApproval";
    const CHANGE: &str = "item/fileChange/requestApproval";

    fn asked(method: &str, params: &Value) -> Asked {
        let changed = ["/w/new.txt".to_string(), "/else/b.txt".to_string()];
        read(&json!(0), method, params, Path::new("/w"), |item| if item == "c1" { &changed } else { &[] })
    }

    fn act(asked: Asked) -> (Act, Option<String>) {
        let Asked::Ask(ask, waiting) = asked else { panic!("{asked:?}") };
        assert_eq!((ask.id.as_str(), &ask.act), ("0", &waiting.act));
        (ask.act, ask.explanation)
    }

    #[test]
    fn what_is_asked_is_what_a_person_reads() {
        let params = json!({"kind": "command", "command": "/bin/bash -lc 'cargo publish'", "cwd": "/w", "reason": "to ship"});
        assert_eq!(
            act(asked(COMMAND, &params)),
            (Act::Command("cargo publish".into()), Some("to ship".into()))
        );
        let params = json!({"command": "/bin/bash -lc 'rm -r x'", "cwd": "/home/me"});
        assert_eq!(
            act(asked(COMMAND, &params)),
            (Act::Command("rm -r x".into()), Some("in `/home/me`".into()))
        );
        let files = vec!["new.txt".to_string(), "/else/b.txt".to_string()];
        assert_eq!(act(asked(CHANGE, &json!({"itemId": "c1", "reason": null}))), (Act::Write(files), None));
        let params =
            json!({"command": null, "networkApprovalContext": {"host": "a.example", "protocol": "https"}});
        let network = Act::Tool { name: "network".into(), input: "https a.example".into() };
        assert_eq!(act(asked(COMMAND, &params)), (network, None));
    }

    #[test]
    fn answers_are_for_this_once() {
        let Asked::Ask(_, waiting) = asked(COMMAND, &json!({"command": "x"})) else { panic!() };
        assert_eq!(waiting.answer(&Answer::Allow), json!({"decision": "accept"}));
        assert_eq!(waiting.answer(&Answer::Deny("no".into())), json!({"decision": "decline"}));
        let wanted = json!({"network": {"enabled": true}});
        let params = json!({"permissions": wanted, "itemId": "i"});
        let Asked::Ask(_, waiting) = asked("item/permissions/requestApproval", &params) else { panic!() };
        assert_eq!(waiting.answer(&Answer::Allow), json!({"permissions": wanted, "scope": "turn"}));
        assert_eq!(waiting.answer(&Answer::Deny("no".into())), json!({"permissions": {}, "scope": "turn"}));
    }

    /// As 0.169.0 asks for it.
    #[test]
    fn a_tool_of_an_mcp_server_is_asked_for() {
        let params = json!({"serverName": "s", "mode": "form", "message": "Allow the s MCP server to run tool \"stamp\"?",
            "_meta": {"codex_approval_kind": "mcp_tool_call", "tool_name": "stamp", "tool_params": {"a": "x"}}});
        let asked = asked("mcpServer/elicitation/request", &params);
        let Asked::Ask(ask, waiting) = asked else { panic!("{asked:?}") };
        assert_eq!(ask.act, Act::Tool { name: "s/stamp".into(), input: r#"{"a":"x"}"#.into() });
        assert_eq!(waiting.answer(&Answer::Allow), json!({"action": "accept"}));
        assert_eq!(waiting.answer(&Answer::Deny("no".into())), json!({"action": "decline"}));
    }

    /// The end of a command that is cut could do anything.
    #[test]
    fn what_cannot_be_read_is_declined() {
        let long = json!({"command": format!("echo {}; rm -rf /", "a".repeat(MESSAGE_BYTES_MAX))});
        let declined = |asked| matches!(asked, Asked::Declined(ref answer, _) if *answer == json!({"decision": "decline"}));
        assert!(declined(asked(COMMAND, &long)));
        assert!(declined(asked(CHANGE, &json!({"itemId": "unknown"}))));
    }

    #[test]
    fn questions_to_a_person_get_an_answer_at_once() {
        let params = json!({"questions": [{"id": "q", "header": "h", "question": "which?"}]});
        let answer = json!({"answers": {"q": {"answers": [NOBODY]}}});
        assert_eq!(asked("item/tool/requestUserInput", &params), Asked::Declined(answer, NOBODY));
        let declined = Asked::Declined(json!({"action": "decline"}), NOBODY);
        assert_eq!(asked("mcpServer/elicitation/request", &json!({"message": "token?"})), declined);
        assert_eq!(asked("account/chatgptAuthTokens/refresh", &json!({})), Asked::Unknown);
    }
}
