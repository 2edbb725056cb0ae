//! The lines that Claude Code writes in `stream-json`, as far as a driver reads them.
//!
//! Shapes only: nothing is decided here. What is not known is skipped, because the stream gains kinds of
//! lines with every version; what is known and has another shape is an error. Source: the types of the
//! agent SDK, and the traffic of version 2.1.330.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// One line.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Line {
    System(Box<System>),
    Assistant(Spoken),
    User(Spoken),
    Result(Box<Finished>),
    ControlRequest {
        request_id: String,
        request: Request,
    },
    ControlResponse {
        response: Response,
    },
    ControlCancelRequest {
        request_id: String,
    },
    CommandLifecycle {
        command_uuid: String,
        state: String,
        session_id: Option<String>,
    },
    RateLimitEvent {
        rate_limit_info: RateLimit,
    },
    #[serde(other)]
    Other,
}

/// What its own machinery tells.
#[derive(Debug, Deserialize)]
pub(crate) struct System {
    #[serde(default)]
    pub(crate) subtype: String,
    pub(crate) session_id: Option<String>,
    /// Of `api_retry`.
    pub(crate) attempt: Option<u64>,
    pub(crate) max_retries: Option<u64>,
    pub(crate) retry_delay_ms: Option<u64>,
    pub(crate) error_status: Option<u16>,
    pub(crate) error: Option<String>,
    /// Of `informational` and the refusals.
    pub(crate) content: Option<String>,
    /// Of `notification`.
    pub(crate) text: Option<String>,
}

/// A message of the model, or to it. A message of the model comes as one line for each of its blocks.
#[derive(Debug, Deserialize)]
pub(crate) struct Spoken {
    pub(crate) message: Message,
    /// Set where a subagent speaks or is spoken to.
    pub(crate) parent_tool_use_id: Option<String>,
    /// Why the model could not be asked, where the message stands for that.
    pub(crate) error: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Message {
    /// The same for all lines of one message.
    pub(crate) id: Option<String>,
    pub(crate) content: Content,
    pub(crate) usage: Option<Tokens>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Content {
    Text(String),
    Blocks(Vec<Block>),
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Block {
    Text {
        text: String,
    },
    Thinking {},
    ToolUse {
        id: String,
        name: String,
        #[serde(default)]
        input: Value,
    },
    ToolResult {
        tool_use_id: String,
        is_error: Option<bool>,
    },
    #[serde(other)]
    Other,
}

/// Tokens as the provider counts them: the three kinds of input add up.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(crate) struct Tokens {
    pub(crate) input_tokens: Option<u64>,
    pub(crate) cache_creation_input_tokens: Option<u64>,
    pub(crate) cache_read_input_tokens: Option<u64>,
    pub(crate) output_tokens: Option<u64>,
}

/// The end of a run of the agent's loop.
#[derive(Debug, Deserialize)]
pub(crate) struct Finished {
    #[serde(default)]
    pub(crate) subtype: String,
    #[serde(default)]
    pub(crate) is_error: bool,
    pub(crate) session_id: Option<String>,
    pub(crate) terminal_reason: Option<String>,
    pub(crate) startup_failure_reason: Option<String>,
    pub(crate) api_error_status: Option<u16>,
    pub(crate) stop_reason: Option<String>,
    /// The final message, or what went wrong.
    pub(crate) result: Option<String>,
    #[serde(default)]
    pub(crate) errors: Vec<String>,
    /// Of the main loop in this run.
    #[serde(default)]
    pub(crate) usage: Tokens,
    /// Since the last result, subagents included; newer versions only.
    pub(crate) model_usage_since_last_result: Option<BTreeMap<String, Spent>>,
    /// Of the whole conversation, in every process that it lived in.
    pub(crate) total_cost_usd: Option<f64>,
    /// The prompts that this run answers; newer versions only.
    pub(crate) user_message_uuid: Option<String>,
    #[serde(default)]
    pub(crate) user_message_uuids: Vec<String>,
    /// Set where no prompt but the agent itself began the run.
    pub(crate) origin: Option<Value>,
}

/// What one model was used for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Spent {
    #[serde(default)]
    pub(crate) input_tokens: u64,
    #[serde(default)]
    pub(crate) cache_creation_input_tokens: u64,
    #[serde(default)]
    pub(crate) cache_read_input_tokens: u64,
    #[serde(default)]
    pub(crate) output_tokens: u64,
    #[serde(rename = "costUSD", default)]
    pub(crate) cost_usd: f64,
}

/// What it wants of the host.
#[derive(Debug, Deserialize)]
#[serde(tag = "subtype", rename_all = "snake_case")]
pub(crate) enum Request {
    CanUseTool {
        tool_name: String,
        #[serde(default)]
        input: Value,
        description: Option<String>,
    },
    HookCallback {},
    Elicitation {},
    #[serde(other)]
    Other,
}

/// Its answer to a request of the host.
#[derive(Debug, Deserialize)]
pub(crate) struct Response {
    #[serde(default)]
    pub(crate) subtype: String,
    #[serde(default)]
    pub(crate) request_id: String,
    pub(crate) error: Option<String>,
}

/// What a subscription still allows.
#[derive(Debug, Deserialize)]
pub(crate) struct RateLimit {
    #[serde(default)]
    pub(crate) status: String,
    /// Seconds since the epoch.
    #[serde(rename = "resetsAt")]
    pub(crate) resets_at: Option<u64>,
    #[serde(rename = "rateLimitType")]
    pub(crate) kind: Option<String>,
}
