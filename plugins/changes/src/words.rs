//! Words and bounds of messages and fingerprints.
//!
//! It never decides anything.

/// Bytes of a path in a message: the host takes 8 KiB of a finding as a whole.
const SHOWN_BYTES_MAX: usize = 512;
/// Bytes of a path in a summary, which names several.
const SHOWN_BYTES_SHORT: usize = 120;
/// Things that a list names before it only counts.
const NAMED_MAX: usize = 5;
/// Paths that a summary names.
const SUMMARY_NAMED_MAX: usize = 3;

/// A text of the evidence as a message shows it.
pub(crate) fn shown(text: &str) -> &str {
    &text[..text.floor_char_boundary(SHOWN_BYTES_MAX)]
}

/// A text of the evidence as a summary shows it.
pub(crate) fn brief(text: &str) -> &str {
    &text[..text.floor_char_boundary(SHOWN_BYTES_SHORT)]
}

/// `` `a`, `b` and `c` ``, or `` `a`, `b` and 4 more ``.
pub(crate) fn listed<'a>(texts: impl ExactSizeIterator<Item = &'a str>) -> String {
    let count = texts.len();
    let named = if count > NAMED_MAX { NAMED_MAX } else { count };
    let mut list: Vec<String> = texts.take(named).map(|text| format!("`{}`", brief(text))).collect();
    if count > named {
        list.push(format!("{} more", count - named));
    }
    match list.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
    }
}

/// `1 file`, `2 files`.
pub(crate) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Names of a summary: the first few, and how many there are.
#[derive(Debug, Default)]
pub(crate) struct Names {
    count: u64,
    first: Vec<String>,
}

impl Names {
    pub(crate) fn push(&mut self, name: &str) {
        self.count += 1;
        if self.first.len() < SUMMARY_NAMED_MAX {
            self.first.push(brief(name).to_owned());
        }
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// `a, b, c and 4 more`.
    pub(crate) fn told(&self) -> String {
        let rest = self.count - self.first.len() as u64;
        let more = if rest == 0 { String::new() } else { format!(" and {rest} more") };
        self.first.join(", ") + &more
    }
}

/// A number that stays the same for a text. Any fixed function will do, it only tells texts apart: FNV-1a.
pub(crate) fn number_of(text: &[u8]) -> u64 {
    text.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// `rule:subject`; a subject that is too long ends with a number of the whole, so that two stay apart.
pub(crate) fn fingerprint(rule: &str, subject: &str) -> String {
    let short = shown(subject);
    if short.len() == subject.len() {
        return format!("{rule}:{subject}");
    }
    format!("{rule}:{short}#{:016x}", number_of(subject.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_counts() {
        for (texts, expected) in [
            (&[][..], ""),
            (&["a"], "`a`"),
            (&["a", "b"], "`a` and `b`"),
            (&["a", "b", "c", "d", "e"], "`a`, `b`, `c`, `d` and `e`"),
            (&["a", "b", "c", "d", "e", "f", "g"], "`a`, `b`, `c`, `d`, `e` and 2 more"),
        ] {
            assert_eq!(listed(texts.iter().copied()), expected);
        }
        let mut names = Names::default();
        for name in ["a", "b", "c", "d"] {
            names.push(name);
        }
        assert_eq!((names.count(), names.told().as_str()), (4, "a, b, c and 1 more"));
    }

    #[test]
    fn long_subjects_stay_apart() {
        let long = "x".repeat(1000);
        let (one, other) = (fingerprint("r", &long), fingerprint("r", &format!("{long}y")));
        assert!(one.len() < 600 && one != other, "{one}");
        assert_eq!(fingerprint("r", "a"), "r:a");
    }
}
