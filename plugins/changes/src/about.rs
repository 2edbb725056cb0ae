//! What the page about the checker says beside its slots and its config.

use evident_checker::Reason;

/// One worked criterion with its sources.
pub(crate) const EXAMPLE: &str = include_str!("example.toml");

/// What makes the checker inconclusive.
pub(crate) const INCONCLUSIVE: [(Reason, &str); 5] = [
    (Reason::NotExamined, "a patch or a listing is empty, or no file was compared"),
    (
        Reason::Malformed,
        "the comparison or the patch is cut off, or a line of it is not what its format allows",
    ),
    (
        Reason::Unsupported,
        "a comparison is of another version or was not made by the host; a patch has a form that does not \
         name every path",
    ),
    (
        Reason::Limit,
        "more files changed than are judged, or a line is longer than is read; a rule is about lines that \
         the evidence does not hold, as those of a large or binary file",
    ),
    (Reason::Config, "`api` is set and a slot that it needs is not bound, or the reverse"),
];
