//! What an agent says about itself: the last fenced block tagged `evident` of a turn's final message.
//!
//! It is a claim, stored as such. It can ask for an assessment, a wait or a person; it decides nothing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text;

/// Bytes of the block.
pub const CLAIM_BYTES_MAX: usize = 4 * 1024;

/// What the block says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Claim {
    /// What the agent asks for.
    pub request: Request,
    /// What keeps it from going on.
    pub blocker: Option<Blocker>,
    /// What it wants to wait for.
    pub wait: Option<Wait>,
    /// What it tried in this turn.
    pub tried: Vec<String>,
    /// What it thinks is the cause.
    pub hypotheses: Vec<String>,
    /// What it would do next.
    pub next: Option<String>,
    /// True if there was a block and it could not be read: then `next` holds its text.
    pub malformed: bool,
}

/// What an agent asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// Nothing.
    #[default]
    None,
    /// That the contract be assessed, because it holds it for met.
    Complete,
    /// A person, because something keeps it from going on.
    Blocked,
    /// A wait.
    Wait,
}

/// What keeps an agent from going on, in its own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Blocker {
    /// A short name, the same while it is the same.
    pub kind: String,
    /// What a person has to do.
    pub needs: String,
}

/// What an agent wants to wait for. Exactly one of the first five.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Wait {
    /// A wake of the contract.
    pub wake: Option<String>,
    /// A time, RFC 3339.
    pub at: Option<String>,
    /// Files of the workspace, by globs.
    pub files: Vec<String>,
    /// A file of the workspace with the number of a process.
    pub pid_file: Option<String>,
    /// A source of the contract.
    pub source: Option<String>,
    /// Between two looks, such as `60s`; alone, the whole wait.
    pub every: Option<String>,
    /// The longest wait, such as `2h`.
    pub until: Option<String>,
}

/// Entries of each list that are kept.
const ENTRIES_MAX: usize = 20;

/// The claim of a final message; nothing where there is no block.
#[must_use]
pub fn of_message(message: &str) -> Option<Claim> {
    let block = last_block(message)?;
    if block.len() > CLAIM_BYTES_MAX {
        return Some(malformed("the block is larger than 4 KiB"));
    }
    // A list would be read as the fields in their order.
    let is_object = block.trim_start().starts_with('{');
    let claim = serde_json::from_str::<Claim>(block).ok().filter(|_| is_object);
    Some(claim.map_or_else(|| malformed(block), safe))
}

/// What stands in the last fenced block whose tag is `evident`. A fence is at least three backticks at the
/// start of a line; a block that is never closed is none, because a cut message must not ask for anything.
fn last_block(message: &str) -> Option<&str> {
    let mut last = None;
    let mut open: Option<(usize, bool, usize)> = None;
    let mut at = 0;
    for line in message.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let line = line.trim_end();
        let ticks = line.bytes().take_while(|byte| *byte == b'`').count();
        let tag = line[ticks..].trim();
        match open {
            None if ticks >= 3 => open = Some((ticks, tag == "evident", at)),
            Some((fence, is_ours, from)) if ticks >= fence && tag.is_empty() => {
                if is_ours {
                    last = Some(&message[from..start]);
                }
                open = None;
            }
            _ => {}
        }
    }
    last
}

fn malformed(block: &str) -> Claim {
    Claim { malformed: true, next: Some(text::name(block)), ..Claim::default() }
}

/// Text of an agent is shown to people and to agents: it is made safe once, here.
fn safe(claim: Claim) -> Claim {
    let list = |entries: Vec<String>| {
        entries.iter().take(ENTRIES_MAX).map(|entry| text::name(entry)).collect::<Vec<_>>()
    };
    Claim {
        blocker: claim
            .blocker
            .map(|blocker| Blocker { kind: text::name(&blocker.kind), needs: text::name(&blocker.needs) }),
        tried: list(claim.tried),
        hypotheses: list(claim.hypotheses),
        next: claim.next.map(|next| text::name(&next)),
        malformed: false,
        ..claim
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(json: &str) -> String {
        format!("Some words.\n```evident\n{json}\n```\nMore.\n")
    }

    #[test]
    fn the_last_block_speaks() {
        let message = block(r#"{"request": "complete"}"#) + &block(r#"{"request": "wait", "tried": ["a"]}"#);
        let claim = of_message(&message).expect("has a block");
        assert_eq!((claim.request, claim.tried), (Request::Wait, vec!["a".to_owned()]));
        assert_eq!(of_message("no block: request complete"), None);
        assert_eq!(of_message("```json\n{\"request\": \"complete\"}\n```\n"), None);
    }

    /// Catches a request that stands in a quotation of the prompt, or in a message that was cut.
    #[test]
    fn a_block_inside_another_or_never_closed_is_none() {
        assert_eq!(of_message("````markdown\n```evident\n{\"request\": \"complete\"}\n```\n````\n"), None);
        assert_eq!(of_message("```evident\n{\"request\": \"complete\"}\n"), None);
    }

    #[test]
    fn what_cannot_be_read_asks_for_nothing() {
        for json in
            ["{", r#"{"request": "done"}"#, r#"{"complete": true}"#, "[]", &" ".repeat(CLAIM_BYTES_MAX)]
        {
            let claim = of_message(&block(json)).expect("has a block");
            assert_eq!((claim.request, claim.malformed), (Request::None, true), "{json}");
        }
    }

    /// Catches a block that says of itself that it is malformed, and text that acts on a terminal.
    #[test]
    fn text_is_made_safe_and_lists_are_bounded() {
        let many: Vec<String> = (0..100).map(|number| number.to_string()).collect();
        let json = serde_json::json!({ "tried": many, "next": "\u{1b}[2J", "malformed": true });
        let claim = of_message(&block(&json.to_string())).expect("has a block");
        assert_eq!((claim.tried.len(), claim.malformed), (ENTRIES_MAX, false));
        assert_eq!(claim.next.as_deref(), Some("\\u{1b}[2J"));
    }
}
