//! Which lines a change added, and how many it added and removed.
//!
//! A line ends after a line feed; one without it at the end of a file is another line than one with it. No list
//! of the lines is made: a file of line feeds alone has as many lines as bytes.

use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput};
use serde::{Serialize, Serializer};

use super::contents::Content;

/// Old lines times new lines, between the first and the last that differ, which are compared: 100,000 on
/// both sides take some two seconds at worst, and the time grows faster than the files.
const PAIRS_MAX: u64 = 10_000_000_000;

/// The lines of one change.
pub(super) struct Lines<'a> {
    pub(super) added: Added<'a>,
    /// Absent where a side is too large, or too much of it differs.
    pub(super) added_count: Option<u32>,
    pub(super) removed_count: Option<u32>,
}

/// The lines that are new.
pub(super) enum Added<'a> {
    /// Nobody wants to know.
    Unasked,
    /// The new side is too large.
    Unknown,
    /// All lines of these bytes.
    All(&'a [u8]),
    /// Those lines of the new side, as far as the comparison says that they were added.
    Part { input: InternedInput<&'a [u8]>, range: Range<usize>, diff: Option<Diff> },
}

impl<'a> Lines<'a> {
    /// Of a file whose lines no clause asks for.
    pub(super) fn unasked() -> Self {
        Self::uncounted(Added::Unasked)
    }

    /// An absent side has no lines.
    pub(super) fn of(old: Option<&'a Content>, new: Option<&'a Content>) -> Self {
        let old = old.map_or(Some(&[][..]), Content::whole);
        let new = new.map_or(Some(&[][..]), Content::whole);
        match (old, new) {
            (Some(old), Some(new)) => Self::between(old, new),
            // Every line may be new: more is shown than was added, and nothing is hidden.
            (None, Some(new)) => Self::uncounted(Added::All(new)),
            (_, None) => Self::uncounted(Added::Unknown),
        }
    }

    fn uncounted(added: Added<'a>) -> Self {
        Self { added, added_count: None, removed_count: None }
    }

    fn between(old: &'a [u8], new: &'a [u8]) -> Self {
        let input = InternedInput::new(old, new);
        let same = common(input.before.iter().zip(&input.after));
        let (old, new) = (&input.before[same..], &input.after[same..]);
        let same_at_end = common(old.iter().rev().zip(new.iter().rev()));
        let (old, new) = (old.len() - same_at_end, new.len() - same_at_end);
        let range = same..same + new;
        if old as u64 * new as u64 > PAIRS_MAX {
            return Self::uncounted(Added::Part { input, range, diff: None });
        }
        let diff = Diff::compute(Algorithm::Myers, &input);
        let (added_count, removed_count) = (Some(diff.count_additions()), Some(diff.count_removals()));
        let range = 0..input.after.len();
        Self { added: Added::Part { input, range, diff: Some(diff) }, added_count, removed_count }
    }
}

impl Added<'_> {
    /// Shows each line without its line feed.
    fn each<E>(&self, mut show: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let mut show = |line: &[u8]| show(line.strip_suffix(b"\n").unwrap_or(line));
        match self {
            Self::Unasked | Self::Unknown => Ok(()),
            Self::All(bytes) => bytes.split_inclusive(|byte| *byte == b'\n').try_for_each(show),
            Self::Part { input, range, diff } => {
                for (index, token) in (0_u32..).zip(&input.after).skip(range.start).take(range.len()) {
                    if diff.as_ref().is_none_or(|diff| diff.is_added(index)) {
                        show(input.interner[*token])?;
                    }
                }
                Ok(())
            }
        }
    }
}

/// Added lines as they stand in the document: bytes that are not text are replaced.
pub(super) struct Shown<'a> {
    pub(super) added: &'a Added<'a>,
    /// True to cut lines at zero bytes, and to leave out what is empty then: no text that is searched has one,
    /// and a sparse file has millions.
    pub(super) binary: bool,
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeSeq as _;
        let mut sequence = serializer.serialize_seq(None)?;
        self.added.each(|line| {
            if !self.binary {
                return sequence.serialize_element(&String::from_utf8_lossy(line));
            }
            let parts = line.split(|byte| *byte == 0).filter(|part| !part.is_empty());
            parts.map(String::from_utf8_lossy).try_for_each(|part| sequence.serialize_element(&part))
        })?;
        sequence.end()
    }
}

/// How many pairs from the first on are the same.
fn common<'a, T: PartialEq + 'a>(pairs: impl Iterator<Item = (&'a T, &'a T)>) -> usize {
    pairs.take_while(|(left, right)| left == right).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn shown(lines: &Lines<'_>) -> Vec<String> {
        let mut shown = Vec::new();
        let told: Result<(), ()> = lines.added.each(|line| {
            shown.push(String::from_utf8_lossy(line).into_owned());
            Ok(())
        });
        told.expect("nothing fails");
        shown
    }

    fn between(old: &str, new: &str) -> (Vec<String>, u32, u32) {
        let lines = Lines::between(old.as_bytes(), new.as_bytes());
        let counts = (lines.added_count.expect("is small"), lines.removed_count.expect("is small"));
        (shown(&lines), counts.0, counts.1)
    }

    #[test]
    fn tells_what_was_added() {
        let added = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        assert_eq!(between("a\nb\nc\n", "a\nx\nc\ny"), (added(&["x", "y"]), 2, 1));
        assert_eq!(between("", "a\r\n\n"), (added(&["a\r", ""]), 2, 0));
        assert_eq!(between("a\n", ""), (Vec::new(), 0, 1));
        assert_eq!(between("a", "a\n"), (added(&["a"]), 1, 1), "a line feed at the end");
    }

    #[test]
    fn hostile_files_take_no_time() {
        let numbers = |step: u64, count: u64| -> String {
            (0..count).map(|number| format!("{}\n", number * step % 9973)).collect()
        };
        let start = Instant::now();
        let (added, count, _) = between(&numbers(17, 40_000), &numbers(4099, 40_000));
        assert_eq!(added.len(), usize::try_from(count).expect("fits"));
        // Far more of it: all that is new is shown, nothing is counted.
        let (old, new) = (numbers(17, 600_000), numbers(4099, 600_000));
        let lines = Lines::between(old.as_bytes(), new.as_bytes());
        assert_eq!((shown(&lines).len(), lines.added_count), (599_999, None));
        // A line in a large file is still one line.
        let grown = format!("{old}new\n{}", &old[..old.len() / 2]);
        let old = format!("{old}{}", &old[..old.len() / 2]);
        assert_eq!(between(&old, &grown), (vec!["new".to_owned()], 1, 0));
        assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    }
}
