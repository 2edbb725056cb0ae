//! What the page about the checker says beside its slots and its config.

use evident_checker::Reason;

/// One worked criterion with its sources.
pub(crate) const EXAMPLE: &str = include_str!("example.toml");

/// What makes the checker inconclusive.
pub(crate) const INCONCLUSIVE: [(Reason, &str); 7] = [
    (
        Reason::InsufficientData(0),
        "fewer samples or pairs than the figure or its interval needs; the outcome says how many would do",
    ),
    (Reason::NotExamined, "the evidence has no benchmark"),
    (Reason::Malformed, "a file is not whole JSON, or a figure is negative or not finite"),
    (
        Reason::Contradiction,
        "a unit changed; two artifacts or the two slots hold the same samples; the repetitions of both \
         slots cannot be paired",
    ),
    (Reason::Unsupported, "a file has a form that is not known"),
    (Reason::Limit, "a figure lies beyond 1e100, or there are more samples than are resampled"),
    (
        Reason::Config,
        "`benchmark` does not name one of the evidence; a limit has a unit that the figures do not have; \
         a ratio meets a figure of zero",
    ),
];
