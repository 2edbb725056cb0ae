//! Content that was pushed down or pulled up, recognised by rows that are found again elsewhere.
//!
//! From the first row that differs on, each row of both pictures has a hash. Rows that occur once in each
//! picture vote for how far they moved; a shift is recognised where one distance has nearly all votes. Content
//! that moves beside content that stays is not recognised: its rows are found nowhere.

use std::collections::BTreeMap;

use crate::rows::Shift;

/// Fewer rows that are found again may be chance: a line of text has more.
const VOTES_MIN: usize = 8;

/// Hashes of the rows of both pictures.
#[derive(Debug, Default)]
pub(crate) struct Hashes {
    first: usize,
    expected: Vec<u64>,
    actual: Vec<u64>,
}

/// A hash that keeps apart what is not made to be confused: what it wrongly joins is compared afterwards.
pub(crate) fn hash(words: &[u32]) -> u64 {
    const LANES: usize = 8;
    const FACTOR: u32 = 0x9e37_79b1;
    let mut lanes = [0x811c_9dc5_u32; LANES];
    let (blocks, rest) = words.as_chunks::<LANES>();
    for block in blocks {
        for (lane, word) in lanes.iter_mut().zip(block) {
            *lane = (lane.rotate_left(5) ^ word).wrapping_mul(FACTOR);
        }
    }
    let lanes = lanes.iter().chain(rest);
    lanes.fold(words.len() as u64, |sum, lane| {
        (sum.rotate_left(23) ^ u64::from(*lane)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    })
}

impl Hashes {
    /// Begins at row `first`.
    pub(crate) fn from(first: usize) -> Self {
        Self { first, ..Self::default() }
    }

    /// Takes the next row.
    pub(crate) fn row(&mut self, expected: u64, actual: u64) {
        self.expected.push(expected);
        self.actual.push(actual);
    }

    /// How the content moved, if it did.
    pub(crate) fn shift(&self) -> Option<Shift> {
        let (expected, actual) = (once(&self.expected), once(&self.actual));
        let mut votes = BTreeMap::<i64, (usize, usize)>::new();
        for (hash, &at) in &expected {
            if let Some(&there) = actual.get(hash) {
                let distance = i64::try_from(there).ok()? - i64::try_from(at).ok()?;
                let (count, first) = votes.entry(distance).or_insert((0, at));
                *count += 1;
                *first = at.min(*first);
            }
        }
        let all: usize = votes.values().map(|(count, _)| count).sum();
        // Of two distances with as many votes the shorter way is taken first; neither has nearly all.
        let (&distance, &(count, first)) = votes.iter().max_by_key(|(_, (count, _))| *count)?;
        if distance == 0 || count < VOTES_MIN || count * 4 < all * 3 {
            return None;
        }
        let by = isize::try_from(distance).ok()?;
        Some(Shift { from: self.first + self.start(first, by)?, by })
    }

    /// True if nothing but this shift is there: every row is found again, above it in its place and below it where
    /// it moved to.
    pub(crate) fn explains(&self, shift: Shift) -> bool {
        let start = shift.from.saturating_sub(self.first);
        let [down, up] = [shift.by.max(0), (-shift.by).max(0)].map(isize::unsigned_abs);
        let (above, below) = (..start, [start + up.., start + down..]);
        let [ours, theirs] = below;
        let same =
            |ours: &[u64], theirs: &[u64]| ours.iter().zip(theirs).all(|(ours, theirs)| ours == theirs);
        same(&self.expected[above], &self.actual[above])
            && same(self.expected.get(ours).unwrap_or_default(), self.actual.get(theirs).unwrap_or_default())
    }

    /// Where the rows that moved begin: those above the first that voted moved too while they are found again.
    fn start(&self, voted: usize, by: isize) -> Option<usize> {
        let mut expected = voted;
        let mut actual = voted.checked_add_signed(by)?;
        while expected > 0 && actual > 0 && self.expected[expected - 1] == self.actual[actual - 1] {
            expected -= 1;
            actual -= 1;
        }
        Some(expected.min(actual))
    }
}

/// Hashes that occur once, and where.
fn once(hashes: &[u64]) -> BTreeMap<u64, usize> {
    let mut places = BTreeMap::<u64, Option<usize>>::new();
    for (at, hash) in hashes.iter().enumerate() {
        places.entry(*hash).and_modify(|place| *place = None).or_insert(Some(at));
    }
    places.into_iter().filter_map(|(hash, place)| place.map(|place| (hash, place))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashes(expected: &[u64], actual: &[u64]) -> Hashes {
        Hashes { first: 100, expected: expected.to_vec(), actual: actual.to_vec() }
    }

    /// Catches a shift that is told at the wrong row, or the wrong way.
    #[test]
    fn content_that_moved_is_found_where_it_began_to() {
        let page: Vec<u64> = (0..40).collect();
        let pushed: Vec<u64> =
            page[..5].iter().copied().chain(900..903).chain(page[5..37].iter().copied()).collect();
        assert_eq!(hashes(&page, &pushed).shift(), Some(Shift { from: 105, by: 3 }));
        assert_eq!(hashes(&pushed, &page).shift(), Some(Shift { from: 105, by: -3 }));
        assert!(hashes(&page, &pushed).explains(Shift { from: 105, by: 3 }));
        assert!(hashes(&pushed, &page).explains(Shift { from: 105, by: -3 }));
    }

    /// Catches a change above, in or below what moved that a shift would hide.
    #[test]
    fn a_change_beside_a_shift_is_not_explained() {
        let page: Vec<u64> = (0..40).collect();
        let pushed: Vec<u64> =
            page[..5].iter().copied().chain(900..903).chain(page[5..37].iter().copied()).collect();
        for at in [0, 4, 8, 20, 39] {
            let mut changed = pushed.clone();
            changed[at] = 77;
            assert!(!hashes(&page, &changed).explains(Shift { from: 105, by: 3 }), "{at}");
            assert!(!hashes(&changed, &page).explains(Shift { from: 105, by: -3 }), "{at}");
        }
    }

    /// Catches a change of a few rows that is called a shift, which would hide it.
    #[test]
    fn a_change_is_no_shift() {
        let page: Vec<u64> = (0..40).collect();
        let mut changed = page.clone();
        changed[3..9].fill(77);
        assert_eq!(hashes(&page, &changed).shift(), None);
        assert_eq!(hashes(&page, &(100..140).collect::<Vec<_>>()).shift(), None);
        assert_eq!(hashes(&[1; 40], &[2; 40]).shift(), None);
    }

    #[test]
    fn rows_of_different_pixels_have_different_hashes() {
        let row: Vec<u32> = (0..37).collect();
        for at in 0..row.len() {
            let mut other = row.clone();
            other[at] ^= 1;
            assert_ne!(hash(&row), hash(&other), "{at}");
        }
        assert_ne!(hash(&[0; 8]), hash(&[0; 16]));
    }
}
