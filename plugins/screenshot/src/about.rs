//! What the page about the checker says beside its slots and its config.

use evident_checker::Reason;

/// One worked criterion with its sources.
pub(crate) const EXAMPLE: &str = include_str!("example.toml");

/// What makes the checker inconclusive.
pub(crate) const INCONCLUSIVE: [(Reason, &str); 5] = [
    (
        Reason::NotExamined,
        "no pair of screens was compared; both screens of a pair show one colour, or nearly, and `blank` \
         does not allow it; a landmark is blank in the expected screen too; masks and ignored areas cover \
         everything",
    ),
    (
        Reason::Malformed,
        "a picture is cut off or damaged: a checksum is wrong, data are missing or follow the last row, a \
         side has no pixels",
    ),
    (Reason::Unsupported, "a file is not a PNG, WebP or JPEG picture"),
    (
        Reason::Limit,
        "a side has more than 131,072 pixels, a picture more than 134,217,728; a WebP, a JPEG or an \
         interlaced PNG has more than 12,582,912 pixels; a WebP or a JPEG has more than 64 MiB; a picture \
         is an animation",
    ),
    (
        Reason::Config,
        "two files of a slot have the same name; `pairs`, an area or a mask names a screen that is not \
         there; a mask has another size than its screen; a landmark lies outside of its screen",
    ),
];
