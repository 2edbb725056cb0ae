//! Whether a picture, or an area of one, shows anything: a white page is the same as every white page.
//!
//! Blank is what has nearly one colour: at most one pixel in 5,000 has another than the most common one, or no
//! channel reaches over more than 8 of its 256 levels. Both can only cease to hold as pixels come, so a picture
//! that shows something is looked at no further than where it begins to.

use crate::regions::Area;

/// Pixels for one of another colour: a page of 1280 by 720 with one short word has more (184).
const PIXELS_PER_SPECK: u64 = 5_000;
/// Levels of a channel that are nearly one.
const LEVELS: u8 = 8;

/// Looks for signs that an area shows something.
#[derive(Debug)]
pub(crate) struct Blank {
    /// Pixels of another than the most common colour that are still nothing.
    specks: u64,
    /// Pairs of pixels that have not the same colour, each pixel in one pair at most: of any one colour, as many
    /// pixels have another.
    pairs: u64,
    /// The colour of the pixels that are in no pair, and how many these are.
    single: (u32, u64),
    least: [u8; 4],
    most: [u8; 4],
    shows: bool,
}

impl Blank {
    /// For an area of so many pixels.
    pub(crate) fn new(pixels: u64) -> Self {
        Self {
            specks: pixels / PIXELS_PER_SPECK,
            pairs: 0,
            single: (0, 0),
            least: [u8::MAX; 4],
            most: [0; 4],
            shows: false,
        }
    }

    /// True until it is known to show something.
    pub(crate) fn is_open(&self) -> bool {
        !self.shows
    }

    /// True if everything that was taken is nearly one colour.
    pub(crate) fn is_blank(&self) -> bool {
        !self.shows
    }

    /// Takes some pixels of a row, without those that are ignored.
    pub(crate) fn row(&mut self, words: &[u32], ignored: Option<&[bool]>) {
        match ignored {
            None => self.runs(words),
            Some(ignored) => {
                let mut rest = (words, ignored);
                while let Some(start) = rest.1.iter().position(|ignored| !ignored) {
                    let (words, ignored) = (&rest.0[start..], &rest.1[start..]);
                    let length = ignored.iter().position(|ignored| *ignored).unwrap_or(ignored.len());
                    self.runs(&words[..length]);
                    rest = (&words[length..], &ignored[length..]);
                }
            }
        }
        self.shows = self.has_levels() && self.has_specks();
    }

    fn runs(&mut self, words: &[u32]) {
        for run in words.chunk_by(|left, right| left == right) {
            self.run(run[0], run.len() as u64);
        }
    }

    fn run(&mut self, word: u32, length: u64) {
        for (at, channel) in word.to_le_bytes().into_iter().enumerate() {
            self.least[at] = self.least[at].min(channel);
            self.most[at] = self.most[at].max(channel);
        }
        let (color, count) = self.single;
        if color == word {
            self.single.1 += length;
        } else {
            let paired = count.min(length);
            self.pairs += paired;
            self.single = if count > length { (color, count - length) } else { (word, length - paired) };
        }
    }

    fn has_levels(&self) -> bool {
        self.least.iter().zip(self.most).any(|(least, most)| most.saturating_sub(*least) > LEVELS)
    }

    fn has_specks(&self) -> bool {
        self.pairs > self.specks
    }
}

/// The same area of both pictures.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) area: Area,
    pub(crate) expected: Blank,
    pub(crate) actual: Blank,
}

impl Watched {
    pub(crate) fn new(area: Area) -> Self {
        let pixels = area.width() as u64 * area.height() as u64;
        Self { area, expected: Blank::new(pixels), actual: Blank::new(pixels) }
    }

    /// True if row `y` may still say something.
    pub(crate) fn wants(&self, y: usize) -> bool {
        (self.area.top..self.area.bottom).contains(&y) && (self.expected.is_open() || self.actual.is_open())
    }

    /// Takes row `y`.
    pub(crate) fn row(&mut self, expected: &[u32], actual: &[u32], ignored: Option<&[bool]>) {
        let columns = self.area.left..self.area.right.min(expected.len());
        let ignored = ignored.map(|ignored| &ignored[columns.clone()]);
        for (blank, words) in [(&mut self.expected, expected), (&mut self.actual, actual)] {
            if blank.is_open() {
                blank.row(&words[columns.clone()], ignored);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_blank(words: &[u32]) -> bool {
        let mut blank = Blank::new(words.len() as u64);
        for row in words.chunks(100) {
            blank.row(row, None);
        }
        blank.is_blank()
    }

    const WHITE: u32 = 0xffff_ffff;
    const BLACK: u32 = 0xff00_0000;

    /// Catches a guard that a speck of dust disarms, and one that a short word does not.
    #[test]
    fn a_speck_shows_nothing_and_a_word_does() {
        let mut page = vec![WHITE; 10_000];
        assert!(is_blank(&page));
        page[5_000..5_002].fill(BLACK);
        assert!(is_blank(&page));
        page[5_002] = BLACK;
        assert!(!is_blank(&page));
    }

    /// Catches a white page with dither, or one that a lossy format has made.
    #[test]
    fn a_tint_shows_nothing_and_a_gradient_does() {
        let shade = |span: u32| -> Vec<u32> { (0..10_000).map(|at| WHITE - at % span * 0x01_0101).collect() };
        assert!(is_blank(&shade(9)));
        assert!(!is_blank(&shade(10)));
    }

    /// Catches a photograph without two pixels of one colour that is taken for a page of one.
    #[test]
    fn many_colours_show_something() {
        let noise: Vec<u32> =
            (0..2_000_000_u32).map(|at| BLACK | at.wrapping_mul(2_654_435_761) >> 8).collect();
        assert!(!is_blank(&noise));
    }

    /// Catches specks that are not counted because they come first, or many at once.
    #[test]
    fn specks_count_wherever_they_are() {
        for start in [0, 1, 5_000, 9_997] {
            let mut page = vec![WHITE; 10_000];
            page[start..start + 2].fill(BLACK);
            assert!(is_blank(&page), "{start}");
            page[(start + 7) % 10_000] = BLACK;
            assert!(!is_blank(&page), "{start}");
        }
    }

    #[test]
    fn one_pixel_is_blank() {
        assert!(is_blank(&[BLACK]));
    }
}
