//! Which lines a change added, and how many it added and removed.
//!
//! A line ends after a line feed; one without it at the end of a file is another line than one with it.

use std::borrow::Cow;

use imara_diff::{Algorithm, Diff, InternedInput};

use super::contents::Content;

/// Old lines times new lines, between the first and the last that differ, which are compared: 100,000 on
/// both sides take some two seconds at worst, and the time grows faster than the files.
const PAIRS_MAX: u64 = 10_000_000_000;

/// The lines of one change.
pub(super) struct Lines<'a> {
    /// Without their line feeds; bytes that are no text are replaced. Absent where the new side is too large.
    pub(super) added: Option<Vec<Cow<'a, str>>>,
    /// Absent where a side is too large, or too much of it differs.
    pub(super) added_count: Option<u32>,
    pub(super) removed_count: Option<u32>,
}

impl<'a> Lines<'a> {
    /// An absent side has no lines.
    pub(super) fn of(old: Option<&'a Content>, new: Option<&'a Content>) -> Self {
        let old = old.map_or(Some(&[][..]), Content::whole);
        let new = new.map_or(Some(&[][..]), Content::whole);
        match (old, new) {
            (Some(old), Some(new)) => Self::between(old, new),
            (None, Some(new)) => Self::all(new.split_inclusive(is_end)),
            (_, None) => Self { added: None, added_count: None, removed_count: None },
        }
    }

    /// Every line may be new: more is shown than was added, and nothing is hidden.
    fn all(new: impl Iterator<Item = &'a [u8]>) -> Self {
        Self { added: Some(new.map(shown).collect()), added_count: None, removed_count: None }
    }

    fn between(old: &'a [u8], new: &'a [u8]) -> Self {
        let input = InternedInput::new(old, new);
        let same = common(input.before.iter().zip(&input.after));
        let (old, new) = (&input.before[same..], &input.after[same..]);
        let same_at_end = common(old.iter().rev().zip(new.iter().rev()));
        let (old, new) = (&old[..old.len() - same_at_end], &new[..new.len() - same_at_end]);
        if old.len() as u64 * new.len() as u64 > PAIRS_MAX {
            return Self::all(new.iter().map(|token| input.interner[*token]));
        }
        let diff = Diff::compute(Algorithm::Myers, &input);
        let added = (0_u32..).zip(&input.after).filter(|(index, _)| diff.is_added(*index));
        let added = added.map(|(_, token)| shown(input.interner[*token])).collect();
        Self {
            added: Some(added),
            added_count: Some(diff.count_additions()),
            removed_count: Some(diff.count_removals()),
        }
    }
}

/// How many pairs from the first on are the same.
fn common<'a, T: PartialEq + 'a>(pairs: impl Iterator<Item = (&'a T, &'a T)>) -> usize {
    pairs.take_while(|(left, right)| left == right).count()
}

fn is_end(byte: &u8) -> bool {
    *byte == b'\n'
}

fn shown(line: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn between(old: &str, new: &str) -> (Vec<String>, u32, u32) {
        let lines = Lines::between(old.as_bytes(), new.as_bytes());
        let added = lines.added.expect("is small").into_iter().map(Cow::into_owned).collect();
        (added, lines.added_count.expect("is small"), lines.removed_count.expect("is small"))
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
        assert_eq!((lines.added.map(|added| added.len()), lines.added_count), (Some(599_999), None));
        // A line in a large file is still one line.
        let grown = format!("{old}new\n{}", &old[..old.len() / 2]);
        let old = format!("{old}{}", &old[..old.len() / 2]);
        assert_eq!(between(&old, &grown), (vec!["new".to_owned()], 1, 0));
        assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    }
}
