//! The lines that `codex app-server` and a host exchange: one JSON object each, a request, a response or a
//! notification, without the member `jsonrpc`.
//!
//! It reads and writes lines and knows no meaning of a method. What a line holds beyond what is asked for is
//! ignored: the program adds fields every week.

use evident_core::text;
use serde_json::{Value, json};

/// Names the host in what the program logs and sends on.
const CLIENT: &str = "evident";

/// The code of JSON-RPC for a method that is not there.
const METHOD_NOT_FOUND: i32 = -32601;

/// One line of the program.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Message {
    /// The answer to the host's request of that number.
    Response {
        /// The number.
        id: u64,
        /// What it asked for, or why not: one line, safe to show.
        result: Result<Value, String>,
    },
    /// Something that the program wants to know, and waits for.
    Request {
        /// Its name, a number or a text; sent back as it is.
        id: Value,
        /// What it wants.
        method: String,
        /// About what.
        params: Value,
    },
    /// Something that the program tells.
    Notice {
        /// What it tells.
        method: String,
        /// About what.
        params: Value,
    },
}

/// A line that is not of this protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("codex wrote a line that is not of its protocol")]
pub(super) struct Garbage;

/// Reads one line.
pub(super) fn read(line: &str) -> Result<Message, Garbage> {
    let Ok(Value::Object(mut object)) = serde_json::from_str(line) else { return Err(Garbage) };
    let params = object.remove("params").unwrap_or(Value::Null);
    match (object.remove("method"), object.remove("id")) {
        (Some(Value::String(method)), None) => Ok(Message::Notice { method, params }),
        (Some(Value::String(method)), Some(id)) => Ok(Message::Request { id, method, params }),
        (None, Some(id)) => {
            let id = id.as_u64().ok_or(Garbage)?;
            let result = match (object.remove("result"), object.remove("error")) {
                (Some(result), None) => Ok(result),
                (None, Some(error)) => Err(text::line(string(&error, "/message").unwrap_or("no reason"))),
                _ => return Err(Garbage),
            };
            Ok(Message::Response { id, result })
        }
        _ => Err(Garbage),
    }
}

/// The line of a request.
pub(super) fn request(id: u64, method: &str, params: &Value) -> String {
    json!({ "id": id, "method": method, "params": params }).to_string()
}

/// The line of an answer to a request of the program.
pub(super) fn reply(id: &Value, result: &Value) -> String {
    json!({ "id": id, "result": result }).to_string()
}

/// The line that tells the program that this host does not do that.
pub(super) fn refusal(id: &Value, method: &str) -> String {
    let message = format!("this client does not answer `{}`", text::name(method));
    json!({ "id": id, "error": { "code": METHOD_NOT_FOUND, "message": message } }).to_string()
}

/// The line after the first response.
pub(super) fn initialized() -> String {
    json!({ "method": "initialized" }).to_string()
}

/// What the first request says of the host. The experimental part of the interface is asked for because
/// only it can end the commands that a turn left behind.
pub(super) fn initialize() -> Value {
    json!({
        "clientInfo": { "name": CLIENT, "title": CLIENT, "version": env!("CARGO_PKG_VERSION") },
        "capabilities": { "experimentalApi": true },
    })
}

/// What starts a turn, or adds to the one that runs.
pub(super) fn input(said: &str) -> Value {
    json!([{ "type": "text", "text": said }])
}

/// The text at a JSON pointer; absent where there is none or it is not text.
pub(super) fn string<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

/// The count at a JSON pointer; 0 where there is none or it is not a count.
pub(super) fn count(value: &Value, pointer: &str) -> u64 {
    value.pointer(pointer).and_then(Value::as_u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_line_is_told_apart() {
        let notice = read(r#"{"method":"turn/started","params":{"a":1},"emittedAtMs":5}"#).unwrap();
        assert_eq!(notice, Message::Notice { method: "turn/started".into(), params: json!({"a": 1}) });
        let asked = read(r#"{"method":"item/fileChange/requestApproval","id":0,"params":{}}"#).unwrap();
        let method = "item/fileChange/requestApproval".to_string();
        assert_eq!(asked, Message::Request { id: json!(0), method, params: json!({}) });
        let good = read(r#"{"id":3,"result":{}}"#).unwrap();
        assert_eq!(good, Message::Response { id: 3, result: Ok(json!({})) });
        let bad =
            read(r#"{"error":{"code":-32600,"message":"no active turn\nto interrupt"},"id":5}"#).unwrap();
        assert_eq!(bad, Message::Response { id: 5, result: Err("no active turn to interrupt".into()) });
    }

    #[test]
    fn what_is_no_message_is_garbage() {
        for line in [
            "",
            "codex: starting",
            "[]",
            "7",
            r#"{"id":1}"#,
            r#"{"id":"a","result":{}}"#,
            r#"{"method":7}"#,
            r#"{"id":1,"result":{},"error":{}}"#,
        ] {
            assert_eq!(read(line), Err(Garbage), "{line}");
        }
    }

    #[test]
    fn lines_are_written_as_the_program_reads_them() {
        assert_eq!(request(2, "a/b", &json!({})), r#"{"id":2,"method":"a/b","params":{}}"#);
        assert_eq!(
            reply(&json!("x"), &json!({"decision": "accept"})),
            r#"{"id":"x","result":{"decision":"accept"}}"#
        );
        assert_eq!(
            refusal(&json!(1), "attestation/generate"),
            r#"{"error":{"code":-32601,"message":"this client does not answer `attestation/generate`"},"id":1}"#
        );
        assert!(!initialized().contains('\n') && !input("a\nb").to_string().contains('\n'));
    }
}
