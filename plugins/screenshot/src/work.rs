//! The work of a check, counted before it is done.
//!
//! A check that runs out of the host's fuel is a fault, and tells nothing of what it saw. So the checker knows
//! what reading a picture and looking at a pixel cost at most, and ends by itself: what was found until then
//! decides, what was not looked at is a doubt. The figures were measured in the sandbox over screens of 0.9 to 37
//! million pixels; they are not a bound for every file that could be made, so two fifths of the fuel are left over: with
//! a sixth, fifty screens without a pixel in common ended as a fault.

use crate::decode::Problem;

/// The work of a check where the config says nothing, in the host's units of work, three fifths of what the
/// host allows by default: the greater of a fixed amount and of one for each byte that is bound.
const DEFAULT: u64 = 12_000_000_000;
const DEFAULT_PER_BYTE: u64 = 76;

/// Of a PNG: to inflate and check a byte of the file, to undo the filter of a byte of a row and compare it, and
/// to tell a pixel.
const FILE_BYTE: u64 = 100;
const ROW_BYTE: u64 = 14;
const PIXEL: u64 = 5;
/// Of a picture that is read whole by another decoder, for each pixel.
const WHOLE_PIXEL: u64 = 300;
/// Of a row that was kept: to compare a byte, and to tell a pixel.
const KEPT_BYTE: u64 = 4;
/// To draw a pixel of a picture for people.
const DRAWN_PIXEL: u64 = 250;

/// What is left of the work of a check.
#[derive(Debug)]
pub(crate) struct Work {
    most: u64,
    left: u64,
    /// False once the host took no more pictures: what is drawn then is drawn for no one.
    takes_pictures: bool,
}

impl Work {
    /// As much as the config says, else as befits so many bytes of screens.
    pub(crate) fn new(most: Option<u64>, bytes: u64) -> Self {
        let most = most.unwrap_or_else(|| DEFAULT.max(bytes.saturating_mul(DEFAULT_PER_BYTE)));
        Self { most, left: most, takes_pictures: true }
    }

    /// Reads a PNG of so many bytes that has rows of so many bytes in all.
    pub(crate) fn read_png(&mut self, file_bytes: u64, row_bytes: u64, pixels: u64) -> Result<(), Problem> {
        self.read(file_bytes * FILE_BYTE + row_bytes * ROW_BYTE + pixels * PIXEL)
    }

    /// Reads another picture.
    pub(crate) fn read_whole(&mut self, pixels: u64) -> Result<(), Problem> {
        self.read(pixels * WHOLE_PIXEL)
    }

    /// Takes rows of so many bytes that were read before.
    pub(crate) fn read_kept(&mut self, bytes: u64) -> Result<(), Problem> {
        self.read(bytes * KEPT_BYTE)
    }

    fn read(&mut self, cost: u64) -> Result<(), Problem> {
        if self.take(cost) {
            Ok(())
        } else {
            Err(Problem::Limit(format!("it is not read: {}", self.ended())))
        }
    }

    /// Draws so many pixels; false where there is too little left.
    pub(crate) fn draw(&mut self, pixels: u64) -> bool {
        self.take(pixels * DRAWN_PIXEL)
    }

    /// True until the host took no more pictures.
    pub(crate) fn takes_pictures(&self) -> bool {
        self.takes_pictures
    }

    /// The host takes no more pictures.
    pub(crate) fn no_more_pictures(&mut self) {
        self.takes_pictures = false;
    }

    /// Looks at pixels; false where there is too little left.
    pub(crate) fn look(&mut self, cost: u64) -> bool {
        self.take(cost)
    }

    fn take(&mut self, cost: u64) -> bool {
        let is_enough = cost <= self.left;
        if is_enough {
            self.left -= cost;
        }
        is_enough
    }

    /// Why something was not done, and what helps.
    pub(crate) fn ended(&self) -> String {
        format!(
            "a check ends after {} units of work (`max_work`); judge fewer screens in one criterion",
            self.most
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches work that is done though there is none left, and work that is counted though it was not done.
    #[test]
    fn work_ends_where_it_says() {
        let mut work = Work::new(Some(100), u64::MAX);
        assert!(work.look(90));
        assert!(!work.look(20));
        assert!(work.look(10));
        assert!(!work.draw(1));
        assert!(matches!(work.read_png(1, 1, 1), Err(Problem::Limit(why)) if why.contains("100 units")));
    }

    #[test]
    fn large_screens_get_more() {
        assert_eq!(Work::new(None, 0).left, DEFAULT);
        assert_eq!(Work::new(None, 1 << 30).left, DEFAULT_PER_BYTE << 30);
    }
}
