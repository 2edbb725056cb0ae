//! The keys of a contract that only `evident run` reads: budget, policy, stop, approvals and wakes.

use super::Presence::{Optional, Required};
use super::{Key, Kind, key};
use crate::contract::terms::RULE_TURNS_MAX;

/// Of `[budget]`.
pub(super) const BUDGET: &[Key] = &[
    key("turns", Kind::Count, Optional, "Turns that the host starts; the wrap-up is not counted."),
    key("tool_calls", Kind::Count, Optional, "Tool calls of the agent."),
    key("tokens", Kind::Count, Optional, "Tokens: (input - cached input) + output, summed over turns."),
    key("wall", Kind::Duration, Optional, "Time in turns; collecting, waiting and people are not charged."),
    key("turn_wall", Kind::Duration, Optional, "Time of one turn."),
    key(
        "cost_usd",
        Kind::Money,
        Optional,
        "Money in US dollars, above 0, at most 1000000000, to the millionth.",
    ),
    key(
        "unknown",
        Kind::Choice(&["warn", "stop"]),
        Optional,
        "What happens where the agent does not report a figure that has a limit: it is shown as unknown, or no turn starts. Default `warn`.",
    ),
];

const RULE: Kind = Kind::Whole { most: RULE_TURNS_MAX };

/// Of `[policy]`.
pub(super) const POLICY: &[Key] = &[
    key(
        "idle_turns",
        RULE,
        Optional,
        "Idle continuation turns before the next is suppressed, 0 to 1000; 0 switches the rule off. Default 1.",
    ),
    key(
        "stall_turns",
        RULE,
        Optional,
        "Turns without progress in the evidence before the goal is blocked, 0 to 1000, not below `blocked_turns`; 0 switches the rule off. Default 5.",
    ),
    key(
        "blocked_turns",
        RULE,
        Optional,
        "The same blocker on this many turns in a row blocks the goal, 0 to 1000; 0 switches the rule off. Default 3.",
    ),
    key(
        "note",
        Kind::Text,
        Optional,
        "What the agent should note of each turn, for the prompt; at most 2000 bytes.",
    ),
];

/// Of `[stop]`.
pub(super) const STOP: &[Key] = &[key(
    "ask",
    Kind::Texts { least: 1 },
    Optional,
    "When a person is asked, in prose for the prompt: at most 50 texts of 2000 bytes. What must be enforced stands in `[[approve]]`.",
)];

/// Of one table of `[[approve]]`.
pub(super) const APPROVAL: &[Key] = &[
    key("when", Kind::Table(WHEN), Required, "Which acts: exactly one of `command`, `path` and `tool`."),
    key("why", Kind::Text, Required, "Says to the person why they are asked; at most 2000 bytes."),
    key(
        "headless",
        Kind::Choice(&["deny", "stop"]),
        Optional,
        "What happens where nobody is there: the act is refused and the agent goes on, or the goal is blocked. Default `deny`.",
    ),
];

const WHEN: &[Key] = &[
    key(
        "command",
        Kind::Text,
        Optional,
        "A command that matches this: `**` stands for any text, `*` for any text without a blank.",
    ),
    key("path", Kind::Text, Optional, "A write to a path that matches this pattern, as in CODEOWNERS."),
    key("tool", Kind::Text, Optional, "A tool of this name; `*` stands for any text."),
];

/// Of one table of `[wake]`.
pub(super) const WAKE: &[Key] = &[
    key(
        "at",
        Kind::Moment,
        Optional,
        "A moment with its offset, such as `2030-12-24T18:00:00Z`. Exactly one of `at`, `files`, `pid_file` and `source`, or `every` alone.",
    ),
    key(
        "files",
        Kind::Texts { least: 1 },
        Optional,
        "Globs of files in the workspace: one of them is new, changed, or gone.",
    ),
    key(
        "pid_file",
        Kind::Text,
        Optional,
        "A file in the workspace with the number of a process: it has ended.",
    ),
    key("source", Kind::Text, Optional, "A source: it gives other evidence than when the wait began."),
    key(
        "every",
        Kind::Duration,
        Optional,
        "Between two looks, at least 1s; alone it is what is waited for. Default 60s.",
    ),
    key(
        "until",
        Kind::Duration,
        Optional,
        "Time of waiting after which the goal is blocked, not below `every`.",
    ),
];
