//! What a driver can tell of an agent, in the host's words: what it can do, what happens in a turn, what a
//! turn used, how it ended, and what it asks for.
//!
//! Everything here comes from outside. It is a claim or a figure to account, never evidence.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::evidence::Timestamp;

/// Bytes of a final message that are kept: the last ones, where the `evident` block stands.
pub const FINAL_MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// What a driver can report and do. What it cannot report is unknown, never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Capabilities {
    /// Reports every tool call.
    pub tool_calls: bool,
    /// Reports tokens.
    pub tokens: bool,
    /// Reports money.
    pub cost: bool,
    /// Asks before it acts, so that `[[approve]]` can be enforced.
    pub asks: bool,
    /// Runs in a sandbox of its own that writes only where the boundary allows.
    pub confines: bool,
    /// Ends a turn when it is told to, and lives on.
    pub interrupts: bool,
    /// Goes on with the same conversation in another process.
    pub resumes: bool,
    /// Can tell what became of a turn that a host lost sight of.
    pub looks_up: bool,
}

/// What a stretch of a turn used, since the last time that it was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Usage {
    /// Tool calls that were begun.
    pub tool_calls: u64,
    /// Tokens read, cached ones included.
    pub input_tokens: u64,
    /// Tokens read from a cache: part of `input_tokens`.
    pub cached_input_tokens: u64,
    /// Tokens written, reasoning included.
    pub output_tokens: u64,
    /// Millionths of a US dollar.
    pub cost_microusd: u64,
}

impl Usage {
    /// What counts against a budget: (input - cached input) + output.
    #[must_use]
    pub fn tokens(&self) -> u64 {
        self.input_tokens.saturating_sub(self.cached_input_tokens).saturating_add(self.output_tokens)
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            tool_calls: self.tool_calls.saturating_add(other.tool_calls),
            input_tokens: self.input_tokens.saturating_add(other.input_tokens),
            cached_input_tokens: self.cached_input_tokens.saturating_add(other.cached_input_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
            cost_microusd: self.cost_microusd.saturating_add(other.cost_microusd),
        }
    }
}

/// One thing that an agent does in a turn, for whoever watches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What it is.
    pub kind: ItemKind,
    /// One line, made safe to show by whoever made the item.
    pub title: String,
    /// How far it is.
    pub progress: ItemProgress,
}

/// What an agent does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemKind {
    /// Says something.
    Message,
    /// Thinks.
    Reasoning,
    /// Calls a tool: runs a command, edits a file, searches.
    ToolCall,
    /// Waits for its model, or is told something by its own machinery.
    Notice,
}

/// How far an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemProgress {
    /// It was begun.
    Begun,
    /// It ended well.
    Done,
    /// It ended badly.
    Failed,
}

/// Something that an agent wants to do and must be allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// Names the question in its turn; the driver's own.
    pub id: String,
    /// What it wants to do.
    pub act: Act,
    /// What the agent says about it.
    pub explanation: Option<String>,
}

/// What an agent wants to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// Run this command, as a shell would read it.
    Command(String),
    /// Write these files; paths relative to the workspace where they lie in it, else absolute.
    Write(Vec<String>),
    /// Call this tool with this input.
    Tool {
        /// Its name.
        name: String,
        /// What it is given, as text.
        input: String,
    },
}

impl fmt::Display for Act {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command(command) => formatter.write_str(command),
            Self::Write(paths) => write!(formatter, "write {}", paths.join(", ")),
            Self::Tool { name, input } => write!(formatter, "{name} {input}"),
        }
    }
}

/// The answer to an [`Ask`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// It may, this once.
    Allow,
    /// It may not; the agent is told why and goes on.
    Deny(String),
}

/// How a turn ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// The agent ended it.
    Completed,
    /// The host ended it.
    Interrupted,
    /// It broke off.
    Failed(Failure),
}

/// Why an agent could not be started, or a turn broke off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[serde(deny_unknown_fields)]
#[error("{class}: {message}")]
pub struct Failure {
    /// What kind of failure, which decides what is done about it.
    pub class: FailureClass,
    /// One line for a person, made safe to show.
    pub message: String,
    /// When the provider takes requests again, where it said so.
    pub until: Option<Timestamp>,
}

impl Failure {
    /// A failure whose text is made safe to show.
    #[must_use]
    pub fn new(class: FailureClass, message: impl AsRef<str>) -> Self {
        Self { class, message: crate::text::line(message.as_ref()), until: None }
    }
}

macro_rules! failure_classes {
    ($($(#[$doc:meta])* $class:ident = $word:literal, $remedy:ident;)*) => {
        /// What kind of failure, which decides what is done about it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "kebab-case")]
        pub enum FailureClass { $($(#[$doc])* $class,)* }

        impl FailureClass {
            /// Every class, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$class,)*];

            /// As it is stored and shown.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$class => $word,)* }
            }

            /// What is done about it.
            #[must_use]
            pub fn remedy(self) -> Remedy {
                match self { $(Self::$class => Remedy::$remedy,)* }
            }
        }
    };
}

failure_classes! {
    /// The agent's program is not there or does not start.
    Missing = "missing", Block;
    /// The agent refuses to work as it is set up: no login, no model, a wrong version.
    Setup = "setup", Block;
    /// The agent ended before its turn did.
    Exited = "exited", Retry;
    /// What it wrote is not its protocol.
    Garbage = "garbage", Retry;
    /// It wrote more than a turn may.
    Flood = "flood", Block;
    /// It gave no sign of life for as long as the watchdog allows.
    Stalled = "stalled", Retry;
    /// The provider cannot be reached, is overloaded, or cut the stream.
    Unavailable = "unavailable", Retry;
    /// The provider asked for fewer requests.
    RateLimited = "rate-limited", Retry;
    /// The provider refused for quota: nothing but time, or money, helps.
    Quota = "quota", Limit;
    /// The model refused the request itself.
    Refused = "refused", Block;
}

impl fmt::Display for FailureClass {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// What is done about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Try again after a while; the same failure several times in a row blocks the goal.
    Retry,
    /// Block the goal: trying again changes nothing.
    Block,
    /// Stop for the provider's limit.
    Limit,
}

/// The end of a turn as a driver tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// How.
    pub ending: Ending,
    /// The agent's last message, cut at its front to [`FINAL_MESSAGE_BYTES_MAX`]; empty where it said nothing.
    pub message: String,
}
