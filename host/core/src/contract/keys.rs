//! The key table: every key of a contract, what it takes, and whether this version enforces it.
//!
//! The reader walks the text against this table and the JSON Schema is generated from it, so an editor
//! and `evident lint` can never disagree.

mod terms;

/// One key of a table.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// As written.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// Whether it must be there, and whether it is enforced at all.
    pub presence: Presence,
    /// One line for a person, with unit, bounds and default.
    pub doc: &'static str,
}

/// Whether a key must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// A contract without it is refused.
    Required,
    /// Has a default.
    Optional,
    /// Specified, but nothing enforces it yet: a contract with it is refused.
    NotYet,
}

/// What a key takes.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// The number 1: the version of the contract's form.
    Version,
    /// A text that is not empty.
    Text,
    /// `true` or `false`.
    Boolean,
    /// A list of texts, with the least number of entries.
    Texts {
        /// 0 or 1.
        least: usize,
    },
    /// A list of exit codes, 0 to 255, not empty.
    ExitCodes,
    /// A table from name to text.
    TextMap,
    /// A duration such as `15m`.
    Duration,
    /// A size such as `128 MiB`.
    Size,
    /// A count such as `5G`, or a whole number.
    Count,
    /// A whole number, 0 included.
    Whole {
        /// The largest.
        most: u32,
    },
    /// An amount of US dollars, with or without a point.
    Money,
    /// A moment as RFC 3339 has it, in quotes or as a date of TOML.
    Moment,
    /// One of several words.
    Choice(&'static [&'static str]),
    /// A text, or a table from slot to text or list of texts.
    Bindings,
    /// Anything: the checker reads it.
    Config,
    /// A table with these keys.
    Table(&'static [Key]),
    /// A table from a name that the author chooses to a table with these keys.
    Named(&'static [Key]),
    /// A list of tables with these keys.
    Tables(&'static [Key]),
    /// Whatever: the key is not enforced, so nothing inside it is read.
    Unread,
}

impl Kind {
    /// What it takes, as the end of a sentence.
    pub(crate) fn expected(self) -> &'static str {
        match self {
            Self::Version => "the number 1",
            Self::Text => "a text",
            Self::Boolean => "`true` or `false`",
            Self::Texts { .. } => "a list of texts",
            Self::ExitCodes => "a list of exit codes",
            Self::TextMap | Self::Table(_) | Self::Named(_) | Self::Config => "a table",
            Self::Tables(_) => "a list of tables",
            Self::Duration => "a duration in quotes such as `\"15m\"`",
            Self::Size => "a size in quotes such as `\"128 MiB\"`",
            Self::Count => "a count such as `\"5G\"`",
            Self::Whole { .. } => "a whole number",
            Self::Money => "an amount of US dollars such as `10.0`",
            Self::Moment => "a moment such as `2030-12-24T18:00:00Z`",
            Self::Choice(_) => "one of its words",
            Self::Bindings => "a text or a table from slot to text",
            Self::Unread => "nothing",
        }
    }
}

pub(crate) const fn key(name: &'static str, kind: Kind, presence: Presence, doc: &'static str) -> Key {
    Key { name, kind, presence, doc }
}

const fn not_yet(name: &'static str, doc: &'static str) -> Key {
    key(name, Kind::Unread, Presence::NotYet, doc)
}

use Presence::{Optional, Required};

/// The top level of `goal.toml`.
pub const ROOT: &[Key] = &[
    key("version", Kind::Version, Required, "Version of the contract's form: 1."),
    key("goal", Kind::Table(GOAL), Required, "What is to be reached."),
    key(
        "evidence",
        Kind::Named(EVIDENCE),
        Optional,
        "Sources: how evidence is collected, one table per name.",
    ),
    key(
        "criteria",
        Kind::Named(CRITERION),
        Optional,
        "Clauses that must pass, one table per name. At least one.",
    ),
    key(
        "constraints",
        Kind::Named(CONSTRAINT),
        Optional,
        "Clauses that must hold all along, one table per name.",
    ),
    key("checkers", Kind::Named(CHECKER), Optional, "Checkers that are not built in, one table per name."),
    key(
        "boundary",
        Kind::Table(BOUNDARY),
        Optional,
        "What may and must not change between the start tree and the assessed tree: an implied constraint named `boundary`.",
    ),
    key(
        "approve",
        Kind::Tables(terms::APPROVAL),
        Optional,
        "Acts of the agent that a person decides, one table each, at most 100; only `evident run` reads it.",
    ),
    key(
        "budget",
        Kind::Table(terms::BUDGET),
        Optional,
        "What the goal may use up; what is absent has no limit. Only `evident run` reads it.",
    ),
    key(
        "policy",
        Kind::Table(terms::POLICY),
        Optional,
        "When turns without progress end. Only `evident run` reads it.",
    ),
    key("stop", Kind::Table(terms::STOP), Optional, "When a person is asked. Only `evident run` reads it."),
    key(
        "wake",
        Kind::Named(terms::WAKE),
        Optional,
        "What a goal can wait for, one table per name, at most 100. Only `evident run` reads it.",
    ),
];

const GOAL: &[Key] = &[
    key("name", Kind::Text, Required, "Short name for lists and reports."),
    key("objective", Kind::Text, Required, "What is to be reached, in prose."),
    key(
        "base",
        Kind::Text,
        Optional,
        "A commit, resolved once when the start tree is recorded: the tree of `at = \"base\"`. Without one it is the start tree.",
    ),
    key(
        "hold",
        Kind::Boolean,
        Optional,
        "Whether a later assessment that is not met revokes completion. Default false.",
    ),
    key(
        "assess",
        Kind::Choice(&["turn", "request"]),
        Optional,
        "When criteria are assessed: after each turn that changed the tree, or when the agent asks; constraints after each such turn in any case. Default `turn`.",
    ),
];

const EVIDENCE: &[Key] = &[
    key(
        "run",
        Kind::Texts { least: 1 },
        Optional,
        "A command as a list of program and arguments, never a shell; `{out}` is a fresh, empty folder, `{cache}` one that is kept with what is built in a private copy and goes with it. Exactly one of `run`, `files` and `changes`.",
    ),
    key(
        "files",
        Kind::Texts { least: 1 },
        Optional,
        "Globs of files in the workspace; each must give at least one file. Exactly one of `run`, `files` and `changes`.",
    ),
    key(
        "changes",
        Kind::Choice(&["start", "base"]),
        Optional,
        "Compares the assessed tree with the start tree or with the base. Exactly one of `run`, `files` and `changes`.",
    ),
    key(
        "timeout",
        Kind::Duration,
        Optional,
        "The command and what it started are killed after it. Default 15m.",
    ),
    key(
        "exit",
        Kind::ExitCodes,
        Optional,
        "Exit codes under which this evidence may support a pass, 0 to 255. Default [0].",
    ),
    key(
        "cwd",
        Kind::Text,
        Optional,
        "Folder that the command runs in, relative to the workspace. Default `.`.",
    ),
    key("env", Kind::Table(ENVIRONMENT), Optional, "Variables of the command beside the declared minimum."),
    key(
        "at",
        Kind::Choice(&["work", "base", "snapshot"]),
        Optional,
        "The tree that it is collected on: the workspace, a private copy of the base, or one of the assessed tree with every protected path as it was at the start. Default `work`.",
    ),
    key(
        "repeat",
        Kind::Count,
        Optional,
        "How many times the command runs, 1 to 1000; artifacts are then named `1/...`, `2/...`. Default 1.",
    ),
    key(
        "interleave",
        Kind::Text,
        Optional,
        "A source with the same `repeat`: the two take turns, so that what drifts on the machine meets both.",
    ),
    key("needs", Kind::Texts { least: 0 }, Optional, "Sources that must be collected first."),
    key(
        "concurrent",
        Kind::Boolean,
        Optional,
        "Whether it may be collected beside neighbours that say the same. Default false.",
    ),
    key(
        "collect",
        Kind::Texts { least: 0 },
        Optional,
        "Globs of git-ignored files in the workspace: removed before the run, taken only if the run made them.",
    ),
    key(
        "prepare",
        Kind::Texts { least: 1 },
        Optional,
        "A command, as a list of program and arguments, that fills the private copy with what git ignores and the source needs, such as `npm ci`. It runs once, and again where its lock file changed.",
    ),
    key(
        "prepare_from",
        Kind::Texts { least: 1 },
        Optional,
        "Files that decide what `prepare` makes, relative to the workspace. Default: the lock files with well-known names in `cwd` and above, and the files that the command names.",
    ),
    key(
        "fresh",
        Kind::Boolean,
        Optional,
        "Whether the private copy holds nothing that was built there before: `true` for every run; `false` for none, and what passes is asserted where another tree left something. Without it: before a pass counts.",
    ),
    key(
        "max_bytes",
        Kind::Size,
        Optional,
        "Most bytes of one artifact, at most 64 GiB; more is not evidence. Default 1 GiB.",
    ),
    key("max_age", Kind::Duration, Optional, "Files that were written longer ago are stale."),
    key("after", Kind::Text, Optional, "A source; files that were written before it started are stale."),
    key("sha256", Kind::Text, Optional, "Digest of the one file: pins it, so that a trusted slot takes it."),
];

const BOUNDARY: &[Key] = &[
    key(
        "write",
        Kind::Texts { least: 1 },
        Optional,
        "Patterns, as in CODEOWNERS, of what may change; without it everything may.",
    ),
    key(
        "protect",
        Kind::Texts { least: 1 },
        Optional,
        "Patterns of what must not change, whatever `write` says.",
    ),
    key(
        "inputs",
        Kind::Texts { least: 1 },
        Optional,
        "Patterns of ignored files that belong to the tree all the same.",
    ),
];

const ENVIRONMENT: &[Key] = &[
    key("pass", Kind::Texts { least: 0 }, Optional, "Names of variables that are handed on from the host."),
    key("set", Kind::TextMap, Optional, "Variables and their values."),
];

const CHECKER_KEY: Key =
    key("checker", Kind::Text, Required, "Name of a built-in checker or of an entry of `[checkers]`.");
const EVIDENCE_KEY: Key = key(
    "evidence",
    Kind::Bindings,
    Required,
    "The evidence of each slot: `\"SOURCE\"`, `\"SOURCE/stdout\"`, `\"SOURCE/GLOB\"` or a list of them; a lone text binds the one required slot.",
);
const CONFIG_KEY: Key = key(
    "config",
    Kind::Config,
    Optional,
    "What the checker is told; `evident checker inspect` shows its keys.",
);

const CRITERION: &[Key] = &[CHECKER_KEY, EVIDENCE_KEY, CONFIG_KEY];

const ON_FAIL_KEY: Key = key(
    "on_fail",
    Kind::Choice(&["continue", "stop"]),
    Optional,
    "What its failure does to `evident run`: it heads the next prompt, or it blocks the goal. Default `continue`.",
);

const CONSTRAINT: &[Key] = &[CHECKER_KEY, EVIDENCE_KEY, CONFIG_KEY, ON_FAIL_KEY];

const CHECKER: &[Key] = &[
    key("path", Kind::Text, Required, "Path of the component, relative to the workspace."),
    key(
        "sha256",
        Kind::Text,
        Optional,
        "Digest of the component: pins it. Without one, a pass is asserted, not proven.",
    ),
    not_yet("source", "A registry reference."),
    key(
        "wasi",
        Kind::Choice(&["none", "inert"]),
        Optional,
        "What the component may import beside its world: `none`, or `inert`, a WASI 0.2 without any effect. Default `none`.",
    ),
    key("limits", Kind::Table(LIMITS), Optional, "Limits of each check, lower than the host's."),
];

/// Limits of each check.
pub(crate) const LIMITS: &[Key] = &[
    key("fuel", Kind::Count, Optional, "Units of work, about one per WebAssembly instruction."),
    key("memory", Kind::Size, Optional, "Bytes of memory."),
    key("wall", Kind::Duration, Optional, "Time of one check."),
];
