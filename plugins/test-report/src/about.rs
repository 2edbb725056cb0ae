//! What the page about the checker says beside its slots and its config.

use evident_checker::Reason;

/// One worked criterion with its sources.
pub(crate) const EXAMPLE: &str = include_str!("example.toml");

/// What makes the checker inconclusive.
pub(crate) const INCONCLUSIVE: [(Reason, &str); 6] = [
    (Reason::NotExamined, "a report is empty or lists no test; every test was skipped"),
    (
        Reason::Malformed,
        "a report is cut off or not well-formed; its header claims more tests, failures or errors than \
         there are cases",
    ),
    (
        Reason::Contradiction,
        "a program that fails reports that every test passed; repeated runs of one suite disagree",
    ),
    (Reason::Unsupported, "a report has a format that is not known, or states an outcome that is not known"),
    (Reason::Limit, "elements are nested too deep, or one tag or text has over 32 MiB"),
    (Reason::Config, "an id of `required` or of a list of exceptions fits several tests"),
];
